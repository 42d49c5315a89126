from __future__ import annotations

from dataclasses import replace

import pytest
from tests.rules.algebra import assert_row, covers, keys
from tests.rules.tiny_data import budget, contract, floor, fork, market, plan, project, scenario, stockpile

from lodestone.data.plan_data import PlanData
from lodestone.data.tree import single
from lodestone.rules import budgets
from lodestone.rules.build import build


def spending(*limits: object, **changes: object) -> PlanData:
    """Every kind of outlay: a public and a granted project, a floor, a fee and a stockpile."""
    parts: dict[str, object] = {
        "projects": [
            project("public", public=True, capex=50.0, fixed_cost=9.0, latest_year=2031, max_builds=2),
            project("mill", capacity=40.0, capex=20.0, latest_year=2030),
        ],
        "floors": [floor("f", "mill", floor=0.065, upside_share=0.5, capex_grant_share=0.3)],
        "contracts": [contract("c", "seller", signing_fee=1.5, latest_year=2031)],
        "markets": [market("seller"), market("dirty", exposed=True)],
        "stockpiles": [stockpile("reserve", opening=(10.0, 0.0))],
        "budgets": limits,
        "bank_price": {"oxide": 0.01},  # so that the mill is not bankable unaided
    }
    return plan(**(parts | changes))


@covers("budgets.within")
def test_outlays_of_every_kind():
    m = build(single(spending(budget("all", "capex grants floors fees stockpile", (200.0, 210.0, 220.0))))).model

    assert keys(m.budgets.within) == {(n, "all") for n in range(3)}
    row = {
        "investments.build[0,public]": 50,
        "price_floors.award[0,f]": 6,
        "budgets.paid_out[0,floors,f]": 1,
        "contracts.sign[0,c]": 1.5,
        "stockpiles.fill[0,reserve,clean]": 0.06,
        "stockpiles.fill[0,reserve,exposed]": 0.06,
    }
    assert_row(m.budgets.within[0, "all"], row, "<=", 200)
    row = {
        "budgets.paid_out[2,floors,f]": 1,
        "stockpiles.fill[2,reserve,clean]": 0.072,
        "stockpiles.fill[2,reserve,exposed]": 0.072,
    }
    assert_row(m.budgets.within[2, "all"], row, "<=", 220)


@covers("budgets.within")
@pytest.mark.parametrize(
    ("kind", "row"),
    [
        ("capex", {"investments.build[0,public]": 50}),
        ("grants", {"price_floors.award[0,f]": 6}),
        ("floors", {"budgets.paid_out[0,floors,f]": 1}),
        ("fees", {"contracts.sign[0,c]": 1.5}),
        ("stockpile", {"stockpiles.fill[0,reserve,clean]": 0.06, "stockpiles.fill[0,reserve,exposed]": 0.06}),
    ],
)
def test_outlays_of_one_kind(kind, row):
    m = build(single(spending(budget("one", kind, 30.0)))).model

    assert_row(m.budgets.within[0, "one"], row, "<=", 30)


@covers("budgets.within")
def test_years_without_a_limit_or_an_outlay_have_no_row():
    m = build(single(spending(budget("late", "capex", {2031: 30.0, 2032: 40.0})))).model

    assert keys(m.budgets.within) == {(1, "late")}  # nothing can be decided in 2032


@covers("budgets.within")
def test_carry_over_cumulates_from_the_first_year_in_force():
    m = build(single(spending(budget("fund", "fees", {2031: 30.0, 2032: 40.0}, carry_over=True),
                              contracts=[contract("c", "seller", signing_fee=1.5)]))).model  # fmt: skip

    assert keys(m.budgets.within) == {(1, "fund"), (2, "fund")}
    assert_row(m.budgets.within[1, "fund"], {"contracts.sign[1,c]": 1.5}, "<=", 30)
    assert_row(m.budgets.within[2, "fund"], {"contracts.sign[1,c]": 1.5, "contracts.sign[2,c]": 1.5}, "<=", 70)


@covers("budgets.within")
def test_carry_over_runs_along_the_path():
    contracts = [contract("c", "seller", signing_fee=1.5)]
    base = spending(budget("fund", "fees", (10.0, 20.0, 30.0), carry_over=True), contracts=contracts)
    shock = spending(budget("fund", "fees", (10.0, 5.0, 6.0), carry_over=True), contracts=contracts,
                     scenario=scenario())  # fmt: skip
    m = build(fork(base, shock)).model

    assert keys(m.budgets.within) == {(n, "fund") for n in range(5)}
    row = {f"contracts.sign[{n},c]": 1.5 for n in (0, 3, 4)}
    assert_row(m.budgets.within[4, "fund"], row, "<=", 21)


