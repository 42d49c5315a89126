"""What each of several plans decides: builds, floors, contracts, and what is held at the end of key years."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from lodestone.plan.plan import Plan
from lodestone.plan.tables import Cell, Row
from lodestone.studies.compare.results import NOISE, Decision, StockYear
from lodestone.studies.compare.side_by_side import by_future, differ, named, union


def decisions(plans: Sequence[Plan], stocks: Sequence[StockYear]) -> Iterable[Decision]:
    """What any run decides, in reading order. stocks: of these plans, of which key years are shown."""
    yield from _decided("build", "", plans, "investments", ("project",), _builds)
    yield from _decided("floor", "", plans, "price_floors", ("floor", "project"), lambda r: _years(r, "decision_year"))
    yield from _decided(
        "contract", "", plans, "contracts", ("contract", "supplier"), lambda r: _years(r, "signing_year")
    )
    yield from _decided(
        "contract volume",
        "t/yr",
        plans,
        "contracts",
        ("contract", "supplier"),
        lambda r: max(float(row["annual_t"]) for row in r),
    )
    years = _key_years(plans)
    used = {stock.line for stock in stocks if any((value or 0.0) > NOISE["t"] for value in stock.values)}
    for stock in stocks:
        if stock.year in years and stock.line in used:
            name = named(f"{stock.stockpile} ({stock.material}), end of {stock.year}", stock.future)
            yield Decision("stock", name, "t", stock.values, differ(stock.values, "t", blank_differs=False))


def _decided(
    kind: str, unit: str, plans: Sequence[Plan], name: str, keys: Sequence[str], value: Callable[[list[Row]], Cell]
) -> Iterable[Decision]:
    """One decision for each id that any run decides on."""
    by_run = [{key: value(rows) for key, rows in by_future(plan, name, *keys).items()} for plan in plans]
    for key in sorted(union(by_run)):  # the order of a table is that of the years, which differ by run
        label, *rest, future = key
        values = tuple(decided.get(key) for decided in by_run)
        shown = named(f"{label} ({rest[0]})" if rest else label, future)
        yield Decision(kind, shown, unit, values, differ(values, unit))


def _builds(rows: list[Row]) -> int | str:
    """2027, or '2027, 2 in 2029'."""
    copies = {row["decision_year"]: 0 for row in sorted(rows, key=lambda r: int(r["decision_year"]))}
    for row in rows:
        copies[row["decision_year"]] += int(row["builds"])
    if len(copies) == 1 and 1 in copies.values():
        return int(next(iter(copies)))
    return ", ".join(str(year) if n == 1 else f"{n} in {year}" for year, n in copies.items())


def _years(rows: list[Row], column: str) -> int | str:
    years = sorted({int(row[column]) for row in rows})
    return years[0] if len(years) == 1 else ", ".join(map(str, years))


def _key_years(plans: Sequence[Plan]) -> set[int]:
    """First and last year of each run, and every fifth."""
    ends = {year for plan in plans for year in plan.horizon}
    return ends | {year for year in range(min(ends), max(ends)) if year % 5 == 0}
