"""A joint tree on which every rule has a row and every cost term a cost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.rules.tiny_data import (
    budget,
    cap,
    contract,
    floor,
    fork,
    lane,
    market,
    plan,
    plant,
    project,
    scenario,
    sector,
    stockpile,
    substitution,
)

from lodestone.data.plan_data import PlanData, Return
from lodestone.data.tree import Branch, with_branches
from lodestone.rules.build import Built, build


def everything() -> Built:
    parts: dict[str, Any] = {
        "plants": [
            plant("refinery", whole_plant=True, spot_share=0.5, operating_cost=0.06, fixed_cost=0.5,
                  capacity=(80.0, 100.0, 100.0)),
            plant("state_mine", recipe={"ore": 1.0}, at_market=False),
        ],
        "projects": [
            project("mine", recipe={"ore": 1.0}, public=True, capex=9.0, fixed_cost=1.0, operating_cost=0.01,
                    group="site"),
            project("mill", recipe={"ore": -2.0, "oxide": 1.0}, requires="mine", capex=50.0, lead_years=1,
                    fixed_cost=0.1),
            project("short", recipe={"ore": -2.0, "oxide": 1.0}, public=True, life_years=1, max_builds=2),
        ],
        "floors": [
            floor("f", "mill", capex_grant_share=0.3, tenor_years=9),
            floor("deal", "mill", tenor_years=9, credit=0.01, equity=10.0, equity_share=0.2, loan_share=0.2),
        ],
        "contracts": [
            contract("built", "mill", min_t=5.0, take_or_pay_share=0.5, signing_fee=1.0, fixed=True, fixed_price=0.09,
                     tenor_years=9),
            contract("made", "refinery"),
        ],
        "markets": [
            market("ore_china", "ore", "China"),
            market("ore_home", "ore", volume=50.0, spot_share=0.4),
            market("oxide_china", "oxide", "China"),
            market("buyer", "oxide", "Home", buys=False, volume=70.0),
        ],
        "lanes": {("ore", "China", "Home"): lane(0.001, 0.1, 500.0), ("oxide", "China", "Home"): lane(0.001, 0.1)},
        "sectors": [replace(sector("defence", 5.0, 0.9), secure_share=0.95)],
        "demand": {("Home", "defence", "oxide"): 100.0},
        "substitution": [
            replace(
                substitution("thrift", "defence", 0.2, 0.1), requires="mine", ramp_share_per_yr=0.05, keep_share=0.5
            )
        ],
        "returns": (Return("defence", "oxide", "ore", 0.1, 1, clean=False),),
        "stockpiles": [stockpile("reserve", opening=(10.0, 5.0), max_fill=30.0, max_release=30.0, days=36.5,
                                 holding_cost=0.001, least_t=2.0)],
        "caps": [cap("oxide_cap", 0.6), cap("ore_cap", 0.7, "ore"), cap("defence_cap", 0.8, sector="defence")],
        "budgets": [budget("all", "capex grants floors fees stockpile", 100.0, carry_over=True)],
    }  # fmt: skip
    parts["risk_weight"] = 0.2
    parts["trade"] = {("oxide", "China", "Home"): 50.0, ("ore", "China", "Home"): 50.0}
    shock = plan(**parts, price={"oxide": (0.06, 0.05, 0.055)}, scenario=scenario(emergency=(2031, 2032)))
    cut = plan(**parts, scenario=scenario("cut"))
    tree = fork(resourced(plan(**parts)), resourced(shock))
    return build(with_branches(tree, [Branch("base", ("cut",), resourced(cut))]))


def resourced(data: PlanData) -> PlanData:
    """Suppliers of ore and oxide cannot be changed at will."""
    rows = {m: replace(row, resourcing_share=0.3) for m, row in data.materials.items()}
    return replace(data, materials=rows)
