"""The drop-downs of the blank workbook, and the hidden sheet #Lists from which they are filled.

A drop-down offers what stands on other sheets at that moment: a new region shows up in it at once. Some offer the names
of several sheets, or *, or a name that stands on many rows only once; Excel can do none of this from a range. So #Lists
copies each source column, numbers its names, and stacks them into one column for each kind of drop-down, with formulas
that Excel and LibreOffice know alike. They point to whole columns, so that sorting, inserting and deleting rows leaves
them whole.
"""

from __future__ import annotations

from collections.abc import Mapping

import xlsxwriter
from xlsxwriter.utility import xl_range_abs
from xlsxwriter.worksheet import Worksheet

from lodestone.report.excel.styles import Property
from lodestone.workbook.file.xlsx import column_letters
from lodestone.workbook.reading.cells import show, wanted
from lodestone.workbook.schema.columns import YEARS, Column
from lodestone.workbook.schema.sheets import ANY, COLUMN_NAMES, NAMED_SHEETS, SHEET_NAMES, SHEETS, WORDS, each_column

LISTS = "#Lists"
LIST_ROWS = 500  # names that a drop-down offers; the reader takes any number
LAST_ROW = 5000  # down to which rows have drop-downs
LONGEST_MESSAGE = 255  # of what Excel shows beside a cell
FOREVER = 1e12
NOT_IN_CHANGES = ("Scenarios", "Changes", "Periods")
CHANGED_SHEETS, FIRST_COLUMNS = "sheets_of_Changes", "columns_of_Changes"


def offered(column: Column) -> tuple[str, ...]:
    """From where the names of a drop-down come: *, base, sheets, or "Sheet.column"."""
    return column.refers_to or column.suggests


def sources(column: Column) -> tuple[str, ...]:
    """The columns, as "Sheet.column", whose names are offered."""
    return tuple(source if "." in source else _ids_of(source) for source in _stack(column) if source not in WORDS)


def _ids_of(sheet: str) -> str:
    return f"{sheet}.{SHEETS[sheet].key[0]}"


def _stack(column: Column) -> tuple[str, ...]:
    """`offered` with * and base first, so that they stand on top."""
    return tuple(sorted(offered(column), key=lambda source: source not in WORDS))


def _from_lists(column: Column) -> bool:
    return bool(offered(column)) and not {SHEET_NAMES, COLUMN_NAMES} & set(offered(column))


def name_of_list(column: Column) -> str:
    """The defined name of what a column offers, e.g. names_of_Regions or names_of_any_Materials."""
    parts = ("any" if source == ANY else source.replace(".", "_") for source in _stack(column))
    return "_".join(["names_of", *parts])


def column_letter(sheet: str, column: str) -> str:
    """Where a column stands on its sheet."""
    return column_letters([c.name for c in SHEETS[sheet].columns].index(column) + 1)


Places = Mapping[str, Mapping[str, str]]  # sheet -> column -> its letters


def write_lists(
    book: xlsxwriter.Workbook, page: Worksheet, places: Places | None = None, rows: int = LIST_ROWS
) -> None:
    """Fill the sheet #Lists, with so many rows, and name its lists.

    places: of a workbook that has not all columns, or has them in another order.
    """
    lists = {name_of_list(column): column for _, column in each_column() if _from_lists(column)}
    numbered: dict[str, tuple[str, str]] = {}  # source -> letters of its names and their running number
    position = 0
    for source in dict.fromkeys(source for column in lists.values() for source in sources(column)):
        numbered[source] = _write_source(page, position, source, places, rows)
        position += 2
    for name, column in lists.items():
        _write_list(book, page, position, name, column, numbered, rows)
        position += 1
    _write_names_of_changes(book, page, position)
    page.hide()


def _write_source(page: Worksheet, position: int, source: str, places: Places | None, rows: int) -> tuple[str, str]:
    """A column as it stands, and beside it the number of different names down to each row."""
    sheet, column = source.split(".")
    names, numbers = column_letters(position + 1), column_letters(position + 2)
    letter = column_letter(sheet, column) if places is None else places.get(sheet, {}).get(column)
    copied = f'=INDEX({sheet}!${letter}:${letter},ROW())&""' if letter else '=""'
    page.write_string(0, position, source)
    page.write_string(0, position + 1, "number")
    for row in range(2, rows + 2):
        cell = f"{names}{row}"
        new = f'AND({cell}<>"",COUNTIF({names}$2:{cell},{cell})=1)'
        page.write_formula(row - 1, position, copied, None, "")
        page.write_formula(row - 1, position + 1, f"=N({numbers}{row - 1})+IF({new},1,0)", None, 0)
    return names, numbers


def _write_list(
    book: xlsxwriter.Workbook,
    page: Worksheet,
    position: int,
    name: str,
    column: Column,
    numbered: Mapping[str, tuple[str, str]],
    rows: int,
) -> None:
    """The names of all sources one below the other, without gaps."""
    letter, last = column_letters(position + 1), rows + 1
    page.write_string(0, position, name)
    words = [source for source in _stack(column) if source in WORDS]
    page.write_column(1, position, words)
    for row in range(2 + len(words), rows + 2):
        formula, before = '""', f"ROW()-{1 + len(words)}"
        places = []
        for source in sources(column):
            names, numbers = (f"{part}$2:{part}${last}" for part in numbered[source])
            places.append((f"INDEX({names},MATCH({before},{numbers},0))", f"{numbered[source][1]}${last}", before))
            before = f"{before}-{numbered[source][1]}${last}"
        for found, count, number in reversed(places):
            formula = f"IF({number}<={count},{found},{formula})"
        page.write_formula(row - 1, position, f"={formula}", None, "")
    filled = f"SUMPRODUCT(--('{LISTS}'!${letter}$2:${letter}${last}<>\"\"))"
    book.define_name(name, f"=OFFSET('{LISTS}'!${letter}$2,0,0,MAX(1,{filled}),1)")


