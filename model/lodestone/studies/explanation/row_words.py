"""Rows and bounds of the model in a planner's words, each with the cell that it comes from: one entry for every rule.

The key is `block.component` of the model (or what `giving` put back); the index is the component's. A text says what
the rule asks or allows, with its number and unit. `rules` cannot say it itself: it knows no cells.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lodestone.plan.formatting import count, days, musd, share, share_at_most, tonnes
from lodestone.rules.stockpiles import DAYS_PER_YEAR, required_days, usable_t
from lodestone.studies.explanation.rule_text import Said, Speaker, component, index_of

Words = Callable[..., Said]


def row_in_words(speaker: Speaker, row: int) -> Said:
    """A row of the loosened model."""
    giving = speaker.giving
    if row in giving.added:
        name, index = giving.added[row]
    else:
        constraint = giving.solver.rows[row].constraint
        name, index = component(constraint), index_of(constraint)
    return WORDS[name](speaker, *index)


def bound_in_words(speaker: Speaker, column: int) -> Said | None:
    """The bound of a column, where it is more than that nothing is less than 0."""
    giving = speaker.giving
    if column in giving.held:
        name, index = giving.held[column]
        return WORDS[name](speaker, *index)
    variable = giving.solver.variables[column]
    words = BOUNDS.get(component(variable))
    return words(speaker, *index_of(variable)) if words and giving.solver.upper[column] < 1e20 else None


# --- flows ----------------------------------------------------------------------------------------------------------


def _service(w: Speaker, n: int, r: str, s: str, m: str) -> Said:
    least = w.data(n).sectors[s].min_service_share
    wanted = w.data(n).demand[r, s, m][w.time(n)]
    text = f"{share(least)} of what {s} in {r} wants must be met: {tonnes(least * wanted)} of {m} in {{years}}"
    return w.say(n, "Sectors", (s,), "min_service_share", text)


def _secure(w: Speaker, n: int, r: str, s: str, m: str) -> Said:
    least = w.data(n).sectors[s].secure_share
    wanted = w.data(n).demand[r, s, m][w.time(n)]
    text = f"whatever comes, {share(least)} of what {s} in {r} wants must be met: {tonnes(least * wanted)} of {m}"
    return w.say(n, "Sectors", (s,), "secure_share", f"{text} in {{years}}")


def _prepared(sheet: str, done: str) -> Words:
    def words(w: Speaker, n: int, x: str) -> Said:
        return w.logic(n, sheet, (x,), f"no more of {x} is {done} when threats come than without them ({{years}})")

    return words


def _demand(w: Speaker, n: int, r: str, s: str, m: str) -> Said:
    wanted = w.data(n).demand[r, s, m][w.time(n)]
    return w.say(n, "Demand", (r, s, m), w.year(n), f"{s} in {r} wants {tonnes(wanted)} of {m} in {{years}}")


def _lane(w: Speaker, n: int, m: str, r: str, to: str) -> Said:
    lane = w.giving.inputs.tables(w.future(n)).lanes[r, to, m]
    most = (lane.capacity or {}).get(w.year(n)) or 0.0
    text = f"the lane from {r} to {to} carries at most {tonnes(most)} of {m} in {{years}}"
    return w.say(n, "Lanes", (r, to, m), w.year(n), text)


def _closed(w: Speaker, n: int, m: str, r: str, to: str) -> Said:
    return w.say(n, "Lanes", (r, to, m), "open", f"the lane from {r} to {to} is closed for {m} ({{years}})")


def _market(w: Speaker, n: int, v: str) -> Said:
    market = w.data(n).markets[v]
    does = "sells" if market.buys else "buys"
    text = f"{v} {does} at most {tonnes(market.volume_in(w.time(n)))} of {market.material} in {{years}}"
    return w.say(n, "Markets", (v,), w.year(n), text)


def _intake(w: Speaker, n: int, r: str, m: str) -> Said:
    return w.logic(n, "Materials", (m,), f"what plants in {r} take in of {m} has to come from somewhere ({{years}})")


def _made(w: Speaker, n: int, r: str, m: str, k: str) -> Said:
    text = f"no more {k} {m} leaves {r} than is made, bought, released or returned there ({{years}})"
    return w.logic(n, "Materials", (m,), text)


def _used(w: Speaker, n: int, r: str, m: str, k: str) -> Said:
    return w.logic(n, "Materials", (m,), f"{k} {m} used in {r} is what lanes bring there ({{years}})")


# --- capacity -------------------------------------------------------------------------------------------------------


def _capacity(w: Speaker, n: int, u: str) -> Said:
    data, year = w.data(n), w.year(n)
    if u in data.plants:
        text = f"{u} has a capacity of {tonnes(data.plants[u].capacity[w.time(n)])} in {{years}}"
        return w.say(n, "Plants", (u,), year, text)
    project = data.projects[u]
    lead = f", {count(project.lead_years, 'year')} after its decision" if project.lead_years else ""
    return w.say(n, "Projects", (u,), "lead_years", f"{u} works only once it is built{lead} ({{years}})")


def _access(w: Speaker, n: int, u: str) -> Said:
    unit = w.data(n).units[u]
    sheet = "Plants" if u in w.data(n).plants else "Projects"
    text = f"only {share(unit.spot_share)} of {u} can be bought without a contract ({{years}})"
    return w.say(n, sheet, (u,), "spot_share", text)


def _market_access(w: Speaker, n: int, v: str) -> Said:
    part = share(w.data(n).markets[v].spot_share)
    return w.say(n, "Markets", (v,), "spot_share", f"only {part} of {v} can be bought without a contract ({{years}})")


def _whole(w: Speaker, n: int, u: str) -> Said:
    sheet = "Plants" if u in w.data(n).plants else "Projects"
    text = f"{u} is wholly clean or wholly exposed in a year (whole_plant; {{years}})"
    return w.say(n, sheet, (u,), "exposure_rule", text)


def _pays(w: Speaker, n: int, u: str) -> Said:
    sheet = "Plants" if u in w.data(n).plants else "Projects"
    return w.logic(n, sheet, (u,), f"{u} is paid its operating cost at least ({{years}})")


# --- investments ----------------------------------------------------------------------------------------------------


def _once(w: Speaker, leaf: int, g: str) -> Said:
    most = w.data(leaf).projects[g].max_builds
    return _timeless(w.say(leaf, "Projects", (g,), "max_builds", f"{g} can be built {_times(most)} at most"))


def _group(w: Speaker, leaf: int, group: str) -> Said:
    members = [p.name for p in w.data(leaf).projects.values() if p.group == group]
    text = f"of the group {group} ({', '.join(members)}) one project at most is built"
    return _timeless(w.say(leaf, "Projects", (members[0],), "group", text))


def _requires(w: Speaker, n: int, g: str) -> Said:
    needed = w.data(n).projects[g].requires
    return _timeless(w.say(n, "Projects", (g,), "requires", f"{g} is built only with {needed} or after it"))


def _latest(w: Speaker, n: int, g: str) -> Said:
    year = w.data(n).projects[g].latest_year
    return _timeless(w.say(n, "Projects", (g,), "latest_year", f"{g} cannot be decided after {year}"))


def _earliest(w: Speaker, n: int, g: str) -> Said:
    year = w.data(n).projects[g].earliest_year
    return _timeless(w.say(n, "Projects", (g,), "earliest_year", f"{g} cannot be decided before {year}"))


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _timeless(said: Said) -> Said:
    return Said(said.cell, said.text, None, said.rule)


# --- floors and lenders ---------------------------------------------------------------------------------------------


def _one_package(w: Speaker, n: int, g: str) -> Said:
    return w.logic(n, "Projects", (g,), f"{g} gets one support package at most, and only if it is built ({{years}})")


def _covered(w: Speaker, n: int, o: str, *_: int | str) -> Said:
    return w.logic(n, "PriceFloors", (o,), f"{o} supports what is not under contract, once awarded ({{years}})")


def _bankable(w: Speaker, n: int, g: str) -> Said:
    text = f"lenders must earn {share(w.data(n).projects[g].hurdle_rate)} on {g}, decided in {{years}}"
    return w.say(n, "Projects", (g,), "hurdle_rate", text)


def _earns(w: Speaker, n: int, g: str, *_: object) -> Said:
    text = f"{g} must earn {share(w.data(n).projects[g].hurdle_rate)} in the plan, where it is decided in {{years}}"
    return w.say(n, "Projects", (g,), "hurdle_rate", text)


# --- contracts ------------------------------------------------------------------------------------------------------


def _signed_once(w: Speaker, leaf: int, c: str) -> Said:
    return _timeless(w.logic(leaf, "Contracts", (c,), f"{c} is signed once at most"))


def _with_project(w: Speaker, n: int, c: str) -> Said:
    supplier = w.data(n).contracts[c].supplier
    return w.logic(n, "Contracts", (c,), f"{c} is signed only when {supplier} is decided ({{years}})")


def _volume_min(w: Speaker, n: int, c: str) -> Said:
    least = w.data(n).contracts[c].min_t
    return _timeless(w.say(n, "Contracts", (c,), "min_t_per_yr", f"{c} asks for {tonnes(least)} a year at least"))


def _volume_max(w: Speaker, n: int, c: str) -> Said:
    most = w.data(n).contracts[c].max_t
    return _timeless(w.say(n, "Contracts", (c,), "max_t_per_yr", f"{c} gives {tonnes(most)} a year at most"))


def _sign_late(w: Speaker, n: int, c: str) -> Said:
    year = w.data(n).contracts[c].latest_year
    return _timeless(w.say(n, "Contracts", (c,), "latest_year", f"{c} cannot be signed after {year}"))


def _sign_early(w: Speaker, n: int, c: str) -> Said:
    year = w.data(n).contracts[c].earliest_year
    return _timeless(w.say(n, "Contracts", (c,), "earliest_year", f"{c} cannot be signed before {year}"))


def _supply(w: Speaker, n: int, supplier: str, material: str) -> Said:
    data, year = w.data(n), w.year(n)
    if supplier in data.projects:
        text = f"contracts with {supplier} cannot promise more {material} than it makes ({{years}})"
        return w.say(n, "Projects", (supplier,), "capacity_t_per_yr", text)
    if supplier in data.plants:
        plant = data.plants[supplier]
        sheet, most = "Plants", plant.recipe[material] * plant.base_capacity[w.time(n)]
    else:
        sheet, most = "Markets", data.markets[supplier].base_volume_in(w.time(n))
    text = f"contracts with {supplier} cannot promise more than its {tonnes(most)} of {material} in {{years}}"
    return w.say(n, sheet, (supplier,), year, text)


def _in_force(w: Speaker, n: int, c: str, signed: int) -> Said:
    return w.logic(n, "Contracts", (c,), f"no more is taken under {c} than its volume ({{years}})")


def _unpaid(w: Speaker, n: int, c: str, signed: int) -> Said:
    return w.logic(n, "Contracts", (c,), f"take-or-pay of {c} ({{years}})")


def _taken(w: Speaker, n: int, supplier: str, material: str) -> Said:
    sheet = next(s for s, part in (("Plants", w.data(n).plants), ("Projects", w.data(n).projects),
                                   ("Markets", w.data(n).markets)) if supplier in part)  # fmt: skip
    return w.logic(
        n, sheet, (supplier,), f"contracts take no more {material} from {supplier} than it makes ({{years}})"
    )


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
        return _timeless(w.say(n, "Stockpiles", (s,), column, text))

    return words


def _stock(w: Speaker, n: int, s: str, k: str) -> Said:
    pile = w.data(n).stockpiles[s]
    opening = sum(pile.opening.values())
    if w.tree.parent[n] is None:
        return w.say(n, "Stockpiles", (s,), "opening_t", f"{s} starts with {tonnes(opening)} of {pile.material}")
    text = f"what {s} holds is what it held before, and what is put in, less what is taken out ({{years}})"
    return w.logic(n, "Stockpiles", (s,), text)


def _lacking(w: Speaker, n: int, s: str) -> Said:
    return w.logic(n, "Stockpiles", (s,), f"{s} lacks no more than its days of cover and least_t ask for ({{years}})")


def _least(w: Speaker, n: int, s: str) -> Said:
    pile = w.data(n).stockpiles[s]
    text = f"{s} must hold {tonnes(pile.least_t)} of {pile.material} at least at the end of {{years}}"
    return w.say(n, "Stockpiles", (s,), "least_t", text)


def _usable(w: Speaker, n: int, s: str) -> Said:
    least, material = tonnes(usable_t(w.tree, n, s)), w.data(n).stockpiles[s].material
    text = f"of what {s} holds, {least} of {material} must be clean at the end of {{years}}: caps of sectors ask for it"
    return w.say(n, "Stockpiles", (s,), w.year(n), text)


def _credit(w: Speaker, n: int, s: str) -> Said:
    return w.logic(n, "Stockpiles", (s,), f"the credit for what {s} holds at the end ({{years}})")


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
    sheet = "Plants" if u in w.data(n).plants else "Projects"
    return w.logic(n, sheet, (u,), f"{u} throws away no more than it makes ({{years}})")


def _discarded(w: Speaker, n: int, r: str, m: str) -> Said:
    return w.logic(n, "Materials", (m,), f"{m} that is made in {r} and thrown away is not consumed ({{years}})")


def _kept(w: Speaker, n: int, u: str) -> Said:
    sheet = "Plants" if u in w.data(n).plants else "Projects"
    text = f"{u} works only as far as it is kept open, and what is closed stays closed ({{years}})"
    return w.say(n, sheet, (u,), "fixed_cost_musd_per_yr", text)


def _suppliers(w: Speaker, n: int, *part: str | int) -> Said:
    """Rows by lane (material, from, to), place (region, material), or unit, material and perhaps an earlier node."""
    names = [name for name in part if isinstance(name, str)]
    material = names[0] if len(names) == 3 else names[-1]
    most = w.data(n).materials[material].resourcing_share or 0.0
    text = (
        f"at most {share_at_most(most)} of a year's use of {material} can move to suppliers not used before ({{years}})"
    )
    return w.say(n, "Materials", (material,), "resourcing_share", text)


def _option(column: str, says: str) -> Words:
    def words(w: Speaker, n: int, o: str, *_: str) -> Said:
        return w.say(n, "Substitution", (o,), column, f"{o} {says} ({{years}})")

    return words


def _budget(w: Speaker, n: int, b: str) -> Said:
    budget = w.data(n).budgets[b]
    limit = budget.limit[w.time(n)] or 0.0
    over = ", with what is left of earlier years," if budget.carry_over else ""
    text = f"{b} has {musd(limit)} for {', '.join(sorted(budget.covers))} in {{years}}{over}"
    return w.say(n, "Budgets", (b,), w.year(n), text.rstrip(","))


def _owed_later(w: Speaker, n: int, b: str, year: int) -> Said:
    limit = w.data(n).budgets[b].limit[w.time(n)] or 0.0
    text = f"what is owed in {year} keeps to the {musd(limit)} that {b} has in the last year"
    return _timeless(w.say(n, "Budgets", (b,), w.year(n), text))


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


WORDS: Mapping[str, Words] = {
    "flows.service": _service,
    "flows.demand": _demand,
    "flows.intake": _intake,
    "flows.lane": _lane,
    "flows.sales": _market,
    "lanes.open": _closed,
    "markets.volume": _market,
    "balances.made": _made,
    "balances.used": _used,
    "capacity.capacity": _capacity,
    "capacity.access": _access,
    "capacity.market_access": _market_access,
    "capacity.whole_clean": _whole,
    "capacity.whole_exposed": _whole,
    "payments.pays": _pays,
    "investments.once": _once,
    "investments.so_far": _once,
    "investments.group": _group,
    "investments.requires": _requires,
    "Projects.latest_year": _latest,
    "Projects.earliest_year": _earliest,
    "price_floors.one_package": _one_package,
    "price_floors.awarded": _covered,
    "price_floors.uncontracted": _covered,
    "price_floors.in_full": _covered,
    "price_floors.part_of_volume": _covered,
    "price_floors.only_awarded": _covered,
    "price_floors.all_of_volume": _covered,
    "bankability.bankable": _bankable,
    "bankability.closing": _bankable,
    "earnings.of_build": _earns,
    "earnings.of_kept": _earns,
    "earnings.keeps": _earns,
    "earnings.together": _earns,
    "earnings.from_planned": _earns,
    "earnings.earns": _earns,
    "contracts.once": _signed_once,
    "contracts.with_project": _with_project,
    "contracts.volume_min": _volume_min,
    "contracts.volume_max": _volume_max,
    "Contracts.latest_year": _sign_late,
    "Contracts.earliest_year": _sign_early,
    "contracts.supply": _supply,
    "contracts.in_force": _in_force,
    "contracts.unpaid": _unpaid,
    "contracts.made": _taken,
    "stockpiles.balance": _stock,
    "stockpiles.held": _stock,
    "stockpiles.capacity": _stock_limit("capacity_t", "hold"),
    "stockpiles.max_fill": _stock_limit("max_fill_t_per_yr", "take in"),
    "stockpiles.max_release": _stock_limit("max_release_t_per_yr", "release"),
    "stockpiles.cover": _cover,
    "stockpiles.least": _least,
    "stockpiles.usable": _usable,
    "stockpiles.lacking_most": _lacking,
    "stockpiles.credit_held": _credit,
    "stockpiles.credit_limit": _credit,
    "china_share.deliveries": _china("deliveries"),
    "china_share.intake": _china("intake"),
    "china_share.fills": _china("fills"),
    "china_share.stock": _stock_share,
    "china_share.waste_made": _waste,
    "china_share.discarded": _discarded,
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
    "substitution.required": _option("requires", "works only once what it requires is in production"),
    "substitution.growth": _option("ramp_share_per_yr", "grows only so fast"),
    "substitution.kept": _option("keep_share", "stays: what is designed out is not brought back at once"),
    "budgets.net": _net_floors,
    "budgets.within": _budget,
    "budgets.later": _owed_later,
    "secure.served": _secure,
    "secure.builds": _prepared("Projects", "built"),
    "secure.awards": _prepared("PriceFloors", "awarded"),
    "secure.signings": _prepared("Contracts", "signed"),
    "secure.volumes": _prepared("Contracts", "signed"),
    "risk.adds_up": _risk,
    "risk.beyond": _risk,
}
BOUNDS: Mapping[str, Words] = {"flows.avoid": _avoid, "flows.buy": _market}
