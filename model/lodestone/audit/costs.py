"""Cost: every term recomputed per period, discounted by its year and added up; w: the part of a year of a period."""

from __future__ import annotations

from collections.abc import Iterator

from lodestone.audit.books import Amounts, Books, once, time_in, when
from lodestone.audit.cost_items import items
from lodestone.audit.verdict import MUSD, Check, Rule, equal
from lodestone.data.plan_data import PlanData, Time, year_of
from lodestone.plan.tables import COST_TERMS

Costs = Amounts[tuple[str, Time]]  # term, time -> MUSD, undiscounted


@once
def cost_terms(data: PlanData, books: Books) -> Costs:
    """Every term by time, undiscounted; tariffs counted or not. Topups are the plan's (rule (9) checks them).

    What was paid for commitments before first_year is spent, and no cost of the plan.
    """
    costs: Costs = Amounts()
    for item in items(data, books):
        costs.add((item.term, item.time), item.musd)
    return costs


def discount(data: PlanData, year: int) -> float:
    """Discount factor to first_year."""
    return float((1 + data.discount_rate) ** (data.first_year - year))


def costs_table(data: PlanData, books: Books) -> Iterator[Check]:
    """Every term and period of the table, recomputed, MUSD undiscounted."""
    expected = cost_terms(data, books)
    found: Costs = Amounts()
    for row in books.rows("costs"):
        found.add((row["term"], time_in(row)), row["musd"])
    for term in COST_TERMS:
        for time in data.times:
            yield equal(f"{term} {when(data, time)}", "cost", found[term, time], expected[term, time], MUSD)


def discounting(data: PlanData, books: Books) -> Iterator[Check]:
    """Every row discounted from its own year to the first."""
    for row in books.rows("costs"):
        expected = row["musd"] * discount(data, row["year"])
        where = f"{row['term']} {when(data, time_in(row))}"
        yield equal(where, "discounted cost", row["discounted_musd"], expected, MUSD)


def totals(data: PlanData, books: Books) -> Iterator[Check]:
    """Discounted totals by term, and their sum."""
    document, by_term = books.document, totals_by_term(data, books)
    for term in COST_TERMS:
        found = document["costs_musd"].get(term, 0.0)
        yield equal(term, "discounted total", found, by_term[term], MUSD)
    total = sum(by_term.values())
    yield equal("plan", "expected cost", document["expected_cost_musd"], total, MUSD, *by_term.values())


def objective(data: PlanData, books: Books) -> Iterator[Check]:
    """A plan for one scenario has no risk term: the objective is the expected cost."""
    by_term, found = totals_by_term(data, books), books.document["objective_musd"]
    yield equal("plan", "objective", found, sum(by_term.values()), MUSD, *by_term.values())


def totals_by_term(data: PlanData, books: Books) -> Amounts[str]:
    """Cost term -> MUSD discounted to first_year; tariffs only where they count."""
    result: Amounts[str] = Amounts()
    for (term, time), amount in cost_terms(data, books).items():
        if term != "tariffs" or data.tariffs_counted:
            result.add(term, amount * discount(data, year_of(time)))
    return result


def tariff_revenue(data: PlanData, books: Books) -> Iterator[Check]:
    """What importers pay in duties, MUSD discounted, counted as cost or not."""
    terms = cost_terms(data, books)
    total = sum(terms["tariffs", time] * discount(data, year_of(time)) for time in data.times)
    yield equal("plan", "tariff revenue", books.document["tariff_revenue_musd"], total, MUSD)


COSTS: tuple[Rule[Books], ...] = (
    Rule("costs", "Every cost term follows from the plan's amounts and the workbook's prices.", MUSD, costs_table),
    Rule("discounting", "Costs are discounted from their year to the first.", MUSD, discounting),
    Rule("totals", "The terms are added up right, and their sum is the expected cost.", MUSD, totals),
    Rule("tariff revenue", "Tariffs are reported as revenue, counted or not.", MUSD, tariff_revenue),
)
OBJECTIVE: Rule[Books] = Rule("objective", "The objective is the expected cost.", MUSD, objective)
