"""The table sheets of a plan's workbook, one for each question; a table that no sheet shows gets one of its own."""

from __future__ import annotations

from collections.abc import Sequence

from lodestone.plan import key_figures as figures
from lodestone.plan.formatting import PAYERS, finite, term_label
from lodestone.plan.plan import Plan
from lodestone.plan.tables import (
    ACCOUNT_TABLES,
    DERIVED_TABLES,
    ORIGINS,
    SCENARIO,
    TABLES,
    VALUE_TABLES,
    Cell,
    Column,
    Row,
)
from lodestone.report.plan.calendar import calendar_sheet
from lodestone.report.plan.certainty import certain_sheets, range_of
from lodestone.report.plan.cost_matrix import CostMatrix
from lodestone.report.plan.secure import secure_sheet
from lodestone.report.plan.security_cost import reference_sheet
from lodestone.report.plan.table_sheet import Mark, TableSheet

AWARD = (
    *("project", "floor", "material", "first_supported_year", "last_supported_year", "floor_usd_per_kg"),
    *("upside_share", "credit_usd_per_kg"),
)
AWARDED = ("project", "floor", "decision_year")
GIVEN = ("grant_musd", "equity_musd", "loan_musd")
PAYMENT = (
    *("covered_t", "price_usd_per_kg", "payment_musd", "upside_musd", "payment_at_bank_prices_musd"),
    "credit_musd",
)
SIGNING = ("contract", "supplier", "material", "first_delivery_year", "last_delivery_year", "annual_t")
DELIVERY = (
    *("active_t", "taken_t", "untaken_t", "contract_price_usd_per_kg", "market_price_usd_per_kg"),
    *("difference_musd", "untaken_musd"),
)
AUDIT = (
    Column("rule", "", "rule of the model that was re-checked"),
    Column("meaning", "", "what it says"),
    Column("checked", "", "how many cases were checked"),
    Column("worst", "tiny", "largest violation found, in the unit beside"),
    Column("unit", "", "unit of the violation"),
    Column("tolerance", "tiny", "largest violation allowed, in the same unit"),
    Column("ok", "", "whether the rule holds"),
)
CAPACITY = Column("capacity_t", "t", "what the stockpile can hold")
USE = (
    Column("stage", "", "of its first output"),
    Column("unit", "", "plant or project"),
    Column("kind", "", "plant or project"),
    Column("region", "", "where it stands"),
)
MERGED = ("floor_payments", "contract_years")  # shown with what they belong to
LEAST_GAP_MUSD = 0.005  # less is rounding
NO_ROOM = 1e-4  # of a share or amount: closer to its limit it is full


CAP_BINDS = Mark(
    f"AND({{consumption_t}}>0,{{limit}}<1,{{limit}}-{{share}}<={NO_ROOM})", ("share", "limit"), "share at its cap"
)
AT_CAPACITY = Mark(
    f"AND(ISNUMBER({{capacity_t}}),{{stock_t}}>0,{{stock_t}}>={{capacity_t}}*(1-{NO_ROOM}))",
    ("stock_t", "capacity_t"),
    "stock at capacity",
)
AT_COVER = Mark(
    "AND({required_t}>0,{stock_t}<={required_t}+MAX(0.5,{required_t}*0.0001))",
    ("days_of_cover", "required_days", "required_t"),
    "no more cover than asked for",
)
FULL = Mark(f"AND({{capacity_t}}>0,{{use_share}}>=1-{NO_ROOM})", ("capacity_t", "use_share"), "capacity used in full")
SPENT = Mark(
    "{cumulated_outlay_musd}>={cumulated_limit_musd}-MAX(0.005,{cumulated_limit_musd}*0.0001)",
    ("cumulated_outlay_musd", "cumulated_limit_musd"),
    "budget exhausted",
)
SHORT = Mark("{short_t}>=0.5", ("short_t",), "demand not met")
BROKEN = Mark('{ok}="no"', ("rule", "ok"), "rule broken")

