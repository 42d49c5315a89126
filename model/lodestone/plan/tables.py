"""Every table of a plan, declared once: its key, its columns, their units, meaning, blanks and signs.

`plan.json` holds them under "tables" by these names; the workbook's headings, the audit, the docs and the check of what
is read (plan_shape.py) find them here.
Masses in t or t/yr, money in MUSD, prices in USD/kg. Stream is "clean" or "exposed".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

Cell = Any  # of a table: a text, a number, yes or no, or nothing
Row = dict[str, Any]  # of a table: its cells by column
Rows = dict[str, list[Row]]  # of every table, by its name
Document = dict[str, Any]  # as a JSON file holds it, by key


@dataclass(frozen=True)
class Column:
    """blank: a number may be missing. negative: it may be below 0. words: the texts that may stand there, else any."""

    name: str
    unit: str  # "" for names, years and counts
    meaning: str
    blank: bool = False
    negative: bool = False
    words: tuple[str, ...] = ()

    @cached_property
    def kind(self) -> Literal["number", "count", "year", "text", "any"]:
        """Of what stands in a row; any: a number, a text, yes or no, or nothing."""
        if self.unit:
            return "any" if self.unit == "any" else "number"
        if self.name in COUNTS:
            return "count"
        return "year" if self.name.endswith("year") else "text"


@dataclass(frozen=True)
class PlanTable:
    """key: the columns whose values make a row unique; none where rows may be alike."""

    name: str
    meaning: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Its columns in their order."""
        return tuple(c.name for c in self.columns)


def _table(name: str, meaning: str, *columns: str, key: str = "") -> PlanTable:
    """Columns as "name | unit | meaning", and where they may be so "| blank", "| negative", or "| one of a b c"."""
    return PlanTable(name, meaning, tuple(map(_column, columns)), tuple(key.split()))


def _column(text: str) -> Column:
    name, unit, meaning, may_be = (part.strip() for part in f"{text}{'|' * (3 - text.count('|'))}".split("|"))
    words = tuple(may_be.removeprefix("one of ").split()) if may_be.startswith("one of ") else ()
    return Column(name, unit, meaning, "blank" in may_be, "negative" in may_be, words)


# term -> payer; the terms of costs_musd, in the order of the breakdown
COST_TERMS: dict[str, str] = {
    "capex": "public",
    "salvage": "public",
    "public_fixed_cost": "public",
    "public_operating_cost": "public",
    "grants": "public",
    "floor_payments": "public",
    "credits": "public",
    "loans": "public",
    "equity": "public",
    "owed_beyond_horizon": "public",
    "stock_holding": "public",
    "lacking_cover": "public",
    "signing_fees": "public",
    "market_purchases": "buyers",
    "market_sales": "buyers",
    "payments_to_units": "buyers",
    "topups": "buyers",
    "cost_priced_plants": "buyers",
    "contract_differences": "buyers",
    "take_or_pay": "buyers",
    "freight": "buyers",
    "tariffs": "buyers",
    "substitution": "buyers",
    "stock_credit": "buyers",
    "shortage": "shortage",
}

COUNTS = ("builds", "month")
YEAR = "year || planning year"
STREAM = "stream || clean or exposed | one of clean exposed"

# Columns that stand in tables of some plans only: of several futures, of years cut into periods, with commitments.
SCENARIO = Column("scenario", "", "the future that the row belongs to; what futures share stands there once for each")

MONTH = Column("month", "", "first month of the period; only where years are cut into periods")
COMMITTED = Column("committed", "", "yes where it was decided already; only where something is")
WITH_COMMITTED = ("floor_payments", "contract_years")
# Columns that plans of version 0.2 and before do not have, and what stands there instead.
LATER: dict[str, Row] = {
    "plants": {"kept": None, "fixed_cost_musd": 0.0, "waste_t": 0.0},
    "stockpile": {"lacking_t": 0.0},
    "price_floors": {"credit_usd_per_kg": 0.0, "equity_musd": 0.0, "loan_musd": 0.0},
    "floor_payments": {"credit_musd": 0.0},
}
# By year, also where years are cut into periods.
YEARLY = ("china_share", "budgets", "committed", "what_binds", "accounts", "landed_costs")

