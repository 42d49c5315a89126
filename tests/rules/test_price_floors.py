from __future__ import annotations

from dataclasses import replace

from tests.rules.algebra import assert_row, close, costs, covers, keys, total
from tests.rules.tiny_data import contract, floor, fork, market, plan, project, scenario

from lodestone.data.tree import single
from lodestone.rules import commitments
from lodestone.rules.build import build
from lodestone.rules.price_floors import awards_table, covered_at, payments_table, supported_years

MILL = project("mill", recipe={"oxide": 0.5}, capacity=80.0, latest_year=2030,
               capex=9000.0)  # 40 t of oxide a year, and never bankable unaided  # fmt: skip


@covers("price_floors.one_package")
def test_one_package_per_build():
    mill = project("mill", latest_year=2031, capex=9000.0)
    floors = [floor("low", "mill"), floor("high", "mill", floor=0.1), floor("other", "smelter")]
    m = build(single(plan(projects=[mill, project("smelter", earliest_year=2032, capex=9000.0)], floors=floors))).model

    assert keys(m.price_floors.award) == {(0, "low"), (1, "low"), (0, "high"), (1, "high"), (2, "other")}
    assert all(v.is_binary() for v in m.price_floors.award.values())
    assert keys(m.price_floors.one_package) == {(0, "mill"), (1, "mill"), (2, "smelter")}
    row = {"price_floors.award[1,low]": 1, "price_floors.award[1,high]": 1, "investments.build[1,mill]": -1}
    assert_row(m.price_floors.one_package[1, "mill"], row, "<=", 0)


def test_without_contracts_an_award_covers_the_whole_output():
    built = build(single(plan(projects=[MILL], floors=[floor("f", "mill", tenor_years=2)])))

    block = built.model.price_floors
    assert keys(block.covered) == set()
    covered = [total(covered_at(built.tree, block, "f", 0, year)) for year in (2029, 2030, 2031, 2032)]
    assert covered == [{}, {"price_floors.award[0,f]": 40}, {"price_floors.award[0,f]": 40}, {}]


@covers("price_floors.awarded", "price_floors.uncontracted", "price_floors.in_full")
def test_deemed_output_less_what_is_under_contract():
    contracts = [
        contract("one_year", "mill", tenor_years=1, take_or_pay_share=0.5),
        contract("two_years", "mill", tenor_years=2, take_or_pay_share=1.0),
        contract("as_long", "mill", tenor_years=4, take_or_pay_share=0.25),
        contract("empty", "mill", tenor_years=3),  # [cheat] nobody is bound to take anything
        contract("scrap", "mill", material="scrap", tenor_years=3, take_or_pay_share=1.0),
    ]
    mill = project("mill", recipe={"oxide": 0.5, "scrap": 0.1}, capacity=80.0, latest_year=2030, lead_years=1,
                   capex=9000.0)  # fmt: skip
    built = build(single(plan(projects=[mill], floors=[floor("f", "mill", tenor_years=4)], contracts=contracts)))

    block = built.model.price_floors
    segments = {(0, "f", 0), (0, "f", 1), (0, "f", 2)}  # until one_year ends, until two_years ends, until the end
    assert keys(block.covered) == segments
    assert keys(block.awarded) == keys(block.uncontracted) == keys(block.in_full) == segments

    row = {"price_floors.covered[0,f,1]": 1, "price_floors.award[0,f]": -40}
    assert_row(block.awarded[0, "f", 1], row, "<=", 0)
    volumes = {"contracts.q[0,two_years]": 1, "contracts.q[0,as_long]": 0.25}
    row = {"price_floors.covered[0,f,1]": 1, "investments.build[0,mill]": -40} | volumes
    assert_row(block.uncontracted[0, "f", 1], row, "<=", 0)
    row = {"price_floors.covered[0,f,1]": 1, "price_floors.award[0,f]": -40} | volumes
    assert_row(block.in_full[0, "f", 1], row, ">=", 0)
    first = {"contracts.q[0,one_year]": 0.5} | volumes
    row = {"price_floors.covered[0,f,0]": 1, "price_floors.award[0,f]": -40} | first
    assert_row(block.in_full[0, "f", 0], row, ">=", 0)

    by_year = {year: total(covered_at(built.tree, block, "f", 0, year)) for year in range(2030, 2036)}
    assert by_year == {
        2030: {},
        2031: {"price_floors.covered[0,f,0]": 1},
        2032: {"price_floors.covered[0,f,1]": 1},
        2033: {"price_floors.covered[0,f,2]": 1},
        2034: {"price_floors.covered[0,f,2]": 1},
        2035: {},
    }


