"""The examples that users start from: the tutorial's optimum by hand, and the real case end to end."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lodestone.plan.plan import Plan
from lodestone.solve.effort import Effort
from lodestone.solve.one_scenario import solve_scenario
from lodestone.workbook.inputs import load

ROOT = Path(__file__).parents[2]
TUTORIAL = ROOT / "inputs" / "tutorial.xlsx"


def tutorial(scenario: str = "base", *sets: str) -> Plan:
    return solve_scenario(load(TUTORIAL, sets), scenario, effort=Effort(gap=1e-9))


def test_tutorial_is_the_optimum_worked_out_by_hand():
    """docs/tutorial.md, step 3: the sums of the four years, and each term over all of them."""
    plan = tutorial()
    assert plan.status == "optimal"
    assert plan.objective_musd == pytest.approx(64.08 + 64.08 + 68.47 + 61.70, abs=1e-6)
    terms = {term: musd for term, musd in plan.costs_musd.items() if musd}
    assert terms == pytest.approx(
        {
            "market_purchases": 60 + 60 + 37.8 + 30,
            "freight": 1 + 1 + 0.63 + 0.5,
            "tariffs": 3 + 3 + 1.89 + 1.5,
            "payments_to_units": (8.6 + 17.2) + (10 + 20),
            "topups": 2.15 + 2.5,
            "stock_holding": 0.08 + 0.08 + 0.2 + 0.2,
            "stock_credit": -3,
        },
        abs=1e-6,
    )
    assert [(r["project"], r["decision_year"]) for r in plan.tables["investments"]] == [("private_refinery", 2027)]


def test_tutorial_embargo_is_the_optimum_worked_out_by_hand():
    """The private refinery misses 7 - 6 / 1.25 - 4 / 1.25^3 and earns it two years later, at 30 USD/kg."""
    plan = tutorial("embargo")
    oxide = (7 - 6 * 0.8 - 4 * 0.512) / 0.64 / 30 * 1000
    magnets = oxide / 0.4
    in_2028 = 28.5 + 32.5 + 0.2 + 0.6
    in_2029 = 28.5 + 0.064 * (460 - magnets) + 0.065 * magnets + 6 + 0.2 + 0.6 - 28.8 - 3
    assert plan.objective_musd == pytest.approx(64.08 + 100.08 + in_2028 + in_2029, abs=1e-6)


@pytest.mark.parametrize(
    ("change", "musd"),
    [
        ("ChinaShare/magnet_cap/2029=0.6", 258.224),
        ("Projects/public_refinery/capex_musd=30", 257.6),
        ("ChinaShare/magnet_cap/2029=0.4", 258.636),
    ],
)
def test_tutorial_variants_end_where_the_page_says(change: str, musd: float):
    assert tutorial("base", change).objective_musd == pytest.approx(musd, abs=1e-6)
    assert f"{musd:g}" in (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")


def test_the_page_names_the_optimum():
    page = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    assert re.findall(r"= (\d+\.\d{6}) MUSD", page) == ["258.330000", "258.919792"]


@pytest.mark.long  # .ci/run solves it, by the README's first command
def test_rare_earth_example_builds_abroad_within_every_cap_and_uses_floors_and_contracts():
    """At its own gap."""
    inputs = load(ROOT / "inputs" / "rare_earth_magnets.xlsx")
    plan = solve_scenario(inputs)
    tables = plan.tables
    concern = {key for (key,), row in inputs.tables().records["Regions"].items() if row["of_concern"]}
    assert [row for row in tables["investments"] if row["region"] not in concern]
    assert tables["china_share"]
    assert all(row["share"] <= row["limit"] + 1e-6 for row in tables["china_share"])
    assert any(row["limit"] < 1 and row["share"] >= row["limit"] - 1e-6 for row in tables["china_share"])
    assert any(row["sector"] == "defence" and row["limit"] == 0 for row in tables["china_share"])
    assert len(tables["price_floors"]) >= 2
    assert {row["kind"] for row in tables["committed"]} == {"project", "floor", "contract"}  # what is signed already
    assert any(row["taken_t"] > 0 for row in tables["contract_years"])
    assert all(line["ok"] for line in plan.audit)


@pytest.mark.slow
def test_example_for_scale_leaves_no_shortage_beyond_its_gap_and_keeps_every_cap():
    """At a wide gap, to be quick; docs/critical_minerals.md says what its own gap of 1e-4 takes."""
    inputs = load(ROOT / "inputs" / "critical_minerals.xlsx")
    plan = solve_scenario(inputs, effort=Effort(gap=0.002))
    tables = plan.tables
    assert plan.costs_musd["shortage"] <= plan.gap * plan.objective_musd + 1e-6
    assert all(row["share"] <= row["limit"] + 1e-6 for row in tables["china_share"])
    at_the_limit = {row["material"] for row in tables["china_share"] if row["share"] >= row["limit"] - 1e-6 > 0}
    assert {"gr_anode", "magnet"} <= at_the_limit, "caps that bind nowhere plan nothing"
    assert tables["investments"]
    assert not plan.warnings
    assert all(line["ok"] for line in plan.audit)
