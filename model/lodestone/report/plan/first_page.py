"""A plan in the lines that can be read in a minute, each with the sheet that says more."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lodestone.plan import key_figures as figures
from lodestone.plan.formatting import PAYERS, count, in_words, musd, share, tonnes
from lodestone.plan.plan import Plan
from lodestone.report.plan.calendar import SHEET as CALENDAR
from lodestone.report.plan.calendar import entries, this_year_line
from lodestone.report.plan.certainty import certain_line
from lodestone.report.plan.secure import SHEET as SECURE
from lodestone.report.plan.secure import secure_line
from lodestone.report.plan.security_cost import SHEET as REFERENCE
from lodestone.report.plan.security_cost import proved_line, security_lines
from lodestone.report.plan.summary import by_decision, comes_back, demand, overall_share, proved, tightest


@dataclass(frozen=True)
class Line:
    """A label, what there is to say, and the sheet that says more."""

    label: str
    text: str
    sheet: str = ""


def brief(plan: Plan) -> list[Line]:
    """All that fits into a minute; only the first sentences of a plan."""
    already = list(dict.fromkeys(row["name"] for row in plan.rows("committed")))
    lines = [
        Line("This year", this_year_line(plan), CALENDAR),
        *([Line("Committed", f"Decided already: {in_words(already)}.", "Committed")] if already else []),
        Line("Build", _builds(plan), "Investments"),
        Line("Sign", _contracts(plan), "Contracts"),
        Line("Guarantee", _floors(plan), "PriceFloors"),
        Line("Stock", _stocks(plan), "Stockpile"),
        Line("Cost", _cost(plan), "Costs"),
        Line("Dependence", _china(plan), "ChinaShare"),
        Line("Short", " ".join(demand(plan)) or "Nothing is asked for.", "Demand"),
        Line("Look next", look_next(plan), "Charts"),
        Line("Certainty", " ".join(filter(None, (proved(plan), proved_line(plan), certain_line(plan)))), "Audit"),
    ]
    if secure := secure_line(plan):
        lines.insert(0, Line("Secure", secure, SECURE))
    lines[:0] = security(plan)
    there = {"Contracts": "contracts", "PriceFloors": "price_floors"}  # sheets that are left out when there is nothing
    left_out = {sheet for sheet, table in there.items() if not plan.rows(table)}
    left_out |= set() if entries(plan) else {CALENDAR}
    return [replace(x, sheet="") if x.sheet in left_out else x for x in lines]


def security(plan: Plan) -> list[Line]:
    """What security costs and buys: what comes first, where it is known."""
    sheet = REFERENCE if plan.reference is not None else ""
    return [Line(label, text, sheet) for label, text in security_lines(plan)]


def _builds(plan: Plan) -> str:
    rows = by_decision(plan)
    if not rows:
        return "Nothing."
    money = {kind: sum(r["capex_musd"] for r in rows if r["funding"] == kind) for kind in ("public", "private")}
    paid = in_words([f"{musd(amount)} of {kind} money" for kind, amount in money.items() if amount > 0])
    first = rows[0]["decision_year"]
    at_once = sum(r["builds"] for r in rows if r["decision_year"] == first)
    builds = sum(r["builds"] for r in rows)
    every = "decided" if builds == 1 else "all decided"
    when = f"{every} in {first}" if at_once == builds else f"{at_once:,} of them decided in {first}"
    largest = sorted(rows, key=lambda r: -r["capex_musd"])
    names = in_words(list(dict.fromkeys(r["project"] for r in largest)), 4)
    return f"{count(builds, 'plant')}, {when}{f', with {paid} (undiscounted)' if paid else ''}: {names}."


def _floors(plan: Plan) -> str:
    awards = figures.floors(plan)
    if not awards:
        return "Nothing."
    given = {"grants": "grant_musd", "stakes": "equity_musd", "loans": "loan_musd"}
    sums = {what: sum(f.award[column] for f in awards) for what, column in given.items()}
    put_in = [f"{musd(amount)} of {what}" for what, amount in sums.items() if amount > 0 or what == "grants"]
    paid = f"{musd(sum(f.paid_musd for f in awards))} net at forecast prices within the horizon"
    fallen = f"{musd(sum(f.at_bank_prices_musd for f in awards))} if prices were what lenders assume"
    return f"{count(len(awards), 'new support package')}: {', '.join(put_in)}, and {paid} ({fallen}), undiscounted."


def _contracts(plan: Plan) -> str:
    signed = figures.contracts(plan)
    by_material: dict[str, float] = {}
    for f in signed:
        by_material[f.signing["material"]] = by_material.get(f.signing["material"], 0.0) + f.taken_t
    alike = len(by_material) == 1
    taken = in_words([tonnes(t) if alike else f"{tonnes(t)} of {m}" for m, t in by_material.items()], 4)
    names = in_words([f.signing["contract"] for f in signed], 4)
    return f"{count(len(signed), 'offtake contract')}, {taken} within the horizon: {names}." if signed else "Nothing."


def _stocks(plan: Plan) -> str:
    held = sorted((f for f in figures.stocks(plan) if f.peak_t >= 0.5), key=lambda f: -f.peak_t)
    if not held:
        return "Nothing."
    by_material: dict[str, float] = {}
    for figure in held:
        by_material[figure.material] = by_material.get(figure.material, 0.0) + figure.peak_t
    amounts = in_words([f"{tonnes(t)} of {material}" for material, t in by_material.items()], 5)
    return f"{count(len(held), 'stock')}, at {'its' if len(held) == 1 else 'their'} fullest {amounts}."


def _china(plan: Plan) -> str:
    parts = [_over_time(plan) or overall_share(plan)]
    caps = figures.caps(plan)
    if caps:
        kept = "The one cap is kept" if len(caps) == 1 else f"All {len(caps)} limits of caps are kept"
        parts.append(f"{kept}; tightest is {tightest(caps[0])}")
    return " ".join(parts)


def _over_time(plan: Plan) -> str:
    """How the exposed share of deliveries moves from the first year to the last."""
    first, last = plan.horizon
    if len(figures.by_mineral(plan)) > 1:
        return ""  # which says it mineral by mineral
    by_year = figures.grouped(plan.rows("demand"), "year")
    ends = [figures.exposed_share(by_year.get((year,), [])) for year in (first, last)]
    if first == last or ends[0] is None or ends[1] is None:
        return ""
    return (
        f"{share(ends[0])} of deliveries in {first} and {share(ends[1])} in {last} are exposed to regions of concern."
    )


def _cost(plan: Plan) -> str:
    first, last = plan.horizon
    paid = ", ".join(f"{payer} {musd(plan.payers_musd.get(payer, 0.0))}" for payer in PAYERS)
    cost = f"{musd(plan.expected_cost_musd)} in {first}-{last}, discounted to {first}: {paid}."
    return " ".join([cost, *comes_back(plan)])


def look_next(plan: Plan) -> str:
    """What leaves no room, in the order of the sheets that show it."""
    found = []
    capacity = figures.stock_capacity(plan)
    rows = [(row, capacity(row)) for row in plan.rows("stockpile")]
    brim = {r["stockpile"] for r, most in rows if most and r["stock_t"] >= most * (1 - figures.BINDING)}
    if brim:
        found.append(f"{count(len(brim), 'stock')} at capacity (Stockpile)")
    plants = [r for r in plan.rows("plants") if r["capacity_t"] > 0]
    full, units = {r["unit"] for r in plants if r["use_share"] >= 1 - figures.BINDING}, {r["unit"] for r in plants}
    if full:
        found.append(f"{len(full)} of {count(len(units), 'plant')} full in some year (CapacityUse)")
    binding = [f for f in figures.caps(plan) if f.binding_years]
    if binding:
        found.append(f"{count(len(binding), 'China cap')} without room (ChinaShare)")
    spent = {r["budget"] for r in plan.rows("budgets") if figures.is_spent(r)}
    if spent:
        found.append(f"{count(len(spent), 'budget')} exhausted (Budgets)")
    if plan.warnings:
        found.append(f"{count(len(plan.warnings), 'warning')} about the workbook (RunInfo)")
    sources = " Where a number comes from: sheet Origins." if plan.origins else ""
    return f"{in_words(found)[:1].upper()}{in_words(found)[1:]}.{sources}" if found else f"No limit binds.{sources}"