@covers("price_floors.awarded")
def test_contracts_shorter_than_the_tenor_leave_its_end_uncontracted():
    offtake = contract("c", "mill", tenor_years=2, take_or_pay_share=0.5)
    data = plan(projects=[MILL], floors=[floor("f", "mill")], contracts=[offtake])
    built = build(single(data))

    block = built.model.price_floors
    assert keys(block.awarded) == {(0, "f", 0)}
    assert total(covered_at(built.tree, block, "f", 0, 2031)) == {"price_floors.covered[0,f,0]": 1}
    assert total(covered_at(built.tree, block, "f", 0, 2032)) == {"price_floors.award[0,f]": 40}


@covers("price_floors.awarded")
def test_contracts_that_can_only_be_signed_at_another_decision_do_not_count():
    mill = project("mill", latest_year=2031, capex=9000.0)
    offtake = contract("c", "mill", earliest_year=2031, take_or_pay_share=0.5)
    data = plan(projects=[mill], floors=[floor("f", "mill")], contracts=[offtake])
    m = build(single(data)).model

    assert keys(m.price_floors.awarded) == {(1, "f", 0)}


def test_payments_below_and_above_the_floor():
    pays = floor("pays", "mill", floor=0.065, upside_share=0.25)
    m = build(single(plan(projects=[MILL], floors=[pays]))).model

    assert costs(m.price_floors, "floor_payments") == {
        0: {"price_floors.award[0,pays]": close(40 * (0.065 - 0.06))},
        1: {"price_floors.award[0,pays]": close(-40 * 0.25 * (0.066 - 0.065))},
        2: {"price_floors.award[0,pays]": close(-40 * 0.25 * (0.072 - 0.065))},
    }


def test_payments_ramp_and_last_as_long_as_tenor_and_life():
    mill = project("mill", capacity=80.0, lead_years=1, ramp_years=4, life_years=3, latest_year=2031,
                   capex=9000.0)  # fmt: skip
    floors = [floor("life", "mill", floor=0.172, tenor_years=9), floor("tenor", "mill", floor=0.172, tenor_years=1)]
    data = plan(projects=[mill], floors=floors)
    m = build(single(data)).model

    assert supported_years(data, data.floors["life"], 2031) == (2032, 2034)
    assert supported_years(data, data.floors["tenor"], 2031) == (2032, 2032)
    a = {(n, o): f"price_floors.award[{n},{o}]" for o in ("life", "tenor") for n in (0, 1)}
    assert costs(m.price_floors, "floor_payments") == {
        1: {a[0, "life"]: close(20 * 0.106), a[0, "tenor"]: close(20 * 0.106)},
        2: {a[0, "life"]: close(40 * 0.1), a[1, "life"]: close(20 * 0.1), a[1, "tenor"]: close(20 * 0.1)},
    }


def test_payments_at_the_prices_of_the_scenario():
    base = plan(projects=[MILL], floors=[floor("f", "mill")])
    shock = plan(projects=[MILL], floors=[floor("f", "mill")], price={"oxide": (0.06, 0.03, 0.02)},
                 scenario=scenario())  # fmt: skip
    m = build(fork(base, shock)).model

    assert costs(m.price_floors, "floor_payments") == {
        n: {"price_floors.award[0,f]": close(40 * (0.08 - price))}
        for n, price in ((0, 0.06), (1, 0.066), (2, 0.072), (3, 0.03), (4, 0.02))
    }


