"""What is built earns its keep in the plan: not at lenders' prices alone, but at the plan's own prices and sales.

For each private project that is not committed and each decision n, h its hurdle rate, over all futures that share n:

(26) sum over the periods from n on of p (1 + h)^-(year - first_year) (value added act + topup + floor payments +
     credits + what its contracts bring - operating cost act - fixed cost of what is kept
     - w (DS + sigma max(0, CF - DS)) of what is decided at n)  +  tail
     >=  p(n) (1 + h)^-(decision - first_year) (capex copies - grant - loan - equity)

tail: what lenders count after last_year for what is decided at n, but nothing of promises that are broken by then;
where the project can be closed, its own margin, if above 0, at most for what is kept open at the end. topup counts from
the planned first year of production of its first build on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lodestone.audit.books import Award, Books, Signing
from lodestone.audit.closing import can_close, fixed_costs, kept_open
from lodestone.audit.contracts import brought
from lodestone.audit.floors import credit, payment, value_added
from lodestone.audit.lenders import contract_value, floor_value, signed_with
from lodestone.audit.packages import believed, deemed, operations, put_in, tenor
from lodestone.audit.projects import first_of, life_of
from lodestone.audit.stakes import service, taken_by_stake
from lodestone.audit.verdict import MUSD, Check, Rule, at_least
from lodestone.data.plan_data import PlanData, Project, year_of


@dataclass(frozen=True)
class Path:
    """One future: its data, what the plan does in it, and its probability."""

    data: PlanData
    books: Books
    probability: float


def earns_its_keep(paths: Sequence[Path], project: Project, decision: int) -> Check:
    """(26) of what is decided in a year, by the futures that share the decision."""
    data, books = paths[0].data, paths[0].books
    terms = []
    for path in paths:
        amounts = *earned(path, project, decision), tail(path, project, decision)
        terms += [path.probability * amount for amount in amounts]
    likely = sum(p.probability for p in paths)
    awards = [a for a in books.awards if (a.unit.name, a.year) == (project.name, decision)]
    spent = project.capex * books.decided[project.name, decision] - sum(put_in(a.floor, project) for a in awards)
    asked = likely * spent * _factor(data, project, decision)
    return at_least(f"{project.name} {decision}", "earned at its hurdle rate", sum(terms), asked, MUSD, *terms)


def earned(path: Path, project: Project, decision: int) -> list[float]:
    """What it earns in each period of the horizon from the decision on, MUSD at first_year at its hurdle rate."""
    data, books = path.data, path.books
    ours = [a for a in books.awards if a.unit.name == project.name]
    signed = [s for s in books.signings if s.contract.supplier == project.name]
    fixed, result = fixed_costs(data, books), []
    begins = min(first_of(project, decided) for name, decided in books.decided if name == project.name)
    for time in data.times:
        year = year_of(time)
        if year < decision:
            continue
        margin = value_added(data, project, time) - project.operating_cost
        amount = margin * books.use(project.name, time) - fixed[project.name, time]
        amount += sum(payment(data, books, a, time) + credit(data, books, a, time) for a in ours)
        amount += sum(brought(data, books, s, time) for s in signed)
        if year >= begins:
            amount += books.topup[project.name, time]
        for award in ours:
            if award.year == decision:
                due = service(award).get(year, 0.0) + taken_by_stake(data, award, project, time)
                amount -= books.length[time] * due
        result.append(amount * _factor(data, project, year))
    return result


def tail(path: Path, project: Project, decision: int) -> float:
    """What lenders count after last_year, MUSD at first_year at the hurdle rate."""
    data, books = path.data, path.books
    later = [year for year in life_of(project, decision) if year > data.last_year]
    margin = sum(operations(data, project, decision, y) * _factor(data, project, y) for y in later)
    copies = books.decided[project.name, decision]
    if margin > 0 and can_close(project):
        copies = min(copies, kept_open(data, books)[project.name, data.last_time])
    worth, ours = margin * copies, 1.0
    signed = [s for s in signed_with(books, project.name, decision) if s.contract.is_honoured(data.last_time)]
    for award in books.awards:
        if (award.unit.name, award.year) == (project.name, decision):
            ours -= award.floor.equity_share
            worth += sum(_promised(data, award, project, signed, y) * _factor(data, project, y) for y in later)
    for signing in signed:
        kept = (y for y in later if signing.covers(y) and believed(signing.contract, y))
        worth += ours * sum(contract_value(data, signing, y) * _factor(data, project, y) for y in kept)
    return worth


def _promised(data: PlanData, award: Award, project: Project, signed: Sequence[Signing], year: int) -> float:
    """What a package brings in a year after the horizon, and what it takes, MUSD."""
    floor = award.floor
    brings = -service(award).get(year, 0.0)
    if year in tenor(floor, project, award.year) and floor.is_honoured(data.last_time):
        brings += floor_value(data, award, signed, year)
        brings += floor.credit * deemed(floor, project, award.year, year)
    own = operations(data, project, award.year, year)
    return (1.0 - floor.equity_share) * brings - floor.equity_share * own


def _factor(data: PlanData, project: Project, year: int) -> float:
    return float((1 + project.hurdle_rate) ** (data.first_year - year))


def keeps(data: PlanData, books: Books) -> Iterator[Check]:
    """(26) in a plan of one future."""
    for name, decision in books.decided:
        project = data.projects[name]
        if not project.public and project.committed_year is None:
            yield earns_its_keep([Path(data, books, 1.0)], project, decision)


KEEPS: Rule[Books] = Rule("(26) earns its keep", "Private projects earn their hurdle rate in the plan.", MUSD, keeps)
