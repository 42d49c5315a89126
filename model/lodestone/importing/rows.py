"""What an import is made of: rows to write, what is still to fill, and what the planner chooses."""

from __future__ import annotations

from dataclasses import dataclass, field

from lodestone.importing.balance import Balance
from lodestone.importing.statistics import Statistics

SMALL_REGION = 0.002  # part of what the largest material of a country is of the world's; below: with the others
SMALL_LANE = 0.0005  # part of all trade of a material
Value = str | float | int | None


@dataclass
class SheetRow:
    """A row to write. cells: by heading, a year as a number. guessed: headings whose value is a default of ours.
    blank: headings that no source fills."""

    sheet: str
    cells: dict[str | int, Value]
    source: str = ""
    note: str = ""
    guessed: set[str | int] = field(default_factory=set)
    blank: set[str | int] = field(default_factory=set)


@dataclass(frozen=True)
class Gap:
    """What the planner has to find out; row None: a whole sheet. musd: value that passes through it in a year."""

    sheet: str
    row: SheetRow | None
    heading: str | int
    what: str
    musd: float


@dataclass
class Import:
    """Everything that comes out of the files."""

    mineral: str
    first_year: int
    last_year: int
    base_year: int
    rows: list[SheetRow]
    gaps: list[Gap]
    remarks: list[str]
    statistics: Statistics
    balance: Balance  # of the material that is consumed
    of_concern: tuple[str, ...]

    @property
    def exposed_share(self) -> float | None:
        """The exposed part of consumption outside regions of concern, as the trade table has it."""
        return self.balance.exposed_share(self.of_concern)


@dataclass(frozen=True)
class Choices:
    """What the planner chooses. year: of the trade, the latest in the files if None."""

    of_concern: tuple[str, ...] = ("China",)
    year: int | None = None
    first_year: int | None = None
    last_year: int | None = None
    small_region: float = SMALL_REGION
    small_lane: float = SMALL_LANE
