"""A project by itself: when it produces how much, and what lenders miss of it.

gap = capex + sum_t d_t (fixed cost + capacity ramp_t (operating cost - value added at bank prices))
d_t = (1 + hurdle_rate)^-(t - decision), over the whole life, also beyond the horizon; lenders foresee no delay
"""

from __future__ import annotations

from dataclasses import dataclass

from lodestone.data.plan_data import PlanData, Project, time_of


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
    """Factor from a year to that of the decision, at the hurdle rate."""
    return float((1 + project.hurdle_rate) ** (decision - year))


def gap(data: PlanData, project: Project, decision: int) -> Gap:
    """What the lenders of a project miss, MUSD at the decision."""
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
    """The first year of production that was planned."""
    return decision + project.lead_years


def life_of(project: Project, decision: int) -> range:
    """The years of production that were planned."""
    first = first_of(project, decision)
    return range(first, first + project.life_years)
