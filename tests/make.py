"""Tiny workbooks for tests.

    book = tiny()                                   # a valid workbook as a dict of sheets
    book["Demand"][1][3] = -5                       # first data row, fourth column: Demand!D2
    book["Projects"] = [["project", ...], [...]]    # add a sheet: heading row, then data rows
    path = write_book(tmp_path / "plan.xlsx", book)
    inputs = load(path)

A sheet is a list of rows, the first being the headings, so that `book[sheet][i][j]` is the cell in Excel row i + 1 and
column j (0 = A). `Settings` may also be a dict {setting: value}; its first setting then stands in Settings!B2.
`load_book(tmp_path, book)` writes and loads in one go; `only_problem(inputs)` is its one problem.
None leaves a cell blank. A text starting with "=" becomes a formula without a cached value; "#REF!" an error value.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from openpyxl import Workbook

from lodestone.errors import Problem
from lodestone.workbook.inputs import Inputs, load

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
XML = "xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main'"
PARTS = "http://schemas.openxmlformats.org/package/2006/relationships"
Rows = list[list[Any]]
Book = dict[str, Any]


def tiny() -> Book:
    """A minimal valid workbook: an unlimited market for oxide in China, a lane to Home, one sector there, 2026-2027.

    At the optimum Home buys 100 t and 120 t at 60 USD/kg plus 1 USD/kg freight.
    """
    return {
        "Settings": {"first_year": 2026, "last_year": 2027},
        "Regions": [["region", "of_concern", "group"], ["China", "yes", None], ["Home", "no", "domestic"]],
        "Materials": [["material"], ["oxide"]],
        "Prices": [["material", 2026, 2027], ["oxide", 60, 60]],
        "Markets": [["market", "region", "material", "side"], ["china_oxide", "China", "oxide", "buy"]],
        "Lanes": [["from_region", "to_region", "material", "freight_usd_per_kg"], ["China", "Home", "oxide", 1]],
        "Sectors": [["sector", "shortage_cost_usd_per_kg"], ["defence", 1000]],
        "Demand": [["region", "sector", "material", 2026, 2027], ["Home", "defence", "oxide", 100, 120]],
    }


def with_plants() -> Book:
    """tiny() with ore, a refinery in each region, a private project, a price floor, a contract, a stockpile, a cap and
    a scenario `embargo` that closes Chinese lanes in 2027: every kind of row once, all of it valid."""
    book = tiny()
    book["Settings"] |= {"default_freight_usd_per_kg": 2}
    book["Materials"] = [["material", "annual_loss_share"], ["oxide", 0.01], ["ore", None], ["scrap", None]]
    book["Prices"] = [["material", 2026, 2027], ["oxide", 60, 66], ["ore", 5, 5], ["scrap", 10, 10]]
    book["Processes"] = [
        ["process", "material", "t_per_t"],
        ["refine", "ore", -10],
        ["refine", "oxide", 1],
        ["mine", "ore", 1],
        ["recycle", "scrap", -2],
        ["recycle", "oxide", 1],
    ]
    book["Plants"] = [
        ["plant", "region", "process", "operating_cost_usd_per_kg", 2026, 2027],
        ["china_refinery", "China", "refine", 8, 500, 500],
        ["home_mine", "Home", "mine", 4, 3000, 3000],
    ]
    book["Projects"] = [
        ["project", "region", "process", "capacity_t_per_yr", "capex_musd", "operating_cost_usd_per_kg", "lead_years"],
        ["home_refinery", "Home", "refine", 80, 20, 12, 1],
        ["home_recycling", "Home", "recycle", 10, 1.8, 12, 0],
    ]
    book["PriceFloors"] = [
        ["floor", "project", "material", "floor_usd_per_kg", "tenor_years"],
        ["floor_110", "home_refinery", "oxide", 110, 10],
    ]
    book["Contracts"] = [
        ["contract", "supplier", "material", "price_rule", "fixed_price_usd_per_kg", "max_t_per_yr", "tenor_years"],
        ["offtake", "home_refinery", "oxide", "fixed", 90, 40, 10],
    ]
    book["Returns"] = [["sector", "material", "scrap", "t_per_t", "lag_years"], ["defence", "oxide", "scrap", 0.2, 1]]
    book["Stockpiles"] = [
        ["stockpile", "region", "material", "opening_t", "capacity_t", 2026, 2027],
        ["reserve", "Home", "oxide", 10, 200, None, 30],
    ]
    book["ChinaShare"] = [["cap", "material", "sector", 2026, 2027], ["oxide_cap", "oxide", "defence", None, 0.9]]
    book["Budgets"] = [["budget", "covers", 2026, 2027], ["support", "grants, floors", 50, 50]]
    book["Scenarios"] = [["scenario", "probability", "from_year"], ["embargo", 0.3, 2027]]
    book["Changes"] = [
        ["scenario", "sheet", "row", "column", "operation", "value"],
        ["embargo", "Lanes", "China/*/*", "years", "set", 0],
    ]
    return book


def write_book(path: str | Path, book: Mapping[str, Any]) -> Path:
    """Write the sheets of `book` to an .xlsx file and return its path."""
    workbook = Workbook()
    workbook.remove(workbook.active)  # type: ignore[arg-type]
    for name, content in book.items():
        sheet = workbook.create_sheet(name)
        for row in _rows(content):
            sheet.append(list(row))
    workbook.save(path)
    return Path(path)


def packed(book: Mapping[str, Any]) -> bytes:
    """The file of a workbook of texts and numbers, made in a tenth of the time: for tests that are not about files."""
    sheets = {f"xl/worksheets/{i}.xml": content for i, content in enumerate(book.values(), 1)}
    listed = "".join(f"<sheet name={quoteattr(n)} sheetId='{i}' r:id='r{i}'/>" for i, n in enumerate(book, 1))
    parts = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": _related("officeDocument", ["xl/workbook.xml"]),
        "xl/workbook.xml": f"<workbook {XML} xmlns:r='{OFFICE}/relationships'><sheets>{listed}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": _related("worksheet", [name.removeprefix("xl/") for name in sheets]),
    }
    for name, content in sheets.items():
        rows = (f"<row r='{n}'>{''.join(map(_cell, row))}</row>" for n, row in enumerate(_rows(content), 1))
        parts[name] = f"<worksheet {XML}><sheetData>{''.join(rows)}</sheetData></worksheet>"
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return file.getvalue()


def _related(kind: str, targets: Sequence[str]) -> str:
    kind = f"{OFFICE}/relationships/{kind}"
    each = (f"<Relationship Id='r{i}' Type='{kind}' Target='{target}'/>" for i, target in enumerate(targets, 1))
    return f"<Relationships xmlns='{PARTS}'>{''.join(each)}</Relationships>"


def _cell(value: Any) -> str:
    if value is None:
        return "<c/>"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"<c><v>{value!r}</v></c>"
    assert isinstance(value, str) and not value.startswith("#"), f"write_book can write {value!r}"
    if value.startswith("="):  # as openpyxl does: a formula that nobody has calculated
        return f"<c><f>{escape(value[1:])}</f></c>"
    return f"<c t='inlineStr'><is><t xml:space='preserve'>{escape(value)}</t></is></c>"


def load_book(folder: Path, book: Mapping[str, Any], sets: Sequence[str] = ()) -> Inputs:
    """Write `book` into a folder and load it."""
    path = folder / "book.xlsx"
    if not _is_plain(book):
        return load(write_book(path, book), sets)
    path.write_bytes(packed(book))
    return load(path, sets)


def _is_plain(book: Mapping[str, Any]) -> bool:
    """Texts, numbers and formulas alone, as `packed` writes them."""
    cells = (cell for content in book.values() for row in _rows(content) for cell in row)
    return all(
        cell is None or (isinstance(cell, int | float | str) and not isinstance(cell, bool) and str(cell)[:1] != "#")
        for cell in cells
    )


def only_problem(inputs: Inputs) -> Problem:
    """The one problem of a workbook; fails when there are none or several."""
    assert len(inputs.problems) == 1, "\n".join(map(str, inputs.problems)) or "no problems"
    return inputs.problems[0]


def _rows(content: Mapping[str, Any] | Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
    if isinstance(content, Mapping):
        return [["setting", "value"], *([name, value] for name, value in content.items())]
    return content


def changed(*cells: tuple[str, int, str, Any]) -> Book:
    """A valid workbook with cells replaced: (sheet, row in the list, heading, value); a new heading adds a column."""
    return with_cells(with_plants(), *cells)


def with_cells(book: Book, *cells: tuple[str, int, str, Any]) -> Book:
    """The same of any workbook."""
    for sheet, row, heading, value in cells:
        rows = book[sheet]
        if heading not in rows[0]:
            for line in rows:
                line.append(None)
            rows[0][-1] = heading
        rows[row][rows[0].index(heading)] = value
    return book


def warnings_of(folder: Path, book: Book) -> dict[str, str]:
    inputs = load_book(folder, book)
    assert inputs.problems == ()
    return {warning.cell: warning.wrong for warning in inputs.warnings}
