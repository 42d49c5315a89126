"""What a cap is measured by, as the audit recomputes it."""

from __future__ import annotations

from typing import Any

import pytest
from tests.audit.tiny_plan import add, judged, plan_document, put
from tests.audit.tiny_workbook import change, workbook

from lodestone.audit.books import read_books
from lodestone.audit.china_share import cap_bases, caps, china_share_table


def test_shares_add_up_regions_and_leave_out_what_is_not_delivered() -> None:
    data = workbook()

    bases = cap_bases(data, read_books(data, plan_document()))

    assert bases["all", "oxide", 2032, "deliveries"].consumption == pytest.approx(
        55
    )  # not the 4 t sold, nor the 5 avoided
    assert bases["all", "ore", 2032, "intake"].consumption == pytest.approx(80)
    assert ("ban", "oxide", 2032, "intake") not in bases


def test_a_cap_counts_its_regions_sectors_and_years_only() -> None:
    """Two regions, and a unit abroad that takes 60, 22 and 16 t of exposed ore."""
    everywhere = change("caps", "all", regions=("USA", "CHN"), share={2030: 0.5, 2031: None, 2032: 0.7})
    data = workbook(**everywhere)

    bases = cap_bases(data, read_books(data, plan_document()))

    assert {key[2] for key in bases if key[0] == "all"} == {2030, 2032}
    ore = bases["all", "ore", 2030, "intake"]
    assert (ore.consumption, ore.exposed, ore.limit) == (80, 60, 0.5)
    oxide = bases["all", "oxide", 2030, "deliveries"]
    assert (oxide.consumption, oxide.exposed) == (40, 30)
    scrap = bases["all", "scrap", 2032, "intake"]
    assert (scrap.consumption, scrap.exposed) == (6, 4)
    assert bases["all", "oxide", 2030, "intake"].consumption == 0
    ban = bases["ban", "oxide", 2032, "deliveries"]
    assert (ban.consumption, ban.exposed, ban.limit) == (10, 0, 0)


def test_a_cap_is_passed_by_what_is_exposed_beyond_it() -> None:
    """29 of 55 t in 2032, 4 of 6 t of scrap."""
    half = change("caps", "all", share={2030: None, 2031: None, 2032: 0.5})

    assert judged(caps, **half) == [
        ("all/oxide 2032 deliveries", "exposed consumption at most 27.5 t", "29 t"),
        ("all/scrap 2032 intake", "exposed consumption at most 3 t", "4 t"),
    ]


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("consumption_t", 56.0, ("consumption 55 t", "56 t")),
        ("exposed_t", 28.0, ("exposed consumption 29 t", "28 t")),
        ("share", 0.4, ("exposed consumption by its share 29 t", "22 t")),
        ("limit", 0.8, ("limit 0.7 share", "0.8 share")),
    ],
)
def test_figures_of_a_cap(column: str, value: float, expected: tuple[str, str]) -> None:
    edit = put("china_share", {"cap": "all", "material": "oxide"}, **{column: value})

    assert judged(china_share_table, edit) == [("all/oxide 2032 deliveries", *expected)]


def test_a_row_of_a_cap_that_is_not_in_force_is_left_to_the_complete_tables() -> None:
    stranger = add("china_share", "all", "*", "*", "oxide", 2031, "deliveries", 1.0, 1.0, 1.0, 0.1)

    assert judged(china_share_table, stranger) == []


def test_a_cap_is_judged_by_the_size_of_what_it_caps() -> None:
    """A share of 0 of 1e5 t: a tenth of a tonne is noise."""
    data = workbook()
    plan = plan_document()
    put("demand", {"sector": "defence", "year": 2030}, clean_t=1e5, exposed_t=0.1)(plan)

    (check,) = (c for c in caps(data, read_books(data, plan)) if c.where == "ban/oxide 2030 deliveries")

    assert check.tolerance == pytest.approx(1e-4 + 0.1 + 1e-7)
    assert check.kept


def test_a_row_that_is_left_to_others_keeps_none_after_it_from_being_judged() -> None:
    def edit(plan: Any) -> None:
        add("china_share", "all", "*", "*", "oxide", 2031, "deliveries", 1.0, 1.0, 1.0, 0.1)(plan)
        plan["tables"]["china_share"].reverse()
        put("china_share", {"cap": "ban", "year": 2030}, limit=0.5)(plan)

    assert judged(china_share_table, edit) == [("ban/oxide 2030 deliveries", "limit 0 share", "0.5 share")]
