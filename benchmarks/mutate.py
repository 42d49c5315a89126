"""Workbooks spoilt at random, as planners and programs spoil them; what must come of it is known of many changes.

    mutated = mutate(bases()[0], random.Random(7), path)    # writes the workbook, says what was done

SAME changes leave the plan as it was. A WRONG change leaves a problem, whatever else is done. Of the others nothing is
known but that the run ends in a plan that passes its audit, or in a message that names a cell or a rule.
"""

from __future__ import annotations

import datetime
import io
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.styles import PatternFill
from openpyxl.worksheet.worksheet import Worksheet

from benchmarks.every_sheet import every_sheet
from lodestone.names import plain
from lodestone.workbook.schema.sheets import SHEETS

ROOT = Path(__file__).resolve().parents[1]
NUMERIC = ("number", "integer", "years")
SAME, WRONG, UNKNOWN = "same", "wrong", "unknown"


@dataclass(frozen=True)
class Mutated:
    """what: the changes in words. expected: SAME, WRONG or UNKNOWN."""

    base: str
    what: tuple[str, ...]
    expected: str


@dataclass(frozen=True)
class Base:
    """A valid workbook."""

    name: str
    content: bytes


def bases() -> list[Base]:
    """The tutorial, and a tiny workbook that uses every sheet."""
    whole = io.BytesIO()
    every_sheet().save(whole)
    return [Base("tutorial", (ROOT / "inputs" / "tutorial.xlsx").read_bytes()), Base("tiny", whole.getvalue())]


def mutate(base: Base, luck: random.Random, path: Path) -> Mutated:
    """Write the spoilt workbook to a path."""
    book = load_workbook(io.BytesIO(base.content))
    kinds = luck.choices(("gentle", "any"), (1, 3))[0]
    changes = GENTLE if kinds == "gentle" else [*GENTLE, *ROUGH, *ROUGH, *ROUGH]
    done, expected = [], SAME
    for _ in range(luck.choice((1, 1, 2, 3))):
        change = luck.choice(changes)
        found = change(book, luck)
        if found is None:
            continue
        words, outcome = found
        done.append(words)
        order = (SAME, UNKNOWN, WRONG)
        if outcome == WRONG and expected == UNKNOWN:
            outcome = UNKNOWN  # an earlier change may have taken the sheet or the column away
        expected = max(expected, outcome, key=order.index) if expected != WRONG else UNKNOWN
    book.save(path)
    return Mutated(base.name, tuple(done), expected)


Found = tuple[str, str] | None  # what was done, what must come of it; None: there was nothing to do it to
Mutation = Callable[[Workbook, random.Random], Found]


# --- choosing --------------------------------------------------------------------------------------------------------


def _sheet(book: Workbook, luck: random.Random) -> Worksheet:
    return luck.choice([sheet for sheet in book.worksheets if sheet.title in SHEETS])


def _cell(book: Workbook, luck: random.Random) -> tuple[Any, str]:
    """A filled cell below the headings, and the kind of its column."""
    sheet = _sheet(book, luck)
    filled = [c for row in sheet.iter_rows(min_row=2) for c in row if c.value is not None]
    cell = luck.choice(filled) if filled else sheet.cell(2, 1)
    return cell, _kind(sheet, cell)


def _kind(sheet: Worksheet, cell: Any) -> str:
    schema = SHEETS[sheet.title]
    label = sheet.cell(cell.row, 1).value if sheet.title == "Settings" and cell.column == 2 else None
    heading = label or sheet.cell(1, cell.column).value
    if isinstance(heading, int) or str(heading).strip().isdecimal():
        return "years"
    column = schema.by_name.get(plain(str(heading)))
    return column.kind if column else "free"


def _put(book: Workbook, luck: random.Random, values: list[Any], what: str, wrong_for: tuple[str, ...] = ()) -> Found:
    cell, kind = _cell(book, luck)
    value = luck.choice(values)
    cell.value = value
    if what == "a formula never calculated":
        cell.data_type = "f"
    return f"{what} {value!r} in {cell.parent.title}!{cell.coordinate}", WRONG if kind in wrong_for else UNKNOWN


# --- changes that leave the plan as it was ---------------------------------------------------------------------------


def _reorder_columns(book: Workbook, luck: random.Random) -> Found:
    sheet = _sheet(book, luck)
    if sheet.title == "Settings":
        return None
    order = list(range(1, sheet.max_column + 1))
    luck.shuffle(order)
    rows = [[sheet.cell(row, column).value for column in order] for row in range(1, sheet.max_row + 1)]
    for i, row in enumerate(rows, 1):
        for j, value in enumerate(row, 1):
            sheet.cell(i, j).value = value
    return f"columns of {sheet.title} reordered", SAME


def _hide(book: Workbook, luck: random.Random) -> Found:
    sheet = _sheet(book, luck)
    for row in range(2, sheet.max_row + 1):
        sheet.row_dimensions[row].hidden = luck.random() < 0.5
    if luck.random() < 0.5 and sheet is not book.active:
        sheet.sheet_state = luck.choice(("hidden", "veryHidden"))
    return f"{sheet.title} and rows of it hidden", SAME


