"""The tables of who puts what into a supported project and of what it earns, by hand on amounts that are written in.

100 t of oxide a year, decided in 2030; money and owners count 10 %; oxide is at 0.06, 0.066 and 0.072 MUSD/t, lenders
see 0.05.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pyomo.environ as pyo
import pytest
from tests.rules.algebra import close
from tests.rules.tiny_data import contract, cut, floor, fork, plan, plant, project, scenario

from lodestone.data.tree import Tree, single
from lodestone.rules.build import Built, build
from lodestone.rules.credits import with_credits
from lodestone.rules.earnings import irr
from lodestone.rules.price_floors import awards_table, payments_table
from lodestone.rules.tables import money_tables, plan_tables

MILL = project("mill", capacity=100.0, capex=30.0, operating_cost=0.02, latest_year=2030, life_years=3)
DEAL = floor("f", "mill", floor=0.08, tenor_years=2, capex_grant_share=0.04, equity=2.0, equity_share=0.25,
             loan_share=0.1, loan_rate=0.0, loan_years=3, payer="DLA")  # fmt: skip
D1, D2, D3, D4 = (1.1**-t for t in (1, 2, 3, 4))
BUILD, AWARD = "investments.build[0,mill]", "price_floors.award[0,f]"


def solved(tree: Tree, amounts: Mapping[str, float]) -> Built:
    """The model with these values of its variables, 0 of the others."""
    built = build(tree)
    left = dict(amounts)
    for variable in built.model.component_data_objects(pyo.Var):
        variable.set_value(left.pop(variable.name, 0.0), skip_validation=True)
    assert not left
    return built


def works(*tonnes: float, unit: str = "mill") -> dict[str, float]:
    return {f"flows.act[{n},{unit},clean]": t for n, t in enumerate(tonnes)}


def earned(*musd: float) -> dict[str, float]:
    return {f"earnings.earned[{n},mill]": x for n, x in enumerate(musd)}


def rate_of(*cash: float) -> Any:
    """The internal rate of return: at it the cash of the years is worth nothing."""

    class Rate:
        def __eq__(self, rate: object) -> bool:
            assert isinstance(rate, float)
            return abs(sum(musd * (1 + rate) ** -t for t, musd in enumerate(cash))) < 1e-6

    return Rate()


# --- the capital stack ------------------------------------------------------------------------------------------------


def stack(built: Built) -> list[dict[str, Any]]:
    return money_tables(built, built.tree)["capital_stack"]


def test_the_stack_of_a_project_with_everything() -> None:
    """Of 30, 1.2 are granted, 3 lent and 2 put in for a quarter: 23.8 are left. The loan comes back at 1 a year less
    a tenth. Dividends, a quarter of the cash less 1: of 6 in 2030, and of 2 what is left to be worth it in 2031. The
    floor pays 0.02 and 0.014 on 100 t, a credit of 0.01 on them too; 240 t are clean."""
    amounts = {BUILD: 1, AWARD: 1} | works(100, 80, 60)
    rows = stack(solved(single(plan(projects=[MILL], floors=[replace(DEAL, credit=0.01)])), amounts))

    first = 0.25 * (6 + 1 - 1)
    costs = {
        "owners": 0.0, "grant": 1.2, "loan": 3 - 0.9 * (1 + D1 + D2),
        "stake": 2 - first - 0.5, "floor": 2 + 1.4 * D1, "credit": 1 + D1,
    }  # fmt: skip
    each = sum(costs.values())
    assert [(r["source"], r["payer"], r["put_in_musd"], r["first_year"], r["last_year"]) for r in rows] == [
        ("owners", "", close(23.8), 2030, 2032),
        ("grant", "DLA", close(1.2), 2030, 2030),
        ("loan", "DLA", close(3), 2030, 2032),
        ("stake", "DLA", close(2), 2030, 2032),
        ("floor", "DLA", 0, 2030, 2031),
        ("credit", "DLA", 0, 2030, 2031),
    ]
    assert [r["later_musd"] for r in rows] == [
        0, 0, close(-2.7), close(-first - 0.5 * 1.1), close(3.4), close(2)
    ]  # fmt: skip
    assert [r["after_musd"] for r in rows] == [0] * 6
    assert {r["source"]: r["cost_musd"] for r in rows} == close(costs)
    for row in rows:
        assert (row["project"], row["floor"], row["decision_year"]) == ("mill", "f", 2030)
        assert (row["clean_t"], row["support_usd_per_kg"]) == (close(240), close(each / 240 * 1000))


def test_the_stack_counts_what_comes_after_the_horizon_in_money_of_its_last_year() -> None:
    """Four instalments of a loan of 4, and four years of a floor and a credit on all 100 t, one of each after 2032, at
    its price; a stake of 9 for a quarter has 1, 1.15 and 1.3 less a quarter of the debt, and 1.3 and 1.3 are to come.
    """
    mill = replace(MILL, capex=40.0, life_years=5)
    deal = replace(DEAL, floor=0.08, tenor_years=4, capex_grant_share=0.0, equity=9.0, loan_years=4,
                   loan_loss_share=0.0, credit=0.01)  # fmt: skip
    amounts = {BUILD: 1, AWARD: 1}
    rows = {r["source"]: r for r in stack(solved(single(plan(projects=[mill], floors=[deal])), amounts))}

    paid = [0.25 * (4 + 2 + 1 - 1), 0.25 * (4.6 + 1.4 + 1 - 1), 0.25 * (5.2 + 0.8 + 1 - 1)]
    left = 9 - sum(p * 1.1**-t for t, p in enumerate(paid))
    to_come = min(left * 1.1**2, 1.5 * D1 + 1.3 * D2)
    after = {"owners": 0.0, "loan": -D1, "stake": -to_come, "floor": 0.8 * D1, "credit": D1}
    assert {source: row["after_musd"] for source, row in rows.items()} == close(after)
    assert rows["loan"]["cost_musd"] == close(4 - (1 + D1 + D2) - D1 * D2)
    assert rows["stake"]["later_musd"] == close(-sum(paid))
    assert {source: row["last_year"] for source, row in rows.items()} == {
        "owners": 2034, "loan": 2033, "stake": 2034, "floor": 2033, "credit": 2033
    }  # fmt: skip
    assert {row["support_usd_per_kg"] for row in rows.values()} == {None}  # nothing is made


def test_only_what_is_awarded_has_a_stack_the_earliest_first() -> None:
    """A plant's committed credit of 2031 for two years; the mill's package of 2032; another, not awarded."""
    refinery = plant("refinery", recipe={"oxide": 0.5}, capacity=80.0)
    given = floor("a", "refinery", floor=0.0, credit=0.02, tenor_years=2, committed_year=2031)
    mill = replace(MILL, earliest_year=2032, latest_year=2032)
    tree = single(plan(plants=[refinery], projects=[mill], floors=[given, DEAL, replace(DEAL, name="g")]))
    amounts = {"investments.build[2,mill]": 1, "price_floors.award[2,f]": 1, "price_floors.committed[a]": 1}
    rows = stack(solved(tree, amounts | works(80, 80, 60, unit="refinery")))

    found = [(r["project"], r["floor"], r["decision_year"], r["source"]) for r in rows]
    assert found == [
        ("refinery", "a", 2031, "credit"),
        *(("mill", "f", 2032, source) for source in ("owners", "grant", "loan", "stake", "floor")),
    ]
    assert (rows[0]["later_musd"], rows[0]["cost_musd"]) == (close(1.6), close(0.8 * (D1 + D2)))
    assert rows[0]["clean_t"] == close(0.5 * 220)
    assert rows[1]["first_year"] == 2032
    assert rows[2]["cost_musd"] == close(1.2 * D2)  # what is put in is of its year


@pytest.mark.parametrize(("year", "known"), [(2029, False), (2030, True)])
def test_what_was_put_in_before_the_horizon_has_no_price_per_kg(year: int, known: bool) -> None:
    deal = replace(DEAL, floor=0.0, equity=0.0, equity_share=0.0, committed_year=year)
    mill = replace(MILL, committed_year=year)
    built = solved(single(plan(projects=[mill], floors=[deal])), {"price_floors.committed[f]": 1} | works(100, 100))
    rows = {r["source"]: r for r in stack(built)}

    back = 0.9 * (1 + D1 + (D2 if known else 0))
    assert rows["loan"]["put_in_musd"] == close(3)
    assert rows["loan"]["cost_musd"] == close((3 if known else 0) - back)
    assert rows["grant"]["cost_musd"] == close(1.2 if known else 0)
    price = close((3 + 1.2 - back) / 200 * 1000) if known else None
    assert [r["support_usd_per_kg"] for r in rows.values()] == [price] * 3


# --- credits beside floors --------------------------------------------------------------------------------------------


def test_credits_stand_beside_what_the_floor_of_the_package_pays() -> None:
    """Ramped in two years, at 0.01 a tonne of 100 t: 0.5 and 1; the other package has none."""
    mill, bare = replace(MILL, ramp_years=2), replace(MILL, name="bare")
    floors = [replace(DEAL, credit=0.01), floor("g", "bare", floor=0.08, tenor_years=1)]
    amounts = {BUILD: 1, AWARD: 1, "investments.build[0,bare]": 1, "price_floors.award[0,g]": 1}
    built = solved(single(plan(projects=[mill, bare], floors=floors)), amounts)
    m = built.model

    rows = with_credits(built.tree, m.price_floors, payments_table(built.tree, m.price_floors, m.contracts))
    assert [(r["floor"], r["year"], r["credit_musd"]) for r in rows] == [
        ("f", 2030, close(0.5)), ("f", 2031, close(1)), ("g", 2030, 0.0)
    ]  # fmt: skip
    awards = {r["floor"]: r for r in awards_table(built.tree, m.price_floors)}
    terms = ("credit_usd_per_kg", "equity_musd", "loan_musd", "grant_musd")
    assert [awards["f"][name] for name in terms] == close([10, 2, 3, 1.2])
    assert [awards["g"][name] for name in terms] == [0, 0, 0, 0]


# --- what is earned ---------------------------------------------------------------------------------------------------


def test_what_a_project_with_everything_earns() -> None:
    """100, 80 and 60 t at 0.04, 0.046 and 0.052 of margin. The floor pays 0.02 and 0.014 on 80 t. The contract at 0.1
    brings 0.04, 0.034 and 0.028 on what is taken, 0.1 on what is not. Payers have 1 of debt and a quarter of what of
    6, 6 and 5.2 of deemed cash is left."""
    offtake = contract("c", "mill", fixed=True, fixed_price=0.1, take_or_pay_share=0.5)
    amounts = {
        BUILD: 1, AWARD: 1, "price_floors.covered[0,f,0]": 80.0, **works(100, 80, 60),
        **{f"contracts.taken[{n},c,0]": t for n, t in enumerate((30.0, 40.0, 20.0))},
        "contracts.untaken[0,c,0]": 5.0, "payments.topup[0,mill]": 1.0, "payments.topup[1,mill]": 2.0,
        **earned(4 + 1.6 + 1.7 + 1, 3.68 + 1.12 + 1.36 + 2, 3.12 + 0.56),
    }  # fmt: skip
    built = solved(single(plan(projects=[MILL], floors=[DEAL], contracts=[offtake])), amounts)
    (row,) = money_tables(built, built.tree)["earnings"]

    sums = {
        "sales_musd": 4 + 3.68 * D1 + 3.12 * D2,
        "support_musd": 1.6 + 1.12 * D1,
        "contracts_musd": 1.7 + 1.36 * D1 + 0.56 * D2,
        "topups_musd": 1 + 2 * D1,
        "to_payers_musd": -2.25 - 2.25 * D1 - 2.05 * D2,
        "after_musd": 0.0,
    }
    assert {name: row[name] for name in sums} == close(sums)
    assert (row["put_in_musd"], row["surplus_musd"]) == (close(23.8), close(sum(sums.values()) - 23.8))
    assert (row["project"], row["decision_year"], row["hurdle_rate"]) == ("mill", 2030, 0.1)
    rate = rate_of(-23.8 + 8.3 - 2.25, 8.16 - 2.25, 3.68 - 2.05)
    assert rate == row["return_rate"]
    assert rate == row["expected_return_rate"]


def test_a_return_in_its_future_and_in_the_mean_of_the_futures() -> None:
    """Lenders' 0.03 a tonne in 2033 and 2034 in both; in the shock, of a quarter, 1 and 2 instead of 4.6 and 5.2."""
    mill = replace(MILL, life_years=5)
    shock = plan(projects=[mill], price={"oxide": (0.06, 0.03, 0.04)}, scenario=scenario())
    tree = fork(plan(projects=[mill]), shock)
    built = solved(tree, {BUILD: 1} | works(100, 100, 100, 100, 100) | earned(4, 4.6, 5.2, 1, 2))
    mean = rate_of(-26, 0.75 * 4.6 + 0.25 * 1, 0.75 * 5.2 + 0.25 * 2, 3, 3)
    for leaf, own, sales in (
        (2, rate_of(-26, 4.6, 5.2, 3, 3), 4 + 4.6 * D1 + 5.2 * D2),
        (4, rate_of(-26, 1, 2, 3, 3), 4 + D1 + 2 * D2),
    ):
        (row,) = money_tables(built.along(leaf), tree)["earnings"]
        assert own == row["return_rate"]
        assert mean == row["expected_return_rate"]
        assert (row["sales_musd"], row["after_musd"]) == (close(sales), close(3 * (D3 + D4)))
        assert row["surplus_musd"] == close(sales + 3 * (D3 + D4) - 30)


