"""Can the plan's tables be read at all, and are they whole?

READING comes first: tables, columns, kinds of values, names and years. Where it fails nothing else can be judged.
WHOLE is judged with the other rules: descriptive columns, duplicate rows, missing rows, negative amounts.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from lodestone.audit.books import Books, Document, Row, rows, time_in, when
from lodestone.audit.budgets import money_by_year
from lodestone.audit.capacity import capacities
from lodestone.audit.china_share import BASES, cap_bases
from lodestone.audit.committed import commitments
from lodestone.audit.verdict import MUSD, NAME, SHARE, TONNES, USD_PER_KG, Check, Rule, at_least, holds, same
from lodestone.data.plan_data import STREAMS, PlanData, time_of, year_of
from lodestone.plan.tables import COST_TERMS, TABLES, Column, PlanTable

# Columns whose names are no ids: regions and sectors of a cap as written, the unit of an amount.
OTHER_NAMES = (("china_share", "region"), ("china_share", "sector"), ("committed", "unit"))

KEYS = {table.name: table.key for table in TABLES.values()}  # what makes a row of each table unique
BY_YEAR = ("committed", "china_share", "budgets")  # also where years are cut
MONTH = "month"
AMOUNT_UNITS = {"t": TONNES, "t/yr": TONNES, "MUSD": MUSD, "USD/kg": USD_PER_KG}  # all others like shares
AMOUNTS = ("number", "count")
IN_HORIZON = {"year", "decision_year", "signing_year"}
COMMITMENTS = {("floor_payments", "decision_year"), ("contract_years", "signing_year")}  # may lie before the horizon
TOTALS = ("objective_musd", "expected_cost_musd", "tariff_revenue_musd")


def tables(data: PlanData, document: Document) -> Iterator[Check]:
    """The parts, tables and figures that rules read are there, each of its kind."""
    for total in TOTALS:
        yield holds(total, _is_number(document.get(total)), "a finite number", repr(document.get(total)))
    for part in ("costs_musd", "tables"):
        yield holds(part, isinstance(document.get(part), Mapping), "a part of the plan", "no such part")
    for term, value in _part(document, "costs_musd").items():
        yield holds(f"costs_musd {term}", term in COST_TERMS, "a cost term", repr(term))
        yield holds(f"costs_musd {term}", _is_number(value), "a finite number", repr(value))
    given = _part(document, "tables")
    needed = TABLES if commitments(data) else TABLES.keys() - {"committed"}
    for table in TABLES.values():
        there = isinstance(given.get(table.name), Sequence)
        yield holds(table.name, there or table.name not in needed, "a table of the plan", "no such table")
        months = data.is_cut and "year" in table.names and table.name not in BY_YEAR
        for number, row in enumerate(given[table.name] if there else ()):
            where = f"{table.name} row {number + 1}"
            yield from _cells(table, where, row)
            if isinstance(row, Mapping) and (months or MONTH in row):
                month = row.get(MONTH)
                good = type(month) is int if months else month is None
                yield holds(f"{where} {MONTH}", good, "a month" if months else "no month", repr(month))


def _part(document: Document, name: str) -> Document:
    part = document.get(name)
    return part if isinstance(part, Mapping) else {}


def _cells(table: PlanTable, where: str, row: object) -> Iterator[Check]:
    """Numbers where numbers are due, years where years are, texts elsewhere."""
    if not isinstance(row, Mapping):
        yield holds(where, False, "a row with named columns", repr(row))
        return
    for column in table.columns:
        place, value = f"{where} {column.name}", row.get(column.name)
        if column.kind in AMOUNTS:
            good = _is_number(value) or (value is None and column.blank)
            due = "a finite number"
        elif column.kind == "year":
            good, due = type(value) is int, "a year"
        elif column.kind == "any":
            good, due = _is_number(value) or _is_text(value), "a number or a text"
        else:
            good, due = column.name in row and _is_text(value), "a text"
        yield holds(place, good, due, "" if good else repr(value))


def _is_number(value: object) -> bool:
    if type(value) is float:  # most cells of a plan
        return math.isfinite(value)
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_text(value: object) -> bool:
    """Or nothing."""
    return value is None or isinstance(value, str)


def names(data: PlanData, document: Document) -> Iterator[Check]:
    """Everything that a row names is in the workbook."""
    known: dict[str, Collection[str]] = {
        "project": data.projects,
        "floor": data.floors,
        "contract": data.contracts,
        "supplier": data.units.keys() | data.markets.keys(),
        "unit": data.units,
        "market": data.markets,
        "material": data.materials,
        "region": data.regions,
        "from_region": data.regions,
        "to_region": data.regions,
        "sector": data.sectors,
        "option": data.substitution,
        "stockpile": data.stockpiles,
        "cap": data.caps,
        "budget": data.budgets,
        "term": COST_TERMS,
        "stream": STREAMS,
        "basis": BASES,
        "kind": ("project", "floor", "contract", "plant"),
    }
    times = set(data.times)
    committed_years = {f.committed_year for f in data.floors.values()}
    committed_years |= {c.committed_year for c in data.contracts.values()}
    years = data.years

    def is_name(table: str, column: str) -> bool:
        return column in known and (table, column) not in OTHER_NAMES

    def is_year(table: str, column: str) -> bool:
        return column in IN_HORIZON and table not in ("bankability", "committed")

    asked = {
        name: [(c, is_name(name, c)) for c in table.names if is_name(name, c) or is_year(name, c)]
        for name, table in TABLES.items()
    }
    for table, row, where in _all_rows(document):
        for column, named in asked[table]:
            value = row.get(column)
            if named:
                good = isinstance(value, str) and value in known[column]
                good = good or ((table, column) == ("floor_payments", "project") and value in data.plants)
                yield holds(where, good, f"{column} of the workbook", "" if good else repr(value))
            else:
                good = value in years or ((table, column) in COMMITMENTS and value in committed_years)
                yield holds(where, good, f"{column} in the horizon", "" if good else repr(value))
        if row.get(MONTH) is not None:
            yield holds(where, time_in(row) in times, f"a {MONTH} in which a period begins", repr(row[MONTH]))


def labels(data: PlanData, books: Books) -> Iterator[Check]:
    """Columns that only repeat what the workbook says of the row's id."""
    unit_of, site_of, market_of = data.units, data.stockpiles, data.markets
    option_of, cap_of, contract_of, floor_of = data.substitution, data.caps, data.contracts, data.floors
    expected: dict[str, Callable[[Row], Mapping[str, object]]] = {
        "investments": lambda r: {
            "region": unit_of[r["project"]].region,
            "funding": "public" if data.projects[r["project"]].public else "private",
        },
        "price_floors": lambda r: _parts(floor_of[r["floor"]], "project", "material"),
        "floor_payments": lambda r: {
            **_parts(floor_of[r["floor"]], "project"),
            **_committed(r, floor_of[r["floor"]].committed_year == r["decision_year"]),
        },
        "contracts": lambda r: _parts(contract_of[r["contract"]], "supplier", "material"),
        "contract_years": lambda r: {
            **_parts(contract_of[r["contract"]], "supplier", "material"),
            **_committed(r, contract_of[r["contract"]].committed_year == r["signing_year"]),
        },
        "plants": lambda r: {
            "kind": "project" if r["unit"] in data.projects else "plant",
            **_parts(unit_of[r["unit"]], "region", "process"),
        },
        "markets": lambda r: {
            "side": "buy" if market_of[r["market"]].buys else "sell",
            **_parts(market_of[r["market"]], "region", "material"),
        },
        "substitution": lambda r: _parts(option_of[r["option"]], "sector", "material"),
        "stockpile": lambda r: _parts(site_of[r["stockpile"]], "region", "material"),
        "china_share": lambda r: {"region": cap_of[r["cap"]].region, "sector": cap_of[r["cap"]].sector or "*"},
        "costs": lambda r: {"payer": COST_TERMS[r["term"]]},
    }
    for table, row, where in _all_rows(books.document):
        if table in expected:
            for column, value in expected[table](row).items():
                yield same(where, column, row.get(column), value)