def _filter(book: Workbook, luck: random.Random) -> Found:
    sheet = _sheet(book, luck)
    sheet.auto_filter.ref = sheet.dimensions
    sheet.auto_filter.add_filter_column(0, ["nothing"])
    return f"a filter on {sheet.title}", SAME


def _empty_formatted(book: Workbook, luck: random.Random) -> Found:
    sheet = _sheet(book, luck)
    for row in range(sheet.max_row + 1, sheet.max_row + luck.choice((5, 400))):
        sheet.row_dimensions[row].height = 20
        sheet.cell(row, 1).fill = PatternFill("solid", fgColor="FFFF00")
    sheet.cell(3, 200).fill = PatternFill("solid", fgColor="FFFF00")
    return f"empty formatted rows on {sheet.title}", SAME


def _text_years(book: Workbook, luck: random.Random) -> Found:
    sheet = _sheet(book, luck)
    headings = [c for c in sheet[1] if isinstance(c.value, int)]
    for cell in headings:
        if luck.random() < 0.6:
            cell.value = f" {cell.value} "
    return (f"years as text on {sheet.title}", SAME) if headings else None


def _blanks_around(book: Workbook, luck: random.Random) -> Found:
    sheet = _sheet(book, luck)
    for row in sheet.iter_rows():
        for cell in row:
            if isinstance(cell.value, str) and not cell.value.startswith("=") and luck.random() < 0.5:
                cell.value = luck.choice(("  {} ", "{}\u00a0", "\n{}", "{}\t")).format(cell.value)
    return f"blanks around texts on {sheet.title}", SAME


def _own_sheet(book: Workbook, luck: random.Random) -> Found:
    sheet = book.create_sheet(luck.choice(("#mine", "ReadMe", "# =1", "#磁石")), luck.randrange(3))
    sheet["B7"] = luck.choice(("text", -1, datetime.date(2026, 1, 1)))
    return f"a sheet {sheet.title}", SAME


def _headings_in_capitals(book: Workbook, luck: random.Random) -> Found:
    sheet = _sheet(book, luck)
    for cell in sheet[1]:
        if isinstance(cell.value, str):
            cell.value = cell.value.upper().replace("_", luck.choice((" ", "-", "_")))
    return f"headings of {sheet.title} in capitals", SAME


def _blank_rows(book: Workbook, luck: random.Random) -> Found:
    sheet = _sheet(book, luck)
    sheet.insert_rows(luck.randint(2, sheet.max_row + 1), luck.choice((1, 30)))
    return f"blank rows on {sheet.title}", SAME


GENTLE: list[Mutation] = [
    _reorder_columns, _hide, _filter, _empty_formatted, _text_years, _blanks_around, _own_sheet, _headings_in_capitals,
    _blank_rows,
]  # fmt: skip


# --- changes that may matter -----------------------------------------------------------------------------------------


def _blank(book: Workbook, luck: random.Random) -> Found:
    cell, _ = _cell(book, luck)
    cell.value = None
    return f"{cell.parent.title}!{cell.coordinate} blanked", UNKNOWN


def _no_number(book: Workbook, luck: random.Random) -> Found:
    values = ["abc", "12,5", "1.234,5", "12 %", "1 000", "-", "\u0661\u0662", "1e", "=", "NaN", "inf", "∞"]
    return _put(book, luck, values, "text", NUMERIC)


def _as_text(book: Workbook, luck: random.Random) -> Found:
    cell, kind = _cell(book, luck)
    if kind not in NUMERIC or not isinstance(cell.value, int):
        return None
    cell.value = str(cell.value)
    return f"{cell.parent.title}!{cell.coordinate} as text", SAME if "." not in cell.value else UNKNOWN


def _not_finite(book: Workbook, luck: random.Random) -> Found:
    return _put(book, luck, [float("nan"), float("inf"), float("-inf")], "number")


def _huge(book: Workbook, luck: random.Random) -> Found:
    return _put(book, luck, [1e6, 1e9, 1e12, 1e20, 1e100, 1.7e308, 2**63, 1e-6, 1e-12, 1e-300], "number")


def _negative(book: Workbook, luck: random.Random) -> Found:
    return _put(book, luck, [-1, -0.0, -1e-9, -1e9, 0], "number")


def _date(book: Workbook, luck: random.Random) -> Found:
    dates = [datetime.date(2026, 1, 1), datetime.datetime(1900, 1, 1, 12), datetime.time(6, 30)]
    return _put(book, luck, dates, "date", ("number", "integer", "years", "id", "ref", "yesno", "choice", "list"))


def _unicode(book: Workbook, luck: random.Random) -> Found:
    texts = [
        "磁石",
        "\u202eedixo",
        "😀" * 40,
        "e\u0301",
        "\ufeffoxide",
        "ﬁ",
        "x" * 300,
        "a_x0000_b",
        "_xD800_",
        "*",
        "?",
        "/",
        "'",
        '"',
    ]
    return _put(book, luck, texts, "text", NUMERIC)


