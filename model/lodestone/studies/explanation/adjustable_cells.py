"""What may give way, and by how much: one knob for each cell that a planner could change.

Which of several changes is the least is a matter of judgement, made here once. Every change counts relative to what
stands in the cell (a share in points, as shares of 0 are common), times the standing of the cell: a policy that is
set at a desk counts once, the terms of programmes, projects and contracts three times, lanes six times, and what
others own or nature gives twenty times. Going short is no remedy where a rule can be mended: service counts twice.
Lead times, recipes, demand and prices never give way.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from lodestone.workbook.cell_locations import Place

POLICY, SERVICE, TERMS, LANE, FACT = 1.0, 2.0, 3.0, 6.0, 20.0
PREMISE = 4.0  # a scenario's own assumption counts so many times more
STANDING = {
    ("Sectors", "min_service_share"): SERVICE,
    ("Sectors", "secure_share"): SERVICE,
    ("ChinaShare", "years"): POLICY,
    ("Stockpiles", "years"): POLICY,
    ("Budgets", "years"): POLICY,
    ("Stockpiles", "capacity_t"): TERMS,
    ("Stockpiles", "max_fill_t_per_yr"): TERMS,
    ("Stockpiles", "max_release_t_per_yr"): TERMS,
    ("Contracts", "min_t_per_yr"): TERMS,
    ("Contracts", "max_t_per_yr"): TERMS,
    ("Contracts", "earliest_year"): TERMS,
    ("Contracts", "latest_year"): TERMS,
    ("Projects", "earliest_year"): TERMS,
    ("Projects", "latest_year"): TERMS,
    ("Projects", "max_builds"): TERMS,
    ("Projects", "group"): TERMS,
    ("Projects", "requires"): TERMS,
    ("PriceFloors", "floor_usd_per_kg"): TERMS,
    ("Lanes", "open"): LANE,
    ("Lanes", "years"): LANE,
    ("Markets", "years"): FACT,
    ("Plants", "years"): FACT,
}
A_WORD = 0.3  # changing a name or a yes/no, as a relative change
A_YEAR = 0.1  # moving a window by a year
SMALLEST = 1e-6  # of a unit: less is no change


@dataclass
class Knob:
    """A cell that may give way.

    how: "raise", "lower", "clear" (to blank), "open" (to yes), "later", "earlier" (a window), "floor" (a price floor
    raised by what lenders miss). unit: of the cell. scale: the change that counts as 1. most: largest change. terms:
    row -> coefficient of its column. windows: column of a decision outside the window -> its year."""

    place: Place
    how: str
    unit: str
    scale: float
    most: float = math.inf
    integer: bool = False
    terms: dict[int, float] = field(default_factory=dict)
    windows: dict[int, int] = field(default_factory=dict)
    column: int = -1
    about: Mapping[int, float] = field(default_factory=dict)  # of a floor: what it takes to work out the new one

    @property
    def cell(self) -> str:
        """Where it stands in the workbook."""
        return self.place.cell

    @property
    def weight(self) -> float:
        """What a unit of change counts."""
        column = self.place.column if isinstance(self.place.column, str) else "years"
        standing = STANDING[self.place.sheet, column]
        if self.place.scenario is not None and standing != POLICY:
            standing *= PREMISE
        return standing / self.scale

    def loosen(self, row: int, by: float) -> None:
        """Let a row give way by so much for each unit of it."""
        self.terms[row] = self.terms.get(row, 0.0) + by

    def columns(self) -> list[int]:
        """The columns by which it gives way."""
        return list(self.windows) if self.windows else [self.column]


def notch(unit: str, value: float) -> float:
    """The step to which a value of a unit is rounded, so that people can read it."""
    if unit == "share":
        return 0.001
    if unit in ("year", "count"):
        return 1.0
    if unit == "days":
        return 1.0 if abs(value) >= 10 else 0.1
    if value == 0:
        return 0.001
    return float(10.0 ** (math.floor(math.log10(abs(value))) - 2))  # three digits


def outward(unit: str, how: str, value: float, notches: int = 0) -> float:
    """The value rounded so that it still works (and then some notches further, or back where negative)."""
    step = notch(unit, value)
    up = how in ("raise", "floor", "later")
    steps = math.ceil(value / step - 1e-4) + notches if up else math.floor(value / step + 1e-4) - notches
    rounded = steps * step
    return max(0.0, round(rounded, 9))
