"""The figures whose ranges are sought, as sums over the variables of a model: tonnes and MUSD, expected."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from lodestone.data.plan_data import EXPOSED as EXPOSED_STREAM
from lodestone.plan.tables import COST_TERMS
from lodestone.rules.build import Built
from lodestone.rules.linear import Terms, scaled
from lodestone.rules.objective import counted
from lodestone.studies.ranges.results import EXPOSED, ORIGIN, PAYER, SHORT, STOCK, TERM, USE

HEADLINE = (PAYER, EXPOSED, SHORT)  # whose ranges are sought with decisions free as well


@dataclass(frozen=True)
class Figure:
    """The sum of its terms; of a share, divided by the sum of others."""

    figure: str
    of: str
    unit: str
    terms: Terms
    by: Terms = field(default_factory=list)


def figures(built: Built) -> list[Figure]:
    """All figures of a model, headlines first."""
    return [*_payers(built), *_demand(built), *_terms(built), *_units(built), *_stocks(built), *_origins(built)]


def _likely(built: Built) -> dict[int, float]:
    return {n: p for n, p in built.tree.probability.items() if p > 0}


def _costs(built: Built) -> dict[str, Terms]:
    """Cost term -> expected and discounted, as it counts in the cost."""
    tree, found = built.tree, defaultdict[str, Terms](list)
    for term, by_node in built.costs.items():
        for n, p in _likely(built).items():
            if counted(tree, term, n):
                found[term] += scaled(p * tree.data[n].discount(tree.year[n]), by_node.get(n, ()))
    return found


def _payers(built: Built) -> Iterator[Figure]:
    costs = _costs(built)
    for payer in dict.fromkeys(COST_TERMS.values()):
        terms = [x for term, who in COST_TERMS.items() if who == payer for x in costs[term]]
        yield Figure(PAYER, payer, "MUSD", terms)


def _terms(built: Built) -> Iterator[Figure]:
    costs = _costs(built)
    return (Figure(TERM, term, "MUSD", costs[term]) for term in COST_TERMS)


def _demand(built: Built) -> Iterator[Figure]:
    likely, flows = _likely(built), built.model.flows
    exposed, served, short = (defaultdict[str, Terms](list) for _ in range(3))
    for (n, _, _, material, k), deliver in flows.deliver.items():
        if p := likely.get(n):
            served[_mineral(built, material)].append((p, deliver))
            if k == EXPOSED_STREAM:
                exposed[_mineral(built, material)].append((p, deliver))
    for (n, _, _, material), variable in flows.short.items():
        if p := likely.get(n):
            short[_mineral(built, material)].append((p, variable))
    yield from (Figure(EXPOSED, mineral, "share", exposed[mineral], by) for mineral, by in served.items())
    yield from (Figure(SHORT, mineral, "t", terms) for mineral, terms in short.items())


def _mineral(built: Built, material: str) -> str:
    return next(iter(built.tree.data.values())).materials[material].mineral or material


def _units(built: Built) -> Iterator[Figure]:
    likely, used = _likely(built), defaultdict[str, Terms](list)
    for (n, unit, _), act in built.model.flows.act.items():
        if p := likely.get(n):
            used[unit].append((p, act))
    return (Figure(USE, unit, "t", terms) for unit, terms in used.items())


def _stocks(built: Built) -> Iterator[Figure]:
    tree, likely, held = built.tree, _likely(built), defaultdict[str, Terms](list)
    whole = sum(p * tree.length[n] for n, p in likely.items())
    for (n, pile, _), stock in built.model.stockpiles.stock.items():
        if p := likely.get(n):
            held[pile].append((p * tree.length[n] / whole, stock))
    return (Figure(STOCK, pile, "t", terms) for pile, terms in held.items())


def _origins(built: Built) -> Iterator[Figure]:
    """What regions not of concern get from each other region, as in the pictures of supply."""
    likely, shipped = _likely(built), defaultdict[tuple[str, str], Terms](list)
    for (n, material, origin, to, _), ship in built.model.flows.ship.items():
        p = likely.get(n)
        if p and origin != to and not built.tree.data[n].regions[to].of_concern:
            shipped[material, origin].append((p, ship))
    return (Figure(ORIGIN, f"{m} from {origin}", "t", terms) for (m, origin), terms in shipped.items())
