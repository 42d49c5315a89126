"""Loans and stakes: what their payer puts in and gets back, on deemed cash; w: the part of a year that a period is.

CF = ramp capacity (value added - operating cost) + deemed output x (rate of the floor + credit, in the tenor) - fixed
     cost, a year's, as if nothing were contracted; a build that comes late earns late, and pays back as planned

A loan brings (1 - loan_loss_share) DS f, f = min(1, loan / what all that is worth at the decision at discount_rate
without f): its interest may cover losses, and it never earns.
A stake brings sigma max(0, CF - DS) e, e = min(1, ((1 + discount_rate) / (1 + hurdle_rate))^(year - decision)), until
what was counted, worth at the decision at hurdle_rate, reaches equity_musd: it never earns more than it cost.
After last_year: DS that remain, at discount_rate; dividends to come at its prices and the hurdle rate, up to what is
left to the limit. Nothing is counted before first_year.
"""

from __future__ import annotations

from lodestone.audit.books import Amounts, Award, Books
from lodestone.audit.floors import output_of, value_added
from lodestone.audit.packages import instalments, loan, rate
from lodestone.audit.projects import starts
from lodestone.data.plan_data import PlanData, Project, Time, time_of, year_of


def cash(data: PlanData, award: Award, project: Project, time: Time) -> float:
    """CF, MUSD a year; beyond the horizon at the prices of its last period."""
    year, then = year_of(time), min(time, data.last_time)
    first = starts(project, award.year)
    if not first <= year < first + project.life_years:
        return 0.0
    output = output_of(data, award, time)  # of the material
    used = output / project.recipe[award.floor.material]
    earned = used * (value_added(data, project, then) - project.operating_cost) - project.fixed_cost
    if award.covers(year) and award.floor.is_honoured(then):
        price = data.price_of(award.floor.material, project.region, then)
        earned += output * (rate(award.floor, price) + award.floor.credit)
    return earned


def service(award: Award) -> dict[int, float]:
    """DS by year, MUSD."""
    return instalments(award.floor, award.unit, award.year) if isinstance(award.unit, Project) else {}


def paid_back(data: PlanData, books: Books, award: Award) -> Amounts[Time]:
    """What the payer gets back of a loan in each period, that of later years in the last, MUSD."""
    result: Amounts[Time] = Amounts()
    if not isinstance(award.unit, Project) or not award.floor.loan_share:
        return result
    seen = {year: (1.0 - award.floor.loan_loss_share) * amount for year, amount in service(award).items()}
    lent = loan(award.floor, award.unit)
    worth = sum(amount * _factor(data.discount_rate, award.year - year) for year, amount in seen.items())
    counted = lent / worth if worth > lent else 1.0
    for time in data.times:
        result.add(time, books.length[time] * counted * seen.get(year_of(time), 0.0))
    for year, amount in seen.items():
        if year > data.last_year:
            result.add(data.last_time, counted * amount * _factor(data.discount_rate, data.last_year - year))
    return result


def dividends(data: PlanData, books: Books, award: Award) -> Amounts[Time]:
    """What the payer counts of a stake in each period, that of later years in the last, MUSD."""
    result: Amounts[Time] = Amounts()
    project, floor = award.unit, award.floor
    if not isinstance(project, Project) or not floor.equity_share:
        return result
    left = floor.equity  # worth at the decision
    for time in data.times:
        year = year_of(time)
        due = books.length[time] * taken_by_stake(data, award, project, time)
        counted = min(due, left / _factor(project.hurdle_rate, award.year - year))
        left -= counted * _factor(project.hurdle_rate, award.year - year)
        result.add(time, counted * _bears_risk(data, project, award, year))
    end = starts(project, award.year) + project.life_years
    to_come = sum(
        taken_by_stake(data, award, project, time_of(year)) * _factor(project.hurdle_rate, data.last_year - year)
        for year in range(data.last_year + 1, end)
    )
    counted = min(to_come, left * _factor(project.hurdle_rate, data.last_year - award.year))
    result.add(data.last_time, counted * _bears_risk(data, project, award, data.last_year))
    return result


def taken_by_stake(data: PlanData, award: Award, project: Project, time: Time) -> float:
    """sigma max(0, CF - DS), MUSD a year."""
    due = service(award).get(year_of(time), 0.0)
    return award.floor.equity_share * max(0.0, cash(data, award, project, time) - due)


def _bears_risk(data: PlanData, project: Project, award: Award, year: int) -> float:
    """e: a stake is valued as those who bear the risk value it."""
    return min(1.0, _factor(data.discount_rate, year - award.year) / _factor(project.hurdle_rate, year - award.year))


def _factor(interest: float, years: int) -> float:
    return float((1 + interest) ** years)
