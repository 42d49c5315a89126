"""What is decided already: it stands, and is no choice of the plan."""

from __future__ import annotations

from dataclasses import replace

from tests.rules.algebra import assert_row, close, coefficients, costs, covers, keys, total
from tests.rules.tiny_data import budget, contract, floor, fork, plan, plant, project, scenario

from lodestone.data.plan_data import time_of
from lodestone.data.tree import Tree, single
from lodestone.rules import commitments
from lodestone.rules.build import build
from lodestone.rules.contracts import yearly_table
from lodestone.rules.price_floors import payments_at

MINE = project("mine", recipe={"oxide": 0.5}, capacity=80.0, capex=100.0, ramp_years=2, lead_years=1, life_years=4,
               committed_year=2029)  # fmt: skip


def test_its_capacity_is_there_as_if_decided_then():
    """Decided in 2029, it produces from 2030 on: half of 80 t, then all of them, and no more builds of it."""
    m = build(single(plan(projects=[MINE]))).model

    assert keys(m.investments.build) == set()
    assert m.investments.committed["mine"].bounds == (1, 1)
    capacity = {n: total(m.investments.capacity[n, "mine"]) for n in range(3)}
    assert capacity == {n: {"investments.committed[mine]": t} for n, t in enumerate((40, 80, 80))}


def test_what_is_not_committed_is_in_no_row():
    blank = floor("f", "mill", floor=None)
    tree = single(plan(projects=[MINE, project("mill", capex=9.0)], floors=[blank]))

    assert [row["name"] for row in commitments.table(tree)] == ["mine"]


def test_in_a_plan_of_one_year_it_is_there_too():
    m = build(single(plan(projects=[MINE], first_year=2030, last_year=2030))).model

    assert keys(m.investments.committed) == {"mine"}


@covers("capacity.capacity")
def test_what_is_committed_in_the_horizon_stands_from_its_first_year_on():
    m = build(single(plan(projects=[replace(MINE, committed_year=2031)]))).model

    assert keys(m.capacity.capacity) == {(2, "mine")}
    row = {"flows.act[2,mine,clean]": 1, "investments.committed[mine]": -40}
    assert_row(m.capacity.capacity[2, "mine"], row, "<=", 0)


@covers("investments.once")
def test_it_takes_up_one_of_max_builds():
    m = build(single(plan(projects=[replace(MINE, max_builds=3)]))).model

    assert all(v.bounds == (0, 2) for v in m.investments.build.values())
    assert_row(m.investments.once[2, "mine"], {"investments.built[1,mine]": 1}, "<=", 2)


def test_it_takes_up_its_group():
    others = [project(name, group="site") for name in ("large", "small")]
    m = build(single(plan(projects=[replace(MINE, group="site"), *others, project("elsewhere")]))).model

    assert {g for _, g in keys(m.investments.build)} == {"elsewhere"}


@covers("investments.requires")
def test_it_serves_as_what_others_require_once_it_is_decided():
    later = replace(MINE, committed_year=2031, requires="nothing")
    m = build(single(plan(projects=[later, project("mill", requires="mine"), project("nothing")]))).model

    assert_row(m.investments.requires[0, "mill"], {"investments.build[0,mill]": 1}, "<=", 0)
    row = {"investments.build[0,mill]": 1, "investments.build[1,mill]": 1, "investments.committed[mine]": -1}
    assert_row(m.investments.requires[1, "mill"], row, "<=", 0)
    assert {g for _, g in keys(m.investments.requires)} == {"mill"}  # it asks for nothing itself


def test_lenders_are_not_asked():
    m = build(single(plan(projects=[MINE]))).model

    assert keys(m.bankability.bankable) == keys(m.bankability.closing) == set()


def test_capex_before_the_first_year_is_spent_and_what_is_left_at_the_end_is_credited():
    """4 years of life from 2030: 1 of 4 is left after 2032. A second one, decided in 2031, still costs its capex."""
    public = replace(MINE, public=True, at_market=False, fixed_cost=3.0)
    m = build(single(plan(projects=[public, replace(public, name="new", committed_year=2031)]))).model

    old, new = "investments.committed[mine]", "investments.committed[new]"
    assert costs(m.investments, "capex") == {1: {new: 100}}
    assert costs(m.investments, "public_fixed_cost") == {0: {old: 3}, 1: {old: 3}, 2: {old: 3, new: 3}}
    assert costs(m.investments, "salvage") == {2: {old: -25, new: -75}}


