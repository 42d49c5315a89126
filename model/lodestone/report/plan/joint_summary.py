"""A plan for all futures in plain sentences: what to do now, what follows in each future, what knowing is worth.

The same words as for a plan of one scenario (`summary`), each future read as a plan of its own.
"""

from __future__ import annotations

from lodestone.data.times import month_of, named_time, time_of, year_of
from lodestone.plan import key_figures as figures
from lodestone.plan.formatting import count, days, in_words, musd, share, tonnes, year_ranges
from lodestone.plan.plan import Plan
from lodestone.plan.tables import Cell, Row
from lodestone.report.plan.first_page import Line, security
from lodestone.report.plan.secure import SHEET as SECURE
from lodestone.report.plan.secure import secure_line
from lodestone.report.plan.summary import Section, committed, decisions, demand, proved, status

EVPI = "what a perfect forecast would save, and so the most that one is worth"
VSS = "the least that planning for the base alone would lose, whichever of its good plans is carried out"


def joint_brief(plan: Plan) -> list[Line]:
    """All that fits into a minute."""
    now = figures.until(plan, figures.parting(plan))
    first = _brief(plan)
    each = {name: plan.future(name) for name in plan.futures}
    alike = len(figures.by_mineral(plan)) == 1  # copper is not added to gallium: the worst is told
    worst_short = {name: worst[0] for name, own in each.items() if (worst := figures.most_short(own))}
    short = [f"{tonnes(t)}{'' if alike else f' of {m}'} in {name}" for name, (m, t, _) in worst_short.items()]
    futures = ", ".join(f"{name} {musd(cost)}" for name, cost in plan.futures.items())
    worst_exposed = {name: most[0] for name, own in each.items() if (most := figures.most_exposed(own))}
    shares = in_words(
        [f"{share(value)}{'' if alike else f' of {m}'} in {name}" for name, (m, value) in worst_exposed.items()]
    )
    dependence = f"Of all deliveries are exposed: {shares}." if shares else "Nothing is delivered."
    return [
        *security(plan),
        Line("One plan", first[0], "Charts"),
        Line("Do now", sentence_of(joint_decided(now)), "Investments"),
        Line("Cost", first[1], "Costs"),
        Line("By future", f"{futures}.", "Costs"),
        Line("Dependence", dependence, "ChinaShare"),
        Line("Short", f"{in_words(short)}." if short else "Nothing, in any future.", "Demand"),
        Line("Aim", first[2], "Audit"),
        *([Line("Secure", secure, SECURE)] if (secure := secure_line(plan)) else []),
    ]


def joint_decided(now: Plan) -> list[str]:
    """What is decided in the years that all futures share."""
    return [
        *(f"build {r['project']} {r['decision_year']}" for r in now.rows("investments")),
        *(f"award {r['floor']}" for r in now.rows("price_floors")),
        *(f"sign {r['contract']}" for r in now.rows("contracts")),
        *(f"hold {tonnes(r['stock_t'])} in {r['stockpile']}" for r in _held_at_the_end(now)),
    ]


def sentence_of(parts: list[str]) -> str:
    """Parts as one sentence, "Nothing." of none."""
    text = in_words(parts, 8) or "nothing"
    return f"{text[:1].upper()}{text[1:]}."


def joint_sections(plan: Plan) -> list[Section]:
    """What the Summary sheet says, in reading order."""
    parts = [("In brief", _brief(plan)), ("What is decided already", committed(_one(plan)))]
    if shared := _shared(plan):
        parts.append((f"Do now, {shared}: the same in every future", _now(plan)))
    parts += [(f"{_if(plan, name)}", _follows(plan, name)) for name in plan.futures]
    parts += [("What knowing is worth", _knowing(plan)), ("How sure this is", _certainty(plan))]
    return [Section(heading, tuple(sentences)) for heading, sentences in parts if sentences]


def joint_key_lines(plan: Plan) -> list[tuple[str, str]]:
    """The plan in a handful of lines, for the terminal."""
    now = figures.until(plan, figures.parting(plan))
    already = list(dict.fromkeys(row["name"] for row in plan.rows("committed")))
    lines = [
        ("Plan", f"{plan.plan_name}, all futures together: {status(plan)}"),
        ("Expected cost", f"{musd(plan.expected_cost_musd)}, CVaR {musd(plan.cvar_musd)}"),
        *([("Committed", in_words(already, 6))] if already else []),
        ("Do now", in_words(joint_decided(now), 8) or "nothing"),
    ]
    lines += [("Secure", secure)] if (secure := secure_line(plan)) else []
    lines += [(_if(plan, name), musd(cost)) for name, cost in plan.futures.items()]
    lines += [(name, f"{musd(value)}: {meaning}") for name, value, meaning in _values(plan) if value is not None]
    return lines


def _one(plan: Plan) -> Plan:
    return plan.future(next(iter(plan.futures)))


def _shared(plan: Plan) -> str:
    """The time before the first future shows itself, in words; empty where there is none."""
    first, shows = plan.horizon[0], figures.parting(plan)
    years = year_ranges(range(first, year_of(shows)))
    return years if month_of(shows) == 1 else f"until {named_time(shows)}"


def _if(plan: Plan, name: str) -> str:
    when = "" if plan.from_years[name] is None else f" from {_since(plan, name)}"
    return f"If {name}{when} ({share(plan.probabilities[name])})"


def _since(plan: Plan, name: str) -> int | str | None:
    """When a future shows itself: 2027 or 2027-04."""
    year, month = plan.from_years[name], plan.month_of(name)
    return year if year is None or month == 1 else named_time(time_of(year, month))


