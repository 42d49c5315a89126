"""A blank workbook made from the schema: headings, help, drop-downs, year columns.

Each heading carries its meaning, unit, limits and default as a comment; required headings are dark. Drop-downs of names
grow with the sheet that they refer to. The sheet ReadMe is free text and is not read back.
"""

from __future__ import annotations

from pathlib import Path

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from model.cells import show, wanted
from model.errors import UsageError
from model.schema import ANY, NAMED_SHEETS, SETTINGS, SHEETS, YEARS, Column, Sheet

LAST_ROW = 5000  # down to which rows have drop-downs, and lists of names are looked for
REQUIRED_FILL = PatternFill("solid", fgColor="1F3864")
OPTIONAL_FILL = PatternFill("solid", fgColor="D9E1F2")
REQUIRED_FONT = Font(bold=True, color="FFFFFF")
OPTIONAL_FONT = Font(bold=True, color="1F3864")

README = (
    "Lodestone: least-cost sourcing and stockpiles of critical minerals under a maximum China share",
    "",
    "Each sheet below holds one kind of row; the comment on a heading says what the column means, and in which unit.",
    "Dark headings must be filled in every row; light ones may stay blank and then take the default in the comment.",
    "Sheets that you do not need may stay empty. Row 1 holds the headings and must stay where it is.",
    "Year columns: blank between two years is interpolated, blank after the last year repeats the last value.",
    "Columns named note or source, columns and sheets whose name starts with #, and this sheet are yours: free text.",
    "",
    "Required sheets: Settings, Regions, Materials, Sectors, Demand.",
    "",
)


def write_template(path: str | Path, first_year: int = 2026, last_year: int = 2040, *, overwrite: bool = False) -> Path:
    """Write a blank workbook with year columns from first_year to last_year.

    Raises UsageError when the years are reversed, the file is there already, or it cannot be written.
    """
    path = Path(path)
    if last_year < first_year:
        raise UsageError(f"the last year ({last_year}) is before the first ({first_year})")
    if path.exists() and not overwrite:
        raise UsageError(f"{path} exists already: choose another name, or delete it first")
    workbook = _workbook(first_year, last_year)
    try:
        workbook.save(path)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written ({error.strerror or error}): check that the folder exists and that "
            "the file is not open in Excel"
        ) from None
    return path


def _workbook(first_year: int, last_year: int) -> Workbook:
    workbook = Workbook()
    readme = workbook.active
    assert isinstance(readme, Worksheet)
    _write_readme(readme)
    _write_settings(workbook.create_sheet("Settings"), first_year, last_year)
    for name in NAMED_SHEETS:
        _write_sheet(workbook.create_sheet(name), SHEETS[name], range(first_year, last_year + 1))
        if SHEETS[name].id_column is not None:
            workbook.defined_names[_list_of(name)] = DefinedName(_list_of(name), attr_text=_growing_range(SHEETS[name]))
    return workbook


def _write_readme(page: Worksheet) -> None:
    page.title = "ReadMe"
    lines = [*README, *(f"{sheet.name}: {sheet.meaning}" for sheet in SHEETS.values())]
    for row, line in enumerate(lines, start=1):
        page.cell(row, 1, line)
    page["A1"].font = Font(bold=True, size=14)
    page.column_dimensions["A"].width = 120


def _write_settings(page: Worksheet, first_year: int, last_year: int) -> None:
    """One row per setting; a blank value takes the default shown beside it."""
    for position, (heading, width) in enumerate(
        (("setting", 30), ("value", 18), ("# default", 24), ("# unit", 16), ("# meaning", 100)), start=1
    ):
        _style_heading(page, position, heading, required=position <= 2, width=width)
    given = {"first_year": first_year, "last_year": last_year}
    for row, column in enumerate(SETTINGS.columns, start=2):
        values = (column.name, given.get(column.name), _default(column), column.unit, column.meaning)
        for position, value in enumerate(values, start=1):
            page.cell(row, position, value)
        rule = _validation(column)
        if rule is not None:
            rule.add(f"B{row}")
            page.add_data_validation(rule)
    page.freeze_panes = "A2"