def _parts(thing: object, *attributes: str) -> dict[str, object]:
    return {a: getattr(thing, a) for a in attributes}


def _committed(row: Row, decided_already: bool) -> dict[str, object]:
    if decided_already:
        return {"committed": "yes"}
    return {"committed": "no"} if row.get("committed") == "yes" else {}


def unique(_data: PlanData, books: Books) -> Iterator[Check]:
    """No two rows of a table have the same key."""
    count = Counter((table, key_of(table, row)) for table, row, _ in _all_rows(books.document))
    for (table, key), times in count.items():
        yield holds(_where(table, key), times == 1, "one row", f"{times} rows")


def amounts(data: PlanData, books: Books) -> Iterator[Check]:
    """Amounts are finite, and not below 0 where they cannot be."""
    least = {
        name: [(c.name, AMOUNT_UNITS.get(c.unit, SHARE)) for c in table.columns if _is_amount(c) and not c.negative]
        for name, table in TABLES.items()
    }
    for table, row, where in _all_rows(books.document):
        for column, unit in least[table]:
            if not _is_text(row[column]):
                yield at_least(where, column, row[column], 0.0, unit)
    for row in books.rows("stockpile"):
        clean = row["stock_t"] - row["exposed_t"]
        yield at_least(
            f"stockpile {row['stockpile']} {when(data, time_in(row))}",
            "clean stock",
            clean,
            0.0,
            TONNES,
            row["stock_t"],
        )


