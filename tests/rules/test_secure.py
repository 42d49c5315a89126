"""Secure plans, worked by hand: what is bought, because of which threats, at what price.

home(): 100 t/yr of oxide are wanted in 2026 and 2027 at 60 USD/kg; shortage costs 100 USD/kg unless said otherwise.
MUSD = t x USD/kg / 1000.
"""

from __future__ import annotations

from typing import Any

import pytest
from tests.make import Book
from tests.secure_books import prepared_home, reserve, secure_share, threat
from tests.solving import add, built, close, kg, lane, market, only, read, recipe, rows, total

from lodestone.errors import NoPlanError, UsageError
from lodestone.plan.plan import Plan
from lodestone.solve.all_futures import solve_joint
from lodestone.solve.effort import Effort
from lodestone.solve.one_scenario import solve_scenario


def secure(book: Book, k: int, scenario: str = "base") -> Plan:
    inputs = read(book)
    assert inputs.problems == ()
    return solve_scenario(inputs, scenario, Effort(1e-9, secure=k))


def price(plan: Plan) -> float:
    return float(plan.secure["price_musd"])


def combination(plan: Plan, *threats: str) -> dict[str, Any]:
    (found,) = [c for c in plan.secure["combinations"] if c["threats"] == [*threats]]
    return dict(found)


def supplied(secure_: float = 1.0, **settings: Any) -> Book:
    """China sells any amount at 60 USD/kg; an embargo closes its lanes in 2027."""
    book = prepared_home(secure=secure_, **settings)
    market(book, "china", "China")
    lane(book, "China", "Home")
    threat(book, "embargo", "Lanes", "China/*/*", 0, from_year=2027)
    return book


def ally(book: Book, volume: float, dearer: float = 0.5) -> None:
    market(book, "ally", "Ally", years=volume, premium_share=dearer)
    lane(book, "Ally", "Home")


def stock(plan: Plan, year: int) -> float:
    return float(only(plan, "stockpile", year=year)["stock_t"])


# 1. A stock alone. The embargo leaves nothing in 2027, of which 80 % must be served: 80 t are held at the end of 2026.
# They are bought a year early, at the same price, and not used in vain: in the base they are released in 2027. So the
# price is a year of holding, 80 t x 1 USD/kg.
def test_stock_for_an_embargo() -> None:
    book = supplied(0.8)
    reserve(book)
    plan = secure(book, 1)
    assert stock(plan, 2026) == close(80)
    assert price(plan) == kg(80 * 1)
    assert combination(plan, "embargo")["short_t"] == close(20)
    assert combination(plan, "embargo")["branch"] == "yes"
    assert combination(plan, "embargo")["binding"] == ["stock of reserve"]
    assert combination(plan, "embargo")["empty_after_days"] == {"reserve": 365}


# 2. An ally that sells 50 t/yr at 90 USD/kg is not used in the base, and costs nothing to have: 30 t of stock do.
def test_a_supplier_at_hand_is_worth_stock() -> None:
    book = supplied(0.8)
    reserve(book)
    ally(book, 50)
    plan = secure(book, 1)
    assert stock(plan, 2026) == close(30)
    assert price(plan) == kg(30 * 1)


# 3. Two that only together hurt: China and the ally can each serve all. With K = 1 nothing is needed; with K = 2 a
# stock of 100 t is.
def test_two_threats_that_only_together_hurt() -> None:
    book = supplied()
    reserve(book)
    ally(book, 100)
    threat(book, "ally_stops", "Markets", "ally", 0, from_year=2027)
    assert price(secure(book, 1)) == close(0)
    plan = secure(book, 2)
    assert stock(plan, 2026) == close(100)
    assert price(plan) == kg(100 * 1)
    assert [c["threats"] for c in plan.secure["combinations"] if c["branch"] == "yes"] == [["embargo", "ally_stops"]]
    assert [c["short_t"] for c in plan.secure["combinations"]] == [0, 0, 0]


def mine(book: Book, capex: float, capacity: float = 100, lead: int = 1) -> None:
    """A public mine at Home that works at 60 USD/kg, as dear as China; ten of its years are credited but one or two."""
    recipe(book, "dig", oxide=1)
    add(book, "Projects", project="mine", region="Home", process="dig", funding="public", capex_musd=capex,
        capacity_t_per_yr=capacity, operating_cost_usd_per_kg=60, lead_years=lead, life_years=1)  # fmt: skip


# 4. Stock against a plant, the plant cheaper: built in 2026, it serves all of 2027, and its one year of life is then
# over: capex 0.05 MUSD, nothing credited. The stock would cost 100 t x 1 USD/kg = 0.1 MUSD.
def test_plant_cheaper_than_stock() -> None:
    book = supplied()
    reserve(book)
    mine(book, capex=0.05)
    plan = secure(book, 1)
    assert built(plan) == [("mine", 2026)]
    assert stock(plan, 2026) == close(0)
    assert price(plan) == close(0.05)


