"""What binds, and what it is worth: marginal values of limits, and the marginal cost of supply.

They are duals of the linear programme in which all whole-number decisions (builds, awards, signings) stay as the plan
has them. The dual of a row is what one more on its right-hand side adds to the objective. A limit may stand in several
rows, and a China share is a coefficient; the value of a cell is the derivative by the number that stands there:

    China share   - dual of (29) to (32) x what they look at x 0.01, over materials        MUSD per point
    budget        - dual of (34), over the later years too if money is carried over        MUSD per MUSD
    plant         - dual of (5) - spot_share x dual of access - g x dual of (16) + (11)    USD/kg of capacity
    project       - dual of (5) - spot_share x dual of access + (11), where it stands      USD/kg of capacity
    market        - reduced cost of buy (or dual of sales), and as for plants              USD/kg of volume
    lane          - dual of (5)                                                           USD/kg of lane capacity
    cover         (dual of (13) + dual of (22)) x consumption / 365                        MUSD per day

Cost is convex in a limit: one unit more saves at most its value, one unit less costs at least that. Where several
limits bind together (a degenerate optimum) the dual is one of many between the two. A share of 0 has no "less", and any
dual from the value of "more" upwards would do: such rows get a kilogram of room, so that it is the value of "more".

Money of a year is the discounted value divided by the year's discount factor, in a joint run also by the probability of
the node. With a risk weight it is the objective, mean and CVaR together, whose change is shown.

Units    MUSD, USD/kg, both undiscounted and discounted to first_year
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import isinf

import numpy as np

from lodestone.data.plan_data import MUSD_PER_T, STREAMS, Project
from lodestone.rules.budgets import counted, money
from lodestone.rules.build import Built
from lodestone.rules.china_share import share_at, stock_row
from lodestone.rules.linear import Row, amount, worth
from lodestone.rules.stockpiles import DAYS_PER_YEAR, credited_demand, required_days, usable_t
from lodestone.solver.highs import Solver
from lodestone.solver.matrix import Constraint
from lodestone.workbook.cell_locations import Places

POINT = 0.01  # of a share
ROOM = 1e-3  # t
LEAST_MUSD, LEAST_USD_PER_KG = 1e-6, 1e-3  # a value below is none
RULES = ("China share", "budget", "plant", "project", "market", "lane", "cover")
UNITS = {  # rule -> unit of the limit, of its value
    "China share": ("share", "MUSD per point"),
    "budget": ("MUSD", "MUSD per MUSD"),
    "plant": ("t", "USD/kg of capacity"),
    "project": ("t", "USD/kg of capacity"),
    "market": ("t", "USD/kg of volume"),
    "lane": ("t", "USD/kg of lane capacity"),
    "cover": ("days", "MUSD per day"),
}


@dataclass(frozen=True)
class Duals:
    """Of a model with its integers held. rows, columns: by id of constraint and variable, MUSD per unit.

    money: node -> what turns a discounted, probability-weighted MUSD into one of that year.
    """

    rows: Mapping[int, float] = field(default_factory=dict)
    columns: Mapping[int, float] = field(default_factory=dict)
    money: Mapping[int, float] = field(default_factory=dict)

    def row(self, constraint: Constraint, *key: object) -> float:
        """0 where there is no such row."""
        return self.rows.get(id(constraint[key]), 0.0) if key in constraint else 0.0


def duals(built: Built, solver: Solver, values: np.ndarray) -> Duals:
    """Duals of the linear programme with the integers as in `values`; none where it cannot be solved to the last digit.

    Leaves the integers held; solver.restore() undoes that.
    """
    solver.drop_added_rows()
    solver.restore()
    solver.hold_integers(values)
    tree, block = built.tree, built.model.china_share
    for rows_of in (block.deliveries, block.intake, block.fills):
        for key, row in rows_of.items():
            if all(share_at(tree, a, key[1]) == 0 for a in block.parts[key]):
                solver.loosen(row, ROOM)
    if solver.solve_linear() is None:
        return Duals()
    rows, columns = solver.row_duals().tolist(), solver.reduced_costs().tolist()
    return Duals(
        rows={id(row.constraint): dual for row, dual in zip(solver.rows, rows, strict=True)},
        columns={id(v): cost for v, cost in zip(solver.variables, columns[: len(solver.variables)], strict=True)},
        money={
            n: 1.0 / (tree.data[n].discount(tree.year[n]) * tree.probability[n])
            for n in tree.nodes
            if n not in tree.twin
        },
    )


@dataclass(frozen=True)
class _Future:
    """One future of a model: its nodes, and the cells of its workbook."""

    built: Built
    given: Duals
    places: Places
    scenario: str
    nodes: frozenset[int]

    def cell(self, sheet: str, key: str | tuple[str, ...], column: int | str) -> str:
        """Where a value stands that was used here: in the workbook, in Changes or in a --set."""
        return self.places.name(self.scenario, sheet, (key,) if isinstance(key, str) else key, column)


def value_tables(built: Built, given: Duals, places: Places, leaf: int) -> dict[str, list[Row]]:
    """The tables `what_binds` and `supply_cost` of the future that ends at a leaf; both empty without duals.

    built: the whole model; places: the cells of its workbook.
    """
    if not given.money:
        return {"what_binds": [], "supply_cost": []}
    scenario = built.tree.data[leaf].scenario.name
    future = _Future(built, given, places, scenario, frozenset(built.tree.path[leaf]))
    return {"what_binds": _what_binds(future), "supply_cost": _supply_cost(future)}


# --- limits ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Limit:
    """A limit of a year. value: present MUSD saved by one more of its unit (t, MUSD, point; cover: added by a day)."""

    rule: str
    name: str
    cell: str
    node: int
    limit: float
    value: float


def _what_binds(at: _Future) -> list[Row]:
    rows = []
    for find in (_caps, _budgets, _plants, _projects, _markets, _lanes, _covers):
        found = [x for x in _by_year(at, find(at)) if _counts(x)]
        rows += [_row(at, x) for x in sorted(found, key=lambda x: (x.name, at.built.tree.year[x.node]))]
    return rows


def _by_year(at: _Future, limits: Iterable[_Limit]) -> list[_Limit]:
    """Of a year that is cut, the limits of its nodes together: a cell holds for all of them."""
    years: dict[tuple[str, str, str, int], list[_Limit]] = defaultdict(list)
    for x in limits:
        years[x.rule, x.name, x.cell, at.built.tree.year[x.node]].append(x)
    return [replace(together[-1], value=sum(x.value for x in together)) for together in years.values()]


def _per_mass(rule: str) -> bool:
    return UNITS[rule][0] == "t"


def _counts(found: _Limit) -> bool:
    if _per_mass(found.rule):
        return found.value / MUSD_PER_T > LEAST_USD_PER_KG
    return found.value > LEAST_MUSD


def _row(at: _Future, found: _Limit) -> Row:
    unit, value_unit = UNITS[found.rule]
    present = found.value / MUSD_PER_T if _per_mass(found.rule) else found.value
    value, year = present * at.given.money[found.node], at.built.tree.year[found.node]
    row: Row = {"rule": found.rule, "name": found.name, "cell": found.cell, "year": year, "limit": found.limit}
    row |= {"unit": unit, "value": value, "value_unit": value_unit, "present_value": present}
    return row | {"finding": _in_words(row)}


def _in_words(row: Row) -> str:
    where, year, value = f"{row['cell']} ({row['name']}): ", row["year"], row["value"]
    held = "with the builds as they are"
    if row["rule"] == "China share":
        return f"{where}one point more of share in {year} would save up to {_figure(value)} MUSD {held}"
    if row["rule"] == "budget":
        return f"{where}one MUSD more in {year} would save up to {_figure(value)} MUSD {held}"
    if row["rule"] == "cover":
        return f"{where}one day less of cover in {year} would save up to {_figure(value)} MUSD {held}"
    of = {"plant": "capacity", "project": "capacity", "market": "volume", "lane": "lane capacity"}[row["rule"]]
    return f"{where}one kg more of {of} in {year} would save up to {_figure(value)} USD {held}"


def _figure(value: float) -> str:
    return f"{value:,.1f}" if value >= 100 else f"{value:.3g}"


def _caps(at: _Future) -> Iterator[_Limit]:
    tree, m_ = at.built.tree, at.built.model
    block = m_.china_share
    value: dict[tuple[str, int], float] = defaultdict(float)
    for (n, c, m, basis), (_, total) in block.consumption.items():
        value[c, n] -= at.given.row(getattr(block, basis), n, c, m, basis) * worth(total) * POINT
    for n, c, s in block.stock:
        (tight, nothing), (loose, everything) = (stock_row(tree, m_.stockpiles, n, s, share) for share in (0.0, 1.0))
        base = worth(tight) - nothing - worth(loose) + everything
        value[c, n] -= at.given.row(block.stock, n, c, s) * base * POINT
    for (c, n), saved in value.items():
        if n in at.nodes:
            share = tree.data[n].caps[c].share[tree.time[n]] or 0.0
            yield _Limit("China share", c, at.cell("ChinaShare", c, tree.year[n]), n, share, saved)


def _budgets(at: _Future) -> Iterator[_Limit]:
    tree, block = at.built.tree, at.built.model.budgets
    saved: dict[tuple[str, int], float] = defaultdict(float)
    for n, b in block.within:
        if n not in tree.time:  # of a branch of threats
            continue
        for node in counted(tree, b, n):  # of other futures too: what the trunk saves is theirs as well
            saved[b, node] -= at.given.row(block.within, n, b)
    for leaf, b, year in block.later:  # what is owed after the horizon is held against the money of its last year
        if leaf in tree.time:
            saved[b, leaf] -= at.given.row(block.later, leaf, b, year)
    for (b, n), value in saved.items():
        if n not in at.nodes:
            continue
        yield _Limit("budget", b, at.cell("Budgets", b, tree.year[n]), n, money(tree, b, n), value)


def _plants(at: _Future) -> Iterator[_Limit]:
    tree, m = at.built.tree, at.built.model
    for n, u in m.capacity.capacity:
        if n in at.nodes and u in tree.data[n].plants:
            plant, year = tree.data[n].plants[u], tree.year[n]
            value = tree.length[n] * _unit(at, n, u)
            if plant.base_capacity[tree.time[n]] == plant.capacity[tree.time[n]]:
                value -= sum(g * at.given.row(m.contracts.supply, n, u, out) for out, g in plant.outputs.items())
            yield _Limit("plant", u, at.cell("Plants", u, year), n, plant.capacity[tree.time[n]], value)


def _projects(at: _Future) -> Iterator[_Limit]:
    """Of those that stand, per t of capacity in that year; their capex is as it was."""
    tree, m = at.built.tree, at.built.model
    for n, u in m.capacity.capacity:
        if n in at.nodes and u in tree.data[n].projects:
            standing = worth(m.investments.capacity[n, u])
            if standing > 0:
                cell = at.cell("Projects", u, "capacity_t_per_yr")
                yield _Limit("project", u, cell, n, standing, tree.length[n] * _unit(at, n, u))


def _unit(at: _Future, n: int, u: str) -> float:
    """Rows (5), (11) and (25) of a unit, by t of what there is of it."""
    block, unit = at.built.model.capacity, at.built.tree.data[n].units[u]
    open_ = at.built.model.closure
    value = -at.given.row(block.capacity, n, u) - unit.spot_share * at.given.row(block.access, n, u)
    if (n, u) in open_.works:  # a part of the plant is kept, or builds of the project
        there = worth(at.built.model.investments.capacity[n, u]) / unit.capacity if isinstance(unit, Project) else 1.0
        share = amount(open_.kept[n, u]) / there if there > 0 else 0.0
        value -= share * at.given.row(open_.works, n, u)
    if (n, u) in block.whole:
        whole = round(amount(block.whole[n, u]))
        value -= at.given.row(block.whole_clean, n, u) * whole + at.given.row(block.whole_exposed, n, u) * (1 - whole)
    return value


def _markets(at: _Future) -> Iterator[_Limit]:
    tree, m = at.built.tree, at.built.model
    for n, v in m.flows.buy:
        if n not in at.nodes:
            continue
        market, year = tree.data[n].markets[v], tree.year[n]
        volume = market.volume_in(tree.time[n])
        if isinf(volume):
            continue
        value = -min(0.0, at.given.columns.get(id(m.flows.buy[n, v]), 0.0))
        value -= market.spot_share * at.given.row(m.capacity.market_access, n, v)
        value *= tree.length[n]
        if market.base_volume_in(tree.time[n]) == volume:
            value -= at.given.row(m.contracts.supply, n, v, market.material)
        yield _Limit("market", v, at.cell("Markets", v, year), n, volume, value)
    for n, v in m.flows.sales:
        if n in at.nodes:
            volume = tree.data[n].markets[v].volume_in(tree.time[n])
            value = -tree.length[n] * at.given.row(m.flows.sales, n, v)
            yield _Limit("market", v, at.cell("Markets", v, tree.year[n]), n, volume, value)


def _lanes(at: _Future) -> Iterator[_Limit]:
    tree, rows = at.built.tree, at.built.model.flows.lane
    for n, m, r, to in rows:
        if n in at.nodes:
            year = tree.year[n]
            limit = tree.data[n].lanes[m, r, to].capacity_in(tree.time[n])
            cell = at.cell("Lanes", (r, to, m), year)
            yield _Limit("lane", f"{m}, {r} to {to}", cell, n, limit, -tree.length[n] * at.given.row(rows, n, m, r, to))


def _covers(at: _Future) -> Iterator[_Limit]:
    """What one day more adds."""
    tree, block = at.built.tree, at.built.model.stockpiles
    for n, s in block.cover:
        if n in at.nodes:
            intake, demand = block.consumption[n, s]
            value = at.given.row(block.cover, n, s) * (demand + worth(intake))
            value += at.given.row(block.usable, n, s) * usable_t(tree, n, s) * DAYS_PER_YEAR / required_days(tree, n, s)
            if (n, s) in block.credit_limit:
                value += at.given.row(block.credit_limit, n, s) * credited_demand(tree, n, s)
            value /= DAYS_PER_YEAR
            cell = at.cell("Stockpiles", s, tree.year[n])
            yield _Limit("cover", s, cell, n, required_days(tree, n, s), value)


# --- supply ---------------------------------------------------------------------------------------------------------


def _supply_cost(at: _Future) -> list[Row]:
    """Dual of (2): of the tonnes that lanes bring, where they bring any."""
    tree, m = at.built.tree, at.built.model
    brought: dict[tuple[int, str, str, str], float] = defaultdict(float)
    for (n, material, _, to, k), ship in m.flows.ship.items():
        brought[n, to, material, k] += amount(ship)
    places = dict.fromkeys((n, r, material) for (n, r, material, _), t in brought.items() if t > 0 and n in at.nodes)
    rows = []
    for n, r, material in places:
        cost = {
            k: at.given.row(m.balances.used, n, r, material, k) / MUSD_PER_T * at.given.money[n]
            for k in STREAMS
            if brought[n, r, material, k] > 0
        }
        row: Row = {"material": material, "region": r, "year": tree.year[n]}
        row |= {"month": tree.month[n]} if tree.data[n].is_cut else {}
        row |= {f"{k}_usd_per_kg": cost.get(k) for k in STREAMS}
        price = tree.data[n].price.get((material, r))
        rows.append(row | {"price_usd_per_kg": None if price is None else price[tree.time[n]] / MUSD_PER_T})
    return sorted(rows, key=lambda row: (row["material"], row["region"], row["year"], row.get("month", 1)))