@covers("budgets.net")
def test_floors_count_what_is_paid_in_the_year_but_no_receipts():
    m = build(single(spending(budget("all", "floors", 30.0)))).model

    assert keys(m.budgets.net) == {(n, "floors", "f") for n in range(3)}
    assert m.budgets.paid_out[1, "floors", "f"].bounds == (0, None)
    # 40 t at 0.065 against 0.06, 0.066, 0.072: paid in 2030, half of the upside paid back later
    row = {"budgets.paid_out[0,floors,f]": 1, "price_floors.award[0,f]": -40 * 0.005}
    assert_row(m.budgets.net[0, "floors", "f"], row, ">=", 0)
    row = {"budgets.paid_out[1,floors,f]": 1, "price_floors.award[0,f]": 40 * 0.5 * 0.001}
    assert_row(m.budgets.net[1, "floors", "f"], row, ">=", 0)


@covers("budgets.net")
def test_without_a_budget_for_floors_there_is_nothing_to_net():
    m = build(single(spending(budget("capex", "capex", 30.0)))).model

    assert keys(m.budgets.net) == keys(m.budgets.paid_out) == set()


def test_table_shows_what_floors_pay_whatever_room_the_budget_leaves():
    built = build(single(spending(budget("all", "floors", 30.0))))
    m = built.model
    m.price_floors.award[0, "f"].set_value(1)
    m.budgets.paid_out[0, "floors", "f"].set_value(17.0)  # anything from the payments to the limit is a solution

    budgets.settle(m.budgets)
    outlay = {row["year"]: row["outlay_musd"] for row in budgets.table(built.tree, m.budgets)}
    assert outlay == pytest.approx({2030: 40 * 0.005, 2031: 0, 2032: 0})


@covers("budgets.within")
def test_a_budget_of_nothing_allows_nothing():
    mill = project("mill", public=True, capex=30.0)
    m = build(single(plan(projects=[mill], budgets=[budget("none", "capex", 0.0)]))).model

    assert_row(m.budgets.within[0, "none"], {"investments.build[0,mill]": 30}, "<=", 0)


@covers("budgets.within", "budgets.net")
def test_contracts_count_with_what_they_cost_more_than_the_market_and_no_receipts():
    """Fixed at 0.062 against 0.06 and 0.066; half of the volume is paid, taken or not."""
    offer = contract("c", "seller", latest_year=2030, fixed=True, fixed_price=0.062, take_or_pay_share=0.5)
    m = build(single(spending(budget("all", "contracts", 30.0), contracts=[offer]))).model

    row = {
        "budgets.paid_out[0,contracts,c]": 1,
        "contracts.taken[0,c,0]": -0.002,
        "contracts.untaken[0,c,0]": -0.062,
    }
    assert_row(m.budgets.net[0, "contracts", "c"], row, ">=", 0)
    row = {
        "budgets.paid_out[1,contracts,c]": 1,
        "contracts.taken[1,c,0]": 0.004,
        "contracts.untaken[1,c,0]": -0.062,
    }
    assert_row(m.budgets.net[1, "contracts", "c"], row, ">=", 0)
    assert_row(m.budgets.within[1, "all"], {"budgets.paid_out[1,contracts,c]": 1}, "<=", 30)


@covers("budgets.within")
def test_a_budget_with_a_payer_counts_what_that_payer_pays():
    data = spending(replace(budget("usa", "capex grants floors fees stockpile", 30.0), payer="USA"))
    projects = data.projects | {"public": replace(data.projects["public"], payer="USA")}
    piles = {"reserve": replace(data.stockpiles["reserve"], payer="Japan")}
    m = build(single(replace(data, projects=projects, stockpiles=piles))).model

    assert_row(m.budgets.within[0, "usa"], {"investments.build[0,public]": 50}, "<=", 30)

    floors = {name: replace(row, payer="USA") for name, row in data.floors.items()}
    m = build(single(replace(data, floors=floors))).model
    assert_row(m.budgets.within[1, "usa"], {"budgets.paid_out[1,floors,f]": 1}, "<=", 30)


# --- loans, stakes, credits, contingent payments ----------------------------------------------------------------------