TABLES: dict[str, PlanTable] = {
    t.name: t
    for t in (
        _table(
            "committed",
            "What is decided already: no choice of the plan, and in none of the tables of decisions.",
            "kind || project, floor or contract",
            "name || its name",
            "region || where the project, the plant or the supplier stands",
            "year || year of the decision, also before the first year",
            "amount | any | capacity of the project, the floor, or annual volume of the contract",
            "unit || of the amount: t/yr or USD/kg",
            key="kind name",
        ),
        _table(
            "investments",
            "What is built, and when; one row per project and decision year.",
            "project || project",
            "region || where it stands",
            "funding || public or private | one of public private",
            "decision_year || year of the decision; capex is paid in it when public",
            "first_year || first year of production",
            "last_year || last year of its life, also beyond the horizon",
            "builds || number of copies",
            "capacity_t_per_yr | t/yr | full capacity of all copies",
            "capex_musd | MUSD | capex of all copies, undiscounted, whoever pays it",
            "supported_by || floors and contracts signed with it; empty when none",
            key="project decision_year",
        ),
        _table(
            "price_floors",
            "Support packages awarded.",
            "project || project",
            "floor || package",
            "material || supported output",
            "decision_year || year of the award",
            "first_supported_year || first year in which it pays",
            "last_supported_year || last year in which it pays, also beyond the horizon",
            "floor_usd_per_kg | USD/kg | the floor",
            "upside_share | share | part of the price above the floor that is paid back",
            "grant_musd | MUSD | grant at the decision",
            "credit_usd_per_kg | USD/kg | production credit on all deemed output, contracted or not",
            "equity_musd | MUSD | stake bought at the decision",
            "loan_musd | MUSD | lent at the decision",
            key="floor decision_year",
        ),
        _table(
            "floor_payments",
            "What each awarded floor pays; one row per award and supported year within the horizon.",
            "project || project",
            "floor || package",
            "decision_year || year of the award",
            YEAR,
            "covered_t | t | deemed output less what is under contract",
            "price_usd_per_kg | USD/kg | market price",
            "payment_musd | MUSD | net payment of the treasury, negative when upside is paid back | negative",
            "upside_musd | MUSD | part of the above paid back by the project | negative",
            "payment_at_bank_prices_musd | MUSD | the payment if prices fell to the lenders' deck | negative",
            "credit_musd | MUSD | production credit, paid beside the floor",
            key="floor decision_year year",
        ),
        _table(
            "contracts",
            "Offtake contracts signed.",
            "contract || contract",
            "supplier || plant, project or market",
            "material || material",
            "signing_year || year of signing",
            "first_delivery_year || first year of its tenor",
            "last_delivery_year || last year of its tenor (or of the project's life), also beyond the horizon",
            "annual_t | t/yr | annual volume",
            "fee_musd | MUSD | signing fee",
            key="contract signing_year",
        ),
        _table(
            "contract_years",
            "What each signed contract delivers and costs; one row per contract and year of its tenor in the horizon.",
            "contract || contract",
            "supplier || plant, project or market",
            "material || material",
            "signing_year || year of signing",
            YEAR,
            "active_t | t | volume in force after ramp and force majeure",
            "taken_t | t | taken",
            "untaken_t | t | paid though not taken",
            "contract_price_usd_per_kg | USD/kg | contract price",
            "market_price_usd_per_kg | USD/kg | price paid otherwise, with a market's premium",
            "difference_musd | MUSD | (contract - market price) x taken | negative",
            "untaken_musd | MUSD | contract price x untaken",
            key="contract signing_year year",
        ),
        _table(
            "bankability",
            "Every private project as lenders see it in its first possible decision year, or when it is built.",
            "project || project",
            "decision_year || year of the decision judged",
            "built || yes or no",
            "gap_musd | MUSD | what is missing to the hurdle rate; 0 or less: bankable unaided | negative",
            "main_output || first output of its recipe",
            "break_even_usd_per_kg | USD/kg | flat price of the main output at which the gap is 0 | negative, blank",
            "bank_price_usd_per_kg | USD/kg | lenders' price of it, discounted average over its life | blank",
            "least_floor || the cheapest package that closes the gap alone; empty when none",
            "least_floor_usd_per_kg | USD/kg | its floor | blank",
            "closed_by || what closed the gap, 'not needed', 'not built' or 'no package closes it'",
            key="project decision_year",
        ),
        _table(
            "plants",
            "Use of capacity of plants and projects by year.",
            "unit || plant or project",
            "kind || plant or project | one of plant project",
            "region || region",
            "process || recipe",
            YEAR,
            "capacity_t | t | capacity in that year",
            "clean_t | t | capacity used for clean output",
            "exposed_t | t | capacity used for exposed output",
            "use_share | share | used part of capacity",
            "value_added_musd | MUSD | for the value added at market prices; 0 when not paid at market | negative",
            "topup_musd | MUSD | paid on top so that it does not work below its operating cost",
            "operating_cost_musd | MUSD | operating cost x use, whoever pays it",
            "kept | builds | what is kept open, 1 for all of a plant; empty where that costs nothing | blank",
            "fixed_cost_musd | MUSD | fixed cost of what is kept open, whoever pays it; 0 of public projects",
            "waste_t | t | main output that is discarded; where a China share looks at its intake | blank",
            key="unit year",
        ),
        _table(
            "markets",
            "Bought from and sold to outside markets.",
            "market || market",
            "side || buy or sell | one of buy sell",
            "region || region",
            "material || material",
            YEAR,
            STREAM,
            "t | t | amount",
            "price_usd_per_kg | USD/kg | price with the premium",
            key="market year stream",
        ),
        _table(
            "flows",
            "Who ships what to whom; movement within a region included.",
            "material || material",
            "from_region || origin",
            "to_region || destination",
            YEAR,
            STREAM,
            "t | t | amount",
            "freight_musd | MUSD | freight",
            "tariff_musd | MUSD | tariff, whether or not it is counted in the cost",
            key="material from_region to_region year stream",
        ),
        _table(
            "intake",
            "What plants and projects of a region take in, by clean activity (clean mode) and by all other (mixed).",
            "region || region",
            "material || material",
            YEAR,
            "clean_mode_t | t | taken by activity whose output is clean",
            "mixed_clean_t | t | clean tonnes taken by other activity",
            "mixed_exposed_t | t | exposed tonnes taken by other activity",
            key="region material year",
        ),
        _table(
            "balance",
            "What is made in a region, what leaves for its lanes, what is discarded.",
            "region || region",
            "material || material",
            YEAR,
            STREAM,
            "made_t | t | made, bought, released from stock and returned",
            "shipped_t | t | shipped, also within the region",
            "discarded_t | t | left over",
            key="region material year stream",
        ),
        _table(
            "demand",
            "How each demand is met.",
            "region || region",
            "sector || sector",
            "material || material",
            YEAR,
            "demand_t | t | demand",
            "clean_t | t | delivered clean",
            "exposed_t | t | delivered exposed",
            "substituted_t | t | designed out",
            "short_t | t | not met",
            key="region sector material year",
        ),
        _table(
            "substitution",
            "Use of each substitution option.",
            "option || option",
            "region || region",
            "sector || sector",
            "material || material",
            YEAR,
            "t | t | demand avoided",
            "cost_musd | MUSD | its cost",
            key="option region sector material year",
        ),
        _table(
            "returns",
            "Scrap that comes back.",
            "region || region",
            "material || scrap",
            YEAR,
            STREAM,
            "t | t | amount",
            key="region material year stream",
        ),
        _table(
            "stockpile",
            "Level, filling and release of each stockpile.",
            "stockpile || stockpile",
            "region || region",
            "material || material",
            YEAR,
            "stock_t | t | at year end",
            "exposed_t | t | exposed part of the stock",
            "fill_clean_t | t | put in, clean",
            "fill_exposed_t | t | put in, exposed",
            "release_clean_t | t | taken out, clean",
            "release_exposed_t | t | taken out, exposed",
            "consumption_t | t/yr | consumption that days of cover refer to",
            "days_of_cover | days | stock / consumption x 365; empty without consumption | blank",
            "required_days | days | days asked for; empty when not in force | blank",
            "required_t | t | stock asked for, by days or as least_t; 0 when not in force or suspended",
            "suspended || yes while the scenario's emergency suspends the rule",
            "lacking_t | t | what is lacking of the stock that would be asked for, while suspended",
            key="stockpile year",
        ),
        _table(
            "china_share",
            "Exposed share of consumption against its cap; a row without a sector caps deliveries and intake.",
            "cap || cap row",
            "region || as in the workbook",
            "sector || as in the workbook",
            "material || material",
            YEAR,
            "basis || deliveries, intake, or fills of stockpiles | one of deliveries intake fills",
            "consumption_t | t | served consumption; of intake what its output is used of",
            "exposed_t | t | its exposed part",
            "share | share | exposed part of consumption, 0 without consumption",
            "limit | share | largest allowed share",
            key="cap material year basis",
        ),
        _table(
            "budgets",
            "Outlays against each budget.",
            "budget || budget",
            YEAR,
            "outlay_musd | MUSD | outlays of the year",
            "limit_musd | MUSD | this year's money",
            "cumulated_outlay_musd | MUSD | since the first year in force (carry_over), else of the year",
            "cumulated_limit_musd | MUSD | since the first year in force (carry_over), else of the year",
            key="budget year",
        ),
        _table(
            "costs",
            "Cost by term and year.",
            f"term || cost term | one of {' '.join(COST_TERMS)}",
            "payer || public, buyers or shortage | one of public buyers shortage",
            YEAR,
            "musd | MUSD | undiscounted (owed_beyond_horizon: already discounted to the last year) | negative",
            "discounted_musd | MUSD | discounted to the first year | negative",
            key="term year",
        ),
    )
}

