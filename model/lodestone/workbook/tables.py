"""The workbook as validated records: what every later stage reads instead of cells.

Numbers are still in the units of the headings; `plan_data` converts them once. Year values are already interpolated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Years = Mapping[int, float | None]  # year -> value; None: not in force yet (Lanes, Markets: unlimited in that year)


@dataclass(frozen=True, slots=True)
class Record:
    """One row of a sheet (for Settings, Lanes and Tariffs see Tables).

    key: the values of the sheet's key columns, e.g. ("USA", "defence", "ndfeb_magnet") on Demand.
    values: every column but the year columns, defaults filled in; None where blank without a default.
    years: interpolated, for every year from first_year to the later of last_year and the last heading year;
        None when the row has no year value at all (Lanes, Markets: unlimited; Stockpiles: no days of cover).
    cells: "Sheet!F7" for each column name and each heading year that stands in the workbook.
    blank: the columns that were left blank, so that `values` holds their default.
    given: the year values as they stand under heading years; all other years follow from these.
    remarks: the free text of the row, by column (`source`, `note`); columns without text are absent.
    """

    sheet: str
    key: tuple[str, ...]
    values: Mapping[str, Any]
    years: Years | None = None
    cells: Mapping[str | int, str] = field(default_factory=dict)
    blank: frozenset[str] = frozenset()
    given: Mapping[int, float] = field(default_factory=dict)
    remarks: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, column: str) -> Any:
        return self.values[column]


@dataclass(frozen=True, slots=True)
class Lane:
    """One lane after the most specific Lanes and Tariffs rows have won, or after the default freight opened it.

    freight_usd_per_kg; open: False on a closed lane; capacity: t/yr by year, None when unlimited;
    tariff: share of the price by year, 0 without a Tariffs row; cells, tariff_cells: as in Record, of the Lanes and the
    Tariffs row that won (empty when none); given: as in Record, of the Lanes row.
    """

    from_region: str
    to_region: str
    material: str
    freight_usd_per_kg: float
    open: bool
    capacity: Years | None
    tariff: Mapping[int, float]
    cells: Mapping[str | int, str] = field(default_factory=dict)
    tariff_cells: Mapping[str | int, str] = field(default_factory=dict)
    given: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Tables:
    """All sheets of one scenario.

    scenario: "base" or the scenario's name.
    settings: every setting with its default filled in (first_year, last_year, discount_rate, ...).
    setting_cells: "Settings!B3" for each setting that stands in the workbook.
    setting_remarks: the free text of the rows of Settings, as in Record.
    records: sheet -> key -> Record, in workbook order, for every sheet but Settings, Lanes and Tariffs
        (missing optional sheets are empty). Scenarios and Changes are there too.
    lanes: (from_region, to_region, material) -> Lane, for every pair a row or the default freight gives, closed too;
        movement within one region included (freight 0, open, unless a row names the region twice).
    lane_rows: the rows of Lanes and Tariffs as they stand in the workbook, before any change, which acts on lanes.
    changes: what this scenario changed; of the base, what --set changed.
    """

    scenario: str
    settings: Mapping[str, Any]
    setting_cells: Mapping[str, str]
    setting_remarks: Mapping[str, Mapping[str, str]]
    records: Mapping[str, Mapping[tuple[str, ...], Record]]
    lanes: Mapping[tuple[str, str, str], Lane]
    lane_rows: Mapping[str, Sequence[Record]] = field(default_factory=dict)
    changes: Sequence[CellChange] = ()

    def rows(self, sheet: str) -> list[Record]:
        """In workbook order; none of Settings, Lanes and Tariffs."""
        return list(self.records.get(sheet, {}).values())


@dataclass(frozen=True)
class CellChange:
    """One value that a scenario or --set changed: where, old and new (None: blank, unlimited or not in force)."""

    sheet: str
    row: str
    column: str
    year: int | None
    old: Any
    new: Any
    by: str  # "Changes!A4" or "--set ..."
