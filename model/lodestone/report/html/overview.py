"""A plan in one glance: what to build, guarantee, sign and hold; cost, China share, shortage."""

from __future__ import annotations

from lodestone.data.times import Time, time_of
from lodestone.plan import key_figures as figures
from lodestone.plan.formatting import PAYERS, days, in_words, musd, share, tonnes, usd_per_kg, year_ranges
from lodestone.plan.plan import Plan
from lodestone.plan.tables import Document, Row
from lodestone.report.plan.calendar import this_year_line
from lodestone.report.plan.certainty import certain_line
from lodestone.report.plan.joint_summary import joint_sections
from lodestone.report.plan.security_cost import extra_share, gap_of_extra, paid_more, shortage_more
from lodestone.report.plan.summary import committed, proved

LEAST_MUSD, LEAST_T = 0.005, 0.5  # less is rounding
Glance = Document  # tiles: label, value, note, alert; lists: heading, empty, items; remarks: sentences


def glance(plan: Plan, whole: Plan) -> Glance:
    """whole: the joint plan of which `plan` is one future, else the plan itself."""
    joint = whole.is_joint
    now = figures.parting(whole) if joint else None
    already = committed(plan)
    lists = [
        *([{"heading": "Decided already", "empty": "", "items": already}] if already else []),
        {"heading": "Build", "empty": "Build nothing.", "items": _builds(plan, now)},
        {"heading": "Guarantee", "empty": "No price floor, no grant.", "items": _guarantees(plan, now)},
        {"heading": "Sign", "empty": "No offtake contract.", "items": _contracts(plan, now)},
        {"heading": "Hold", "empty": "Hold no stock.", "items": _stocks(plan)},
    ]
    remarks = [sentence for section in joint_sections(whole)[:1] for sentence in section.sentences] if joint else []
    if not joint:
        remarks.append(this_year_line(plan))
    if whole.inputs is None:
        remarks.append(
            "This run was made by an earlier version and does not carry its recipes: solve it again to see its chain."
        )
    tiles = [*_security(whole), _cost(plan, whole), _china(plan), _shortage(plan)]
    return {"tiles": tiles, "lists": lists, "remarks": remarks}


def _tile(label: str, value: str, note: str, alert: bool = False) -> Row:
    return {"label": label, "value": value, "note": note, "alert": alert}


def _security(whole: Plan) -> list[Row]:
    """What the plan costs more than doing nothing, and who pays it, where that is known; and how sure it is."""
    extra, more = whole.extra_cost_musd, extra_share(whole)
    if extra is None or whole.reference is None:
        return []
    percent = "" if more is None else f", {share(more)}"
    short = shortage_more(whole)
    payers = f"discounted: {', '.join(paid_more(whole)) or 'nobody'}."
    notes = [f"more than doing nothing{'' if short else percent}; {payers}"]
    if short:
        notes.append(
            f"Shortage costs {musd(abs(short))} {'less' if short < 0 else 'more'}: together {musd(extra)}{percent}."
        )
    gap = gap_of_extra(whole)
    if gap is not None and gap * abs(extra) >= LEAST_MUSD:
        notes.append(f"Another plan may cost up to {musd(gap * abs(extra))} less, {share(gap)} of that.")
    notes += [line for line in [certain_line(whole)] if line]
    return [_tile("Security costs", musd(extra - short), " ".join(notes))]


def _cost(plan: Plan, whole: Plan) -> Row:
    first, last = plan.horizon
    when = f"{first}-{last}, discounted to {first}"
    if whole.is_joint:
        mean = f"over all futures {musd(whole.expected_cost_musd)} on average, CVaR {musd(whole.cvar_musd)}"
        return _tile("Cost if this future comes", musd(plan.expected_cost_musd), f"{when}; {mean}")
    paid = ", ".join(f"{payer} {musd(plan.payers_musd.get(payer, 0.0))}" for payer in PAYERS)
    return _tile("Cost", musd(plan.expected_cost_musd), f"{when}: {paid}. {proved(plan)}")


