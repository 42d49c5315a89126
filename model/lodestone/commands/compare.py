"""`lodestone compare`: what differs between runs or workbooks, and which inputs explain it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lodestone.commands.options import GAP, PATH, SCENARIO, TIME_LIMIT, out_here
from lodestone.commands.output import OUTPUT, Output

if TYPE_CHECKING:
    from lodestone.plan.plan import Plan
    from lodestone.solve.effort import Effort
    from lodestone.studies.compare.causes import Case
    from lodestone.studies.compare.results import Comparison


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN RUN [RUN...]", type=PATH)
@click.option("--last", is_flag=True, help="Compare one RUN with the one that it replaced.")
@click.option("--why", is_flag=True, help="Of two runs: how much each input that differs explains (solves again).")
@SCENARIO
@GAP
@TIME_LIMIT
@out_here("compare.xlsx", "Workbook")
@OUTPUT
def compare(
    runs: tuple[Path, ...],
    last: bool,
    why: bool,
    scenario: str,
    gap: float | None,
    time_limit: float | None,
    out: Path,
    output: Output,
) -> None:
    """Show what differs between runs, and which inputs explain it; all are compared with the first.

    A RUN is the folder of a plan, a folder of such folders, or a workbook, which is solved for --scenario. For two
    workbooks: how much of the cost each input that differs explains. Writes compare.xlsx and compare.json.

    \b
    Example:
      lodestone compare outputs/my_case/base outputs/my_case/embargo
      lodestone compare outputs/my_case/base --last
      lodestone compare my_case.xlsx my_case_2027.xlsx --gap 0.001
    """
    from lodestone.plan.labels import together
    from lodestone.report.compare.files import KIND, write_comparison
    from lodestone.report.terminal.compare import show_comparison
    from lodestone.report.terminal.json_answers import comparison_answer
    from lodestone.report.terminal.progress_lines import Watch
    from lodestone.runs.folder_lock import claimed
    from lodestone.solve.effort import Effort
    from lodestone.studies.compare.runs import compare as compare_plans
    from lodestone.studies.compare.runs import names_by_path, runs_in

    places = _before_and_now(runs) if last else [place for run in runs for place in runs_in(run)]
    if why and len(places) != 2:
        raise click.UsageError("--why explains the difference of two: name two")
    target = KIND.check_out(out)
    with claimed([target]):
        with Watch(output.silent) as watch:
            effort = Effort(gap, time_limit, watch.progress, watch.should_stop)
            found = [_side(place, scenario, effort, why) for place in places]
            comparison = compare_plans([side.plan for side in found], names_by_path(places))
            if why or all(_is_workbook(place) for place in places):
                comparison = _explained(comparison, found, effort)
        labels = together(side.plan for side in found)
        files = write_comparison(comparison, target, labels)
    output.answer(
        lambda: show_comparison(labels.shown(comparison), files), lambda: comparison_answer(comparison, files)
    )


@dataclass(frozen=True)
class Side:
    """One of what is compared. case: its workbook and scenario; None where it is not read, or has changed since."""

    plan: Plan
    case: Case | None


def _is_workbook(place: Path) -> bool:
    """A file that is no part of a run."""
    from lodestone.plan.run_files import PLAN_JSON, is_plan_book

    of_a_run = is_plan_book(place) and (place.parent / PLAN_JSON).exists()
    return place.suffix.lower() == ".xlsx" and place.is_file() and not of_a_run


def _before_and_now(runs: tuple[Path, ...]) -> list[Path]:
    from lodestone.errors import UsageError
    from lodestone.plan.run_files import folder_of, kept_runs

    if len(runs) != 1:
        raise click.UsageError("--last compares one run with the one that it replaced: name one")
    folder = folder_of(runs[0])
    kept = kept_runs(folder)
    if not kept:
        raise UsageError(f"{folder} keeps no earlier run: it was solved once, or its history was removed")
    return [kept[-1], folder]


def _side(place: Path, scenario: str, effort: Effort, why: bool) -> Side:
    import hashlib

    from lodestone.errors import UsageError
    from lodestone.plan.run_files import read_run, workbook_bytes, workbook_of
    from lodestone.solve.one_scenario import solve_scenario
    from lodestone.workbook.inputs import load, load_bytes

    if _is_workbook(place):
        inputs = load(place)
        inputs.require_valid()
        return Side(solve_scenario(inputs, scenario, effort), (inputs, scenario))
    plan = read_run(place)
    if not why or plan.is_joint:
        return Side(plan, None)
    try:
        content = workbook_bytes(plan, place)
    except UsageError:  # it was moved
        return Side(plan, None)
    if hashlib.sha256(content).hexdigest() != plan.workbook_sha256:
        return Side(plan, None)
    return Side(plan, (load_bytes(workbook_of(plan, place), content, plan.sets or ()), str(plan.scenario)))


def _explained(comparison: Comparison, found: list[Side], effort: Effort) -> Comparison:
    """With what each input that differs explains."""
    from lodestone.studies.compare.causes import causes
    from lodestone.studies.compare.results import Causes

    if len(found) != 2:
        return comparison
    first, second = found
    if first.case is None or second.case is None:
        side = comparison.names[first.case is not None]
        said = (
            f"Which input explains how much is not known: {side} is of several futures, or its workbook was changed or "
            "moved since. Compare the two workbooks instead."
        )
        return replace(comparison, causes=Causes((), said))
    costs = (first.plan.objective_musd, second.plan.objective_musd)
    return replace(comparison, causes=causes((first.case, second.case), costs, comparison.inputs, effort))