def test_it_is_there_in_every_future():
    data = plan(projects=[MINE])
    m = build(fork(data, plan(projects=[MINE], scenario=scenario()))).model

    assert total(m.investments.capacity[4, "mine"]) == {"investments.committed[mine]": 80}


def test_only_committed_packages_and_contracts_are_on_offer_with_it():
    """[cheat] Nobody signs a promise of the state away."""
    floors = [floor("agreed", "mine", committed_year=2029), floor("menu", "mine")]
    offers = [contract("signed", "mine", committed_year=2029, committed_t=10.0), contract("offer", "mine")]
    m = build(single(plan(projects=[MINE], floors=floors, contracts=offers))).model

    assert keys(m.price_floors.award) == keys(m.contracts.sign) == set()
    assert keys(m.price_floors.committed) == {"agreed"}
    assert keys(m.contracts.committed) == {"signed"}


@covers("contracts.in_force", "contracts.unpaid")
def test_a_committed_contract_delivers_its_volume():
    """Of a project from its first year of production, at its ramp: half of 10 t in 2030; paid whether taken or not."""
    signed = contract("signed", "mine", committed_year=2029, committed_t=10.0, take_or_pay_share=0.8, signing_fee=2.0)
    m = build(single(plan(projects=[MINE], contracts=[signed]))).model

    assert m.contracts.committed_q["signed"].bounds == (10, 10)
    assert keys(m.contracts.taken) == {(n, "signed", -1) for n in range(3)}
    row = {"contracts.taken[0,signed,-1]": 1, "contracts.committed_q[signed]": -0.5}
    assert_row(m.contracts.in_force[0, "signed", -1], row, "<=", 0)
    row = {
        "contracts.untaken[1,signed,-1]": 1,
        "contracts.taken[1,signed,-1]": 1,
        "contracts.committed_q[signed]": -0.8,
    }
    assert_row(m.contracts.unpaid[1, "signed", -1], row, ">=", 0)
    assert costs(m.contracts, "signing_fees") == {}  # paid before the first year


@covers("contracts.supply")
def test_a_committed_contract_leaves_less_of_its_supplier_to_others():
    mint = plant("mint", recipe={"oxide": 0.5}, capacity=80.0)
    signed = contract("signed", "mint", committed_year=2030, committed_t=10.0, tenor_years=2, signing_fee=2.0)
    m = build(single(plan(plants=[mint], contracts=[signed, contract("offer", "mint", latest_year=2030)]))).model

    row = {"contracts.q[0,offer]": 1, "contracts.committed_q[signed]": 1}
    assert_row(m.contracts.supply[1, "mint", "oxide"], row, "<=", 40)
    assert_row(m.contracts.supply[2, "mint", "oxide"], {"contracts.q[0,offer]": 1}, "<=", 40)
    assert costs(m.contracts, "signing_fees")[0]["contracts.committed[signed]"] == 2
    m = build(single(plan(plants=[mint], contracts=[signed]))).model
    assert keys(m.contracts.supply) == set()  # what is signed already was found to fit


def test_a_committed_floor_of_a_project_is_shortened_by_committed_contracts_only():
    """g x capacity x ramp, less 0.75 of the 10 t signed: (20 - 3.75) t in 2030, (40 - 7.5) t then; floor 0.08."""
    signed = contract("signed", "mine", committed_year=2029, committed_t=10.0, take_or_pay_share=0.75, tenor_years=2)
    agreed = floor("agreed", "mine", committed_year=2029, tenor_years=4, capex_grant_share=0.5)
    built = build(single(plan(projects=[MINE], floors=[agreed], contracts=[signed])))
    m = built.model

    paid = {}
    for n in range(3):
        ((o, d, terms),) = payments_at(built.tree, m.price_floors, m.contracts, n)
        assert (o, d) == ("agreed", commitments.COMMITTED)
        paid[n] = total(terms)
    floored, volume = "price_floors.committed[agreed]", "contracts.committed_q[signed]"
    assert paid == {
        0: {floored: close(20 * 0.02), volume: close(-0.5 * 0.75 * 0.02)},
        1: {floored: close(40 * 0.014), volume: close(-0.75 * 0.014)},
        2: {floored: close(40 * 0.008)},  # the contract has ended
    }
    assert costs(m.price_floors, "grants") == {}
    assert costs(m.price_floors, "owed_beyond_horizon") == {2: {floored: close(40 * 0.008 / 1.1)}}  # 2033