ORIGINS = _table(
    "origins",
    "The input cells that each decision rests on; in plan.json beside the tables. One row per decision and cell.",
    "decision || investment, floor, contract, stockpile, cap or budget",
    "name || its name in the tables of the plan",
    "sheet || sheet of the workbook",
    "row || keys of the row, joined by /",
    "column || heading, or year",
    "cell || where it stands; empty when the workbook has no such cell (a default, a year between two headings)",
    "value | any | what the plan uses, in the unit of the heading",
    "unit || of the value",
    "before | any | what stands in the workbook, where a change set another value",
    "set_by || workbook, default (the cell is blank), the row of Changes, or --set",
    "source || free text of the row; for a changed value that of the row of Changes",
    "note || as source",
)
# What the plan's prices and limits are worth: beside the tables above in plan.json, and not part of what is audited.
VALUE_TABLES: dict[str, PlanTable] = {
    t.name: t
    for t in (
        _table(
            "what_binds",
            "What one unit more of each limit is worth with builds, awards and signings as they are; only what binds.",
            "rule || China share, budget, plant, project, market, lane or cover",
            "name || row of the workbook",
            "cell || where its limit stands",
            "year || the year whose limit is moved, that year alone",
            "limit | any | what holds in this run",
            "unit || of the limit",
            "value | any | saved by one unit more, in money of that year; of cover: added by one day more",
            "value_unit || MUSD per point, MUSD per MUSD, USD/kg of yearly capacity, MUSD per day",
            "present_value | any | the same, discounted to the first year (in a joint run: times its probability)",
            "finding || in words",
        ),
        _table(
            "capital_stack",
            "Who puts what into each supported project, what is paid or comes back later, and what it costs the payer.",
            "project || project or plant",
            "floor || package, committed ones too",
            "decision_year || year of the award",
            "source || where the money comes from | one of owners grant loan stake floor credit",
            "payer || who pays; empty of owners and their lenders",
            "put_in_musd | MUSD | put in at the decision | negative",
            "first_year || first year, as planned, in which it is paid, comes back, or the project produces",
            "last_year || last such year, also beyond the horizon",
            "later_musd | MUSD | paid later (+) or coming back as counted (-) within the horizon | negative",
            "after_musd | MUSD | the same of the years after, in money of the last year | negative",
            "cost_musd | MUSD | its part in the cost of the plan, discounted to the first year; what was put in before"
            " it is spent, and what comes back of it lowers the cost | negative",
            "clean_t | t | clean output of the supported material within the horizon",
            "support_usd_per_kg | USD/kg | cost of the whole package per kg of clean output; years after the horizon in"
            " which something is paid or comes back count with full capacity; empty where it was decided"
            " before the first year, as what was put in then is in no cost of the plan | negative, blank",
            key="floor decision_year source",
        ),
        _table(
            "earnings",
            "What each private project that is built earns in the plan, worth at its decision at its hurdle rate.",
            "project || project",
            "decision_year || year of the decision",
            "hurdle_rate | share | what owners and lenders ask for",
            "return_rate | share | internal rate of return in this plan, and then at lenders' prices; empty where there"
            " is none, or the project is decided in several years: each row then holds what all builds from then on"
            " earn | negative, blank",
            "expected_return_rate | share | the same of what it earns in the mean of the futures | negative, blank",
            "put_in_musd | MUSD | capex less what packages put in | negative",
            "sales_musd | MUSD | value added less operating cost and fixed cost | negative",
            "support_musd | MUSD | floors and credits | negative",
            "contracts_musd | MUSD | contracts against the market, with what is paid for nothing | negative",
            "topups_musd | MUSD | what is added where the rest does not suffice",
            "to_payers_musd | MUSD | less debt service and dividends to those who pay for packages | negative",
            "after_musd | MUSD | what lenders count on after the horizon | negative",
            "surplus_musd | MUSD | their sum less what is put in: at least 0 in the mean of the futures | negative",
            key="project decision_year",
        ),
        _table(
            "supply_cost",
            "What one tonne more brought to a region would cost, with builds, awards and signings as they are.",
            "material || material",
            "region || where it is used",
            YEAR,
            "clean_usd_per_kg | USD/kg | one more clean tonne, money of that year; empty where none comes | blank",
            "exposed_usd_per_kg | USD/kg | one more exposed tonne, money of that year; empty where none comes | blank",
            "price_usd_per_kg | USD/kg | market price | blank",
        ),
    )
}