def test_of_a_project_decided_twice_no_row_has_a_return() -> None:
    """100 t in 2030 and 200 t from 2031 on: each row holds what all builds from then on earn."""
    mill = replace(MILL, max_builds=2, latest_year=2031)
    twice = solved(
        single(plan(projects=[mill])),
        {BUILD: 1, "investments.build[1,mill]": 1} | works(100, 200, 200) | earned(20, 40, 40),
    )
    once = solved(single(plan(projects=[mill])), {BUILD: 2} | works(200, 200, 200) | earned(40, 40, 40))
    rows = money_tables(twice, twice.tree)["earnings"]
    assert [row["decision_year"] for row in rows] == [2030, 2031]
    assert [(row["return_rate"], row["expected_return_rate"]) for row in rows] == [(None, None)] * 2
    (row,) = money_tables(once, once.tree)["earnings"]
    assert row["return_rate"] is not None


def test_what_is_not_built_earns_nothing() -> None:
    built = solved(single(plan(projects=[MILL])), {})
    assert money_tables(built, built.tree) == {"capital_stack": [], "earnings": []}


@pytest.mark.parametrize(
    ("cash", "rate"),
    [
        ((-100, 110), 0.1), ((-100, 0, 121), 0.1), ((-100, 50, 60), (0.25 + 6 * 0.4) ** 0.5 / 2 - 0.75),
        ((-1, 0.11), -0.89), ((-1, 10.9), 9.9), ((-1, 0.09), None), ((-1, 11), None),
        ((-1, 11.1), None), ((-1, 0), None), ((1, 1), None),
        ((1, -2), None), ((0, 0), None),
    ],
)  # fmt: skip
def test_the_rate_at_which_cash_is_worth_nothing(cash: tuple[float, ...], rate: float | None) -> None:
    """From -90 % to 1000 %; of 50 and 60 on 100: x^2 = x / 2 + 0.6."""
    assert irr(dict(enumerate(cash))) == (None if rate is None else pytest.approx(rate, abs=1e-8))


