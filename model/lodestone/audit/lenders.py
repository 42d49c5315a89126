"""Bankability: a private project is decided only if lenders earn the hurdle rate at their prices.

gap = capex + sum_t d_t (fixed cost + capacity ramp_t (operating cost - value added at bank prices))
(10) what packages bring beside their floors + (1 - sigma) (sum_t d_t ramp_t v_t cov_t + sum over contracts of CV q)
     >= gap x copies;   sigma: the payer's share of what is left after debt service
cov_t = g x capacity - sum over contracts whose tenor covers t of take_or_pay_share x q
d_t = (1 + hurdle_rate)^-(t - decision), over the whole life, also beyond the horizon; lenders foresee no delay

What the base itself breaks counts nothing in the years in which it is broken. Nobody asks them of what is committed.
[cheat] No package is on offer where a project is bankable unaided.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import inf

from lodestone.audit.books import Award, Books, Row, Signing
from lodestone.audit.capacity import lists
from lodestone.audit.contracts import contract_price
from lodestone.audit.packages import alone, believed, beside_floor, rate, tenor, with_level
from lodestone.audit.projects import Gap, bank_price, discount, gap, life_of, ramp
from lodestone.audit.verdict import (
    MUSD,
    NAME,
    USD_PER_KG,
    Check,
    Rule,
    at_least,
    at_most,
    equal,
    holds,
    same,
    tolerance,
)
from lodestone.data.plan_data import MUSD_PER_T, PlanData, Project


def floor_worth(data: PlanData, books: Books, award: Award) -> float:
    """A package as lenders count it."""
    project, worth = data.projects[award.unit.name], 0.0
    signed = signed_with(books, project.name, award.year)
    for year in tenor(award.floor, project, award.year):
        worth += discount(project, award.year, year) * floor_value(data, award, signed, year)
    return beside_floor(data, award.floor, project, award.year) + (1 - award.floor.equity_share) * worth


def floor_value(data: PlanData, award: Award, signed: Sequence[Signing], year: int) -> float:
    """What a floor brings in a year of its tenor, MUSD; what contracts bind somebody to take is not under it."""
    project, material = data.projects[award.unit.name], award.floor.material
    bound = sum(
        s.contract.take_or_pay_share * s.annual
        for s in signed
        if s.contract.material == material and s.covers(year) and believed(s.contract, year)
    )
    output = (project.recipe[material] * project.capacity - bound) * ramp(project, year - award.first)
    return output * rate(award.floor, bank_price(data, material, project.region, year))


def contract_worth(data: PlanData, signing: Signing) -> float:
    """CV q."""
    project, worth = data.projects[signing.contract.supplier], 0.0
    for year in range(signing.first, signing.last + 1):
        if believed(signing.contract, year):
            worth += discount(project, signing.year, year) * contract_value(data, signing, year)
    return worth


def contract_value(data: PlanData, signing: Signing, year: int) -> float:
    """Of a year, MUSD: take-or-pay above the lenders' price counts in part, a price below it in full."""
    contract, project = signing.contract, data.projects[signing.contract.supplier]
    bank = bank_price(data, contract.material, project.region, year)
    price = contract_price(contract, bank, year - signing.first)
    per_t = contract.take_or_pay_share * max(0.0, price - bank) - max(0.0, bank - price)
    return signing.annual * ramp(project, year - signing.first) * per_t


def signed_with(books: Books, project: str, decision: int) -> list[Signing]:
    """Signings with a project in the year of its decision."""
    return [s for s in books.signings if (s.contract.supplier, s.year) == (project, decision)]


def bankable(data: PlanData, books: Books) -> Iterator[Check]:
    """(10) for every private project that the plan decides."""
    for (name, decision), copies in books.decided.items():
        project = data.projects[name]
        if not project.public:
            awarded = [a for a in books.chosen_awards if (a.unit.name, a.year) == (name, decision)]
            signed = [s for s in books.chosen_signings if (s.contract.supplier, s.year) == (name, decision)]
            ours = 1.0 - sum(a.floor.equity_share for a in awarded)  # a stake has its share of contracts too
            support = [floor_worth(data, books, a) for a in awarded] + [ours * contract_worth(data, s) for s in signed]
            needed = gap(data, project, decision)
            scale = needed.scale * copies
            yield at_least(f"{name} {decision}", "support", sum(support), needed.gap * copies, MUSD, scale, *support)


def on_offer(data: PlanData, books: Books) -> Iterator[Check]:
    """[cheat] No package where a project is bankable unaided."""
    for award in books.chosen_awards:
        if isinstance(award.unit, Project):
            seen = gap(data, award.unit, award.year)
            missing = f"a gap of {seen.gap:.10g} MUSD"
            yield holds(award.where, seen.gap > -tolerance(MUSD, seen.scale), "a package that is needed", missing)
            there = with_level(data, data.floors[award.floor.name], award.year) is not None
            yield holds(award.where, there, "a floor that closes the gap, up to its largest", "none")


