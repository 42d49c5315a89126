"""What a secure plan stands: each branch that it was made with, audited as a plan of its own, and beside its future.

(24) short <= (1 - secure_share) x w x demand from the time at which the first threat shows itself
[cheat] builds, awards, signings and their volumes are at most those of the branch's future, in the same year
        before the first threat the branch is its future

China-share caps are lifted for every year that ends in the branch, and usable cover asks nothing there. What a branch
costs has no part in the plan, and is not re-checked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from lodestone.audit.books import Document, Row, time_in
from lodestone.audit.joint import known_by
from lodestone.audit.reading import AMOUNT_UNITS, KEYS, key_of
from lodestone.audit.verdict import SHARE, TONNES, Check, Rule, at_most, equal, holds
from lodestone.data.plan_data import MONTHS, PlanData, Time, time_of, year_of
from lodestone.plan.tables import COST_TERMS, SCENARIO, TABLES

Tables = Mapping[str, Sequence[Row]]
DECIDED = (  # table, its name and year, what is at most that of the future
    ("investments", "project", "decision_year", "builds", SHARE),
    ("price_floors", "floor", "decision_year", None, SHARE),
    ("contracts", "contract", "signing_year", "annual_t", TONNES),
)
NOT_COMPARED = ("bankability", "costs")


@dataclass(frozen=True)
class Beside:
    """The tables of a branch, and of the future that it leaves."""

    branch: Tables
    future: Tables


def lifted(data: PlanData) -> PlanData:
    """The data of a branch without the caps of years that end in it, by which usable cover goes too."""
    since = begins(data)

    def ends_in_it(time: Time) -> bool:
        return time_of(year_of(time), MONTHS) >= since

    caps = {
        name: replace(cap, share={time: None if ends_in_it(time) else share for time, share in cap.share.items()})
        for name, cap in data.caps.items()
    }
    return replace(data, caps=caps)


def document(data: PlanData, tables: Tables) -> Document:
    """A branch as a plan of its own; data: lifted."""
    since = year_of(begins(data))
    kept = {name: list(rows) for name, rows in tables.items()}
    kept["china_share"] = [row for row in kept["china_share"] if row["year"] < since]
    return {
        "scenario": data.scenario.name,
        **dict.fromkeys(("objective_musd", "expected_cost_musd", "tariff_revenue_musd"), 0.0),
        "costs_musd": dict.fromkeys(COST_TERMS, 0.0),
        "tables": kept,
    }


def begins(data: PlanData) -> Time:
    """When the first threat shows itself."""
    return data.scenario.shows or data.times[0]


def from_first_threat(data: PlanData, tables: Tables) -> dict[str, list[Row]]:
    """The rows of a branch that its future need not have, which is what plan.json keeps of it."""
    return {
        name: [row for row in rows if name in NOT_COMPARED or known_by(name, row) >= begins(data)]
        for name, rows in tables.items()
    }


def with_what_was_before(data: PlanData, kept: Tables, future: Tables) -> dict[str, list[Row]]:
    """All rows of a branch, from those that plan.json keeps and the future's before the first threat."""

    def before(name: str) -> list[Row]:
        shared = (row for row in future[name] if name not in NOT_COMPARED and known_by(name, row) < begins(data))
        return [{column: value for column, value in row.items() if column != SCENARIO.name} for row in shared]

    return {name: [*before(name), *kept.get(name, ())] for name in KEYS if name in future}


def served(data: PlanData, beside: Beside) -> Iterator[Check]:
    """Under the threats every sector gets its secure_share."""
    lengths = {time: data.periods[year_of(time)] / MONTHS for time in data.times}
    for row in beside.branch["demand"]:
        time, sector = time_in(row), data.sectors[row["sector"]]
        if time >= begins(data) and sector.secure_share > 0:
            wanted = lengths[time] * data.demand[row["region"], row["sector"], row["material"]][time]
            where = f"{row['region']}/{row['sector']}/{row['material']} {time}"
            yield at_most(where, "shortage", row["short_t"], (1 - sector.secure_share) * wanted, TONNES, wanted)


def prepared(data: PlanData, beside: Beside) -> Iterator[Check]:
    """Nothing is decided for a branch that its future had not prepared."""
    for table, name, year, amount, unit in DECIDED:
        planned: dict[tuple[str, int], float] = defaultdict(float)
        for row in beside.future[table]:
            planned[row[name], row[year]] += row[amount] if amount else 1.0
        for row in beside.branch[table]:
            found = row[amount] if amount else 1.0
            yield at_most(f"{row[name]} {row[year]}", "decided", found, planned[row[name], row[year]], unit)


def before(data: PlanData, beside: Beside) -> Iterator[Check]:
    """Until the first threat a branch does what its future does."""
    for table in (t for t in KEYS if t not in NOT_COMPARED and t in beside.branch):
        ours, theirs = (
            {key_of(table, row): row for row in tables[table] if known_by(table, row) < begins(data)}
            for tables in (beside.branch, beside.future)
        )
        yield holds(table, ours.keys() == theirs.keys(), "the rows of the future before the first threat", "others")
        for key in ours.keys() & theirs.keys():
            where = f"{table} {'/'.join(map(str, key))}"
            for column in TABLES[table].columns:
                mine, other = ours[key].get(column.name), theirs[key].get(column.name)
                if isinstance(mine, float) and isinstance(other, float):
                    yield equal(where, column.name, mine, other, AMOUNT_UNITS.get(column.unit, SHARE))
                else:
                    yield holds(where, mine == other, f"{column.name} {other!r}", repr(mine))


SECURE: tuple[Rule[Beside], ...] = (
    Rule("(24) served", "Whatever threats come, each sector gets at least its secure share.", TONNES, served),
    Rule("(24) prepared", "Nothing is built, awarded or signed in a crisis only.", TONNES, prepared),
    Rule("(24) before", "Before the first threat a branch is its future.", TONNES, before),
)
