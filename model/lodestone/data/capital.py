"""What a payer gets back of the loans and stakes of a support package. Numbers of one award; no Pyomo.

    DS_t       debt service: loan_years equal instalments from the first planned year of production, at loan_rate worth
               the loan at the decision (interest is added to the loan before)
    repaid_t   (1 - loan_loss_share) * DS_t * f,  f = min(1, loan / what (1 - loan_loss_share) * DS_t is worth at
               discount_rate at the decision): [cheat] a loan never earns
    CF_t       ramp_t * (capacity * (value added - operating cost) + g * capacity * (floor rate + credit, in the tenor))
               - fixed cost, at the prices of the time, as if nothing were contracted
    dividend_t equity_share * max(0, CF_t - DS_t)
    counted_t  of it, until what has been counted, worth at the decision at hurdle_rate, reaches equity_musd
    received_t counted_t * e_t,  e_t = min(1, ((1 + discount_rate) / (1 + hurdle_rate))^(t - decision year))

[cheat] A stake is valued as those who bear the risk value it, and never earns more than it cost, on any path: or the
planner would put public money into everything. Nothing is counted before first_year. At the end of the horizon the
instalments to come are counted at discount_rate, and of the dividends to come what they are worth at hurdle_rate at the
prices of last_year, up to the limit.

Units    MUSD
Sheets   in: PriceFloors, Projects
"""

from __future__ import annotations

from lodestone.data.lenders import debt_service, loan
from lodestone.data.plan_data import Floor, PlanData, Time


def repaid(data: PlanData, floor: Floor, decided: int) -> dict[int, float]:
    """Year -> what the payer counts on getting back of the loan."""
    project = data.projects[floor.project]
    expected = {t: (1 - floor.loan_loss_share) * due for t, due in debt_service(project, floor, decided).items()}
    value = sum((1 + data.discount_rate) ** (decided - t) * due for t, due in expected.items())
    lent = loan(project, floor)
    f = lent / value if value > lent else 1.0
    return {t: f * due for t, due in expected.items()}


def dividend(data: PlanData, floor: Floor, decided: int, year: int, time: Time, honoured: bool) -> float:
    """MUSD/yr for the stake in a year, at the prices of a time. honoured: whether floor and credit are paid then."""
    project = data.projects[floor.project]
    first = project.first_year(decided)
    ramp = project.ramp_in(decided, year)
    cash = project.capacity * (data.value_added(project, time) - project.operating_cost)
    if honoured and first <= year < first + min(floor.tenor_years, project.life_years):
        rate = floor.rate(data.floor_price(floor, time)) + floor.credit
        cash += project.recipe[floor.material] * project.capacity * rate
    left = ramp * cash - project.fixed_cost - debt_service(project, floor, decided).get(year, 0.0)
    return floor.equity_share * max(0.0, left)