def _china(plan: Plan) -> Row:
    exposed = figures.most_exposed(plan)  # of several minerals the worst: they are never added up
    value = share(exposed[0][1]) if exposed else "no deliveries"
    if len(figures.by_mineral(plan)) > 1 and exposed:
        value += f" of {exposed[0][0]}"
    caps = figures.caps(plan)
    if not caps:
        return _tile("China share of deliveries", value, "over all years; no cap below 100% is in force")
    tight = caps[0]
    binds = f", binding in {year_ranges(tight.binding_years)}" if tight.binding_years else ""
    where = "all regions not of concern" if tight.region == "*" else tight.region
    note = f"over all years; tightest cap: {share(tight.share)} of {tight.material} in {where}, {tight.year}"
    return _tile("China share of deliveries", value, f"{note}, {share(tight.limit)} allowed ({tight.cap}{binds})")


def _shortage(plan: Plan) -> Row:
    rows = figures.demand(plan)
    alike = len(figures.by_mineral(plan)) == 1
    asked = f", {tonnes(sum(f.demand_t for f in rows))} over the horizon" if alike else ""
    out: dict[str, float] = {}
    for f in rows:
        out[f.material] = out.get(f.material, 0.0) + f.substituted_t
    told = [tonnes(sum(out.values()))] if alike else [f"{tonnes(t)} of {m}" for m, t in out.items() if t >= LEAST_T]
    designed_out = f"; {in_words(told, 4)} designed out" if sum(out.values()) >= LEAST_T else ""
    short = figures.most_short(plan)  # the worst mineral first
    if not short:
        return _tile("Shortage", "none", f"all demand is met{asked}{designed_out}")
    worst = min(rows, key=lambda f: f.met_share)
    mineral, t, part = short[0]
    note = f"{share(part)} of demand; worst {worst.sector}, {share(1 - worst.met_share)} of {worst.material}"
    return _tile("Shortage", tonnes(t) + ("" if alike else f" of {mineral}"), note + designed_out, alert=True)


def _when(year: int, now: Time | None) -> str:
    """In a joint plan, whether a decision of a year is the same in every future."""
    return "" if now is None else " (in every future)" if time_of(year) < now else " (in this future)"


def _builds(plan: Plan, now: Time | None) -> list[str]:
    rows = sorted(plan.rows("investments"), key=lambda r: (int(r["decision_year"]), -r["capacity_t_per_yr"]))
    return [
        f"{copies(r)}{r['project']} ({r['region']}): decide {r['decision_year']}, produce from {r['first_year']}, "
        f"{tonnes(r['capacity_t_per_yr'])} per year, {musd(r['capex_musd'])} {r['funding']}"
        f"{_when(r['decision_year'], now)}"
        for r in rows
    ]


def copies(build: Row) -> str:
    """How often it is built, such as 2 x; nothing where that is once."""
    return f"{build['builds']} x " if build["builds"] != 1 else ""


def _guarantees(plan: Plan, now: Time | None) -> list[str]:
    items = []
    for figure in figures.floors(plan):
        award = figure.award
        years = f"{award['first_supported_year']}-{award['last_supported_year']}"
        floor = f"{usd_per_kg(award['floor_usd_per_kg'])} for {award['material']}, {years}"
        promised = [floor] if award["floor_usd_per_kg"] > 0 else []
        promised += [f"credit {usd_per_kg(award['credit_usd_per_kg'])}"] if award["credit_usd_per_kg"] > 0 else []
        given = {"grant": "grant_musd", "stake": "equity_musd", "loan": "loan_musd"}
        promised += [f"{what} {musd(award[column])}" for what, column in given.items() if award[column] > 0]
        text = f"{award['floor']} to {award['project']}: {' and '.join(promised)}; "
        text += f"{'pays' if figure.paid_musd >= 0 else 'brings'} {musd(abs(figure.paid_musd))}"
        items.append(text + _when(award["decision_year"], now))
    return items


def _contracts(plan: Plan, now: Time | None) -> list[str]:
    return [
        f"{r['contract']} with {r['supplier']}: {tonnes(r['annual_t'])} per year of {r['material']}, "
        f"{r['first_delivery_year']}-{r['last_delivery_year']}{_when(r['signing_year'], now)}"
        for r in plan.rows("contracts")
    ]


def _stocks(plan: Plan) -> list[str]:
    held = (f for f in figures.stocks(plan) if f.peak_t >= 0.5)
    return [
        f"{f.stockpile} ({f.region}): up to {tonnes(f.peak_t)} of {f.material}, {f.peak_year}"
        + (f", {days(f.peak_days)} of cover" if f.peak_days is not None else "")
        for f in held
    ]