# table -> sheet name, question, marks; the others are named after their table
SHOWN: dict[str, tuple[str, str, tuple[Mark, ...]]] = {
    "committed": ("Committed", "What is decided already, and no choice of this plan?", ()),
    "investments": ("Investments", "What is built, when, with whose money?", ()),
    "bankability": ("Bankability", "What do lenders miss in each private project, and what closes the gap?", ()),
    "capital_stack": ("CapitalStack", "Who puts what into each supported project, and what does it cost?", ()),
    "earnings": ("Earnings", "What does each private project earn in the plan, and what topped it up?", ()),
    "stockpile": ("Stockpile", "How much is held, and how many days does it last?", (AT_CAPACITY, AT_COVER)),
    "flows": ("Sourcing", "Who ships what to whom?", ()),
    "plants": ("Plants", "How far is capacity used, and what are plants paid?", (FULL,)),
    "china_share": ("ChinaShare", "How exposed is consumption, against its caps?", (CAP_BINDS,)),
    "demand": ("Demand", "How is each demand met?", (SHORT,)),
    "budgets": ("Budgets", "How much of each budget is spent?", (SPENT,)),
    "accounts": ("Accounts", "Who pays and receives how much in each year?", ()),
    "who_pays": ("WhoPays", "Who pays for the material of which region?", ()),
    "landed_costs": ("LandedCosts", "What does a kilogram cost where it is used, and what is it made of?", ()),
    "what_binds": ("WhatBinds", "Which limits bind, and what would one unit more of each save?", ()),
    "supply_cost": ("SupplyCost", "What would one tonne more cost, by material, region and year?", ()),
}


def table_sheets(plan: Plan, costs: CostMatrix) -> list[TableSheet]:
    """The sheets between Charts and RunInfo; those that the plan has nothing for are left out."""
    support = [_price_floors(plan), _contracts(plan), shown(plan, "bankability")]
    optional = [shown(plan, table) for table in TABLES if table not in (*MERGED, *_IN_ORDER, "costs")]
    return [
        *(sheet for sheet in [calendar_sheet(plan)] if sheet.rows),
        shown(plan, "investments"),
        *(sheet for sheet in [shown(plan, "committed")] if sheet.rows),
        *(sheet for sheet in support if sheet.rows),
        *(shown(plan, table) for table in ("stockpile", "flows", "plants")),
        *(sheet for sheet in [_capacity_use(plan)] if sheet.rows),
        *(shown(plan, table) for table in ("china_share", "demand")),
        *(sheet for sheet in [secure_sheet(plan), reference_sheet(plan)] if sheet.rows),
        *certain_sheets(plan),
        _costs(plan, costs),
        *(sheet for sheet in (shown(plan, table) for table in ACCOUNT_TABLES) if sheet.rows),
        *(sheet for sheet in (shown(plan, table) for table in VALUE_TABLES) if sheet.rows),
        *(sheet for sheet in optional if sheet.rows),
        *(sheet for sheet in [_origins(plan), _names(plan)] if sheet.rows),
        _audit(plan),
    ]


_IN_ORDER = (
    *("committed", "investments", "price_floors", "contracts", "bankability", "stockpile", "flows", "plants"),
    *("china_share", "demand"),
)


def shown(plan: Plan, table: str) -> TableSheet:
    """A table as it is in plan.json, under its name there unless SHOWN has a better one."""
    declared = {**TABLES, **DERIVED_TABLES}[table]
    own = "".join(word.capitalize() for word in table.split("_")), declared.meaning, ()
    name, question, marks = SHOWN.get(table, own)
    columns = [*_scenario(plan), *plan.columns(table)]
    told = _by_money(plan.rows(table)) if table == "what_binds" else plan.rows(table)
    rows = [_values(row, [c.name for c in columns]) for row in told]
    if table == "stockpile":
        capacity = figures.stock_capacity(plan)
        at = [c.name for c in columns].index("stock_t") + 1
        columns.insert(at, CAPACITY)
        for values, row in zip(rows, plan.rows(table), strict=True):
            values.insert(at, capacity(row))
    return TableSheet(name, question, columns, rows, marks=marks)


def _by_money(rows: Sequence[Row]) -> list[Row]:
    """What binds by what one per cent of its limit is worth in money, the dearest first, and rounded."""

    def worth(row: Row) -> float:
        """Of the whole limit, in MUSD."""
        value, limit = row["present_value"], row["limit"]
        if not (isinstance(value, int | float) and isinstance(limit, int | float)):
            return 0.0
        if str(row["value_unit"]).startswith("USD/kg"):
            return value * limit / 1000.0
        return value * limit * (100.0 if row["unit"] == "share" else 1.0)

    rounded = ("limit", "value", "present_value")
    told = [{**row, **{name: _rounded(row[name]) for name in rounded}} for row in rows]
    return [row for _, row in sorted(zip(map(worth, rows), told, strict=True), key=lambda pair: -pair[0])]


