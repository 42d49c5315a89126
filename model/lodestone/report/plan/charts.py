"""The sheet Charts of a plan: what is built when, who pays, who supplies, how exposed, what is held, what is full.

Of a plan for several futures, amounts are averages weighted by probability, and shares and stocks have a line for each.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import pairwise

import xlsxwriter

from lodestone.plan import key_figures as figures
from lodestone.plan.formatting import PAYERS, in_words, musd, term_label
from lodestone.plan.key_figures import Axis, CapFigure
from lodestone.plan.plan import Plan
from lodestone.plan.tables import COST_TERMS, MONTH, Cell, Row
from lodestone.report.excel.colours import CLEAN_SHADES as CLEAN
from lodestone.report.excel.colours import EXPOSED_SHADES as EXPOSED
from lodestone.report.excel.drawings import Drawing, Series, page_breaks, write_drawings
from lodestone.report.excel.styles import LIMIT, PAYER_COLOURS, SERIES_COLOURS, Styles, page
from lodestone.report.plan.cost_matrix import CostMatrix

SHEET, TOP = "Charts", 3
MOST_BUILDS, MOST_CAPS, MOST_MATERIALS, MOST_STOCKS, MOST_STAGES = 40, 4, 8, 4, 8
MOST_ORIGINS = 4  # of each stream, in one chart
BEYOND = 10  # years after the horizon that the timeline shows at most
SMALL_T, SMALL_MUSD = 0.5, 0.005
GIANT, MOST_GIANTS = 6.0, 2  # times as long as the next bar
Amounts = dict[int | str, float]  # year or period -> t
LIFE = (
    *(("from the decision:", ""), ("construction", "#B9C4CB"), ("production", CLEAN[1])),
    ("after the horizon", CLEAN[3]),
)


def write_charts(book: xlsxwriter.Workbook, styles: Styles, plan: Plan, drawings: Sequence[Drawing]) -> None:
    """Write the sheet Charts."""
    sheet = book.add_worksheet(SHEET)
    page(sheet, plan.plan_name, SHEET)
    sheet.hide_gridlines(2)
    sheet.set_row(0, 24)
    sheet.write_string(0, 0, "Charts", styles.title)
    styles.link(sheet, 1, 0, "internal:Summary!A1", "Back to Summary", indent=0)
    averaged = "; amounts are averages of all futures, weighted by probability" if plan.is_joint else ""
    sheet.write_string(1, 1, f"The numbers of each chart stand below them{averaged}.", styles.subtitle)
    write_drawings(book, sheet, styles, drawings, TOP)


def chart_breaks(drawings: Sequence[Drawing]) -> list[int]:
    """A row for each printed page."""
    return page_breaks(drawings, TOP) if drawings else []


def drawings(plan: Plan, costs: CostMatrix) -> list[Drawing]:
    """All that have something to show, in reading order."""
    found = [
        *timeline(plan),
        *cost_by_term(plan),
        cost_by_year(costs),
        *cost_without_the_largest(costs),
        *china_shares(plan),
        *supplies(plan),
        *stocks(plan),
        *capacity_use(plan),
    ]
    return [drawing for drawing in found if has_something(drawing)]


def has_something(drawing: Drawing) -> bool:
    """Whether any of its series has a number to show."""
    shown = [series.column for series in drawing.series if series.look != "hidden"]
    return any(row[column] is not None for row in drawing.rows for column in shown)


# --- what is built, and what it costs -------------------------------------------------------------------------------


def timeline(plan: Plan) -> list[Drawing]:
    """A bar for each build, the earliest at the top: from the decision over construction to the end of its life."""
    first, last = plan.horizon
    builds = _builds(plan)
    ends = max((row["last_year"] + 1 for row, _ in builds), default=last + 1)
    edge = min(ends, last + 1 + BEYOND)
    rows = []
    for row, label in builds[:MOST_BUILDS]:
        decided, starts, ends = row["decision_year"], row["first_year"], row["last_year"] + 1
        within = max(min(ends, last + 1) - starts, 0)
        rows.append([label, decided, starts - decided, within, max(min(ends, edge) - max(last + 1, starts), 0)])
    series = [
        Series(name, n, colour, "hidden" if n == 1 else "fill")
        for n, (name, colour) in enumerate(LIFE, 1)
        if n == 1 or any(row[n] for row in rows)
    ]
    left_out = f", the first {MOST_BUILDS} of {len(builds)}" if len(builds) > MOST_BUILDS else ""
    headings = ["Project", "Decision (year)", "Construction (years)", "Production (years)", "After the horizon (years)"]
    title = f"What is built when{left_out}: decision, construction, production"
    units = ["", "", "", "", ""]
    rows.reverse()  # bars are drawn from the bottom
    step = max(1, (edge - first) // 10)
    return [
        Drawing(title, "bars", headings, units, rows, series, "year", across=True, least=first, most=edge, step=step)
    ]


def _builds(plan: Plan) -> list[tuple[Row, str]]:
    """Investments by decision year, with what to call them; what futures share is there once."""
    futures: dict[tuple[str, int], list[Row]] = {}
    for row in plan.rows("investments"):
        futures.setdefault((row["project"], row["decision_year"]), []).append(row)
    every = len(plan.futures) or 1
    builds = []
    for rows in futures.values():
        copies = f" x{rows[0]['builds']}" if rows[0]["builds"] > 1 else ""
        some = f" [{in_words([row['scenario'] for row in rows], 3)}]" if len(rows) < every else ""
        builds.append((rows[0], f"{rows[0]['project']}{copies}{some}"))
    return sorted(builds, key=lambda build: (build[0]["decision_year"], build[0]["first_year"]))


def cost_by_term(plan: Plan) -> list[Drawing]:
    """Each term in the colour of who pays it, the largest at the top; one beside which the others vanish is told."""
    costs = {term: plan.costs_musd.get(term, 0.0) for term in COST_TERMS}
    shown = sorted((t for t in costs if abs(costs[t]) >= SMALL_MUSD), key=lambda term: costs[term])
    title = "Cost by term and payer (MUSD, discounted)"
    giants = _giants({term: costs[term] for term in shown})
    if giants:
        shown = [term for term in shown if term not in giants]
        labels = {term: term_label(term) for term in giants}
        told = [f"{label[:1].lower()}{label[1:]}: {musd(costs[term])}" for term, label in labels.items()]
        title += f", without {in_words(told)}"
    payers = [payer for payer in PAYERS if any(COST_TERMS[term] == payer for term in shown)]
    rows = [[term_label(t), *(costs[t] if COST_TERMS[t] == payer else None for payer in payers)] for t in shown]
    series = [Series(payer, n, PAYER_COLOURS[payer]) for n, payer in enumerate(payers, 1)]
    headings = ["Cost term", *(f"{payer.capitalize()} (MUSD)" for payer in payers)]
    units = ["", *["MUSD"] * len(payers)]
    return [Drawing(title, "bars", headings, units, rows, series, "MUSD", across=True, least=None, labels=True)]


def cost_by_year(costs: CostMatrix) -> Drawing:
    """What each payer pays in each year."""
    return _cost_by_year(costs, _paid(costs), "")


def cost_without_the_largest(costs: CostMatrix) -> list[Drawing]:
    """Where one payer flattens the others, these by themselves."""
    paid = _paid(costs)
    giants = _giants({payer: max(map(abs, values)) for payer, values in paid.items()})
    others = {payer: values for payer, values in paid.items() if payer not in giants}
    return [_cost_by_year(costs, others, f", without {in_words(giants)}")] if giants else []


def _paid(costs: CostMatrix) -> dict[str, list[float]]:
    """By year, of those who pay or receive anything."""
    return {payer: values for payer, values in costs.by_payer.items() if max(map(abs, values)) >= SMALL_MUSD}


def _cost_by_year(costs: CostMatrix, paid: dict[str, list[float]], without: str) -> Drawing:
    rows = [[year, *(values[i] for values in paid.values())] for i, year in enumerate(costs.years)]
    series = [Series(payer, n, PAYER_COLOURS[payer]) for n, payer in enumerate(paid, 1)]
    headings = ["Year", *(f"{payer.capitalize()} (MUSD)" for payer in paid)]
    title = f"Cost by year and payer (MUSD, undiscounted){without}"
    return Drawing(title, "columns", headings, ["", *["MUSD"] * len(paid)], rows, series, "MUSD", least=None)


def _giants(sizes: dict[str, float]) -> list[str]:
    """Those, two at most, beside which the others cannot be seen."""
    ranked = sorted(sizes, key=lambda name: -abs(sizes[name]))
    pairs = enumerate(pairwise(abs(sizes[name]) for name in ranked), 1)
    ends = [n for n, (one, following) in pairs if n <= MOST_GIANTS and one >= GIANT * following]
    return ranked[: max(ends, default=0)]


# --- how dependent we remain ----------------------------------------------------------------------------------------


def china_shares(plan: Plan) -> list[Drawing]:
    """The tightest caps: exposed share of consumption against its limit."""
    return [china_share(plan, figure) for figure in figures.caps(plan)[:MOST_CAPS]]


def china_share(plan: Plan, figure: CapFigure) -> Drawing:
    """The share of a cap by period, beside its limit."""
    rows = figures.cap_years(plan, figure)
    lines = _by_future(plan, rows, lambda row: row["share"])
    limits = _by_future(plan, rows, lambda row: row["limit"])
    one_limit = all(limit == next(iter(limits.values())) for limit in limits.values())
    columns = {name or "exposed": line for name, line in lines.items()}
    columns |= {"limit" if one_limit else f"limit, {name}": line for name, line in limits.items()}
    colours = [EXPOSED[1]] if len(lines) == 1 else [*SERIES_COLOURS] * len(lines)
    years = sorted({row["year"] for row in rows})
    series = []
    for n, name in enumerate(columns):
        is_limit = n >= len(lines)
        colour = LIMIT if is_limit and one_limit else colours[n % len(lines)]
        series.append(Series(name, n + 1, colour, "dashed" if is_limit else "line"))
    table = [[year, *(line.get(year) for line in columns.values())] for year in years]
    highest = max((value for _, *values in table for value in values if value is not None), default=0.0)
    where = (figure.material, figure.cap, figure.sector, figure.region, figure.basis)
    title = f"China share against its cap: {', '.join(part for part in where if part != '*')}"
    headings = ["Year", *(f"{name.capitalize()} (%)" if len(lines) == 1 else f"{name} (%)" for name in columns)]
    units, most = ["", *["share"] * len(columns)], 1.0 if highest > 0.8 else None
    return Drawing(title, "lines", headings, units, table, series, "%", most=most)


def _by_future(plan: Plan, rows: Sequence[Row], value: Callable[[Row], Cell]) -> dict[str, dict[int | str, Cell]]:
    """future -> year or period -> value; one line without a name in a plan of one scenario."""
    lines: dict[str, dict[int | str, Cell]] = {}
    place = figures.axis(plan).place
    for row in rows:
        at = place(row) if MONTH.name in row else row["year"]
        lines.setdefault(row["scenario"] if plan.is_joint else "", {})[at] = value(row)
    return lines


# --- who supplies ---------------------------------------------------------------------------------------------------


def supplies(plan: Plan) -> list[Drawing]:
    """For each material, where comes from what regions not of concern use; demanded materials first.

    Where years are cut, as yearly rates, so that a quarter and a year can stand side by side.
    """
    concern, weight = figures.in_its_future(plan, figures.of_concern), figures.weight(plan)
    axis = figures.axis(plan)
    amounts: dict[str, dict[tuple[str, str], Amounts]] = {}
    for row in plan.rows("flows"):
        if row["to_region"] not in concern(row):
            by_year = amounts.setdefault(row["material"], {}).setdefault((row["from_region"], row["stream"]), {})
            at = axis.place(row)
            by_year[at] = by_year.get(at, 0.0) + row["t"] * weight(row) / axis.part(row)
    demanded = {row["material"]: None for row in plan.rows("demand")}
    order = [m for m in dict.fromkeys([*demanded, *figures.materials(plan), *amounts]) if m in amounts]
    return [_supply(axis, material, amounts[material]) for material in order[:MOST_MATERIALS]]


def _supply(axis: Axis, material: str, amounts: dict[tuple[str, str], Amounts]) -> Drawing:
    """Stacked: clean below, exposed above, the largest origins by name and the others together."""
    columns: dict[str, Amounts] = {}
    series = []
    for stream, colours in (("clean", CLEAN), ("exposed", EXPOSED)):
        origins = {origin: by_year for (origin, s), by_year in amounts.items() if s == stream}
        ranked = sorted(origins, key=lambda origin: -sum(origins[origin].values()))
        ranked = [origin for origin in ranked if sum(origins[origin].values()) >= SMALL_T]
        many = len(ranked) > MOST_ORIGINS + 1
        named, rest = (ranked[:MOST_ORIGINS], ranked[MOST_ORIGINS:]) if many else (ranked, [])
        groups = {f"{origin}, {stream}": [origin] for origin in named}
        groups |= {f"{len(rest)} others, {stream}": rest} if rest else {}
        for colour, (name, members) in zip(colours, groups.items(), strict=False):
            summed: Amounts = defaultdict(float)
            for origin in members:
                for year, t in origins[origin].items():
                    summed[year] += t
            columns[name] = summed
            series.append(Series(name, len(columns), colour))
    rows = [[place, *(column.get(place, 0.0) for column in columns.values())] for place in axis.places]
    unit = "t/yr" if axis.cut else "t"
    headings, units = ["Year", *(f"{name} ({unit})" for name in columns)], ["", *[unit] * len(columns)]
    return Drawing(f"Supply of {material} by origin ({unit})", "columns", headings, units, rows, series, unit)


# --- what is held, what is full -------------------------------------------------------------------------------------


def stocks(plan: Plan) -> list[Drawing]:
    """The largest stockpiles: level by stream, with days of cover on the right; of several futures a line for each."""
    piles = figures.grouped(plan.rows("stockpile"), "stockpile", "material")
    held = {name: rows for name, rows in piles.items() if max(row["stock_t"] for row in rows) >= SMALL_T}
    largest = sorted(held, key=lambda name: -max(row["stock_t"] for row in held[name]))[:MOST_STOCKS]
    draw = _stock_by_future if plan.is_joint else _stock
    return [draw(plan, ", ".join(name), held[name]) for name in largest]


def _stock(plan: Plan, name: str, rows: Sequence[Row]) -> Drawing:
    axis = figures.axis(plan)
    table = [
        [axis.place(r), r["stock_t"] - r["exposed_t"], r["exposed_t"], r["days_of_cover"], r["required_days"]]
        for r in rows
    ]
    colours = (CLEAN[1], EXPOSED[1], "#5B4A8A", LIMIT)
    names = ("clean", "exposed", "days of cover", "days asked for")
    series = [
        Series(name, n, colours[n - 1], "fill" if n < 3 else "dashed" if n == 4 else "line", second=n > 2)
        for n, name in enumerate(names, 1)
        if any(row[n] for row in table)
    ]
    headings = ["Year", "Clean stock (t)", "Exposed stock (t)", "Cover (days)", "Cover asked for (days)"]
    right = "days" if any(s.second for s in series) else ""
    title = f"Stock at {_ends(axis)} (t) and days of cover: {name}"
    return Drawing(title, "columns", headings, ["", "t", "t", "days", "days"], table, series, "t", right)


def _stock_by_future(plan: Plan, name: str, rows: Sequence[Row]) -> Drawing:
    lines = _by_future(plan, rows, lambda row: row["stock_t"])
    axis = figures.axis(plan)
    table = [[place, *(line.get(place) for line in lines.values())] for place in axis.places]
    series = [Series(future, n, SERIES_COLOURS[(n - 1) % 8], "line") for n, future in enumerate(lines, 1)]
    headings = ["Year", *(f"{future} (t)" for future in lines)]
    units = ["", *["t"] * len(lines)]
    title = f"Stock at {_ends(axis)} in each future (t): {name}"
    return Drawing(title, "lines", headings, units, table, series, "t")


def _ends(axis: Axis) -> str:
    return "the end of each period" if axis.cut else "year end"


def capacity_use(plan: Plan) -> list[Drawing]:
    """Used part of capacity outside regions of concern, by stage of the chain."""
    concern, stages = figures.in_its_future(plan, figures.of_concern), figures.in_its_future(plan, figures.stages)
    weight, axis = figures.weight(plan), figures.axis(plan)
    used: dict[str, Amounts] = defaultdict(lambda: defaultdict(float))
    there: dict[str, Amounts] = defaultdict(lambda: defaultdict(float))
    for row in plan.rows("plants"):
        if row["region"] not in concern(row):
            stage = str(stages(row).get(row["process"], row["process"]))
            used[stage][axis.place(row)] += weight(row) * (row["clean_t"] + row["exposed_t"])
            there[stage][axis.place(row)] += weight(row) * row["capacity_t"]
    every: list[str] = list(dict.fromkeys([*figures.stages(plan).values(), *there]))
    order = [stage for stage in every if any(there.get(stage, {}).values())][:MOST_STAGES]
    rows = [
        [place, *(used[s][place] / there[s][place] if there[s][place] else None for s in order)]
        for place in axis.places
    ]
    series = [Series(name, n, SERIES_COLOURS[n - 1], "line") for n, name in enumerate(order, 1)]
    headings, units = ["Year", *(f"{stage} (%)" for stage in order)], ["", *["share"] * len(order)]
    title = "Capacity used outside regions of concern, by stage (%)"
    return [Drawing(title, "lines", headings, units, rows, series, "%", most=1.0)]