def test_a_project_earns_nothing_before_it_is_there() -> None:
    """Two years of lead: it works in 2032 alone, 100 t at 0.052, and lives no longer."""
    mill = replace(MILL, capex=4.0, lead_years=2, life_years=1)
    built = solved(single(plan(projects=[mill])), {BUILD: 1, "flows.act[2,mill,clean]": 100.0,
                                                   "earnings.earned[2,mill]": 5.2})  # fmt: skip
    (row,) = money_tables(built, built.tree)["earnings"]

    assert rate_of(-4, 0, 5.2) == row["return_rate"]
    assert (row["sales_musd"], row["contracts_musd"], row["topups_musd"]) == (close(5.2 * D2), 0, 0)


def test_the_stack_of_a_floor_alone_is_owners_and_the_floor() -> None:
    bare = replace(DEAL, capex_grant_share=0.0, equity=0.0, equity_share=0.0, loan_share=0.0)
    rows = stack(solved(single(plan(projects=[MILL], floors=[bare])), {BUILD: 1, AWARD: 1} | works(100, 100, 100)))
    assert [(r["source"], r["put_in_musd"], r["cost_musd"]) for r in rows] == [
        ("owners", close(30), 0), ("floor", 0, close(2 + 1.4 * D1))
    ]  # fmt: skip


