"""Section 5, equity, loans and credits, in numbers of one award: what lenders see, what floor is left blank, what a
payer gets back. Thousand USD, USD/kg."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from tests.oracle.investments import producing
from tests.oracle.world import K, World, late_by, ramp_in

from lodestone.data.plan_data import Floor, Project

Award = tuple[str, int | None, int]  # floor, node (None: committed), year


def support_years(world: World, n: int, a: Award) -> range:
    """The tenor, as planned."""
    data = world.data(n)
    row = data.floors[a[0]]
    if row.project in data.plants:
        return range(a[2], a[2] + row.tenor_years)
    project = data.projects[row.project]
    first = a[2] + project.lead_years
    return range(first, first + min(row.tenor_years, project.life_years))


def kept_by_base(world: World, honoured: Mapping[int, bool], year: int) -> bool:
    """Lenders do not count on what the base itself breaks: not in a year in any part of which it is broken."""
    if not honoured:
        return True
    within = [kept for time, kept in honoured.items() if time // 100 == year]
    return all(within) if within or year < world.base.first_year else honoured[max(honoured)]


def rate_at(row: Floor, level: float, price: float) -> float:
    return max(0.0, level - price) - row.upside_share * max(0.0, price - level)


# --- what lenders see -------------------------------------------------------------------------------------------------


def gap_of(world: World, n: int, g: str, decided: int) -> float:
    """What lenders miss of a build decided in a year, with the figures of a node."""
    missing = K * world.data(n).projects[g].capex
    for year, d, ramp in producing(world, n, g, decided):
        missing -= d * margin_seen(world, n, g, year, ramp)
    return missing


def margin_seen(world: World, n: int, g: str, year: int, ramp: float) -> float:
    """Of a year of production at lenders' prices; years before the first have its prices."""
    row = world.data(n).projects[g]
    seen = max(year, world.base.first_year)
    value = sum(x * world.bank(n, m, row.region, seen) for m, x in row.recipe.items())
    return row.capacity * ramp * (value - K * row.operating_cost) - K * row.fixed_cost


def put_in(row: Floor, project: Project) -> float:
    """Grant, loan and stake."""
    return K * (row.capex_grant_share * project.capex + row.loan_share * project.capex + row.equity)


def debt_service(row: Floor, project: Project, decided: int) -> dict[int, float]:
    """Equal instalments from the first planned year of production, worth the loan at the decision."""
    if not row.loan_share:
        return {}
    first = decided + project.lead_years
    years = range(first, first + row.loan_years)
    worth = sum((1 + row.loan_rate) ** (decided - t) for t in years)
    return {t: K * row.loan_share * project.capex / worth for t in years}


def seen_of_terms(world: World, n: int, a: Award, after: int | None = None, broken: bool = False) -> float:
    """What lenders add for credit, loan and stake: worth at the decision, without what is put in.

    after: of the years after it alone; broken: the state's promises count nothing.
    """
    data = world.data(n)
    row = data.floors[a[0]]
    project, sigma, found = data.projects[row.project], row.equity_share, 0.0
    for year, d, ramp in producing(world, n, row.project, a[2]):
        if after is not None and year <= after:
            continue
        counts = year in support_years(world, n, a) and kept_by_base(world, row.base_honoured, year) and not broken
        credit = K * row.credit * project.recipe[row.material] * project.capacity * ramp if counts else 0.0
        found += d * ((1 - sigma) * credit - sigma * margin_seen(world, n, row.project, year, ramp))
    for year, due in debt_service(row, project, a[2]).items():
        if after is None or year > after:
            found -= (1 - sigma) * (1 + project.hurdle_rate) ** (a[2] - year) * due
    return found


