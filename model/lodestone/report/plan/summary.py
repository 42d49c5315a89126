"""A plan in plain sentences: what to do, what it buys, how sure it is."""

from __future__ import annotations

from dataclasses import dataclass

from lodestone.plan import key_figures as figures
from lodestone.plan.formatting import (
    PAYERS,
    count,
    days,
    finite,
    in_words,
    musd,
    share,
    share_at_most,
    term_label,
    tonnes,
    usd_per_kg,
    year_ranges,
)
from lodestone.plan.key_figures import CapFigure, ContractFigure, FloorFigure, StockFigure
from lodestone.plan.plan import Plan
from lodestone.plan.tables import Row
from lodestone.report.plan.secure import secure_line
from lodestone.report.plan.security_cost import security_lines

MOST = 12  # sentences of one kind; the sheets have them all


@dataclass(frozen=True)
class Section:
    """A heading of the Summary, and what stands under it."""

    heading: str
    sentences: tuple[str, ...]


def sections(plan: Plan) -> list[Section]:
    """What the Summary sheet says after its first lines (`brief.py`); sections with nothing to say are left out."""
    parts = [
        ("What is decided already", committed(plan)),
        ("What to build", _builds(plan)),
        ("What to promise", [*_floors(plan), *_contracts(plan)]),
        ("What to hold", _stocks(plan)),
        ("China share", _china_share(plan)),
        ("Demand", demand(plan)),
        ("Cost", _cost(plan)),
        ("How sure this is", _certainty(plan)),
    ]
    return [Section(heading, tuple(sentences)) for heading, sentences in parts if sentences]


def key_lines(plan: Plan) -> list[tuple[str, str]]:
    """The plan in a handful of lines, for the terminal."""
    payers = ", ".join(f"{payer} {musd(plan.payers_musd.get(payer, 0.0))}" for payer in PAYERS)
    lines = [
        ("Plan", f"{plan.plan_name}, scenario {plan.scenario}: {status(plan)}"),
        ("Cost", f"{musd(plan.expected_cost_musd)}, discounted to {plan.horizon[0]} ({payers})"),
        ("Build", in_words([f"{r['project']} {r['decision_year']}" for r in by_decision(plan)], 6) or "nothing"),
    ]
    lines[1:1] = security_lines(plan)
    lines += [("Secure", secure)] if (secure := secure_line(plan)) else []
    already = list(dict.fromkeys(r["name"] for r in plan.rows("committed")))
    lines += [("Committed", in_words(already, 6))] if already else []
    support = [r["floor"] for r in plan.rows("price_floors")]
    signed = [r["contract"] for r in plan.rows("contracts")]
    lines += [("Floors", in_words(support, 6))] if support else []
    lines += [("Contracts", in_words(signed, 6))] if signed else []
    caps = figures.caps(plan)
    lines.append(("China share", tightest(caps[0]) if caps else overall_share(plan)))
    return lines


def status(plan: Plan) -> str:
    """'optimal (gap 0.0%)'; the word is the solver's, the gap what is proved."""
    gap = finite(plan.gap)
    return f"{plan.status} ({'gap unknown' if gap is None else f'gap {share(gap)}'})"


def proved(plan: Plan) -> str:
    """How far the plan may be from the cheapest."""
    gap = finite(plan.gap)
    if plan.status == "optimal":
        return "No plan is cheaper" + (f" by more than {share_at_most(gap)}" if gap else "") + ": this is proved."
    distance = "by an unknown amount" if gap is None else f"by up to {share_at_most(gap)}"
    return f"The search was stopped early: another plan may be cheaper {distance}."


def decisions(plan: Plan) -> list[str]:
    """What to build and to promise; empty when there is nothing."""
    return [*(_builds(plan) if by_decision(plan) else []), *_floors(plan), *_contracts(plan)]


def committed(plan: Plan) -> list[str]:
    """What is no choice of the plan, as far as it is one of its rows."""
    said = {"project": "{name} ({region}) was decided in {year}: {amount}",
            "floor": "Package {name} was agreed in {year}: {amount}",
            "contract": "{name} was signed in {year}: {amount}"}  # fmt: skip
    sentences = []
    for row in plan.rows("committed"):
        level = "a floor as high as it must be" if row["amount"] is None else f"{row['amount']:,.6g} {row['unit']}"
        if row["kind"] == "floor" and row["amount"] is not None:
            level = f"a floor of {level}" if row["amount"] else "no floor, other support"
        sentences.append(said[row["kind"]].format_map({**row, "amount": level}) + ".")
    return _shortened(sentences, "Committed")


def by_decision(plan: Plan) -> list[Row]:
    """Investments, the earliest decision first."""
    return sorted(plan.rows("investments"), key=lambda r: int(r["decision_year"]))


def _builds(plan: Plan) -> list[str]:
    rows = by_decision(plan)
    if not rows:
        return ["Build nothing: what exists, with the measures below, costs least."]
    return _shortened([_build(r) for r in rows], "Investments")