def test_a_contract_after_the_horizon_is_part_of_the_return() -> None:
    """40 t at 0.09, half of them bound, 0.04 above the lenders' 0.05: 0.8 in 2033 and 2034 beside 3 of its own."""
    mill = replace(MILL, life_years=5)
    offtake = contract("c", "mill", fixed=True, fixed_price=0.09, take_or_pay_share=0.5, tenor_years=5)
    amounts = {BUILD: 1, "contracts.q[0,c]": 40.0} | earned(4, 4.6, 5.2)
    built = solved(single(plan(projects=[mill], contracts=[offtake])), amounts)
    (row,) = money_tables(built, built.tree)["earnings"]

    rate = rate_of(-30 + 4, 4.6, 5.2, 3.8, 3.8)
    assert rate == row["return_rate"]
    assert rate == row["expected_return_rate"]
    assert row["after_musd"] == close(3.8 * (D3 + D4))


def test_what_is_kept_open_costs_what_is_sold_less() -> None:
    """4, 4.6 and 5.2 of margin, less 1 of fixed cost in each year in which it is kept."""
    mill = replace(MILL, fixed_cost=1.0)
    kept = {f"closure.kept[{n},mill]": 1.0 for n in range(2)}
    built = solved(single(plan(projects=[mill])), {BUILD: 1} | works(100, 100, 100) | kept | earned(3, 3.6, 5.2))
    (row,) = money_tables(built, built.tree)["earnings"]

    assert row["sales_musd"] == close(3 + 3.6 * D1 + 5.2 * D2)
    assert row["contracts_musd"] == close(0)