def test_grants_are_paid_at_the_decision():
    mill = project("mill", capex=200.0, lead_years=1, latest_year=2031)
    m = build(single(plan(projects=[mill], floors=[floor("f", "mill", capex_grant_share=0.3)]))).model

    assert costs(m.price_floors, "grants") == {n: {f"price_floors.award[{n},f]": close(60)} for n in (0, 1)}


def test_floors_beyond_the_horizon_are_owed():
    """[cheat] At the price of 2032, discounted to 2032, at the ramp of their years; contracts as long as they run."""
    mill = project("mill", capacity=80.0, ramp_years=4, earliest_year=2031, latest_year=2031, capex=9000.0)
    late = contract("late", "mill", tenor_years=3, take_or_pay_share=0.5)
    m = build(single(plan(projects=[mill], floors=[floor("f", "mill", tenor_years=4)], contracts=[late]))).model

    # runs 2031-2034, the contract until 2033: ramps 3/4 in 2033, 1 in 2034
    assert costs(m.price_floors, "owed_beyond_horizon") == {2: {
        "price_floors.covered[1,f,0]": close(0.75 * (0.08 - 0.072) / 1.1),
        "price_floors.award[1,f]": close(80 * (0.08 - 0.072) / 1.1**2),
    }}  # fmt: skip


def test_receipts_beyond_the_horizon_are_not_credited():
    m = build(single(plan(projects=[MILL], floors=[floor("f", "mill", floor=0.05, tenor_years=9, upside_share=1.0)])))

    assert costs(m.model.price_floors, "owed_beyond_horizon") == {}


def test_what_is_owed_on_a_tree_is_owed_at_each_leaf_at_its_price():
    floors = [floor("f", "mill", tenor_years=4)]
    shock = plan(projects=[MILL], floors=floors, price={"oxide": (0.06, 0.01, 0.03)}, scenario=scenario())
    m = build(fork(plan(projects=[MILL], floors=floors), shock)).model

    assert costs(m.price_floors, "owed_beyond_horizon") == {
        2: {"price_floors.award[0,f]": close(40 * (0.08 - 0.072) / 1.1)},
        4: {"price_floors.award[0,f]": close(40 * (0.08 - 0.03) / 1.1)},
    }


@covers("price_floors.one_package")
def test_packages_of_another_project_decided_in_the_same_year_do_not_count():
    floors = [floor("one", "mill"), floor("two", "twin")]
    m = build(single(plan(projects=[MILL, replace(MILL, name="twin")], floors=floors))).model

    row = {"price_floors.award[0,two]": 1, "investments.build[0,twin]": -1}
    assert_row(m.price_floors.one_package[0, "twin"], row, "<=", 0)


def test_tables_of_awards_by_year_of_decision():
    """Bank prices fall from 0.05 to 0.04; in 2031 and 2032 oxide is 0.001 and 0.007 dearer than the floor of 0.065."""
    late = project("late", capacity=10.0, earliest_year=2031, latest_year=2031, capex=9000.0)
    floors = [
        floor("b", "late", floor=0.065, upside_share=0.25),
        floor("idle", "mill"),
        floor("a", "mill", floor=0.065),
    ]
    data = plan(projects=[late, MILL], floors=floors, bank_price={"oxide": (0.05, 0.04)})
    built = build(single(data))
    for variable in built.model.price_floors.award.values():
        variable.value = 0
    for key in ((1, "b"), (0, "a")):
        built.model.price_floors.award[key].value = 1

    awarded = awards_table(built.tree, built.model.price_floors)
    paid = payments_table(built.tree, built.model.price_floors, built.model.contracts)

    assert [(r["floor"], r["decision_year"]) for r in awarded] == [("a", 2030), ("b", 2031)]
    assert [(r["floor"], r["year"]) for r in paid] == [("a", 2030), ("a", 2031), ("a", 2032), ("b", 2031), ("b", 2032)]
    assert [r["payment_musd"] for r in paid] == close([40 * 0.005, 0, 0, -10 * 0.25 * 0.001, -10 * 0.25 * 0.007])
    assert [r["upside_musd"] for r in paid] == close([0, 0, 0, 10 * 0.25 * 0.001, 10 * 0.25 * 0.007])
    at_bank = [40 * 0.015, 40 * 0.025, 40 * 0.025, 10 * 0.025, 10 * 0.025]
    assert [r["payment_at_bank_prices_musd"] for r in paid] == close(at_bank)