# 5. The same plant at 0.2 MUSD: the stock is cheaper.
def test_stock_cheaper_than_plant() -> None:
    book = supplied()
    reserve(book)
    mine(book, capex=0.2)
    plan = secure(book, 1)
    assert built(plan) == []
    assert price(plan) == kg(100 * 1)


# 6. A contract against a plant. The ally sells nothing without a contract; one for 2027 (signed 2026, delivered a year
# later, nothing owed if not taken) costs a fee of 0.02 MUSD, and the plant 0.05.
def contracted(fee: float) -> Book:
    book = supplied()
    mine(book, capex=0.05)
    market(book, "ally", "Ally", years=100, premium_share=0.5, spot_share=0)
    lane(book, "Ally", "Home")
    add(book, "Contracts", contract="option", supplier="ally", material="oxide", price_rule="index", max_t_per_yr=100,
        take_or_pay_share=0, start_delay_years=1, tenor_years=1, signing_fee_musd=fee)  # fmt: skip
    return book


@pytest.mark.parametrize(("fee", "signed", "cost"), [(0.02, ["option"], 0.02), (0.08, [], 0.05)])
def test_contract_or_plant(fee: float, signed: list[str], cost: float) -> None:
    plan = secure(contracted(fee), 1)
    assert [row["contract"] for row in rows(plan, "contracts")] == signed
    assert built(plan) == ([] if signed else [("mine", 2026)])
    assert price(plan) == close(cost)


# 7. [cheat] Money is no object in a branch, so nothing is prepared there: a plant without lead time could be built the
# day the embargo comes, at any price. It has to be built in 2027 in the base as well (its year of life is 2027).
def test_nothing_is_built_in_a_crisis_only() -> None:
    book = supplied()
    mine(book, capex=0.07, lead=0)
    plan = secure(book, 1)
    assert built(plan) == [("mine", 2027)]
    assert price(plan) == close(0.07)


# 8. Threats at different times, until 2028: exports stop in 2027 for good, the ally in 2028 for good; both can serve
# all of a year. Together they leave 2028 to the stock, which must be there at the end of 2027, and is bought from the
# ally in 2027 (after the embargo it is still there): nothing is held in the base, and the price is 0. Where the ally
# can sell no more than a year's 100 t, the stock is bought before 2027: held through 2026 and, in the base, sold off
# in 2027: 100 t x 1 USD/kg.
@pytest.mark.parametrize(("volume", "cost"), [(200, 0.0), (100, 0.1)])
def test_threats_at_different_times(volume: float, cost: float) -> None:
    book = supplied(last=2028)
    reserve(book)
    ally(book, volume)
    threat(book, "ally_stops", "Markets", "ally", 0, from_year=2028)
    plan = secure(book, 2)
    assert price(plan) == close(cost)
    assert stock(plan, 2026) == close(cost * 1000)


# 9. One that cannot be met: without stock or supplier nothing serves 2027 under the embargo, and no plan is secure.
def test_no_plan_is_secure() -> None:
    with pytest.raises(NoPlanError, match="embargo"):
        secure(supplied(), 1)


# 10. Caps are lifted in branches: an ally that is lost may be answered by China, though the base must not buy there.
# The cap is 0 in all years, so the base buys 100 t/yr of the ally at 90 USD/kg; the branch costs nothing.
def test_caps_are_lifted_in_a_branch() -> None:
    book = supplied()
    ally(book, 100)
    add(book, "ChinaShare", cap="none", material="oxide", years=0)
    book["Scenarios"] = [r for r in book["Scenarios"] if r[0] != "embargo"]
    book["Changes"] = [r for r in book["Changes"] if r[0] != "embargo"]
    threat(book, "ally_stops", "Markets", "ally", 0, from_year=2027)
    plan = secure(book, 1)
    assert price(plan) == close(0)
    assert plan.objective_musd == kg(200 * 90)
    assert combination(plan, "ally_stops")["short_t"] == close(0)


# 11. Changes of all members act in row order: demand doubles and grows by 50 t: 250 t, not 300 t. Half must be served,
# China alone sells 100 t/yr: 25 t are held (in row order 125 - 100), and 50 t (150 - 100) the other way round.
@pytest.mark.parametrize(("first", "held"), [("multiply", 25), ("add", 50)])
def test_changes_act_in_row_order(first: str, held: float) -> None:
    book = prepared_home(secure=0.5)
    market(book, "china", "China", years={2026: 200, 2027: 100})
    lane(book, "China", "Home")
    reserve(book)
    how = {"multiply": ("doubles", 2), "add": ("grows", 50)}
    for operation in (first, "add" if first == "multiply" else "multiply"):
        name, value = how[operation]
        threat(book, name, "Demand", "Home/industry/oxide", value, from_year=2027, operation=operation)
    plan = secure(book, 2)
    assert stock(plan, 2026) == close(held)
    assert price(plan) == kg(held * 1)


