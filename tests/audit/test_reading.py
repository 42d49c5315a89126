"""What cannot be read is named with its place, and nothing else is judged; what is not whole is named by its row."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.audit.tiny_plan import Edit, add, broken, drop, plan_document, put, row, total
from tests.audit.tiny_workbook import change, flat, kg, workbook

from lodestone.audit import audit
from lodestone.audit.verdict import Finding
from lodestone.data.plan_data import Floor, PlanData
from lodestone.plan.tables import TABLES


def cell(table: str, column: str, value: Any) -> Edit:
    """Overwrite a cell of the first row."""
    return lambda plan: plan["tables"][table][0].__setitem__(column, value)


def put_table(table: str, value: Any) -> Edit:
    return lambda plan: plan["tables"].__setitem__(table, value)


UNREADABLE: dict[str, tuple[Edit, str, str]] = {  # edit -> place, what was expected there
    "a total is missing": (lambda plan: plan.pop("expected_cost_musd"), "expected_cost_musd", "a finite number"),
    "a total in words": (total("tariff_revenue_musd", "1"), "tariff_revenue_musd", "a finite number"),  # type: ignore[arg-type]
    "a total of yes": (total("objective_musd", True), "objective_musd", "a finite number"),
    "costs in a list": (total("costs_musd", []), "costs_musd", "a part of the plan"),  # type: ignore[arg-type]
    "an unknown cost term": (lambda plan: plan["costs_musd"].update(gifts=1.0), "costs_musd gifts", "a cost term"),
    "a cost in words": (lambda plan: plan["costs_musd"].update(capex="0"), "costs_musd capex", "a finite number"),
    "a table that is no list": (put_table("flows", {}), "flows", "a table of the plan"),
    "a row that is no row": (lambda plan: plan["tables"]["returns"].append(["USA"]), "returns row 4",
                             "a row with named columns"),
    "a number as text": (cell("flows", "t", "20"), "flows row 1 t", "a finite number"),
    "a number left blank": (cell("flows", "t", None), "flows row 1 t", "a finite number"),
    "a count left blank": (cell("investments", "builds", None), "investments row 1 builds", "a finite number"),
    "a number without end": (cell("costs", "musd", float("-inf")), "costs row 1 musd", "a finite number"),
    "a year with a fraction": (cell("plants", "year", 2030.0), "plants row 1 year", "a year"),
    "a year of yes": (cell("investments", "first_year", True), "investments row 1 first_year", "a year"),
    "a text that is a number": (cell("plants", "process", 7), "plants row 1 process", "a text"),
    "a text left out": (lambda plan: plan["tables"]["bankability"][0].pop("closed_by"), "bankability row 1 closed_by",
                        "a text"),
}  # fmt: skip


@pytest.mark.parametrize(("edit", "where", "expected"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_cannot_be_read_is_named_and_nothing_else_judged(edit: Edit, where: str, expected: str) -> None:
    plan = plan_document()
    edit(plan)

    verdict = audit(workbook(), plan)

    assert [(f.rule, f.where, f.expected) for f in verdict.findings] == [("tables", where, expected)]
    assert [(line.rule, line.ok) for line in verdict.lines] == [("tables", False)]


def test_a_plan_without_tables_lacks_each_of_them() -> None:
    verdict = audit(workbook(), plan_document() | {"tables": []})

    assert {f.where for f in verdict.findings} == {"tables", *TABLES}


def test_whole_numbers_are_numbers_and_figures_of_nothing_may_be_blank() -> None:
    plan = plan_document()
    row(plan, "flows", material="ore", from_region="USA", year=2030).update(t=20, freight_musd=0)
    row(plan, "bankability", project="spare").update(break_even_usd_per_kg=None, bank_price_usd_per_kg=None)

    assert audit(workbook(), plan).ok


# Columns that name a row of the workbook.
NAMES = {
    "project", "floor", "contract", "supplier", "unit", "market", "material", "region", "from_region", "to_region",
    "sector", "option", "stockpile", "cap", "budget", "term", "stream", "basis",
}  # fmt: skip
DATES = {"year", "decision_year", "signing_year"}
COLUMNS = [(table.name, column.name) for table in TABLES.values() for column in table.columns]
OF_CAPS = {("china_share", "region"), ("china_share", "sector")}  # a group or * as well
NO_NAMES = OF_CAPS | {("committed", "unit")}  # of the amount
NAMED = [at for at in COLUMNS if at[1] in NAMES and at not in NO_NAMES]
YEARLY = [at for at in COLUMNS if at[1] in DATES and at[0] not in ("bankability", "committed")]


@pytest.mark.parametrize(("table", "column"), NAMED)
@pytest.mark.parametrize("name", ["nobody", None])
def test_a_name_that_the_workbook_does_not_have_is_found(table: str, column: str, name: str | None) -> None:
    plan = plan_document()
    plan["tables"][table][0][column] = name

    verdict = audit(workbook(), plan)

    assert {(f.rule, f.expected, f.found) for f in verdict.findings} == {
        ("names", f"{column} of the workbook", repr(name))
    }
    assert [(line.rule, line.ok) for line in verdict.lines] == [("tables", True), ("names", False)]


@pytest.mark.parametrize(("table", "column"), YEARLY)
@pytest.mark.parametrize("year", [2029, 2033])
def test_a_year_outside_the_horizon_is_found(table: str, column: str, year: int) -> None:
    plan = plan_document()
    plan["tables"][table][0][column] = year

    verdict = audit(workbook(), plan)

    assert {(f.rule, f.expected, f.found) for f in verdict.findings} == {
        ("names", f"{column} in the horizon", str(year))
    }


def test_every_table_that_repeats_a_name_is_held_to_the_workbook() -> None:
    """The column beside the name says something else, and nothing but the label is wrong."""
    for table, column, value in (
        ("investments", "region", "CHN"),
        ("investments", "funding", "public"),
        ("price_floors", "material", "ore"),
        ("price_floors", "project", "spare"),
        ("floor_payments", "project", "spare"),
        ("contracts", "supplier", "mine"),
        ("contracts", "material", "scrap"),
        ("contract_years", "material", "ore"),
        ("markets", "material", "scrap"),
        ("substitution", "material", "ore"),
        ("contract_years", "supplier", "mine"),
        ("plants", "kind", "project"),
        ("plants", "process", "smelting"),
        ("markets", "side", "sell"),
        ("markets", "region", "USA"),
        ("substitution", "sector", "defence"),
        ("stockpile", "region", "CHN"),
        ("stockpile", "material", "ore"),
        ("china_share", "region", "CHN"),
        ("china_share", "sector", "civil"),
        ("costs", "payer", "nobody"),
    ):
        plan = plan_document()
        plan["tables"][table][0][column] = value

        assert "labels" in broken(audit(workbook(), plan)), (table, column)


def test_a_row_that_stands_twice_is_named_with_its_key() -> None:
    plan = plan_document()
    plan["tables"]["china_share"].append(dict(plan["tables"]["china_share"][0]))

    assert audit(workbook(), plan).findings == (
        Finding("unique rows", "china_share ban/oxide/2030/deliveries", "one row", "2 rows"),
    )


NEGATIVE = [
    (t.name, c.name) for t in TABLES.values() for c in t.columns if c.unit not in ("", "any") or c.name == "builds"
]
MAY_BE_BELOW_NOTHING = {
    "payment_musd", "upside_musd", "payment_at_bank_prices_musd", "difference_musd", "gap_musd",
    "break_even_usd_per_kg", "value_added_musd", "musd", "discounted_musd",
}  # fmt: skip


@pytest.mark.parametrize(("table", "column"), NEGATIVE)
def test_only_what_can_be_negative_is(table: str, column: str) -> None:
    """By ten times the tolerance of its unit: 1e-3 t, 1e-4 MUSD."""
    plan = plan_document()
    plan["tables"][table][0][column] = -1e-3

    found = broken(audit(workbook(), plan))

    assert ("no negative amounts" in found) == (column not in MAY_BE_BELOW_NOTHING)


def test_no_stock_is_more_exposed_than_it_is() -> None:
    plan = plan_document()
    row(plan, "stockpile", year=2030).update(exposed_t=18.5)

    found = {(f.where, f.expected) for f in audit(workbook(), plan).findings if f.rule == "no negative amounts"}

    assert found == {("stockpile reserve 2030", "clean stock at least 0 t")}


INCOMPLETE: dict[str, tuple[Edit, str]] = {
    "a demand": (drop("demand", sector="defence", year=2031), "demand USA/defence/oxide/2031"),
    "a year of a stockpile": (drop("stockpile", year=2030), "stockpile reserve/2030"),
    "a budget in force": (drop("budgets", budget="small", year=2032), "budgets small/2032"),
    "a payment": (drop("floor_payments", year=2031), "floor_payments support/2030/2031"),
    "a delivery year": (drop("contract_years", contract="trade", year=2032), "contract_years trade/2030/2032"),
    "a plant": (drop("plants", unit="refinery", year=2032), "plants refinery/2032"),
    "a cap": (drop("china_share", cap="ban", year=2030), "china_share ban/oxide/2030/deliveries"),
    "a project shown to lenders": (drop("bankability", project="smelter"), "bankability smelter"),
}


@pytest.mark.parametrize(("edit", "where"), INCOMPLETE.values(), ids=INCOMPLETE.keys())
def test_a_row_that_is_missing_is_named(edit: Edit, where: str) -> None:
    plan = plan_document()
    edit(plan)

    missing = {(f.where, f.expected, f.found) for f in audit(workbook(), plan).findings if f.rule == "complete tables"}

    assert missing == {(where, "a row", "none")}


def test_rows_without_a_reason_are_named() -> None:
    """No demand for ore, no cap on scrap deliveries of defence, no floor in 2030, no delivery before the first year."""
    plan = plan_document()
    for edit in (
        add("demand", "USA", "civil", "ore", 2030, 0.0, 0.0, 0.0, 0.0, 0.0),
        add("china_share", "ban", "USA", "defence", "scrap", 2030, "deliveries", 0.0, 0.0, 0.0, 0.0),
        add("floor_payments", "smelter", "support", 2030, 2030, 0.0, 10.0, 0.0, 0.0, 0.0, 0.0),
        add("contract_years", "trade", "trader", "oxide", 2030, 2030, 0.0, 0.0, 0.0, 10.5, 12.0, 0.0, 0.0),
    ):
        edit(plan)

    found = {f.where: (f.expected, f.found) for f in audit(workbook(), plan).findings if f.rule == "complete tables"}

    reason = ("no row", "one that the workbook has no reason for")
    assert found == dict.fromkeys(
        (
            "demand USA/civil/ore/2030",
            "china_share ban/scrap/2030/deliveries",
            "floor_payments support/2030/2030",
            "contract_years trade/2030/2030",
        ),
        reason,
    )


def test_a_budget_year_that_is_not_in_force_has_no_row() -> None:
    data = workbook(**change("budgets", "small", limit={2030: None, 2031: 0.05, 2032: 0.05}))

    assert [(f.rule, f.where) for f in audit(data, plan_document()).findings] == [
        ("complete tables", "budgets small/2030")
    ]


def test_a_cap_on_nothing_consumed_may_have_a_row_or_none() -> None:
    """Nobody wants ore: its share of deliveries is 0 of 0."""
    plan = plan_document()
    assert audit(workbook(), plan).ok
    add("china_share", "all", "*", "*", "ore", 2032, "deliveries", 0.0, 0.0, 0.0, 0.7)(plan)
    assert audit(workbook(), plan).ok


def test_substitution_of_what_nobody_wants_is_found() -> None:
    plan = plan_document()
    add("substitution", "ferrite", "CHN", "civil", "oxide", 2030, 0.0, 0.0)(plan)

    found = [(f.rule, f.where, f.expected, f.found) for f in audit(workbook(), plan).findings]

    assert found == [("complete tables", "substitution ferrite CHN", "a demand", "none")]


def test_a_built_project_is_shown_in_the_year_in_which_it_is_built() -> None:
    plan = plan_document()
    add("investments", "spare", "USA", "private", 2031, 2031, 2032, 1, 10.0, 2.0, "")(plan)

    found = {(f.where, f.expected) for f in audit(workbook(), plan).findings if f.rule == "complete tables"}

    assert ("bankability spare", "a row") in found


@pytest.mark.parametrize(
    ("window", "asked"),
    [
        ({"earliest_year": 2032}, True),  # the last year in which it can produce
        ({"earliest_year": 2033, "latest_year": 2040}, False),
        ({"earliest_year": 2020, "latest_year": 2030}, True),
        ({"earliest_year": 2020, "latest_year": 2029}, False),
        ({"lead_years": 2, "latest_year": 2040}, True),  # decided in 2030 it produces in 2032
        ({"lead_years": 3, "latest_year": 2040}, False),
        ({"public": True}, False),
    ],
)
def test_a_private_project_is_shown_to_lenders_if_it_can_be_decided(window: dict[str, Any], asked: bool) -> None:
    data = workbook(**change("projects", "spare", **window))
    plan = plan_document()
    drop("bankability", project="spare")(plan)

    found = [f.where for f in audit(data, plan).findings if f.rule == "complete tables"]

    assert found == (["bankability spare"] if asked else [])


def test_a_plan_that_does_not_say_its_scenario_is_not_this_one() -> None:
    plan = plan_document()
    del plan["scenario"]

    assert broken(audit(workbook(), plan)) == {"scenario"}


def test_a_copy_that_is_none_is_no_row() -> None:
    """An investment of 0 copies decides nothing: lenders need not be shown its year."""
    plan = plan_document()
    add("investments", "spare", "USA", "private", 2031, 2031, 2032, 0, 0.0, 0.0, "")(plan)
    put("bankability", {"project": "spare"})(plan)

    assert broken(audit(workbook(), plan)) == {"decisions"}


def test_a_cap_on_half_a_tonne_has_a_row() -> None:
    plan = plan_document()
    row(plan, "demand", sector="defence", year=2030).update(clean_t=0.5)
    drop("china_share", cap="ban", year=2030)(plan)

    found = {f.where for f in audit(workbook(), plan).findings if f.rule == "complete tables"}

    assert found == {"china_share ban/oxide/2030/deliveries"}


def test_lenders_may_be_shown_a_year_beyond_the_horizon() -> None:
    """That it is the first possible one is for the gaps to say."""
    plan = plan_document()
    row(plan, "bankability", project="spare").update(decision_year=2033)

    assert broken(audit(workbook(), plan)) == {"(10) gaps"}


def test_less_than_nothing_within_the_tolerance_of_its_unit_is_noise() -> None:
    """5e-5 t and 5e-6 MUSD are, 5e-6 of a share is not."""
    for table, column, value, noise in (
        ("balance", "discarded_t", -5e-5, True),
        ("flows", "freight_musd", -5e-6, True),
        ("price_floors", "upside_share", -5e-6, False),
    ):
        plan = plan_document()
        plan["tables"][table][0][column] = value

        assert ("no negative amounts" not in broken(audit(workbook(), plan))) is noise, (table, column)


def test_a_plant_of_half_a_tonne_that_stands_idle_has_its_rows() -> None:
    half = replace(workbook().plants["mine"], name="half", capacity=flat(0.5), base_capacity=flat(0.5))
    data = workbook(plants=workbook().plants | {"half": half})

    found = [(f.rule, f.where) for f in audit(data, plan_document()).findings]

    assert found == [("complete tables", f"plants half/{year}") for year in (2030, 2031, 2032)]


def test_a_label_is_found_in_its_row() -> None:
    plan = plan_document()
    put("plants", {"unit": "pilot", "year": 2031}, process="smelting")(plan)

    assert audit(workbook(), plan).findings == (
        Finding("labels", "plants pilot/2031", "process 'ore-oxide'", "'smelting'"),
    )


def committed_refinery(plan: Any) -> PlanData:
    """A floor of the refinery's in 2031 alone, and a contract with it in 2032 alone; their rows in the plan."""
    floor = Floor("rescue", "refinery", "oxide", kg(12), 1, 0.0, 0.0, committed_year=2031)
    deal = replace(workbook().contracts["ore_deal"], name="bound", supplier="refinery", material="oxide",
                   committed_year=2032, committed_t=30.0, tenor_years=1)  # fmt: skip
    add("committed", "floor", "rescue", "CHN", 2031, 12.0, "USD/kg")(plan)
    add("committed", "contract", "bound", "CHN", 2032, 30.0, "t/yr")(plan)
    add("floor_payments", "refinery", "rescue", 2031, 2031, 50.0, 10.0, 0.1, 0.0, 0.2, 0.0)(plan)
    add("contract_years", "bound", "refinery", "oxide", 2032, 2032, 30.0, 0.0, 15.0, 1.9, 10.0, 0.0, 0.0285)(plan)
    for table, of in (("floor_payments", {"floor": "rescue"}), ("contract_years", {"contract": "bound"})):
        row(plan, table, **of)["committed"] = "yes"
    old = workbook().contracts
    return workbook(floors=workbook().floors | {"rescue": floor}, contracts=old | {"bound": deal})