def _brief(plan: Plan) -> list[str]:
    cost = plan.futures
    worst, best = max(cost, key=lambda f: cost[f]), min(cost, key=lambda f: cost[f])
    first, last = plan.horizon
    weight, tail = plan.settings["risk_weight"], plan.settings["risk_tail"]
    aim = f"{share(1 - weight)} expected cost, {share(weight)} CVaR" if weight else "the expected cost"
    return [
        f"One plan for {count(len(cost), 'future')}, {first}-{last}: what is decided before a future shows itself is "
        "the same in all of them.",
        f"It costs {musd(plan.expected_cost_musd)} on average, discounted to {first}: {musd(cost[best])} in {best}, "
        f"{musd(cost[worst])} in {worst}. The worst {share(tail)} of futures cost {musd(plan.cvar_musd)} (CVaR).",
        f"Minimised: {aim}. {proved(plan)}",
    ]


def _now(plan: Plan) -> list[str]:
    now, axis = figures.until(plan, figures.parting(plan)), figures.axis(plan)
    sentences = decisions(now) or ["Build, award and sign nothing yet."]
    for row in _held_at_the_end(now):
        cover = f", {days(row['days_of_cover'])} of cover" if row["days_of_cover"] is not None else ""
        sentences.append(
            f"Hold {tonnes(row['stock_t'])} of {row['material']} in {row['stockpile']} ({row['region']}) at the end of "
            f"{'' if axis.part(row) == 1 else 'the period from '}{axis.place(row)}{cover}."
        )
    return sentences


def _held_at_the_end(now: Plan) -> list[Row]:
    rows = now.rows("stockpile")
    last = max(map(figures.begin, rows), default=0)
    return [row for row in rows if figures.begin(row) == last and row["stock_t"] >= 0.5]


def _follows(plan: Plan, name: str) -> list[str]:
    """What comes after the shared years in one future."""
    later = figures.since(plan.future(name), figures.parting(plan))
    sentences = [f"It costs {musd(plan.futures[name])}.", *decisions(later)]
    for figure in figures.stocks(later):
        if figure.release_years:
            sentences.append(
                f"Release {tonnes(figure.released_t)} of {figure.material} from {figure.stockpile} in "
                f"{year_ranges(figure.release_years)}; {tonnes(figure.end_t)} are left at the end."
            )
        elif figure.peak_t >= 0.5:
            sentences.append(f"Hold up to {tonnes(figure.peak_t)} of {figure.material} in {figure.stockpile}.")
    return sentences + demand(plan.future(name))


def _values(plan: Plan) -> list[tuple[str, float | None, str]]:
    return [("EVPI", plan.evpi_musd, EVPI), ("VSS", plan.vss_musd, VSS)]


def _knowing(plan: Plan) -> list[str]:
    names = {"EVPI": "Expected value of perfect information", "VSS": "Value of the stochastic solution"}
    sentences = [
        f"{names[short]} ({short}): {musd(value)}, {meaning}."
        for short, value, meaning in _values(plan)
        if value is not None
    ]
    return [*sentences, *(f"{remark[:1].upper()}{remark[1:]}." for remark in plan.remarks)]


def _certainty(plan: Plan) -> list[str]:
    sentences = ["Within each future the plan knows what comes once it has shown itself."]
    if plan.warnings:
        sentences.append(f"The workbook has {count(len(plan.warnings), 'warning')} (sheet RunInfo).")
    failed = [r["rule"] for r in plan.audit if not r["ok"]]
    checked = f"{count(len(plan.audit), 'rule')} re-checked without the solver, in every future"
    return [*sentences, f"{checked}, {'none broken' if not failed else f'broken: {in_words(failed)}'} (sheet Audit)."]


# --- tables of the Summary sheet ------------------------------------------------------------------------------------

Table = tuple[str, list[str], list[str], list[list[Cell]]]  # title, headings, units, rows


def joint_tables(plan: Plan) -> list[Table]:
    """Cost of each future, then its stocks and its demand."""
    known = plan.known_musd or {}
    costs = [[name, _since(plan, name), p, plan.futures[name], known.get(name)]
             for name, p in plan.probabilities.items()]  # fmt: skip
    each = [(name, plan.future(name)) for name in plan.futures]
    stocks = [
        [f.stockpile, f.material, name, f.peak_t, f.peak_year, f.peak_days, f.end_t, f.released_t]
        for name, future in each
        for f in figures.stocks(future)
    ]
    met = [
        [f.sector, f.material, name, f.demand_t, f.clean_t, f.exposed_t, f.short_t, f.met_share]
        for name, future in each
        for f in figures.demand(future)
    ]
    return [
        ("Cost of each future, discounted",
         ["Future", "Shows itself", "Probability (%)", "Cost (MUSD)", "If known (MUSD)"],
         ["", "", "share", "MUSD", "MUSD"], costs),
        ("Stocks in each future",
         ["Stockpile", "Material", "Future", "Most (t)", "Year", "Days of cover", "At the end (t)", "Released (t)"],
         ["", "", "", "t", "", "days", "t", "t"], sorted(stocks, key=lambda row: row[:2])),
        ("Demand over the horizon in each future",
         ["Sector", "Material", "Future", "Demand (t)", "Clean (t)", "Exposed (t)", "Short (t)", "Met (%)"],
         ["", "", "", "t", "t", "t", "t", "share"], sorted(met, key=lambda row: row[:2])),
    ]  # fmt: skip
