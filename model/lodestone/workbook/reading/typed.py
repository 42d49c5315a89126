"""What reading makes of a workbook: typed rows that know their cells, before defaults and interpolation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lodestone.errors import Problem, Problems


class Cells(Mapping[str | int, str]):
    """Where a row's values stand: "Sheet!F7" for each column name and heading year that has a heading."""

    __slots__ = ("_letters", "_row", "_sheet")

    def __init__(self, sheet: str, letters: Mapping[str | int, str], row: int) -> None:
        self._sheet = sheet
        self._letters = letters
        self._row = row

    def __getitem__(self, name: str | int) -> str:
        return f"{self._sheet}!{self._letters[name]}{self._row}"

    def __contains__(self, name: object) -> bool:
        return name in self._letters

    def __iter__(self) -> Iterator[str | int]:
        return iter(self._letters)

    def __len__(self) -> int:
        return len(self._letters)


@dataclass(slots=True)
class TypedRow:
    """A row after conversion, before defaults and interpolation.

    values: given cells by column (blank ones absent); years: given year cells; remarks: its free text, by column
    (`source`, `note`); unusable: columns and years whose cell holds a problem; repaired: a reference was misspelt and
    has been replaced by the nearest name.
    """

    number: int
    cells: Mapping[str | int, str]
    values: dict[str, Any] = field(default_factory=dict)
    years: dict[int, float] = field(default_factory=dict)
    remarks: dict[str, str] = field(default_factory=dict)
    unusable: set[str | int] = field(default_factory=set)
    repaired: bool = False

    def where(self, name: str | int) -> str:
        """The cell of a column; the whole sheet where the column has no heading."""
        return self.cells.get(name) or next(iter(self.cells.values())).partition("!")[0]


@dataclass
class TypedTable:
    """The rows of one sheet.

    year_cells: heading cell of each year, in the order of the years. years_as_they_stand: these from left to right.

    complete: every key column has a heading, so that rows can be named and referred to.
    """

    rows: list[TypedRow] = field(default_factory=list)
    year_cells: dict[int, str] = field(default_factory=dict)
    years_as_they_stand: list[int] = field(default_factory=list)
    complete: bool = True


@dataclass
class TypedWorkbook:
    """settings: those given; setting_cells: where; setting_remarks: the free text of their rows.

    tables: every sheet but Settings, empty ones for missing sheets. sheet_names: how each sheet found is really called.
    columns: positions of the columns that count, by sheet. warnings: doubts that the cells alone leave.
    """

    settings: dict[str, Any] = field(default_factory=dict)
    setting_cells: dict[str, str] = field(default_factory=dict)
    setting_remarks: dict[str, dict[str, str]] = field(default_factory=dict)
    unusable_settings: set[str] = field(default_factory=set)
    tables: dict[str, TypedTable] = field(default_factory=dict)
    sheet_names: dict[str, str] = field(default_factory=dict)
    columns: dict[str, frozenset[int]] = field(default_factory=dict)
    problems: Problems = field(default_factory=Problems)
    warnings: list[Problem] = field(default_factory=list)