def _rounded(value: Cell) -> Cell:
    """To four figures: marginal values are no better known than that."""
    return float(f"{value:.4g}") if isinstance(value, float) else value


def _scenario(plan: Plan) -> list[Column]:
    """The column that the tables of a joint run begin with."""
    return [SCENARIO] if plan.is_joint else []


def _price_floors(plan: Plan) -> TableSheet:
    """One row for each award, with what is put in, one for each period in which it pays; then what is agreed."""
    own, place = [c.name for c in _scenario(plan)], figures.axis(plan).place
    columns = [
        *_scenario(plan),
        *_columns("price_floors", AWARD),
        Column(
            "row", "", "award: what is put in at the decision; payment: one supported year; committed: agreed already"
        ),
        Column("year", "", "planning year, or the first month of a period"),
        *_columns("price_floors", GIVEN),
        *_columns("floor_payments", PAYMENT),
    ]
    payments, nothing = figures.grouped(plan.rows("floor_payments"), *own, *AWARDED), [None] * len(GIVEN)
    rows: list[list[Cell]] = []
    for award in plan.rows("price_floors"):
        common = _values(award, [*own, *AWARD])
        rows.append([*common, "award", award["decision_year"], *_values(award, GIVEN), *[None] * len(PAYMENT)])
        for paid in payments.get(tuple(_values(award, [*own, *AWARDED])), []):
            rows.append([*common, "payment", place(paid), *nothing, *_values(paid, PAYMENT)])
    for paid in figures.committed(plan, "floor_payments"):
        known = {**paid, **dict.fromkeys(AWARD[2:])}
        rows.append([*_values(known, [*own, *AWARD]), "committed", place(paid), *nothing, *_values(paid, PAYMENT)])
    question = "Which support is awarded, what does it pay each year, and what if prices were what lenders assume?"
    return TableSheet("PriceFloors", question, columns, rows)


def _contracts(plan: Plan) -> TableSheet:
    """One row for each signing, with its fee, and one for each period of its tenor; then what is signed already."""
    own, place = [c.name for c in _scenario(plan)], figures.axis(plan).place
    columns = [
        *_scenario(plan),
        *_columns("contracts", SIGNING),
        Column("row", "", "signing: the fee; delivery: one year of the tenor; committed: signed already"),
        Column("year", "", "planning year, or the first month of a period"),
        *_columns("contracts", ("fee_musd",)),
        *_columns("contract_years", DELIVERY),
    ]
    years = figures.grouped(plan.rows("contract_years"), *own, "contract", "signing_year")
    rows: list[list[Cell]] = []
    for signing in plan.rows("contracts"):
        common = _values(signing, [*own, *SIGNING])
        rows.append([*common, "signing", signing["signing_year"], signing["fee_musd"], *[None] * len(DELIVERY)])
        for year in years.get(tuple(_values(signing, [*own, "contract", "signing_year"])), []):
            rows.append([*common, "delivery", place(year), None, *_values(year, DELIVERY)])
    for year in figures.committed(plan, "contract_years"):
        known = {**year, **dict.fromkeys(SIGNING[3:])}
        rows.append([*_values(known, [*own, *SIGNING]), "committed", place(year), None, *_values(year, DELIVERY)])
    return TableSheet("Contracts", "What is signed, taken and paid, against the market price?", columns, rows)


def _capacity_use(plan: Plan) -> TableSheet:
    """One row for each plant and project, along the chain; a year or period without capacity is blank."""
    axis = figures.axis(plan)
    own = [c.name for c in _scenario(plan)]
    stages = figures.in_its_future(plan, figures.stages)
    years = [str(place) for place in axis.places]
    columns = [*_scenario(plan), *USE, *(Column(year, "share", "used part of capacity") for year in years)]
    rows = []
    for unit in figures.grouped(plan.rows("plants"), *own, "unit").values():
        used = {str(axis.place(row)): row["use_share"] for row in unit if row["capacity_t"] > 0}
        if any(used.values()):
            common = [*_values(unit[0], own), stages(unit[0]).get(unit[0]["process"], unit[0]["process"])]
            rows.append([*common, *_values(unit[0], ("unit", "kind", "region")), *(used.get(year) for year in years)])
    order = list(dict.fromkeys(figures.stages(plan).values()))
    at = len(own)
    rows.sort(key=lambda row: order.index(row[at]) if row[at] in order else len(order))
    full = tuple(Mark(f"AND(ISNUMBER({{{y}}}),{{{y}}}>=1-{NO_ROOM})", (y,), FULL.meaning) for y in years)
    question = "Which plants work at capacity in which year? Plants that never work are left out."
    return TableSheet("CapacityUse", question, columns, rows, marks=full)


