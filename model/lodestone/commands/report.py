"""`lodestone report`: runs and studies as one page."""

from __future__ import annotations

from pathlib import Path

import click

from lodestone.commands.options import PATH, out_here
from lodestone.commands.output import OUTPUT, Output

NAMES = {"compare": "comparison", "stress": "stress test"}  # of studies, in a sentence


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN [RUN...] [STUDY...]", type=PATH)
@out_here("report.html", "Page")
@OUTPUT
def report(runs: tuple[Path, ...], out: Path, output: Output) -> None:
    """Write one page of HTML with the pictures of runs; it opens in any browser and asks the network for nothing.

    A RUN is the folder of a plan. A STUDY is the .xlsx or .json of frontier, stress, sweep, tornado or compare; those
    that stand beside the runs or beside the page and are of the same workbook are found without being named.

    \b
    Example:
      lodestone report outputs/my_case/base outputs/my_case/joint
      lodestone report outputs/my_case/base frontier.xlsx --out plan.html
    """
    from lodestone.plan.run_files import read_run
    from lodestone.report.html.page import check_out, write_report
    from lodestone.report.html.studies import find_studies, is_study, read_study
    from lodestone.studies.compare.runs import names_by_path

    path = check_out(out)
    places = [run for run in runs if not is_study(run)]
    if not places:
        raise click.UsageError("name at least one run, the folder of a plan")
    plans = {name: read_run(place) for name, place in zip(names_by_path(places), places, strict=True)}
    named = [read_study(run) for run in runs if is_study(run)]
    beside = dict.fromkeys([*(place.resolve().parent for place in places), path.resolve().parent])
    found = find_studies(beside, plans.values())
    known = {study.path.resolve() for study in named}
    studies = [*named, *(study for study in found if study.path.resolve() not in known)]
    page = write_report(plans, studies, path)

    def show() -> None:
        here = Path.cwd()
        for study in studies:
            place = study.path.relative_to(here) if study.path.is_relative_to(here) else study.path
            click.echo(f"With the {NAMES.get(study.kind, study.kind)} in {place}")
        click.echo(f"The page: {page}")

    output.answer(show, lambda: {"files": [str(page)], "studies": [str(study.path) for study in studies]})
