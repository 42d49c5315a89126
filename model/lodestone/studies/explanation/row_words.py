"""Rows and bounds of the model in a planner's words, each with the cell that it comes from: one entry for every rule.

The key is `block.component` of the model (or what `giving` put back); the index is the component's. A text says what
the rule asks or allows, with its number and unit. `rules` cannot say it itself: it knows no cells.
"""

from __future__ import annotations

from collections.abc import Mapping

from lodestone.data.plan_data import PlanData
from lodestone.plan.formatting import count, share, tonnes
from lodestone.studies.explanation.policy_words import POLICY_BOUNDS, POLICY_WORDS
from lodestone.studies.explanation.rule_text import (
    Said,
    Speaker,
    Words,
    always,
    asks,
    component,
    holds,
    index_of,
    timeless,
)


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
    lead = f", {count(project.lead_years, 'year')} after its decision" if project.lead_years else ""
    return w.say(n, "Projects", (u,), "lead_years", f"{u} works only once it is built{lead} ({{years}})")


def _access(w: Speaker, n: int, u: str) -> Said:
    unit = w.data(n).units[u]
    text = f"only {share(unit.spot_share)} of {u} can be bought without a contract ({{years}})"
    return w.say(n, w.sheet_of(n, u), (u,), "spot_share", text)


def _market_access(w: Speaker, n: int, v: str) -> Said:
    part = share(w.data(n).markets[v].spot_share)
    return w.say(n, "Markets", (v,), "spot_share", f"only {part} of {v} can be bought without a contract ({{years}})")


def _whole(w: Speaker, n: int, u: str) -> Said:
    text = f"{u} is wholly clean or wholly exposed in a year (whole_plant; {{years}})"
    return w.say(n, w.sheet_of(n, u), (u,), "exposure_rule", text)


def _pays(w: Speaker, n: int, u: str) -> Said:
    return w.logic(n, w.sheet_of(n, u), (u,), f"{u} is paid its operating cost at least ({{years}})")


# --- investments ----------------------------------------------------------------------------------------------------


def _once(w: Speaker, leaf: int, g: str) -> Said:
    most = w.data(leaf).projects[g].max_builds
    return timeless(w.say(leaf, "Projects", (g,), "max_builds", f"{g} can be built {_times(most)} at most"))


def _group(w: Speaker, leaf: int, group: str) -> Said:
    members = [p.name for p in w.data(leaf).projects.values() if p.group == group]
    text = f"of the group {group} ({', '.join(members)}) one project at most is built"
    return timeless(w.say(leaf, "Projects", (members[0],), "group", text))


def _requires(w: Speaker, n: int, g: str) -> Said:
    needed = w.data(n).projects[g].requires
    return timeless(w.say(n, "Projects", (g,), "requires", f"{g} is built only with {needed} or after it"))


def _window(sheet: str, column: str, text: str) -> Words:
    """The first or last year in which a project or contract can be decided."""

    def year(data: PlanData, name: str) -> str:
        return str(getattr((data.projects if sheet == "Projects" else data.contracts)[name], column))

    return always(asks(sheet, column, text, year))


def _volume(limit: str, text: str) -> Words:
    """The least or most that a contract is for. limit: min_t or max_t."""
    return always(
        asks("Contracts", f"{limit}_per_yr", text, lambda d, c: tonnes(getattr(d.contracts[c], limit))),
    )


def _hurdle(data: PlanData, project: str) -> str:
    return share(data.projects[project].hurdle_rate)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


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
    return w.logic(
        n,
        w.sheet_of(n, supplier),
        (supplier,),
        f"contracts take no more {material} from {supplier} than it makes ({{years}})",
    )


COVERED = holds("PriceFloors", "{0} supports what is not under contract, once awarded")
BANKABLE = asks("Projects", "hurdle_rate", "lenders must earn {1} on {0}, decided in {{years}}", _hurdle)
EARNS = asks("Projects", "hurdle_rate", "{0} must earn {1} in the plan, where it is decided in {{years}}", _hurdle)
WORDS: Mapping[str, Words] = {
    "flows.service": _service,
    "flows.demand": _demand,
    "flows.intake": holds("Materials", "what plants in {0} take in of {1} has to come from somewhere", 1),
    "flows.lane": _lane,
    "flows.sales": _market,
    "lanes.open": _closed,
    "markets.volume": _market,
    "balances.made": holds(
        "Materials", "no more {2} {1} leaves {0} than is made, bought, released or returned there", 1
    ),
    "balances.used": holds("Materials", "{2} {1} used in {0} is what lanes bring there", 1),
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
    "price_floors.one_package": holds("Projects", "{0} gets one support package at most, and only if it is built"),
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
    "contracts.once": always(lambda w, n, c: w.logic(n, "Contracts", (c,), f"{c} is signed once at most")),
    "contracts.with_project": _with_project,
    "contracts.volume_min": always(
        asks("Contracts", "min_t_per_yr", "{0} asks for {1} a year at least", lambda d, c: tonnes(d.contracts[c].min_t))
    ),
    "contracts.volume_max": always(
        asks("Contracts", "max_t_per_yr", "{0} gives {1} a year at most", lambda d, c: tonnes(d.contracts[c].max_t))
    ),
    "Contracts.latest_year": _window("Contracts", "latest_year", "{0} cannot be signed after {1}"),
    "Contracts.earliest_year": _window("Contracts", "earliest_year", "{0} cannot be signed before {1}"),
    "contracts.supply": _supply,
    "contracts.in_force": holds("Contracts", "no more is taken under {0} than its volume"),
    "contracts.unpaid": holds("Contracts", "take-or-pay of {0}"),
    "contracts.made": _taken,
    "secure.served": _secure,
    "secure.builds": holds("Projects", "no more of {0} is built when threats come than without them"),
    "secure.awards": holds("PriceFloors", "no more of {0} is awarded when threats come than without them"),
    "secure.signings": holds("Contracts", "no more of {0} is signed when threats come than without them"),
    "secure.volumes": holds("Contracts", "no more of {0} is signed when threats come than without them"),
    **POLICY_WORDS,
}
BOUNDS: Mapping[str, Words] = {"flows.buy": _market, **POLICY_BOUNDS}