def bankability_table(data: PlanData, books: Books) -> Iterator[Check]:
    """The table says the gap, break-even price and verdict of each project."""
    for row in books.rows("bankability"):
        project, decision = data.projects[row["project"]], row["decision_year"]
        where, seen = f"{project.name} {decision}", gap(data, project, decision)
        built = books.decided[project.name, decision] > 0.5
        yield holds(where, not project.public, "a private project", "a public one")
        yield same(where, "built", row["built"], "yes" if built else "no")
        if not built:
            yield same(where, "first possible decision", decision, max(project.earliest_year, data.first_year))
        yield equal(where, "gap", row["gap_musd"], seen.gap, MUSD, seen.scale)
        main = next((m for m, g in project.recipe.items() if g > 0), None)
        yield same(where, "main output", row["main_output"] or None, main)
        found = row["break_even_usd_per_kg"]
        if found is not None and seen.break_even is not None:
            yield equal(where, "break-even price", found, seen.break_even / MUSD_PER_T, USD_PER_KG)
        deck = [bank_price(data, main, project.region, year) for year in life_of(project, decision)] if main else []
        average = row["bank_price_usd_per_kg"]
        if average is not None and deck:
            yield at_least(where, "average bank price", average, min(deck) / MUSD_PER_T, USD_PER_KG)
            yield at_most(where, "average bank price", average, max(deck) / MUSD_PER_T, USD_PER_KG)
        yield _closed_by(books, row, project, seen)


def _closed_by(books: Books, row: Row, project: Project, seen: Gap) -> Check:
    """Names of what closed the gap, or in words why none is named."""
    decision, said = row["decision_year"], row["closed_by"] or ""
    where, little = f"{project.name} {decision}", tolerance(MUSD, seen.scale)
    if abs(seen.gap) <= little:
        return holds(where, True, "anything", said)
    if seen.gap < 0:
        return holds(where, said == "not needed", "closed_by 'not needed'", repr(said))
    if books.decided[project.name, decision] < 0.5:
        unbuilt = ("not built", "no package closes it")
        return holds(where, said in unbuilt, "closed_by " + " or ".join(map(repr, unbuilt)), repr(said))
    names = [a.floor.name for a in books.chosen_awards if (a.unit.name, a.year) == (project.name, decision)]
    names += [
        s.contract.name for s in books.chosen_signings if (s.contract.supplier, s.year) == (project.name, decision)
    ]
    return holds(where, lists(said, names), f"closed_by {', '.join(names)!r}", repr(said))


def least_floor(data: PlanData, books: Books) -> Iterator[Check]:
    """The package named as the least that closes the gap alone does so, and no lower one does."""
    for row in books.rows("bankability"):
        project, decision = data.projects[row["project"]], row["decision_year"]
        where, needed = f"{project.name} {decision}", gap(data, project, decision)
        rows = [f for f in data.floors.values() if f.project == project.name and f.committed_year is None]
        menu = [offer for f in rows if (offer := with_level(data, f, decision))]
        said = row["least_floor"] or ""
        named = next((f for f in menu if f.name == said), None)
        slack, lowest = tolerance(MUSD, needed.scale), named.level if named else inf
        if named:
            worth, found = alone(data, named, project, decision), row["least_floor_usd_per_kg"] or 0.0
            yield at_least(where, f"support by {named.name}", worth, needed.gap, MUSD, needed.scale)
            yield equal(where, "its floor", found, named.level / MUSD_PER_T, USD_PER_KG)
        else:
            yield holds(where, not said, f"a package on offer to {project.name}", said)
            yield same(where, "floor of no package", None if said else row["least_floor_usd_per_kg"], None)
        for floor in menu if named or needed.gap > 0 else ():  # where nothing is missing none is on offer
            if floor.level < lowest:
                closes = alone(data, floor, project, decision) > needed.gap + slack
                yield holds(
                    where, not closes, f"the lower floor {floor.name}, which closes the gap", repr(row["least_floor"])
                )


LENDERS: tuple[Rule[Books], ...] = (
    Rule("(10) bankability", "Lenders of each private project earn the hurdle rate at their prices.", MUSD, bankable),
    Rule("(10) on offer", "No package goes to a project that is bankable unaided.", NAME, on_offer),
    Rule("(10) gaps", "Gap and break-even price of each private project are reported right.", MUSD, bankability_table),
    Rule("(10) least floor", "The least floor said to close a gap closes it; no lower one does.", MUSD, least_floor),
)