DEAL = floor("f", "mill", floor=0.065, upside_share=0.5, tenor_years=5, credit=0.01, equity=3.0, equity_share=0.1,
             loan_share=0.2)  # fmt: skip


@covers("budgets.within")
@pytest.mark.parametrize(
    ("kind", "row"),
    [
        ("loans", {"price_floors.award[0,f]": 4.0}),
        ("equity", {"price_floors.award[0,f]": 3.0}),
        ("floors", {"price_floors.award[0,f]": 0.4, "budgets.paid_out[0,floors,f]": 1}),  # credits in full
        ("contingent", {"budgets.paid_out[0,contingent,f]": 1}),
    ],
)
def test_outlays_of_a_deal(kind, row):
    m = build(single(spending(budget("one", kind, 30.0), floors=[DEAL]))).model

    assert_row(m.budgets.within[0, "one"], row, "<=", 30)
    years = {0} if kind in ("loans", "equity") else {0, 1, 2}  # what is put in is paid once
    assert keys(m.budgets.within) == {(n, "one") for n in years}


@covers("budgets.net")
def test_contingent_payments_are_those_at_the_lenders_price():
    m = build(single(spending(budget("one", "contingent", 30.0), floors=[DEAL]))).model

    row = {"budgets.paid_out[1,contingent,f]": 1, "price_floors.award[0,f]": -40 * (0.065 - 0.01)}
    assert_row(m.budgets.net[1, "contingent", "f"], row, ">=", 0)


@covers("budgets.later")
def test_what_is_owed_after_the_last_year_keeps_to_its_money_year_by_year():
    """Market 0.05 in 2032, lenders 0.01: floors pay 0.015 a tonne then, and would pay 0.055."""
    limits = [budget(kind, kind, (10.0, 20.0, 30.0), carry_over=True) for kind in ("floors", "contingent", "loans")]
    data = spending(*limits, floors=[DEAL], price={"oxide": (0.06, 0.06, 0.05)})
    m = build(single(data)).model

    assert keys(m.budgets.later) == {(2, k, y) for k in ("floors", "contingent") for y in (2033, 2034)}
    for year in (2033, 2034):
        row = {"price_floors.award[0,f]": 40 * (0.015 + 0.01)}
        assert_row(m.budgets.later[2, "floors", year], row, "<=", 30)
        row = {"price_floors.award[0,f]": 40 * 0.055}
        assert_row(m.budgets.later[2, "contingent", year], row, "<=", 30)


@covers("budgets.later")
def test_what_is_owed_to_a_contract_and_by_whom():
    """0.08 less the price of 2032, 0.072, of half of the volume, in 2033; a budget not in force then asks nothing."""
    bound = contract("c", "seller", fixed=True, fixed_price=0.08, take_or_pay_share=0.5, earliest_year=2031,
                     latest_year=2031, payer="Home")  # fmt: skip
    limits = [
        budget("any", "contracts", 9.0),
        replace(budget("theirs", "contracts", 9.0), payer="Ally"),
        replace(budget("ours", "contracts", 9.0), payer="Home"),
        budget("over", "contracts", {2030: 9.0, 2031: 9.0}),
    ]
    m = build(single(spending(*limits, contracts=[bound]))).model

    assert keys(m.budgets.later) == {(2, "any", 2033), (2, "ours", 2033)}
    assert_row(m.budgets.later[2, "ours", 2033], {"contracts.q[1,c]": 0.5 * 0.008}, "<=", 9)


@covers("budgets.later")
def test_receipts_after_the_last_year_make_no_room():
    m = build(single(spending(budget("one", "floors", 9.0), floors=[replace(DEAL, credit=0.0)]))).model

    assert keys(m.budgets.later) == set()  # 0.072 is above the floor


@covers("budgets.within")
def test_a_package_without_a_grant_spends_none_of_the_money_for_grants():
    """A row without variables: nothing could loosen it, and nothing needs to."""
    no_grant = floor("f", "mill", floor=0.065)
    m = build(single(spending(budget("some", "grants", 9.0), floors=[no_grant]))).model
    assert keys(m.budgets.within) == set()


