"""The pictures of a plan: each with its question, its table, and how the reader chooses in it.

A view is a run, or one future of a joint run; every view has every picture, so that any two can stand side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lodestone.plan import key_figures as figures
from lodestone.plan.formatting import share, term_label
from lodestone.plan.key_figures import Key
from lodestone.plan.plan import Plan
from lodestone.plan.tables import Cell, Column, Document, Row, is_cut
from lodestone.report.html.chain import MOST_NODES, OTHERS, chain, chain_stages
from lodestone.report.html.overview import copies, glance
from lodestone.report.html.tables import Table, from_plan

MOST_ARCS = 60  # of a map
MOST_LANES = 10_000  # of a plan, material by material, that are told one by one


@dataclass(frozen=True)
class Figure:
    """drawing: its name in scripts/. choose: columns of which one value each is shown at a time. yearly: follows the
    year slider. rows_of: the figure whose table is drawn once more; its own table is not kept then."""

    key: str
    title: str
    lead: str
    drawing: str
    table: Callable[[Plan], Table]
    choose: tuple[str, ...] = ()
    yearly: bool = False
    rows_of: str = ""


def _flows(plan: Plan) -> Table:
    """Both streams of a lane in one row; the smallest lanes of a very large plan as one for each material and year."""
    lanes: dict[Key, list[float]] = {}
    for row in plan.rows("flows"):
        key = (row["material"], row["from_region"], row["to_region"], row["year"])
        sums = lanes.setdefault(key, [0.0, 0.0, 0.0, 0.0])
        for k, t in enumerate((row["t"] * (row["stream"] == "clean"), row["t"] * (row["stream"] == "exposed"))):
            sums[k] += t
        sums[2] += row["freight_musd"]
        sums[3] += row["tariff_musd"]
    told = set(sorted(lanes, key=lambda key: -sum(lanes[key][:2]))[:MOST_LANES])
    kept: dict[Key, list[float]] = {}
    for key, sums in lanes.items():
        place = key if key in told else (key[0], OTHERS, OTHERS, key[3])
        total = kept.setdefault(place, [0.0] * 4)
        kept[place] = [a + b for a, b in zip(total, sums, strict=True)]
    columns = (
        Column("material", "", ""),
        Column("from_region", "", ""),
        Column("to_region", "", ""),
        Column("year", "", ""),
        Column("clean_t", "t", ""),
        Column("exposed_t", "t", ""),
        Column("freight_musd", "MUSD", ""),
        Column("tariff_musd", "MUSD", ""),
    )
    place_of = _places(plan)
    rows = sorted(kept.items(), key=lambda item: (place_of(item[0][0]), item[0][3]))
    return Table(columns, [[*key, *sums] for key, sums in rows])


def _places(plan: Plan) -> Callable[[str], int]:
    """Materials that sectors want come first, as the reader looks for them first."""
    demanded = list(dict.fromkeys(row["material"] for row in plan.rows("demand")))
    order = [*demanded, *(m for m in figures.materials(plan) if m not in demanded)]
    return lambda material: order.index(material) if material in order else len(order)


def _origins(plan: Plan) -> Table:
    """What reaches regions that are not of concern, by origin."""
    concern, cut = figures.of_concern(plan), is_cut(plan.tables)
    sums: dict[Key, list[float]] = {}
    for row in plan.rows("flows"):
        if row["to_region"] not in concern:
            when = (row["year"], row["month"]) if cut else (row["year"],)
            key = (row["material"], row["from_region"], *when)
            sums.setdefault(key, [0.0, 0.0])[row["stream"] == "exposed"] += row["t"]
    names = ("material", "from_region", "year", *(["month"] if cut else []), "clean_t", "exposed_t")
    columns = tuple(Column(n, "t" if n.endswith("_t") else "", "") for n in names)
    place_of = _places(plan)
    return Table(columns, [[*key, *s] for key, s in sorted(sums.items(), key=lambda i: (place_of(i[0][0]), i[0]))])


def _decisions(plan: Plan) -> Table:
    """Every decision as a bar: what is waited for, then what is had, until the end of its life or term."""
    rows: list[list[Cell]] = []
    for r in plan.rows("investments"):
        what = copies(r) + r["project"]
        rows.append([f"build, {r['funding']}", what, r["decision_year"], r["first_year"], r["last_year"]])
    for r in plan.rows("price_floors"):
        rows.append(["guarantee", r["floor"], r["decision_year"], r["first_supported_year"], r["last_supported_year"]])
    for r in plan.rows("contracts"):
        rows.append(["sign", r["contract"], r["signing_year"], r["first_delivery_year"], r["last_delivery_year"]])
    columns = ("kind", "what", "decided", "from", "to")
    kinds = ("build, public", "build, private", "guarantee", "sign")
    rows.sort(key=lambda r: (kinds.index(r[0]), r[2:4]))
    return Table(tuple(Column(name, "", "") for name in columns), rows)


def _shares(plan: Plan) -> Table:
    names = ("cap", "region", "sector", "material", "basis", "year", "consumption_t", "exposed_t", "share", "limit")
    tightest = {(f.cap, f.region, f.sector, f.material, f.basis): i for i, f in enumerate(figures.caps(plan))}
    rows = sorted(
        plan.rows("china_share"),
        key=lambda r: (tightest.get(tuple(r[n] for n in names[:5]), len(tightest)), r["year"]),
    )
    return from_plan(plan, "china_share", *names, rows=rows)


def _stocks(plan: Plan) -> Table:
    names = ("stockpile", "region", "material", "year", "stock_t", "exposed_t", "required_t", "days_of_cover",
             "required_days", "suspended")  # fmt: skip
    largest = {f.stockpile: -f.peak_t for f in figures.stocks(plan)}
    rows = sorted(plan.rows("stockpile"), key=lambda r: (largest[r["stockpile"]], r["stockpile"], figures.begin(r)))
    return from_plan(plan, "stockpile", *names, rows=rows)


def _losses(plan: Plan) -> Table:
    """What is short, by region, sector and material."""
    asked = figures.grouped(plan.rows("demand"), "region", "sector", "material")
    short = [row for row in plan.rows("landed_costs") if row["use"] == "short" and row["t"] > 0]
    lost = [
        [*key, sum(r["t"] for r in rows), sum(r["t"] for r in rows) / figures.total(asked[key], "demand_t"),
         sum(r["discounted_musd"] for r in rows)]
        for key, rows in figures.grouped(short, "region", "to", "material").items()
        if figures.total(asked.get(key, []), "demand_t") > 0
    ]  # fmt: skip
    columns = (
        *(Column(name, "", "") for name in ("region", "sector", "material")),
        *(Column("short_t", "t", ""), Column("of_demand", "share", ""), Column("discounted_musd", "MUSD", "")),
    )
    return Table(columns, sorted(lost, key=lambda row: -row[-1]))


def busiest_year(plan: Plan) -> int:
    """In which most is decided or begins; the first of several."""
    first, last = plan.horizon
    begun = [(build["decision_year"], build["first_year"]) for build in plan.rows("investments")]
    begun += [(award["decision_year"], award["first_supported_year"]) for award in plan.rows("price_floors")]
    begun += [(signed["signing_year"], signed["first_delivery_year"]) for signed in plan.rows("contracts")]
    happens = [year for pair in begun for year in set(pair)]
    return max(range(first, last + 1), key=happens.count)


def _threats(plan: Plan) -> Table:
    """Every combination; of a joint plan those of this future."""
    rows = plan.secure["combinations"] if plan.secure else []
    columns = (
        *(Column("threats", "", ""), Column("one", "", ""), Column("other", "", ""), Column("short_t", "t", "")),
        *(Column("branch", "", ""), Column("binding", "", "")),
    )
    cells = [
        [" + ".join(names), *(names if len(names) == 2 else names * 2 if len(names) == 1 else ("", "")),
         row["short_t"], row["branch"], ", ".join(row["binding"])]
        for row in rows
        if row.get("scenario", plan.scenario) == plan.scenario and (names := row["threats"])
    ]  # fmt: skip
    return Table(columns, cells)


def _costs(plan: Plan) -> Table:
    """Tariffs only as far as they are counted, so that the sum is the cost of the plan."""
    names = ("term", "payer", "year", "musd", "discounted_musd")
    counted = figures.is_counted(plan)
    rows = [
        {**row, "term": term_label(row["term"])}
        for row in plan.rows("costs")
        if (row["musd"] or row["discounted_musd"]) and counted(row)
    ]
    return from_plan(plan, "costs", *names, rows=rows)


FIGURES = (
    Figure(
        "chain", "The chain in tonnes",
        "Each bar is what a stage makes or takes in one region, its colour how much of it is exposed. Within a region, "
        "makers and users share in proportion. All years have the same scale. "
        f"The {MOST_NODES} largest of each stage have a name, the rest are “others”. A material that goes "
        "back to an earlier stage ends in “to” and begins again at “from”.",
        "sankey", chain, ("mineral",), True,
    ),
    Figure(
        "flows", "Who supplies whom",
        "Shipped in tonnes, movement within a region included: the larger the dot, the more; the colour is the exposed "
        "part. Regions beyond the 16 largest, and the smallest of more than "
        f"{MOST_LANES:,} lanes, are “others”.",
        "matrix", _flows, ("material",), True,
    ),
    Figure(
        "map", "Where it goes",
        "The same shipments between regions: the broader, the more; the colour is the exposed part, a dot is a region. "
        f"The {MOST_ARCS} largest of the year are drawn. What is no country stands at the lower edge.",
        "map", _flows, ("material",), True, "flows",
    ),
    Figure(
        "decisions", "What is decided, and when",
        "Thin: decided, not yet in operation. Broad: in operation, supported, or delivering.",
        "gantt", _decisions,
    ),
    Figure(
        "origins", "Supply by origin",
        "What reaches regions that are not of concern, transit included; blue-green is clean, orange exposed.",
        "origins", _origins, ("material",),
    ),
    Figure(
        "shares", "China share against its cap",
        "Exposed part of consumption; the cap is dashed. The tightest cap is shown first.",
        "shares", _shares, ("cap", "material", "basis"),
    ),
    Figure(
        "demand", "How demand is met",
        "Deliveries, what is designed out, and what is short.",
        "demand", lambda plan: from_plan(plan, "demand"), ("material",),
    ),
    Figure(
        "losses", "Who loses most",
        "What sectors go without, at what it costs them, over the horizon, discounted: the largest loss first.",
        "losses", _losses,
    ),
    Figure(
        "stocks", "Stock and days of cover",
        "At the end of each year or period; dashed is what is asked for.",
        "stocks", _stocks, ("stockpile",),
    ),
    Figure("costs", "Cost by payer and year", "Undiscounted; credits are below zero.", "payers", _costs),
    Figure("terms", "Cost by term", "Over the horizon, discounted.", "terms", _costs, rows_of="costs"),
)  # fmt: skip


THREATS = Figure(
    "threats", "What is short when threats come together",
    "Two threats by row and column, one alone on the diagonal: the least that is short then. A frame marks the "
    "combinations with which the plan was made; combinations of more threats stand in the table.",
    "threats", _threats,
)  # fmt: skip


def figures_of(runs: Mapping[str, Plan]) -> tuple[Figure, ...]:
    """The pictures that these runs have something for: threats only where a plan stands some."""
    return (*FIGURES, THREATS) if any(plan.secure for plan in runs.values()) else FIGURES


def views(runs: Mapping[str, Plan]) -> list[Row]:
    """Every run by its name, a joint run as each of its futures."""
    found = []
    for name, plan in runs.items():
        if plan.is_joint:
            futures = [(f"{name}: if {f}", f, plan.future(f)) for f in plan.futures]
        else:
            futures = [(name, "", plan)]
        drawn = figures_of(runs)
        found += [_view(label, name, future, one, plan, drawn) for label, future, one in futures]
    return found


def _view(label: str, run: str, future: str, plan: Plan, whole: Plan, drawn: tuple[Figure, ...]) -> Document:
    probability = f", {share(whole.probabilities[future])} likely" if future else ""
    about = f"scenario {plan.scenario}{probability}" if future else f"scenario {plan.scenario}"
    tables = {figure.key: figure.table(plan).as_json() for figure in drawn if not figure.rows_of}
    first, last = plan.horizon
    return {
        "label": label,
        "run": run,
        "future": future,
        "plan_name": plan.plan_name,
        "about": f"{about}, {first}-{last}, from {plan.workbook}",
        "years": list(range(first, last + 1)),
        "busiest": busiest_year(plan),
        "periods": {str(year): months for year, months in figures.cut_years(plan).items()},
        "stages": {mineral: found.titles for mineral, found in chain_stages(plan).items()},
        "glance": glance(plan, whole),
        "tables": tables,
    }