def _is_amount(column: Column) -> bool:
    return column.kind in (*AMOUNTS, "any")


def complete(data: PlanData, books: Books) -> Iterator[Check]:
    """Tables that leave no row out have every row that the workbook and the decisions call for, and no other."""
    times = {time: _period(data, time) for time in data.times}
    capacity = capacities(data, books)
    present = {table: {key_of(table, row) for row in books.rows(table)} for table in TABLES}
    bases = cap_bases(data, books)
    required: dict[str, set[tuple[object, ...]]] = {
        "demand": {(*need, *t) for need in data.demand for t in times.values()},
        "stockpile": {(site, *t) for site in data.stockpiles for t in times.values()},
        "budgets": {(name, y) for name in data.budgets for y in money_by_year(data, name)},
        "floor_payments": {
            (a.floor.name, a.year, *t) for a in books.awards for n, t in times.items() if a.covers(year_of(n))
        },
        "contract_years": {(*s.key, *t) for s in books.signings for n, t in times.items() if s.covers(year_of(n))},
        "plants": {(unit, *t) for unit in data.units for n, t in times.items() if capacity[unit, n] > 0},
        "china_share": {key for key, basis in bases.items() if basis.consumption > 1e-4},
    }
    for table, keys in required.items():
        for key in sorted(keys, key=str):
            yield holds(_where(table, key), key in present[table], "a row", "none")
    allowed = required | {"china_share": set(bases)}
    for table in ("demand", "stockpile", "budgets", "floor_payments", "contract_years", "china_share"):
        for key in sorted(present[table], key=str):
            yield holds(_where(table, key), key in allowed[table], "no row", "one that the workbook has no reason for")
    yield from _judged_projects(data, books)
    for row in books.rows("substitution"):
        need = (row["region"], row["sector"], row["material"])
        yield holds(f"substitution {row['option']} {row['region']}", need in data.demand, "a demand", "none")


def _period(data: PlanData, time: int) -> tuple[int, ...]:
    """As keys of rows name it: year, and month where years are cut."""
    return (year_of(time), time - time_of(year_of(time), 0)) if data.is_cut else (year_of(time),)


def _judged_projects(data: PlanData, books: Books) -> Iterator[Check]:
    """Every private project that can be decided is shown to lenders, a built one in a year in which it is built."""
    for project in data.projects.values():
        if not project.public and _can_be_decided(data, project.name):
            shown = {row["decision_year"] for row in books.rows("bankability") if row["project"] == project.name}
            built = {year for (name, year), copies in books.decided.items() if name == project.name and copies}
            good = bool(shown & built) if built else bool(shown)
            yield holds(f"bankability {project.name}", good, "a row", "none")


def _can_be_decided(data: PlanData, name: str) -> bool:
    """In its window, and with a place that nothing committed takes up."""
    project = data.projects[name]
    latest = min(project.latest_year, data.last_year - project.lead_years)
    rivals = [p for p in data.projects.values() if p.group == project.group] if project.group else []
    free = project.max_builds > (project.committed_year is not None)
    free = free and all(p.committed_year is None for p in rivals)
    return free and max(project.earliest_year, data.first_year) <= latest


def scenario(data: PlanData, books: Books) -> Iterator[Check]:
    """The plan is of the scenario of the data."""
    yield same("plan", "scenario", books.document.get("scenario"), data.scenario.name)


def _all_rows(document: Document) -> Iterator[tuple[str, Row, str]]:
    for table in TABLES:
        for row in rows(document, table):
            yield table, row, _where(table, key_of(table, row))


def key_of(table: str, row: Row) -> tuple[object, ...]:
    """The values that make a row unique in its table."""
    key = tuple(row.get(column) for column in KEYS[table])
    return (*key, row[MONTH]) if row.get(MONTH) is not None else key


def _where(table: str, key: tuple[object, ...]) -> str:
    return f"{table} " + "/".join(str(part) for part in key)


READING: tuple[Rule[Document], ...] = (
    Rule("tables", "Every table of the plan is there, and its numbers are numbers.", NAME, tables),
    Rule("names", "Every name stands in the workbook and every year lies in the horizon.", NAME, names),
)
WHOLE: tuple[Rule[Books], ...] = (
    Rule("scenario", "The plan is judged against the data of its own scenario.", NAME, scenario),
    Rule("labels", "Regions, materials and the like beside a name are those of the workbook.", NAME, labels),
    Rule("unique rows", "No row stands twice.", NAME, unique),
    Rule("complete tables", "No row is missing and none is there without reason.", NAME, complete),
    Rule("no negative amounts", "No amount is negative that cannot be.", TONNES, amounts),
)
