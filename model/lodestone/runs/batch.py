"""All scenarios of a workbook at once, each written as a run of its own, on the machine that solved it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from lodestone.plan.plan import Plan
from lodestone.report.plan.run_folder import write_run
from lodestone.report.studies.explanation_files import write_explanation
from lodestone.solve.effort import AS_SET, Effort
from lodestone.studies.explanation.results import Explanation
from lodestone.studies.parallel.solves import Job
from lodestone.studies.parallel.source import Source


def write_answer(answer: Plan | Explanation, log: str, folder: Path, workbook: Path) -> None:
    """Write a plan, or why there is none, into the folder of its run."""
    if isinstance(answer, Explanation):
        write_explanation(answer, folder)
    else:
        write_run(answer, folder, workbook, log)


def jobs_for(
    workbook: Path,
    scenarios: Sequence[str],
    sets: Sequence[str] = (),
    effort: Effort = AS_SET,
    folders: Mapping[str, Path] | None = None,
    keep: Sequence[str] | None = None,
    command: str = "",
) -> list[Job]:
    """One job for each scenario of a workbook; folders: where their runs go. Raises UsageError if it is unreadable."""
    source = Source.read(workbook, sets=sets, effort=effort)
    places = {s: folder.resolve() for s, folder in (folders or {}).items()}
    tables = None if keep is None else tuple(keep)

    def job(scenario: str) -> Job:
        place = places.get(scenario)
        write = None if place is None else partial(write_answer, folder=place, workbook=workbook.resolve())
        return Job.of(scenario, replace(source, scenario=scenario), keep=tables, command=command, write=write)

    return [job(scenario) for scenario in dict.fromkeys(scenarios)]
