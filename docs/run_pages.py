"""Pages whose commands are run: `python docs/run_pages.py` writes what they print, a test compares.

Such a page is worked through from top to bottom in an empty folder, as a reader would:

- In a block of the kind `console` each line `$ lodestone ...` is run, and what it prints stands below it. `...` as the
  last line leaves out the rest. What is only said while it works (stages, seconds) is not shown.
- After `<!-- sheet: Projects -->` comes a table, whose rows are put into that sheet of my_case.xlsx (or, after
  `<!-- sheet: Projects of other.xlsx -->`, of another workbook): a row with the keys of one that is there changes it in
  the columns shown, any other is added; a sheet or column that is not there is added too.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from click.testing import CliRunner
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS.parent))  # as a script

from lodestone import commands  # noqa: E402
from lodestone.workbook.schema.sheets import SHEETS  # noqa: E402

RUN = ("start.md", "how_to.md", "the_world_in_a_workbook.md", "deals.md")
SHEET = re.compile(r"<!-- sheet: (\w+)(?: of (\S+))? -->")
PROMPT, REST = "$ ", "..."
SECONDS = re.compile(r"  [\d.]+ s$")  # the end of a line of progress


@dataclass
class Worked:
    """A page after it was worked through: its text with fresh outputs, everything printed, every cell typed in."""

    text: str = ""
    printed: list[str] = field(default_factory=list)
    exit_codes: dict[str, int] = field(default_factory=dict)
    typed: list[object] = field(default_factory=list)


def work_through(page: str, folder: Path) -> Worked:
    """Do in a folder what a page says."""
    done = Worked()
    lines = iter(page.splitlines())
    written: list[str] = []
    with _inside(folder):
        for line in lines:
            written.append(line)
            if line == "```console":
                written += _console(list(_until(lines, "```")), done)
                written.append("```")
            elif match := SHEET.fullmatch(line):
                table = list(_until(lines, ""))
                written += [*table, ""]
                _type_in(folder / (match[2] or "my_case.xlsx"), match[1], table, done)
    done.text = "\n".join(written) + "\n"
    return done


def _console(block: list[str], done: Worked) -> Iterator[str]:
    typed: list[list[str]] = []
    for line in block:
        if line.startswith(PROMPT):
            typed.append([line])
        else:
            typed[-1].append(line)
    for command, *before in typed:
        yield command
        name, *arguments = shlex.split(command.removeprefix(PROMPT))
        assert name == "lodestone", command
        result = CliRunner().invoke(commands.main, arguments)
        assert result.exception is None or isinstance(result.exception, SystemExit), f"{command}: {result.exception!r}"
        errors = result.stderr.partition("Error: ")
        said = [line for line in (errors[1] + errors[2]).splitlines() if not SECONDS.search(line)]
        shown = [line.rstrip() for line in (*said, *result.stdout.splitlines())]
        done.exit_codes[command.removeprefix(PROMPT)] = result.exit_code
        done.printed += shown
        yield from [*shown[: len(before) - 1], REST] if before and before[-1] == REST else shown


def _type_in(path: Path, name: str, table: list[str], done: Worked) -> None:
    """Rows of a Markdown table into a sheet, as a planner types them."""
    headings, _, *rows = [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in table]
    book = load_workbook(path)
    if name not in book.sheetnames:
        book.create_sheet(name)
    sheet = book[name]
    columns = {str(cell.value): cell.column for cell in sheet[1] if cell.value is not None}
    for heading in headings:
        if heading not in columns:
            columns[heading] = _new_column(sheet, heading, columns)
    for row in rows:
        values = {heading: _value(text) for heading, text in zip(headings, row, strict=True) if text}
        line = _line(sheet, columns, {key: values.get(key) for key in SHEETS[name].key})
        for heading, value in values.items():
            sheet.cell(line, columns[heading], value)
        done.typed += values.values()
    book.save(path)


def _new_column(sheet: Worksheet, heading: str, columns: dict[str, int]) -> int:
    column = max(columns.values(), default=0) + 1
    sheet.cell(1, column, _value(heading))
    return column


def _line(sheet: Worksheet, columns: dict[str, int], keys: dict[str, object]) -> int:
    """The line of the row with these keys, else the first line that is free; without keys every row is a new one."""
    filled = [line for line in range(2, sheet.max_row + 1) if any(cell.value is not None for cell in sheet[line])]
    given = {columns[key]: value for key, value in keys.items() if key in columns}
    for line in filled if keys else ():
        if all(sheet.cell(line, column).value == value for column, value in given.items()):
            return line
    return max(filled, default=1) + 1


def _value(text: str) -> object:
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if number.is_integer() else number


def _until(lines: Iterator[str], end: str) -> Iterator[str]:
    for line in lines:
        if line == end:
            return
        yield line


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def main() -> None:
    for name in RUN:
        page = DOCS / name
        with tempfile.TemporaryDirectory() as folder:
            page.write_text(work_through(page.read_text(encoding="utf-8"), Path(folder)).text, encoding="utf-8")


if __name__ == "__main__":
    main()
