"""How lenders judge a private project: net present value at their prices over its whole life. No Pyomo.

They discount at the project's hurdle rate to its decision year, at the lenders' deck (BankPrices, or the base's Prices
x bank_price_factor), the last value holding beyond the deck:

    gap = capex + sum_t d_t (fixed cost + capacity ramp_t (operating cost - value added at bank prices))      [MUSD]
    d_t = (1 + hurdle_rate)^-(t - decision year)

What the base itself breaks counts nothing with them in the years in which it is broken.

A project is bankable unaided when gap <= 0; else grants, floors and contracts must be worth the gap.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import wraps
from typing import Any, TypeVar

from lodestone.data.plan_data import MUSD_PER_T, Contract, Floor, PlanData, Project

R = TypeVar("R", Project, Floor)
T = TypeVar("T")


def once(reckon: Callable[[PlanData, R, int], T]) -> Callable[[PlanData, R, int], T]:
    """Reckoned once for each project or package of the data and year of the decision; rules ask again and again."""

    @wraps(reckon)
    def kept(data: PlanData, row: R, decision_year: int) -> T:
        if (data.projects if isinstance(row, Project) else data.floors).get(row.name) is not row:
            return reckon(data, row, decision_year)  # with terms of its own
        key = (reckon.__name__, row.name, decision_year)
        if key not in data.reckoned:
            data.reckoned[key] = reckon(data, row, decision_year)
        known: T = data.reckoned[key]
        return known

    return kept


def producing_years(project: Project, decision_year: int) -> Sequence[tuple[int, float, float]]:
    """(year, discount factor to the decision, ramp) over the whole life."""
    first, hurdle = project.first_year(decision_year), 1 + project.hurdle_rate
    return [
        (first + age, hurdle ** (decision_year - (first + age)), project.ramp(age)) for age in range(project.life_years)
    ]


@once
def gap(data: PlanData, project: Project, decision_year: int) -> float:
    """MUSD missing to the hurdle rate at the decision; 0 or less: bankable unaided."""
    return project.capex + sum(
        d
        * (project.fixed_cost + project.capacity * ramp * (project.operating_cost - data.bank_value_added(project, t)))
        for t, d, ramp in producing_years(project, decision_year)
    )


def margin_after(data: PlanData, project: Project, decision_year: int, last: int) -> float:
    """MUSD that lenders count on after a year from the project's own sales, worth at the decision."""
    return sum(
        d
        * (project.capacity * ramp * (data.bank_value_added(project, t) - project.operating_cost) - project.fixed_cost)
        for t, d, ramp in producing_years(project, decision_year)
        if t > last
    )


def floor_worth(
    data: PlanData,
    floor: Floor,
    decision_year: int,
    from_age: int = 0,
    to_age: int | None = None,
    level: float | None = None,
) -> float:
    """MUSD per t/yr of covered output that a package is worth to lenders between two ages of production.

    level: stands in for a floor that is left blank, MUSD/t.
    """
    project = data.projects[floor.project]
    end = floor.tenor_years if to_age is None else min(floor.tenor_years, to_age)  # and no longer than it lives
    return sum(
        d * ramp * floor.rate(data.bank_price_of(floor.material, project.region, t), level)
        for age, (t, d, ramp) in enumerate(producing_years(project, decision_year))
        if from_age <= age < end and floor.counts_in(t)
    )


def contract_worth(data: PlanData, contract: Contract, decision_year: int, after: int = 0) -> float:
    """MUSD per t/yr of volume that a contract is worth to lenders. [cheat] Below their price it counts in full.

    after: of the years after that one.
    """
    project = data.projects[contract.supplier]
    first = project.first_year(decision_year)
    worth = 0.0
    for age, (t, d, ramp) in enumerate(producing_years(project, decision_year)):
        if age < contract.tenor_years and t > after and contract.counts_in(t):
            bank = data.bank_price_of(contract.material, project.region, t)
            price = contract.price(bank, t, first)
            worth += d * ramp * (contract.take_or_pay_share * max(0.0, price - bank) - max(0.0, bank - price))
    return worth


def break_even(data: PlanData, project: Project, decision_year: int) -> float | None:
    """Flat price of the main output, MUSD/t, at which the gap is 0, all else at the deck; None without output."""
    if not project.outputs:
        return None
    main = project.main_output
    cost, output = project.capex, 0.0
    for t, d, ramp in producing_years(project, decision_year):
        others = data.bank_value_added(project, t) - project.recipe[main] * data.bank_price_of(main, project.region, t)
        cost += d * (project.fixed_cost + project.capacity * ramp * (project.operating_cost - others))
        output += d * ramp * project.capacity * project.recipe[main]
    return cost / output


