"""One plan for all futures: what must hold of it, tried on small workbooks."""

from __future__ import annotations

import copy
import itertools
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.futures import LAST, crisis, future, with_futures
from tests.make import Book
from tests.oracle.books import some_book
from tests.solving import (
    FIRST,
    add,
    change,
    close,
    cost,
    home,
    kg,
    lane,
    only,
    read,
    recipe,
    rows,
    solve,
    solve_all,
)

from lodestone.audit import audit_joint
from lodestone.errors import NoPlanError, UsageError
from lodestone.rules.objective import cvar, mean
from lodestone.solve import all_futures
from lodestone.solve.all_futures import joint_name, solve_joint
from lodestone.solve.effort import Effort, Search
from lodestone.solve.one_scenario import scenario_data
from lodestone.solver.highs import Outcome, Solver
from lodestone.workbook.inputs import Inputs

few = settings(max_examples=10, derandomize=True, deadline=None, database=None)


def data_of(inputs: Inputs, plan: dict[str, Any]) -> dict[str, Any]:
    return {name: scenario_data(inputs, name) for name in plan["futures"]}


# --- what a tree of one future is -----------------------------------------------------------------------------------


def test_one_certain_scenario_from_the_first_year_is_that_scenario():
    book = crisis()
    future(book, "embargo", 1, FIRST, "Lanes", "China/*/*", value=0, from_year=FIRST + 1)
    plan = solve_all(book)
    assert (plan["objective_musd"], plan["expected_cost_musd"]) == close((cost(book, "embargo"),) * 2)
    assert plan["cvar_musd"] == close(plan["objective_musd"])
    assert plan["futures"].keys() == {"embargo"}
    assert (plan["evpi_musd"], plan["vss_musd"]) == close((0, 0))


@pytest.mark.parametrize("weight", [0, 0.5, 1])
def test_scenarios_that_change_nothing_give_the_plan_of_the_base(weight: float):
    book = crisis(risk_weight=weight)
    for i, year in enumerate((FIRST, FIRST + 1, FIRST + 1, LAST)):
        add(book, "Scenarios", scenario=f"same {i}", probability=0.2, from_year=year)
    plan = solve_all(book)
    assert list(plan["futures"].values()) == [close(cost(book))] * 5
    assert plan["objective_musd"] == close(cost(book))
    assert plan["evpi_musd"] == close(0)
    assert plan["vss_musd"] == close(0)


@pytest.mark.parametrize("weight", [0, 0.5])
def test_splitting_a_scenario_changes_nothing(weight: float):
    whole = with_futures(risk_weight=weight, risk_tail=0.25)
    split = crisis(risk_weight=weight, risk_tail=0.25)
    for part, probability in (("embargo a", 0.05), ("embargo b", 0.15)):
        future(split, part, probability, FIRST + 1, "Lanes", "China/*/*", value=0)
    future(split, "late", 0.1, FIRST + 2, "Lanes", "China/*/*", value=0)
    future(split, "dear", 0.3, FIRST + 1, "Prices", "oxide", value=2, operation="multiply")
    one, other = solve_all(whole), solve_all(split)
    for figure in ("objective_musd", "expected_cost_musd", "cvar_musd", "evpi_musd", "vss_musd"):
        assert other[figure] == close(one[figure]), figure


def test_a_workbook_without_probabilities_has_nothing_to_plan_for():
    book = crisis()
    change(book, "embargo", "Lanes", "China/*/*", 0)
    with pytest.raises(UsageError, match="probability"):
        solve_all(book)


# --- what knowing is worth ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("weight", [0, 0.3, 1])
def test_knowing_costs_least_and_the_base_plan_most(weight: float):
    book = with_futures(risk_weight=weight)
    plan = solve_all(book)
    known = {name: cost(book, name) for name in plan["futures"]}
    assert plan["known_musd"] == close(known)

    def weigh(costs: dict[str, float]) -> float:
        likely = plan["probabilities"]
        return (1 - weight) * mean(costs, likely) + weight * cvar(costs, likely, 0.1)

    assert plan["objective_musd"] == close(weigh(plan["futures"]))
    assert plan["evpi_musd"] == close(plan["objective_musd"] - weigh(known))
    assert plan["evpi_musd"] > 0.1 or weight == 1  # the worst future is met as if it were known
    assert plan["vss_musd"] == close(plan["base_held_musd"] - plan["objective_musd"])
    assert plan["vss_musd"] > 0.1