@covers("budgets.within")
def test_what_is_committed_is_paid_in_its_year():
    """A public plant, a package and a contract of 2031; the projects and packages of 2029 are paid already."""
    projects = [
        project("public", public=True, capex=50.0, committed_year=2031),
        project("old", public=True, capex=7.0, committed_year=2029),
        project("mill", capacity=40.0, capex=20.0, committed_year=2031),
        project("pit", capacity=40.0, capex=20.0, committed_year=2029),
    ]
    deal = replace(DEAL, capex_grant_share=0.3, credit=0.0, committed_year=2031)
    floors = [deal, replace(deal, name="past", project="pit", committed_year=2029)]
    fees = contract("c", "seller", signing_fee=1.5, committed_year=2031, committed_t=10.0)
    one, award, sign = ("investments.committed[{}]", "price_floors.committed[{}]", "contracts.committed[{}]")
    rows = {
        "capex": {one.format("public"): 50},
        "grants": {award.format("f"): 6},
        "loans": {award.format("f"): 4},
        "equity": {award.format("f"): 3},
        "fees": {sign.format("c"): 1.5},
    }
    limits = [budget(kind, kind, 30.0) for kind in rows]
    m = build(single(spending(*limits, projects=projects, floors=floors, contracts=[fees]))).model

    assert keys(m.budgets.within) == {(1, kind) for kind in rows}
    for kind, row in rows.items():
        assert_row(m.budgets.within[1, kind], row, "<=", 30)


@covers("budgets.net")
def test_what_is_paid_under_floors_and_contracts_stands_side_by_side():
    kinds = "floors contingent contracts"
    offer = contract("c", "seller", latest_year=2030, fixed=True, fixed_price=0.062)
    m = build(single(spending(budget("all", kinds, 30.0), contracts=[offer]))).model

    names = (("floors", "f"), ("contingent", "f"), ("contracts", "c"))
    assert keys(m.budgets.net) == {(n, *name) for n in range(3) for name in names}


@covers("budgets.net", "budgets.later")
def test_what_a_committed_floor_pays_is_on_what_no_committed_contract_binds():
    """40 t less half of 10: at 0.065 against 0.06 in 2030; 0.05 in 2032 holds after it, and lenders see 0.01."""
    deal = floor("f", "mill", floor=0.065, tenor_years=4, committed_year=2030)
    bound = contract("c", "mill", fixed=True, fixed_price=0.08, take_or_pay_share=0.5, tenor_years=4,
                     committed_year=2030, committed_t=10.0)  # fmt: skip
    mill = project("mill", capacity=40.0, capex=20.0, committed_year=2030)
    limits = [budget(kind, kind, 30.0) for kind in ("floors", "contingent")]
    prices = {"oxide": (0.06, 0.06, 0.05)}
    m = build(single(spending(*limits, projects=[mill], floors=[deal], contracts=[bound], price=prices))).model

    held, volume = "price_floors.committed[f]", "contracts.committed_q[c]"
    for kind, now, later in (("floors", 0.005, 0.015), ("contingent", 0.055, 0.055)):
        row = {f"budgets.paid_out[0,{kind},f]": 1, held: -40 * now, volume: 0.5 * now}
        assert_row(m.budgets.net[0, kind, "f"], row, ">=", 0)
        assert_row(m.budgets.later[2, kind, 2033], {held: 40 * later, volume: -0.5 * later}, "<=", 30)


@covers("budgets.later")
def test_what_is_owed_to_contracts_in_a_future_is_what_was_signed_on_its_path():
    """Half of the volume at 0.08, against 0.072: of 2031 in its own future alone, and of what is committed in both."""
    offer = contract("c", "seller", fixed=True, fixed_price=0.08, take_or_pay_share=0.5, earliest_year=2031,
                     latest_year=2031)  # fmt: skip
    old = replace(offer, name="old", committed_year=2031, committed_t=10.0, take_or_pay_share=0.25)
    data = spending(budget("all", "contracts", 9.0), contracts=[offer, old])
    m = build(fork(data, replace(data, scenario=scenario()))).model

    assert keys(m.budgets.later) == {(2, "all", 2033), (4, "all", 2033)}
    for leaf, signed in ((2, 1), (4, 3)):
        row = {f"contracts.q[{signed},c]": 0.5 * 0.008, "contracts.committed_q[old]": 0.25 * 0.008}
        assert_row(m.budgets.later[leaf, "all", 2033], row, "<=", 9)


@covers("budgets.later")
def test_what_a_floor_owes_is_owed_by_its_payer():
    limits = [budget("any", "floors", 9.0), *(replace(budget(p, "floors", 9.0), payer=p) for p in ("DLA", "EXIM"))]
    m = build(single(spending(*limits, floors=[replace(DEAL, payer="DLA")], price={"oxide": (0.06, 0.06, 0.05)}))).model

    assert {name for _, name, _ in keys(m.budgets.later)} == {"any", "DLA"}
