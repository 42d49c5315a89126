"""A year in halves: what is a rate, what is of the year, and what futures share that part within it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.audit.half_years import EXPECTED_COST, LATE, NEXT, ROWS, TIMES, halves, in_halves
from tests.audit.tiny_plan import COST_RULES, Edit, broken, drop, missed, put
from tests.audit.tiny_workbook import kg

from lodestone.audit import audit, audit_joint
from lodestone.audit.books import Beside, read_books, time_in, when
from lodestone.audit.cost_items import lacking_cost
from lodestone.audit.demand import pace
from lodestone.audit.joint import parting
from lodestone.audit.stockpiles import consumption
from lodestone.data.plan_data import BASE, PlanData, Scenario, Substitution

H1, H2, Y2 = ({"year": time // 100, "month": time % 100} for time in TIMES)
DEAL, CHINA = {"contract": "deal"}, {"from_region": "CHN"}


def test_a_right_plan_of_half_years_passes() -> None:
    verdict = audit(halves(), in_halves())

    assert verdict.ok, "\n".join(map(str, verdict.findings))


def test_a_period_is_written_by_its_year_or_its_first_month() -> None:
    assert [when(halves(), time) for time in TIMES] == ["2030-01", "2030-07", "2031"]
    assert (time_in({"year": 2030, "month": 7}), time_in({"year": 2030})) == (203007, 203001)


def both(*edits: Edit) -> Edit:
    def edit(plan: dict[str, Any]) -> None:
        for each in edits:
            each(plan)

    return edit


TAMPERED: dict[str, tuple[Edit, set[str]]] = {
    "a month is missing": (lambda plan: plan["tables"]["markets"][0].pop("month"), {"tables"}),
    "a month in words": (put("markets", {"market": "export", **H1}, month="January"), {"tables"}),
    "a month in a table by year": (put("budgets", {"year": 2030}, month=1), {"tables"}),
    "no period begins then": (put("markets", {"market": "export", **H1}, month=4), {"names"}),
    "a whole year is not cut": (put("markets", {"market": "export", **Y2}, month=7), {"names"}),
    "a half is left out": (drop("stockpile", **H2), {
        "complete tables", "(12) stock", "(13) cover", "(1) made", "(1) balance"} | COST_RULES),
    "demand of a year in a half": (
        put("demand", {"sector": "civil", **H1}, demand_t=30.0), {"(4) demand table"},
    ),
    "demand of a half unmet": (put("demand", {"sector": "civil", **H2}, short_t=0.0), {"(4) demand"} | COST_RULES),
    "capacity of a year in a half": (put("plants", H1, capacity_t=20.0), {"(8) capacity"}),
    "a mine at work for a year in a half": (
        put("plants", H1, clean_t=11.0), {"(1) balance", "(5) capacity", "(5) access", "(25) closing", "use of plants",
                                         "(9) topups"} | COST_RULES,
    ),
    "more than is kept open": (put("plants", H1, kept=0.3, fixed_cost_musd=0.0015), {"(25) closing"}),
    "opened again": (
        both(put("plants", Y2, kept=0.5, fixed_cost_musd=0.005, topup_musd=0.0066),
             put("costs", {"term": "topups", **Y2}, musd=0.0066, discounted_musd=0.00528)),
        {"(25) closing", "totals", "objective"},
    ),
    "fixed cost of a year in a half": (put("plants", H1, fixed_cost_musd=0.004), {"(25) fixed cost"}),
    "topped up before the end of the year": (
        both(put("plants", H1, topup_musd=0.0028), put("plants", H2, topup_musd=0.0028)), {"(9) topups", "costs"},
    ),
    "a market beyond its half": (
        put("markets", {"market": "trader", **H1}, t=10.5), {"(1) balance", "(5) markets"} | COST_RULES,
    ),
    "a lane beyond its half": (
        both(put("flows", {**CHINA, **H2}, t=10.5, freight_musd=0.00525, tariff_musd=0.01575)),
        {"(1) made", "(1) balance", "(2) used", "lanes", "tariff revenue"} | COST_RULES,
    ),
    "a duty of a tenth only": (put("flows", {**CHINA, **H1}, tariff_musd=0.008), {"freight and tariffs"}),
    "an amount in force of a year": (put("contract_years", {**DEAL, **H1}, active_t=10.0), {"contract years"}),
    "taken beyond the half": (
        put("contract_years", {**DEAL, **H2}, taken_t=5.5, difference_musd=0.0055),
        {"contract deliveries", "contract supply"} | COST_RULES,
    ),
    "untaken before the end of the year": (
        both(put("contract_years", {**DEAL, **H1}, untaken_t=1.0, untaken_musd=0.013),
             put("contract_years", {**DEAL, **H2}, untaken_t=0.0, untaken_musd=0.0)),
        {"contract deliveries", "costs"},
    ),
    "a stock that loses nothing": (
        put("stockpile", H1, stock_t=5.0, days_of_cover=5 * 365 / 30), {"(12) stock"} | COST_RULES,
    ),
    "a stock filled for a year in a half": (
        put("stockpile", H2, fill_clean_t=2.5, release_clean_t=3.5),
        {"(1) balance", "(2) used", "budgets table", "stock limits", "complete tables"},
    ),
    "consumption of a half": (put("stockpile", H1, consumption_t=15.0), {"stockpile table"}),
    "a share of one half for all of the year": (
        put("china_share", {"year": 2030}, limit=0.9), {"China share table"},
    ),
    "money of a year in each half": (
        put("budgets", {"year": 2030}, limit_musd=0.3, cumulated_limit_musd=0.3), {"budgets table"},
    ),
    "a cost in the other half": (put("costs", {"term": "shortage"}, month=1), {"costs"}),
}  # fmt: skip


@pytest.mark.parametrize(("edit", "rules"), TAMPERED.values(), ids=TAMPERED.keys())
def test_tampering_is_found(edit: Edit, rules: set[str]) -> None:
    plan = in_halves()
    edit(plan)

    assert broken(audit(halves(), plan)) == rules


@pytest.mark.parametrize("table", [*ROWS, "costs"])
def test_every_cell_of_a_half_year_is_checked(table: str) -> None:
    """Whatever the cell of the rows of a half: with another value in it the plan fails."""
    for number, entry in enumerate(in_halves()["tables"][table]):
        if entry.get("month") == 7:
            for column, value in entry.items():
                if column == "waste_t":  # of a mine, that takes in nothing, no cap wants to know it
                    continue
                plan = in_halves()
                other = value + "x" if isinstance(value, str) else 7.0 if value is None else value + 1
                plan["tables"][table][number][column] = other

                assert not audit(halves(), plan).ok, column


# --- futures that part within a year ---------------------------------------------------------------------------------


def futures(**other: PlanData) -> dict[str, PlanData]:
    return {"base": halves(scenario=BASE), "crisis": halves(), **other}


def for_all(names: dict[str, float]) -> dict[str, Any]:
    """The plan for several futures that all do the same."""
    alone = in_halves()
    return {
        "settings": {},
        "futures": dict.fromkeys(names, EXPECTED_COST),
        "probabilities": dict(names),
        "cvar_musd": EXPECTED_COST,
        **{k: alone[k] for k in ("objective_musd", "expected_cost_musd", "costs_musd", "tariff_revenue_musd")},
        "tables": {
            table: [{"scenario": name, **row} for name in names for row in in_halves()["tables"][table]]
            for table in alone["tables"]
        },
    }


def thrown_away(future: str, period: dict[str, int], likely: float) -> Edit:
    """1 t more is bought in China for 8 USD/kg and thrown away, and all figures follow."""

    def edit(plan: dict[str, Any]) -> None:
        own = {"scenario": future, **period}
        discounted = 0.008 * (0.8 if period["year"] == 2031 else 1.0)
        put("markets", {"market": "export", **own}, t=_t(plan, "markets", "t", market="export", **own) + 1)(plan)
        made = _t(plan, "balance", "made_t", region="CHN", **own)
        put("balance", {"region": "CHN", **own}, made_t=made + 1, discarded_t=1.0)(plan)
        cost = {"term": "market_purchases", **own}
        musd, now = _t(plan, "costs", "musd", **cost), _t(plan, "costs", "discounted_musd", **cost)
        put("costs", cost, musd=musd + 0.008, discounted_musd=now + discounted)(plan)
        plan["futures"][future] += discounted
        plan["costs_musd"]["market_purchases"] += likely * discounted
        plan["expected_cost_musd"] += likely * discounted
        plan["objective_musd"] += likely * discounted
        plan["cvar_musd"] = plan["futures"][future]  # the dearest, and likelier than the tail

    return edit


def _t(plan: dict[str, Any], table: str, column: str, **key: Any) -> float:
    (found,) = (r for r in plan["tables"][table] if all(r[k] == v for k, v in key.items()))
    return float(found[column])


def shared(plan: dict[str, Any], futures: dict[str, PlanData], **scenarios: Scenario) -> set[str]:
    return broken(audit_joint(futures, plan, scenarios))


@pytest.mark.parametrize(
    ("future", "period", "found"),
    [("base", H1, {"shared decisions"}), ("crisis", H1, {"shared decisions"}), ("base", H2, set()),
     ("crisis", H2, set()), ("crisis", Y2, set())],
)  # fmt: skip
def test_what_comes_before_the_month_of_the_parting_is_shared(
    future: str, period: dict[str, int], found: set[str]
) -> None:
    likely = {"base": 0.75, "crisis": 0.25}
    plan = for_all(likely)
    assert shared(plan, futures()) == set()

    thrown_away(future, period, likely[future])(plan)

    assert shared(plan, futures()) == found


def test_sums_over_the_year_in_which_they_part_are_not_shared() -> None:
    """The base carries 0.1 MUSD of budget in both halves, the crisis 0.2 in the second: its year has another limit."""
    store = halves().budgets["store"]
    base = halves(scenario=BASE, budgets={"store": replace(store, limit=dict.fromkeys(TIMES, 0.1))})
    plan = for_all({"base": 0.75, "crisis": 0.25})
    put("budgets", {"scenario": "base", "year": 2030}, limit_musd=0.1, cumulated_limit_musd=0.1)(plan)

    assert shared(plan, futures(base=base)) == set()


WORSE = Scenario("worse", 0.25, 2031, None, None, 0, parent="crisis")


@pytest.mark.parametrize(
    ("future", "period", "found"),
    [("worse", H2, {"shared decisions"}), ("crisis", H2, {"shared decisions"}), ("base", H2, set()),
     ("worse", Y2, set())],
)  # fmt: skip
def test_a_future_shares_what_its_parent_does_until_it_parts_from_it(
    future: str, period: dict[str, int], found: set[str]
) -> None:
    likely = {"base": 0.5, "crisis": 0.25, "worse": 0.25}
    plan = for_all(likely)

    thrown_away(future, period, likely[future])(plan)

    assert shared(plan, futures(worse=halves(scenario=WORSE))) == found


def test_two_futures_of_a_parent_that_is_none_share_its_path() -> None:
    """Nothing is likely in which the crisis simply goes on: two ways out of it share its second half of 2030."""
    out = Scenario("out", 0.25, 2031, None, None, 0, parent="crisis")
    both_ways = {"base": halves(scenario=BASE), "worse": halves(scenario=WORSE), "out": halves(scenario=out)}
    likely = {"base": 0.5, "worse": 0.25, "out": 0.25}
    known = {"base": BASE, "worse": WORSE, "out": out, "crisis": replace(halves().scenario, probability=0.0)}

    assert parting(known, both_ways["worse"], both_ways["out"]) == NEXT
    assert parting(known, both_ways["worse"], both_ways["base"]) == LATE
    plan = for_all(likely)
    thrown_away("out", H2, 0.25)(plan)
    assert shared(plan, both_ways, crisis=known["crisis"]) == {"shared decisions"}


def lacking(price_next: float) -> Callable[[str], PlanData]:
    """Cover is suspended in the second half of 2030 for all; in the crisis oxide has another price in 2031."""

    def data(name: str) -> PlanData:
        oxide = {203001: 0.010, 203007: 0.010, 203101: price_next if name == "crisis" else 0.010}
        emergency = Scenario(name, None, 2030, 2030, 2030, 0, from_month=7, emergency_from_month=7)
        return halves(scenario=emergency, price={**halves().price, ("oxide", "USA"): oxide})

    return data


def test_a_lacking_tonne_costs_what_not_holding_it_saves_in_any_future_that_goes_on() -> None:
    """Half a year of 0.2 USD/kg for holding and of a quarter of 10, a tenth of 10 lost, and 10 less 6 where it may
    fall to 6: 0.1 + 1.25 + 1 + 4 USD/kg."""
    data = lacking(0.006)
    own = data("calm")

    def per_t(*beside: Beside) -> float:
        books = read_books(own, in_halves() | {"scenario": "calm"}, beside)
        return lacking_cost(own, books, own.stockpiles["reserve"], LATE)

    assert per_t() == pytest.approx(0.00235)
    assert per_t(Beside(data("crisis"), LATE)) == pytest.approx(0.00235)  # parted already
    assert per_t(Beside(data("crisis"), NEXT)) == pytest.approx(0.00635)


def test_what_is_taken_in_in_half_a_year_is_consumed_at_twice_the_rate() -> None:
    """The mine works 4 t in each half of 2030 and takes half a tonne of oxide for each: 4 t a year beside demand."""
    data, plan = halves(), in_halves()
    for row in plan["tables"]["plants"]:
        row["clean_t"] = 4.0
    mine = replace(data.plants["mine"], recipe={"ore": 1.0, "oxide": -0.5})
    takes = replace(data, plants={"mine": mine})
    site = data.stockpiles["reserve"]

    more = [
        consumption(takes, read_books(takes, plan), site, time) - consumption(data, read_books(data, plan), site, time)
        for time in TIMES
    ]
    assert more == pytest.approx([4.0, 4.0, 2.0])


def test_what_is_designed_out_in_half_a_year_stays_at_its_rate() -> None:
    """2 t in the first half of 2030 are 4 t a year, of which three quarters stay out: 1 t in the second are 2."""
    (_, sector, _), *_ = halves().demand
    option = Substitution("ferrite", sector, "oxide", kg(3), dict.fromkeys(TIMES, 1.0), None, None, 0.75)
    data, plan = replace(halves(), substitution={"ferrite": option}), in_halves()
    columns = ("option", "region", "sector", "material", "year", "month", "t", "cost_musd")
    plan["tables"]["substitution"] = [
        dict(zip(columns, ("ferrite", "USA", sector, "oxide", *divmod(time, 100), t, 0.0), strict=True))
        for time, t in zip(TIMES, (2.0, 1.0, 4.0), strict=True)
    ]

    assert missed(pace(data, read_books(data, plan))) == [
        ("ferrite USA 2030-07", "demand avoided, a year's worth, at least 3 t", "2 t")
    ]
