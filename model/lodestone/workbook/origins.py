"""Where the decisions of a plan come from: the input cells each one rests on, and what their rows give as source.

    investment   its row of Projects; its recipe; Prices of what it takes and makes; private: lenders' prices too
    floor        its row of PriceFloors, and what the investment rests on that it makes bankable
    contract     its row of Contracts and that of its supplier; Prices of its material
    stockpile    its row of Stockpiles; the material, its Prices, and the Demand that days of cover are counted in
    cap          its row of ChinaShare; which regions are of concern, and what counts as exposed
    budget       its row of Budgets

One line for each cell. Blank cells are left out where nothing stands in for them. Values are those that the plan uses,
in the units of the headings; year values stand once for each year heading, and for each year that a change reached.

Sheets   all of these, Settings and Changes
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from lodestone.workbook.schema.columns import YEARS, Column
from lodestone.workbook.schema.sheets import ANY, SETTINGS, SHEETS
from lodestone.workbook.tables import CellChange, Record, Tables, Value, row_name

Line = dict[str, Any]
Decisions = Mapping[str, Sequence[Mapping[str, Any]]]  # tables of the plan

WORKBOOK, DEFAULT = "workbook", "default"
KINDS = {  # kind -> the table of the plan, and its column of names
    "investment": ("investments", "project"),
    "floor": ("price_floors", "floor"),
    "contract": ("contracts", "contract"),
    "stockpile": ("stockpile", "stockpile"),
    "cap": ("china_share", "cap"),
    "budget": ("budgets", "budget"),
}
SUPPLIERS = ("Plants", "Projects", "Markets")


def origins(tables: Tables, changes: Iterable[CellChange], decided: Decisions) -> list[Line]:
    """The lines of plan_tables.ORIGINS for everything that a plan decides, in the order of its tables."""
    inputs = _Cells(tables, changes)
    lines = []
    for kind, (table, column) in KINDS.items():
        for name in dict.fromkeys(row[column] for row in decided[table]):
            lines += [{"decision": kind, "name": name, **line} for line in _RESTS[kind](inputs, name)]
    return lines


class _Cells:
    """The cells of one scenario as lines, with what changed them."""

    def __init__(self, tables: Tables, changes: Iterable[CellChange]) -> None:
        self.tables = tables
        self.changes: dict[tuple[str, str], list[CellChange]] = {}
        for change in changes:
            self.changes.setdefault((change.sheet, change.row), []).append(change)

    def row(self, sheet: str, *key: str) -> Record:
        return self.tables.records[sheet][key]

    def lines(self, sheet: str, *key: str) -> Iterator[Line]:
        """All cells of a row, but for its keys; nothing where there is no such row."""
        record = self.tables.records.get(sheet, {}).get(key)
        if record is None:
            return
        for column in SHEETS[sheet].plain:
            if column.name not in SHEETS[sheet].key and not self._untold(record, column):
                yield from self._line(record, column.name, record[column.name], None, column.unit)
        if SHEETS[sheet].years is not None:
            changed = {c.year for c in self._of(record) if c.column == YEARS and c.year is not None}
            for year in sorted({*record.given, *changed}):
                given, years = record.given.get(year), record.years or {}
                now = years.get(year) if year in changed else given
                yield from self._line(record, year, now, given, SHEETS[sheet].by_name[YEARS].unit)

    def _untold(self, record: Record, column: Column) -> bool:
        """A blank column that version 2 brought: it goes without saying."""
        changed = any(change.column == column.name for change in self._of(record))
        return column.since > 1 and column.name in record.blank and not changed

    def cell(self, sheet: str, key: str, column: str) -> Iterator[Line]:
        """One cell of a row."""
        return (line for line in self.lines(sheet, key) if line["column"] == column)

    def price(self, sheet: str, material: str, region: str) -> Iterator[Line]:
        """The row that names the region, else that of all regions."""
        own = (material, region) in self.tables.records[sheet]
        return self.lines(sheet, material, region if own else ANY)

    def setting(self, name: str) -> Iterator[Line]:
        column = SETTINGS.by_name[name]
        changed = self.changes.get(("Settings", name), [])
        cell, value = self.tables.setting_cells.get(name), self.tables.settings[name]
        if value is not None:
            yield {
                **{"sheet": "Settings", "row": name, "column": "value", "cell": cell or "", "value": value},
                **{"unit": column.unit, "before": changed[0].old if changed else None},
                **self._why(changed, cell is None, self.tables.setting_remarks.get(name, {})),
            }

    def _line(self, record: Record, column: str | int, value: Value, given: Value, unit: str) -> Iterator[Line]:
        """column: a name, or a year, whose value in the workbook is `given`."""
        year = column if isinstance(column, int) else None
        changed = [c for c in self._of(record) if (c.year == year if year else c.column == column)]
        if value is None and not changed:
            return
        before = (given if year else changed[0].old) if changed else None
        yield {
            **{"sheet": record.sheet, "row": row_name(record.sheet, record.key), "column": str(column)},
            **{"cell": record.cells.get(column, ""), "value": _plain(value), "unit": unit, "before": _plain(before)},
            **self._why(changed, column in record.blank, record.remarks),
        }

    def _of(self, record: Record) -> list[CellChange]:
        return self.changes.get((record.sheet, row_name(record.sheet, record.key)), [])

    def _why(self, changed: Sequence[CellChange], blank: bool, remarks: Mapping[str, str]) -> Line:
        """Who set the value; the source of a change is that of its own row of Changes."""
        if changed:
            by = changed[-1].by
            row = self.tables.records.get("Changes", {}).get((by.removeprefix("Changes!A"),))
            remarks = row.remarks if row is not None else {}
        else:
            by = DEFAULT if blank else WORKBOOK
        return {"set_by": by, "source": remarks.get("source", ""), "note": remarks.get("note", "")}


def _plain(value: Value) -> Value:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else value


# --- what each kind of decision rests on ----------------------------------------------------------------------------


def _investment(inputs: _Cells, project: str) -> Iterator[Line]:
    row = inputs.row("Projects", project)
    recipe = [key for key in inputs.tables.records["Processes"] if key[0] == row["process"]]
    materials = [material for _, material in recipe]
    yield from inputs.lines("Projects", project)
    for key in recipe:
        yield from inputs.lines("Processes", *key)
    yield from _prices(inputs, materials, row["region"], lenders=row["funding"] == "private")


def _floor(inputs: _Cells, floor: str) -> Iterator[Line]:
    yield from inputs.lines("PriceFloors", floor)
    yield from _investment(inputs, inputs.row("PriceFloors", floor)["project"])


def _contract(inputs: _Cells, contract: str) -> Iterator[Line]:
    row = inputs.row("Contracts", contract)
    yield from inputs.lines("Contracts", contract)
    for sheet in SUPPLIERS:
        yield from inputs.lines(sheet, row["supplier"])
    supplier = next(inputs.row(s, row["supplier"]) for s in SUPPLIERS if (row["supplier"],) in inputs.tables.records[s])
    yield from _prices(inputs, [row["material"]], supplier["region"], lenders=supplier.sheet == "Projects")


def _stockpile(inputs: _Cells, stockpile: str) -> Iterator[Line]:
    row = inputs.row("Stockpiles", stockpile)
    material, covers = row["material"], row["covers"]
    yield from inputs.lines("Stockpiles", stockpile)
    yield from inputs.cell("Materials", material, "annual_loss_share")
    yield from _prices(inputs, [material], row["region"], lenders=False)
    yield from inputs.setting("stock_end_value_share")
    for key in inputs.tables.records["Demand"]:
        if key[2] == material and _covered(inputs.row("Regions", key[0]), covers):
            yield from inputs.lines("Demand", *key)


def _covered(region: Record, covers: str) -> bool:
    """`covers` of a stockpile: a region, a group, or * for all regions not of concern."""
    return not region["of_concern"] if covers == ANY else covers in (region.key[0], region["group"])


def _cap(inputs: _Cells, cap: str) -> Iterator[Line]:
    yield from inputs.lines("ChinaShare", cap)
    yield from inputs.setting("china_share_basis")
    for (region,), row in inputs.tables.records["Regions"].items():
        if row["of_concern"]:
            yield from inputs.cell("Regions", region, "of_concern")


def _budget(inputs: _Cells, budget: str) -> Iterator[Line]:
    return inputs.lines("Budgets", budget)


def _prices(inputs: _Cells, materials: Iterable[str], region: str, lenders: bool) -> Iterator[Line]:
    """Market prices of a region; lenders: theirs too, from BankPrices or by the setting bank_price_factor."""
    materials = list(dict.fromkeys(materials))
    for material in materials:
        yield from inputs.price("Prices", material, region)
        if lenders:
            yield from inputs.price("BankPrices", material, region)
    given = inputs.tables.records["BankPrices"]
    if lenders and any(not given.keys() & {(m, region), (m, ANY)} for m in materials):
        yield from inputs.setting("bank_price_factor")


_RESTS = {
    "investment": _investment,
    "floor": _floor,
    "contract": _contract,
    "stockpile": _stockpile,
    "cap": _cap,
    "budget": _budget,
}
