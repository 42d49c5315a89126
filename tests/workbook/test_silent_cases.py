"""Workbooks whose author plainly meant something else: each kind, made from the tutorial by one edit.

The page docs/silent_cases.md lists the same cases in the same words, with what is said of each.
"""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from openpyxl.styles import Font

from lodestone.errors import Problem
from lodestone.workbook.inputs import Inputs, load

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "silent_cases.md"
Edits = dict[str, Any]  # "Sheet!F2" -> what somebody typed there; a sheet's name -> None: the sheet is gone


def contract(**cells: Any) -> Edits:
    """A contract with the market for Chinese oxide, 100 t/yr over five years at a fixed price."""
    columns = dict(zip("ABCDEFGHIJKLMNOPQ", CONTRACT_COLUMNS, strict=True))
    usual = {"contract": "k", "supplier": "china_oxide", "material": "oxide", "price_rule": "fixed", "tenor_years": 5}
    values = {**usual, "fixed_price_usd_per_kg": 50, "max_t_per_yr": 100, **cells}
    return {f"Contracts!{letter}2": values[name] for letter, name in columns.items() if name in values}


CONTRACT_COLUMNS = (
    "contract", "supplier", "material", "price_rule", "fixed_price_usd_per_kg", "escalation_share_per_yr",
    "index_premium_share", "price_min_usd_per_kg", "price_max_usd_per_kg", "min_t_per_yr", "max_t_per_yr",
    "take_or_pay_share", "earliest_year", "latest_year", "start_delay_years", "tenor_years", "signing_fee_musd",
)  # fmt: skip


def row(sheet: str, number: int, *values: Any) -> Edits:
    """A row typed from column A on; None leaves a cell as it is."""
    return {f"{sheet}!{'ABCDEFGHIJKL'[i]}{number}": value for i, value in enumerate(values) if value is not None}


def change(
    operation: str, value: Any, *, line: int = 3, to_year: int = 2028, what: str = "Demand", name: str = "*"
) -> Edits:
    return row("Changes", line, "embargo", what, name, "years", 2028, to_year, operation, value)


HIDDEN = "(hidden)"  # what is done to a row, not typed
TOTAL = {**row("Plants", 3, "Total", "Home", "sinter"), "Plants!I3": 1000}
TWO = contract(fixed_price_usd_per_kg=55, index_premium_share=0.2, price_min_usd_per_kg=10, price_max_usd_per_kg=60)