def test_rows_of_what_is_committed_say_so() -> None:
    plan = plan_document()
    data = committed_refinery(plan)
    assert broken(audit(data, plan)).isdisjoint({"tables", "names", "labels"})

    row(plan, "contract_years", contract="bound")["committed"] = "no"
    row(plan, "floor_payments", floor="rescue")["committed"] = "no"
    found = [(f.where, f.expected, f.found) for f in audit(data, plan).findings if f.rule == "labels"]
    assert found == [
        ("floor_payments rescue/2031/2031", "committed 'yes'", "'no'"),
        ("contract_years bound/2032/2032", "committed 'yes'", "'no'"),
    ]


@pytest.mark.parametrize("table", ["floor_payments", "contract_years"])
def test_what_was_decided_before_the_horizon_may_stand_in_it(table: str) -> None:
    """A floor of 2029 and a contract of 2028 have rows with those years; a floor or contract of 2027 has none."""
    plan = plan_document()
    data = workbook(**change("floors", "support", committed_year=2029))
    column = {"floor_payments": "decision_year", "contract_years": "signing_year"}[table]
    for year, good in ((2028, True), (2029, True), (2027, False)):
        plan["tables"][table][0][column] = year
        found = [(f.expected, f.found) for f in audit(data, plan).findings if f.rule == "names"]
        assert found == ([] if good else [(f"{column} in the horizon", "2027")])