# 12. Every future has branches of its own: in a boom (one chance in four, from 2027 on) 200 t are wanted, of which the
# embargo must leave 80 %: 160 t are held for both futures through 2026, since nobody knows which comes. What is left of
# them is worth nothing: in the base 100 t are used in 2027, and 60 t lie idle; 60 t x 60 USD/kg were paid in vain there
# and all are held for a year. In the base 60 t would have to be held on in 2027 for nothing: they are thrown away.
def test_every_future_has_branches() -> None:
    book = supplied(0.8)
    reserve(book)
    add(book, "Scenarios", scenario="boom", probability=0.25, from_year=2027)
    add(book, "Changes", scenario="boom", sheet="Demand", row="Home/industry/oxide", column="years", value=200)
    plan = solve_joint(read(book), Effort(1e-9, secure=1), values=False)
    assert [row["stock_t"] for row in rows(plan, "stockpile", year=2026)] == close([160, 160])
    assert price(plan) == kg(160 * 1 + 0.75 * 60 * 60)
    assert {c["scenario"] for c in plan.secure["combinations"]} == {"base", "boom"}


# --- what goes with it -----------------------------------------------------------------------------------------------


def test_the_setting_asks_for_it() -> None:
    book = supplied(0.8, secure_against=1)
    reserve(book)
    inputs = read(book)
    assert solve_scenario(inputs, effort=Effort(1e-9)).secure["k"] == 1
    assert "secure" not in solve_scenario(inputs, effort=Effort(1e-9, secure=0)).document()


def test_without_threats_nothing_can_be_asked() -> None:
    book = prepared_home()
    market(book, "china", "China")
    lane(book, "China", "Home")
    with pytest.raises(UsageError, match="no threat"):
        secure(book, 1)


def test_a_threat_that_the_future_is_has_come_already() -> None:
    """Its changes act once: 50 t are left of the 100 t that China sells, not 25."""
    book = prepared_home(secure=0.5)
    market(book, "china", "China", years=100)
    lane(book, "China", "Home")
    threat(book, "half", "Markets", "china", 0.5, from_year=2027, operation="multiply")
    plan = secure(book, 1, "half")
    assert combination(plan, "half")["short_t"] == close(50)
    assert price(plan) == close(0)


def test_branches_leave_no_trace_in_the_plan_of_a_future() -> None:
    """Every row of the plan is of the base: one a year, and no cost of a branch."""
    book = supplied(0.8)
    reserve(book)
    plan = secure(book, 1)
    assert [row["year"] for row in rows(plan, "stockpile")] == [2026, 2027]
    assert total(plan, "demand", "short_t") == close(0)
    secure_share(book, 0)
    assert price(secure(book, 1)) == close(0)


# 40 t of stock at most, 30 t/yr of the ally: 70 of 100 t can be served in the embargo, whatever is decided.
@pytest.mark.parametrize(("k", "most"), [(1, "70.0%"), (2, "40.0%")])
def test_the_largest_attainable_share_is_told(k: int, most: str) -> None:
    book = supplied(0.8)
    reserve(book, capacity_t=40)
    ally(book, 30)
    threat(book, "ally_stops", "Markets", "ally", 0, from_year=2027)
    with pytest.raises(
        NoPlanError, match=rf"largest share of industry that any plan attains is {most} \(80.0% asked\)"
    ):
        secure(book, k)


# An embargo from April 2027 on, 2027 being cut into quarters, of which each wants 25 t: 75 t are held at the end of
# March. In the base they are used up over the three quarters that follow: 75, 50 and 25 t are held at the ends of
# quarters, each for a quarter of a year.
def test_a_threat_within_a_year() -> None:
    book = prepared_home()
    add(book, "Periods", year=2027, months=3)
    market(book, "china", "China")
    lane(book, "China", "Home")
    reserve(book)
    add(book, "Scenarios", scenario="embargo", from_year=2027, from_month=4, threat="yes")
    add(book, "Changes", scenario="embargo", sheet="Lanes", row="China/*/*", column="years", value=0)
    plan = secure(book, 1)
    held = {row["month"]: row["stock_t"] for row in rows(plan, "stockpile", year=2027)}
    assert held == {1: close(75), 4: close(50), 7: close(25), 10: close(0)}
    assert price(plan) == kg((75 + 50 + 25) / 4 * 1)
    assert combination(plan, "embargo")["empty_after_days"] == {"reserve": close(0.75 * 365)}


def test_a_threat_in_the_first_year_leaves_only_what_is_there() -> None:
    """Nothing can be prepared: the branch begins with the opening stock, and shares no node with the plan."""
    book = prepared_home(last=2026, secure=0.3)
    market(book, "china", "China")
    lane(book, "China", "Home")
    reserve(book, opening_t=40)
    threat(book, "embargo", "Lanes", "China/*/*", 0, from_year=2026)
    plan = secure(book, 1)
    assert price(plan) == close(0)
    assert combination(plan, "embargo")["short_t"] == close(60)
    book["Stockpiles"][1][book["Stockpiles"][0].index("opening_t")] = 20
    with pytest.raises(NoPlanError, match=r"attains is 20.0% \(30.0% asked\)"):
        secure(book, 1)