# case in words -> (edits, {cell: gist of the warning})
SAID: dict[str, tuple[Edits, dict[str, str]]] = {
    "a fixed price of 5, price_rule blank": (
        contract(price_rule=None, fixed_price_usd_per_kg=5),
        {"Contracts!E2": "no effect: price_rule is blank, which is index"},
    ),
    "a fixed price, price_rule index": (
        contract(price_rule="index", fixed_price_usd_per_kg=55),
        {"Contracts!E2": "no effect: price_rule is index"},
    ),
    "an index premium and a collar, price_rule fixed": (
        TWO,
        {f"Contracts!{column}2": "no effect: price_rule is fixed" for column in "GHI"},
    ),
    "of_concern of China cleared (1)": ({"Regions!B2": None}, {"Regions!B2": "no region is of concern"}),
    "of_concern of China cleared (2)": ({"Regions!B2": None}, {"Regions!B2": "no region is of concern"}),
    "of_concern of China set to no": ({"Regions!B2": "no"}, {"Regions!B2": "no region is of concern"}),
    "of_concern yes for every region": ({"Regions!B3": "yes"}, {"Regions!B2": "every region is of concern"}),
    "a cap for oxide delivered to a sector that takes none": (
        {"ChinaShare!B2": "oxide", "ChinaShare!D2": "motors"},
        {"ChinaShare!B2": "no oxide is delivered to motors in Home"},
    ),
    "a cap for consumption in China": (
        {"ChinaShare!C2": "China"},
        {"ChinaShare!B2": "no magnet is consumed in China"},
    ),
    "the sheet Changes deleted": ({"Changes": None}, {"Scenarios!A2": "changes nothing but the cover that it lifts"}),
    "a scenario without a row of Changes": (
        row("Scenarios", 3, "dream"),
        {"Scenarios!A3": "no row of Changes names it"},
    ),
    "4,000 days of cover": ({"Stockpiles!M2": 4000}, {"Stockpiles!M2": "4,000 days are 10,959 t or more in 2028"}),
    "an annual loss of 1": ({"Materials!D3": 1}, {"Materials!D3": "1 means 100 %"}),
    "a bank_price_factor of 2": ({"Settings!B6": 2}, {"Settings!B6": "2 means 200 %"}),
    "a budget for all, capex": (
        row("Budgets", 2, "b", "all, capex", "no", 5),
        {"Budgets!B2": "all covers every kind of outlay"},
    ),
    "a budget in USD": (
        row("Budgets", 2, "b", "capex", "no", 5_000_000),  # of 36 MUSD: 138,889 times
        {"Budgets!D2": "138,889 times all that it covers (36 MUSD)"},
    ),
    "a capacity in kt": (
        {"Projects!F3": 0.2},  # 0.2 t x 50 USD/kg are 0.01 MUSD a year, of which a capex of 36 is 3,600 times
        {"Projects!F3": "1/1,000 of the other capacity of refine (200)", "Projects!G3": "3,600 times what it sells"},
    ),
    "a capex in USD": (
        {"Projects!G3": 36_000_000},
        {"Projects!G3": "5,142,857 times the other capex of refine (7)"},
    ),
    "a change that multiplies by 1": (change("multiply", 1), {"Changes!H3": "this change changes nothing"}),
    "a change that sets what is set already": (
        change("set", 0, what="Markets", name="china_oxide"),
        {"Changes!H3": "this change changes nothing"},
    ),
    "a change up to 2099": (change("multiply", 2, to_year=2099), {"Changes!F3": "planning ends in 2029"}),
    "a change that stands twice": (
        {
            **change("multiply", 2, name="Home/motors/magnet"),
            **change("multiply", 2, name="Home/motors/magnet", line=4),
        },
        {"Changes!H4": "stands twice: Changes!A3 is the same"},
    ),
    "a window of a contract from 26 to 29": (
        contract(earliest_year=26, latest_year=29),
        {"Contracts!M2": "before planning starts in 2026", "Contracts!N2": "k can never be signed"},
    ),
    "a demand of 0": ({"Demand!D2": 0}, {"Demand!C2": "demand is 0 in every year planned"}),
    "a discount_rate of 1 for 1 %": ({"Settings!B5": 1}, {"Settings!B5": "1 means 100 %"}),
    "an earliest_year of 2062": ({"Projects!M3": 2062}, {"Projects!M3": "public_refinery can never be decided"}),
    "an earliest_year of 26": (
        {"Projects!M3": 26},
        {"Projects!M3": "before planning starts in 2026, and has no effect"},
    ),
    "a latest_year of 0": ({"Projects!N3": 0}, {"Projects!N3": "public_refinery can never be decided"}),
    "a floor far under the lenders' price": (  # 0.8 x 50 = 40 USD/kg
        row("PriceFloors", 2, "f", "private_refinery", "oxide", 1, 3),
        {"PriceFloors!D2": "lenders count on 40 USD/kg of oxide or more"},
    ),
    "a freight in USD per t": ({"Lanes!D2": 1000}, {"Lanes!D2": "16.67 times the price of magnet"}),
    "a mip_gap of 0.5": ({"Settings!B9": 0.5}, {"Settings!B9": "0.5 means 50 %"}),
    "a hurdle_rate of 1 for 1 %": (
        {"Projects!P2": 1},
        {"Projects!P2": "1 means 100 %", "Projects!A2": "never built: lenders miss"},
    ),
    "a row */*/* that closes lanes with rows of their own": (
        {**row("Lanes", 4, "*", "*", "*"), "Lanes!E4": "no"},
        {"Lanes!A4": "more specific rows stay open"},
    ),
    "a lane without freight to where nobody uses the material": (
        row("Lanes", 4, "Home", "China", "oxide"),
        {"Lanes!A4": "nobody in China uses oxide; is it the way from China to Home that is meant?"},
    ),
    "a lane from Home to Home with freight and capacity 0": (
        {**row("Lanes", 4, "Home", "Home", "oxide", 5), "Lanes!F4": 0},
        {
            "Projects!B2": "no open lane leads from private_refinery",
            "Projects!B3": "no open lane leads from public_refinery",
            "Lanes!D4": "no effect: the lane has a capacity of 0",
        },
    ),
    "12 months as lead_years": (
        {"Projects!J3": 12},
        {"Projects!J3": "produce from 2038 on, and planning ends in 2029"},
    ),
    "exposed no for a market in China": ({"Markets!E2": "no"}, {"Markets!E2": "counts as clean"}),
    "a price in USD per t": (  # 0.4 t of oxide at 50,000 are 20,000, and a magnet brings 60
        {"Prices!B2": 50_000},
        {"Prices!B2": "sinter takes in 333.3 times what it brings", "Processes!A3": "adds a negative value"},
    ),
    "a recipe without output": ({"Processes!C4": -1}, {"Processes!A3": "this process makes nothing"}),
    "the sign of an input forgotten": (
        {"Processes!C3": 0.4},
        {
            "Processes!B3": "co-product, has neither demand nor a sell market",
            "Projects!B2": "no open lane leads from private_refinery",
            "Projects!B3": "no open lane leads from public_refinery",
            "Markets!B3": "no open lane leads from china_oxide to anyone who uses oxide",
            "Lanes!A3": "nobody in Home uses oxide",
        },
    ),
    "refill_years of 100": ({"Scenarios!G2": 100}, {"Scenarios!G2": "longer than the 4 years planned"}),
    "a project that requires one decided only later": (
        {"Projects!R2": "public_refinery", "Projects!M3": 2028},
        {"Projects!R2": "can be decided from 2028 on, and private_refinery up to 2027"},
    ),
    "a lag_years of 100": (
        row("Returns", 2, "motors", "magnet", "oxide", 0.3, 100),
        {"Returns!E2": "nothing comes back in the years planned"},
    ),
    "a shortage cost below the price": (  # nor is doing without told, as 0.3 of demand must be served
        {"Sectors!B2": 20},
        {"Sectors!B2": "cheaper than to buy: magnet costs 60 USD/kg"},
    ),
    "a shortage cost of 0.5": (
        {"Sectors!B2": 0.5},
        {"Sectors!B2": "cheaper than to buy: magnet costs 60 USD/kg"},
    ),
    "a spot_share of 0 without a contract": (
        {"Plants!G2": 0},
        {"Plants!G2": "nothing of home_magnets can be bought: spot_share is 0"},
    ),
    "a time limit of 0.01 s": (
        {"Settings!A10": "time_limit_s", "Settings!B10": 0.01},
        {"Settings!B10": "the time is in seconds"},
    ),
    "a material that nothing uses": (row("Materials", 4, "unobtainium"), {"Materials!A4": "no recipe, market"}),
    "a process that nobody runs": (row("Processes", 5, "zzz", "oxide", 1), {"Processes!A5": "no plant or project"}),
    "a region where nothing is": (row("Regions", 4, "Atlantis"), {"Regions!A4": "nothing is made, sold, stocked"}),
    "a sector without demand": (row("Sectors", 3, "cars", 5), {"Sectors!A3": "it has no demand"}),
    "a change that multiplies by 50": (change("multiply", 50), {"Changes!H3": "makes it 50 times as much"}),
    "filtered rows": ({"Plants!A2": HIDDEN}, {"Plants!A2": "row 2 is hidden or filtered out"}),
    "a hidden row": ({"Plants!A2": HIDDEN}, {"Plants!A2": "row 2 is hidden or filtered out"}),
    "a row struck through": ({"Projects!A3": Font(strike=True)}, {"Projects!A3": "what is struck through counts"}),
    "years in descending order": (
        {"ChinaShare!E1": 2029, "ChinaShare!H1": 2026},
        {"ChinaShare!F1": "out of order: 2029, 2027, 2028, 2026"},
    ),
    "a premium_share of 5 for 5 %": ({"Markets!F2": 5}, {"Markets!F2": "5 means 500 %"}),
    "a premium_share of 30 for 30 %": ({"Markets!F2": 30}, {"Markets!F2": "30 means 3,000 %"}),
    "a tariff of 5 for 5 %": ({"Tariffs!D2": 5}, {"Tariffs!D2": "5 means 500 %"}),
    "a tariff of 25 for 25 %": ({"Tariffs!D2": 25}, {"Tariffs!D2": "25 means 2,500 %"}),
    "a year heading of 2062": (
        {"Demand!E1": 2062, "Demand!E2": 5},
        {"Demand!E1": "2062 is far from the years planned, 2026 to 2029"},
    ),
}
# case in words -> (edits, {cell: gist of the problem})
REFUSED: dict[str, tuple[Edits, dict[str, str]]] = {
    "a row Total on Plants (1)": (TOTAL, {"Plants!A3": "this row is the total of the others"}),
    "a row Total on Plants (2)": (TOTAL, {"Plants!A3": "this row is the total of the others"}),
    "#N/A as the name of a setting (1)": ({"Settings!A5": "#N/A"}, {"Settings!A5": "holds no name of a setting"}),
    "#N/A as the name of a setting (2)": (
        {"Settings!A5": "#N/A", "Settings!B5": 0.2},
        {"Settings!A5": "holds no name of a setting"},
    ),
    "a demand of 1e-9": ({"Demand!D2": 1e-9}, {"Demand!D2": "so small that the solver would take it for 0"}),
    "a life of 1e6 years": ({"Projects!L3": 1_000_000}, {"Projects!L3": "life_years must be at most 200"}),
    "a life of 1e12 years": ({"Projects!L2": 1_000_000_000_000}, {"Projects!L2": "life_years must be at most 200"}),
    "a year as start_delay_years": (
        contract(start_delay_years=2026),
        {"Contracts!O2": "start_delay_years must be at most 200"},
    ),
    "a year as lead_years": ({"Projects!J3": 2028}, {"Projects!J3": "lead_years must be at most 200"}),
}
# case in words -> edits: to say nothing is right, for the reason that the page gives
NOTHING: dict[str, Edits] = {
    "the sheet ChinaShare deleted": {"ChinaShare": None},
    "the sheet Tariffs deleted": {"Tariffs": None},
    "a factor typed as text, 0.5": change("multiply", "0.5"),
    "a min_service_share of 1": {"Sectors!C2": 1},
    "an opening_exposed_share of 0.5": {"Stockpiles!E2": 0.5},
    "a plan_name of 300 letters": {"Settings!B2": "x" * 300},
    "a plan_name that is a date": {"Settings!B2": datetime(2026, 1, 1)},
    "a plan_name that is a number": {"Settings!B2": 2026},
    "a probability of 0.3": {"Scenarios!C2": 0.3},
    "a setting with # before its name": {"Settings!A5": "#discount_rate"},
    "a contract of 50 years": contract(earliest_year=2026, latest_year=2026, tenor_years=50),
    "a year heading with blanks around it": {"Demand!D1": " 2026 "},
}