def _write_names_of_changes(book: xlsxwriter.Workbook, page: Worksheet, position: int) -> None:
    """What a change can name: a sheet, and below the name of each sheet its columns."""
    sheets = [name for name in ("Settings", *NAMED_SHEETS) if name not in NOT_IN_CHANGES]
    page.write_string(0, position, SHEET_NAMES)
    page.write_column(1, position, sheets)
    book.define_name(f"names_of_{SHEET_NAMES}", f"='{LISTS}'!{xl_range_abs(1, position, len(sheets), position)}")
    first, last = position + 1, position + len(sheets)
    for number, name in enumerate(sheets, start=first):
        key = SHEETS[name].key
        names = ["value"] if name == "Settings" else [c.name for c in SHEETS[name].columns if c.name not in key]
        page.write_column(0, number, [name, *names])
    most = max(len(SHEETS[name].columns) for name in sheets)
    book.define_name(CHANGED_SHEETS, f"='{LISTS}'!{xl_range_abs(0, first, 0, last)}")
    book.define_name(FIRST_COLUMNS, f"='{LISTS}'!{xl_range_abs(1, first, most, first)}")


def _names_of_columns() -> str:
    """The columns of the sheet that the same row of Changes names."""
    place = f"MATCH(${column_letter('Changes', 'sheet')}2,{CHANGED_SHEETS},0)-1"
    below = f"OFFSET({FIRST_COLUMNS},0,{place}"
    return f"{below},COUNTA({below})),1)"


# --- what Excel offers, asks and refuses ----------------------------------------------------------------------------


def rule(column: Column) -> dict[str, Property]:
    """The validation of a column's cells: a drop-down or limits, and a note beside the cell.

    What the reader takes is never refused: a name that is not on the list may be added to its sheet later, Yes is yes,
    and a list of words may be separated by commas. Only numbers outside their limits are refused.
    """
    prompt = {"input_title": (column.name if column.kind != YEARS else "year")[:32], "input_message": _prompt(column)}
    if column.kind == "yesno":
        return {"validate": "list", "source": ["yes", "no"], **_warning("yes or no"), **prompt}
    if column.kind == "choice":
        return {"validate": "list", "source": list(column.allowed), **_warning(wanted(column)), **prompt}
    if column.kind == "list":
        return {"validate": "list", "source": list(column.allowed), "show_error": False, **prompt}
    if column.refers_to:
        return {"validate": "list", "source": f"={name_of_list(column)}", **_warning(wanted(column)), **prompt}
    if column.suggests:
        source = f"={_names_of_columns() if COLUMN_NAMES in column.suggests else name_of_list(column)}"
        return {"validate": "list", "source": source, "show_error": False, **prompt}
    if column.kind in ("number", "integer", YEARS):
        return {**_limits(column), "error_title": "Not possible", "error_message": f"Enter {wanted(column)}.", **prompt}
    return {"validate": "any", **prompt}


def _warning(asked: str) -> dict[str, Property]:
    return {
        "error_type": "warning",
        "error_title": "Not on the list",
        "error_message": f"Lodestone expects {asked}."[:LONGEST_MESSAGE],
    }


def _limits(column: Column) -> dict[str, Property]:
    least = column.least if isinstance(column.least, float | int) else None
    kind = {"validate": "integer" if column.kind == "integer" else "decimal"}
    if column.nonzero:
        return {**kind, "criteria": "!=", "value": 0}
    if column.above is not None:
        return {**kind, "criteria": ">", "value": column.above}
    most = column.highest if isinstance(column.highest, float | int) else None
    if least is not None and most is None:
        return {**kind, "criteria": ">=", "value": least}
    low = -FOREVER if least is None else least
    return {**kind, "criteria": "between", "minimum": low, "maximum": FOREVER if most is None else most}


def _prompt(column: Column) -> str:
    """What to enter, in as few words as it takes."""
    return short(f"Enter {asked(column)}.\n{if_blank(column)}")


def asked(column: Column) -> str:
    """`wanted`, for a cell that shows a share in per cent."""
    return wanted(column).replace("0.12 means 12 %", "type 12%")


def if_blank(column: Column) -> str:
    """What a blank cell means, in words."""
    if column.required:
        return "In at least one year of each row." if column.kind == YEARS else "Must be filled in."
    return f"If blank: {default(column)}."


def default(column: Column) -> str:
    """What a blank cell stands for, in words."""
    if column.blank:
        return "none" if column.blank == "(blank)" else column.blank
    if isinstance(column.default, bool):
        return "yes" if column.default else "no"
    if column.default is None:
        return "none"
    is_share = "share" in column.unit and isinstance(column.default, float | int)
    return f"{100 * column.default:.10g}%" if is_share else show(column.default)


def short(message: str) -> str:
    """A message cut to what Excel shows."""
    return message if len(message) <= LONGEST_MESSAGE else f"{message[: LONGEST_MESSAGE - 3]}..."