def _write_sheet(page: Worksheet, sheet: Sheet, years: range) -> None:
    position = 0
    for column in sheet.columns:
        for heading in years if column.kind == YEARS else (column.name,):
            position += 1
            narrow = column.kind == YEARS
            _style_heading(
                page, position, heading, required=column.required, width=10 if narrow else max(14, len(column.name) + 3)
            )
            page.cell(1, position).comment = _help(sheet, column)
        _format(page, column, position, len(years))
    page.freeze_panes = page.cell(2, len(sheet.key) + 1)


def _style_heading(page: Worksheet, position: int, heading: str | int, *, required: bool, width: int) -> None:
    cell = page.cell(1, position, heading)
    cell.fill, cell.font = (REQUIRED_FILL, REQUIRED_FONT) if required else (OPTIONAL_FILL, OPTIONAL_FONT)
    cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
    page.column_dimensions[get_column_letter(position)].width = width


def _help(sheet: Sheet, column: Column) -> Comment:
    """What a planner needs to know about a column."""
    lines = [column.meaning or sheet.meaning, f"Enter {wanted(column)}."]
    if not column.required:
        lines.append(f"If blank: {_default(column)}.")
    comment = Comment("\n".join(line for line in lines if line), "Lodestone")
    comment.width, comment.height = 320, 120
    return comment


def _default(column: Column) -> str:
    if column.blank:
        return "none" if column.blank == "(blank)" else column.blank
    if column.required:
        return "required"
    if isinstance(column.default, bool):
        return "yes" if column.default else "no"
    return "none" if column.default is None else show(column.default)


def _format(page: Worksheet, column: Column, last: int, year_count: int) -> None:
    """Drop-downs and limits for the cells of a column (of all year columns, which end at position `last`)."""
    rule = _validation(column)
    if rule is None:
        return
    first = last - year_count + 1 if column.kind == YEARS else last
    rule.add(f"{get_column_letter(first)}2:{get_column_letter(last)}{LAST_ROW}")
    page.add_data_validation(rule)


def _validation(column: Column) -> DataValidation | None:
    """The rule by which Excel itself refuses or suggests values; None where anything may stand."""
    if column.kind == "yesno":
        return _choices("yes,no")
    if column.kind == "choice":
        return _choices(",".join(column.allowed))
    if column.kind == "ref":
        return _names(column)
    if column.kind in ("number", "integer", YEARS):
        return _limits(column)
    return None


def _choices(words: str) -> DataValidation:
    rule = DataValidation(type="list", formula1=f'"{words}"', allow_blank=True, showErrorMessage=True)
    rule.error = f"Choose one of: {words}"
    return rule


def _names(column: Column) -> DataValidation | None:
    """The names on the sheet that a column refers to; a hint only where * or a name of another sheet may stand too."""
    sheets = [sheet for sheet in column.refers_to if sheet != ANY]
    if len(sheets) > 1:
        return None
    rule = DataValidation(
        type="list", formula1=f"={_list_of(sheets[0])}", allow_blank=True, showErrorMessage=ANY not in column.refers_to
    )
    rule.error = f"Choose a name from the sheet {sheets[0]}"
    return rule


def _limits(column: Column) -> DataValidation:
    kind = "whole" if column.kind == "integer" else "decimal"
    least = column.least if isinstance(column.least, float | int) else None
    rule = DataValidation(type=kind, allow_blank=True, showErrorMessage=True)
    if column.above is not None:
        rule.operator, rule.formula1 = "greaterThan", show(column.above)
    elif least is not None and column.most is not None:
        rule.operator, rule.formula1, rule.formula2 = "between", show(least), show(column.most)
    elif least is not None:
        rule.operator, rule.formula1 = "greaterThanOrEqual", show(least)
    else:
        rule.operator, rule.formula1, rule.formula2 = "between", "-1E+12", "1E+12"
    rule.error = f"Enter {wanted(column)}"
    return rule


def _list_of(sheet: str) -> str:
    """The defined name of the ids of a sheet."""
    return f"names_of_{sheet}"


def _growing_range(sheet: Sheet) -> str:
    """The ids of a sheet, as far as they are filled in."""
    letter = get_column_letter([column.name for column in sheet.columns].index(sheet.key[0]) + 1)
    cells = f"{sheet.name}!${letter}$2:${letter}${LAST_ROW}"
    return f"OFFSET({sheet.name}!${letter}$2,0,0,MAX(1,COUNTA({cells})),1)"
