"""Cells that somebody filled in and that their own row makes meaningless.

Only what was typed counts, and only where it differs from what a blank cell would mean. Each line of `IDLE` is one
reason; a column with another reason is another line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lodestone.errors import Problem
from lodestone.names import count
from lodestone.workbook.checks.prices import taxed
from lodestone.workbook.checks.reach import ever
from lodestone.workbook.checks.rows import above, horizon_of, problem_at, recipes_of, supplier_of
from lodestone.workbook.reading.cells import show
from lodestone.workbook.reading.records import default_of
from lodestone.workbook.schema.sheets import ANY, SETTINGS, SHEETS
from lodestone.workbook.tables import Record, Tables

Reason = Callable[[Tables, Record], str | None]  # why a cell of this row means nothing; None: it means something


@dataclass(frozen=True)
class Idle:
    """Columns of a sheet that mean nothing for a reason, and what to do about it."""

    sheet: str
    columns: tuple[str, ...]
    reason: Reason
    mend: str


def given(tables: Tables, row: Record, column: str) -> bool:
    """Whether somebody typed something else than what a blank cell means."""
    usual = default_of(SHEETS[row.sheet].by_name[column], tables.settings)
    return column not in row.blank and row[column] is not None and row[column] != usual


def cells_without_effect(tables: Tables) -> Iterator[Problem]:
    """A cell was filled in that its own row makes meaningless (IDLE)."""
    for idle in IDLE:
        for row in tables.rows(idle.sheet):
            for column in idle.columns:
                if given(tables, row, column) and (reason := idle.reason(tables, row)):
                    yield problem_at(row, column, f"{column} has no effect: {reason}", idle.mend)


def _public(_: Tables, project: Record) -> str | None:
    return "the project is public, and no investor asks for a return" if project["funding"] == "public" else None


def _all_is_ours(_: Tables, project: Record) -> str | None:
    return "a public project needs no contract" if project["funding"] == "public" else None


def _one_of_group(_: Tables, project: Record) -> str | None:
    return f"of the group {project['group']} only one build is made" if project["group"] else None


def _one_colour(tables: Tables, unit: Record) -> str | None:
    """Why a unit cannot be of two colours, so that there is no batch to keep apart."""
    if tables.settings["china_share_basis"] == "last_stage":
        return "china_share_basis is last_stage, which does not ask for inputs"
    if tables.records["Regions"][unit["region"],]["of_concern"]:
        return f"{unit['region']} is of concern, so that all it makes is exposed"
    if unit["owner_of_concern"]:
        return "its owner is of concern, so that all it makes is exposed"
    if all(g > 0 for g in recipes_of(tables).get(unit["process"], {}).values()):
        return "it takes no inputs"
    return None


def _index_price(_: Tables, contract: Record) -> str | None:
    if contract["price_rule"] != "index":
        return None
    return "price_rule is " + ("blank, which is index" if "price_rule" in contract.blank else "index")


def _fixed_price(_: Tables, contract: Record) -> str | None:
    return "price_rule is fixed" if contract["price_rule"] == "fixed" else None


def _one_year(_: Tables, contract: Record) -> str | None:
    fixed = contract["price_rule"] == "fixed" and contract["tenor_years"] == 1
    return "the contract runs for one year" if fixed else None


def _with_project(tables: Tables, contract: Record) -> str | None:
    supplier = supplier_of(tables, contract)
    from_project = supplier is not None and supplier.sheet == "Projects"
    return f"{contract['supplier']} is a project, and delivers when it begins production" if from_project else None


def _sells_to_outside(_: Tables, market: Record) -> str | None:
    return "the market buys from us (side sell)" if market["side"] == "sell" else None


def _longer_than_life(tables: Tables, row: Record) -> str | None:
    name = row["project"] if row.sheet == "PriceFloors" else row["supplier"]
    project = tables.records["Projects"].get((name,))
    if project is None or row["tenor_years"] <= project["life_years"]:
        return None
    return f"beyond the life of {name}, {count(project['life_years'], 'year')}"


def _nothing_held(_: Tables, stock: Record) -> str | None:
    return None if stock["opening_t"] else "opening_t is 0"


def _no_days(tables: Tables, stock: Record) -> str | None:
    return None if _in_force(tables, stock) else "no days of cover are given"


def _in_force(tables: Tables, stock: Record) -> bool:
    return stock.years is not None and any(stock.years[year] for year in horizon_of(tables))


def _no_emergency(_: Tables, scenario: Record) -> str | None:
    return "the scenario has no emergency" if scenario["emergency_from"] is None else None


def _no_cover(tables: Tables, scenario: Record) -> str | None:
    if any(_in_force(tables, stock) for stock in tables.rows("Stockpiles")):
        return None
    return "no stockpile has days of cover, so that there is nothing to lift in an emergency"


def _ramp_past_life(_: Tables, project: Record) -> str | None:
    if not above(project, "ramp_years", "life_years"):
        return None
    return f"life_years is {project['life_years']}, so that capacity is never reached"


IDLE = (
    Idle("Projects", ("hurdle_rate",), _public, "clear the cell, or set funding to private"),
    Idle("Projects", ("spot_share",), _all_is_ours, "clear the cell, or set funding to private"),
    Idle("Projects", ("max_builds",), _one_of_group, "clear the cell, or the group"),
    Idle("Projects", ("exposure_rule",), _one_colour, "set exposure_rule to batch"),
    Idle("Plants", ("exposure_rule",), _one_colour, "set exposure_rule to batch"),
    Idle("Projects", ("ramp_years",), _ramp_past_life, "enter fewer years, or mend life_years"),
    Idle(
        "Contracts",
        ("fixed_price_usd_per_kg", "escalation_share_per_yr"),
        _index_price,
        "set price_rule to fixed, or clear the cell",
    ),
    Idle(
        "Contracts",
        ("index_premium_share", "price_min_usd_per_kg", "price_max_usd_per_kg"),
        _fixed_price,
        "set price_rule to index, or clear the cell",
    ),
    Idle("Contracts", ("escalation_share_per_yr",), _one_year, "clear the cell, or mend tenor_years"),
    Idle("Contracts", ("start_delay_years",), _with_project, "clear the cell; lead_years of the project counts"),
    Idle("Contracts", ("tenor_years",), _longer_than_life, "enter a shorter tenor, or mend life_years"),
    Idle("PriceFloors", ("tenor_years",), _longer_than_life, "enter a shorter tenor, or mend life_years"),
    Idle("Markets", ("exposed", "spot_share"), _sells_to_outside, "clear the cell, or set side to buy"),
    Idle("Stockpiles", ("opening_exposed_share",), _nothing_held, "clear the cell, or enter opening_t"),
    Idle("Stockpiles", ("covers",), _no_days, "enter days of cover in the year columns, or clear the cell"),
    Idle("Scenarios", ("refill_years",), _no_emergency, "enter emergency_from and emergency_to, or clear the cell"),
    Idle("Scenarios", ("emergency_from",), _no_cover, "clear emergency_from and emergency_to, or give a cover"),
)


def settings_without_effect(tables: Tables) -> Iterator[Problem]:
    """A setting that was changed from its default, and that nothing in the workbook asks for."""
    for name, reason in _idle_settings(tables):
        column = SETTINGS.by_name[name]
        value = tables.settings[name]
        if name in tables.setting_cells and value is not None and value != column.default:
            yield Problem(
                tables.setting_cells[name], show(value), f"{name} has no effect: {reason}", "clear it, if that is meant"
            )


def _idle_settings(tables: Tables) -> Iterator[tuple[str, str]]:
    if not any(row["probability"] for row in tables.rows("Scenarios")):
        yield "risk_weight", "no scenario has a probability, so that there is one future only"
        yield "risk_tail", "no scenario has a probability, so that there is one future only"
    elif not tables.settings["risk_weight"]:
        yield "risk_tail", "risk_weight is 0"
    if not tables.rows("Stockpiles"):
        yield "stock_end_value_share", "there is no stockpile"
    if not any(taxed(tables, lane) for lane in tables.lanes.values()):
        yield "tariffs_counted", "there is no tariff"
    private = [row for row in tables.rows("Projects") if row["funding"] == "private"]
    recipes = recipes_of(tables)
    used = {material for row in private for material in recipes.get(row["process"], {})}
    if all((material, ANY) in tables.records["BankPrices"] for material in used):
        yield (
            "bank_price_factor",
            "BankPrices has every price that lenders ask for" if used else "no project is private",
        )


def closed_lane_filled_in(tables: Tables) -> Iterator[Problem]:
    """Freight and capacity of a lane that is closed all the same: by `open`, or by a capacity of 0."""
    horizon = horizon_of(tables)
    used = {id(lane.cells) for lane in tables.lanes.values() if lane.open and ever(lane.capacity, horizon)}
    for row in tables.lane_rows.get("Lanes", ()):
        if id(row.cells) in used or (row["open"] and ever(row.years, horizon)):
            continue
        closed = "the lane has a capacity of 0" if row["open"] else "the lane is closed (open is no)"
        mend = "clear the cell, or open the lane"
        if given(tables, row, "freight_usd_per_kg"):
            yield problem_at(row, "freight_usd_per_kg", f"freight_usd_per_kg has no effect: {closed}", mend)
        if not row["open"] and row.given:
            year = min(row.given)
            yield Problem(row.cells[year], show(row.given[year]), f"capacity has no effect: {closed}", mend)


def freight_left_blank(tables: Tables) -> Iterator[Problem]:
    """A row of Lanes without freight carries for nothing, also where the default freight would not."""
    default = tables.settings["default_freight_usd_per_kg"]
    if not default:
        return
    for row in tables.lane_rows.get("Lanes", ()):
        if row["open"] and "freight_usd_per_kg" in row.blank and (row.key[0] != row.key[1] or row.key[0] == ANY):
            yield problem_at(
                row,
                "freight_usd_per_kg",
                f"blank is 0 USD/kg here, not the default freight of {show(default)}",
                f"enter the freight, or {show(default)}; write 0 if it is free",
            )