def test_table_of_payments_ends_with_the_tenor():
    built = build(single(plan(projects=[MILL], floors=[floor("f", "mill", tenor_years=2)])))
    built.model.price_floors.award[0, "f"].value = 1

    assert [r["year"] for r in payments_table(built.tree, built.model.price_floors, built.model.contracts)] == [
        2030,
        2031,
    ]


def test_no_package_is_on_offer_where_the_project_is_bankable_unaided():
    """[cheat] It needs nothing, so nobody collects its upside; in 2031 the lenders' price has fallen."""
    mill = project("mill", capacity=100.0, life_years=1, capex=5.0)  # at 0.05 it earns 5 in 2030, then 4
    bank = {"oxide": (0.05, 0.04, 0.04)}
    m = build(single(plan(projects=[mill], floors=[floor("f", "mill")], bank_price=bank))).model

    assert keys(m.price_floors.award) == {(1, "f"), (2, "f")}


def test_a_floor_sees_the_price_of_its_own_region():
    """Cheap in Ally, dear at Home: the mill in Ally is paid up to the floor of 0.08."""
    mill = project("mill", "Ally", recipe={"oxide": 0.5}, capacity=80.0, latest_year=2030, capex=9000.0)
    prices = {("oxide", "Home"): 0.2, ("oxide", "Ally"): 0.03, ("oxide", "China"): 0.01}
    m = build(single(plan(projects=[mill], floors=[floor("f", "mill")], price=prices))).model

    assert costs(m.price_floors, "floor_payments")[1] == {"price_floors.award[0,f]": close(40 * 0.05)}


def test_nothing_is_paid_or_offered_where_a_floor_is_not_honoured():
    honoured = {203001: True, 203101: True, 203201: False}
    mill = replace(MILL, latest_year=2032)
    m = build(single(plan(projects=[mill], floors=[floor("f", "mill", honoured=honoured)]))).model

    assert keys(m.price_floors.award) == {(0, "f"), (1, "f")}
    assert set(costs(m.price_floors, "floor_payments")) == {0, 1}


def test_volumes_are_told_apart_where_a_contract_that_binds_may_be_broken():
    """Broken in 2032: "bound", which binds, and "loose", which binds nobody; "scrap" is of another material."""
    broken = {203001: True, 203101: True, 203201: False}
    contracts = [
        contract("bound", "mill", take_or_pay_share=0.5, honoured=broken),
        contract("loose", "mill", honoured=broken),
        contract("kept", "mill", take_or_pay_share=0.5),
        contract("scrap", "mill", material="scrap", take_or_pay_share=0.5, honoured=broken),
    ]
    mill = replace(MILL, recipe={"oxide": 0.5, "scrap": 0.1})
    m = build(single(plan(projects=[mill], floors=[floor("f", "mill")], contracts=contracts))).model

    assert keys(m.price_floors.under_award) == {(0, "f", "bound")}
    paid = costs(m.price_floors, "floor_payments")  # what the broken one gives back is covered then
    assert paid[1] == {"price_floors.covered[0,f,0]": close(0.014)}
    assert paid[2] == {
        "price_floors.covered[0,f,0]": close(0.008), "price_floors.under_award[0,f,bound]": close(0.5 * 0.008)
    }  # fmt: skip


