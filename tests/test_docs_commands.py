"""What README and docs say is typed and printed: every command parses, the pages for planners are worked through, and
figures of long solves stand in the record that the solves wrote."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from docs.promised import SHEETS_OF
from docs.run_pages import RUN, work_through
from openpyxl import load_workbook

from lodestone import errors
from lodestone.commands import main
from lodestone.plan.plan import WHEN
from lodestone.plan.run_files import plan_book
from lodestone.template.examples import examples
from lodestone.workbook.schema.sheets import SHEETS

ROOT = Path(__file__).parents[1]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("**/*.md")]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`(lodestone [^`]+)`")
LONELY = {"-h", "--help", "--version"}

RECORD = json.loads((ROOT / "docs" / "record.json").read_text(encoding="utf-8"))["figures"]
NOTED = re.compile(r"(-?\d[\d,]*(?:\.\d+)?)( %)?((?: [A-Za-z]+)?)<!-- ([\w.]+) -->")
OF_THE_RECORD = ("analyst.md", "case_study.md", "critical_minerals.md", "what_binds.md")
FIGURE = re.compile(r"(?<![\w.,-])(-?\d[\d,]*(?:\.\d+)?) (MUSD|USD/kg|t|%)(?![\w/])")
NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?")


def written(page: Path) -> Iterator[tuple[str, bool]]:
    """Every command of Lodestone that a page shows; whether it is shown to be typed, or named in a sentence."""
    text = page.read_text(encoding="utf-8")
    for _, block in FENCE.findall(text):
        for line in block.splitlines():
            line, _, _ = line.removeprefix("$ ").partition("  #")
            match = re.search(r"(?:^|\$\(|&& |srun |hosts )(lodestone [^|;>)&]*)", line)
            if match and "[OPTIONS]" not in line:  # usage, made from the commands
                yield match[1].strip(), True
    for command in INLINE.findall(FENCE.sub("", text)):
        yield command, False


def parses(command: str) -> bool:
    """Whether click takes the words, without doing anything."""
    _, name, *words = shlex.split(command)
    if name not in main.commands:
        return name in LONELY
    known = main.commands[name]
    try:
        known.make_context(
            name, words, parent=click.Context(main, obj="", info_name="lodestone", **main.context_settings)
        )
    except click.UsageError:
        return False
    except click.exceptions.Exit:  # --help
        return True
    return True


def exists(command: str) -> bool:
    """Whether there is such a command with such options, as a sentence names it, e.g. `check --mark`."""
    name, *words = shlex.split(command)[1:]
    if name == "COMMAND":
        return set(words) <= LONELY
    if name not in main.commands:
        return name in LONELY
    options = {option for parameter in main.commands[name].params for option in parameter.opts}
    return {word for word in words if word.startswith("--")} <= options | LONELY


COMMANDS = sorted({(page.relative_to(ROOT).as_posix(), *command) for page in PAGES for command in written(page)})


@pytest.mark.parametrize(("page", "command", "to_be_typed"), COMMANDS)
def test_a_command_that_is_shown_exists_with_its_options(page: str, command: str, to_be_typed: bool):
    assert parses(command) if to_be_typed else exists(command), f"{page}: {command}"


@pytest.mark.parametrize(
    "wrong",
    ["lodestone slove my_case.xlsx", "lodestone solve my_case.xlsx --gab 1", "lodestone solve my_case.xlsx --gap high"],
)
def test_a_command_that_does_not_exist_is_noticed(wrong: str):
    assert not parses(wrong)
    assert "--gap" in wrong or not exists(wrong)


def test_there_are_commands_to_look_at():
    assert len(COMMANDS) > 60
    assert {command.split()[1] for _, command, _ in COMMANDS} >= set(main.commands)


def stable(text: str) -> list[str]:
    """Lines without what differs from machine to machine: rounding noise of a gap that is closed, blanks that align."""
    text = re.sub(r"(gap|within) (0\.0%|less than 0\.001%)", r"\1 0", text)
    text = re.sub(r"\| (0|\d[.\d]*e-1\d) \|", "| 0 |", text)
    return [" ".join(line.split()) for line in text.splitlines()]


EXIT_CODES = {  # of the commands that end with another one than 0
    "start.md": {"lodestone check slip.xlsx": 2},
    "how_to.md": {"lodestone solve my_case.xlsx": 3},
    "the_world_in_a_workbook.md": {},
    "deals.md": {},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", RUN)
def test_a_page_for_planners_is_worked_through(name: str, tmp_path: Path):
    """It prints what it says, each command ends as it should, and every figure in a sentence was printed or typed."""
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    done = work_through(text, tmp_path)

    assert stable(text) == stable(done.text), "python docs/run_pages.py"
    assert {command: code for command, code in done.exit_codes.items() if code} == EXIT_CODES[name]

    known = {_number(number) for line in done.printed for number in NUMBER.findall(line)}
    values = [float(value) for value in (*done.typed, *_cells()) if isinstance(value, int | float)]
    known |= {*values, *(round(100 * value, 9) for value in values)}
    prose = re.sub(r"^```.*?^```$|^\|.*?$", "", text, flags=re.MULTILINE | re.DOTALL)
    figures = FIGURE.findall(prose)
    assert len(figures) > 3
    assert [f"{number} {unit}" for number, unit in figures if _number(number) not in known] == []


def _cells() -> list[object]:
    book = load_workbook(examples()["tutorial"], read_only=True, data_only=True)
    there = [book[name] for name in SHEETS if name in book.sheetnames]
    return [cell for sheet in there for row in sheet.iter_rows(values_only=True) for cell in row]


def _number(text: str) -> float:
    return float(text.replace(",", ""))


def test_every_sheet_and_every_field_of_a_plan_is_in_the_docs(tmp_path: Path):
    """The tables of programs.md and reading_a_plan.md against what plans may hold and what a solve writes."""
    fields = re.findall(r"`(\w+)`", " ".join(_first_column("programs.md", "| field | meaning |")))
    assert len(fields) == len(set(fields))
    assert set(fields) == set(WHEN)

    run = CliRunner().invoke(main, ["solve", str(examples()["tutorial"]), "--out", str(tmp_path / "run"), "--quiet"])
    assert run.exit_code == 0, run.output
    sheets = set(load_workbook(plan_book(tmp_path / "run"), read_only=True).sheetnames)
    questions = re.findall(r"\w+", " ".join(_first_column("reading_a_plan.md", "| sheet | question |")))
    assert sheets <= set(questions)
    assert set(questions) == {*SHEETS_OF["plan"].split(), "Markets", "Intake", "Balance"}  # and every other table


def test_what_each_command_answers_as_json_is_in_the_docs():
    told = re.findall(r"`(\w+)", " ".join(_first_column("programs.md", "| command | further fields |")))
    answering = {name for name, command in main.commands.items() if any("--json" in p.opts for p in command.params)}
    assert set(told) - {"all"} == answering


def test_the_docs_have_every_exit_code():
    told = [int(code) for code in _first_column("programs.md", "| code | |")]
    kinds = [errors.LodestoneError, *errors.LodestoneError.__subclasses__(), errors.ReaderLeftError]
    assert told == sorted({0, *(kind.exit_code for kind in kinds)})


def _first_column(page: str, heading: str) -> list[str]:
    table = (ROOT / "docs" / page).read_text(encoding="utf-8").partition(f"{heading}\n")[2].partition("\n\n")[0]
    return [line.split("|")[1] for line in table.splitlines()[1:]]


def noted() -> list[tuple[str, str, str, str]]:
    """(page, number, its per cent sign, key) of every figure of the record that a page shows."""
    return [
        (page.name, number, percent, key)
        for page in sorted((ROOT / "docs").glob("*.md"))
        for number, percent, _, key in NOTED.findall(page.read_text(encoding="utf-8"))
    ]


@pytest.mark.parametrize(("name", "number", "percent", "key"), noted())
def test_a_figure_of_a_long_solve_is_that_of_the_record(name: str, number: str, percent: str, key: str):
    assert key in RECORD, f"{name}: no such figure; python -m benchmarks.record --write docs/record.json"
    value = 100 * RECORD[key] if percent else RECORD[key]
    digits = len(number.partition(".")[2])
    assert abs(_number(number)) == pytest.approx(abs(value), abs=0.5000001 * 10**-digits), f"{name}: {key} is {value}"


def test_no_note_is_overlooked():
    for page in (ROOT / "docs").glob("*.md"):
        text = page.read_text(encoding="utf-8")
        notes = re.findall(r"<!-- (?!sheet: |rows)([\w.]+) -->", text)
        assert len(notes) == len(NOTED.findall(text)), page.name


@pytest.mark.parametrize("name", OF_THE_RECORD)
def test_no_money_on_a_page_of_long_solves_without_its_record(name: str):
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert re.findall(r"\d[\d.,]* MUSD(?!<!--)", text) == []


def test_the_record_is_of_the_workbooks_that_come_with_lodestone():
    about = json.loads((ROOT / "docs" / "record.json").read_text(encoding="utf-8"))
    for name, digest in about["workbook_sha256"].items():
        found = hashlib.sha256(examples()[name.removesuffix(".xlsx")].read_bytes()).hexdigest()
        assert found == digest, f"{name} has changed: {about['command']}"


def test_a_section_with_measured_figures_says_by_which_command():
    for page in (ROOT / "docs").glob("*.md"):
        for section in re.split(r"^## ", page.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
            title = section.partition("\n")[0]
            if title.startswith("Measured"):
                assert re.search("`lodestone |^lodestone ", section, flags=re.MULTILINE), f"{page.name}: {title}"
