"""A plan for two futures: the tiny plan in the crisis, and the same in a base that asks for no cover in 2032."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.audit.tiny_futures import COST, LIKELY, futures, joint_document
from tests.audit.tiny_plan import EXPECTED_COST, broken, missed, plan_document
from tests.audit.tiny_workbook import kg, workbook

from lodestone.audit import Audit, audit, audit_joint, others_beside
from lodestone.audit.books import Beside
from lodestone.audit.joint import (
    NEVER,
    Plan,
    _alike,
    _keeps,
    _means,
    _objective,
    _shared,
    future_alone,
    merged,
    parting,
)
from lodestone.audit.verdict import MUSD, NAME, TONNES, AuditLine, Finding
from lodestone.data.plan_data import BASE, Scenario
from lodestone.plan.tables import TABLES

TOGETHER = {"futures", "shared decisions", "expected cost", "risk"}


def rows(plan: dict[str, Any], table: str, **key: Any) -> list[dict[str, Any]]:
    return [r for r in plan["tables"][table] if all(r[k] == v for k, v in key.items())]


def ore_for_nothing(future: str, year: int) -> Callable[[dict[str, Any]], None]:
    """In one future and year China buys 1 t of ore more, for 2 USD/kg, and throws it away; all figures follow."""

    def edit(plan: dict[str, Any]) -> None:
        own, discount = {"scenario": future, "year": year}, 0.8 ** (year - 2030)
        (bought,) = rows(plan, "markets", market="ore_desk", **own)
        (balance,) = rows(plan, "balance", region="CHN", material="ore", **own)
        (cost,) = rows(plan, "costs", term="market_purchases", **own)
        bought["t"] += 1
        balance.update(made_t=balance["made_t"] + 1, discarded_t=1.0)
        cost.update(musd=cost["musd"] + 0.002, discounted_musd=cost["discounted_musd"] + 0.002 * discount)
        more = 0.002 * discount
        plan["futures"][future] += more
        plan["costs_musd"]["market_purchases"] += LIKELY[future] * more
        plan["expected_cost_musd"] += LIKELY[future] * more
        weight = {"crisis": 0.625, "base": 0.375}[future]
        plan["cvar_musd"] += weight * more
        plan["objective_musd"] += (0.8 * LIKELY[future] + 0.2 * weight) * more

    return edit


def trader_asked(plan: dict[str, Any]) -> None:
    """1 t from the trader in 2030 in the base, at 12 USD/kg: rows that the crisis does not have at all."""
    plan["tables"]["markets"].append(
        {"scenario": "base", "market": "trader", "side": "buy", "region": "USA", "material": "oxide", "year": 2030,
         "stream": "exposed", "t": 1.0, "price_usd_per_kg": 12.0}
    )  # fmt: skip
    plan["tables"]["balance"].append(
        {"scenario": "base", "region": "USA", "material": "oxide", "year": 2030, "stream": "exposed", "made_t": 1.0,
         "shipped_t": 0.0, "discarded_t": 1.0}
    )  # fmt: skip
    (cost,) = rows(plan, "costs", term="market_purchases", scenario="base", year=2030)
    cost.update(musd=cost["musd"] + 0.012, discounted_musd=cost["discounted_musd"] + 0.012)
    plan["futures"]["base"] += 0.012
    plan["costs_musd"]["market_purchases"] += 0.009
    plan["expected_cost_musd"] += 0.009
    plan["cvar_musd"] = plan["futures"]["base"]  # now the dearer one, and more likely than the tail
    plan["objective_musd"] = 0.8 * plan["expected_cost_musd"] + 0.2 * plan["cvar_musd"]


def more(figure: str) -> Callable[[dict[str, Any]], None]:
    return lambda plan: plan.__setitem__(figure, plan[figure] + 0.01)


def judged(edit: Callable[[dict[str, Any]], None], **changes: Any) -> Audit:
    plan = copy.deepcopy(joint_document())
    edit(plan)
    return audit_joint(futures(**changes), plan)


def test_a_right_plan_for_two_futures_passes() -> None:
    verdict = audit_joint(futures(), joint_document())

    assert verdict.ok, "\n".join(map(str, verdict.findings))
    assert {line.rule for line in verdict.lines} >= TOGETHER | {"(1) made", "costs"}
    assert "objective" not in {line.rule for line in verdict.lines}  # of one future: it is not the plan's
    assert all(line.ok and line.checked > 0 for line in verdict.lines)
    (demand,) = (line for line in verdict.lines if line.rule == "(4) demand")
    assert demand.checked == 12  # two demands, three years, two futures


def test_what_is_wrong_in_one_future_is_found_and_names_it() -> None:
    def edit(plan: dict[str, Any]) -> None:
        rows(plan, "returns", scenario="crisis", year=2032, stream="clean")[0]["t"] = 3.0

    verdict = judged(edit)

    assert broken(verdict) == {"(1) returns"}
    assert [f.where for f in verdict.findings] == ["crisis: USA/scrap 2032 clean"]


TAMPERED: dict[str, tuple[Callable[[dict[str, Any]], None], set[str]]] = {
    "a future that nobody foresees": (lambda plan: plan["futures"].update(other=1.0), {"futures"}),
    "a probability of it": (lambda plan: plan["probabilities"].update(other=0.0), {"futures"}),
    "rows of it": (
        lambda plan: plan["tables"]["returns"].append(plan["tables"]["returns"][0] | {"scenario": "other"}),
        {"futures"},
    ),
    "other probabilities": (lambda plan: plan["probabilities"].update(base=0.7, crisis=0.3), {"futures"}),
    "the base buys more before they part": (ore_for_nothing("base", 2031), {"shared decisions"}),
    "the crisis buys more before they part": (ore_for_nothing("crisis", 2030), {"shared decisions"}),
    "the base alone trades in the first year": (trader_asked, {"shared decisions"}),
    "the crisis buys more once they have parted": (ore_for_nothing("crisis", 2032), set()),
    "the base buys more once they have parted": (ore_for_nothing("base", 2032), set()),
    "a higher expected cost": (more("expected_cost_musd"), {"expected cost", "risk"}),
    "a higher CVaR": (more("cvar_musd"), {"risk"}),
    "a higher objective": (more("objective_musd"), {"risk"}),
    "more revenue": (more("tariff_revenue_musd"), {"expected cost"}),
    "a term left out": (lambda plan: plan["costs_musd"].pop("freight"), {"expected cost"}),
    "a term at its cost in one future": (
        lambda plan: plan["costs_musd"].update(owed_beyond_horizon=0.64 * (0.062 / 1.25 + 0.0062)),
        {"expected cost"},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("edit", "rules"), TAMPERED.values(), ids=TAMPERED.keys())
def test_tampering_with_what_futures_share_is_found(edit: Callable[[dict[str, Any]], None], rules: set[str]) -> None:
    assert broken(judged(edit)) == rules


def test_a_difference_says_where_it_is() -> None:
    (finding, *_) = judged(ore_for_nothing("base", 2031)).findings

    assert finding == Finding("shared decisions", "markets ore_desk/2031/exposed crisis", "t 23 t", "22 t")


def test_a_row_in_one_future_only_says_so() -> None:
    found = {(f.where, f.expected, f.found) for f in judged(trader_asked).findings}

    assert ("markets trader/2030/exposed crisis", "a row in every future", "none in one of them") in found


def test_the_year_in_which_a_future_leaves_is_its_own() -> None:
    """It leaves in 2031: nothing but 2030 is shared."""
    assert judged(ore_for_nothing("base", 2031), leaves=2031).ok
    assert broken(judged(ore_for_nothing("base", 2030), leaves=2031)) == {"shared decisions"}


def test_without_a_base_futures_are_held_against_the_last_to_leave() -> None:
    data = futures()
    late = replace(data["base"], scenario=Scenario("base case", 0.75, 2032, None, None, 0))
    early = replace(data["crisis"], scenario=Scenario("crisis", 0.25, 2031, 2032, 2032, 0))

    def renamed(edit: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
        plan = joint_document()
        edit(plan)
        for part in ("futures", "probabilities"):
            plan[part]["base case"] = plan[part].pop("base")
        for table in plan["tables"].values():
            for r in table:
                r["scenario"] = "base case" if r["scenario"] == "base" else r["scenario"]
        return plan

    both = {"base case": late, "crisis": early}
    assert audit_joint(both, renamed(ore_for_nothing("base", 2031))).ok  # the crisis is on its own from 2031
    assert broken(audit_joint(both, renamed(ore_for_nothing("base", 2030)))) == {"shared decisions"}


def test_tariffs_that_are_not_counted_are_revenue_all_the_same() -> None:
    plan = joint_document()
    tariffs = plan["costs_musd"]["tariffs"]
    plan["costs_musd"]["tariffs"] = 0.0
    for figure in ("expected_cost_musd", "cvar_musd", "objective_musd"):
        plan[figure] -= tariffs
    for name in COST:
        plan["futures"][name] -= tariffs

    verdict = audit_joint(futures(tariffs_counted=False), plan)

    assert verdict.ok, "\n".join(map(str, verdict.findings))


def line(rule: str, worst: float, unit: str, tolerance: float, ok: bool = True, checked: int = 1) -> AuditLine:
    return AuditLine(rule, "meaning", checked, worst, unit, tolerance, ok)


def test_the_line_of_several_futures_shows_the_worst_in_tolerances() -> None:
    """2e-5 MUSD is two tolerances, 5e-5 t half of one; of names, judged without a tolerance, the wrong one."""
    one = Audit((line("a", 2e-5, MUSD, 1e-5, ok=False, checked=3), line("b", 0.0, NAME, 0.0)), ())
    two = Audit((line("a", 5e-5, TONNES, 1e-4, checked=4), line("b", 1.0, NAME, 0.0, ok=False)), ())

    both = merged({"one": one, "two": two})

    assert both.lines == (
        line("a", 2e-5, MUSD, 1e-5, ok=False, checked=7),
        line("b", 1.0, NAME, 0.0, ok=False, checked=2),
    )


def test_a_future_that_does_not_say_when_it_leaves_leaves_at_once() -> None:
    data, base = workbook(), workbook(scenario=BASE)
    known = {BASE.name: BASE, "crisis": data.scenario}
    assert parting(known, data, base) == parting(known, base, data) == 203201
    at_once = replace(data, scenario=replace(data.scenario, from_year=None))
    assert parting(known, at_once, base) == 203001
    assert parting(known, data, data) == NEVER


def test_every_difference_of_a_table_is_found() -> None:
    """A row that one future lacks, a figure that is blank in one, another name, another amount; 2032 is not shared."""
    row = {"stockpile": "a", "year": 2030, "stock_t": 1.0, "days_of_cover": 7.0, "suspended": "no"}
    columns = {c.name for c in TABLES["stockpile"].columns}
    row |= {name: 0.0 for name in columns - row.keys()}
    own = {("a", 2030): row, ("b", 2030): row, ("c", 2031): row | {"year": 2031}, ("d", 2032): row | {"year": 2032}}
    other = {
        ("b", 2030): row | {"days_of_cover": None, "suspended": "yes", "stock_t": 1.5},
        ("c", 2031): row | {"year": 2031, "stock_t": 1.00001},
    }

    found = missed(_alike("stockpile", "crisis", 203201, own, other))

    assert found == [
        ("stockpile a/2030 crisis", "a row in every future", "none in one of them"),
        ("stockpile b/2030 crisis", "stock_t 1.5 t", "1 t"),
        ("stockpile b/2030 crisis", "days_of_cover None", "7.0"),
        ("stockpile b/2030 crisis", "suspended 'yes'", "'no'"),
    ]


def test_a_future_alone_is_a_plan_of_its_own() -> None:
    alone = future_alone(joint_document(), "crisis", futures()["crisis"])

    assert alone["tables"] == plan_document()["tables"]
    assert {k: v for k, v in alone.items() if k != "tables"} == {
        "scenario": "crisis",
        **{total: pytest.approx(EXPECTED_COST) for total in ("objective_musd", "expected_cost_musd")},
        "tariff_revenue_musd": pytest.approx(plan_document()["tariff_revenue_musd"]),
        "costs_musd": pytest.approx(plan_document()["costs_musd"]),
    }


def test_what_is_wrong_with_probabilities_and_terms_is_said_once() -> None:
    def found(edit: Callable[[dict[str, Any]], None], **changes: Any) -> list[tuple[str, str, str]]:
        return [(f.where, f.expected, f.found) for f in judged(edit, **changes).findings]

    assert found(lambda plan: plan["probabilities"].update(other=0.0)) == [
        ("probabilities", "base, crisis", "base, crisis, other")
    ]
    assert found(lambda plan: plan["futures"].update(other=0.0)) == [("futures", "base, crisis", "base, crisis, other")]
    assert found(lambda plan: plan["probabilities"].update(base=0.7, crisis=0.3)) == [
        ("base", "probability 0.75 share", "0.7 share"), ("crisis", "probability 0.25 share", "0.3 share"),
    ]  # fmt: skip
    assert found(lambda plan: plan["costs_musd"].pop("shortage")) == [
        ("shortage", "discounted total 0.3 MUSD", "0 MUSD")
    ]


def test_a_scenario_without_a_probability_has_none() -> None:
    data = futures()
    data["crisis"] = replace(data["crisis"], scenario=replace(data["crisis"].scenario, probability=None))

    found = {(f.where, f.expected) for f in audit_joint(data, joint_document()).findings}

    assert found == {("base", "probability 1 share"), ("crisis", "probability 0 share")}


def test_sums_over_futures_are_judged_by_the_largest_of_them() -> None:
    """A future of 4000 MUSD and one of -4000, a term of 5000: their means may be a millionth of that off."""
    document = joint_document() | {"futures": {"base": -4000.0, "crisis": 4000.0}}
    document["costs_musd"]["shortage"] = 5000.0
    plan = Plan(futures(), document, {})

    *_, expected_cost = _means(workbook(), plan)
    cvar, objective = _objective(workbook(risk_weight=0.2, risk_tail=0.4), plan)

    assert expected_cost.tolerance == pytest.approx(1e-5 + 5e-3)
    assert (cvar.tolerance, objective.tolerance) == pytest.approx((1e-5 + 4e-3, 1e-5 + 4e-3))


def test_tariffs_that_one_future_alone_counts_are_in_its_cost_alone() -> None:
    """The base does not count them: its cost, the mean and CVaR are lower, the revenue is not."""
    plan = joint_document()
    tariffs = plan["costs_musd"]["tariffs"]  # the same in both futures
    plan["costs_musd"]["tariffs"] = 0.25 * tariffs
    plan["futures"]["base"] -= tariffs
    plan["expected_cost_musd"] -= 0.75 * tariffs
    plan["cvar_musd"] -= 0.15 / 0.4 * tariffs
    plan["objective_musd"] -= (0.8 * 0.75 + 0.2 * 0.15 / 0.4) * tariffs
    data = futures()
    data["base"] = replace(data["base"], tariffs_counted=False)

    verdict = audit_joint(data, plan)

    assert verdict.ok, "\n".join(map(str, verdict.findings))
    assert not audit_joint(futures(), plan).ok


def test_the_workbook_says_whether_tariffs_are_counted() -> None:
    """What the plan says of its settings is not asked."""
    assert audit_joint(futures(), joint_document() | {"settings": {"tariffs_counted": False}}).ok


def test_a_rule_that_fails_in_one_future_fails() -> None:
    """Though what another future shows is worse, and tolerated there."""
    one = Audit((line("a", 9e-6, MUSD, 1e-5),), ())
    two = Audit((line("a", 0.0, MUSD, 1e-5, ok=False),), ())

    assert merged({"one": one, "two": two}).lines == (line("a", 9e-6, MUSD, 1e-5, ok=False, checked=2),)


def test_what_lenders_see_may_differ_and_a_table_may_be_missing() -> None:
    document = joint_document()
    rows(document, "bankability", scenario="base", project="spare")[0]["gap_musd"] += 1.0
    del document["tables"]["committed"]

    assert missed(_shared(workbook(), Plan(futures(), document, {}))) == []


def test_rows_with_keys_of_several_kinds_are_compared() -> None:
    row = {c.name: 0.0 for c in TABLES["stockpile"].columns} | {"year": 2030}

    assert len(missed(_alike("stockpile", "crisis", 203201, {(None, 2030): row, ("a", 2030): row}, {}))) == 2


def test_every_decision_earns_its_keep_once() -> None:
    """Smelter and spare are decided in 2030, in both futures; the public recycler between them need not."""
    document = joint_document()
    for name in COST:
        spare = rows(document, "investments", scenario=name, project="smelter")[0] | {"project": "spare"}
        document["tables"]["investments"].append(spare)

    found = [check.where for check in _keeps(workbook(), Plan(futures(), document, {}))]

    assert found == ["base: smelter 2030", "base: spare 2030"]


def test_a_parent_that_is_no_future_of_the_plan_is_known() -> None:
    """The crisis parts in 2032 from a storm that parts from the base in 2031: 2030 is shared, if that is known."""
    data, plan = futures(), copy.deepcopy(joint_document())
    data["crisis"] = replace(data["crisis"], scenario=replace(data["crisis"].scenario, parent="storm"))
    ore_for_nothing("base", 2030)(plan)
    storm = Scenario("storm", None, 2031, None, None, 0)

    assert broken(audit_joint(data, plan, {"storm": storm})) == {"shared decisions"}
    assert audit_joint(data, plan).ok


def test_each_future_is_held_against_the_one_from_which_it_parts_last() -> None:
    """The alarm parts from the base in 2032, from the crisis in 2031: what it has in 2031 is what the base has."""
    data, document = futures(leaves=2031), joint_document()
    data["alarm"] = replace(data["base"], scenario=Scenario("alarm", 0.0, 2032, None, None, 0))
    for table in document["tables"].values():
        table += [r | {"scenario": "alarm"} for r in table if r["scenario"] == "base"]
    (bought,) = rows(document, "markets", scenario="alarm", market="ore_desk", year=2031)
    bought["t"] += 1

    found = missed(_shared(workbook(), Plan(data, document, {n: d.scenario for n, d in data.items()})))

    assert found == [("markets ore_desk/2031/exposed alarm", "t 22 t", "23 t")]


def test_a_future_sees_the_others_and_from_when_on_they_differ() -> None:
    data = futures()
    (other,) = others_beside(data, "crisis", {})

    assert (other.data.scenario, other.parts) == (BASE, 203201)


def test_what_lacks_in_one_future_costs_by_the_prices_of_those_that_go_on_from_there() -> None:
    """0.62 t in 2031: 0.1 for holding, a quarter of 10 for interest, a tenth of 10 lost; in 2032 oxide may cost 5."""
    plan = plan_document()
    rows(plan, "stockpile", year=2031)[0]["lacking_t"] = 0.62
    cheap = workbook(price={**workbook().price, "oxide": {2030: kg(10), 2031: kg(10), 2032: kg(5)}})

    verdict = audit(workbook(), plan, alone=False, beside=[Beside(cheap, 203201)])

    (cost,) = (f.expected for f in verdict.findings if (f.rule, f.where) == ("costs", "lacking_cover 2031"))
    assert cost == f"cost {0.62 * kg(0.1 + 2.5 + 1 + 5):.10g} MUSD"

    document = joint_document()
    rows(document, "stockpile", scenario="crisis", year=2031)[0]["lacking_t"] = 0.62
    verdict = audit_joint({**futures(), "base": replace(futures()["base"], price=cheap.price)}, document)

    (of_crisis,) = (f.expected for f in verdict.findings if f.where == "crisis: lacking_cover 2031")
    assert of_crisis == cost
