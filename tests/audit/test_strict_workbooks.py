"""The same plan against a workbook that does not allow it."""

from __future__ import annotations

from typing import Any

import pytest
from tests.audit.tampered import TAMPERED
from tests.audit.tiny_plan import (
    COST_RULES,
    broken,
    plan_document,
)
from tests.audit.tiny_workbook import change, flat, kg, lane, workbook

from lodestone.audit import OF_ONE_FUTURE, RULES, audit
from lodestone.data.plan_data import Scenario

FORBIDDEN: dict[str, tuple[dict[str, Any], set[str]]] = {
    "decided before its window": (change("projects", "smelter", earliest_year=2031), {"decisions"}),
    "decided after its window": (change("projects", "recycler", latest_year=2030), {"decisions"}),
    "more copies than allowed": (change("projects", "recycler", max_builds=0), {"alternatives"}),
    "two of a group": (change("projects", "smelter", group="west"), {"alternatives"}),
    "without what it requires": (change("projects", "recycler", requires="spare"), {"alternatives"}),
    "a floor for a project with copies": (change("projects", "smelter", max_builds=2), {"floor awards"}),
    "a project that lenders refuse": (
        change("projects", "smelter", fixed_cost=0.04),
        {"(10) bankability", "(10) gaps", "(25) fixed cost"},
    ),
    "a project that does not earn its keep": (
        {**change("projects", "smelter", capex=0.155), **change("floors", "support", capex_grant_share=2 / 31)},
        {"investments", "(10) bankability", "(10) gaps"},
    ),
    "an owner of concern": (change("plants", "pilot", of_concern=True), {"(3) colour"}),
    "a mine of concern": (change("plants", "mine", of_concern=True), {"(3) colour"}),
    "a plant smaller than its use": (
        change("plants", "mine", capacity=flat(75), base_capacity=flat(75)),
        {"(8) capacity", "(5) capacity", "(5) access", "use of plants"},
    ),
    "capacity that only contracts open": (change("projects", "smelter", spot_share=0.2), {"(5) access"}),
    "an unlimited market without a contract": (change("markets", "ore_desk", spot_share=0.0), {"(5) markets"}),
    "a market that takes less": (change("markets", "sink", volume=flat(3)), {"(5) markets"}),
    "a clean market": (change("markets", "ore_desk", exposed=False), {"(3) colour"}),
    "a narrow lane": (lane(capacity=flat(25)), {"lanes"}),
    "a closed lane": (
        {"lanes": {key: value for key, value in workbook().lanes.items() if key[1] == key[2]}},
        {"lanes", "tariff revenue"} | COST_RULES,
    ),
    "a sector that must be served": (change("sectors", "civil", min_service_share=0.9), {"(4) service"}),
    "less to design out": (change("substitution", "ferrite", share=flat(0.05)), {"(4) substitution"}),
    "signed before the window": (change("contracts", "offtake", earliest_year=2031), {"contract signing"}),
    "a contract too small": (change("contracts", "offtake", min_t=25.0), {"contract signing"}),
    "a contract too large": (change("contracts", "offtake", max_t=15.0), {"contract signing"}),
    "contracts beyond the supplier": (change("plants", "mine", base_capacity=flat(20)), {"contract volumes"}),
    "an index contract too dear": (
        change("contracts", "trade", price_max=kg(10)),
        {"contract years"} | COST_RULES,
    ),
    "a small store": (change("stockpiles", "reserve", capacity=15.0), {"stock limits"}),
    "slow to fill": (change("stockpiles", "reserve", max_fill=1.0), {"stock limits"}),
    "slow to release": (change("stockpiles", "reserve", max_release=4.0), {"stock limits"}),
    "more days of cover": (
        change("stockpiles", "reserve", days={2030: None, 2031: 146.0, 2032: 73.0}),
        {"(13) cover", "stockpile table"},
    ),
    "no emergency": (
        {"scenario": Scenario("crisis", None, 2032, None, None, 0)},
        {"(13) cover", "stockpile table"},
    ),
    "a tighter cap": (
        change("caps", "all", share={2030: None, 2031: None, 2032: 0.6}),
        {"China share", "China share table"},
    ),
    "a ban": (change("caps", "ban", sector="civil"), {"labels", "China share", "China share table", "(13) cover"}),
    "money that cannot be carried over": (
        change("budgets", "treasury", carry_over=False, limit={2030: 0.2, 2031: 0.5, 2032: 0.4}),
        {"budgets", "budgets table"},
    ),
    "money for stocks": (
        change("budgets", "small", limit={2030: 0.05, 2031: 0.01, 2032: 0.05}),
        {"budgets", "budgets table"},
    ),
    "money that does not last": (
        change("budgets", "treasury", limit={2030: 0.2, 2031: 0.8, 2032: 0.02}),
        {"budgets table", "budgets later"},
    ),
    "another discount rate": (
        {"discount_rate": 0.2},
        {"discounting", "tariff revenue"} | COST_RULES,
    ),
    "a mine that costs a fixed sum": (change("plants", "mine", fixed_cost=0.05), {"(25) closing"}),
    "China was less of a supplier": ({"trade": {("oxide", "CHN", "USA"): 25.0}}, {"(23) suppliers"}),
    "designing out takes longer": (change("substitution", "ferrite", ramp_share_per_yr=0.05), {"(4) pace"}),
    "a project that needs no package": (
        {"bank_price": {"ore": flat(0), "oxide": flat(kg(8)), "scrap": flat(kg(0.8))}},
        {"(10) on offer", "(10) gaps", "(10) least floor"},
    ),
    "tariffs not counted": ({"tariffs_counted": False}, {"totals", "objective"}),
}


@pytest.mark.parametrize(("changes", "rules"), FORBIDDEN.values(), ids=FORBIDDEN.keys())
def test_what_the_workbook_forbids_is_found(changes: dict[str, Any], rules: set[str]) -> None:
    assert broken(audit(workbook(**changes), plan_document())) == rules


def test_every_rule_has_a_tampering_that_it_finds() -> None:
    caught = set().union(*(rules for _, rules in (*TAMPERED.values(), *FORBIDDEN.values())))

    assert caught | {"(12) release"} == {"tables", "names"} | {r.name for r in (*RULES, *OF_ONE_FUTURE)}
