"""What README and docs say is typed and printed: every command parses, the pages for planners are worked through, and
figures of long solves stand in the record that the solves wrote."""

from __future__ import annotations

import functools
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from openpyxl import load_workbook

import cli
from docs.run_pages import RUN, Worked, work_through
from model.examples import examples
from model.schema import SHEETS

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    (ROOT / name for name in ("README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "CHANGELOG.md")), key=str
) + sorted((ROOT / "docs").glob("**/*.md"))
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`(lodestone [^`]+)`")
LONELY = {"-h", "--help", "--version"}

RECORD = json.loads((ROOT / "docs" / "case_study.json").read_text(encoding="utf-8"))["figures"]
NOTED = re.compile(r"(-?\d[\d,]*(?:\.\d+)?)( %)?((?: [A-Za-z]+)?)<!-- ([\w.]+) -->")
OF_THE_RECORD = ("case_study.md",)
FIGURE = re.compile(r"(?<![\w.,-])(-?\d[\d,]*(?:\.\d+)?) (MUSD|USD/kg|t|%)(?![\w/])")
NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?")


def written(page: Path) -> Iterator[str]:
    """Every command of Lodestone that a page shows."""
    text = page.read_text(encoding="utf-8")
    for _, block in FENCE.findall(text):
        for line in block.splitlines():
            line, _, _ = line.removeprefix("$ ").partition("  #")
            if match := re.search(r"(?:^|\$\(|&& |srun |hosts )(lodestone [^|;>)&]*)", line):
                yield match[1].strip()
    for command in INLINE.findall(FENCE.sub("", text)):
        yield command


def parses(command: str) -> bool:
    """Whether click takes the words, without doing anything: COMMAND, RUN and the like stand for any."""
    name, *words = shlex.split(command.partition(" # ")[0])
    assert name == "lodestone"
    if words[0].isupper() or LONELY & set(words):
        return words[0].isupper() or words[0] in cli.main.commands or words[0] in LONELY
    known = cli.main.commands.get(words[0])
    if known is None:
        return False
    wanting = known.params and words[1:] and all(word.startswith("-") for word in words[1:])
    try:
        known.make_context(words[0], words[1:], parent=click.Context(cli.main, obj="", info_name="lodestone"))
    except click.MissingParameter:
        return bool(wanting) or len(words) == 1  # `lodestone solve` and `lodestone alternatives --within 2%` in a sentence
    except click.UsageError:
        return False
    return True


COMMANDS = sorted({(page.relative_to(ROOT).as_posix(), command) for page in PAGES for command in written(page)})


@pytest.mark.parametrize(("page", "command"), COMMANDS)
def test_a_command_that_is_shown_exists_with_its_options(page: str, command: str):
    assert parses(command), f"{page}: {command}"


@pytest.mark.parametrize(
    "wrong", ["lodestone slove plan.xlsx", "lodestone solve plan.xlsx --gab 1", "lodestone solve plan.xlsx --gap high"]
)
def test_a_command_that_does_not_exist_is_noticed(wrong: str):
    assert not parses(wrong)


def test_there_are_commands_to_look_at():
    assert len(COMMANDS) > 60
    assert {command.split()[1] for _, command in COMMANDS} >= set(cli.main.commands)


@functools.cache
def worked(name: str, folder: Path) -> Worked:
    return work_through((ROOT / "docs" / name).read_text(encoding="utf-8"), folder)


@pytest.fixture(params=RUN)
def page(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Worked]:
    """A page and what came of working through it, once for all tests of this file."""
    return request.param, worked(request.param, tmp_path_factory.getbasetemp() / request.param.removesuffix(".md"))


def stable(text: str) -> list[str]:
    """Lines without what differs from machine to machine: rounding noise of a gap that is closed, blanks that align."""
    text = re.sub(r"gap (0\.0%|less than 0\.001%)", "gap 0", text)
    text = re.sub(r"\| (0|\d[.\d]*e-1\d) \|", "| 0 |", text)
    return [" ".join(line.split()) for line in text.splitlines()]


def test_the_page_prints_what_it_says(page: tuple[str, Worked]):
    name, done = page
    assert stable((ROOT / "docs" / name).read_text(encoding="utf-8")) == stable(done.text), "python docs/run_pages.py"


def test_every_command_of_the_page_ends_as_it_should(page: tuple[str, Worked]):
    name, done = page
    wrong = {command: code for command, code in done.exit_codes.items() if code != 0}
    expected = {"start.md": {"lodestone check slip.xlsx": 2}, "how_to.md": {"lodestone solve plan.xlsx": 3}}
    assert wrong == expected[name]


def test_figures_in_sentences_were_printed_or_typed(page: tuple[str, Worked]):
    name, done = page
    known = {_number(text) for line in done.printed for text in NUMBER.findall(line)}
    values = [*done.typed, *_cells()]
    known |= {float(v) for v in values if isinstance(v, int | float)}
    known |= {round(100 * float(v), 9) for v in values if isinstance(v, int | float)}
    prose = re.sub(r"^```.*?^```$|^\|.*?$", "", (ROOT / "docs" / name).read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    figures = FIGURE.findall(prose)
    assert figures
    assert [f"{number} {unit}" for number, unit in figures if _number(number) not in known] == []


@functools.cache
def _cells() -> list[object]:
    book = load_workbook(examples()["tutorial"], read_only=True, data_only=True)
    return [cell for name in SHEETS for row in book[name].iter_rows(values_only=True) for cell in row]


def _number(text: str) -> float:
    return float(text.replace(",", ""))


def noted() -> list[tuple[str, str, str, str]]:
    """(page, number, its per cent sign, key) of every figure of the record that a page shows."""
    return [
        (page.name, number, percent, key)
        for page in sorted((ROOT / "docs").glob("*.md"))
        for number, percent, _, key in NOTED.findall(page.read_text(encoding="utf-8"))
    ]


@pytest.mark.parametrize(("name", "number", "percent", "key"), noted())
def test_a_figure_of_a_long_solve_is_that_of_the_record(name: str, number: str, percent: str, key: str):
    assert key in RECORD, f"{name}: write the record again, python -m benchmarks.case_study --write docs/case_study.json"
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
    assert re.findall(r"[\d.,]+ MUSD(?!<!--)", text) == []


def test_the_record_is_of_the_workbook_that_comes_with_lodestone():
    import hashlib

    about = json.loads((ROOT / "docs" / "case_study.json").read_text(encoding="utf-8"))
    digest = hashlib.sha256(examples()["rare_earth_magnets"].read_bytes()).hexdigest()
    assert about["workbook_sha256"] == digest, about["command"]


def test_a_section_with_measured_figures_says_by_which_command():
    for page in (ROOT / "docs").glob("*.md"):
        for section in re.split(r"^## ", page.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
            title = section.partition("\n")[0]
            if title.startswith("Measured"):
                assert "<!-- measured: " in section or "case_study" in section, f"{page.name}: {title}"
