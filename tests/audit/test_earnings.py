"""(26): what the smelter of the tiny plan earns in it, at 25 %, in a plan of one future and of two.

2031, 18 t: 0.108 MUSD of value added and 0.09 of cost, 0.02 fixed, 0.022 of the floor, 0.01 of the offtake: 0.03.
2032, 30 t: 0.18, 0.15, 0.02, 0.044, 0.015 and 0.033 for what is not taken: 0.102.
2033, after the horizon, lenders see 40 t at 8 USD/kg, ore at 1.6: -0.008 - 0.02 of its own, 22 t x 4 USD/kg of the
floor, 18 t x 1 of the offtake. It costs 0.1, of which 0.01 is granted.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.audit.tiny_futures import futures, joint_document
from tests.audit.tiny_plan import Edit, add, judged, plan_document, put
from tests.audit.tiny_workbook import DS, change, deal, flat, kg, workbook
from tests.periods import timed

from lodestone.audit import audit
from lodestone.audit.books import read_books
from lodestone.audit.earnings import Path, earned, keeps, tail
from lodestone.audit.joint import together
from lodestone.data.plan_data import PlanData

EARNED = 0.8 * 0.03 + 0.64 * 0.102
OWN, FLOOR, OFFTAKE = -0.028, 0.088, 0.018  # of 2033
TAIL = 0.512 * (OWN + FLOOR + OFFTAKE)


def seen(edit: Edit | None = None, **changes: Any) -> tuple[float, float]:
    """What the smelter earns in the horizon, and after it."""
    data, plan = workbook(**changes), plan_document()
    if edit:
        edit(plan)
    path = Path(data, read_books(data, plan), 1.0)
    smelter = data.projects["smelter"]
    return sum(earned(path, smelter, 2030)), tail(path, smelter, 2030)


def test_what_is_earned_in_the_plan_and_after_it() -> None:
    assert seen() == (pytest.approx(EARNED), pytest.approx(TAIL))


def test_it_must_earn_what_lenders_and_owners_put_in() -> None:
    """0.129216 in all: nine tenths of 0.1435 are 0.12915, of 0.144 they are 0.1296."""
    assert judged(keeps, **change("projects", "smelter", capex=0.1435)) == []
    found = judged(keeps, **change("projects", "smelter", capex=0.144))
    assert found == [("smelter 2030", "earned at its hurdle rate at least 0.1296 MUSD", "0.129216 MUSD")]


def test_a_plan_that_lets_it_stand_idle_is_caught() -> None:
    """All of it is bought elsewhere: it is still owed for 20 t, and earns nothing."""
    idle = put("plants", {"unit": "smelter", "year": 2032}, clean_t=0.0)
    found, _ = seen(idle, **change("projects", "smelter", capex=0.13))
    assert found == pytest.approx(EARNED - 0.64 * 0.03)
    assert [where for where, _, _ in judged(keeps, idle, **change("projects", "smelter", capex=0.13))] == [
        "smelter 2030"
    ]


def test_topups_count_from_the_planned_first_year_of_production_on() -> None:
    topped = put("plants", {"unit": "smelter", "year": 2031}, topup_musd=0.01)
    assert seen(topped)[0] == pytest.approx(EARNED + 0.8 * 0.01)
    early = add(
        "plants", "smelter", "project", "USA", "ore-oxide", 2030, 0.0, 0.0, 0.0, 0.0, 0.0, 0.5, 0.0, 0.0, 0.0, 0.0
    )
    assert seen(early)[0] == pytest.approx(EARNED)


def test_topups_of_an_earlier_build_count_for_a_later_one_too() -> None:
    """Decided again in 2031 it would produce in 2032; what is added in 2031 is for the first build."""
    data, plan = workbook(**change("projects", "smelter", max_builds=2)), plan_document()
    add("investments", "smelter", "USA", "private", 2031, 2032, 2034, 1, 40.0, 0.1, "support")(plan)
    put("plants", {"unit": "smelter", "year": 2031}, topup_musd=0.01)(plan)
    path = Path(data, read_books(data, plan), 1.0)
    amounts = earned(path, data.projects["smelter"], 2031)
    put("plants", {"unit": "smelter", "year": 2031}, topup_musd=0.0)(plan)
    without = earned(Path(data, read_books(data, plan), 1.0), data.projects["smelter"], 2031)
    assert amounts[0] - without[0] == pytest.approx(0.8 * 0.01)


def test_public_and_committed_projects_need_not() -> None:
    """The recycler is public; the smelter would be short."""
    dear = {"capex": 9.0}
    assert judged(keeps, **change("projects", "smelter", **dear, public=True)) == []
    assert judged(keeps, **change("projects", "smelter", **dear, committed_year=2030)) == []


def test_a_margin_after_the_horizon_counts_for_what_is_kept_open() -> None:
    """Lenders see 16 USD/kg: 7.8 on 40 t less 0.02; the floor is paid back 2 on 22 t; 17.6 for 18 t under contract."""
    bright = {"bank_price": {"ore": flat(kg(1.6)), "oxide": flat(kg(16)), "scrap": flat(kg(0.8))}}
    promised = -0.044 + 18 * 0.0016
    for kept in (1.0, 0.5, 0.0):
        edit = put("plants", {"unit": "smelter", "year": 2032}, kept=kept)
        assert seen(edit, **bright)[1] == pytest.approx(0.512 * (0.292 * kept + promised))
    free = bright | change("projects", "smelter", fixed_cost=0.0)
    edit = put("plants", {"unit": "smelter", "year": 2032}, kept=0.0)
    assert seen(edit, **free)[1] == pytest.approx(0.512 * (0.312 + promised))
    closed = put("plants", {"unit": "smelter", "year": 2032}, kept=0.0)
    assert seen(closed)[1] == pytest.approx(TAIL)  # a loss counts in full


def test_what_is_broken_at_the_end_is_no_promise() -> None:
    broken = {2030: True, 2031: True, 2032: False}
    no_floor = change("floors", "support", honoured=broken)
    assert seen(**no_floor)[1] == pytest.approx(0.512 * (OWN + OFFTAKE))
    no_offtake = change("contracts", "offtake", honoured=broken)
    assert seen(**no_offtake)[1] == pytest.approx(0.512 * (OWN + 40 * 0.004))
    foreseen = change("floors", "support", base_honoured={203001: True, 203201: False})
    assert seen(**foreseen)[1] == pytest.approx(0.512 * (OWN + OFFTAKE))


def test_debt_service_and_dividends_are_taken_out_and_what_is_put_in_is_not_asked_for() -> None:
    first, second = 0.5 * (0.06 - DS) + DS, 0.5 * (0.14 - DS) + DS
    found = seen(**deal())
    assert found[0] == pytest.approx(EARNED + 0.8 * (0.02 - first) + 0.64 * (0.04 - second))
    assert found[1] == pytest.approx(0.512 * (OWN - 0.5 * OWN + 0.5 * (FLOOR + 0.04 + OFFTAKE)))
    third = 0.05 / 1.952
    assert seen(**deal(loan_years=3))[1] == pytest.approx(found[1] - 0.512 * 0.5 * third)
    assert judged(keeps, **deal()) == []
    total = found[0] + found[1]  # of capex 0.1 all but 0.01 are put in
    assert judged(keeps, **deal(equity=0.04 - total - 1e-4)) != []


def test_the_audit_asks_it_of_a_plan_for_one_future() -> None:
    verdict = audit(workbook(**change("projects", "smelter", capex=0.144)), plan_document())
    assert "(26) earns its keep" in {f.rule for f in verdict.findings}


# --- several futures -------------------------------------------------------------------------------------------------


def two(leaves: int, capex: float) -> dict[str, PlanData]:
    """In the crisis oxide is at 9 USD/kg in 2032: 0.15 of value added, 22 x 3 of floor, 9.9 under contract: 0.0892."""
    low = {"price": {**workbook().price, "oxide": {2030: kg(10), 2031: kg(10), 2032: kg(9)}}}
    both = {name: replace(data, **change("projects", "smelter", capex=capex)) for name, data in futures(leaves).items()}
    crisis = timed(replace(workbook(**low), scenario=both["crisis"].scenario))
    return both | {"crisis": replace(both["crisis"], price=crisis.price)}


def short(leaves: int, capex: float) -> list[tuple[str, str]]:
    verdict = together(two(leaves, capex), joint_document())
    return [(f.where, f.found) for f in verdict.findings if f.rule == "(26) earns its keep"]


def test_a_shared_decision_is_judged_over_all_its_futures() -> None:
    """0.129216 less a quarter of 0.64 x 0.0128: 0.127168, against 0.9 of capex."""
    assert short(2032, 0.141) == []
    assert short(2032, 0.1415) == [("base: smelter 2030", "0.127168 MUSD")]


def test_decisions_of_futures_that_have_parted_are_judged_apart() -> None:
    """In the crisis alone 0.121024, of which its probability counts."""
    assert short(2030, 0.134) == []
    assert short(2030, 0.14) == [("crisis: smelter 2030", "0.030256 MUSD")]


def test_two_builds_must_earn_the_capex_of_two() -> None:
    """0.129216 in all, of one build's output: of two the nine tenths are missed already at half the capex."""
    twice = put("investments", {"project": "smelter"}, builds=2)
    for capex, asked in ((0.06, []), (0.08, ["smelter 2030"])):
        data = change("projects", "smelter", capex=capex, max_builds=2)
        assert [where for where, _, _ in judged(keeps, twice, **data)] == asked


def test_a_contract_counts_in_its_tenor_and_while_lenders_believe_in_it() -> None:
    """Two years more of life, in which nothing is under contract; or nothing is, after 2032: the floor has it all."""
    longer = change("projects", "smelter", life_years=5)
    assert seen(**longer)[1] == pytest.approx(TAIL + (0.4096 + 0.32768) * OWN)
    foreseen = change("contracts", "offtake", base_honoured={203001: True, 203201: False})
    assert seen(**foreseen)[1] == pytest.approx(0.512 * (OWN + 40 * 0.004))


def test_what_is_put_in_later_is_worth_less_at_the_start() -> None:
    """9 MUSD in 2031 are 7.2 in 2030; the package is of another decision."""
    late = put("investments", {"project": "smelter"}, decision_year=2031)
    ((_, asked, _),) = judged(keeps, late, **change("projects", "smelter", capex=9.0))
    assert asked == "earned at its hurdle rate at least 7.2 MUSD"