def test_table_of_what_a_committed_floor_pays_and_of_what_is_not_honoured():
    """40 t less half of 10 t that a committed contract binds; in 2032 the floor is broken: covered, and not paid."""
    mill = replace(MILL, committed_year=2030)
    deal = floor("f", "mill", floor=0.065, upside_share=0.25, committed_year=2030,
                 honoured={203001: True, 203101: True, 203201: False})  # fmt: skip
    bound = contract("c", "mill", take_or_pay_share=0.5, committed_year=2030, committed_t=10.0)
    of_others = contract("a", "shop", take_or_pay_share=1.0, committed_year=2030, committed_t=10.0)
    data = plan(projects=[mill], floors=[deal], contracts=[of_others, bound], markets=[market("shop")])
    built = build(single(data))
    m = built.model
    m.price_floors.committed["f"].value = 1
    m.contracts.committed_q["c"].value = m.contracts.committed_q["a"].value = 10.0
    rows = payments_table(built.tree, m.price_floors, m.contracts)

    assert [r["covered_t"] for r in rows] == close([35, 35, 35])
    assert [r["payment_musd"] for r in rows] == close([35 * 0.005, -35 * 0.25 * 0.001, 0])
    assert [r["upside_musd"] for r in rows] == close([0, 35 * 0.25 * 0.001, 0])
    assert [r["payment_at_bank_prices_musd"] for r in rows] == close([35 * 0.015, 35 * 0.015, 0])
    assert [(r["decision_year"], r["committed"]) for r in rows] == [(2030, "yes")] * 3


def test_a_floor_left_blank_pays_up_to_what_closes_the_gap_at_its_decision():
    """10 of capex, lenders' 0.05 on 100 t in two years after one of lead, at 25 %: 2.8 are missing, 144 t count. What
    is agreed is worked out at its own decision too, and stands above floor_max; what lenders see later is nothing."""
    mill = project("mill", capex=10.0, lead_years=1, life_years=2, hurdle_rate=0.25, latest_year=2030)
    blank = floor("f", "mill", floor=None, tenor_years=2)
    data = plan(projects=[mill], floors=[blank], bank_price={"oxide": 0.05}, price={"oxide": 0.06})
    built = build(single(data))
    built.model.price_floors.award[0, "f"].value = 1
    (row,) = awards_table(built.tree, built.model.price_floors)
    assert row["floor_usd_per_kg"] == close(1000 * (0.05 + 2.8 / 144) * 1.000001)

    deck = {"oxide": {2030: 0.05, 2031: 0.05, 2032: 0.05, 2033: 0.02}}
    agreed = replace(blank, committed_year=2030, floor_max=0.01)
    data = plan(projects=[replace(mill, committed_year=2030)], floors=[agreed], bank_price=deck, price={"oxide": 0.06})
    built = build(single(data))
    built.model.price_floors.committed["f"].value = 1
    paid = payments_table(built.tree, built.model.price_floors, built.model.contracts)
    assert [r["payment_musd"] for r in paid] == close([100 * ((0.05 + 2.8 / 144) * 1.000001 - 0.06)] * 2)
    (row,) = [r for r in commitments.table(built.tree) if r["kind"] == "floor"]
    assert row["amount"] == close(1000 * (0.05 + 2.8 / 144) * 1.000001)


def test_what_is_broken_in_its_first_year_of_delivery_gives_back_to_the_floor_then():
    """A year of lead: signed in 2030, broken in 2031 alone, at 0.08 less 0.066."""
    broken = {203001: True, 203101: False, 203201: True}
    bound = contract("bound", "mill", take_or_pay_share=0.5, honoured=broken)
    mill = replace(MILL, lead_years=1)
    m = build(single(plan(projects=[mill], floors=[floor("f", "mill")], contracts=[bound]))).model

    paid = costs(m.price_floors, "floor_payments")
    assert paid[1]["price_floors.under_award[0,f,bound]"] == close(0.5 * 0.014)
    assert "price_floors.under_award[0,f,bound]" not in paid[2]
