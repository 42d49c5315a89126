"""Which change of the input explains how much of the difference in cost: re-solves with the changes one after another.

Beginning at the first case, the changes are made one by one until it is the second; what each adds to the cost is its
step. What a change is worth depends on what has changed before it, so that the steps are taken in both orders, and
each change counts for the mean of its two. Either way the steps add up to the whole difference, as their mean does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from lodestone.errors import NoPlanError, StoppedError, WorkbookError
from lodestone.plan.formatting import count
from lodestone.progress import OnProgress
from lodestone.solve.effort import Effort
from lodestone.solve.one_scenario import solve_scenario
from lodestone.studies.compare.input_differences import NO_LANE, NO_ROW
from lodestone.studies.compare.input_lines import input_lines
from lodestone.studies.compare.results import Cause, Causes, InputDifference
from lodestone.workbook.checks import find_problems
from lodestone.workbook.inputs import Inputs
from lodestone.workbook.schema.sheets import BASE
from lodestone.workbook.tables import Lane, Record, Tables, row_name

MOST_CHANGES = 8  # told one by one; more are taken together by sheet
FREIGHT = "default_freight_usd_per_kg"
TARIFF = ("tariff", "tariff_cells", "tariff_months", "min_price_usd_per_kg", "applies_to")
ROWS_OF_ONE = "Rows that only one of them has"

Part = tuple[str, str]  # sheet, row
Case = tuple[Inputs, str]  # a workbook and the scenario that is planned for


@dataclass(frozen=True)
class Change:
    """Parts of the input that change together."""

    name: str
    parts: frozenset[Part]


def causes(
    cases: tuple[Case, Case], costs: tuple[float, float], differences: Sequence[InputDifference], effort: Effort
) -> Causes:
    """What each change of the input adds to the objective; costs: of the two cases as they are.

    No change is told where the years planned are not the same, or where neither order gives a plan at each step.
    """
    first, second = cases
    if len({(i.tables(s).settings["first_year"], i.tables(s).settings["last_year"]) for i, s in cases}) > 1:
        return Causes((), "The years planned are not the same, so that no single change explains the difference.")
    changes = _changes(differences)
    if not changes:
        return Causes((), "")
    orders = [
        _steps(first, second, order, costs, effort, f"{name} order: ")
        for name, order in (("first", changes), ("second", changes[::-1]))
    ]
    known = [steps for steps in orders if isinstance(steps, dict)]
    if not known:
        reasons = dict.fromkeys(str(reason) for reason in orders)
        return Causes((), f"Which change explains the difference is not known: {'; '.join(reasons)}.")
    found = [
        Cause(change.name, tuple(steps[change] for steps in known), sum(steps[change] for steps in known) / len(known))
        for change in changes
    ]
    remark = "" if len(known) == 2 else f"In one order only, since in the other {_reason(orders)}."
    return Causes(tuple(sorted(found, key=lambda cause: -abs(cause.musd))), remark)


def _reason(orders: Iterable[dict[Change, float] | str]) -> str:
    return next(order for order in orders if isinstance(order, str))


def _changes(differences: Sequence[InputDifference]) -> list[Change]:
    """One for each row that differs, in the order of the sheets; rows that only one has are one change, since they
    hang on each other."""
    alone = {(d.sheet, d.row) for d in differences if NO_ROW in d.values or NO_LANE in d.values}
    rows = list(dict.fromkeys((d.sheet, d.row) for d in differences if (d.sheet, d.row) not in alone))
    found = [Change(_name(part, differences), frozenset([part])) for part in rows]
    if len(found) > MOST_CHANGES:
        by_sheet: dict[str, list[Part]] = {}
        for part in rows:
            by_sheet.setdefault(part[0], []).append(part)
        found = [
            Change(
                _name(parts[0], differences) if len(parts) == 1 else f"{sheet}, {count(len(parts), 'row')}",
                frozenset(parts),
            )
            for sheet, parts in by_sheet.items()
        ]
    if alone:
        sheets = ", ".join(dict.fromkeys(sheet for sheet, _ in sorted(alone)))
        found.append(Change(f"{ROWS_OF_ONE} ({sheets})", frozenset(alone)))
    return found


def _name(part: Part, differences: Sequence[InputDifference]) -> str:
    """As the list of inputs names it, where one line says all."""
    lines = input_lines(d for d in differences if (d.sheet, d.row) == part)
    return lines[0].cell if len(lines) == 1 else "/".join(part)


def _steps(
    first: Case, second: Case, changes: Sequence[Change], costs: tuple[float, float], effort: Effort, which: str
) -> dict[Change, float] | str:
    """What each change adds, made one after another; or why a step has no plan."""
    steps, before, taken = {}, costs[0], set[Part]()
    for n, change in enumerate(changes, 1):
        taken |= change.parts
        try:
            after = costs[1] if n == len(changes) else _cost(first, second, taken, _named(effort, f"{which}{n}"))
        except (NoPlanError, WorkbookError) as error:
            return f"there is no plan once {change.name} has changed as well ({error})"
        except StoppedError as error:
            return str(error)
        steps[change] = after - before
        before = after
    return steps


def _named(effort: Effort, what: str) -> Effort:
    """With the step in front of its stages."""
    tell: OnProgress | None = effort.on_progress
    if tell is None:
        return effort
    return replace(effort, on_progress=lambda progress: tell(replace(progress, stage=f"{what} {progress.stage}")))


def _cost(first: Case, second: Case, taken: set[Part], effort: Effort) -> float:
    """The objective of the first case with these parts as in the second."""
    (inputs, scenario), (other, of_other) = first, second
    mixed = {BASE: _mixed(inputs.tables(BASE), other.tables(BASE), taken)}
    mixed[scenario] = _mixed(inputs.tables(scenario), other.tables(of_other), taken)
    problems = find_problems([mixed[BASE], *([mixed[scenario]] if scenario != BASE else [])], horizon_known=True)
    if problems:
        raise WorkbookError(problems)
    return float(solve_scenario(inputs.with_tables(mixed), scenario, effort).objective_musd)


# --- one workbook with parts of another -----------------------------------------------------------------------------


def _mixed(a: Tables, b: Tables, taken: set[Part]) -> Tables:
    settings = dict(a.settings)
    for sheet, name in taken:
        if sheet == "Settings":
            settings[name] = b.settings[name]
    records: dict[str, Mapping[tuple[str, ...], Record]] = {}
    for sheet in dict.fromkeys((*a.records, *b.records)):
        ours, others = a.records.get(sheet, {}), b.records.get(sheet, {})
        rows: dict[tuple[str, ...], Record] = {}
        for key in dict.fromkeys((*ours, *others)):
            row = (others if (sheet, row_name(sheet, key)) in taken else ours).get(key)
            if row is not None:
                rows[key] = row
        records[sheet] = rows
    return replace(a, settings=settings, records=records, lanes=_lanes(a, b, taken))


def _lanes(a: Tables, b: Tables, taken: set[Part]) -> dict[tuple[str, str, str], Lane]:
    """Another default freight moves every lane that is not named as a change of its own."""
    lanes = {}
    for key in dict.fromkeys((*a.lanes, *b.lanes)):
        name = "/".join(key)
        there, other = a.lanes.get(key), b.lanes.get(key)
        if there is None or other is None:
            whole = ("Lanes", name) in taken or ("Settings", FREIGHT) in taken or _is_new(key, taken)
            lane = other if whole else there
        else:
            lane = other if ("Lanes", name) in taken else there
            if ("Settings", FREIGHT) in taken and there.freight_usd_per_kg == a.settings[FREIGHT]:
                lane = replace(lane, freight_usd_per_kg=other.freight_usd_per_kg)
            duty = other if ("Tariffs", name) in taken else there
            lane = replace(lane, **{field: getattr(duty, field) for field in TARIFF})
        if lane is not None:
            lanes[key] = lane
    return lanes


def _is_new(key: tuple[str, str, str], taken: set[Part]) -> bool:
    """Whether a lane is there, or not, since a region or material of it is new or gone."""
    parts = (("Regions", key[0]), ("Regions", key[1]), ("Materials", key[2]))
    return any(part in taken for part in parts)
