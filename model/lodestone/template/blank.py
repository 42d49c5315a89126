"""A blank workbook made from the schema: headings, help, drop-downs, year columns.

Each heading carries its meaning, unit, limits, default and an example as a comment; required headings are dark. The
sheets ReadMe, #Examples and #Lists are free text, which the reader skips. Nothing is protected.

Year headings are plain numbers, not formulas: with formulas a change of first_year in Settings would move every figure
to another year. Headings outside the horizon of Settings turn grey instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from lodestone import __version__
from lodestone.errors import UsageError
from lodestone.report.excel.styles import DARK, LIGHT, LINE_HEIGHT, RULE, Property, Styles, page
from lodestone.template.column_help import label_help, meaning, mistake
from lodestone.template.drop_downs import LAST_ROW, LISTS, asked, column_letter, default, if_blank, rule, write_lists
from lodestone.template.example_rows import ExampleRow, example_rows
from lodestone.workbook.file.xlsx import column_letters
from lodestone.workbook.schema.columns import LABEL, YEARS, Column, Sheet
from lodestone.workbook.schema.sheets import FIRST_HEADING, LAST_HEADING, NAMED_SHEETS, SETTINGS, SHEETS
from lodestone.workbook.tables import Value

README, EXAMPLES = "ReadMe", "#Examples"
INPUT, MISSING = "#FFFBE6", "#FCE4D6"  # a setting to fill in; what is missing
OUTSIDE, PALE = "#A6A6A6", "#F2F2F2"  # a year that is not planned
BACK = "# to ReadMe"
FREE = (LABEL, "source", "note")  # in this order

GUIDE = (
    ("Fill in", "Settings first, then Regions, Materials, Sectors and Demand; other sheets as far as you need them."),
    ("Look up", "The comment on a heading says what the column means, its unit, and what blank stands for."),
    (
        "Years",
        "Blank between two years is interpolated; blank after the last repeats it. Another year: add a column. "
        "Months: cut the year on the sheet Periods.",
    ),
    ("Choose", "Drop-downs offer what stands on other sheets. A name that is not there yet may be typed and added."),
    ("Shares", "Cells shown in per cent take 12% or 0.12. Formulas are welcome: save the file in Excel once."),
    ("Your own", "Columns source and note, and columns and sheets whose name starts with #, are read by you alone."),
    ("Names", "Ids name rows, short and without blanks; what stands in a column label is read in their place."),
    ("Then", "lodestone check WORKBOOK lists what is missing or doubtful; lodestone solve WORKBOOK finds the plan."),
)


def write_template(path: Path, first_year: int = 2026, last_year: int = 2040) -> Path:
    """Write a blank workbook with year columns from first_year to last_year, over a file that is there.

    Raises UsageError when the years are reversed or no years, OSError when the file cannot be written.
    """
    if last_year < first_year:
        raise UsageError(f"the last year ({last_year}) is before the first ({first_year})")
    if first_year < FIRST_HEADING or last_year > LAST_HEADING:
        raise UsageError(f"years are from {FIRST_HEADING} to {LAST_HEADING}")
    try:
        _write(path, first_year, last_year)
    except FileCreateError as error:
        raise error.args[0] from None  # the OSError that it wraps
    return path


def _write(path: Path, first_year: int, last_year: int) -> None:
    book = xlsxwriter.Workbook(str(path))
    book.set_properties({"title": "Lodestone workbook", "comments": f"Lodestone {__version__}"})
    styles = Styles(book)
    pages = {name: book.add_worksheet(name) for name in (README, *SHEETS, EXAMPLES, LISTS)}
    shown = example_rows(first_year, last_year)
    years = range(first_year, last_year + 1)
    write_readme(styles, pages[README])
    _write_settings(styles, pages["Settings"], {"first_year": first_year, "last_year": last_year})
    for name in NAMED_SHEETS:
        _write_sheet(styles, pages[name], SHEETS[name], years, shown[name])
    _write_examples(styles, pages[EXAMPLES], shown, (first_year, last_year))
    write_lists(book, pages[LISTS])
    for name, sheet in pages.items():
        needed = name in SHEETS and SHEETS[name].required
        sheet.set_tab_color(DARK if needed else RULE if name in SHEETS else "#FFFFFF")
        if name in SHEETS or name == EXAMPLES:
            page(sheet, "Lodestone workbook", name)
    book.close()


# --- ReadMe ---------------------------------------------------------------------------------------------------------


def write_readme(styles: Styles, sheet: Worksheet, filled: Mapping[str, Mapping[str, str]] | None = None) -> None:
    """How to fill the workbook in, what the colours mean, and an index with links.

    filled: of a workbook that has some sheets and columns only, these and their letters.
    """
    sheet.hide_gridlines(2)
    sheet.set_portrait()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_column(0, 0, 18)
    sheet.set_column(1, 1, 12)
    sheet.set_column(2, 2, 9)
    sheet.set_column(3, 3, 92)
    sheet.write_string(0, 0, "Lodestone workbook", styles.title)
    subtitle = "Least-cost sourcing and stockpiles of critical minerals under a maximum China share"
    sheet.write_string(1, 0, subtitle, styles.subtitle)
    row = 3
    for label, sentence in GUIDE:
        sheet.write_string(row, 0, label, styles.format(bold=True, font_color=DARK))
        sheet.write_string(row, 1, sentence)
        row += 1
    row += 1
    sheet.write_string(row, 0, "Colours", styles.section)
    sheet.write_row(row, 1, ["", "", ""], styles.section)
    outside = heading_look(styles, True, font_color=OUTSIDE, bg_color=PALE)
    legend = (
        (heading_look(styles, True), "heading", "must be filled in, in every row"),
        (heading_look(styles, False), "heading", "may stay blank"),
        (styles.format(bg_color=MISSING), "", "this row lacks a value here"),
        (styles.format(bg_color=INPUT, border=1, border_color=RULE), "", "a setting; blank takes its default"),
        (outside, "2050", "a year outside the horizon of Settings"),
        (_example(styles), "example", "an example, not read"),
    )
    for look, text, stands_for in legend:
        row += 1
        sheet.write(row, 0, text or None, look)
        sheet.write_string(row, 1, stands_for)
    row += 2
    for position, title in enumerate(("Sheet", "Needed", "Rows", "What it is for")):
        sheet.write_string(
            row, position, title, heading_look(styles, True, align="center" if position == 2 else "left")
        )
    link = styles.format(font_color="#0563C1", underline=1, indent=1, valign="top")
    top, middle = styles.format(valign="top"), styles.format(valign="top", align="center")
    for name, listed in SHEETS.items():
        if filled is not None and name not in filled:
            continue
        row += 1
        sheet.write_url(row, 0, f"internal:'{name}'!A1", link, name)
        sheet.write_string(row, 1, "yes" if listed.required else "optional", top)
        if listed is not SETTINGS:
            first = listed.columns[0].name
            letter = column_letter(name, first) if filled is None else filled[name][first]
            sheet.write_formula(row, 2, f"=COUNTA({name}!${letter}:${letter})-1", middle, 0)
        _write_wrapped(styles, sheet, row, 3, listed.meaning, 92)
    if filled is not None:
        return
    sheet.write_url(row + 1, 0, f"internal:'{EXAMPLES}'!A1", link, EXAMPLES)
    sheet.write_string(row + 1, 1, "not read")
    sheet.write_string(row + 1, 3, "Example rows of every sheet, to look at or to copy.")


def _write_wrapped(styles: Styles, sheet: Worksheet, row: int, position: int, text: str, width: int) -> None:
    """Text in a column of so many characters, in a row high enough for it."""
    sheet.write_string(row, position, text, styles.sentence)
    sheet.set_row(row, LINE_HEIGHT * (1 + int(len(text) / (1.1 * width))))


# --- sheets to fill in ----------------------------------------------------------------------------------------------


def _write_settings(styles: Styles, sheet: Worksheet, given: dict[str, Value]) -> None:
    """One row per setting; a blank value takes the default shown beside it."""
    headings = (("setting", 30), ("value", 26), ("# default", 24), ("# unit", 16), ("# meaning", 100))
    for position, (heading, width) in enumerate(headings):
        sheet.write_string(0, position, heading, heading_look(styles, position < 2))
        sheet.set_column(position, position, width)
    for row, column in enumerate(SETTINGS.columns, start=1):
        look = look_of(styles, column, bg_color=INPUT, border=1, border_color=RULE, align="left", valign="top")
        top = styles.format(align="left", valign="top", indent=1)
        sheet.write_string(row, 0, column.name, styles.format(valign="top", bold=True, font_color=DARK))
        if column.name in given:
            sheet.write_number(row, 1, given[column.name], look)
        else:
            sheet.write_blank(row, 1, None, look)
        sheet.write_string(row, 2, "required" if column.required else default(column), top)
        sheet.write_string(row, 3, column.unit, top)
        _write_wrapped(styles, sheet, row, 4, column.meaning, headings[4][1])
        sheet.data_validation(row, 1, row, 1, rule(column))
    sheet.write_url(0, len(headings), f"internal:'{README}'!A1", heading_look(styles, False), BACK)
    sheet.set_column(len(headings), len(headings), 13)
    sheet.freeze_panes(1, 2)


def _write_sheet(styles: Styles, sheet: Worksheet, listed: Sheet, years: range, shown: list[ExampleRow]) -> None:
    """Headings with help in row 1, formats and drop-downs below them; then the free text and the way back."""
    position = 0
    for column in listed.columns:
        headings = list(years) if column.kind == YEARS else [column.name]
        first = position
        for heading in headings:
            sheet.write(0, position, heading, heading_look(styles, column.required))
            width = 10 if column.kind == YEARS else max(14, len(column.name) + 4)
            sheet.set_column(position, position, width, look_of(styles, column))
            text = help_text(listed, column, shown, heading)
            sheet.write_comment(0, position, *note_on(text))
            position += 1
        sheet.data_validation(1, first, LAST_ROW - 1, position - 1, rule(column))
    last = position - 1
    for free in (*sorted(listed.free, key=FREE.index), BACK):
        sheet.set_column(position, position, 13 if free == BACK else 30, styles.format(font_color="#595959"))
        sheet.write_string(0, position, free, heading_look(styles, False))
        if free == LABEL:
            sheet.write_comment(0, position, *note_on(label_help(listed)))
        position += 1
    sheet.write_url(0, position - 1, f"internal:'{README}'!A1", heading_look(styles, False), BACK)
    sheet.freeze_panes(1, len(listed.key) or 1)
    _mark_missing(styles, sheet, listed, last)
    _mark_years(styles, sheet, listed, years)


def _mark_missing(styles: Styles, sheet: Worksheet, listed: Sheet, last: int) -> None:
    """Colour what a row that has been begun still lacks."""
    begun = f"COUNTA($A2:${column_letters(last + 1)}2)>0"
    needed = [c.kind != YEARS and c.required for c in listed.columns]
    first_year = len(listed.plain) if listed.years and listed.years.required and listed.gaps == "problem" else None
    for position in [*(i for i, need in enumerate(needed) if need), *([] if first_year is None else [first_year])]:
        cell = xl_rowcol_to_cell(1, position)
        look = {
            "type": "formula",
            "criteria": f"=AND({begun},ISBLANK({cell}))",
            "format": styles.format(bg_color=MISSING),
        }
        sheet.conditional_format(1, position, LAST_ROW - 1, position, look)


def _mark_years(styles: Styles, sheet: Worksheet, listed: Sheet, years: range) -> None:
    """Grey the headings of years that are not planned."""
    if listed.years is None:
        return
    first = len(listed.plain)
    cell = xl_rowcol_to_cell(0, first, row_abs=True)
    limits = [f'INDEX(Settings!$B:$B,MATCH("{name}",Settings!$A:$A,0))' for name in ("first_year", "last_year")]
    outside = f"=AND(ISNUMBER({cell}),OR({cell}<{limits[0]},{cell}>{limits[1]}))"
    look = styles.format(bg_color=PALE, font_color=OUTSIDE)
    rule_of_years = {"type": "formula", "criteria": outside, "format": look}
    sheet.conditional_format(0, first, 0, first + len(years) - 1, rule_of_years)


def help_text(sheet: Sheet, column: Column, shown: list[ExampleRow], heading: str | int) -> str:
    """What a planner needs to know about a column."""
    lines = [meaning(sheet, column), f"Enter {asked(column)}.", if_blank(column)]
    if column.dated:
        lines.append("A scenario can change it from a month on.")
    example = next((row[heading] for row in shown if heading in row), None)
    if example is not None:
        lines.append(f"Example: {_typed(column, example)}")
    lines.append(mistake(sheet, column))
    return "\n".join(line for line in lines if line)


def _typed(column: Column, value: Value) -> str:
    """As a planner would type it."""
    return f"{100 * value:.6g}%" if "share" in column.unit else str(value)


def note_on(text: str) -> tuple[str, dict[str, Property]]:
    """A comment and its size."""
    return text, {"author": "Lodestone", "width": 330, "height": _height(text)}


def _height(text: str) -> int:
    """Pixels that a comment of 330 pixels needs."""
    return 24 + 17 * sum(1 + len(line) // 48 for line in text.split("\n"))


# --- looks ----------------------------------------------------------------------------------------------------------

NUMBERS = {"t": "#,##0.##", "USD/kg": "#,##0.00", "MUSD": "#,##0.0##", "days": "#,##0.0"}


def number_format(column: Column) -> str:
    """The format of a column's cells by its kind and unit."""
    if column.kind in ("id", "ref", "text", "list", "choice", "yesno"):
        return "General" if column.verbatim else "@"
    if column.kind == "integer":
        return "0"
    if "share" in column.unit:
        return "0.0##%"
    for unit, look in NUMBERS.items():
        if column.unit.startswith((unit, f"{unit}/")) and column.unit != "t/t":
            return "[=0]0;[<10]0.0##;#,##0" if unit == "t" else look
    return "General"


