"""Rows and bounds of the model in a planner's words, each with the cell that it comes from: one entry for every rule.

The key is `block.component` of the model (or what `giving` put back); the index is the component's. A text says what
the rule asks or allows, with its number and unit. `rules` cannot say it itself: it knows no cells.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lodestone.data.plan_data import PlanData
from lodestone.plan.formatting import days, musd, share, tonnes
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


def _logic(sheet: str, text: str, name: int = 0) -> Words:
    """What holds of itself. text: of the index, {0} its first name; name: which of them names the row of the sheet."""

    def words(w: Speaker, n: int, *index: int | str) -> Said:
        return w.logic(n, sheet, (str(index[name]),), f"{text.format(*index)} ({{years}})")

    return words


def _asked(sheet: str, column: str, text: str, figure: Callable[[PlanData, str], str] | None = None) -> Words:
    """What a column asks for. text: of the name of the row, {0}, and of its figure, {1}."""

    def words(w: Speaker, n: int, name: str, *_: object) -> Said:
        told = text.format(name, figure(w.data(n), name) if figure else "")
        return w.say(n, sheet, (name,), column, told)

    return words


def _always(words: Words) -> Words:
    """Of what is asked for once and for all, not in a year."""
    return lambda w, n, *index: _timeless(words(w, n, *index))


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


# --- capacity -------------------------------------------------------------------------------------------------------


def _capacity(w: Speaker, n: int, u: str) -> Said:
    data, year = w.data(n), w.year(n)
    if u in data.plants:
        text = f"{u} has a capacity of {tonnes(data.plants[u].capacity[w.time(n)])} in {{years}}"
        return w.say(n, "Plants", (u,), year, text)
    project = data.projects[u]
    lead = f", {project.lead_years} years after its decision" if project.lead_years else ""
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


def _window(sheet: str, column: str, text: str) -> Words:
    """The first or last year in which a project or contract can be decided."""

    def year(data: PlanData, name: str) -> str:
        return str(getattr((data.projects if sheet == "Projects" else data.contracts)[name], column))

    return _always(_asked(sheet, column, text, year))


def _volume(limit: str, text: str) -> Words:
    """The least or most that a contract is for. limit: min_t or max_t."""
    return _always(
        _asked("Contracts", f"{limit}_per_yr", text, lambda d, c: tonnes(getattr(d.contracts[c], limit))),
    )


def _hurdle(data: PlanData, project: str) -> str:
    return share(data.projects[project].hurdle_rate)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _timeless(said: Said) -> Said:
    return Said(said.cell, said.text, None, said.rule)


# --- floors and lenders ---------------------------------------------------------------------------------------------


# --- contracts ------------------------------------------------------------------------------------------------------


def _with_project(w: Speaker, n: int, c: str) -> Said:
    supplier = w.data(n).contracts[c].supplier
    return w.logic(n, "Contracts", (c,), f"{c} is signed only when {supplier} is decided ({{years}})")


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
        text = f"at most {share(limit)} of the {of}{who} of {m} in {where} may be exposed in {{years}}"
        return w.say(n, "ChinaShare", (cap,), w.year(n), text)

    return words


def _stock_share(w: Speaker, n: int, cap: str, s: str) -> Said:
    limit = w.data(n).caps[cap].share[w.tree.time[n]] or 0.0
    text = f"at most {share(limit)} of what {s} holds beyond its opening stock may be exposed in {{years}}"
    return w.say(n, "ChinaShare", (cap,), w.year(n), text)


def _waste(w: Speaker, n: int, u: str) -> Said:
    sheet = "Plants" if u in w.data(n).plants else "Projects"
    return w.logic(n, sheet, (u,), f"{u} throws away no more than it makes ({{years}})")


def _kept(w: Speaker, n: int, u: str) -> Said:
    sheet = "Plants" if u in w.data(n).plants else "Projects"
    text = f"{u} works only as far as it is kept open, and what is closed stays closed ({{years}})"
    return w.say(n, sheet, (u,), "fixed_cost_musd_per_yr", text)


def _suppliers(w: Speaker, n: int, *part: str | int) -> Said:
    """Rows by lane (material, from, to), place (region, material), or unit, material and perhaps an earlier node."""
    names = [name for name in part if isinstance(name, str)]
    material = names[0] if len(names) == 3 else names[-1]
    most = w.data(n).materials[material].resourcing_share or 0.0
    text = f"at most {share(most)} of a year's use of {material} can move to suppliers not used before ({{years}})"
    return w.say(n, "Materials", (material,), "resourcing_share", text)


def _option(column: str, text: str) -> Words:
    return _asked("Substitution", column, f"{text} ({{{{years}}}})")


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


MADE = "no more {2} {1} leaves {0} than is made, bought, released or returned there"
COVERED = _logic("PriceFloors", "{0} supports what is not under contract, once awarded")
CREDIT = _logic("Stockpiles", "the credit for what {0} holds at the end")
BANKABLE = _asked("Projects", "hurdle_rate", "lenders must earn {1} on {0}, decided in {{years}}", _hurdle)
EARNS = _asked("Projects", "hurdle_rate", "{0} must earn {1} in the plan, where it is decided in {{years}}", _hurdle)
WORDS: Mapping[str, Words] = {
    "flows.service": _service,
    "flows.demand": _demand,
    "flows.intake": _logic("Materials", "what plants in {0} take in of {1} has to come from somewhere", 1),
    "flows.lane": _lane,
    "flows.sales": _market,
    "lanes.open": _closed,
    "markets.volume": _market,
    "balances.made": _logic(
        "Materials", "no more {2} {1} leaves {0} than is made, bought, released or returned there", 1
    ),
    "balances.used": _logic("Materials", "{2} {1} used in {0} is what lanes bring there", 1),
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
    "Projects.latest_year": _window("Projects", "latest_year", "{0} cannot be decided after {1}"),
    "Projects.earliest_year": _window("Projects", "earliest_year", "{0} cannot be decided before {1}"),
    "price_floors.one_package": _logic("Projects", "{0} gets one support package at most, and only if it is built"),
    "price_floors.awarded": COVERED,
    "price_floors.uncontracted": COVERED,
    "price_floors.in_full": COVERED,
    "price_floors.part_of_volume": COVERED,
    "price_floors.only_awarded": COVERED,
    "price_floors.all_of_volume": COVERED,
    "bankability.bankable": BANKABLE,
    "bankability.closing": BANKABLE,
    "earnings.of_build": EARNS,
    "earnings.of_kept": EARNS,
    "earnings.keeps": EARNS,
    "earnings.together": EARNS,
    "earnings.from_planned": EARNS,
    "earnings.earns": EARNS,
    "contracts.once": _always(lambda w, n, c: w.logic(n, "Contracts", (c,), f"{c} is signed once at most")),
    "contracts.with_project": _with_project,
    "contracts.volume_min": _always(
        _asked(
            "Contracts", "min_t_per_yr", "{0} asks for {1} a year at least", lambda d, c: tonnes(d.contracts[c].min_t)
        )
    ),
    "contracts.volume_max": _always(
        _asked("Contracts", "max_t_per_yr", "{0} gives {1} a year at most", lambda d, c: tonnes(d.contracts[c].max_t))
    ),
    "Contracts.latest_year": _window("Contracts", "latest_year", "{0} cannot be signed after {1}"),
    "Contracts.earliest_year": _window("Contracts", "earliest_year", "{0} cannot be signed before {1}"),
    "contracts.supply": _supply,
    "contracts.in_force": _logic("Contracts", "no more is taken under {0} than its volume"),
    "contracts.unpaid": _logic("Contracts", "take-or-pay of {0}"),
    "contracts.made": _taken,
    "stockpiles.balance": _stock,
    "stockpiles.held": _stock,
    "stockpiles.capacity": _stock_limit("capacity_t", "hold"),
    "stockpiles.max_fill": _stock_limit("max_fill_t_per_yr", "take in"),
    "stockpiles.max_release": _stock_limit("max_release_t_per_yr", "release"),
    "stockpiles.cover": _cover,
    "stockpiles.least": _least,
    "stockpiles.usable": _usable,
    "stockpiles.lacking_most": _logic("Stockpiles", "{0} lacks no more than its days of cover and least_t ask for"),
    "stockpiles.credit_held": CREDIT,
    "stockpiles.credit_limit": CREDIT,
    "china_share.deliveries": _china("deliveries"),
    "china_share.intake": _china("intake"),
    "china_share.fills": _china("fills"),
    "china_share.stock": _stock_share,
    "china_share.waste_made": _waste,
    "china_share.discarded": _logic("Materials", "{1} that is made in {0} and thrown away is not consumed", 1),
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
    "secure.served": _secure,
    "secure.builds": _logic("Projects", "no more of {0} is built when threats come than without them"),
    "secure.awards": _logic("PriceFloors", "no more of {0} is awarded when threats come than without them"),
    "secure.signings": _logic("Contracts", "no more of {0} is signed when threats come than without them"),
    "secure.volumes": _logic("Contracts", "no more of {0} is signed when threats come than without them"),
    "risk.adds_up": _risk,
    "risk.beyond": _risk,
}
BOUNDS: Mapping[str, Words] = {"flows.avoid": _avoid, "flows.buy": _market}