@covers("payments.pays")
def test_a_committed_floor_of_a_plant_covers_what_it_could_make():
    """0.5 x its capacity in the year, less 0.5 of the 10 t signed, for three years from 2031 on."""
    mint = plant("mint", recipe={"oxide": 0.5}, capacity=(80.0, 60.0, 40.0), operating_cost=0.05)
    signed = contract("signed", "mint", committed_year=2030, committed_t=10.0, take_or_pay_share=0.5, tenor_years=2)
    agreed = floor("agreed", "mint", committed_year=2031, tenor_years=3)
    m = build(single(plan(plants=[mint], floors=[agreed], contracts=[signed, contract("offer", "mint")]))).model

    floored, volume = "price_floors.committed[agreed]", "contracts.committed_q[signed]"
    assert costs(m.price_floors, "floor_payments") == {
        1: {floored: close(30 * 0.014), volume: close(-0.5 * 0.014)},
        2: {floored: close(20 * 0.008)},
    }
    assert costs(m.price_floors, "owed_beyond_horizon") == {2: {floored: close(20 * 0.008 / 1.1)}}
    row = {
        "payments.topup[2,mint]": 1,
        "flows.act[2,mint,clean]": 0.5 * 0.072 - 0.05,
        floored: 20 * 0.008,
        "contracts.taken[2,offer,0]": 0, "contracts.taken[2,offer,1]": 0, "contracts.taken[2,offer,2]": 0,
    }  # fmt: skip
    assert_row(m.payments.pays[2, "mint"], {name: c for name, c in row.items() if c}, ">=", 0)


def test_the_table_tells_what_is_committed():
    data = plan(
        projects=[MINE, project("free")],
        floors=[floor("agreed", "mine", committed_year=2029), floor("menu", "free")],
        contracts=[contract("signed", "mine", committed_year=2029, committed_t=10.0)],
    )

    rows = commitments.table(single(data))

    assert [tuple(row.values()) for row in rows] == [
        ("project", "mine", "Home", 2029, 80.0, "t/yr"),
        ("floor", "agreed", "Home", 2029, close(80.0), "USD/kg"),
        ("contract", "signed", "Home", 2029, 10.0, "t/yr"),
    ]


def test_in_a_plan_of_one_year_contracts_and_floors_are_there_too():
    floors = [floor("agreed", "mine", committed_year=2029)]
    deals = [contract("signed", "mine", committed_year=2029, committed_t=10.0)]
    data = plan(projects=[MINE], floors=floors, contracts=deals, first_year=2030, last_year=2030)
    built = build(single(data))

    assert built.model.contracts.committed_q["signed"].bounds == (10, 10)
    assert [row["name"] for row in commitments.table(built.tree)] == ["mine", "agreed", "signed"]


def test_a_contract_with_a_committed_project_is_signed_at_its_decision():
    deals = [contract("mine's", "mine", committed_year=2028), contract("mill's", "mill", committed_year=2028)]
    data = plan(projects=[MINE, project("mill")], contracts=[*deals, contract("offer", "mine")])

    years = [commitments.contract_year(data, c) for c in data.contracts.values()]
    assert years == [2029, 2028, None]


def apart(base, other):
    """Two futures that part at the start: nodes 0-2, and 3-5 with a probability of 0.25."""
    return Tree(
        time={n: time_of(2030 + n % 3) for n in range(6)}, parent={0: None, 1: 0, 2: 1, 3: None, 4: 3, 5: 4},
        probability={n: 0.75 if n < 3 else 0.25 for n in range(6)},
        data={n: base if n < 3 else other for n in range(6)},
    )  # fmt: skip


