"""A workbook as an optimisation textbook would model it, in plain Pyomo: `python -m benchmarks textbook`.

Sets, parameters, variables and constraints by rules, handed over by appsi_highs: what somebody writes in a day who
knows Pyomo and not this project. It is read by the same reader. On generated networks without projects it says all that
this project says, and finds the same optimum. On rare_earth_magnets it leaves out what LEFT_OUT says: a smaller
question, so its plan is another one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import pyomo.environ as pyo

from lodestone.data.plan_data import CLEAN, EXPOSED, STREAMS, PlanData, Project, Unit, year_of

LEFT_OUT = (
    "price floors, loans, stakes and credits: whoever builds is paid by the system",
    "what lenders ask: any project may be built",
    "contracts, and what is not for sale without one",
    "stockpiles: none is opened, filled or emptied",
    "budgets, groups of projects, and projects that require another",
    "closing plants, and paying them to stay",
    "how fast buyers change suppliers",
    "scrap that comes back, and sales to markets",
    "least import prices, and duties on exposed material only",
    "caps on intake and on stocks: deliveries alone are capped, period by period",
    "futures, threats, tie rules, marginal values, the audit",
)


def operating_cost(data: PlanData, unit: Unit, t: int) -> float:
    """What a tonne of capacity used costs, MUSD: the textbook's answer."""
    return unit.operating_cost


def value_added(data: PlanData, unit: Unit, t: int) -> float:
    """What it is paid on the market: this project's answer."""
    return data.value_added(unit, t)


def textbook(data: PlanData, unit_cost: Callable[[PlanData, Unit, int], float] = operating_cost) -> pyo.ConcreteModel:
    """The model: t and MUSD."""
    m = pyo.ConcreteModel()
    units, projects, lanes = data.units, data.projects, data.lanes
    purchases = {v: market for v, market in data.markets.items() if market.buys}
    length = {t: data.months_of(year_of(t)) / 12 for t in data.times}
    missing = {s: 1 - sector.min_service_share for s, sector in data.sectors.items()}
    stream_of = {v: EXPOSED if market.exposed else CLEAN for v, market in purchases.items()}

    # --- sets
    m.T = pyo.Set(initialize=data.times)
    m.K = pyo.Set(initialize=STREAMS)
    m.U = pyo.Set(initialize=list(units))
    m.V = pyo.Set(initialize=list(purchases))
    m.L = pyo.Set(initialize=list(lanes), dimen=3)  # material, from, to
    m.RM = pyo.Set(initialize=_places(data), dimen=2)  # region, material
    m.D = pyo.Set(initialize=list(data.demand), dimen=3)  # region, sector, material
    m.O = pyo.Set(initialize=[(o, *j) for o, j in _options(data)], dimen=4)
    m.B = pyo.Set(initialize=[(g, y) for g, p in projects.items() for y in _window(data, p)], dimen=2)
    m.C = pyo.Set(initialize=list(data.caps))

    # --- parameters
    m.length = pyo.Param(m.T, initialize=length)
    m.discount = pyo.Param(m.T, initialize=lambda m, t: data.discount(year_of(t)))
    m.demand = pyo.Param(m.D, m.T, initialize=lambda m, *dt: length[dt[-1]] * data.demand[dt[:3]][dt[-1]])
    m.freight = pyo.Param(m.L, initialize=lambda m, *lane: lanes[lane].freight)
    m.duty = pyo.Param(m.L, m.T, initialize=lambda m, i, a, b, t: lanes[i, a, b].tariff[t] * data.price_of(i, a, t))

    # --- variables
    m.act = pyo.Var(m.U, m.K, m.T, bounds=lambda m, u, k, t: (0, 0 if k == CLEAN and units[u].of_concern else None))
    m.ship = pyo.Var(m.L, m.K, m.T, domain=pyo.NonNegativeReals)
    m.mixed = pyo.Var(m.RM, m.K, m.T, domain=pyo.NonNegativeReals)
    m.buy = pyo.Var(m.V, m.T, bounds=lambda m, v, t: (0, length[t] * purchases[v].volume_in(t)))
    m.deliver = pyo.Var(m.D, m.K, m.T, domain=pyo.NonNegativeReals)
    m.avoid = pyo.Var(m.O, m.T, bounds=lambda m, o, *dt: (0, data.substitution[o].share[dt[-1]] * m.demand[dt]))
    m.short = pyo.Var(m.D, m.T, bounds=lambda m, r, s, i, t: (0, missing[s] * m.demand[r, s, i, t]))
    m.build = pyo.Var(m.B, domain=pyo.NonNegativeIntegers)

    # --- what is made, shipped and used
    makers, takers = defaultdict(list), defaultdict(list)
    for u, unit in units.items():
        for i, g in unit.recipe.items():
            (makers if g > 0 else takers)[unit.region, i].append((u, abs(g)))
    out_of, into, used_by, sold_by = defaultdict(list), defaultdict(list), defaultdict(list), defaultdict(list)
    for i, a, b in lanes:
        out_of[a, i].append(b)
        into[b, i].append(a)
    for r, s, i in data.demand:
        used_by[r, i].append(s)
    for v, market in purchases.items():
        sold_by[market.region, market.material].append(v)

    @m.Constraint(m.RM, m.K, m.T)
    def made(m: Any, r: str, i: str, k: str, t: int) -> Any:
        made = sum(g * m.act[u, k, t] for u, g in makers[r, i])
        bought = sum(m.buy[v, t] for v in sold_by[r, i] if stream_of[v] == k)
        return _row(made + bought - sum(m.ship[i, r, b, k, t] for b in out_of[r, i]), ">=")

    @m.Constraint(m.RM, m.K, m.T)
    def used(m: Any, r: str, i: str, k: str, t: int) -> Any:
        arrives = sum(m.ship[i, a, r, k, t] for a in into[r, i])
        clean = sum(g * m.act[u, CLEAN, t] for u, g in takers[r, i]) if k == CLEAN else 0
        delivered = sum(m.deliver[r, s, i, k, t] for s in used_by[r, i])
        return arrives == clean + m.mixed[r, i, k, t] + delivered

    @m.Constraint(m.RM, m.T)
    def intake(m: Any, r: str, i: str, t: int) -> Any:
        return sum(m.mixed[r, i, k, t] for k in m.K) == sum(g * m.act[u, EXPOSED, t] for u, g in takers[r, i])

    @m.Constraint(m.U, m.T)
    def capacity(m: Any, u: str, t: int) -> Any:
        if u in data.plants:
            there = data.plants[u].capacity[t]
        else:
            p = projects[u]
            there = p.capacity * sum(p.ramp_in(y, year_of(t)) * m.build[u, y] for y in _window(data, p))
            if p.committed_year is not None:
                there += p.capacity * p.ramp_in(p.committed_year, year_of(t))
        return sum(m.act[u, k, t] for k in m.K) <= length[t] * there

    @m.Constraint([key for key, lane in lanes.items() if lane.capacity is not None], m.T)
    def lane(m: Any, i: str, a: str, b: str, t: int) -> Any:
        limit = lanes[i, a, b].capacity_in(t)
        return _row(sum(m.ship[i, a, b, k, t] for k in m.K) - length[t] * limit, "<=") if limit < 1e12 else _SKIP

    # --- demand, the allowed share, builds
    @m.Constraint(m.D, m.T)
    def demanded(m: Any, r: str, s: str, i: str, t: int) -> Any:
        avoided = sum(m.avoid[o, r, s, i, t] for o in data.substitution if (o, r, s, i) in m.O)
        return sum(m.deliver[r, s, i, k, t] for k in m.K) + avoided + m.short[r, s, i, t] == m.demand[r, s, i, t]

    @m.Constraint(m.C, sorted({i for cap in data.caps.values() for i in cap.materials}), m.T)
    def share(m: Any, c: str, i: str, t: int) -> Any:
        cap = data.caps[c]
        allowed = cap.share.get(t)
        capped = [d for d in data.demand if d[0] in cap.regions and d[2] == i and cap.sector in (None, d[1])]
        if allowed is None or i not in cap.materials or not capped:
            return _SKIP
        exposed = sum(m.deliver[d, EXPOSED, t] for d in capped)
        return exposed <= allowed * sum(m.deliver[d, k, t] for d in capped for k in m.K)

    @m.Constraint(projects)
    def once(m: Any, g: str) -> Any:
        left = projects[g].max_builds - (projects[g].committed_year is not None)
        return _row(sum(m.build[g, y] for y in _window(data, projects[g])) - left, "<=")

    # --- cost
    def spent(m: Any, t: int) -> Any:
        running = sum(unit_cost(data, units[u], t) * m.act[u, k, t] for u in m.U for k in m.K)
        moving = sum((m.freight[lane] + m.duty[lane, t]) * m.ship[lane, k, t] for lane in m.L for k in m.K)
        buying = sum(data.market_price(v, t) * m.buy[v, t] for v in m.V)
        avoiding = sum(data.substitution[o[0]].cost * m.avoid[o, t] for o in m.O)
        lacking = sum(data.sectors[d[1]].shortage_cost * m.short[d, t] for d in m.D)
        owning = sum(
            length[t] * _per_year(projects[g]) * b for (g, y), b in m.build.items() if _runs(projects[g], y, t)
        )
        return running + moving + buying + avoiding + lacking + owning

    m.cost = pyo.Objective(expr=lambda m: sum(m.discount[t] * spent(m, t) for t in m.T))
    return m


