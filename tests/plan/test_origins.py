"""Every decision names the cells it rests on: from a number of the plan to its origin in the workbook."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from tests.futures import with_futures
from tests.make import with_plants, write_book
from tests.solving import add, change, home, lane, market, recipe, solved, solved_all

from lodestone.plan.plan import Plan
from lodestone.plan.tables import ORIGINS
from lodestone.solve.effort import Effort
from lodestone.solve.one_scenario import solve_scenario
from lodestone.workbook.inputs import load

ROOT = Path(__file__).parents[2]
Line = dict[str, Any]


def lines(plan: Plan, decision: str, name: str, **where: str) -> list[Line]:
    wanted = {"decision": decision, "name": name, **where}
    return [line for line in plan.origins if all(line[k] == v for k, v in wanted.items())]


@pytest.fixture(scope="module")
def tutorial() -> Plan:
    return solve_scenario(load(ROOT / "inputs" / "tutorial.xlsx"))


def test_the_tutorials_refinery_rests_on_the_cells_of_its_gap(tutorial: Plan):
    """docs/tutorial.md, step 2: gap = 7 + (0.8 + 0.64 + 0.512) x 200 t x (20 - 40) USD/kg; cells read in the file."""
    found = {line["cell"]: line["value"] for line in lines(tutorial, "investment", "private_refinery")}
    by_hand = {
        "Projects!G2": 7,  # capex
        "Projects!F2": 200,
        "Projects!I2": 20,  # operating cost
        "Projects!L2": 3,  # years of life
        "Projects!P2": 0.25,  # hurdle rate
        "Projects!M2": 2027,
        "Processes!C2": 1,
        "Prices!B2": 50,
        "Settings!B6": 0.8,  # bank price factor
    }
    assert {cell: found[cell] for cell in by_hand} == by_hand


def test_every_line_holds_what_stands_in_its_cell(tutorial: Plan):
    book = load_workbook(ROOT / "inputs" / "tutorial.xlsx")
    assert {(line["decision"], line["name"]) for line in tutorial.origins} == {
        ("investment", "private_refinery"), ("stockpile", "home_reserve"), ("cap", "magnet_cap")
    }  # fmt: skip
    for line in tutorial.origins:
        assert tuple(line) == ORIGINS.names
        sheet, cell = line["cell"].split("!")
        stands = book[sheet][cell].value
        if line["set_by"] == "default":
            assert stands is None
        else:
            assert (line["set_by"], line["before"]) == ("workbook", None)
            assert stands == ({True: "yes", False: "no"}[line["value"]] if line["value"] in (True, False)
                              and isinstance(line["value"], bool) else line["value"])  # fmt: skip
        headings = {str(c.value): c.column for c in book[sheet][1]}
        row = book[sheet][cell].row
        assert line["source"] == (book[sheet].cell(row, headings["source"]).value or "")
        assert line["note"] == (book[sheet].cell(row, headings["note"]).value or "")
        assert line["column"] == str(book[sheet].cell(1, book[sheet][cell].column).value)


def test_days_of_cover_rest_on_the_demand_they_are_counted_in(tutorial: Plan):
    (demand,) = lines(tutorial, "stockpile", "home_reserve", sheet="Demand")
    assert (demand["cell"], demand["value"], demand["unit"]) == ("Demand!D2", 1000, "t/yr")


def supported() -> dict[str, Any]:
    """A private refinery that a floor of 90 USD/kg makes bankable, and a contract with the market in Ally."""
    book = home(last=2028, price=[60, 60, 60])
    recipe(book, "make", oxide=1)
    add(book, "Projects", project="works", region="Home", process="make", capacity_t_per_yr=100, capex_musd=2,
        operating_cost_usd_per_kg=40, life_years=10, hurdle_rate=0.1, source="-memo 7", note="=SUM(A1)")  # fmt: skip
    add(book, "PriceFloors", floor="f90", project="works", material="oxide", floor_usd_per_kg=90, tenor_years=10,
        source="statute")  # fmt: skip
    market(book, "ally", "Ally", source="press")
    lane(book, "Ally", "Home")
    add(book, "ChinaShare", cap="ban", material="oxide", years=0, source="decree")
    add(book, "BankPrices", material="oxide", years=30, source="the bank's deck")
    return book


def test_a_floor_rests_on_its_row_and_on_what_makes_the_gap():
    book = supported()
    del book["Markets"], book["Lanes"]
    plan = solved(book)
    assert [r["floor"] for r in plan.tables["price_floors"]] == ["f90"]
    own = {line["column"]: line for line in lines(plan, "floor", "f90", sheet="PriceFloors")}
    assert (own["floor_usd_per_kg"]["value"], own["floor_usd_per_kg"]["source"]) == (90, "statute")
    (capex,) = lines(plan, "floor", "f90", sheet="Projects", column="capex_musd")
    assert (capex["value"], capex["source"], capex["note"]) == (2, "-memo 7", "=SUM(A1)")
    (deck,) = lines(plan, "floor", "f90", sheet="BankPrices")
    assert (deck["cell"], deck["value"], deck["source"]) == ("BankPrices!C2", 30, "the bank's deck")
    assert lines(plan, "floor", "f90", sheet="Settings") == []  # the deck stands in for the factor


def test_a_contract_rests_on_its_supplier():
    book = supported()
    del book["Projects"], book["PriceFloors"]
    add(book, "Contracts", contract="deal", supplier="ally", material="oxide", price_rule="fixed",
        fixed_price_usd_per_kg=20, max_t_per_yr=100, tenor_years=3, source="offer of May")  # fmt: skip
    plan = solved(book)
    (price,) = lines(plan, "contract", "deal", column="fixed_price_usd_per_kg")
    assert (price["value"], price["unit"], price["source"]) == (20, "USD/kg", "offer of May")
    assert {line["source"] for line in lines(plan, "contract", "deal", sheet="Markets")} == {"press"}
    (paid,) = lines(plan, "contract", "deal", sheet="Prices", column="2028")
    assert paid["value"] == 60


def test_what_a_scenario_changed_is_marked_with_its_own_source(tmp_path: Path):
    book = supported()
    del book["Markets"], book["Lanes"]
    change(book, "dear", "Prices", "oxide", 80, from_year=2027, source="futures of June")
    change(book, "dear", "ChinaShare", "ban", 0.5, from_year=2028)
    plan = solve_scenario(
        load(write_book(tmp_path / "book.xlsx", book), ["Projects/works/capex_musd=1"]), "dear", effort=Effort(gap=1e-9)
    )
    assert plan.tables["investments"]
    years = ("2026", "2027", "2028")
    before, after, last = (lines(plan, "investment", "works", sheet="Prices", column=y)[0] for y in years)
    assert (before["set_by"], before["value"], before["before"]) == ("workbook", 60, None)
    for line in (after, last):
        assert (line["set_by"], line["value"], line["before"]) == ("Changes!A2", 80, 60)
        assert line["source"] == "futures of June"
    (share,) = lines(plan, "cap", "ban", column="2028")  # no heading of that year: no cell, nothing stood there
    assert (share["cell"], share["value"], share["before"], share["set_by"]) == ("", 0.5, None, "Changes!A3")
    (capex,) = lines(plan, "investment", "works", column="capex_musd")
    assert (capex["value"], capex["before"], capex["cell"]) == (1, 2, "Projects!E2")
    assert capex["set_by"] == "--set Projects/works/capex_musd=1"
    assert capex["source"] == ""  # the memo gave 2, not 1


def test_a_plan_for_all_futures_has_the_lines_of_each():
    plan = solved_all(with_futures(), values=False)
    assert list(dict.fromkeys(line["scenario"] for line in plan.origins)) == list(plan.futures)
    piles = {line["scenario"] for line in plan.origins if line["decision"] == "stockpile"}
    assert piles == set(plan.futures)
    dear = {(o["scenario"], o["column"]): o for o in plan.origins if o["sheet"] == "Prices"}
    assert dear["dear", "2027"]["set_by"].startswith("Changes!A")
    assert dear["base", "2026"]["set_by"] == "workbook"


def test_sheets_keep_the_name_they_have_in_the_workbook(tmp_path: Path):
    book = with_plants()
    book = {("PRICEFLOORS " if sheet == "PriceFloors" else sheet): rows for sheet, rows in book.items()}
    plan = solve_scenario(load(write_book(tmp_path / "book.xlsx", book)))
    assert plan.sheet_names == {"PriceFloors": "PRICEFLOORS "}
