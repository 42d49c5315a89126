"""Repairs: the least changes of cells that make a plan exist, each proved on the workbook itself.

The loosened model (`giving`) says which cells to change by how much at least. The values are rounded so that people can
read them, typed into the workbook, and the workbook is solved again: that alone is the proof. What turns out not to be
needed is taken back, and what can be a step less is. The next repair does without any cell of those before.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lodestone.data.tree import Tree
from lodestone.errors import NoPlanError, StoppedError
from lodestone.plan.formatting import days, musd, share, tonnes, usd_per_kg
from lodestone.plan.tables import Cell
from lodestone.progress import ShouldStop
from lodestone.rules.build import build
from lodestone.solve.one_scenario import load_model
from lodestone.solver.elastic_model import FEASIBLE, INFEASIBLE
from lodestone.solver.highs import Outcome
from lodestone.studies.explanation.adjustable_cells import Knob, outward
from lodestone.studies.explanation.elastic_rows import Giving
from lodestone.studies.explanation.results import Change, Repair
from lodestone.workbook.cell_locations import SET
from lodestone.workbook.inputs import Inputs
from lodestone.workbook.schema.columns import YEARS

MOST = 3
PUSHES = (0, 1, 5, 25, 125)  # notches beyond what the loosened model says, until the workbook has a plan
TRY_S = 60.0
COST_S = 40.0  # to find the cost of a repair
CHANGE_GAP = 0.05  # of the least change: what is found is brought down to the notch afterwards
ONE_S = 20.0  # to look for fewer cells
MOST_SIMPLER = 6
A_CELL = 0.1  # what a further cell counts beside its change
LOOSE_GAP = 0.01


@dataclass(frozen=True)
class Workshop:
    """What it takes to try a change: the workbook, the kind of run, and how long there is."""

    inputs: Inputs
    tree: Callable[[Inputs], Tree]
    gap: float
    ends: float
    should_stop: ShouldStop | None
    tell: Callable[[str], None]

    @property
    def left(self) -> float:
        """Seconds left."""
        return self.ends - time.monotonic()

    def edited(self, values: Mapping[str, Cell]) -> Inputs:
        """The workbook with other values in its cells; a --set with another value."""
        sets = list(self.inputs.sets)
        for cell, value in values.items():
            if cell.startswith(SET):
                path = cell.removeprefix(SET)
                sets = [f"{path}={_typed(value)}" if s.partition("=")[0].strip() == path else s for s in sets]
        cells = {cell: value for cell, value in values.items() if not cell.startswith(SET)}
        return self.inputs.edited(cells, sets)

    def works(self, values: Mapping[str, Cell]) -> bool | None:
        """Whether there is a plan with these values; None if that was not found out in time."""
        if self.over:
            return None
        inputs = self.edited(values)
        if inputs.problems:
            return False
        try:
            solver = load_model(build(self.tree(inputs)))
            solver.set_goal([])
            solver.solve(1.0, max(1e-3, min(TRY_S, self.left)), None, lambda: self.over)
        except NoPlanError:
            return False
        except StoppedError:
            return None
        return True

    def cost(self, values: Mapping[str, Cell]) -> Outcome | None:
        """The plan of least cost with these values, within the gap or the time there is; None if none was found in it.

        Raises NoPlanError where there is none after all.
        """
        if self.over:
            return None
        solver = load_model(build(self.tree(self.edited(values))))
        try:
            return solver.solve(max(self.gap, LOOSE_GAP), max(1e-3, min(COST_S, self.left)), None, lambda: self.over)
        except StoppedError:
            return None

    @property
    def over(self) -> bool:
        """Whether the time is up, or somebody asked to stop."""
        return self.left <= 0 or bool(self.should_stop and self.should_stop())


def _typed(value: Cell) -> str:
    return "" if value is None else repr(value) if isinstance(value, float) else str(value)


def find_repairs(giving: Giving, shop: Workshop) -> tuple[list[Repair], list[str]]:
    """Up to three repairs, the least first, and remarks on what was not found."""
    found: list[Repair] = []
    remarks: list[str] = []
    barred: set[str] = set()
    solver = giving.solver
    solver.minimise(giving.weights())
    while len(found) < MOST:
        shop.tell(f"repair {len(found) + 1}")
        decided = _least_change(giving, barred, shop)
        if decided == INFEASIBLE:
            if not found:
                remarks.append("No change of the cells that may give way makes a plan exist.")
            return found, remarks
        if decided != FEASIBLE:
            remarks.append("The time for repairs was over before " + ("all were" if found else "one was") + " found.")
            return found, remarks
        used = giving.used(solver.all_values())
        if not used:
            remarks.append(
                "The rules are kept within the solver's tolerance: the workbook is at the edge of having a plan."
            )
            return found, remarks
        used = _simplified(giving, barred, used, shop)
        repair = _proved(giving, used, shop)
        barred |= used.keys()
        if repair is not None:
            found.append(repair)
        elif shop.over:
            remarks.append("The time for repairs was over before " + ("all were" if found else "one was") + " proved.")
            return found, remarks
    return found, remarks


def _least_change(giving: Giving, barred: set[str], shop: Workshop) -> str:
    """The least change of cells that are not barred. The relaxation says in a moment which cells can do it; with these
    alone the whole decisions are soon found. Only if these cannot, all cells are tried."""
    solver = giving.solver
    free = giving.knobs.keys() - barred
    giving.release(free)
    solver.relax(True)
    decided = solver.decide(shop.left, shop.should_stop)
    few = giving.used(solver.all_values()).keys() if decided == FEASIBLE else free
    solver.relax(False)
    if decided == INFEASIBLE or not solver.whole:
        return decided
    for cells in (few, free):
        giving.release(cells)
        decided = solver.decide(min(ONE_S, shop.left), shop.should_stop, gap=CHANGE_GAP)
        if decided == FEASIBLE:
            return decided
    return decided


def _simplified(giving: Giving, barred: set[str], used: dict[str, float], shop: Workshop) -> dict[str, float]:
    """Fewer cells, where that is hardly a larger change: people mend one cell rather than two."""
    barred = set(barred)
    for _ in range(MOST_SIMPLER):
        for cell in sorted(used, key=lambda c: giving.counts(c, used[c])) if len(used) > 1 else ():
            giving.release(giving.knobs.keys() - barred - {cell})
            if giving.solver.decide(min(ONE_S, shop.left), shop.should_stop, gap=CHANGE_GAP) != FEASIBLE:
                continue
            other = giving.used(giving.solver.all_values())
            if other and _size(giving, other) < _size(giving, used) - 1e-9:
                used = other
                barred.add(cell)
                break
        else:
            break
    return used


def _size(giving: Giving, used: Mapping[str, float]) -> float:
    return sum(A_CELL + giving.counts(cell, change) for cell, change in used.items())


def _proved(giving: Giving, used: Mapping[str, float], shop: Workshop) -> Repair | None:
    """The repair that these moves of the knobs stand for, mended until the workbook itself has a plan with it."""
    knobs = {cell: giving.knobs[cell] for cell in used}
    values: dict[str, Cell] = {}
    for push in PUSHES:
        values = {cell: _value(knob, used[cell], push) for cell, knob in knobs.items()}
        if shop.works(values):
            break
        if shop.over:
            return None
    else:
        return None
    needed = True
    several = sorted(values, key=lambda c: -giving.counts(c, used[c])) if len(values) > 1 else ()
    for cell in several:  # without its only cell a repair is the workbook as it was, which has no plan
        rest = {other: value for other, value in values.items() if other != cell}
        verdict = shop.works(rest)
        if verdict:
            values = rest
        needed = needed and verdict is not None
    least = {cell: _tightened(knobs[cell], cell, values, shop) for cell in list(values)}
    try:
        plan = shop.cost(values)
    except NoPlanError:
        return None  # a plan within the tolerance alone is never told as a repair
    changes = tuple(_change(knobs[cell], values[cell], least[cell]) for cell in values)
    if plan is None:
        return Repair(changes, None, None, needed)
    gap = (plan.objective - plan.bound) / max(abs(plan.objective), 1e-9)
    return Repair(changes, plan.objective, gap, needed)


def _value(knob: Knob, used: float, push: int) -> Cell:
    """What is to be typed into the cell."""
    if knob.how == "clear":
        return None
    if knob.how == "open":
        return "yes"
    if knob.windows:
        return int(used)
    old = float(knob.place.value)
    new = old - used if knob.how == "lower" else old + used
    if knob.integer:
        return round(new)
    return _within(knob, outward(knob.unit, knob.how, new, push))


def _within(knob: Knob, value: float) -> float:
    return min(value, 1.0) if knob.unit == "share" else value


def _tightened(knob: Knob, cell: str, values: dict[str, Cell], shop: Workshop) -> bool:
    """Bring a value as near to the old one as a plan allows, in whole notches; whether that is proved. Changes
    values."""
    if knob.how in ("clear", "open") or knob.integer:
        return False
    old, new = knob.place.value, values[cell]
    if knob.windows:
        step = 1 if new > old else -1
    else:
        one = outward(knob.unit, knob.how, new, -1)
        step = one - new
        if abs(step) < 1e-12 or (one - old) * (new - old) <= 0:
            return True
        step = -step
    steps = round((new - old) / step) if step else 0  # from the old value to the new one
    low, high = 0, steps  # at low there is no plan (the old value: needed), at high there is
    probe = high - 1
    while high - low > 1:
        value = _stepped(knob, old, new, steps - probe, step)
        verdict = shop.works({**values, cell: value})
        if verdict is None:
            return False
        if verdict:
            high, values[cell] = probe, value
        else:
            low = probe
            if probe == steps - 1:
                break  # the usual case: the loosened model said it exactly
        probe = (low + high) // 2
    return True


def _stepped(knob: Knob, old: Cell, new: Cell, back: int, step: float) -> Cell:
    value = new - back * step
    return int(value) if knob.windows else round(value, 9)


# --- in words -------------------------------------------------------------------------------------------------------


def _change(knob: Knob, new: Cell, least: bool) -> Change:
    place = knob.place
    name = "/".join(place.key)
    if place.column == YEARS or isinstance(place.column, int):
        what = {
            "ChinaShare": f"share of {name}",
            "Stockpiles": f"days of cover of {name}",
            "Budgets": f"money of {name}",
            "Lanes": f"capacity of the lane {name}",
            "Markets": f"volume of {name}",
            "Plants": f"capacity of {name}",
        }[place.sheet]
        if isinstance(place.column, int):
            what += f" {'from' if place.holds_on else 'in'} {place.column}{' on' if place.holds_on else ''}"
    else:
        what = f"{place.column} of {name}"
    bound = {"raise": "at least ", "floor": "at least ", "lower": "at most "}.get(knob.how, "")
    old_words, new_words = _shown(knob.unit, place.value), _shown(knob.unit, new)
    return Change(place.cell, place.value, new, knob.unit, what, f"{what}: {old_words} -> {bound}{new_words}", least)


def _shown(unit: str, value: Cell) -> str:
    if value is None:
        return "(blank)"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, int | float) or unit in ("", "year", "count"):
        return f"{value:g}" if isinstance(value, float) else str(value)
    if unit == "share":
        return share(value)
    if unit == "days":
        return days(value)
    if unit.startswith("MUSD"):
        return musd(value)
    return usd_per_kg(value) if unit == "USD/kg" else tonnes(value) + (" a year" if unit == "t/yr" else "")