def test_an_amount_of_any_kind_is_a_number_or_a_text() -> None:
    columns = [(t.name, c.name) for t in TABLES.values() for c in t.columns if c.kind == "any"]
    assert columns
    for table, column in columns:
        plan = plan_document()
        plan["tables"][table][0][column] = [1.0]
        found = [(f.where, f.expected) for f in audit(workbook(), plan).findings]
        assert found == [(f"{table} row 1 {column}", "a number or a text")]


def test_lenders_are_not_shown_what_a_committed_project_leaves_no_place_for() -> None:
    """The recycler is in the group of the spare one, or in another."""
    plan = plan_document()
    drop("bankability", project="spare")(plan)
    for group, missing in (("west", []), ("east", ["bankability spare"])):
        data = workbook(**change("projects", "recycler", committed_year=2031, group=group))
        assert [f.where for f in audit(data, plan).findings if f.where.startswith("bankability")] == missing
    drop("bankability", project="smelter")(plan)
    projects = change("projects", "recycler", committed_year=2031)["projects"]
    projects["smelter"] = replace(projects["smelter"], committed_year=2030)
    data = workbook(projects=projects)
    assert [f.where for f in audit(data, plan).findings if f.where.startswith("bankability")] == []
    projects = change("projects", "recycler", committed_year=2031, group=None)[
        "projects"
    ]  # of no group, as the smelter
    missing = [f.where for f in audit(workbook(projects=projects), plan).findings if f.where.startswith("bankability")]
    assert missing == ["bankability smelter", "bankability spare"]


def test_where_nothing_is_committed_there_may_be_no_such_table() -> None:
    plan = plan_document()
    del plan["tables"]["committed"]
    contracts = {name: c for name, c in workbook().contracts.items() if name != "old_deal"}

    assert audit(workbook(contracts=contracts), plan).ok
    assert [(f.where, f.expected) for f in audit(workbook(), plan).findings] == [("committed", "a table of the plan")]


def test_a_kind_that_nothing_is_of_is_found() -> None:
    plan = plan_document()
    plan["tables"]["committed"][0]["kind"] = "gift"
    found = [(f.rule, f.where, f.expected, f.found) for f in audit(workbook(), plan).findings]
    assert found == [("names", "committed gift/old_deal", "kind of the workbook", "'gift'")]


def test_less_than_nothing_cannot_be_committed() -> None:
    plan = plan_document()
    plan["tables"]["committed"][0]["amount"] = -1.0
    found = [f for f in audit(workbook(), plan).findings if f.rule == "no negative amounts"]
    assert found == [
        Finding("no negative amounts", "committed contract/old_deal", "amount at least 0 share", "-1 share")
    ]
