"""A package by itself, without any contract: what it is worth to lenders, and the level of a floor that is left blank.

All of it in MUSD at the decision, at the hurdle rate and at lenders' prices; sigma: the payer's share of what is left
after debt service; DS: equal instalments from the first planned year of production, worth the loan at loan_rate.

    grant + loan + equity + (1 - sigma) sum_t d_t ramp_t g capacity (rate of the floor + credit), in its tenor
    - (1 - sigma) sum_t d_t DS_t - sigma sum_t d_t (capacity ramp_t (value added - operating cost) - fixed cost)

What the base itself breaks counts nothing in the years in which it is broken; lenders foresee no other broken promise.
A floor that is left blank is the lowest from 0 on with which this closes the gap of its decision year, and a millionth
more; above floor_max it is not on offer.
"""

from __future__ import annotations

from dataclasses import replace
from math import inf

from lodestone.audit.projects import bank_price, discount, first_of, gap, life_of, ramp
from lodestone.data.plan_data import Contract, Floor, PlanData, Project, time_of, year_of

A_LITTLE_MORE = 1.000001  # so that no tolerance loses a floor that is just enough


def rate(floor: Floor, price: float) -> float:
    """What the treasury pays per covered tonne, less the upside it is paid back, MUSD/t."""
    level = floor.level
    return max(0.0, level - price) - floor.upside_share * max(0.0, price - level)


def grant(floor: Floor, project: Project) -> float:
    """MUSD granted at the decision."""
    return floor.capex_grant_share * project.capex


def loan(floor: Floor, project: Project) -> float:
    """MUSD lent at the decision."""
    return floor.loan_share * project.capex


def put_in(floor: Floor, project: Project) -> float:
    """What the project gets at the decision, MUSD."""
    return grant(floor, project) + loan(floor, project) + floor.equity


def instalments(floor: Floor, project: Project, decision: int) -> dict[int, float]:
    """DS by year, MUSD: together they are worth the loan at the decision, at its interest."""
    first = first_of(project, decision)
    years = range(first, first + floor.loan_years)
    worth_of_one = sum((1 + floor.loan_rate) ** (decision - year) for year in years)
    return dict.fromkeys(years, loan(floor, project) / worth_of_one)


def believed(promise: Floor | Contract, year: int) -> bool:
    """Whether lenders count on it: the base keeps it all through the year, after the horizon as at its end."""
    kept = promise.base_honoured
    in_year = [honoured for time, honoured in kept.items() if year_of(time) == year]
    if not in_year and kept and time_of(year) > max(kept):
        return kept[max(kept)]
    return all(in_year)


def tenor(floor: Floor, project: Project, decision: int) -> list[int]:
    """Planned years in which lenders count on it, within the life of the project."""
    first = first_of(project, decision)
    return [y for y in range(first, first + min(floor.tenor_years, project.life_years)) if believed(floor, y)]


def deemed(floor: Floor, project: Project, decision: int, year: int) -> float:
    """What lenders think that it makes of the material, t/yr."""
    return project.recipe[floor.material] * project.capacity * ramp(project, year - first_of(project, decision))


def operations(data: PlanData, project: Project, decision: int, year: int) -> float:
    """What it earns in a year at lenders' prices by selling all that it makes, MUSD."""
    worth = sum(g * bank_price(data, m, project.region, year) for m, g in project.recipe.items())
    output = project.capacity * ramp(project, year - first_of(project, decision))
    return output * (worth - project.operating_cost) - project.fixed_cost


def beside_floor(data: PlanData, floor: Floor, project: Project, decision: int) -> float:
    """What lenders see in a package but for its floor."""
    left = 1.0 - floor.equity_share  # of the cash after debt service, for everybody else
    worth = put_in(floor, project)
    for year in tenor(floor, project, decision):
        credit = deemed(floor, project, decision, year) * floor.credit
        worth += left * discount(project, decision, year) * credit
    for year, paid_back in instalments(floor, project, decision).items():
        worth -= left * discount(project, decision, year) * paid_back
    for year in life_of(project, decision) if floor.equity_share else ():
        earned = operations(data, project, decision, year)
        worth -= floor.equity_share * discount(project, decision, year) * earned
    return worth


def alone(data: PlanData, floor: Floor, project: Project, decision: int) -> float:
    """What a package is worth to lenders without any contract."""
    worth = 0.0
    for year in tenor(floor, project, decision):
        per_t = rate(floor, bank_price(data, floor.material, project.region, year))
        worth += discount(project, decision, year) * deemed(floor, project, decision, year) * per_t
    return beside_floor(data, floor, project, decision) + (1.0 - floor.equity_share) * worth


def with_level(data: PlanData, floor: Floor, decision: int, *, offered: bool = True) -> Floor | None:
    """A package of a project with its floor, also where it is left blank; None where it is not on offer.

    offered: False for one that is committed, which is there whatever is on offer.
    """
    if floor.floor is not None:
        return floor
    level = least_level(data, floor, data.projects[floor.project], decision)
    if level is None or (offered and floor.floor_max is not None and level > floor.floor_max):
        return None
    return replace(floor, floor=level * A_LITTLE_MORE)


def least_level(data: PlanData, floor: Floor, project: Project, decision: int) -> float | None:
    """The lowest floor with which lenders miss nothing, MUSD/t: straight lines between the prices of the tenor."""
    missing = gap(data, project, decision).gap - beside_floor(data, floor, project, decision)
    missing /= 1.0 - floor.equity_share  # a stake takes its share of what the floor brings
    tonnes: list[tuple[float, float]] = []  # price, discounted tonnes at it
    for year in tenor(floor, project, decision):
        price = bank_price(data, floor.material, project.region, year)
        tonnes.append((price, discount(project, decision, year) * deemed(floor, project, decision, year)))

    def worth(level: float) -> float:
        below = sum(t * max(0.0, level - price) for price, t in tonnes)
        return below - floor.upside_share * sum(t * max(0.0, price - level) for price, t in tonnes)

    low = 0.0
    for high in (*sorted(price for price, _ in tonnes), inf):
        if worth(low) >= missing:
            return low
        if high == inf or worth(high) >= missing:
            slope = sum(t if price <= low else floor.upside_share * t for price, t in tonnes)
            return low + (missing - worth(low)) / slope if slope > 0 else None
        low = max(low, high)
    return None
