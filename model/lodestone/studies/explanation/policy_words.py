"""Rows of stockpiles, caps, budgets and other policies in a planner's words (see `row_words`)."""

from __future__ import annotations

from collections.abc import Mapping

from lodestone.plan.formatting import days, musd, share, share_at_most, tonnes
from lodestone.rules.stockpiles import DAYS_PER_YEAR, required_days, usable_t
from lodestone.studies.explanation.rule_text import Said, Speaker, Words, asks, holds, timeless

# --- stockpiles -----------------------------------------------------------------------------------------------------


def _cover(w: Speaker, n: int, s: str) -> Said:
    asked, (_, demand) = required_days(w.tree, n, s), w.giving.built.model.stockpiles.consumption[n, s]
    material = w.data(n).stockpiles[s].material
    least = tonnes(asked / DAYS_PER_YEAR * demand)
    needs = f", {least} of {material} for the demand alone," if demand else f" of {material}"
    return w.say(
        n, "Stockpiles", (s,), w.year(n), f"{s} must hold {days(asked)} of cover{needs} at the end of {{years}}"
    )


def _stock_limit(column: str, verb: str) -> Words:
    def words(w: Speaker, n: int, s: str) -> Said:
        pile = w.data(n).stockpiles[s]
        most = {"capacity_t": pile.capacity, "max_fill_t_per_yr": pile.max_fill}.get(column, pile.max_release)
        per = "" if column == "capacity_t" else " a year"
        text = f"{s} can {verb} {tonnes(most or 0.0)} of {pile.material}{per} at most"
        return timeless(w.say(n, "Stockpiles", (s,), column, text))

    return words


def _stock(w: Speaker, n: int, s: str, k: str) -> Said:
    pile = w.data(n).stockpiles[s]
    opening = sum(pile.opening.values())
    if w.tree.parent[n] is None:
        return w.say(n, "Stockpiles", (s,), "opening_t", f"{s} starts with {tonnes(opening)} of {pile.material}")
    text = f"what {s} holds is what it held before, and what is put in, less what is taken out ({{years}})"
    return w.logic(n, "Stockpiles", (s,), text)


def _least(w: Speaker, n: int, s: str) -> Said:
    pile = w.data(n).stockpiles[s]
    text = f"{s} must hold {tonnes(pile.least_t)} of {pile.material} at least at the end of {{years}}"
    return w.say(n, "Stockpiles", (s,), "least_t", text)


def _usable(w: Speaker, n: int, s: str) -> Said:
    least, material = tonnes(usable_t(w.tree, n, s)), w.data(n).stockpiles[s].material
    text = f"of what {s} holds, {least} of {material} must be clean at the end of {{years}}: caps of sectors ask for it"
    return w.say(n, "Stockpiles", (s,), w.year(n), text)


# --- policy ---------------------------------------------------------------------------------------------------------


def _china(of: str) -> Words:
    def words(w: Speaker, n: int, cap: str, m: str, basis: str) -> Said:
        row = w.data(n).caps[cap]
        limit = row.share[w.time(n)] or 0.0
        who = f" to {row.sector}" if row.sector else ""
        where = "all regions not of concern" if row.region == "*" else row.region
        text = f"at most {share_at_most(limit)} of the {of}{who} of {m} in {where} may be exposed in {{years}}"
        return w.say(n, "ChinaShare", (cap,), w.year(n), text)

    return words


def _stock_share(w: Speaker, n: int, cap: str, s: str) -> Said:
    limit = w.data(n).caps[cap].share[w.tree.time[n]] or 0.0
    text = f"at most {share_at_most(limit)} of what {s} holds beyond its opening stock may be exposed in {{years}}"
    return w.say(n, "ChinaShare", (cap,), w.year(n), text)


def _waste(w: Speaker, n: int, u: str) -> Said:
    return w.logic(n, w.sheet_of(n, u), (u,), f"{u} throws away no more than it makes ({{years}})")


def _kept(w: Speaker, n: int, u: str) -> Said:
    text = f"{u} works only as far as it is kept open, and what is closed stays closed ({{years}})"
    return w.say(n, w.sheet_of(n, u), (u,), "fixed_cost_musd_per_yr", text)


