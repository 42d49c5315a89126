"""Coalitions by hand: a plant that pays only for two, a scarce clean supply for which they compete."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.make import Book, write_book
from tests.solving import add, close, kg, lane, market, recipe

from lodestone.commands import main
from lodestone.errors import UsageError
from lodestone.report.studies.allies_files import COALITIONS, rows
from lodestone.solve.effort import Effort
from lodestone.studies.allies.results import Allies, Cost, notes, shapley
from lodestone.studies.allies.search import PartOfExtra, allies, parse_members
from lodestone.studies.parallel.solves import IN_THIS_PROCESS
from lodestone.studies.parallel.source import Source


def two_homes() -> Book:
    """East and West need 100 t each, all of it clean by their own cap; China sells at 60. Nothing is discounted."""
    book: Book = {"Settings": {"first_year": 2026, "last_year": 2026, "discount_rate": 0}}
    add(book, "Regions", region="China", of_concern="yes")
    for region in ("East", "West", "South"):
        add(book, "Regions", region=region)
    add(book, "Materials", material="oxide")
    add(book, "Prices", material="oxide", years=60)
    add(book, "Sectors", sector="industry", shortage_cost_usd_per_kg=1000)
    market(book, "china", "China")
    for region in ("East", "West"):
        add(book, "Demand", region=region, sector="industry", material="oxide", years=100)
        add(book, "ChinaShare", cap=f"cap_{region}", material="oxide", region=region, sector="industry", years=0)
        lane(book, "China", region)
    return book


def found(tmp_path: Path, book: Book, *members: str) -> Allies:
    source = Source.read(write_book(tmp_path / "book.xlsx", book), effort=Effort(1e-9))
    return allies(source, members or ("East", "West"), where=IN_THIS_PROCESS)


def extra(study: Allies, *members: str) -> float:
    return study.extra[frozenset(members)]


# A public plant in South makes 200 t for 70 a kg, one build, 12 MUSD of which nothing is left after 2026; clean oxide
# can be had at 150 as well. Alone: 100 t x (150 - 60) = 9, or 12 + 100 x (70 - 60) = 13: 9 each. Together: 12 + 2 = 14.
def test_a_plant_that_pays_only_for_two(tmp_path: Path):
    book = two_homes()
    recipe(book, "mine", oxide=1)
    cells = {"capacity_t_per_yr": 200, "capex_musd": 12, "operating_cost_usd_per_kg": 70, "funding": "public"}
    add(book, "Projects", project="shared", region="South", process="mine", lead_years=0, life_years=1, **cells)
    market(book, "clean", "South", premium_share=1.5)
    for region in ("East", "West"):
        lane(book, "South", region)
    study = found(tmp_path, book)
    assert study.nothing_musd == kg(200 * 60)
    assert extra(study, "East") == kg(100 * 90)
    assert extra(study, "West") == kg(100 * 90)
    assert extra(study, "East", "West") == close(12 + 200 * 10 / 1000)
    assert study.gain == close(4)
    assert study.shapley() == {"East": close(7), "West": close(7)}
    assert study.would_leave({"East": 7.0, "West": 7.0}) == []
    assert study.would_leave({"East": 10.0, "West": 4.0}) == [(("East",), close(1))]
    assert notes(study)[0].startswith("Acting together saves 4.00 MUSD against each alone: 14.0 MUSD in all.")


# The ally sells 100 t a year at 70, more costs 150: the first to come has it for 10 a kg more, the other pays 90.
def test_a_scarce_clean_supply_for_which_they_compete(tmp_path: Path):
    book = two_homes()
    market(book, "scarce", "South", premium_share=1 / 6, years=100)
    market(book, "clean", "South", premium_share=1.5)
    for region in ("East", "West"):
        lane(book, "South", region)
    study = found(tmp_path, book)
    assert extra(study, "East") == kg(100 * 10)
    assert extra(study, "East", "West") == kg(100 * 10 + 100 * 90)
    assert study.gain == kg(-100 * 80)
    assert {member for members, _ in study.would_leave(study.shapley() or {}) for member in members} == {"East", "West"}
    assert "costs 8.00 MUSD more, for what is scarce," in notes(study)[0]


# What West alone pays for is not on offer to East: it leaves 100 t short at 1000.
def test_support_that_others_pay_is_not_on_offer(tmp_path: Path):
    book = two_homes()
    recipe(book, "mine", oxide=1)
    cells = {"capacity_t_per_yr": 200, "capex_musd": 1, "operating_cost_usd_per_kg": 60, "funding": "public"}
    dates = {"lead_years": 0, "life_years": 1}
    add(book, "Projects", project="western", region="South", process="mine", payer="West", **cells, **dates)
    for region in ("East", "West"):
        lane(book, "South", region)
    study = found(tmp_path, book)
    assert extra(study, "West") == close(1)
    assert extra(study, "East") == kg(100 * 940)
    assert extra(study, "East", "West") == close(1)


# Cover is asked of a coalition's own reserves: 10 t for 36.5 days, at 60 and 1 of holding; nothing is credited.
def test_cover_is_asked_of_their_own_reserves(tmp_path: Path):
    book = two_homes()
    del book["ChinaShare"]
    book["Settings"]["stock_end_value_share"] = 0
    cells = {"capacity_t": 50, "holding_cost_usd_per_kg_yr": 1, "years": 36.5}
    for region in ("East", "West"):
        add(book, "Stockpiles", stockpile=f"pile_{region}", region=region, material="oxide", covers=region, **cells)
    study = found(tmp_path, book)
    assert extra(study, "East") == kg(10 * 61)
    assert extra(study, "East", "West") == kg(20 * 61)


# By hand, three players: v(1)=6, v(2)=12, v(3)=18, v(12)=15, v(13)=20, v(23)=25, v(123)=27. Player 1 adds 6 first,
# 3 after 2, 2 after 3 and 2 last: (6 x 2 + 3 + 2 + 2 x 2) / 6.
def test_shapley_of_three():
    cost = {(): 0.0, (1,): 6, (2,): 12, (3,): 18, (1, 2): 15, (1, 3): 20, (2, 3): 25, (1, 2, 3): 27}
    shares = shapley(("1", "2", "3"), {frozenset(map(str, group)): float(v) for group, v in cost.items()})
    assert shares["1"] == close((12 + 3 + 2 + 4) / 6)
    assert sum(shares.values()) == close(27)


@pytest.mark.parametrize(
    ("members", "said"),
    [(("East", "Wset"), "no region or group"), (("East", "China"), "of concern"), (("East", "all"), "another member")],
)
def test_members_are_regions_or_groups_of_allies(tmp_path: Path, members: tuple[str, ...], said: str):
    book = two_homes()
    book["Regions"][0].append("group")
    for row in book["Regions"][2:4]:
        row += [None] * (len(book["Regions"][0]) - len(row) - 1) + ["all"]
    with pytest.raises(UsageError, match=said):
        found(tmp_path, book, *members)


@pytest.mark.parametrize("text", ["East", "East,East", ",", "a,b,c,d,e,f,g,h,i"])
def test_two_to_eight_members_are_named(text: str):
    with pytest.raises(UsageError, match="--members"):
        parse_members(text)


# Doing nothing costs 1,000 and the plan 1,200: at 2 % of the 200 between them, 4 MUSD is near enough. Where security
# costs nothing it is 1e-5 of the cost.
def test_how_near_is_near_enough_is_a_part_of_the_extra_cost():
    enough = PartOfExtra(0.02, 1000.0)
    assert enough(1200.0) == close(4)
    assert enough(1000.0) == close(0.01)


def test_what_is_not_proved_is_told_as_a_part_of_the_extra_cost():
    costs = (Cost(("A",), 200.0, 5.0), Cost(("B",), 0.0, 0.0), Cost(("A", "B"), None, message="no plan"))
    study = Allies("x.xlsx", "x", "base", ("A", "B"), 1000.0, costs)
    at = [column.name for column in COALITIONS].index("gap_share")
    assert [row[at] for row in rows(study)] == [close(0.025), None, None]


def test_what_is_written_and_said(tmp_path: Path):
    book = two_homes()
    market(book, "clean", "South", premium_share=1.5)
    for region in ("East", "West"):
        lane(book, "South", region)
    path = write_book(tmp_path / "book.xlsx", book)
    words = ["allies", str(path), "--members", "East,West", "--jobs", "1", "--out", str(tmp_path / "allies.xlsx")]
    out = CliRunner().invoke(main, words)
    assert out.exit_code == 0, out.output
    assert "East + West" in out.stdout
    assert (tmp_path / "allies.json").exists()
