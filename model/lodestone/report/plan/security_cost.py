"""What security costs and buys, against doing nothing: the first line of the first page, and the sheet Reference."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from lodestone.plan.formatting import days, finite, in_words, musd, share, tonnes
from lodestone.plan.plan import Plan
from lodestone.plan.tables import Cell, Column, Row
from lodestone.report.plan.table_sheet import TableSheet

SHEET = "Reference"
SHORTAGE = "shortage"  # stands among the payers, and is none
LEAST_MUSD = 0.005  # less is rounding
MOST_PAYERS = 6  # in a sentence
MOST = 3  # figures of a kind in a sentence
COLUMNS = (
    Column("figure", "", "what is compared"),
    Column("of", "", "payer, mineral, sector or stockpile"),
    Column("scenario", "", "in which it shows itself; empty: as planned"),
    Column("unit", "", "of the figures"),
    Column("plan", "any", "of this plan; empty where a stock lasts to the end"),
    Column("reference", "any", "of doing nothing"),
    Column("difference", "any", "plan less doing nothing"),
)


def security_lines(plan: Plan) -> list[tuple[str, str]]:
    """Label and sentence of what comes first on the first page; none where no reference was solved."""
    if plan.reference is None or plan.extra_cost_musd is None:
        return [("Security", _note(plan))] if plan.reference_note else []
    rows = plan.reference["buys"]
    known = _sentences(rows)
    buys = [f"{known}."] if known else []
    text = " ".join([*buys, _note(plan)]) if plan.reference_note else bought(rows)
    return [("Security", _costs(plan)), ("It buys", text)]


def _note(plan: Plan) -> str:
    note = plan.reference_note or ""
    return f"{note[:1].upper()}{note[1:]}." if note else ""


def payers_more(plan: Plan) -> list[tuple[str, float]]:
    """What each payer pays more than with doing nothing, MUSD, the most first; what is rounding is left out."""
    payers = (plan.reference or {}).get("payers_musd", {})
    told = [(payer, amount) for payer, amount in payers.items() if abs(amount) >= LEAST_MUSD and payer != SHORTAGE]
    return sorted(told, key=lambda pair: -abs(pair[1]))


def paid_more(plan: Plan) -> list[str]:
    """'EU 134 MUSD', ...: the same in words."""
    return [f"{payer} {musd(amount)}" for payer, amount in payers_more(plan)]


def extra_share(plan: Plan) -> float | None:
    """The extra cost as a share of what doing nothing costs."""
    extra, base = plan.extra_cost_musd, plan.reference_musd
    return extra / abs(base) if extra is not None and base else None


def shortage_more(plan: Plan) -> float:
    """What is missing costs so much more than with doing nothing, MUSD: nobody pays it; 0 where that is rounding."""
    more = float((plan.reference or {}).get("payers_musd", {}).get(SHORTAGE, 0.0))
    return more if abs(more) >= LEAST_MUSD else 0.0


def _costs(plan: Plan) -> str:
    extra, more = plan.extra_cost_musd or 0.0, extra_share(plan)
    percent = "" if more is None else f", {share(abs(more))}"
    told = paid_more(plan)
    by = f": {', '.join(told[:MOST_PAYERS])}" if told else ""
    nothing, when = musd(plan.reference_musd or 0.0), f"discounted to {plan.horizon[0]}"
    if short := shortage_more(plan):
        paid = extra - short
        return (
            f"The plan costs {musd(abs(paid))} {'more' if paid >= 0 else 'less'} than doing nothing{by}; it "
            f"{'spares' if short < 0 else 'leaves'} {musd(abs(short))} of shortage{'' if short < 0 else ' more'}. Both "
            f"together are {musd(abs(extra))}{percent} {'more' if extra >= 0 else 'less'} than doing nothing costs "
            f"({nothing}, {when})."
        )
    if extra < 0:
        return f"The plan saves {musd(-extra)}{percent} of what doing nothing costs ({nothing}, {when}){by}."
    return f"The plan costs {musd(extra)}{percent} more than doing nothing ({nothing}, {when}){by}."


def unproved(plan: Plan) -> float | None:
    """By how much a better plan may be cheaper, MUSD; None where that is not known, or nothing."""
    bound = finite(plan.bound_musd)
    gap = None if bound is None else plan.objective_musd - bound
    return gap if gap is not None and gap >= LEAST_MUSD else None


def gap_of_extra(plan: Plan) -> float | None:
    """What is not proved, as a share of the extra cost; None where either is not known."""
    if finite(plan.bound_musd) is None or plan.bound_musd is None or not plan.extra_cost_musd:
        return None
    return (plan.objective_musd - plan.bound_musd) / abs(plan.extra_cost_musd)


def proved_line(plan: Plan) -> str:
    """How far the plan may be from the cheapest, in money, against the extra cost and against public money."""
    gap = unproved(plan)
    if gap is None:
        return ""
    extra, public = gap_of_extra(plan), plan.payers_musd.get("public", 0.0)
    of = [f"{share(extra)} of the extra cost"] if extra is not None else []
    of += [f"{share(gap / public)} of public money"] if public > 0 else []
    return f"That is {musd(gap)}{', ' if of else ''}{in_words(of)}."


def bought(rows: Iterable[Row]) -> str:
    """What the extra cost buys, as planned and in the scenarios."""
    text = _sentences(rows)
    return f"{text}." if text else "Nothing that the scenarios show."


def _sentences(rows: Iterable[Row]) -> str:
    """Where the plan and doing nothing are alike, nothing is said."""
    rows, sentences = list(rows), []
    shares = [r for r in rows if r["unit"] == "share" and _differ(r, 0.0005)]
    told = [f"{r['of']} {_or(r['reference'], share)} to {_or(r['plan'], share)}" for r in shares]
    sentences += [f"Exposed deliveries: {in_words(told, MOST)}"] if told else []
    lasts = sorted((r for r in rows if r["unit"] == "days" and _differ(r, 0.5)), key=_days_gained, reverse=True)
    told = [
        f"{r['of']} in {r['scenario']} lasts {_or(r['plan'], days)} instead of {_or(r['reference'], days)}"
        for r in lasts
    ]
    sentences += [in_words(told, MOST)] if told else []
    short = sorted((r for r in rows if r["unit"] == "t" and _differ(r, 0.5)), key=lambda r: r["plan"] - r["reference"])
    told = [
        f"{' in '.join(filter(None, (r['of'], r['scenario'])))} {tonnes(r['plan'])} instead of {tonnes(r['reference'])}"
        for r in short
    ]
    sentences += [f"short: {in_words(told, MOST)}"] if told else []
    text = "; ".join(sentences)
    return f"{text[:1].upper()}{text[1:]}"


def _differ(row: Row, by: float) -> bool:
    plan, reference = row["plan"], row["reference"]
    return (plan is None) is not (reference is None) or (plan is not None and abs(plan - reference) > by)


def _days_gained(row: Row) -> float:
    lasting = float("inf")
    return (lasting if row["plan"] is None else row["plan"]) - (1e9 if row["reference"] is None else row["reference"])


def _or(value: float | None, words: Callable[[float], str]) -> str:
    return ("to the end" if words is days else "nothing") if value is None else words(value)


def reference_sheet(plan: Plan) -> TableSheet:
    """Every figure of the plan beside that of doing nothing."""
    rows: list[list[Cell]] = []
    if plan.reference is not None and plan.reference_musd is not None:
        rows.append(["cost", "", "", "MUSD", plan.objective_musd, plan.reference_musd, plan.extra_cost_musd])
        for payer, musd_more in plan.reference["payers_musd"].items():
            figure = "shortage more" if payer == SHORTAGE else "paid more"
            rows.append([figure, "" if payer == SHORTAGE else payer, "", "MUSD", None, None, musd_more])
        for row in plan.reference["buys"]:
            own, other = row["plan"], row["reference"]
            difference = own - other if own is not None and other is not None else None
            rows.append([*(row[c] for c in ("figure", "of", "scenario", "unit")), own, other, difference])
    question = "What does the plan cost more than doing nothing, who pays it, and what does it buy?"
    return TableSheet(SHEET, question, COLUMNS, rows)
