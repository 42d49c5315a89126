"""Marginal values are what solving again after a small change gives, and where by hand can tell, what it tells."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner
from tests.make import Book, write_book
from tests.oracle.books import some_book
from tests.processes import in_this_process
from tests.solving import add, close, home, lane, market, only, recipe, rows, solve, solve_all

from lodestone.commands import main
from lodestone.data.tree import single
from lodestone.errors import NoPlanError, UsageError
from lodestone.plan.plan import Plan
from lodestone.plan.run_files import plan_book
from lodestone.report.plan.run_folder import write_run
from lodestone.report.studies.what_binds_files import write_what_binds
from lodestone.solve.all_futures import solve_joint
from lodestone.solve.effort import Effort
from lodestone.solve.one_scenario import scenario_data, solve_scenario
from lodestone.studies.parallel.solves import Where
from lodestone.studies.what_binds import moved_limits as study
from lodestone.studies.what_binds.moved_limits import what_binds
from lodestone.studies.what_binds.results import Moved, WhatBinds, in_words
from lodestone.workbook.inputs import load

TIGHT = 1e-9


def binding(plan: Plan | dict[str, Any], rule: str, **keys: Any) -> dict[str, Any]:
    return only(plan, "what_binds", rule=rule, **keys)


def chain(last: int = 2027, discount_rate: float = 0.1) -> Book:
    """Industry wants 100 t a year. China sells at 60 with 1 freight; Ally at 90, 30 t on the lane; else it is short."""
    book = home(last=last, discount_rate=discount_rate, shortage=300)
    market(book, "china", "China", years=80)
    market(book, "ally", "Ally", premium_share=0.5)
    lane(book, "China", "Home", freight=1)
    lane(book, "Ally", "Home", freight=1, **{"2026": 30})
    return book


def moved(book: Book, tmp_path: Path, change: str) -> float:
    """Objective after --set."""
    path = write_book(tmp_path / "moved.xlsx", book)
    return float(solve_scenario(load(path, [change]), effort=Effort(gap=TIGHT)).objective_musd)


# --- by hand ----------------------------------------------------------------------------------------------------------


def test_a_market_and_a_lane_that_bind():
    """80 t from China; 20 t from Ally, whose lane takes 30: one t more from China saves 91 - 61 = 30 USD/kg."""
    plan = solve(chain())

    market_row = binding(plan, "market", year=2027)
    assert market_row["name"] == "china" and market_row["limit"] == 80
    assert market_row["value"] == close(30)
    assert market_row["present_value"] == close(30 / 1.1)
    assert rows(plan, "what_binds", rule="lane") == []
    cost = only(plan, "supply_cost", region="Home", year=2027)
    assert (cost["exposed_usd_per_kg"], cost["clean_usd_per_kg"]) == (close(91), close(91))


def test_what_is_short_sets_the_price_of_everything():
    """120 t wanted: 80 + 30 come, 10 t are short at 300 USD/kg. A lane's t saves 300 - 91, a market's 300 - 61."""
    book = chain(last=2026)
    book["Demand"][1][-1] = 120
    plan = solve(book)

    assert binding(plan, "lane")["value"] == close(209)
    assert binding(plan, "lane")["name"] == "oxide, Ally to Home"
    assert binding(plan, "lane")["cell"].startswith("Lanes!")
    assert binding(plan, "market")["value"] == close(239)
    assert only(plan, "supply_cost", region="Home")["clean_usd_per_kg"] == close(300)


def test_a_cap_is_worth_the_dearer_source():
    """At most 40 % from China: a point is 1 t, for which Ally takes 91 instead of 61: 0.03 MUSD, in money of 2027."""
    book = chain()
    book["Lanes"][2][-1] = None
    add(book, "ChinaShare", cap="oxide_cap", material="oxide", years=0.4)
    plan = solve(book)

    row = binding(plan, "China share", year=2027)
    assert row["value"] == close(0.03)
    assert row["present_value"] == close(0.03 / 1.1)
    assert row["cell"].startswith("ChinaShare!") and row["cell"] in row["finding"]
    assert "up to 0.03 MUSD" in row["finding"]
    cost = only(plan, "supply_cost", region="Home", year=2027)
    assert cost["clean_usd_per_kg"] - cost["exposed_usd_per_kg"] == close(30)


def test_a_limit_that_was_set_elsewhere_is_named_there(tmp_path):
    """The cell in the workbook says 90 %; what binds is the 40 % of --set, or the 30 % of the scenario."""
    book = chain()
    book["Lanes"][2][-1] = None
    add(book, "ChinaShare", cap="oxide_cap", material="oxide", years=0.9)
    book["Scenarios"] = [["scenario", "from_year"], ["tight", 2027]]
    book["Changes"] = [
        ["scenario", "sheet", "row", "column", "operation", "value"],
        ["tight", "ChinaShare", "oxide_cap", "years", "set", 0.3],
    ]
    path = write_book(tmp_path / "book.xlsx", book)

    given = solve_scenario(load(path, ["ChinaShare/oxide_cap/2027=0.4"]))
    assert binding(given, "China share", year=2027)["cell"] == "--set ChinaShare/oxide_cap/2027"
    changed = solve_scenario(load(path), "tight")
    assert binding(changed, "China share", year=2027)["cell"] == "Changes!F2"


def test_a_cap_of_nothing_has_a_value_too():
    book = chain(last=2026)
    book["Lanes"][2][-1] = None
    add(book, "ChinaShare", cap="ban", material="oxide", years=0)
    row = binding(solve(book), "China share")
    assert (row["limit"], row["value"]) == (0, close(0.03))


def test_a_loose_limit_is_not_listed():
    book = chain()
    add(book, "ChinaShare", cap="loose", material="oxide", years=0.95)
    assert rows(solve(book), "what_binds", rule="China share") == []


def test_a_joint_plan_gives_the_money_of_each_future(tmp_path):
    """In the future 'dry' (probability 0.25) China sells 50 t from 2027: Ally's 91 is then still the next source, up to
    its 30 t, and 20 t are short at 300."""
    book = chain()
    add(book, "Scenarios", scenario="dry", probability=0.25, from_year=2027)
    add(book, "Changes", scenario="dry", sheet="Markets", row="china", column="years", operation="set", value=50)
    plan = solve_all(book, values=False)

    dry = only(plan, "what_binds", rule="market", year=2027, scenario="dry")
    assert dry["value"] == close(239)
    assert dry["present_value"] == close(0.25 * 239 / 1.1)
    assert only(plan, "what_binds", rule="market", year=2027, scenario="base")["value"] == close(30)
    trunk = rows(plan, "what_binds", rule="market", year=2026)
    assert [row["value"] for row in trunk] == [close(30), close(30)]
    assert {row["scenario"] for row in plan["tables"]["supply_cost"]} == {"base", "dry"}


# --- against solving again --------------------------------------------------------------------------------------------


def full(discount_rate: float = 0.05) -> Book:
    """Every kind of limit binds: a refinery plant and a public project that stands, a stockpile with days and a budget
    for filling it, a cap, a market; ore enough."""
    book = home(last=2028, discount_rate=discount_rate, shortage=400, demand=[100, 110, 120], price=[60, 66, 72])
    add(book, "Materials", material="ore")
    add(book, "Prices", material="ore", years=5)
    recipe(book, "refine", ore=-2, oxide=1)
    market(book, "china", "China", years=90)
    market(book, "ally", "Ally", premium_share=0.5, years=60, spot_share=0.5)
    market(book, "ore", "Home", "ore")
    lane(book, "China", "Home", freight=1)
    lane(book, "Ally", "Home", freight=2)
    add(book, "Plants", plant="old", region="Home", process="refine", operating_cost_usd_per_kg=20, spot_share=0.8,
        years=[12, 13, 14], pricing="cost")  # fmt: skip
    add(book, "Projects", project="new", region="Home", process="refine", capacity_t_per_yr=15, capex_musd=0.1,
        operating_cost_usd_per_kg=20, lead_years=1, life_years=5, funding="public")  # fmt: skip
    add(book, "Stockpiles", stockpile="reserve", region="Home", material="oxide", opening_t=1, capacity_t=500,
        holding_cost_usd_per_kg_yr=0.5, years={2027: 20, 2028: 25})  # fmt: skip
    add(book, "ChinaShare", cap="oxide_cap", material="oxide", region="Home", years=[0.75, 0.6, 0.55])
    return book


CHANGES = {  # rule -> the cell of a year, by --set, and the step in its unit
    "China share": ("ChinaShare/oxide_cap/{year}={value}", 1e-4, 100),
    "plant": ("Plants/old/{year}={value}", 1e-3, 1e-3),
    "market": ("Markets/china/{year}={value}", 1e-3, 1e-3),
    "cover": ("Stockpiles/reserve/{year}={value}", 1e-3, -1),
}


@pytest.mark.parametrize("rule", CHANGES)
def test_values_agree_with_solving_again(tmp_path, rule):
    """scale: cell units -> what the value is per (points; MUSD per t from USD/kg; a day more costs)."""
    book = full()
    plan = solve(book)
    text, step, scale = CHANGES[rule]
    found = [r for r in rows(plan, "what_binds", rule=rule) if r["name"] in text]
    basis_holds = []
    for row in found:
        after = moved(book, tmp_path, text.format(year=row["year"], value=repr(row["limit"] + step)))
        before = moved(book, tmp_path, text.format(year=row["year"], value=repr(row["limit"] - step)))
        saved = [(plan["objective_musd"] - after) / step, (before - plan["objective_musd"]) / step]
        assert min(saved) - 1e-4 <= row["present_value"] * scale <= max(saved) + 1e-4, row
        if saved[0] == pytest.approx(saved[1], rel=1e-3, abs=1e-4):
            basis_holds.append(row["year"])
            assert row["present_value"] * scale == pytest.approx(saved[0], rel=1e-3, abs=1e-4)
    assert basis_holds, "none of these values was compared as a number"


def test_the_capacity_of_a_project_that_stands(tmp_path):
    """One row a year; together they are what a larger project, at the same capex, would save."""
    book = full()
    plan = solve(book)
    found = rows(plan, "what_binds", rule="project", name="new")
    assert [row["year"] for row in found] == [2027, 2028]
    after = moved(book, tmp_path, "Projects/new/capacity_t_per_yr=15.001")
    saved = (plan["objective_musd"] - after) / 0.001
    assert sum(row["present_value"] for row in found) / 1000 == pytest.approx(saved, rel=1e-3)


def test_a_budget_for_stocks(tmp_path):
    """20 t are wanted in stock in 2028 at most; the fill of 2026, when oxide is cheap, is limited by the budget."""
    book = home(last=2027, discount_rate=0.1, price=[60, 90])
    market(book, "china", "China")
    lane(book, "China", "Home")
    add(book, "Stockpiles", stockpile="reserve", region="Home", material="oxide", capacity_t=500, years={2027: 73})
    add(book, "Budgets", budget="stocks", covers="stockpile", years=[0.6, 5])
    plan = solve(book)

    row = binding(plan, "budget", year=2026)
    after = moved(book, tmp_path, "Budgets/stocks/2026=0.601")
    assert row["value"] == pytest.approx((plan["objective_musd"] - after) / 0.001, rel=1e-4)
    assert row["limit"] == pytest.approx(0.6) and row["value"] > 0


def test_carried_money_is_worth_what_it_saves_later(tmp_path):
    book = home(last=2028, discount_rate=0.1, price=[60, 60, 60], demand=[100, 100, 100])
    market(book, "china", "China", years=[200, 200, 60])
    lane(book, "China", "Home")
    add(book, "Stockpiles", stockpile="reserve", region="Home", material="oxide", capacity_t=500)
    add(book, "Budgets", budget="stocks", covers="stockpile", carry_over="yes", years=[0.5, 0.5, 0])
    plan = solve(book)

    for year in (2026, 2027):
        after = moved(book, tmp_path, f"Budgets/stocks/{year}=0.501")
        assert binding(plan, "budget", year=year)["present_value"] == pytest.approx(
            (plan["objective_musd"] - after) / 0.001, rel=1e-4
        )


def test_degenerate_limits_stay_between_the_two_sides(tmp_path):
    """Two equal caps bind at once: neither alone saves anything when loosened, so each value is from 0 to the cost of
    tightening, and both together are worth no more than that."""
    book = chain(last=2026)
    book["Lanes"][2][-1] = None
    for name in ("one", "two"):
        add(book, "ChinaShare", cap=name, material="oxide", years=0.4)
    values = [row["value"] for row in rows(solve(book), "what_binds", rule="China share")]
    assert sum(values) == close(0.03)


# --- explain ----------------------------------------------------------------------------------------------------------


def run_of(tmp_path: Path, book: Book, sets: tuple[str, ...] = (), gap: float = TIGHT) -> Path:
    path = write_book(tmp_path / "plan.xlsx", book)
    write_run(solve_scenario(load(path, sets), effort=Effort(gap=gap)), tmp_path / "run", path)
    return tmp_path / "run"


def test_explain_repeats_the_run_and_frees_the_builds(tmp_path):
    """One point of share is 1 t at 30 USD/kg in each of two years; a tighter one costs the same."""
    book = chain()
    book["Lanes"][2][-1] = None
    add(book, "ChinaShare", cap="oxide_cap", material="oxide", years=0.5)
    run = run_of(tmp_path, book, ("ChinaShare/oxide_cap/years=0.4",))
    found = what_binds(run, effort=Effort(gap=TIGHT), where=Where(processes=2))

    assert found.remarks == []
    assert [row["value"] for row in found.what_binds if row["rule"] == "China share"] == [close(0.03), close(0.03)]
    more, less = found.moved
    for moved_ in (more, less):
        assert moved_.musd == close(0.03 + 0.03 / 1.1)
        assert moved_.at_least == close(moved_.musd) and moved_.at_most == close(moved_.musd)
        assert moved_.within_gap is False
    assert (more.more, less.more) == (True, False)


def here(tmp_path: Path, book: Book, gap: float = TIGHT, run_gap: float = TIGHT) -> Any:
    """Solved and explained in this process."""
    run = run_of(tmp_path, book, gap=run_gap)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(study, "run_tasks", in_this_process)
        return what_binds(run, effort=Effort(gap=gap))


def lumpy() -> Book:
    """100 t a year for two years, from China at 60 or a public refinery of 100 t at 2 MUSD and 30 USD/kg, which the
    budget of 1.9 MUSD does not allow: with it 2 x 6 - 2 - 2 x 3 = 4 MUSD would be saved."""
    book = home(last=2027)
    market(book, "china", "China")
    lane(book, "China", "Home")
    recipe(book, "make", oxide=1)
    add(book, "Projects", project="refinery", region="Home", process="make", capacity_t_per_yr=100, capex_musd=2,
        operating_cost_usd_per_kg=30, lead_years=0, life_years=2, funding="public", latest_year=2026)  # fmt: skip
    add(book, "Budgets", budget="plants", covers="capex", years=1.9)
    return book


def test_a_budget_for_builds_has_no_marginal_value_but_a_tenth_more_builds(tmp_path):
    found = here(tmp_path, lumpy())
    assert [row for row in found.what_binds if row["rule"] == "budget"] == []
    more, less = found.moved
    assert more.musd == close(4) and more.within_gap is False
    assert "saves 4.00 MUSD with builds free" in in_words(more)
    assert less.musd == close(0) and less.within_gap is True


def test_what_the_gaps_leave_open_is_said(tmp_path):
    """A run at a gap of 90 %: the difference found is a difference of two plans, its true value lies between."""
    book = lumpy()
    found = here(tmp_path, book, gap=0.9, run_gap=0.9)
    for moved_ in found.moved:
        assert moved_.at_least <= moved_.musd + 1e-9 and moved_.musd <= moved_.at_most + 1e-9
    (more, _) = found.moved
    assert more.at_least <= 4 + 1e-6 <= more.at_most + 2e-6


def test_a_tighter_limit_that_no_plan_keeps(tmp_path):
    book = chain(last=2026)
    book["Sectors"] = [["sector", "shortage_cost_usd_per_kg", "min_service_share"], ["industry", 1000, 1]]
    add(book, "ChinaShare", cap="oxide_cap", material="oxide", years=0.7)
    found = here(tmp_path, book)
    assert [x.message for x in found.moved] == ["", "no plan keeps this"]
    assert "no plan keeps this" in in_words(found.moved[1])


def test_years_without_a_cap_stay_so(tmp_path):
    """100 % in 2026 is no cap: "one point less" leaves it alone, so that there is a plan."""
    book = home(last=2027)
    market(book, "china", "China")
    market(book, "ally", "Ally", premium_share=0.5, years=[0, 100])
    lane(book, "China", "Home")
    lane(book, "Ally", "Home")
    book["Sectors"] = [["sector", "shortage_cost_usd_per_kg", "min_service_share"], ["industry", 1000, 1]]
    add(book, "ChinaShare", cap="oxide_cap", material="oxide", years=[1, 0.5])
    more, less = here(tmp_path, book).moved
    assert (more.musd, less.musd) == (close(0.03), close(0.03))


def test_a_joint_run_is_explained_too(tmp_path):
    """In the future 'dear' (probability 0.25) Ally's oxide is taxed by half of 60 from 2027: a point is worth twice."""
    book = chain()
    book["Lanes"][2][-1] = None
    add(book, "ChinaShare", cap="oxide_cap", material="oxide", years=0.4)
    add(book, "Scenarios", scenario="dear", probability=0.25, from_year=2027)
    change = {"scenario": "dear", "sheet": "Tariffs", "row": "Ally/Home/oxide", "column": "years"}
    add(book, "Changes", **change, operation="set", value=0.5)
    path = write_book(tmp_path / "plan.xlsx", book)
    write_run(solve_joint(load(path), effort=Effort(gap=TIGHT), values=False), tmp_path / "run", path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(study, "run_tasks", in_this_process)
        found = what_binds(tmp_path / "run", effort=Effort(gap=TIGHT))

    shares = [row for row in found.what_binds if row["rule"] == "China share" and row["year"] == 2027]
    assert {row["scenario"]: row["value"] for row in shares} == {"base": close(0.03), "dear": close(0.06)}
    assert found.moved[0].musd == close(0.03 + (0.75 * 0.03 + 0.25 * 0.06) / 1.1)


def test_a_workbook_that_changed_is_refused_and_one_that_moved_is_found(tmp_path):
    run = run_of(tmp_path, chain())
    moved_to = (tmp_path / "plan.xlsx").rename(tmp_path / "elsewhere.xlsx")
    assert what_binds(run, moved_to).what_binds
    book = chain()
    add(book, "ChinaShare", cap="new", material="oxide", years=0.4)
    write_book(tmp_path / "plan.xlsx", book)
    with pytest.raises(UsageError, match=r"has changed since the run was solved: .*--workbook"):
        what_binds(run)


def test_the_tutorial_by_hand():
    """1,000 t a year, nothing discounted. A point is 10 t, clean magnets cost 1 USD/kg more: 0.01 MUSD. A day of cover
    is 1000 / 365 t: held for 2 USD/kg a year, and in 2029 bought at 64 for a credit of half of 60; half of it is clean
    at 65, since the cap of 50 % holds what is put into stocks too."""
    plan = solve_scenario(load("inputs/tutorial.xlsx"), effort=Effort(gap=TIGHT))
    a_day = 1000 / 365 / 1000
    assert [(r["cell"], r["value"]) for r in rows(plan, "what_binds", rule="China share")] == [
        ("ChinaShare!G2", close(0.01)),
        ("ChinaShare!H2", close(0.01 + 0.0006)),  # and 0.6 t of the 60 t put into the reserve
    ]
    covers = {r["year"]: r["value"] for r in rows(plan, "what_binds", rule="cover")}
    assert covers[2029] == close(a_day * (64 + 0.5 + 2 - 30))
    assert covers[2026] == close(a_day * 2)


def test_files_and_terminal(tmp_path, monkeypatch):
    book = chain()
    book["Lanes"][2][-1] = None
    add(book, "ChinaShare", cap="oxide_cap", material="oxide", years=0.4)
    monkeypatch.chdir(tmp_path)
    run_of(tmp_path, book)
    result = CliRunner().invoke(main, ["explain", "run", "--jobs", "1"])
    assert result.exit_code == 0, result.output
    assert "one point more of share in 2027 would save up to 0.03 MUSD with the builds as they are" in result.stdout
    assert "(oxide_cap): one point less in every year costs 0.06 MUSD with builds free to change" in result.stdout
    sheets = openpyxl.load_workbook("outputs/plan/what_binds.xlsx")
    assert sheets.sheetnames == ["WhatBinds", "SupplyCost", "BuildsFree", "About"]
    facts = json.loads(Path("outputs/plan/what_binds.json").read_text())
    assert {row["rule"] for row in facts["what_binds"]} == {"China share"}
    assert [row["within_gap"] for row in facts["moved"]] == [False, False]
    plan = openpyxl.load_workbook(plan_book(Path("run")))
    assert {"WhatBinds", "SupplyCost"} <= set(plan.sheetnames)

    result = CliRunner().invoke(main, ["explain", "nowhere"])
    assert result.exit_code == 2 and "nowhere" in result.stderr


# --- against random workbooks -----------------------------------------------------------------------------------------

PATHS = {
    "China share": "ChinaShare",
    "budget": "Budgets",
    "plant": "Plants",
    "market": "Markets",
    "cover": "Stockpiles",
}


def held_cost(path: Path, plan: Plan, change: str = "") -> float | None:
    """The least cost with the plan's whole-number decisions, after --set."""
    data = scenario_data(load(path, [change] if change else []))
    _, solver, whole = study.held_model(plan, single(data))
    solver.hold_integers(whole)
    return solver.solve_linear()


@pytest.mark.parametrize("seed", range(6))
def test_every_value_lies_between_what_more_saves_and_less_costs(tmp_path, seed):
    path = write_book(tmp_path / "plan.xlsx", some_book(random.Random(seed).choice))
    try:
        plan = solve_scenario(load(path), effort=Effort(gap=TIGHT))
    except NoPlanError:
        pytest.skip("a workbook without a plan")
    now = held_cost(path, plan)
    assert now == pytest.approx(plan.objective_musd, abs=1e-6)
    for row in plan.tables["what_binds"]:
        if row["rule"] not in PATHS:
            continue
        step = {"t": 1e-2, "days": 1e-2, "share": 1e-4, "MUSD": 1e-4}[row["unit"]]
        per_step = {"t": step / 1000, "days": -step, "share": 100 * step, "MUSD": step}[row["unit"]]
        cell = f"{PATHS[row['rule']]}/{row['name']}/{row['year']}="
        value, room = row["present_value"] * per_step, 1e-8 + 1e-3 * abs(row["present_value"] * per_step)
        more = held_cost(path, plan, f"{cell}{row['limit'] + step!r}")
        less = held_cost(path, plan, f"{cell}{row['limit'] - step!r}") if row["limit"] >= step else None
        assert more is None or now - more <= value + room, row
        assert less is None or less - now >= value - room, row


def test_a_solve_that_was_stopped_without_a_bound_can_be_told(tmp_path):
    step = Moved("budget", "plants", "Budgets!A2", "10%", more=True)
    told = study._difference(step, study._Solve(10.0, 9.0), study._Solve(8.0, -math.inf))
    assert (told.musd, told.at_least) == close((2, 1))
    assert (told.at_most, told.within_gap) == (None, False)
    assert "between 1.00 MUSD and no known limit" in in_words(told)
    found = WhatBinds("run", "plan.xlsx", "plan", "base", 10.0, 9.0, [], [], [told])
    assert all(path.exists() for path in write_what_binds(found, tmp_path / "what_binds.xlsx"))