# Who pays, and what a kilogram costs where it is used: beside the tables above, made of them (solve/accounts/).
_PART = "MUSD | part of the cost, discounted to the first year:"
ACCOUNT_TABLES: dict[str, PlanTable] = {
    t.name: t
    for t in (
        _table(
            "accounts",
            "Outlays and receipts of every payer, by cost term and year.",
            "payer || who pays, as in the columns payer; buyers, or shortage, which nobody pays",
            "term || cost term; tariff_revenue: duties, as the treasury of the importing region receives them",
            YEAR,
            "in_cost || yes where the cost of the plan counts it; all of those add up to it | one of yes no",
            "outlay_musd | MUSD | paid in the year, undiscounted",
            "receipts_musd | MUSD | received in the year, undiscounted; of loans and equity: repayments and dividends,"
            " also of what was lent and put in before the first year",
            "discounted_musd | MUSD | outlay less receipts, discounted to the first year | negative",
            key="payer term year",
        ),
        _table(
            "who_pays",
            "What each payer pays over the horizon for the material that each region uses, traced through the chain.",
            "payer || who pays",
            "region || where the material is used",
            "mineral || mineral, or material where no mineral is given",
            "discounted_musd | MUSD | discounted to the first year; all rows add up to the expected cost | negative",
            key="payer region mineral",
        ),
        _table(
            "landed_costs",
            "Where every cost ends up, traced through the chain in proportion, and what a kilogram costs there.",
            "use || delivered, sold, held in reserve, substituted, short, discarded, or idle: a plant that never works",
            "region || where it is used",
            "to || sector, market, reserve or plant; empty of what is discarded",
            "material || material",
            YEAR,
            "mineral || mineral, or material where no mineral is given",
            "t | t | delivered, sold, left in reserve at the end, designed out or short",
            f"purchases_musd | {_PART} bought from outside markets | negative",
            f"mine_musd | {_PART} cost of plants without inputs | negative",
            f"refining_musd | {_PART} cost of plants with inputs | negative",
            f"margin_musd | {_PART} paid to plants beyond their cost, contracts included | negative",
            f"freight_musd | {_PART} freight",
            f"duty_musd | {_PART} duties, where they are counted",
            f"support_musd | {_PART} public money: plants, packages, fees, reserves | negative",
            f"other_musd | {_PART} revenue of sales, stock credit, substitution, shortage | negative",
            "discounted_musd | MUSD | all parts together; all rows add up to the expected cost | negative",
            "landed_usd_per_kg | USD/kg | all parts but the other, per kg, in money of the year | negative, blank",
            key="use region to material year",
        ),
    )
}
DERIVED_TABLES = {**VALUE_TABLES, **ACCOUNT_TABLES}  # not audited, and not in every plan


def is_cut(tables: Mapping[str, list[Row]]) -> bool:
    """Whether years are cut into periods."""
    costs = tables.get("costs")
    return isinstance(costs, list) and any(isinstance(row, dict) and MONTH.name in row for row in costs[:1])


def columns_where(table: str, cut: bool, decided: bool) -> tuple[Column, ...]:
    """The columns of a table; cut: with the month, as a year is cut into periods; decided: with what is committed."""
    found: list[Column] = []
    for column in {**TABLES, **DERIVED_TABLES, ORIGINS.name: ORIGINS}[table].columns:
        found.append(column)
        if column.name == "year" and cut and table not in YEARLY:
            found.append(MONTH)
    if table in WITH_COMMITTED and decided:
        found.append(COMMITTED)
    return tuple(found)