def _costs(plan: Plan, costs: CostMatrix) -> TableSheet:
    """Cost terms by year, then what each payer pays, then everything."""
    columns = [
        Column("cost term", "", ""),
        Column("payer", "", "public, buyers or shortage"),
        *(
            Column(str(year), "MUSD", "undiscounted; owed beyond the last year: discounted to it")
            for year in costs.years
        ),
        Column("total", "MUSD", "undiscounted"),
        Column("discounted_musd", "MUSD", "discounted to the first year; adds up to the expected cost"),
        *(_RANGE if plan.certain else ()),
    ]

    def ends(figure: str, of: str) -> tuple[float | None, ...]:
        return range_of(plan, figure, of) if plan.certain else ()

    rows: list[list[Cell]] = [
        [term_label(term), payer, *values, sum(values), plan.costs_musd.get(term, 0.0), *ends("cost term", term)]
        for (payer, term), values in costs.by_term.items()
    ]
    for payer, values in costs.by_payer.items():
        paid = plan.payers_musd.get(payer, 0.0)
        rows.append([f"All {payer}", payer, *values, sum(values), paid, *ends("payer", payer)])
    total = ["Total", "", *costs.total, sum(costs.total), plan.expected_cost_musd]
    rows.append([*total, *([None, None] if plan.certain else [])])
    question = "What does each term cost in each year, and who pays?"
    return TableSheet("Costs", question, columns, rows, totals=len(PAYERS) + 1, marks=_open_to_the_gap(plan))


_RANGE = (
    Column("least_musd", "MUSD", "discounted, in any plan hardly dearer; empty where not known"),
    Column("most_musd", "MUSD", "discounted, in any plan hardly dearer; empty where not known"),
)


def _open_to_the_gap(plan: Plan) -> tuple[Mark, ...]:
    """Marks what a better plan within the gap could do without."""
    gap = finite(plan.bound_musd)
    if gap is None or plan.objective_musd - gap <= LEAST_GAP_MUSD:
        return ()
    left = plan.objective_musd - gap
    meaning = f"less than the {left:,.2f} MUSD by which a plan may be cheaper: it may not need this"
    return (Mark(f"AND({{discounted_musd}}<>0,ABS({{discounted_musd}})<={left!r})", ("discounted_musd",), meaning),)


def _origins(plan: Plan) -> TableSheet:
    columns = [*_scenario(plan), *ORIGINS.columns]
    rows = [_values(line, [c.name for c in columns]) for line in plan.rows("origins")]
    question = "Which input cells does each decision rest on, and what is their source?"
    return TableSheet("Origins", question, columns, rows)


def _names(plan: Plan) -> TableSheet:
    """Ids beside their labels, so that the row of the workbook can be found."""
    columns = (
        Column("sheet", "", "sheet of the workbook"),
        Column("id", "", "what names the row there"),
        Column("label", "", "what is read in its place in this plan"),
    )
    rows: list[list[Cell]] = [
        [sheet, name, label] for sheet, named in (plan.labels or {}).items() for name, label in named.items()
    ]
    return TableSheet("Names", "Which row of the workbook is called what here?", columns, rows)


def _audit(plan: Plan) -> TableSheet:
    rows = [_values({**row, "ok": "yes" if row["ok"] else "no"}, [c.name for c in AUDIT]) for row in plan.audit]
    question = "Which rules were re-checked on the plan's numbers, without the solver?"
    return TableSheet("Audit", question, AUDIT, rows, marks=(BROKEN,))


def _columns(table: str, names: Sequence[str]) -> list[Column]:
    by_name = {c.name: c for c in TABLES[table].columns}
    return [by_name[name] for name in names]


def _values(row: Row, names: Sequence[str]) -> list[Cell]:
    return [row[name] for name in names]