def test_what_is_committed_in_one_future_alone_delivers_in_it_alone():
    """Of two that the base commits the other future has the second only."""
    mint = plant("mint", recipe={"oxide": 0.5}, capacity=80.0)
    first, second = (contract(c, "mint", committed_year=2030, committed_t=10.0) for c in ("a", "b"))
    shock = plan(plants=[mint], contracts=[replace(first, committed_year=None), second], scenario=scenario())
    m = build(apart(plan(plants=[mint], contracts=[first, second]), shock)).model

    of_node = {n: {c for a, c, d in m.contracts.taken if (a, d) == (n, commitments.COMMITTED)} for n in range(6)}
    assert of_node == {n: {"a", "b"} if n < 3 else {"b"} for n in range(6)}


def test_every_beginning_names_what_it_commits():
    base, other = (plan(projects=[replace(MINE, name=name), project("mill")]) for name in ("mine", "pit"))

    assert commitments.committed_names(apart(base, other), "projects") == ["mine", "pit"]


def test_tables_say_what_is_committed():
    mint = plant("mint", recipe={"oxide": 0.5}, capacity=80.0)
    deals = [contract("signed", "mint", committed_year=2029, committed_t=10.0, tenor_years=2),
             contract("offer", "mint", tenor_years=1, latest_year=2030)]  # fmt: skip
    built = build(single(plan(plants=[mint], contracts=deals)))
    block = built.model.contracts
    for variable in (*block.taken.values(), *block.q.values()):
        variable.value = 0
    block.sign[0, "offer"].value = block.committed["signed"].value = 1
    block.committed_q["signed"].value = 10

    rows = yearly_table(built.tree, block)

    columns = ("contract", "signing_year", "year", "active_t", "committed")
    assert [tuple(row[c] for c in columns) for row in rows] == [
        ("offer", 2030, 2030, 0, "no"), ("signed", 2029, 2030, 10, "yes")
    ]  # fmt: skip


def test_a_package_that_is_committed_in_one_future_alone_is_paid_in_it_alone():
    """0.08 less 0.06, 0.066, 0.072 and a credit of 0.01 on 40 t in each of four years, the last after the horizon. The
    contract that binds half of 10 t is committed in the base alone too, that of half of 4 t in both."""
    mint = plant("mint", recipe={"oxide": 0.5}, capacity=80.0)
    agreed = floor("agreed", "mint", committed_year=2030, tenor_years=4, credit=0.01)
    stands = replace(agreed, name="stands", credit=0.0)
    deals = [contract(c, "mint", committed_year=2030, committed_t=t, take_or_pay_share=0.5, tenor_years=9)
             for c, t in (("a", 10.0), ("b", 4.0))]  # fmt: skip
    shock = plan(plants=[mint], floors=[replace(agreed, committed_year=None), stands], scenario=scenario(),
                 contracts=[replace(deals[0], committed_year=None), deals[1]])  # fmt: skip
    m = build(apart(plan(plants=[mint], floors=[agreed, stands], contracts=deals), shock)).model

    award, other = "price_floors.committed[agreed]", "price_floors.committed[stands]"
    credit = {award: close(0.4)}
    assert costs(m.credits, "credits") == {0: credit, 1: credit, 2: credit}
    assert costs(m.credits, "owed_beyond_horizon") == {2: {award: close(0.4 / 1.1)}}
    base, shocked = costs(m.price_floors, "floor_payments")[1], costs(m.price_floors, "floor_payments")[4]
    a, b = "contracts.committed_q[a]", "contracts.committed_q[b]"
    assert base == {award: close(0.56), other: close(0.56), a: close(-0.014), b: close(-0.014)}  # for two floors
    assert shocked == {other: close(0.56), b: close(-0.007)}
    assert set(costs(m.price_floors, "owed_beyond_horizon")[5]) == {other, b}


def test_only_projects_that_are_free_are_offered_packages_that_are():
    """A second build of the mine may be decided; what is agreed for the mill is no choice."""
    floors = [floor("menu", "mine"), floor("agreed", "mill", committed_year=2030), floor("offer", "mill")]
    projects = [replace(MINE, max_builds=2), project("mill", capex=900.0, latest_year=2030)]
    m = build(single(plan(projects=projects, floors=floors))).model

    assert "mine" in {g for _, g in keys(m.investments.build)}
    assert keys(m.price_floors.award) == {(0, "offer")}


