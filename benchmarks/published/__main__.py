"""Solve public instances and compare with their published optima."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from benchmarks.published import catalogue, report
from benchmarks.published.instances import FOLDER_VARIABLE, default_folder, family_of
from benchmarks.published.solve import Result, solve

OUT_OF_PLACE = 2


@click.command()
@click.option("--only", multiple=True, metavar="PATTERN", help="Instances by name, with * and ?; may be repeated.")
@click.option("--folder", type=click.Path(path_type=Path), help=f"Where the instances are; else {FOLDER_VARIABLE}.")
@click.option("--time-limit", default=120.0, show_default=True, help="Seconds for each problem.")
@click.option("--write", "page", type=click.Path(path_type=Path), help="Write the table as a page in Markdown.")
@click.option("--keep", type=click.Path(path_type=Path), help="Keep the workbooks in this folder.")
def main(only: tuple[str, ...], folder: Path | None, time_limit: float, page: Path | None, keep: Path | None) -> None:
    """Solve public instances with Lodestone and compare with their published optima.

    Exits 1 if a problem differs by more than 1e-6 relative beside what the solve left open.
    """
    folder = folder or default_folder()
    if not (folder / "INDEX.csv").is_file():
        click.echo(f"no instances in {folder}: name their folder with --folder or {FOLDER_VARIABLE}", err=True)
        sys.exit(OUT_OF_PLACE)
    if keep:
        keep.mkdir(parents=True, exist_ok=True)
    names = [name for pattern in only or ("*",) for name in catalogue.chosen(folder, pattern)]
    if not names:
        click.echo(f"no instance is called {' or '.join(only)}", err=True)
        sys.exit(OUT_OF_PLACE)
    results: list[Result] = []
    click.echo(report.heading())
    for name in dict.fromkeys(names):
        for case in catalogue.cases(folder, name):
            results.append(solve(case, time_limit, keep))
            click.echo(report.line(results[-1]))
    not_expressed = catalogue.not_expressed(names)
    click.echo(report.summary(results))
    for name, reason in not_expressed.items():
        click.echo(f"left out: {name}: {reason}")
    if page:
        page.parent.mkdir(parents=True, exist_ok=True)
        families = {name: family_of(folder, name) for name in names}
        page.write_text(report.page(results, families, not_expressed), encoding="utf-8")
    sys.exit(1 if any(result.trouble for result in results) else 0)


if __name__ == "__main__":
    main()