def _build(row: Row) -> str:
    copies = f"{row['builds']} x " if row["builds"] != 1 else ""
    money = "public money" if row["funding"] == "public" else "private money"
    support = names_in(row["supported_by"])
    backing = f", supported by {in_words(support)}" if support else ""
    size = f"{tonnes(row['capacity_t_per_yr'])} per year, {musd(row['capex_musd'])} of {money}"
    return (
        f"Build {copies}{row['project']} ({row['region']}): decide in {row['decision_year']}, produce from "
        f"{row['first_year']}; {size}{backing}."
    )


def _floors(plan: Plan) -> list[str]:
    return _shortened([_floor(plan, f) for f in figures.floors(plan)], "PriceFloors")


def _floor(plan: Plan, figure: FloorFigure) -> str:
    """What the award promises, what it bought, what it costs."""
    award = figure.award
    years = year_ranges(range(award["first_supported_year"], award["last_supported_year"] + 1))
    promises = []
    if award["floor_usd_per_kg"] > 0:
        promises.append(f"a floor of {usd_per_kg(award['floor_usd_per_kg'])} for {award['material']} in {years}")
    if award["credit_usd_per_kg"] > 0:
        promises.append(f"a credit of {usd_per_kg(award['credit_usd_per_kg'])} in {years}")
    given = {"a grant": "grant_musd", "a stake": "equity_musd", "a loan": "loan_musd"}
    promises += [f"{what} of {musd(award[column])}" for what, column in given.items() if award[column] > 0]
    promise = f"Award {award['floor']} to {award['project']}: {in_words(promises)}."
    return " ".join(p for p in (promise, _bought(plan, award["project"], award["decision_year"]), _paid(figure)) if p)


def _paid(figure: FloorFigure) -> str:
    if figure.award["floor_usd_per_kg"] <= 0 and figure.award["upside_share"] <= 0:
        return ""
    sentence = (
        f"Within the horizon it pays {musd(figure.paid_musd)} net at forecast prices, and would pay "
        f"{musd(figure.at_bank_prices_musd)} if prices were what lenders assume"
    )
    if abs(figure.upside_musd) >= 0.005:
        sentence += f"; {musd(abs(figure.upside_musd))} of upside is paid back"
    return sentence + "."


def _bought(plan: Plan, project: str, decision_year: int) -> str:
    """Which plant lenders finance only because of the support; empty for a supplier that is no private project."""
    judged = figures.support(plan)(project, decision_year)
    built = next((r for r in by_decision(plan) if r["project"] == project), None)
    if judged is None or built is None:
        return ""
    size = f"{project}, {tonnes(built['capacity_t_per_yr'])} per year from {built['first_year']}"
    if judged["gap_musd"] <= 0:
        return f"Lenders would finance {size}, unaided."
    return f"It buys {size}: without support lenders miss {musd(judged['gap_musd'])}."


def _contracts(plan: Plan) -> list[str]:
    return _shortened([_contract(plan, f) for f in figures.contracts(plan)], "Contracts")


def _contract(plan: Plan, figure: ContractFigure) -> str:
    signing = figure.signing
    sentences = [
        f"Sign {signing['contract']} with {signing['supplier']} in {signing['signing_year']}: "
        f"{tonnes(signing['annual_t'])} per year of {signing['material']}, "
        f"{signing['first_delivery_year']}-{signing['last_delivery_year']}.",
        _bought_by_contract(plan, signing),
    ]
    if figure.contract_price is None or figure.market_price is None:
        sentences.append("Nothing is taken within the horizon.")
    else:
        more = "more" if figure.difference_musd >= 0 else "less"
        sentences.append(
            f"Within the horizon it brings {tonnes(figure.taken_t)} at {usd_per_kg(figure.contract_price)} on average "
            f"against {usd_per_kg(figure.market_price)} on the market: {musd(abs(figure.difference_musd))} {more}."
        )
    if figure.untaken_t >= 0.5:
        sentences.append(f"{tonnes(figure.untaken_t)} are paid though not taken ({musd(figure.untaken_musd)}).")
    if signing["fee_musd"] > 0:
        sentences.append(f"The signing fee is {musd(signing['fee_musd'])}.")
    return " ".join(s for s in sentences if s)


def _bought_by_contract(plan: Plan, signing: Row) -> str:
    built = (r for r in by_decision(plan) if r["project"] == signing["supplier"])
    if any(signing["contract"] in names_in(r["supported_by"]) for r in built):
        return _bought(plan, signing["supplier"], signing["signing_year"])
    return ""


def _stocks(plan: Plan) -> list[str]:
    held = [f for f in figures.stocks(plan) if f.peak_t >= 0.5]
    empty = [f.stockpile for f in figures.stocks(plan) if f.peak_t < 0.5]
    sentences = _shortened([_stock(f) for f in held], "Stockpile")
    if empty:
        sentences.append(f"Nothing is held in {in_words(empty)}.")
    return sentences


def _stock(figure: StockFigure) -> str:
    cover = ""
    if figure.peak_days is not None:
        asked = figure.peak_required_days
        cover = f", {days(figure.peak_days)} of cover" + (f" ({days(asked)} asked for)" if asked is not None else "")
    sentence = (
        f"Hold up to {tonnes(figure.peak_t)} of {figure.material} in {figure.stockpile} ({figure.region}), "
        f"reached in {figure.peak_year}{cover}; {tonnes(figure.end_t)} are left at the end"
    )
    if figure.release_years:
        sentence += f", after releases of {tonnes(figure.released_t)} in {year_ranges(figure.release_years)}"
    return sentence + "."