@covers("contracts.in_force", "contracts.unpaid", "contracts.supply", "budgets.later")
def test_a_future_from_the_start_may_commit_another_volume():
    """10 t in the base and 4 t in the other, of which half must be taken, at 0.1 against 0.072 in 2033 and a floor of
    0.08 against 0.072 in 2032: nobody signed 10 t there."""
    mint = plant("mint", recipe={"oxide": 0.5}, capacity=80.0)
    terms = {"fixed": True, "fixed_price": 0.1, "take_or_pay_share": 0.5, "tenor_years": 4}
    deal = contract("c", "mint", committed_year=2030, committed_t=10.0, **terms)
    agreed = floor("f", "mint", committed_year=2030)
    base, other = (
        plan(plants=[mint], floors=[agreed], contracts=[replace(deal, committed_t=t), contract("offer", "mint")],
             budgets=[budget("all", "contracts", 9.0)])
        for t in (10.0, 4.0)
    )  # fmt: skip
    m = build(apart(base, other)).model
    volume = "contracts.committed_q[c]"

    assert m.contracts.committed_q["c"].bounds == (10, 10)
    for node, share in ((1, 1.0), (4, 0.4)):
        taken, untaken = f"contracts.taken[{node},c,-1]", f"contracts.untaken[{node},c,-1]"
        assert_row(m.contracts.in_force[node, "c", -1], {taken: 1, volume: -share}, "<=", 0)
        assert_row(m.contracts.unpaid[node, "c", -1], {untaken: 1, taken: 1, volume: -0.5 * share}, ">=", 0)
        found, _ = coefficients(m.contracts.supply[node, "mint", "oxide"].body)
        assert found[volume] == close(share)
    for leaf, share in ((2, 1.0), (5, 0.4)):
        owed = 0.5 * share * 0.028
        assert costs(m.contracts, "owed_beyond_horizon")[leaf] == {volume: close(owed / 1.1)}
        assert_row(m.budgets.later[leaf, "all", 2033], {volume: owed}, "<=", 9)
        assert costs(m.price_floors, "floor_payments")[leaf][volume] == close(-0.5 * share * 0.008)


def test_the_table_of_a_future_from_the_start_says_its_own_volume():
    mint = plant("mint", recipe={"oxide": 0.5}, capacity=80.0)
    base, other = (
        plan(plants=[mint], contracts=[contract("c", "mint", committed_year=2030, committed_t=t)]) for t in (10.0, 4.0)
    )
    built = build(apart(base, other))
    block = built.model.contracts
    block.committed["c"].value, block.committed_q["c"].value = 1, 10

    for leaf, t in ((2, 10.0), (5, 4.0)):
        assert [r["active_t"] for r in yearly_table(built.tree.along(leaf), block)] == close([t] * 3)


def test_a_future_from_the_start_may_pay_for_a_project_itself_or_leave_it_to_earn_its_keep():
    """Public in the base: 50 of capex, 3 a year, and two of five years are left. In the other it is private."""
    mill = project("mill", capex=50.0, fixed_cost=3.0, life_years=5, latest_year=2030)
    m = build(apart(plan(projects=[replace(mill, public=True, at_market=False)]), plan(projects=[mill]))).model

    build_ = "investments.build[0,mill]"
    assert costs(m.investments, "capex") == {0: {build_: 50}}
    assert costs(m.investments, "public_fixed_cost") == {n: {build_: 3} for n in range(3)}
    assert costs(m.investments, "salvage") == {2: {build_: -20}}
    assert keys(m.earnings.keeps) == {(3, "mill")}
    assert {n for n, _ in keys(m.payments.topup)} == {3, 4, 5}


def test_a_future_from_the_start_may_commit_a_project_that_others_decide():
    mill = project("mill", capex=50.0, latest_year=2030, max_builds=2)
    m = build(apart(plan(projects=[replace(mill, committed_year=2030)]), plan(projects=[mill]))).model

    assert keys(m.investments.build) == {(0, "mill"), (3, "mill")}
    assert keys(m.earnings.keeps) == {(3, "mill")}
    assert {n for n, _ in keys(m.earnings.from_planned)} == {3, 4, 5}


def test_nothing_may_be_committed():
    mint = plant("mint", recipe={"oxide": 0.5}, capacity=80.0)
    m = build(single(plan(plants=[mint], contracts=[contract("none", "mint", committed_year=2030, committed_t=0.0)])))

    assert m.model.contracts.committed_q["none"].bounds == (0, 0)