def edited(folder: Path, edits: Edits) -> Inputs:
    """The tutorial with some of its cells typed over."""
    book = load_workbook(ROOT / "inputs" / "tutorial.xlsx")
    for place, value in edits.items():
        sheet, _, cell = place.partition("!")
        if value is HIDDEN:
            book[sheet].row_dimensions[book[sheet][cell].row].hidden = True
        elif isinstance(value, Font):
            book[sheet][cell].font = value
        elif cell:
            book[sheet][cell] = value
        else:
            del book[sheet]
    book.save(folder / "plan.xlsx")
    return load(folder / "plan.xlsx")


def said(folder: Path, edits: Edits) -> dict[str, list[Problem]]:
    inputs = edited(folder, edits)
    assert inputs.problems == ()
    found: dict[str, list[Problem]] = {}
    for warning in inputs.warnings:
        found.setdefault(warning.cell, []).append(warning)
    return found


@pytest.mark.parametrize("case", SAID)
def test_a_warning_names_the_cell_that_was_not_meant(tmp_path: Path, case: str) -> None:
    edits, expected = SAID[case]
    found = said(tmp_path, edits)
    assert set(found) == set(expected)
    for cell, gist in expected.items():
        assert any(gist in warning.wrong and warning.mend for warning in found[cell]), found[cell]


@pytest.mark.parametrize("case", REFUSED)
def test_a_problem_names_the_cell_that_cannot_be_meant(tmp_path: Path, case: str) -> None:
    edits, expected = REFUSED[case]
    problems = {problem.cell: problem for problem in edited(tmp_path, edits).problems}
    assert set(problems) == set(expected)
    assert all(gist in problems[cell].wrong and problems[cell].mend for cell, gist in expected.items())


@pytest.mark.parametrize("case", NOTHING)
def test_nothing_is_said_of_what_may_well_be_meant(tmp_path: Path, case: str) -> None:
    assert said(tmp_path, NOTHING[case]) == {}


def test_the_page_lists_every_case_with_what_is_said() -> None:
    rows = re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \|$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    listed = {case: (kind, text) for case, kind, text in rows}
    assert len(rows) == len(listed) == 83  # with the heading
    assert set(listed) - {"case"} == {*SAID, *REFUSED, *NOTHING}
    for case, (_, expected) in (SAID | REFUSED).items():
        kind, text = listed[case]
        assert kind == ("warning" if case in SAID else "problem")
        assert all(cell in text for cell in expected), case
    assert all(listed[case][0] == "nothing" for case in NOTHING)
