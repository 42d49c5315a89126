"""Why no plan exists, and what would make one exist.

    findings   what plain arithmetic proves, before anything is solved
    conflict   the smallest set of rules that cannot hold together
    repairs    up to three least changes of cells, each proved by solving the changed workbook

Everything is limited in time, and ends with what it has when asked to stop; what was not found is said.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from lodestone.data.plan_data import BASE
from lodestone.data.tree import Branch, Tree, joint, single, with_branches
from lodestone.names import readable
from lodestone.progress import OnProgress, Progress, ShouldStop
from lodestone.solve.all_futures import JOINT
from lodestone.studies.explanation.arithmetic import find
from lodestone.studies.explanation.conflict import find_conflict
from lodestone.studies.explanation.elastic_rows import DataOf, struck
from lodestone.studies.explanation.loosening import loosened
from lodestone.studies.explanation.repairs import Workshop, find_repairs
from lodestone.studies.explanation.results import Explanation
from lodestone.workbook.cell_locations import Places
from lodestone.workbook.conversion import plan_data
from lodestone.workbook.inputs import Inputs

TIME_LIMIT_S = 300.0
TIMES_A_SOLVE = 5  # what an explanation may take of the time limit of a solve: it proves repairs by many
FOR_CONFLICT = 0.3  # of the time


def time_for(time_limit: float | None) -> float | None:
    """How long an explanation may take where a solve may take so long."""
    return None if time_limit is None else min(TIME_LIMIT_S, TIMES_A_SOLVE * time_limit)


def explain(
    inputs: Inputs,
    scenario: str | None = "base",
    gap: float | None = None,
    time_limit: float | None = None,
    on_progress: OnProgress | None = None,
    should_stop: ShouldStop | None = None,
    threats: Sequence[tuple[str, tuple[str, ...]]] = (),
) -> Explanation:
    """Why a scenario (None: all futures together) has no plan. gap: at which a repair's plan is accepted, at least 1 %.

    time_limit: s for everything. threats: combinations (future, threats) that the plan must stand, each with a branch.
    Takes a workbook without problems for which a solve raised NoPlanError.
    """
    started = time.monotonic()
    ends = started + (TIME_LIMIT_S if time_limit is None else time_limit)
    seconds: dict[str, float] = {}
    last = started

    def enter(stage: str) -> None:
        if on_progress:
            on_progress(Progress(f"explain: {stage}", time.monotonic() - started))

    def leave(stage: str) -> None:
        nonlocal last
        now = time.monotonic()
        seconds[stage] = now - last
        last = now

    def make_tree(data_of: DataOf) -> Tree:
        if scenario is not None:
            tree = single(data_of(scenario))
        else:
            others = (name for name in inputs.scenario_names if name != BASE.name)
            tree = joint(data_of(BASE.name), [data_of(name) for name in others])
        return with_branches(tree, [Branch(future, names, data_of(future, names)) for future, names in threats])

    def tree_of(edited: Inputs) -> Tree:
        edited.require_valid()
        return make_tree(lambda name, threats=(): plan_data(struck(edited, name, threats), edited.tables()))

    enter("arithmetic")
    places = Places(inputs)
    findings = find(tree_of(inputs), places)
    leave("arithmetic")
    enter("build")
    giving = loosened(places, make_tree)
    leave("build")
    enter("conflict")
    found = find_conflict(giving, FOR_CONFLICT * (ends - time.monotonic()), should_stop)
    leave("conflict")
    enter("repairs")

    base_gap = giving.plain.data[0].mip_gap if gap is None else gap
    repairs, remarks = find_repairs(giving, Workshop(inputs, tree_of, base_gap, ends, should_stop, enter))
    leave("repairs")
    if threats and repairs:
        named = "; ".join(" + ".join(names) for _, names in threats)
        remarks.append(f"Repairs were proved for these combinations of threats: {named}. Solve again for the others.")
    if should_stop and should_stop():
        remarks.append("The explanation was stopped before it was complete.")
    return Explanation(
        workbook=readable(inputs.path.name),
        workbook_sha256=inputs.sha256,
        plan_name=inputs.plan_name,
        scenario=JOINT if scenario is None else scenario,
        sets=inputs.sets,
        findings=findings,
        conflict=found.rules,
        conflict_kind=found.kind,
        smallest=found.smallest,
        repairs=tuple(repairs),
        remarks=tuple(remarks),
        seconds=seconds,
        labels=inputs.labels,
    )