_SKIP = pyo.Constraint.Skip


def _row(left: Any, sign: str) -> Any:
    """A row against 0; none where no variable stands in it."""
    if not pyo.is_potentially_variable(left):
        return _SKIP
    return left >= 0 if sign == ">=" else left <= 0


def _places(data: PlanData) -> list[tuple[str, str]]:
    """(region, material) where something is made, used, bought or sent."""
    found = [(unit.region, i) for unit in data.units.values() for i in unit.recipe]
    found += [(place, i) for i, a, b in data.lanes for place in (a, b)] + [(r, i) for r, _, i in data.demand]
    return list(dict.fromkeys(found + [(v.region, v.material) for v in data.markets.values() if v.buys]))


def _options(data: PlanData) -> Iterable[tuple[str, tuple[str, str, str]]]:
    return ((o, d) for o, x in data.substitution.items() for d in data.demand if d[1:] == (x.sector, x.material))


def _window(data: PlanData, p: Project) -> list[int]:
    """Years in which it may be decided and still works within the horizon."""
    return [y for y in data.years if p.earliest_year <= y <= p.latest_year and y + p.lead_years <= data.last_year]


def _per_year(p: Project) -> float:
    """Capital as an annuity over its life, and what keeping it running costs, MUSD/yr."""
    rate, years = p.hurdle_rate, p.life_years
    return p.capex * (rate / (1 - (1 + rate) ** -years) if rate else 1 / years) + p.fixed_cost


def _runs(p: Project, decided: int, t: int) -> bool:
    return p.first_year(decided) <= year_of(t) < p.first_year(decided) + p.life_years
