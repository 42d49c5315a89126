"""A project by itself: when it produces how much, and what lenders miss of it.

gap = capex + sum_t d_t (fixed cost + capacity ramp_t (operating cost - value added at bank prices))
d_t = (1 + hurdle_rate)^-(t - decision), over the whole life, also beyond the horizon; lenders foresee no delay

A floor that is left blank is the lowest from 0 on that closes the gap of its decision year with the grant of its
package and all output uncontracted, and a millionth more; above floor_max it is not on offer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from lodestone.data.plan_data import Floor, PlanData, Project, time_of

A_LITTLE_MORE = 1.000001  # so that no tolerance loses a floor that is just enough


def ramp(project: Project, age: int) -> float:
    """Share of capacity in the (age + 1)-th year of production, 0 outside its life."""
    if age < 0 or age >= project.life_years:
        return 0.0
    return min(1.0, (age + 1) / project.ramp_years)


def starts(project: Project, decision: int) -> int:
    """First year of production as it comes, late or not; nothing is late that was to begin before first_year."""
    planned = decision + project.lead_years
    late = project.delay.get(time_of(planned))
    if late is None:  # not in the horizon: before it nothing is late, after it what holds at its end
        late = project.delay[max(project.delay)] if project.delay and time_of(planned) > max(project.delay) else 0
    return planned + late


@dataclass(frozen=True)
class Gap:
    """One copy of a project as lenders see it. scale: the largest amount in the sum; break_even: MUSD/t."""

    gap: float
    scale: float
    break_even: float | None


def bank_price(data: PlanData, material: str, region: str, year: int) -> float:
    """MUSD/t; years before first_year have its prices."""
    return data.bank_price_of(material, region, max(year, data.first_year))


def discount(project: Project, decision: int, year: int) -> float:
    return float((1 + project.hurdle_rate) ** (decision - year))


def gap(data: PlanData, project: Project, decision: int) -> Gap:
    cost = project.capex  # also that of making: all but the value added
    worth = 0.0
    main = next((m for m, g in project.recipe.items() if g > 0), None)
    main_output = 0.0  # discounted tonnes of the main output, ramped
    main_worth = 0.0
    for year in life_of(project, decision):
        d = discount(project, decision, year)
        output = project.capacity * ramp(project, year - first_of(project, decision))
        cost += d * (project.fixed_cost + output * project.operating_cost)
        for material, g in project.recipe.items():
            received = d * output * g * bank_price(data, material, project.region, year)
            worth += received
            if material == main:
                main_output += d * output * g
                main_worth += received
    missing = cost - worth
    break_even = (missing + main_worth) / main_output if main_output > 0 else None
    return Gap(missing, max(cost, abs(worth), main_worth), break_even)


def first_of(project: Project, decision: int) -> int:
    return decision + project.lead_years


def life_of(project: Project, decision: int) -> range:
    first = first_of(project, decision)
    return range(first, first + project.life_years)


def with_level(data: PlanData, floor: Floor, decision: int) -> Floor | None:
    """A package of a project with its floor, also where it is left blank; None where it is not on offer."""
    if floor.floor is not None:
        return floor
    level = least_level(data, floor, data.projects[floor.project], decision)
    if level is None or (floor.floor_max is not None and level > floor.floor_max):
        return None
    return replace(floor, floor=level * A_LITTLE_MORE)


def least_level(data: PlanData, floor: Floor, project: Project, decision: int) -> float | None:
    """The lowest floor with which lenders miss nothing, MUSD/t: straight lines between the prices of the tenor."""
    missing = gap(data, project, decision).gap - floor.capex_grant_share * project.capex
    first = first_of(project, decision)
    tonnes: list[tuple[float, float]] = []  # price, discounted tonnes at it
    for year in range(first, first + min(floor.tenor_years, project.life_years)):
        output = project.recipe[floor.material] * project.capacity * ramp(project, year - first)
        price = bank_price(data, floor.material, project.region, year)
        tonnes.append((price, discount(project, decision, year) * output))

    def worth(level: float) -> float:
        below = sum(t * max(0.0, level - price) for price, t in tonnes)
        return below - floor.upside_share * sum(t * max(0.0, price - level) for price, t in tonnes)

    low = 0.0
    for high in (*sorted(price for price, _ in tonnes), float("inf")):
        if worth(low) >= missing:
            return low
        if high == float("inf") or worth(high) >= missing:
            slope = sum(t if price <= low else floor.upside_share * t for price, t in tonnes)
            return low + (missing - worth(low)) / slope if slope > 0 else None
        low = max(low, high)
    return None