def look_of(styles: Styles, column: Column, **more: Property) -> Format:
    """The format of a cell under a column."""
    return styles.format(num_format=number_format(column), **more)


def heading_look(styles: Styles, required: bool, **more: Property) -> Format:
    """The format of a heading."""
    colours = {"font_color": "white", "bg_color": DARK} if required else {"font_color": DARK, "bg_color": LIGHT}
    look = {"bold": True, "align": "center", "valign": "vcenter", "border": 1, "border_color": RULE, **colours}
    return styles.format(**{**look, **more})


def _example(styles: Styles, **more: Property) -> Format:
    return styles.format(italic=True, font_color="#7F7F7F", bg_color="#F7F7F7", **more)


# --- examples -------------------------------------------------------------------------------------------------------


def _write_examples(
    styles: Styles, sheet: Worksheet, shown: dict[str, list[ExampleRow]], horizon: tuple[int, int]
) -> None:
    """Example rows in grey, sheet by sheet, under their headings; years as far as a value stands in them."""
    sheet.set_column(0, 30, 28)  # holds the longest heading
    sheet.write_string(0, 0, "Examples", styles.title)
    about = "One made-up story; nothing on this sheet is read. The rows of a sheet can be copied there and changed."
    sheet.write_string(1, 0, about, styles.subtitle)
    row = 1
    for name, examples in shown.items():
        row += 2
        sheet.write_url(row, 0, f"internal:'{name}'!A1", styles.format(bold=True, font_color="#0563C1"), name)
        sheet.write_string(row, 1, SHEETS[name].meaning, styles.subtitle)
        columns: list[tuple[str | int, Column]] = [(column.name, column) for column in SHEETS[name].plain]
        years = sorted({year for example in examples for year in example if isinstance(year, int)} | set(horizon))
        if yearly := SHEETS[name].years:
            columns += [(year, yearly) for year in years]
        row += 1
        for position, (heading, column) in enumerate(columns):
            sheet.write(row, position, heading, heading_look(styles, column.required))
        for example in examples:
            row += 1
            for position, (heading, column) in enumerate(columns):
                is_text = isinstance(example.get(heading), str)
                look = _example(styles, num_format=number_format(column), align="left" if is_text else "right")
                sheet.write(row, position, example.get(heading, ""), look)
    sheet.freeze_panes(2, 0)