def level(world: World, n: int, a: Award) -> float | None:
    """The floor; where it is left blank the least that closes the gap alone; None: above what it may be at most."""
    data = world.data(n)
    row = data.floors[a[0]]
    if row.floor is not None:
        return K * row.floor
    project = data.projects[row.project]
    missing = gap_of(world, n, row.project, a[2]) - put_in(row, project) - seen_of_terms(world, n, a)
    weights = [
        ((1 - row.equity_share) * d * ramp * project.recipe[row.material] * project.capacity,
         world.bank(n, row.material, project.region, max(year, world.base.first_year)))
        for year, d, ramp in producing(world, n, row.project, a[2])
        if year in support_years(world, n, a) and kept_by_base(world, row.base_honoured, year)
    ]  # fmt: skip

    def brings(floor: float) -> float:
        return sum(weight * rate_at(row, floor, price) for weight, price in weights)

    found = _least(brings, [0.0, *sorted({price for _, price in weights})], missing)
    if found is None or (a[1] is not None and row.floor_max is not None and found > K * row.floor_max):
        return None
    return found * 1.000001


def _least(brings: Callable[[float], float], corners: list[float], missing: float) -> float | None:
    """The least floor that brings what is missing: `brings` never falls and is straight between the corners."""
    if brings(0.0) >= missing:
        return 0.0
    for low, high in pairwise([*corners, corners[-1] + 1.0]):
        slope = (brings(high) - brings(low)) / (high - low)
        last = low == corners[-1]
        if slope > 0 and (last or brings(high) >= missing):
            return low + (missing - brings(low)) / slope
    return None


# --- what comes back --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Returns:
    """Of one award at a node: repaid and dividends as the payer counts them, debt service and dividends in full; what
    is counted at a leaf of the years after, in money of the last year."""

    repaid: float = 0.0
    dividends: float = 0.0
    owed: float = 0.0
    repaid_after: float = 0.0
    dividends_after: float = 0.0


def dividend(world: World, n: int, a: Award, year: int) -> float:
    """sigma x max(0, CF - DS) a year, with the prices and promises of a node."""
    data = world.data(n)
    row = data.floors[a[0]]
    project = data.projects[row.project]
    ramp = ramp_in(project, a[2], year)
    if ramp <= 0 or not row.equity_share:
        return 0.0
    cash = ramp * project.capacity * (world.added(project, n) - K * project.operating_cost) - K * project.fixed_cost
    if year in support_years(world, n, a) and row.is_honoured(world.tree.time[n]):
        floor = level(world, a[1] if a[1] is not None else n, a) or 0.0
        paid = rate_at(row, floor, world.price(row.material, project.region, n)) + K * row.credit
        cash += ramp * project.recipe[row.material] * project.capacity * paid
    return row.equity_share * max(0.0, cash - debt_service(row, project, a[2]).get(year, 0.0))


def returns(world: World, n: int, a: Award) -> Returns:
    """[cheat] A loan never earns, nor does a stake, valued as those who bear the risk value it."""
    data, rate, year = world.data(n), world.base.discount_rate, world.year(n)
    row, last = data.floors[a[0]], world.last_year()
    project = data.projects[row.project]
    hurdle, due = 1 + project.hurdle_rate, debt_service(row, project, a[2])
    seen = {t: (1 - row.loan_loss_share) * x for t, x in due.items()}
    worth = sum((1 + rate) ** (a[2] - t) * x for t, x in seen.items())
    part = min(1.0, K * row.loan_share * project.capex / worth) if worth else 0.0
    limit, counted = K * row.equity, 0.0
    for x in world.tree.path[n]:  # nothing is counted before first_year
        if world.year(x) >= a[2]:
            then = hurdle ** (world.year(x) - a[2])
            counted = min(world.length(x) * dividend(world, x, a, world.year(x)), limit * then)
            limit = max(0.0, limit - counted / then)
    e = min(1.0, ((1 + rate) / hurdle) ** (year - a[2]))
    repaid_after = dividends_after = 0.0
    if n in world.tree.leaves:
        repaid_after = part * sum((1 + rate) ** (last - t) * x for t, x in seen.items() if t > last)
        later = range(last + 1, a[2] + project.lead_years + project.life_years + late_by(project, a[2]))
        to_come = sum(hurdle ** (last - t) * dividend(world, n, a, t) for t in later)
        dividends_after = e * min(limit * hurdle ** (last - a[2]), to_come)
    w = world.length(n)
    return Returns(
        repaid=w * part * seen.get(year, 0.0),
        dividends=e * counted,
        owed=w * (due.get(year, 0.0) + dividend(world, n, a, year)),
        repaid_after=repaid_after,
        dividends_after=dividends_after,
    )
