"""A sweep: every point of the grid is a plain solve with --set, and a row of one table."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner
from tests.make import with_plants, write_book

from lodestone.commands import main
from lodestone.errors import UsageError, WorkbookError
from lodestone.report.studies.sweep_files import KIND, write_sweep
from lodestone.solve.one_scenario import solve_scenario
from lodestone.studies.parallel.solves import Where
from lodestone.studies.parallel.source import Source
from lodestone.studies.sweep.grid import MOST_POINTS, parse_vary, sweep, what_was_read
from lodestone.studies.sweep.results import GridPoint, Sweep, Varied, columns, rows, typed
from lodestone.workbook.inputs import load

RATES = "Settings/discount_rate=0.03,0.08"
CAPS = "ChinaShare/oxide_cap/2027=0.5,0.9,7"


@pytest.fixture(scope="module")
def workbook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    book = with_plants()
    book["Scenarios"].append(["boom", None, 2027])
    book["Changes"].append(["boom", "Demand", "*", "years", "multiply", 2])
    return write_book(tmp_path_factory.mktemp("sweep") / "plan.xlsx", book)


@pytest.fixture(scope="module")
def swept(workbook: Path) -> Sweep:
    return sweep(Source.read(workbook), parse_vary([RATES, CAPS]), where=Where(processes=2))


def table(result: Sweep) -> list[dict[str, Any]]:
    names = [column.name for column in columns(result)]
    return [dict(zip(names, row, strict=True)) for row in rows(result)]


# --- the grid -------------------------------------------------------------------------------------------------------


def test_every_point_of_the_grid_is_a_plain_solve(workbook, swept):
    found = table(swept)
    assert [(row["Settings/discount_rate"], row["ChinaShare/oxide_cap/2027"]) for row in found] == [
        (0.03, 0.5), (0.03, 0.9), (0.03, 7), (0.08, 0.5), (0.08, 0.9), (0.08, 7)
    ]  # fmt: skip
    for row in found:
        if row["ChinaShare/oxide_cap/2027"] == 7:
            continue
        given = ("Settings/discount_rate", "ChinaShare/oxide_cap/2027")
        plan = solve_scenario(load(workbook, [f"{path}={row[path]}" for path in given]))
        assert row["status"] == plan.status
        assert row["objective_musd"] == pytest.approx(plan.objective_musd)
        assert row["public_musd"] + row["buyers_musd"] + row["shortage_musd"] == pytest.approx(row["objective_musd"])
        assert row["freight_musd"] == pytest.approx(plan.costs_musd["freight"])
        assert row["max_share oxide_cap"] == pytest.approx(max(r["share"] for r in plan.tables["china_share"]))
        assert row["peak_stock_t"] == pytest.approx(max(r["stock_t"] for r in plan.tables["stockpile"]))
        assert row["shortage_t"] == pytest.approx(sum(r["short_t"] for r in plan.tables["demand"]))
        for build in plan.tables["investments"]:
            assert f"{build['project']} {build['decision_year']}" in row["builds"]


def test_a_point_that_fails_is_a_row_that_says_why(swept):
    failed = [row for row in table(swept) if row["status"] == "failed"]

    assert swept.failed == len(failed) == 2
    assert all("--set ChinaShare/oxide_cap/2027=7: the value must be at most 1" in row["message"] for row in failed)
    assert all(row["objective_musd"] is None for row in failed)


def test_scenarios_are_varied_like_a_cell(workbook):
    varied = parse_vary(["Settings/discount_rate=0.03"], ["base", "boom"])
    found = table(sweep(Source.read(workbook), varied, where=Where(processes=2)))

    inputs = load(workbook, ["Settings/discount_rate=0.03"])
    alone = [solve_scenario(inputs, name).objective_musd for name in ("base", "boom")]
    assert [row["scenario"] for row in found] == ["base", "boom"]
    assert [row["objective_musd"] for row in found] == pytest.approx(alone)
    assert alone[1] > alone[0] + 1


def test_what_is_set_for_all_points_comes_before_what_is_varied(workbook):
    result = sweep(
        Source.read(workbook, sets=["Settings/discount_rate=0.5"]), parse_vary(["Settings/discount_rate=0.08"])
    )
    plan = solve_scenario(load(workbook, ["Settings/discount_rate=0.08"]))

    assert table(result)[0]["objective_musd"] == pytest.approx(plan.objective_musd)


def test_a_value_with_a_comma_stands_in_quotes():
    (varied,) = parse_vary(['Budgets/support/covers="grants, floors",grants'])

    assert varied == Varied("Budgets/support/covers", ("grants, floors", "grants"))


def test_what_was_read_is_said():
    varied = parse_vary(["Settings/discount_rate=0.03,0.05,0.08", "Contracts/offtake/tenor_years=5,10", "A/b/c=50,5"])
    assert what_was_read(varied) == [
        "Settings/discount_rate: 3 values, 0.03, 0.05 and 0.08",
        "Contracts/offtake/tenor_years: 2 values, 5 and 10",
        "A/b/c: 2 values, 50 and 5 (if 50.5 was meant: a comma separates values; the decimal sign is a point)",
    ]
    assert what_was_read(parse_vary(["Contracts/offtake/price_min_usd_per_kg=,40"])) == [
        "Contracts/offtake/price_min_usd_per_kg: 2 values, blank and 40"
    ]


def test_a_decimal_comma_that_cannot_be_two_values_is_refused():
    with pytest.raises(UsageError, match="read as 0, 03, 0 and 05; a comma separates values"):
        parse_vary(["Settings/discount_rate=0,03,0,05"])
    assert parse_vary(["Demand/Home/defence/sector=01,02"])[0].values == ("01", "02"), "names"


def test_the_command_says_it_before_it_solves(workbook, tmp_path):
    arguments = ["sweep", str(workbook), "--vary", "Demand/Home/defence/oxide/2026=50,5", "--out", str(tmp_path)]
    told = CliRunner().invoke(main, arguments)
    assert "Demand/Home/defence/oxide/2026: 2 values, 50 and 5 (if 50.5 was meant" in told.stderr
    assert "if 50.5" not in CliRunner().invoke(main, [*arguments, "--quiet"]).output


def test_values_given_twice_count_once():
    assert parse_vary(["Settings / discount_rate = 0.1, 0.1 ,0.2"]) == (
        Varied("Settings/discount_rate", ("0.1", "0.2")),
    )


@pytest.mark.parametrize("text", ["", "Settings", "Settings/discount_rate", "discount_rate=1,2", "Settings/x="])
def test_what_names_no_cell_is_refused(text):
    with pytest.raises(UsageError, match="does not name a cell"):
        parse_vary([text])


def test_grids_that_make_no_sense_are_refused():
    with pytest.raises(UsageError, match="something to vary"):
        parse_vary([], ["base"])
    with pytest.raises(UsageError, match="varied twice"):
        parse_vary([RATES, RATES])
    many = ",".join(map(str, range(MOST_POINTS)))
    with pytest.raises(UsageError, match="20,000 points"):
        parse_vary([f"Settings/discount_rate={many}", "Settings/mip_gap=0.1,0.2"])


def test_a_name_that_is_wrong_in_every_point_is_said_at_once(workbook):
    with pytest.raises(WorkbookError) as error:
        sweep(Source.read(workbook), parse_vary(["ChinaShare/oxide_capp/2027=0.5,0.9"]))
    assert "did you mean oxide_cap" in error.value.problems[0].mend
    with pytest.raises(UsageError, match="no scenario nope"):
        sweep(Source.read(workbook, scenario="nope"), parse_vary([RATES]))
    with pytest.raises(UsageError, match="no scenario nope"):
        sweep(Source.read(workbook), parse_vary([RATES], ["base", "nope"]))


# --- files ----------------------------------------------------------------------------------------------------------


def test_the_three_files_hold_the_same_table(swept, tmp_path):
    book, text, facts = write_sweep(swept, tmp_path / "out" / "sweep.xlsx")

    with text.open(encoding="utf-8", newline="") as file:
        read = list(csv.DictReader(file))
    document = json.loads(facts.read_text(encoding="utf-8"))
    sheet = openpyxl.load_workbook(book)["Sweep"]
    cells = list(sheet.iter_rows(min_row=2, values_only=True))
    assert len(read) == len(document["points"]) == len(cells) == 6
    names = [column.name for column in columns(swept)]
    cost = names.index("objective_musd")
    for row, point, line in zip(read, document["points"], cells, strict=True):
        assert list(row) == list(point) == names
        if point["status"] != "failed":
            assert repr(float(row["objective_musd"])) == repr(point["objective_musd"])  # no digit is lost
            assert line[cost] == pytest.approx(point["objective_musd"], abs=1e-5)
    assert document["failed"] == 2
    assert document["varied"][0] == {"path": "Settings/discount_rate", "values": ["0.03", "0.08"]}


@pytest.mark.parametrize("text", ["=1+1", "+1+1", "-x", "@SUM(A1)", "\t=1", "\r=1"])
def test_text_never_becomes_a_formula(text, tmp_path):
    figures = {"status": text, "objective_musd": -1.5, "builds": text}
    points = (GridPoint((text,), figures), GridPoint((text,), None, 2, text))
    result = Sweep(text, (Varied(text, (text,)),), (text,), points)
    book, table_, _ = write_sweep(result, tmp_path)

    with table_.open(encoding="utf-8", newline="") as file:
        lines = list(csv.reader(file))
    assert all(value[:1] not in "=+-@\t\r" or value in ("", "-1.5") for line in lines for value in line)
    cells = [cell for sheet in openpyxl.load_workbook(book) for row in sheet.iter_rows() for cell in row]
    assert "f" not in {cell.data_type for cell in cells}


def test_only_plain_numbers_become_numbers():
    assert [typed(text) for text in ("0.05", "-3", "1e3", "nan", "inf", "1_000", "yes", "")] == [
        0.05, -3, 1000, "nan", "inf", "1_000", "yes", ""
    ]  # fmt: skip


def test_only_a_sweep_is_replaced(swept, tmp_path):
    write_sweep(swept, tmp_path)
    write_sweep(swept, tmp_path)
    (tmp_path / "mine.csv").write_text("mine")
    with pytest.raises(UsageError, match="would be replaced"):
        KIND.check_out(tmp_path / "mine.xlsx")
    assert KIND.default_out(Path("../x/../con.xlsx")).parts[0] == "outputs"