def average_bank_price(data: PlanData, project: Project, decision_year: int) -> float | None:
    """Lenders' price of the main output, MUSD/t, averaged over discounted output."""
    if not project.outputs:
        return None
    years = producing_years(project, decision_year)
    return sum(d * ramp * data.bank_price_of(project.main_output, project.region, t) for t, d, ramp in years) / sum(
        d * ramp for _, d, ramp in years
    )


NARROW = 0.05  # margin below which a small change of a figure matters


def margin(data: PlanData, project: Project, decision_year: int) -> float | None:
    """By what share of its break-even price lenders see the main output above it; below 0 where a gap is left."""
    even, deck = break_even(data, project, decision_year), average_bank_price(data, project, decision_year)
    return deck / even - 1 if even is not None and deck is not None and even > 0 else None


def moved_gaps(data: PlanData, project: Project, decision_year: int, by: float = 0.1) -> tuple[float, float]:
    """The gap with operating cost so much higher, and with the price of the main output so much lower."""
    missing = gap(data, project, decision_year)
    worked = [(t, d * ramp * project.capacity) for t, d, ramp in producing_years(project, decision_year)]
    dearer = sum(used for _, used in worked) * project.operating_cost
    if not project.outputs:
        return missing + by * dearer, missing
    rate = project.recipe[project.main_output]
    sold = sum(used * rate * data.bank_price_of(project.main_output, project.region, t) for t, used in worked)
    return missing + by * dearer, missing + by * sold


def grant(data: PlanData, floor: Floor) -> float:
    """MUSD granted with a package."""
    return floor.capex_grant_share * data.projects[floor.project].capex


def loan(project: Project, floor: Floor) -> float:
    """MUSD lent with a package."""
    return floor.loan_share * project.capex


def debt_service(project: Project, floor: Floor, decision_year: int) -> dict[int, float]:
    """Year -> DS, MUSD; none without a loan. A build that comes late does not put it off."""
    first, due = project.first_year(decision_year), instalment(project, floor)
    return dict.fromkeys(range(first, first + floor.loan_years), due) if due else {}


def instalment(project: Project, floor: Floor) -> float:
    """DS: what is paid back of a loan each year from the first planned year of production, MUSD."""
    lent = loan(project, floor)
    factors = ((1 + floor.loan_rate) ** -(project.lead_years + k) for k in range(floor.loan_years))
    return lent / sum(factors) if lent else 0.0


def package_worth(data: PlanData, floor: Floor, decision_year: int, level: float | None = None) -> float:
    """MUSD that a package is worth without any contract, its floor on the whole output.

    level: stands in for a floor that is left blank, MUSD/t.
    """
    project = data.projects[floor.project]
    covered = project.recipe[floor.material] * project.capacity
    of_floor = covered * floor_worth(data, floor, decision_year, level=level)
    return worth_beside_floor(data, floor, decision_year) + (1 - floor.equity_share) * of_floor


def worth_beside_floor(data: PlanData, floor: Floor, decision_year: int) -> float:
    """MUSD that a package is worth but for its floor: grant, loan, stake and credit, less debt service, and less what
    the stake takes (equity_share of what is left after debt service, without the floor)."""
    return put_in(data, floor) + worth_after(data, floor, decision_year)


def put_in(data: PlanData, floor: Floor) -> float:
    """MUSD that come with a package at the decision: grant, loan and stake."""
    return grant(data, floor) + loan(data.projects[floor.project], floor) + floor.equity


def worth_after(data: PlanData, floor: Floor, decision_year: int, after: int = 0, honoured: bool = True) -> float:
    """MUSD that credits are worth, less debt service, and less what the stake takes, in the years after one.

    honoured: whether the credit is paid then.
    """
    project, sigma, worth = data.projects[floor.project], floor.equity_share, 0.0
    for t, due in debt_service(project, floor, decision_year).items():
        if t > after:
            worth -= (1 - sigma) * (1 + project.hurdle_rate) ** (decision_year - t) * due
    if floor.credit and honoured:
        covered = project.recipe[floor.material] * project.capacity
        for age, (t, d, ramp) in enumerate(producing_years(project, decision_year)):
            if age < floor.tenor_years and t > after and floor.counts_in(t):
                worth += (1 - sigma) * d * ramp * floor.credit * covered
    return worth - sigma * margin_after(data, project, decision_year, after) if sigma else worth


MARGIN = 1.000001  # of a floor that is left blank, so that no tolerance loses it


