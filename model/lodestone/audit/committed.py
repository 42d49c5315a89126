"""What is committed: no choice of the plan, shown as the workbook says, and not said to be decided by the plan.

A project is built once in its committed_year, a package awarded and a contract signed in theirs, also before
first_year. `books` counts them from the workbook, so that every other rule judges the plan with them.
"""

from __future__ import annotations

from collections.abc import Iterator

from lodestone.audit.books import Books
from lodestone.audit.packages import with_level
from lodestone.audit.verdict import NAME, TONNES, USD_PER_KG, Check, Rule, equal, holds, same
from lodestone.data.plan_data import MUSD_PER_T, PlanData

YEARLY_TONNES = "t/yr"


def commitments(data: PlanData) -> dict[tuple[str, str], tuple[str, int, float, str]]:
    """Kind and name -> region, year, amount and its unit."""
    found: dict[tuple[str, str], tuple[str, int, float, str]] = {}
    for p in data.projects.values():
        if p.committed_year is not None:
            found["project", p.name] = (p.region, p.committed_year, p.capacity, YEARLY_TONNES)
    for f in data.floors.values():
        if f.committed_year is not None:
            filled = with_level(data, f, f.committed_year, offered=False)
            level = filled.level / MUSD_PER_T if filled else 0.0
            found["floor", f.name] = (data.units[f.project].region, f.committed_year, level, USD_PER_KG)
    for c in data.contracts.values():
        if c.committed_year is not None:
            found["contract", c.name] = (data.region_of(c.supplier), c.committed_year, c.committed_t, YEARLY_TONNES)
    return found


def committed(data: PlanData, books: Books) -> Iterator[Check]:
    """What is committed stands in the plan, in its year and of its size."""
    expected = commitments(data)
    shown = {(row["kind"], row["name"]): row for row in books.rows("committed")}
    for key in sorted(expected.keys() | shown.keys()):
        where = " ".join(key)
        if key not in expected or key not in shown:
            yield holds(where, False, "what the workbook commits", "in one of plan and workbook only")
            continue
        row, (region, year, amount, unit) = shown[key], expected[key]
        yield same(where, "region", row["region"], region)
        yield same(where, "year", row["year"], year)
        yield same(where, "unit", row["unit"], unit)
        yield equal(where, "amount", row["amount"], amount, USD_PER_KG if unit == USD_PER_KG else TONNES)


COMMITTED: tuple[Rule[Books], ...] = (
    Rule("committed", "What is committed is shown as the workbook says, and nothing else.", NAME, committed),
)
