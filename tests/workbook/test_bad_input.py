"""Files that cannot be read at all: a clear message with a remedy, never a traceback."""

from __future__ import annotations

import datetime
import random
import zipfile
from pathlib import Path
from typing import NoReturn

import pytest
from openpyxl import Workbook
from tests.make import load_book, tiny, with_plants, write_book

from lodestone.errors import UsageError
from lodestone.workbook.file.archive import read_bytes
from lodestone.workbook.inputs import load

OLE = bytes.fromhex("d0cf11e0a1b11ae1")


def message(path: Path) -> str:
    with pytest.raises(UsageError) as raised:
        load(path)
    assert path.name in str(raised.value)
    return str(raised.value)


def test_missing_file(tmp_path: Path) -> None:
    assert "does not exist" in message(tmp_path / "nothing.xlsx")


def test_folder(tmp_path: Path) -> None:
    assert "is a folder" in message(tmp_path)


def test_permission_error_suggests_closing_excel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_book(tmp_path / "open.xlsx", tiny())

    def refuse(self: Path, mode: str) -> NoReturn:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert "close it" in message(path)


def test_other_read_error_names_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_book(tmp_path / "gone.xlsx", tiny())

    def fail(self: Path, mode: str) -> NoReturn:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "open", fail)
    assert "Input/output error" in message(path)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty (0 bytes)"),
        (b"region,material\nChina,oxide\n", ".csv"),
        (OLE + b"\x00" * 600, ".xls format"),
        (OLE + b"\x00" * 600 + "EncryptedPackage".encode("utf-16-le"), "password"),
        (b"\x00\x01\x02\x03" * 50, "not an Excel workbook"),
        (b"PK\x03\x04 and then nothing", "damaged"),
    ],
)
def test_not_an_excel_workbook(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(content)
    assert says in message(path)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_truncated_file(tmp_path: Path, share: float) -> None:
    path = write_book(tmp_path / "book.xlsx", tiny())
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    assert "damaged or incomplete" in message(path)


def test_flipped_bytes_never_give_a_traceback(tmp_path: Path) -> None:
    path = write_book(tmp_path / "book.xlsx", tiny())
    data = path.read_bytes()
    for place in range(30, len(data), 97):
        path.write_bytes(data[:place] + bytes([data[place] ^ 0x5A]) + data[place + 1 :])
        try:
            load(path)
        except UsageError as error:
            assert "book.xlsx" in str(error)


@pytest.mark.parametrize(
    ("part", "says"),
    [
        ("xl/workbook.bin", ".xlsb"),
        ("content.xml", ".ods"),
        ("word/document.xml", "not an Excel workbook"),
    ],
)
def test_other_zip_files(tmp_path: Path, part: str, says: str) -> None:
    path = tmp_path / "book.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(part, "<x/>")
    assert says in message(path)


def test_workbook_without_any_content(tmp_path: Path) -> None:
    path = tmp_path / "empty.xlsx"
    Workbook().save(path)
    assert "empty workbook" in message(path)


JUNK = [None, -1, 0, 0.5, 1e9, 2026, "2026", "x", "*", "/", "1,5", "China", "Home", "oxide", "base", "years", "fixed"]
JUNK += ["sell", "public", "home_refinery", "Lanes", "=1", "#REF!", True, datetime.date(2026, 1, 1)]
SETS = ["Settings/last_year=2030", "Prices/*/years=4", "Scenarios/*/from_year=2027", "Settings/first_year=", "x"]


@pytest.mark.parametrize("seed", range(40))
def test_no_workbook_gives_a_traceback(tmp_path: Path, seed: int) -> None:
    """Cells, rows and sheets of a valid workbook replaced at random: every problem is complete, nothing is raised."""
    luck = random.Random(seed)
    book = with_plants()
    book["Settings"] = [["setting", "value"], *([name, value] for name, value in book["Settings"].items())]
    for _ in range(luck.choice([1, 2, 6])):
        sheet = luck.choice(list(book))
        what = luck.random()
        if what < 0.05:
            del book[sheet]
        elif what < 0.2:
            book[sheet].append([luck.choice(JUNK) for _ in range(8)])
        else:
            row = luck.choice(book[sheet])
            row[luck.randrange(len(row))] = luck.choice(JUNK)
    inputs = load_book(tmp_path, book, [luck.choice(SETS)] if seed % 3 == 0 else [])
    for problem in (*inputs.problems, *inputs.warnings):
        assert problem.cell and problem.found and problem.wrong and problem.mend
    for scenario in inputs.scenario_names:
        assert inputs.tables(scenario).scenario == scenario
        assert isinstance(inputs.changes(scenario), tuple)


def test_a_name_that_no_file_can_have() -> None:
    with pytest.raises(UsageError, match="is no name of a file"):
        read_bytes(Path("plan\0.xlsx"))