def test_a_base_plan_that_leaves_a_future_without_a_plan_has_no_value():
    book = with_futures()
    book["Sectors"][0].append("min_service_share")
    book["Sectors"][1].append(0.5)
    plan = solve_all(book)
    assert plan["vss_musd"] is None
    assert plan["evpi_musd"] > 0
    assert any("no VSS" in remark for remark in plan["remarks"])


def test_without_values_there_is_the_plan_alone():
    plan = solve_all(with_futures(), values=False)
    assert plan["evpi_musd"] is plan["vss_musd"] is plan["known_musd"] is None


def test_the_plan_hedges_and_the_one_that_knows_stocks_more():
    """Nobody buys a reserve for the base; the plan for all holds some in 2026, and the one that knows it needs more."""
    book = with_futures()
    stock = {
        "base": only(solve(book), "stockpile", year=FIRST)["stock_t"],
        "joint": only(solve_all(book, values=False), "stockpile", scenario="base", year=FIRST)["stock_t"],
        "known": only(solve(book, "embargo"), "stockpile", year=FIRST)["stock_t"],
    }
    assert stock["base"] == close(0)
    assert 0 < stock["joint"] <= stock["known"]


def _without_private_projects(book: Book) -> None:
    headings, *projects = book["Projects"]
    private = {row[0] for row in projects if row[headings.index("funding")] == "private"}
    book["Projects"] = [headings, *(row for row in projects if row[0] not in private)]
    for sheet, column in (("PriceFloors", "project"), ("Contracts", "supplier")):
        if sheet in book:
            at = book[sheet][0].index(column)
            book[sheet] = [row for row in book[sheet] if row[at] not in private]


@few
@given(st.data())
def test_bounds_and_audit_on_random_workbooks(data: st.DataObject):
    def pick(options: Any) -> Any:
        return data.draw(st.sampled_from(options))

    book = some_book(pick)
    only_public = pick([True, False])
    if only_public:
        _without_private_projects(book)
    future(book, "closed", pick([0.1, 0.5]), FIRST + pick([0, 1]), "Lanes", "China/*/*", value=0)
    future(book, "dear", pick([0.2, 0.5]), FIRST + 1, "Prices", "oxide", value=1.5, operation="multiply")
    book["Settings"] |= {"risk_weight": pick([0, 0.4, 1]), "risk_tail": pick([0.05, 0.5])}
    try:
        plan = solve_all(book)
    except NoPlanError:
        return
    assert all(line["ok"] for line in plan["audit"])
    assert plan["expected_cost_musd"] == close(mean(plan["futures"], plan["probabilities"]))
    assert sum(plan["costs_musd"].values()) == close(plan["expected_cost_musd"])
    private = any(row["funding"] == "private" for row in rows(plan, "investments"))  # it earns its keep on average (26)
    assert not (private and only_public)
    assert plan["evpi_musd"] is None or plan["evpi_musd"] >= 0 or private
    assert plan["vss_musd"] is None or plan["vss_musd"] >= 0


# --- what is shared -------------------------------------------------------------------------------------------------


def test_decisions_before_a_future_shows_itself_are_those_of_all():
    plan = solve_all(with_futures(), values=False)
    for name, year in plan["from_years"].items():
        for table in ("stockpile", "flows", "markets", "demand", "costs"):
            early = [row | {"scenario": ""} for row in rows(plan, table, scenario=name) if row["year"] < (year or 9999)]
            base = [
                row | {"scenario": ""} for row in rows(plan, table, scenario="base") if row["year"] < (year or 9999)
            ]
            assert early == base
    assert plan["futures"].keys() == {"base", "embargo", "late", "dear"}
    assert list(plan["probabilities"].values()) == [close(p) for p in (0.4, 0.2, 0.1, 0.3)]


