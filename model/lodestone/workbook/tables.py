"""The workbook as validated records: what every later stage reads instead of cells.

Numbers are still in the units of the headings; `plan_data` converts them once. Year values are already interpolated.
A year may be cut into periods: its value holds in all of them but those whose own value stands beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from lodestone.data.times import Calendar, Time
from lodestone.workbook.schema.sheets import ANY, BASE, SETTINGS

PRICE_SHEETS = ("Prices", "BankPrices")

Years = Mapping[int, float | None]  # year -> value; None: not in force yet (Lanes, Markets: unlimited in that year)
Months = Mapping[Time, float | None]  # the begin of a period -> its value, where that is not the value of its year
Value = Any  # of a cell, as its column says: text, number, yes or no, several of a list, None where blank
Settings = Mapping[str, Value]  # by their names


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
    months: the value of each period whose value differs from that of its year.
    dated: of columns that a scenario can change from a time on, the value of each period that a change reached.
    """

    sheet: str
    key: tuple[str, ...]
    values: Mapping[str, Value]
    years: Years | None = None
    cells: Mapping[str | int, str] = field(default_factory=dict)
    blank: frozenset[str] = frozenset()
    given: Mapping[int, float] = field(default_factory=dict)
    remarks: Mapping[str, str] = field(default_factory=dict)
    months: Months = field(default_factory=dict)
    dated: Mapping[str, Mapping[Time, Value]] = field(default_factory=dict)

    def __getitem__(self, column: str) -> Value:
        return self.values[column]


@dataclass(frozen=True, slots=True)
class Lane:
    """One lane after the most specific Lanes and Tariffs rows have won, or after the default freight opened it.

    freight_usd_per_kg; open: False on a closed lane; capacity: t/yr by year, None when unlimited;
    tariff: share of the price by year, 0 without a Tariffs row; cells, tariff_cells: as in Record, of the Lanes and the
    Tariffs row that won (empty when none); given: as in Record, of the Lanes row; min_price_usd_per_kg, applies_to: of
    the Tariffs row; capacity_months, tariff_months: as months in Record.
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
    min_price_usd_per_kg: float | None = None
    applies_to: str = "all"
    capacity_months: Months = field(default_factory=dict)
    tariff_months: Months = field(default_factory=dict)


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
    threats: those that come to this scenario, where the data are of a combination of them.
    """

    scenario: str
    settings: Settings
    setting_cells: Mapping[str, str]
    setting_remarks: Mapping[str, Mapping[str, str]]
    records: Mapping[str, Mapping[tuple[str, ...], Record]]
    lanes: Mapping[tuple[str, str, str], Lane]
    lane_rows: Mapping[str, Sequence[Record]] = field(default_factory=dict)
    changes: Sequence[CellChange] = ()
    threats: tuple[str, ...] = ()

    def rows(self, sheet: str) -> list[Record]:
        """In workbook order; none of Settings, Lanes and Tariffs."""
        return list(self.records.get(sheet, {}).values())

    @property
    def told_settings(self) -> dict[str, Value]:
        """The settings, but for those that version 2 brought and nobody has set: they go without saying."""
        new = {column.name: column.default for column in SETTINGS.columns if column.since > 1}
        return {name: value for name, value in self.settings.items() if name not in new or value != new[name]}

    @cached_property
    def calendar(self) -> Calendar:
        """The years planned, and into which periods they are cut."""
        return calendar_of(self.settings, self.records)


def calendar_of(settings: Settings, records: Mapping[str, Mapping[tuple[str, ...], Record]]) -> Calendar:
    """Rows of Periods that are unusable are left out, being problems already."""
    rows = [row for row in records.get("Periods", {}).values() if row["months"] is not None]
    cut = {row["year"]: int(row["months"]) for row in rows}
    return Calendar(settings["first_year"], settings["last_year"], cut)


Rows = Mapping[tuple[str, ...], Record]


def lineage(scenarios: Rows, name: str) -> list[str]:
    """A scenario, its parent, the parent of that, ...; each once, should they go round in a ring."""
    line = [name]
    while (line[-1],) in scenarios and (parent := scenarios[line[-1],]["parent"]) and parent not in line:
        line.append(parent)
    return line


def parent_of(scenarios: Rows, name: str) -> str | None:
    """The scenario whose path it leaves; None: the base, also where parents are a problem told elsewhere."""
    parent: str | None = scenarios[name,]["parent"]
    return parent if parent and (parent,) in scenarios and name not in lineage(scenarios, parent) else None


def parents_first(scenarios: Rows) -> list[str]:
    """All scenarios in their order, but none before its parent."""

    def depth(name: str) -> int:
        parent = parent_of(scenarios, name)
        return 0 if parent is None else depth(parent) + 1

    return sorted((name for (name,) in scenarios if name != BASE), key=depth)


def row_name(sheet: str, key: tuple[str, ...]) -> str:
    """The keys of a row joined by /, as in Changes; a region that no cell gives is left out."""
    return "/".join(key[:1] if sheet in PRICE_SHEETS and key[1:] == (ANY,) else key)


@dataclass(frozen=True)
class CellChange:
    """One value that a scenario or --set changed: where, old and new (None: blank, unlimited or not in force)."""

    sheet: str
    row: str
    column: str
    year: int | None
    old: Value
    new: Value
    by: str  # "Changes!A4" or "--set ..."
    month: int | None = None  # the first month of the period, where the change is of a part of a year

    def line(self) -> dict[str, Any]:
        """As it stands in plan.json: a month only where there is one."""
        return {name: value for name, value in asdict(self).items() if name != "month" or value is not None}
