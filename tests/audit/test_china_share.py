"""What a cap is measured by, as the audit recomputes it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.audit.tiny_plan import Edit, add, judged, plan_document, put
from tests.audit.tiny_workbook import change, plant, workbook

from lodestone.audit.books import read_books
from lodestone.audit.china_share import cap_bases, caps, china_share_table, exposed_stock, unused_intake, waste


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


# --- intake that is not used, fills, and stock that is exposed -------------------------------------------------------


def wasting(**tonnes: float) -> Edit:
    """The smelter and the pilot throw away so much oxide in 2032."""

    def edit(plan: Any) -> None:
        for unit, thrown in tonnes.items():
            put("plants", {"unit": unit, "year": 2032}, waste_t=thrown)(plan)

    return edit


def thrown_away(tonnes: float) -> Edit:
    """So much less exposed oxide is shipped at home in 2032."""
    return put("flows", {"material": "oxide", "from_region": "USA", "year": 2032, "stream": "exposed"}, t=21.0 - tonnes)


def both(*edits: Edit) -> Edit:
    def edit(plan: Any) -> None:
        for each in edits:
            each(plan)

    return edit


def test_intake_counts_as_far_as_its_output_is_used() -> None:
    """5 t of the smelter's oxide and 1 t of the pilot's took 10 and 2 t of ore: 68 of 80 t count."""
    data, plan = workbook(), plan_document()
    wasting(smelter=5.0, pilot=1.0)(plan)

    bases = cap_bases(data, read_books(data, plan))

    ore = bases["all", "ore", 2032, "intake"]
    assert (ore.consumption, ore.exposed) == pytest.approx((68.0, 0.0))
    assert bases["all", "scrap", 2032, "intake"].consumption == pytest.approx(6.0)


def test_what_is_melted_to_nothing_dilutes_nothing() -> None:
    """A plant without an output takes 9 t of clean scrap in 2032: none of it is in the base."""
    burner = plant("pilot", "USA", {"scrap": -0.9}, 3, 10, at_market=False)
    data = workbook(plants={**workbook().plants, "pilot": burner})
    plan = plan_document()
    put("plants", {"unit": "pilot", "year": 2032}, clean_t=10.0, exposed_t=0.0)(plan)

    scrap = cap_bases(data, read_books(data, plan))["all", "scrap", 2032, "intake"]

    assert scrap.consumption == pytest.approx(9.0 + 6.0 - 9.0)


def test_what_is_discarded_is_wasted_less_what_others_bring() -> None:
    """The USA make 43 t of oxide in 2032, 30 by the smelter, 10 by the pilot and 3 by recycling; 3 t are bought, 5
    released. Up to 8 t that are left over may be those."""
    assert judged(waste, thrown_away(8.0)) == []
    assert judged(waste, thrown_away(9.5)) == [("USA/oxide 2032", "waste at least 1.5 t", "0 t")]
    assert judged(waste, both(thrown_away(9.5), wasting(pilot=1.5))) == []
    assert judged(waste, wasting(pilot=10.5)) == [("pilot 2032", "waste at most 10 t", "10.5 t")]


def test_a_by_product_does_no_harm() -> None:
    """The mine makes 0.5 t of oxide from each of 80 t, by the way: 40 t more are thrown away."""
    by_the_way = change("plants", "mine", recipe={"ore": 1.0, "oxide": 0.5})

    assert judged(waste, thrown_away(8.0), **by_the_way) == []
    assert judged(waste, thrown_away(9.5), **by_the_way) == [("USA/oxide 2032", "waste at least 1.5 t", "0 t")]


@pytest.mark.parametrize("share", [{2030: None, 2031: None, 2032: 1.0}, {2030: 0.7, 2031: 0.7, 2032: None}])
def test_where_no_cap_looks_nothing_is_wasted(share: dict[int, float | None]) -> None:
    """A share of 1 allows everything; so does one that is not in force."""
    free = change("caps", "all", share=share)

    assert judged(waste, thrown_away(9.5), **free) == []
    assert [said for said in judged(caps, wasting(smelter=30.0, pilot=10.0), **free) if "2032" in said[0]] == []


def test_what_is_put_into_stock_is_a_sum_of_its_own() -> None:
    """2 t clean and 3 t exposed in 2032: three fifths, where seven tenths are allowed and half is not."""
    filled = put("stockpile", {"year": 2032}, fill_clean_t=2.0, fill_exposed_t=3.0)
    data, plan = workbook(), plan_document()
    filled(plan)
    fills = cap_bases(data, read_books(data, plan))["all", "oxide", 2032, "fills"]
    assert (fills.consumption, fills.exposed) == (5.0, 3.0)

    assert judged(caps, filled) == []
    half = change("caps", "all", share={2030: None, 2031: None, 2032: 0.55})
    assert ("all/oxide 2032 fills", "exposed consumption at most 2.75 t", "3 t") in judged(caps, filled, **half)


def test_a_reserve_is_not_refilled_with_more_exposed_material_than_the_share() -> None:
    """Of 10 t exposed 7.29 would be left in 2032; of 11.38 t and 0.62 t lacking the rest is 4.71 t: half of it more."""
    assert judged(exposed_stock) == []
    full = put("stockpile", {"year": 2032}, exposed_t=9.7)
    half = change("caps", "all", share={2030: None, 2031: None, 2032: 0.5})
    assert judged(exposed_stock, full) == []
    assert judged(exposed_stock, full, **half) == [("all reserve 2032", "exposed stock at most 9.645 t", "9.7 t")]
    sites = workbook().stockpiles
    abroad = {"abroad": replace(sites["reserve"], name="abroad", region="CHN"), **sites}
    assert judged(exposed_stock, full, **half, stockpiles=abroad) == judged(exposed_stock, full, **half)
    of_defence = change("caps", "all", sector="defence", share={2030: None, 2031: None, 2032: 0.0})
    assert judged(exposed_stock, full, **of_defence) == []


@pytest.mark.parametrize("elsewhere", [{"regions": ("CHN",)}, {"materials": ("ore", "scrap")}])
def test_a_cap_looks_at_the_stocks_of_its_regions_and_materials(elsewhere: dict[str, Any]) -> None:
    none = change("caps", "all", share={2030: None, 2031: None, 2032: 0.0}, **elsewhere)

    assert judged(exposed_stock, put("stockpile", {"year": 2032}, exposed_t=11.0), **none) == []


def test_what_is_thrown_away_counts_by_what_it_took() -> None:
    """Half a tonne of oxide from one of ore: 5 t of it that nobody uses took 10 t."""
    data, plan = workbook(**change("projects", "smelter", recipe={"ore": -1.0, "oxide": 0.5})), plan_document()
    wasting(smelter=5.0)(plan)

    assert unused_intake(data, read_books(data, plan)) == {("USA", "ore", 203201): pytest.approx(10.0)}


def test_a_cap_on_what_units_make_does_not_look_at_their_waste() -> None:
    of_oxide = change("caps", "all", materials=("oxide",))

    assert judged(waste, thrown_away(9.5), **of_oxide) == []


@pytest.mark.parametrize(("discarded", "largest"), [(20.0, 20.0), (5.0, 8.0)])
def test_waste_is_judged_by_the_size_of_what_is_discarded(discarded: float, largest: float) -> None:
    """20 t, or 5, of which 8 may be what others bring."""
    data, plan = workbook(), plan_document()
    thrown_away(discarded)(plan)

    (check,) = (c for c in waste(data, read_books(data, plan)) if c.where == "USA/oxide 2032")

    assert check.tolerance == pytest.approx(1e-4 + 1e-6 * largest)


def test_a_cap_that_allows_everything_keeps_none_after_it_from_being_judged() -> None:
    half = workbook(**change("caps", "all", share={2030: None, 2031: None, 2032: 0.5})).caps["all"]
    free = replace(half, name="free", share=dict.fromkeys(half.share, 1.0))

    assert [where for where, _, _ in judged(caps, caps={"free": free, "all": half})] == [
        "all/oxide 2032 deliveries", "all/scrap 2032 intake"
    ]  # fmt: skip
