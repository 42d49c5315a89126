"""The sentences of a plan: every number of the hand-made document, and plans with little to say."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.plan_document import small_plan, without_rows

from lodestone.plan.formatting import TERM_LABELS, days, in_words, musd, one_line, share, tonnes, year_ranges
from lodestone.plan.plan import Plan
from lodestone.plan.tables import COST_TERMS
from lodestone.report.html.overview import glance
from lodestone.report.plan.calendar import calendar_sheet
from lodestone.report.plan.first_page import brief
from lodestone.report.plan.summary import MOST, key_lines, sections
from lodestone.report.plan.summary_sheet import _deliveries
from lodestone.studies.compare.figures import key_figures


def said(plan: Plan, heading: str) -> str:
    return "\n".join(s for section in sections(plan) if section.heading == heading for s in section.sentences)


def first_lines(plan: Plan) -> dict[str, str]:
    return {line.label: line.text for line in brief(plan)}


def test_a_minute_has_what_to_do_what_it_costs_and_what_to_look_at() -> None:
    lines = first_lines(small_plan())
    assert list(lines) == [
        *("This year", "Build", "Sign", "Guarantee", "Stock", "Cost", "Dependence", "Short", "Look next", "Certainty")
    ]
    assert lines["Build"] == (
        "3 plants, all decided in 2026, with 120.0 MUSD of public money and 300.0 MUSD of private money "
        "(undiscounted): sep_texas and magnets_saxony."
    )
    assert lines["Sign"] == "1 offtake contract, 1,500 t within the horizon: lynas_offtake."
    assert lines["Guarantee"].startswith("1 new support package: 30.0 MUSD of grants, and 21.5 MUSD net")
    assert lines["Stock"] == "1 stock, at its fullest 900 t of ndpr_oxide."
    assert "public 140.3 MUSD, buyers 1,028.9 MUSD, shortage 20.0 MUSD" in lines["Cost"]
    # 2026: 2,900 t of 300 + 1,000 + 2,900; 2028: 1,000 t of 320 + 3,600 + 1,000
    assert lines["Dependence"].startswith("69.0% of deliveries in 2026 and 20.3% in 2028 are exposed")
    assert "44.3% of deliveries exposed in 2027, cap 44.3% (allies binds in 2027)" in lines["Dependence"]
    assert "short: ev_motors 100 t" in lines["Short"]
    # 0.005 % of 1,189.2 MUSD, of which 140.3 are public
    told = "No plan is cheaper by more than 0.005%: this is proved. That is 0.06 MUSD, 0.042% of public money."
    assert lines["Certainty"] == told


def test_what_to_look_at_next_is_what_leaves_no_room() -> None:
    plan = small_plan()
    assert first_lines(plan)["Look next"] == (
        "2 of 2 plants full in some year (CapacityUse), 2 China caps without room (ChinaShare) and "
        "1 warning about the workbook (RunInfo)."
    )
    plan = replace(plan, inputs={"Stockpiles": {"reserve": {"capacity_t": 900.0}}})
    plan.tables["budgets"][0].update(cumulated_outlay_musd=200.0)
    text = first_lines(plan)["Look next"]
    assert text.startswith("1 stock at capacity (Stockpile), ")
    assert "1 budget exhausted (Budgets)" in text
    nothing = small_plan(tables=without_rows(), warnings=[])
    assert first_lines(nothing)["Look next"] == "No limit binds."


def test_a_floor_says_what_it_bought_and_what_it_costs_if_prices_fall() -> None:
    promise = said(small_plan(), "What to promise").splitlines()[0]
    assert promise == (
        "Award sep_texas_110 to sep_texas: a floor of 68.00 USD/kg for ndpr_oxide in 2027-2036 and a grant of "
        "30.0 MUSD. It buys sep_texas, 2,000 t per year from 2027: without support lenders miss 85.2 MUSD. "
        "Within the horizon it pays 21.5 MUSD net at forecast prices, and would pay 69.6 MUSD if prices were what "
        "lenders assume; 2.50 MUSD of upside is paid back."
    )


def test_a_grant_alone_promises_no_floor() -> None:
    plan = small_plan()
    plan.tables["price_floors"][0].update(floor_usd_per_kg=0.0, upside_share=0.0)
    promise = said(plan, "What to promise").splitlines()[0]
    assert promise.startswith("Award sep_texas_110 to sep_texas: a grant of 30.0 MUSD. It buys")
    assert "USD/kg" not in promise


def test_a_contract_says_volume_price_and_difference() -> None:
    promise = said(small_plan(), "What to promise").splitlines()[1]
    assert "500 t per year of ndpr_oxide, 2026-2030" in promise
    assert "1,500 t at 72.00 USD/kg on average against 70.67 USD/kg on the market: 2.00 MUSD more" in promise


def test_a_contract_that_closes_a_gap_says_what_it_bought() -> None:
    plan = small_plan()
    plan.tables["contracts"][0]["supplier"] = "sep_texas"
    plan.tables["investments"][0]["supported_by"] = "other, lynas_offtake"
    assert "It buys sep_texas" in said(plan, "What to promise").splitlines()[1]
    plan.tables["investments"][0]["supported_by"] = "lynas_offtake_2"  # a name that only begins alike
    assert "It buys" not in said(plan, "What to promise").splitlines()[1]


def test_stock_shortage_and_status() -> None:
    plan = small_plan(status="feasible", gap=0.12)
    assert (
        "Hold up to 900 t of ndpr_oxide in reserve (USA), reached in 2027, 60 days of cover (60 days asked for)"
        in said(plan, "What to hold")
    )
    assert "short: ev_motors 100 t of ndfeb_magnet (0.8%)" in said(plan, "Demand")
    assert "stopped early: another plan may be cheaper by up to 12.0%" in first_lines(plan)["Certainty"]
    assert "made for scenario base alone" in said(plan, "How sure this is")
    assert "by an unknown amount" in first_lines(small_plan(status="feasible", gap=None))["Certainty"]


def test_an_empty_plan_still_speaks() -> None:
    plan = small_plan(tables=without_rows(), changes=[], warnings=[])
    lines = first_lines(plan)
    assert {lines[label] for label in ("Build", "Sign", "Guarantee", "Stock")} == {"Nothing."}
    assert lines["Dependence"] == "Nothing is delivered."
    assert lines["Short"] == "Nothing is asked for."
    assert dict(key_lines(plan))["Build"] == "nothing"
    assert not said(plan, "What to promise")


def test_a_limit_of_all_is_no_cap() -> None:
    plan = small_plan()
    for row in plan.tables["china_share"]:
        row["limit"] = 1.0
    assert said(plan, "China share") == "No cap below 100% is in force."


def test_long_lists_are_cut_and_name_the_sheet() -> None:
    plan = small_plan()
    plan.tables["investments"] *= 20
    lines = said(plan, "What to build").splitlines()
    assert len(lines) == MOST + 1
    assert lines[-1] == f"... and {40 - MOST} more: sheet Investments."


def test_key_lines_name_cost_gap_builds_and_share() -> None:
    lines = dict(key_lines(small_plan()))
    assert lines["Plan"] == "Magnets for the allies, scenario base: optimal (gap 0.005%)"
    assert lines["Cost"].startswith("1,189.2 MUSD")
    assert lines["Build"] == "sep_texas 2026 and magnets_saxony 2026"
    assert "cap 44.3%" in lines["China share"]


def test_every_cost_term_has_a_label() -> None:
    assert list(TERM_LABELS) == list(COST_TERMS)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (tonnes(1234567.8), "1,234,568 t"),
        (tonnes(0.4), "0.40 t"),
        (tonnes(-1e-9), "0 t"),
        (musd(0.0), "0 MUSD"),
        (musd(9.876), "9.88 MUSD"),
        (musd(-1234.56), "-1,234.6 MUSD"),
        (share(0.399), "39.9%"),
        (share(0.0), "0.0%"),
        (share(0.00012), "0.012%"),
        (share(1e-9), "less than 0.001%"),
        (days(60.0), "60 days"),
        (days(36.5), "36.5 days"),
        (year_ranges([2030, 2026, 2028, 2027]), "2026-2028, 2030"),
        (in_words(["a"]), "a"),
        (in_words(["a", "b", "c"]), "a, b and c"),
        (in_words(list("abcdef"), most=3), "a, b and 4 more"),
        (in_words([]), ""),
        (one_line("a\n\x1b[31mb"), "a  [31mb"),
    ],
)
def test_words(shown: str, expected: str) -> None:
    assert shown == expected


def test_this_year_is_what_cannot_be_left_for_the_next() -> None:
    plan = small_plan()
    plan = replace(plan, inputs={"Projects": {"sep_texas": {"requires": "mine", "latest_year": 2030}}})
    text = first_lines(plan)["This year"]
    assert text.startswith("2026: build sep_texas and magnets_saxony (private 300.0 MUSD, public 120.0 MUSD); ")
    assert "award sep_texas_110 (public 30.0 MUSD)" in text
    assert "sign lynas_offtake (public 0.50 MUSD)" in text
    sheet = calendar_sheet(plan)
    rows = [dict(zip(sheet.names, row, strict=True)) for row in sheet.rows]
    build = next(row for row in rows if row["name"] == "sep_texas")
    assert (build["waits_for"], build["latest_year"], build["payer"]) == ("mine, sep_texas_110", 2030, "private")
    assert [row["year"] for row in rows] == sorted(row["year"] for row in rows)
    nothing = small_plan(tables=without_rows())
    assert first_lines(nothing)["This year"] == "2026: nothing has to be decided."


def test_minerals_are_never_added_up() -> None:
    """Magnets: 5,900 t of 13,630 t are exposed. Oxide for lasers, here another mineral: 70 t of 90 t."""
    plan = small_plan()
    lasers = {"sector": "lasers", "material": "ndpr_oxide", "demand_t": 100.0, "clean_t": 20.0, "exposed_t": 70.0}
    demand = [*plan.rows("demand"), {**plan.rows("demand")[0], **lasers, "short_t": 10.0}]
    minerals = {"ndfeb_magnet": {"mineral": "magnets"}, "ndpr_oxide": {"mineral": "oxide"}}
    lines = first_lines(replace(small_plan(tables={"demand": demand}), inputs={"Materials": minerals}))
    assert lines["Dependence"].startswith(
        "Share of deliveries that is exposed to regions of concern: oxide 77.8% and magnets 43.3%. "
    )
    assert lines["Short"].startswith(
        "Short: lasers 10 t of ndpr_oxide (10.0%) and ev_motors 100 t of ndfeb_magnet (0.8%)."
    )


def test_no_tile_chart_or_comparison_adds_minerals_up() -> None:
    """As above: of oxide 70 of 90 t are exposed and 10 of 100 t short, of magnets 5,900 of 13,630 t and 100 t."""
    plan = small_plan()
    lasers = {"sector": "lasers", "material": "ndpr_oxide", "demand_t": 100.0, "clean_t": 20.0, "exposed_t": 70.0}
    demand = [*plan.rows("demand"), {**plan.rows("demand")[0], **lasers, "short_t": 10.0}]
    minerals = {"ndfeb_magnet": {"mineral": "magnets"}, "ndpr_oxide": {"mineral": "oxide"}}
    two = replace(small_plan(tables={"demand": demand}), inputs={"Materials": minerals})
    _, china, short = glance(two, two)["tiles"]
    assert china["value"] == "77.8% of oxide"
    assert (short["value"], short["note"][:16]) == ("10 t of oxide", "10.0% of demand;")
    told, rows = _deliveries(two)
    assert told == "deliveries of oxide, the most exposed mineral"
    assert [row["material"] for row in rows] == ["ndpr_oxide"]
    figures = {f.name: f.values for f in key_figures([two, two])}
    assert figures["Of all deliveries of oxide"] == (70 / 90,) * 2
    assert figures["Of all deliveries of magnets"] == (5900 / 13630,) * 2
    assert figures["All demand of magnets not met"] == (100.0,) * 2
    assert "Of all deliveries" not in figures