def _suppliers(w: Speaker, n: int, *part: str | int) -> Said:
    """Rows by lane (material, from, to), place (region, material), or unit, material and perhaps an earlier node."""
    names = [name for name in part if isinstance(name, str)]
    material = names[0] if len(names) == 3 else names[-1]
    most = w.data(n).materials[material].resourcing_share or 0.0
    text = (
        f"at most {share_at_most(most)} of a year's use of {material} can move to suppliers not used before ({{years}})"
    )
    return w.say(n, "Materials", (material,), "resourcing_share", text)


def _option(column: str, text: str) -> Words:
    return asks("Substitution", column, f"{text} ({{{{years}}}})")


def _budget(w: Speaker, n: int, b: str) -> Said:
    budget = w.data(n).budgets[b]
    limit = budget.limit[w.time(n)] or 0.0
    over = ", with what is left of earlier years," if budget.carry_over else ""
    text = f"{b} has {musd(limit)} for {', '.join(sorted(budget.covers))} in {{years}}{over}"
    return w.say(n, "Budgets", (b,), w.year(n), text.rstrip(","))


def _owed_later(w: Speaker, n: int, b: str, year: int) -> Said:
    limit = w.data(n).budgets[b].limit[w.time(n)] or 0.0
    text = f"what is owed in {year} keeps to the {musd(limit)} that {b} has in the last year"
    return timeless(w.say(n, "Budgets", (b,), w.year(n), text))


def _net_floors(w: Speaker, n: int, kind: str, o: str) -> Said:
    return Said(
        "PriceFloors", f"payments of {o} count in budgets with what it pays out in a year ({{years}})", w.year(n), False
    )


def _risk(w: Speaker, n: int) -> Said:
    cell = w.giving.inputs.tables().setting_cells.get("risk_weight", "Settings")
    return Said(cell, "the cost of the worst futures ({years})", w.year(n), False)


def _avoid(w: Speaker, n: int, o: str, r: str, s: str, m: str) -> Said:
    part = w.data(n).substitution[o].share[w.time(n)]
    text = f"{o} can avoid {share(part)} of the demand for {m} of {s} in {{years}}"
    return w.say(n, "Substitution", (o,), w.year(n), text)


CREDIT = holds("Stockpiles", "the credit for what {0} holds at the end")
POLICY_WORDS: Mapping[str, Words] = {
    "stockpiles.balance": _stock,
    "stockpiles.held": _stock,
    "stockpiles.capacity": _stock_limit("capacity_t", "hold"),
    "stockpiles.max_fill": _stock_limit("max_fill_t_per_yr", "take in"),
    "stockpiles.max_release": _stock_limit("max_release_t_per_yr", "release"),
    "stockpiles.cover": _cover,
    "stockpiles.least": _least,
    "stockpiles.usable": _usable,
    "stockpiles.lacking_most": holds("Stockpiles", "{0} lacks no more than its days of cover and least_t ask for"),
    "stockpiles.credit_held": CREDIT,
    "stockpiles.credit_limit": CREDIT,
    "china_share.deliveries": _china("deliveries"),
    "china_share.intake": _china("intake"),
    "china_share.fills": _china("fills"),
    "china_share.stock": _stock_share,
    "china_share.waste_made": _waste,
    "china_share.discarded": holds("Materials", "{1} that is made in {0} and thrown away is not consumed", 1),
    "closure.stays": _kept,
    "closure.standing": _kept,
    "closure.works": _kept,
    "suppliers.stays": _suppliers,
    "suppliers.used": _suppliers,
    "suppliers.by_use": _suppliers,
    "suppliers.resourcing": _suppliers,
    "suppliers.new": _suppliers,
    "suppliers.in_use": _suppliers,
    "suppliers.replaced": _suppliers,
    "suppliers.growing": _suppliers,
    "substitution.required": _option("requires", "{0} works only once what it requires is in production"),
    "substitution.growth": _option("ramp_share_per_yr", "{0} grows only so fast"),
    "substitution.kept": _option("keep_share", "{0} stays: what is designed out is not brought back at once"),
    "budgets.net": _net_floors,
    "budgets.within": _budget,
    "budgets.later": _owed_later,
    "risk.adds_up": _risk,
    "risk.beyond": _risk,
}
POLICY_BOUNDS: Mapping[str, Words] = {"flows.avoid": _avoid}