def test_the_return_of_a_decision_after_futures_have_parted() -> None:
    """Decided in 2031 of the shock: 1 and 2 in its two years, whatever its probability."""
    mill = replace(MILL, capex=2.0, earliest_year=2031, latest_year=2031, life_years=2)
    shock = plan(projects=[mill], price={"oxide": (0.06, 0.03, 0.04)}, scenario=scenario())
    tree = fork(plan(projects=[mill]), shock)
    amounts = {"investments.build[3,mill]": 1.0, "earnings.earned[3,mill]": 1.0, "earnings.earned[4,mill]": 2.0}
    built = solved(tree, amounts)
    (row,) = money_tables(built.along(4), tree)["earnings"]

    assert rate_of(-2 + 1, 2) == row["return_rate"]
    assert rate_of(-2 + 1, 2) == row["expected_return_rate"]


def test_the_stack_of_what_is_committed_with_a_contract_that_is_too() -> None:
    """Half of 40 t bound: of 100 t the floor of 0.08 covers 80, in 2032 at 0.008 and in 2033 at the same price."""
    deal = replace(DEAL, tenor_years=4, equity=0.0, equity_share=0.0, committed_year=2030)
    mill = replace(MILL, life_years=4, committed_year=2030)
    bound = contract("c", "mill", take_or_pay_share=0.5, tenor_years=4, committed_year=2030, committed_t=40.0)
    built = solved(single(plan(projects=[mill], floors=[deal], contracts=[bound])),
                   {"price_floors.committed[f]": 1, "contracts.committed_q[c]": 40.0})  # fmt: skip
    rows = {r["source"]: r for r in stack(built)}

    assert rows["floor"]["later_musd"] == close(80 * (0.02 + 0.014 + 0.008))
    assert rows["floor"]["after_musd"] == close(80 * 0.008 * D1)


def test_support_per_kg_of_half_a_tonne() -> None:
    grant = replace(DEAL, floor=0.0, equity=0.0, equity_share=0.0, loan_share=0.0)
    rows = stack(solved(single(plan(projects=[MILL], floors=[grant])), {BUILD: 1, AWARD: 1} | works(0.5)))
    assert [r["support_usd_per_kg"] for r in rows] == [close(1.2 / 0.5 * 1000)] * len(rows)


def test_support_is_what_the_project_itself_is_given() -> None:
    """A credit of 0.01 on 100 t of its own in two years, of 0.03 to the other."""
    other = replace(MILL, name="other")
    floors = [replace(DEAL, floor=0.0, credit=0.01), replace(DEAL, name="g", project="other", floor=0.0, credit=0.03)]
    amounts = {BUILD: 1, AWARD: 1, "investments.build[0,other]": 1, "price_floors.award[0,g]": 1}
    built = solved(single(plan(projects=[MILL, other], floors=floors)), amounts)
    rows = {r["project"]: r for r in money_tables(built, built.tree)["earnings"]}

    assert rows["mill"]["support_musd"] == close(1 + D1)
    assert rows["other"]["support_musd"] == close(3 * (1 + D1))