def test_the_audit_sees_futures_that_part_too_early():
    inputs = read(with_futures())
    plan = solve_all(with_futures(), values=False)
    assert audit_joint(data_of(inputs, plan), plan).ok
    for name in plan["futures"]:
        cheat = copy.deepcopy(
            plan
        )  # 1 t more is bought, shipped and discarded: a plan in itself, but not the shared one
        own = {"scenario": name, "market": "china", "year": FIRST}
        only(cheat, "markets", **own)["t"] += 1
        made = only(cheat, "balance", scenario=name, region="China", year=FIRST)
        made["made_t"] += 1
        made["discarded_t"] += 1
        only(cheat, "costs", scenario=name, year=FIRST, term="market_purchases")["musd"] += 0.06
        only(cheat, "costs", scenario=name, year=FIRST, term="market_purchases")["discounted_musd"] += 0.06
        cheat["futures"][name] += 0.06
        shift = 0.06 * plan["probabilities"][name]
        cheat["costs_musd"]["market_purchases"] += shift
        for figure in ("expected_cost_musd", "objective_musd"):
            cheat[figure] += shift
        cheat["cvar_musd"] = cvar(cheat["futures"], plan["probabilities"], 0.1)
        assert {f.rule for f in audit_joint(data_of(inputs, plan), cheat).findings} == {"shared decisions"}


@pytest.mark.parametrize("figure", ["expected_cost_musd", "cvar_musd", "objective_musd", "tariff_revenue_musd"])
def test_the_audit_sees_figures_that_do_not_follow(figure: str):
    inputs = read(with_futures())
    plan = solve_all(with_futures(), values=False)
    plan[figure] += 0.01
    assert not audit_joint(data_of(inputs, plan), plan).ok


def test_the_audit_sees_other_probabilities_and_futures():
    inputs = read(with_futures())
    plan = solve_all(with_futures(), values=False)
    likely = plan["probabilities"] | {"base": 0.3, "late": 0.2}
    assert "futures" in {f.rule for f in audit_joint(data_of(inputs, plan), plan | {"probabilities": likely}).findings}
    stranger = copy.deepcopy(plan)
    stranger["tables"]["markets"].append(stranger["tables"]["markets"][0] | {"scenario": "nobody's"})
    assert "futures" in {f.rule for f in audit_joint(data_of(inputs, plan), stranger).findings}


# --- risk -----------------------------------------------------------------------------------------------------------


def test_expected_cost_never_falls_and_cvar_never_rises_with_the_weight():
    plans = [
        solve_all(with_futures(shortage=80, risk_weight=w, risk_tail=0.25), values=False) for w in (0, 0.2, 0.5, 0.8, 1)
    ]
    for less, more in itertools.pairwise(plans):
        assert more["expected_cost_musd"] >= less["expected_cost_musd"] - 1e-6
        assert more["cvar_musd"] <= less["cvar_musd"] + 1e-6
    assert plans[-1]["cvar_musd"] < plans[0]["cvar_musd"] - 0.01


def test_all_weight_on_a_tail_below_the_least_probability_is_the_min_max_plan():
    book = with_futures(risk_weight=1, risk_tail=0.05)
    plan = solve_all(book)
    worst = max(plan["futures"].values())
    assert (plan["objective_musd"], plan["cvar_musd"]) == close((worst, worst))
    # no plan has a lesser worst: with the futures weighed in any way that bounds it from below
    weighed = [
        solve_all(_weighed(book, weights), values=False)["expected_cost_musd"]
        for weights in ((0.5, 0.01, 0.4), (0.9, 0.01, 0.01), (0.3, 0.01, 0.6), (0.75, 0.01, 0.2))
    ]
    assert max(weighed) <= worst + 1e-6


def _weighed(book: Book, weights: tuple[float, ...]) -> Book:
    other = copy.deepcopy(book)
    other["Settings"] |= {"risk_weight": 0}
    at = other["Scenarios"][0].index("probability")
    for row, weight in zip(other["Scenarios"][1:], weights, strict=True):
        row[at] = weight
    return other