@once
def blank_floor(data: PlanData, floor: Floor, decision_year: int) -> float | None:
    """The least floor that closes the gap with this package alone, MUSD/t; None: not on offer.

    It is not where the least is above floor_max, or where no floor closes the gap.

    What a package is worth is piecewise linear in its floor, and bends at the lenders' prices.
    """
    project, missing = data.projects[floor.project], gap(data, data.projects[floor.project], decision_year)
    years = producing_years(project, decision_year)[: floor.tenor_years]
    bends = sorted({0.0, *(data.bank_price_of(floor.material, project.region, t) for t, _, _ in years)})
    worth = [package_worth(data, floor, decision_year, level) for level in (*bends, bends[-1] + 1.0)]
    least = 0.0
    if worth[0] < missing:
        i = next((i for i, w in enumerate(worth) if w >= missing), len(bends))  # beyond the last bend it goes on rising
        start, step = (bends[i - 1], (bends[i] - bends[i - 1]) if i < len(bends) else 1.0)
        if worth[i] <= worth[i - 1]:
            return None
        least = start + step * (missing - worth[i - 1]) / (worth[i] - worth[i - 1])
    return None if floor.floor_max is not None and least > floor.floor_max else least * MARGIN


def filled_in(data: PlanData, floor: Floor, decision_year: int) -> Floor | None:
    """A package with its floor, worked out where it is left blank; None: not on offer."""
    if floor.floor is not None:
        return floor
    least = blank_floor(data, floor, decision_year)
    return None if least is None else replace(floor, floor=least)


def committed_terms(floor: Floor) -> Floor:
    """What is agreed stands, whatever the most is that would be offered today."""
    return replace(floor, floor_max=None)


def on_offer(data: PlanData, project: Project, decision_year: int) -> list[Floor]:
    """The packages of a project, the floors left blank filled in."""
    filled = (filled_in(data, f, decision_year) for f in data.floors.values() if f.project == project.name)
    return [f for f in filled if f is not None]


def least_floor(data: PlanData, project: Project, decision_year: int) -> Floor | None:
    """The lowest floor on the menu that closes the gap alone."""
    missing = gap(data, project, decision_year)
    closing = [
        f for f in on_offer(data, project, decision_year) if package_worth(data, f, decision_year) >= missing - 1e-9
    ]
    return min(closing, key=lambda f: (f.level, f.capex_grant_share), default=None)


def can_be_closed(data: PlanData, project: Project, decision_year: int) -> bool:
    """Whether one package and all contracts worth something, at their largest, could close the gap (optimistic)."""
    missing = gap(data, project, decision_year)
    packages = [package_worth(data, f, decision_year) for f in on_offer(data, project, decision_year)]
    offtakes = sum(
        max(0.0, contract_worth(data, c, decision_year)) * min(c.max_t, project.recipe[c.material] * project.capacity)
        for c in data.contracts.values()
        if c.supplier == project.name and c.earliest_year <= decision_year <= c.latest_year
    )
    return missing <= max([0.0, *packages]) + offtakes + 1e-9


def decision_years(data: PlanData, project: Project) -> range:
    """Years in which the project can be decided and still produce within the horizon."""
    first = max(project.earliest_year, data.first_year)
    return range(first, min(project.latest_year, data.last_year - project.lead_years) + 1)


def bankability_row(
    data: PlanData, project: Project, decision_year: int, built: bool, closed_by: str
) -> dict[str, Any]:
    """One row of the Bankability table; prices in USD/kg."""
    even, deck = break_even(data, project, decision_year), average_bank_price(data, project, decision_year)
    least = least_floor(data, project, decision_year)
    return {
        "project": project.name,
        "decision_year": decision_year,
        "built": "yes" if built else "no",
        "gap_musd": gap(data, project, decision_year),
        "main_output": project.main_output if project.outputs else "",
        "break_even_usd_per_kg": None if even is None else even / MUSD_PER_T,
        "bank_price_usd_per_kg": None if deck is None else deck / MUSD_PER_T,
        "least_floor": least.name if least else "",
        "least_floor_usd_per_kg": least.level / MUSD_PER_T if least else None,
        "closed_by": closed_by,
    }


def unaided_verdict(data: PlanData, project: Project, decision_year: int) -> str:
    """What can be said of a project that is not built."""
    if gap(data, project, decision_year) <= 0:
        return "not needed"
    return "not built" if can_be_closed(data, project, decision_year) else "no package closes it"


def bankability_table(data: PlanData) -> list[dict[str, Any]]:
    """Every private project in its first possible decision year, without solving anything."""
    rows = []
    for project in data.projects.values():
        years = decision_years(data, project)
        if not project.public and years:
            verdict = unaided_verdict(data, project, years[0])
            verdict = "can be closed" if verdict == "not built" else verdict  # what is built, no one knows yet
            by, moved = margin(data, project, years[0]), moved_gaps(data, project, years[0])
            if verdict == "not needed" and by is not None and by < NARROW and not on_offer(data, project, years[0]):
                verdict = "not needed, by a narrow margin"
            row = bankability_row(data, project, years[0], False, verdict)
            rows.append(row | {"margin_share": by, "dearer_gap_musd": moved[0], "cheaper_gap_musd": moved[1]})
    return rows
