"""Rows (24) of a branch of threats against literal algebra."""

from __future__ import annotations

from dataclasses import replace

from tests.rules.algebra import assert_row, covers, keys
from tests.rules.tiny_data import cap, contract, floor, market, plan, project, scenario, sector

from lodestone.data.tree import Branch, single, with_branches
from lodestone.rules.build import build
from lodestone.rules.flows import tainted

J = ("Home", "cars", "oxide")


@covers("secure.served", "secure.builds", "secure.awards", "secure.signings", "secure.volumes")
def test_a_branch_serves_its_share_with_what_its_future_prepared():
    """100 t are wanted, 0.8 of them whatever comes: at most 20 t may be short. The branch leaves after node 0, and its
    nodes 3 and 4 are the twins of 1 and 2."""
    parts = {
        "projects": [project("mill", capex=50.0)],
        "floors": [floor("f", "mill", tenor_years=9)],
        "contracts": [contract("deal", "shop")],
        "markets": [market("shop", "oxide", volume=100.0)],
        "sectors": [replace(sector("cars"), secure_share=0.8)],
        "demand": {J: 100.0},
    }
    tree = with_branches(single(plan(**parts)), [Branch("base", ("cut",), plan(**parts, scenario=scenario("cut")))])
    assert dict(tree.twin) == {3: 1, 4: 2}
    m = build(tree).model

    assert keys(m.secure.served) == {(3, *J), (4, *J)}
    assert_row(m.secure.served[3, *J], {"flows.short[3,Home,cars,oxide]": 1}, "<=", 20)
    for row, name, what in (
        ("builds", "investments.build", "mill"),
        ("awards", "price_floors.award", "f"),
        ("signings", "contracts.sign", "deal"),
        ("volumes", "contracts.q", "deal"),
    ):
        rows = getattr(m.secure, row)
        assert (3, what) in keys(rows), row
        assert_row(rows[3, what], {f"{name}[3,{what}]": 1, f"{name}[1,{what}]": -1}, "<=", 0)


@covers("secure.served")
def test_what_need_not_be_served_has_no_row_and_a_branch_is_in_no_goal():
    """Toys may be short; what is exposed in a branch, which never comes, is nothing to keep low."""
    toys = ("Home", "toys", "oxide")
    parts = {
        "markets": [market("shop", "oxide", exposed=True)],
        "sectors": [replace(sector("cars"), secure_share=0.8), sector("toys")],
        "demand": {J: 100.0, toys: 50.0},
        "caps": [cap("half", 0.5)],
    }
    tree = with_branches(single(plan(**parts)), [Branch("base", ("cut",), plan(**parts, scenario=scenario("cut")))])
    built = build(tree)
    m = built.model

    assert keys(m.secure.served) == {(3, *J), (4, *J)}
    assert {n for n, *_ in keys(m.china_share.deliveries)} == {0, 1, 2}
    names = {v.name for _, v in tainted(tree, built.net, m.flows, m.stockpiles)}
    assert names == {f"flows.deliver[{n},{','.join(j)},exposed]" for n in range(3) for j in (J, toys)}


@covers("secure.awards")
def test_what_its_future_cannot_decide_a_branch_cannot():
    """The package is on offer to the branch alone: its future breaks it from 2031 on."""
    mill, package = project("mill", capex=50.0), floor("f", "mill", tenor_years=9)
    broken = replace(package, honoured={203001: True, 203101: False, 203201: False})
    ours = plan(projects=[mill], floors=[package], scenario=scenario("cut"))
    tree = with_branches(single(plan(projects=[mill], floors=[broken])), [Branch("base", ("cut",), ours)])
    m = build(tree).model

    assert_row(m.secure.awards[3, "f"], {"price_floors.award[3,f]": 1}, "<=", 0)