def test_futures_outside_the_tail_cost_no_more_than_they_must():
    """With all weight on the worst future the others would be free to waste; they are settled afterwards."""
    book = crisis(risk_weight=1, risk_tail=0.01)
    future(book, "embargo", 0.2, FIRST + 1, "Lanes", "China/*/*", value=0)
    plan = solve_all(book, values=False)
    costs = [solve_all(_with_weight(book, w), values=False)["futures"] for w in (0.9, 0.999)]
    assert plan["futures"]["embargo"] == close(min(cost["embargo"] for cost in costs))
    assert plan["futures"]["base"] == close(costs[-1]["base"])


def test_settling_them_has_what_the_solve_left_of_the_time(monkeypatch):
    times = []

    def noted(solver, gap, time_limit, *others, **more):
        times.append(time_limit)
        time.sleep(0.01)
        return solved(solver, gap, time_limit, *others, **more)

    solved = Solver.solve
    monkeypatch.setattr(Solver, "solve", noted)
    inputs = read(with_futures(risk_weight=1, risk_tail=0.05))
    plan = solve_joint(inputs, effort=Effort(time_limit=20.0), values=False)
    assert plan.status == "optimal"
    whole, left = times
    assert whole == pytest.approx(20.0, abs=0.1)
    assert whole - left >= 0.01


def _with_weight(book: Book, weight: float) -> Book:
    return book | {"Settings": book["Settings"] | {"risk_weight": weight}}


# --- every plan of a tiny tree, one by one --------------------------------------------------------------------------

CAPEX, RUNNING, HOLDING, BUY, SHORT = 6000, 40, 8, 61, 600  # thousand USD; USD/kg


@pytest.mark.parametrize(("weight", "tail"), [(0, 0.1), (0.6, 0.1), (1, 0.1), (1, 0.01)])
@pytest.mark.parametrize("probability", [0.05, 0.2, 0.6])
def test_the_best_of_all_plans_of_a_tiny_tree(probability: float, weight: float, tail: float):
    """Works in 2026 or never, some reserve in 2026; the embargo of 2027 and 2028 comes or not; China alone sells."""
    book = crisis(risk_weight=weight, risk_tail=tail, stock_end_value_share=0)
    book["Markets"] = [row for row in book["Markets"] if row[0] != "ally"]
    book["Lanes"] = [row for row in book["Lanes"] if row[0] != "Ally"]
    book["Projects"][0].append("latest_year")
    book["Projects"][1].append(FIRST)
    future(book, "embargo", probability, FIRST + 1, "Lanes", "China/*/*", value=0)
    likely = {"base": 1 - probability, "embargo": probability}

    def costs(built: bool, reserve: float) -> dict[str, float]:
        start = 100 * BUY + reserve * (BUY + HOLDING) + (CAPEX if built else 0)
        made = 50 if built else 0
        cheap = min(RUNNING, BUY) * made
        bought_first = max(0.0, 100 - made - reserve)  # the base uses the reserve in 2027, as holding it costs
        left = max(0.0, reserve - (100 - made))
        base = start + 2 * cheap + BUY * bought_first + HOLDING * left + BUY * max(0.0, 100 - made - left)
        used = min(reserve, 100 - made)
        after = reserve - used
        embargo = start + 2 * RUNNING * made + SHORT * (100 - made - used) + HOLDING * after
        embargo += SHORT * max(0.0, 100 - made - after)
        return {"base": base, "embargo": embargo}

    def weighed(of: dict[str, float]) -> float:
        return (1 - weight) * mean(of, likely) + weight * cvar(of, likely, tail)

    best = min(weighed(costs(built, r)) for built in (False, True) for r in (0, 50, 100, 150))
    plan = solve_all(book, values=False)
    assert plan["objective_musd"] == kg(best)


def test_a_scenario_called_joint_keeps_its_folder():
    book = with_futures()
    assert joint_name(read(book)) == "joint"
    future(book, "Joint", 0.1, FIRST + 1, "Prices", "oxide", value=2, operation="multiply")
    future(book, "joint run", 0.1, FIRST + 1, "Prices", "oxide", value=3, operation="multiply")
    assert joint_name(read(book)) == "joint run run"


# --- VSS is the least that planning for the base loses, whichever of its good plans is taken ---