def _china_share(plan: Plan) -> list[str]:
    caps = figures.caps(plan)
    shown = caps[:4]
    sentences = [tightest(f) for f in shown] or ["No cap below 100% is in force."]
    if len(caps) > len(shown):
        binding = sum(bool(f.binding_years) for f in caps[len(shown) :])
        others = count(len(caps) - len(shown), "further limit")
        sentences.append(f"And {others}, {binding} of them without room to spare (sheet ChinaShare).")
    return sentences


def overall_share(plan: Plan) -> str:
    """How much of all deliveries is exposed."""
    shares = figures.most_exposed(plan)
    if not shares:
        return "Nothing is delivered."
    if len(shares) == 1:
        return f"{share(shares[0][1])} of all deliveries are exposed to regions of concern."
    told = in_words([f"{mineral} {share(value)}" for mineral, value in shares], 4)
    return f"Share of deliveries that is exposed to regions of concern: {told}."


def tightest(figure: CapFigure) -> str:
    """A cap in the year in which it is tightest."""
    where = figure.region if figure.region != "*" else "all regions not of concern"
    what = figure.basis if figure.sector == "*" else f"deliveries to {figure.sector}"
    binds = f"{figure.cap} binds in {year_ranges(figure.binding_years)}" if figure.binding_years else figure.cap
    return (
        f"{figure.material} in {where}: {share(figure.share)} of {what} exposed in {figure.year}, "
        f"cap {share(figure.limit)} ({binds})."
    )


def demand(plan: Plan) -> list[str]:
    """Whether demand is met, and where it is not, in sentences."""
    rows = figures.demand(plan)
    if not rows:
        return []
    asked, short = sum(f.demand_t for f in rows), sum(f.short_t for f in rows)
    substituted = sum(f.substituted_t for f in rows)
    alike = len(figures.by_mineral(plan)) == 1  # copper is not added to gallium
    if short < 0.5:
        sentences = [f"All demand is met, {tonnes(asked)} over the horizon." if alike else "All demand is met."]
    else:
        worst = sorted((f for f in rows if f.short_t >= 0.5), key=lambda f: f.met_share)
        where = [f"{f.sector} {tonnes(f.short_t)} of {f.material} ({share(1 - f.met_share)})" for f in worst]
        met = f"{share(1 - short / asked)} of demand is met; short" if alike else "Short"
        sentences = [f"{met}: {in_words(where, 5)}."]
    if substituted >= 0.5:
        out: dict[str, float] = {}
        for f in rows:
            out[f.material] = out.get(f.material, 0.0) + f.substituted_t
        told = in_words([f"{tonnes(t)} of {m}" for m, t in out.items() if t >= 0.5], 5)
        told = f"{tonnes(substituted)} of demand" if alike else told
        sentences.append(f"{told} are designed out by substitution.")
    return sentences


def _cost(plan: Plan) -> list[str]:
    largest = sorted(plan.costs_musd.items(), key=lambda item: -item[1])[:4]
    items = [f"{term_label(term).lower()} {musd(cost)}" for term, cost in largest if cost >= 0.005]
    sentences = [f"The largest items: {in_words(items)} (sheet Costs)."] if items else []
    sentences += comes_back(plan)
    revenue = plan.tariff_revenue_musd
    if revenue >= 0.005:
        sentences.append(f"Tariffs bring the treasury {musd(revenue)}.")
    return sentences


def comes_back(plan: Plan) -> list[str]:
    """Income of the plan that is repayment of what somebody lent or put in before it."""
    musd_back, first = figures.comes_back(plan), plan.horizon[0]
    if abs(musd_back) < 0.005:
        return []
    return [f"It is lower by {musd(musd_back)} that come back of loans and stakes of before {first}."]


def _certainty(plan: Plan) -> list[str]:
    sentences = [f"The plan is made for scenario {plan.scenario} alone, as if that future were known beforehand."]
    if plan.changes:
        sentences.append(f"{count(len(plan.changes), 'value')} of the workbook changed for it (sheet RunInfo).")
    if plan.warnings:
        sentences.append(f"The workbook has {count(len(plan.warnings), 'warning')} (sheet RunInfo).")
    failed = [r["rule"] for r in plan.audit if not r["ok"]]
    checked = f"{count(len(plan.audit), 'rule')} re-checked without the solver"
    sentences.append(f"{checked}, {'none broken' if not failed else f'broken: {in_words(failed)}'} (sheet Audit).")
    return sentences


def names_in(supported_by: str) -> list[str]:
    """The names in a cell supported_by."""
    return [name.strip() for name in (supported_by or "").split(",") if name.strip()]


def _shortened(sentences: list[str], sheet: str) -> list[str]:
    rest = len(sentences) - MOST
    return sentences if rest <= 0 else [*sentences[:MOST], f"... and {rest} more: sheet {sheet}."]
