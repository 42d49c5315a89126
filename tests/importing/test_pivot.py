"""`lodestone pivot`: years into columns, units brought to t and USD/kg, and errors by file, row and column."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from click.testing import CliRunner
from openpyxl import Workbook, load_workbook

from lodestone.commands import main
from lodestone.errors import UsageError
from lodestone.importing.pivot import factor, pivot, write_pivot

LONG = 'country,year,value\nUSA,2027,30\nUSA,2026,10.5\nJapan,2026,"1,250"\nJapan,2028,n/a\n'


def table(folder: Path, text: str, name: str = "demand.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_years_become_columns(tmp_path: Path) -> None:
    found = pivot(table(tmp_path, LONG))
    assert (found.keys, found.years, found.unit) == (["country"], [2026, 2027], "")
    assert list(found.rows) == [(("USA",), (10.5, 30.0)), (("Japan",), (1250.0, None))]


def test_a_workbook_is_read_as_a_text_table_is(tmp_path: Path) -> None:
    book = Workbook()
    for row in (["Material", "Region", "Year", "Price"], ["oxide", "USA", 2026, 70.25], ["oxide", "USA", 2027.0, 71]):
        book.active.append(row)  # type: ignore[union-attr]
    book.save(tmp_path / "prices.xlsx")
    found = pivot(tmp_path / "prices.xlsx", value="price")
    assert list(found.rows) == [(("oxide", "USA"), (70.25, 71.0))]


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("USD/lb", (1 / 0.45359237, "USD/kg")),  # 10 USD/lb are 22.05 USD/kg
        ("USc/lb", (0.01 / 0.45359237, "USD/kg")),
        ("USD/ozt", (1 / 0.0311034768, "USD/kg")),  # 1,000 USD/ozt are 32,151 USD/kg
        ("USD/stu", (1 / 9.0718474, "USD/kg")),  # 20 pounds
        ("USD/mtu", (0.1, "USD/kg")),
        ("USD/t", (0.001, "USD/kg")),
        ("usd/KG", (1.0, "USD/kg")),
        ("lb", (0.00045359237, "t")),
        ("st", (0.90718474, "t")),
        ("kt", (1000.0, "t")),
        ("Mt", (1_000_000.0, "t")),
    ],
)
def test_units_are_brought_to_tonnes_and_usd_per_kg(unit: str, expected: tuple[float, str]) -> None:
    found = factor(unit)
    assert found is not None
    assert (found[0], found[1]) == (pytest.approx(expected[0], rel=1e-12), expected[1])


@pytest.mark.parametrize("unit", ["mt", "MT", "USD/mt", "EUR/kg", "bushel", "", "USD/"])
def test_what_can_mean_two_things_is_no_unit(unit: str) -> None:
    assert factor(unit) is None


def test_each_row_may_have_its_unit(tmp_path: Path) -> None:
    text = "metal,year,value,unit\ngallium,2026,300,USD/kg\npalladium,2026,1000,USD/ozt\n"
    found = pivot(table(tmp_path, text))
    assert (found.keys, found.unit) == (["metal"], "USD/kg")
    assert [row[1][0] for row in found.rows] == [300.0, pytest.approx(32_150.7466, abs=1e-3)]


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        (
            "country,value\nUSA,1\n",
            {},
            "row 1: no column year; say which it is with --year-in: country, value",
        ),
        ("country,year,t\nUSA,2026,1\n", {}, "row 1: no column value; say which it is with --value-in"),
        ("country,year,value\nUSA,26,1\n", {}, "long.csv: row 2, column year: '26' is no year; write it as 2027"),
        ("country,year,value\nUSA,2026,1\nUSA,2027,ten\n", {}, "long.csv: row 3, column value: 'ten' is no number"),
        ('country,year,value\nUSA,2026,"4.000,5"\n', {}, "row 2, column value: '4.000,5' is no number"),
        ("country,year,value\nUSA,2026,1\n\nUSA,2026,2\n", {}, "row 4, column year: 2026 of USA stands in row 2 too"),
        ("country,year,value\nUSA,2026,1\n", {"unit": "mt"}, "--unit mt: "),
        (
            "c,year,value,unit\nUSA,2026,1,t\nUSA,2027,1,pounds\n",
            {},
            "row 3, column unit: no unit that is known",
        ),
        (
            "c,year,value,unit\nUSA,2026,1,t\nEU,2026,1,USD/kg\n",
            {},
            "stand in one column, t (row 2), USD/kg (row 3)",
        ),
        ("", {}, "long.csv is empty"),
    ],
)
def test_errors_name_file_row_and_column(tmp_path: Path, text: str, options: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError) as error:
        pivot(table(tmp_path, text, "long.csv"), **options)
    assert said in str(error.value)


def test_the_command_writes_a_table_to_paste(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    table(tmp_path, LONG.replace("USA,", "=USA,"))
    run = CliRunner().invoke(main, ["pivot", "demand.csv", "--unit", "kt"])
    assert run.exit_code == 0, run.output
    assert run.output == ("demand by year.xlsx is written: 2 rows in t, 2 years. Paste its columns into the sheet.\n")
    sheet = load_workbook("demand by year.xlsx").active
    assert sheet is not None
    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [
        ["country", "unit", 2026, 2027],
        ["=USA", "t", 10_500, 30_000],
        ["Japan", "t", 1_250_000, None],
    ]
    assert sheet["A2"].data_type == "s"  # a text, no formula
    again = CliRunner().invoke(main, ["pivot", "demand.csv"])
    assert (again.exit_code, "--force replaces it" in again.output) == (2, True)


def test_a_table_can_be_csv(tmp_path: Path) -> None:
    write_pivot(pivot(table(tmp_path, LONG)), tmp_path / "wide.csv")
    with (tmp_path / "wide.csv").open(encoding="utf-8-sig", newline="") as stream:
        assert list(csv.reader(stream)) == [
            ["country", "2026", "2027"],
            ["USA", "10.5", "30.0"],
            ["Japan", "1250.0", ""],
        ]
    with pytest.raises(UsageError, match=r"end the name in \.xlsx or \.csv"):
        write_pivot(pivot(tmp_path / "demand.csv"), tmp_path / "wide.txt")


def test_a_damaged_workbook_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "broken.xlsx").write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(UsageError, match=r"broken\.xlsx is no workbook that can be read"):
        pivot(tmp_path / "broken.xlsx")