def twins(dearer: float = 0) -> Book:
    """One of two public mines may be built in 2026, alike in the base; what the one at Ally makes cannot be brought
    home in half of the futures. The mine at Home costs more to run by `dearer` USD/kg."""
    book = home(2028, demand=[0, 100, 100])
    recipe(book, "mine", oxide=1)
    for name, region, operating in (("ally_mine", "Ally", 20), ("home_mine", "Home", 20 + dearer)):
        add(book, "Projects", project=name, region=region, process="mine", capacity_t_per_yr=100, capex_musd=2,
            operating_cost_usd_per_kg=operating, lead_years=1, life_years=2, latest_year=2026, funding="public",
            group="one")  # fmt: skip
    lane(book, "Ally", "Home")
    add(book, "Scenarios", scenario="closed", from_year=2027, probability=0.5)
    change(book, "closed", "Lanes", "Ally/Home/oxide", 0)
    return book


def test_where_a_good_plan_for_the_base_hedges_for_free_there_is_no_vss():
    plan = solve_all(twins())
    assert plan["objective_musd"] == close(2 + 200 * 20 / 1000)
    assert plan["vss_musd"] == close(0)
    assert plan["base_held_musd"] == close(plan["objective_musd"])


def test_where_every_good_plan_for_the_base_loses_vss_is_the_least_of_it():
    """At Home 1 USD/kg more: the base builds at Ally, 200 t at 20, and is short of 200 t at 1000 in half of the
    futures. The plan for all pays 200 t at 21."""
    plan = solve_all(twins(dearer=1))
    assert plan["objective_musd"] == close(2 + 200 * 21 / 1000)
    assert plan["base_held_musd"] == close(2 + 0.5 * 200 * 20 / 1000 + 0.5 * 200 * 1000 / 1000)


def test_a_plan_for_all_that_is_good_for_the_base_loses_nothing(monkeypatch: pytest.MonkeyPatch):
    """To 5 % any plan of up to 6.3 MUSD is good for the base, whose own costs 6; that for all costs 6.2 in it."""
    monkeypatch.setattr(all_futures, "_good_for_base", None)  # nothing is left to solve
    plan = solve_joint(read(twins(dearer=1)), Effort(gap=0.05))
    assert plan.vss_musd == 0
    assert plan.base_held_musd == plan.objective_musd == close(2 + 200 * 21 / 1000)


class Told:
    """A solver that answers as it is told, and notes what is asked."""

    def __init__(self, *answers: Outcome) -> None:
        self.answers, self.asked, self.starts = list(answers), [], []

    def solve(self, gap: float, time_limit: float, tell: object, stop: object, began: float, absolute_gap: float = 0.0,
              bound: float = -1e30) -> Outcome:  # fmt: skip
        self.asked.append((absolute_gap, bound))
        return self.answers.pop(0)

    def values(self) -> list[float]:
        return [1.0]

    def start_from(self, values: list[float]) -> None:
        self.starts.append(values)


@pytest.mark.parametrize(
    "first, solves",
    [
        (Outcome(True, 100.9, 99.5, 1), 1),  # within the gap of 100: no more can be said
        (Outcome(True, 100.4, 99.5, 1), 1),
        (Outcome(True, 101.1, 100.5, 1), 1),  # proved
        (Outcome(True, 101.1, 99.5, 1), 2),  # dearer by more than the gap, and not proved
        (Outcome(False, 101.1, 99.5, 1), 1),  # time is up
    ],
)
def test_what_the_gap_cannot_tell_apart_is_not_sought(first: Outcome, solves: int):
    solver = Told(first, Outcome(True, 101.0, 100.2, 1))
    outcome = all_futures._seen_apart(solver, Search(0.01, 60.0), 100.0, 99.5)  # type: ignore[arg-type]
    assert outcome == (first if solves == 1 else Outcome(True, 101.0, 100.2, 1))
    assert solver.asked == [(close(1.5), 99.5), (0.0, 99.5)][:solves]
    assert solver.starts == [[1.0]][: solves - 1]


def test_where_the_base_cannot_come_about_there_is_no_vss():
    book = twins()
    add(book, "Scenarios", scenario="open", from_year=2027, probability=0.5)
    change(book, "open", "Prices", "oxide", 61)
    plan = solve_all(book)
    assert plan["vss_musd"] is None and plan["evpi_musd"] is not None
    assert any("no probability" in remark for remark in plan["remarks"])