def _yes(book: Workbook, luck: random.Random) -> Found:
    return _put(book, luck, [True, False], "yes/no value", NUMERIC)


def _formula(book: Workbook, luck: random.Random) -> Found:
    every = (*NUMERIC, "id", "ref", "yesno", "choice", "list")
    return _put(
        book, luck, ["=1+1", "=cmd|'/C calc'!A0", "=[other.xlsx]Sheet1!A1"], "a formula never calculated", every
    )


def _error(book: Workbook, luck: random.Random) -> Found:
    every = (*NUMERIC, "id", "ref", "yesno", "choice", "list")
    return _put(book, luck, ["#REF!", "#DIV/0!", "#N/A", "#NAME?"], "error", every)


def _swap(book: Workbook, luck: random.Random) -> Found:
    (a, _), (b, _) = _cell(book, luck), _cell(book, luck)
    a.value, b.value = b.value, a.value
    return f"{a.parent.title}!{a.coordinate} and {b.parent.title}!{b.coordinate} swapped", UNKNOWN


def _twice(book: Workbook, luck: random.Random) -> Found:
    sheet = _sheet(book, luck)
    if sheet.max_row < 2:
        return None
    row = luck.randint(2, sheet.max_row)
    values = [c.value for c in sheet[row]]
    if all(value is None for value in values):
        return None
    for column, value in enumerate(values, 1):
        sheet.cell(sheet.max_row + (column == 1), column).value = value
    return f"row {row} of {sheet.title} twice", UNKNOWN if sheet.title == "Changes" else WRONG


def _delete(book: Workbook, luck: random.Random) -> Found:
    sheet = _sheet(book, luck)
    what = luck.choice(("row", "column", "sheet", "everything"))
    if what == "row":
        sheet.delete_rows(luck.randint(1, sheet.max_row))
    elif what == "column":
        sheet.delete_cols(luck.randint(1, sheet.max_column))
    elif what == "everything":
        sheet.delete_rows(1, sheet.max_row)
    elif len(book.worksheets) > 1:
        book.remove(sheet)
    return f"{what} of {sheet.title} deleted", UNKNOWN


def _misspell(book: Workbook, luck: random.Random) -> Found:
    sheet = _sheet(book, luck)
    cells = [c for c in sheet[luck.choice((1, 1, min(2, sheet.max_row)))] if isinstance(c.value, str) and c.value]
    if not cells:
        return None
    cell = luck.choice(cells)
    at = luck.randrange(len(cell.value))
    cell.value = cell.value[:at] + luck.choice(("", "q", "é")) + cell.value[at + 1 :]
    return f"{sheet.title}!{cell.coordinate} misspelt", UNKNOWN


def _merge(book: Workbook, luck: random.Random) -> Found:
    cell, _ = _cell(book, luck)
    sheet = cell.parent
    sheet.merge_cells(
        start_row=cell.row, end_row=cell.row + luck.randrange(3), start_column=cell.column, end_column=cell.column + 1
    )
    return f"cells merged from {sheet.title}!{cell.coordinate} on", UNKNOWN


def _foreign_sheet(book: Workbook, luck: random.Random) -> Found:
    title = luck.choice(("Notes", "Sheet1", "Price", "lanes ", "SETTINGS2"))
    if title in book.sheetnames:
        return None
    book.create_sheet(title)["A1"] = "x"
    return f"a sheet {title!r}", UNKNOWN


def _circle(book: Workbook, luck: random.Random) -> Found:
    if "Projects" not in book.sheetnames:
        return None
    sheet = book["Projects"]
    column = next((c.column for c in sheet[1] if c.value == "requires"), sheet.max_column + 1)
    ids = [c for c in sheet["A"][1:] if c.value]
    if sheet["A1"].value != "project" or not ids:
        return None
    sheet.cell(1, column).value = "requires"
    circle = luck.sample(ids, luck.randint(1, len(ids)))
    for cell, after in zip(circle, [*circle[1:], circle[0]], strict=True):
        sheet.cell(cell.row, column).value = after.value
    return "projects that require each other in a circle", WRONG


def _setting(book: Workbook, luck: random.Random) -> Found:
    if "Settings" not in book.sheetnames:
        return None
    names = ("first_year", "last_year", "discount_rate", "mip_gap", "risk_weight", "china_share_basis", "time_limit_s")
    name, value = (
        luck.choice(names),
        luck.choice((0, 1, -1, 0.5, 1900, 2026, 2031, 2060, 9999, "yes", "last_stage", None)),
    )
    book["Settings"].append([name, value])
    return f"another setting {name} = {value}", UNKNOWN


ROUGH: list[Mutation] = [
    _blank, _no_number, _as_text, _not_finite, _huge, _negative, _date, _unicode, _yes, _formula, _error, _swap, _twice,
    _delete, _misspell, _merge, _foreign_sheet, _circle, _setting,
]  # fmt: skip