def test_a_floor_supports_the_project_that_it_is_of() -> None:
    """Of 100 t: 0.08 less 0.06 and 0.066, and 0.1 to the other."""
    other = replace(MILL, name="other")
    bare = replace(DEAL, capex_grant_share=0.0, equity=0.0, equity_share=0.0, loan_share=0.0)
    floors = [bare, replace(bare, name="g", project="other", floor=0.1)]
    amounts = {BUILD: 1, AWARD: 1, "investments.build[0,other]": 1, "price_floors.award[0,g]": 1}
    built = solved(single(plan(projects=[MILL, other], floors=floors)), amounts)
    rows = {r["project"]: r for r in money_tables(built, built.tree)["earnings"]}

    assert rows["mill"]["support_musd"] == close(2 + 1.4 * D1)
    assert rows["other"]["support_musd"] == close(4 + 3.4 * D1)


def test_what_is_awarded_in_another_future_is_in_no_stack_of_this_one() -> None:
    mill = replace(MILL, earliest_year=2031, latest_year=2031)
    data = plan(projects=[mill], floors=[DEAL])
    built = solved(fork(data, replace(data, scenario=scenario())), {"price_floors.award[3,f]": 1})
    assert stack(built.along(2)) == []
    assert {r["source"] for r in stack(built.along(4))} >= {"owners", "loan", "stake"}


def test_credits_of_a_half_year_are_those_of_its_time() -> None:
    """1 a year, half of it in the first half of 2031; in the second it is not honoured."""
    given = replace(DEAL, credit=0.01, honoured={203001: True, 203101: True, 203107: False, 203201: True})
    built = solved(single(cut(plan(projects=[MILL], floors=[given]), y2031=6)), {BUILD: 1, AWARD: 1})
    m = built.model
    rows = with_credits(built.tree, m.price_floors, payments_table(built.tree, m.price_floors, m.contracts))
    assert [r["credit_musd"] for r in rows] == close([1, 0.5, 0])


def test_the_credit_of_what_is_committed_stands_beside_its_floor() -> None:
    """0.01 on 40 t of a plant's in 2031 and 2032, and of a mill's 100 t from 2030 on; in the tables of the plan too."""
    refinery = plant("refinery", recipe={"oxide": 0.5}, capacity=80.0)
    given = floor("a", "refinery", floor=0.0, credit=0.01, tenor_years=2, committed_year=2031)
    amounts = {BUILD: 1, AWARD: 1, "price_floors.committed[a]": 1}
    floors = [given, replace(DEAL, credit=0.01)]
    built = solved(single(plan(plants=[refinery], projects=[MILL], floors=floors)), amounts)

    rows = plan_tables(built)["floor_payments"]
    assert [(r["floor"], r["decision_year"], r["year"], r["credit_musd"]) for r in rows] == [
        ("a", 2031, 2031, close(0.4)), ("a", 2031, 2032, close(0.4)),
        ("f", 2030, 2030, close(1)), ("f", 2030, 2031, close(1)),
    ]  # fmt: skip


def test_what_is_earned_before_a_decision_and_in_other_futures_is_none_of_its_return() -> None:
    """Decided in 2031 of the shock, as in the base: 1 and 2 there, whatever else the project earns elsewhere."""
    mill = replace(MILL, capex=2.0, latest_year=2031, life_years=2)
    shock = plan(projects=[mill], price={"oxide": (0.06, 0.03, 0.04)}, scenario=scenario())
    tree = fork(plan(projects=[mill]), shock)
    amounts = {f"earnings.earned[{n},mill]": x for n, x in enumerate((7.0, 5.0, 6.0, 1.0, 2.0))}
    built = solved(tree, amounts | {"investments.build[3,mill]": 1.0})
    (row,) = money_tables(built.along(4), tree)["earnings"]

    assert rate_of(-2 + 1, 2) == row["return_rate"]
    assert rate_of(-2 + 1, 2) == row["expected_return_rate"]


def test_the_stack_of_a_plan_of_one_year() -> None:
    tree = single(plan(last_year=2030, projects=[MILL], floors=[DEAL]))
    rows = stack(solved(tree, {BUILD: 1, AWARD: 1} | works(100)))
    assert {r["clean_t"] for r in rows} == {100}
