"""What the audit takes from a plan: decisions and flows, and nothing else."""

from __future__ import annotations

import pytest
from tests.audit.tiny_plan import plan_document
from tests.audit.tiny_workbook import change, kg, workbook

from lodestone.audit.books import Amounts, limit, read_books, rows


def test_amounts_of_nothing_are_0_and_add_up() -> None:
    amounts: Amounts[str] = Amounts()
    assert amounts["a"] == 0 and dict(amounts) == {}
    amounts.add("a", 2.0)
    amounts.add("a", 0.5)
    assert dict(amounts) == {"a": 2.5}


def test_a_limit_may_be_open_in_all_years_or_in_one() -> None:
    assert limit(None, 203001) is None
    assert [limit({203001: None, 203101: 0.0}, time) for time in (203001, 203101)] == [None, 0.0]


def test_rows_that_stand_twice_are_added_up() -> None:
    plan = plan_document()
    for table in ("investments", "contract_years", "plants", "markets", "flows", "demand", "substitution", "intake",
                  "stockpile"):  # fmt: skip
        plan["tables"][table] += plan["tables"][table]

    books, once = read_books(workbook(), plan), read_books(workbook(), plan_document())

    for name in ("built", "taken", "untaken", "act", "topup", "traded", "shipped", "delivered", "short", "avoided",
                 "mixed", "stock", "fill", "release", "kept", "lacking"):  # fmt: skip
        doubled, single = getattr(books, name), getattr(once, name)
        assert doubled == {key: 2 * value for key, value in single.items()}, name
        assert any(single.values()), name


def test_decisions_and_flows_by_their_names_year_and_stream() -> None:
    books = read_books(workbook(), plan_document())

    assert books.built == {("smelter", 2030): 1, ("recycler", 2031): 1}
    assert [(a.floor.name, a.unit.name, a.year, a.first, a.last) for a in books.awards] == [
        ("support", "smelter", 2030, 2031, 2033)
    ]
    assert [(s.contract.name, s.year, s.annual, s.first, s.last) for s in books.chosen_signings] == [
        ("offtake", 2030, 20, 2031, 2033), ("trade", 2030, 6, 2031, 2033), ("ore_deal", 2030, 30, 2030, 2031),
    ]  # fmt: skip
    assert (books.awards[0].where, books.signings[0].where, books.signings[0].key) == (
        "support 2030", "offtake 2030", ("offtake", 2030),
    )  # fmt: skip
    assert (books.taken["offtake", 2030, 203201], books.untaken["offtake", 2030, 203201]) == (15, 3)
    assert (books.act["pilot", 203101, "clean"], books.act["pilot", 203201, "exposed"]) == (10, 10)
    assert books.topup["refinery", 203001] == pytest.approx(0.03)
    assert (books.traded["trader", 203101, "exposed"], books.volume("trader", 203101)) == (6, 6)
    assert books.shipped["oxide", "CHN", "USA", 203001, "exposed"] == 30
    assert (
        books.delivered["USA", "civil", "oxide", 203101, "clean"],
        books.short["USA", "civil", "oxide", 203001],
    ) == (
        16,
        6,
    )
    assert books.avoided["ferrite", "USA", 203201] == 5
    assert (books.mixed["USA", "scrap", 203201, "clean"], books.mixed["USA", "scrap", 203201, "exposed"]) == (2, 4)
    assert (books.stock["reserve", 203101, "clean"], books.stock["reserve", 203101, "exposed"]) == (18.2 - 8.1, 8.1)
    assert (books.fill["reserve", 203101, "clean"], books.release["reserve", 203201, "exposed"]) == (2, 5)
    assert books.use("refinery", 203101) == 11


def test_a_table_that_is_not_there_has_no_rows() -> None:
    assert list(rows({"tables": {}}, "flows")) == []


def test_a_package_that_is_not_on_offer_pays_up_to_nothing() -> None:
    """No floor up to 1 USD/kg closes the gap: that it is awarded all the same is for the lenders' rule to find."""
    (award,) = read_books(workbook(**change("floors", "support", floor=None, floor_max=kg(1))), plan_document()).awards

    assert award.floor.level == 0


def test_what_is_agreed_has_its_floor_whatever_would_be_offered() -> None:
    floors = change("floors", "support", floor=None, floor_max=kg(1), committed_year=2030)
    plan = plan_document()
    plan["tables"]["price_floors"] = []
    (award,) = read_books(workbook(**floors), plan).awards

    assert award.floor.level > kg(8)  # of the lenders, at which the smelter lacks something
