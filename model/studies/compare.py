"""Runs side by side: what each decides, what differs in cost, China share and flows, and which inputs explain it.

Everything is worked out from the plan documents (plan.json) alone; the workbooks are not needed. The first run is the
one that all others are measured against.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from model.errors import UsageError
from model.plan_tables import COST_TERMS
from model.report.compare_results import (
    NOISE,
    Amounts,
    Comparison,
    Decision,
    FlowDifference,
    KeyFigure,
    Run,
    ShareYear,
    StockYear,
)
from model.report.key_figures import Plan, Row, exposed_share, grouped, table, total
from model.report.run_folder import PLAN_JSON, PLAN_XLSX, read_run
from model.report.words import PAYERS, in_words, musd, one_line, sentence_case, term_label
from model.studies.input_differences import input_differences

ADDS_UP = 1e-6  # MUSD: the bridge against the difference of the costs
LONGEST_NAME = 60
NEEDED = (
    *("plan_name", "scenario", "workbook", "workbook_sha256", "status", "objective_musd", "expected_cost_musd", "gap"),
    *("horizon", "costs_musd", "payers_musd", "changes", "settings", "tables"),
)

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)


# --- runs and their names -------------------------------------------------------------------------------------------


def compare_runs(paths: Sequence[Path]) -> Comparison:
    """Compare runs by their folders (or their plan.json). Raises UsageError when one cannot be read."""
    plans = []
    for path in paths:
        plan = read_run(path.parent if path.name == PLAN_XLSX else path)
        missing = [key for key in NEEDED if key not in plan]
        if missing:
            raise UsageError(f"{path} is not a complete plan: {in_words(missing)} missing; solve it again")
        plans.append(plan)
    return compare(plans, names_by_path(paths))


def names_by_path(paths: Sequence[Path]) -> list[str]:
    """As much of the end of each path as tells the runs apart: 'base', or 'tutorial/base'."""
    places = [path.resolve() for path in paths]
    parts = [(p.parent if p.name in (PLAN_JSON, PLAN_XLSX) else p).parts for p in places]
    different = len(set(parts))
    longest = max((len(p) for p in parts), default=1)
    depth = next((n for n in range(1, longest) if len({p[-n:] for p in parts}) == different), longest)
    return ["/".join(p[-depth:]) for p in parts]


def unique_names(names: Iterable[str]) -> list[str]:
    """Names that can be shown and told apart: no control characters, not too long, '(2)' after one that is taken."""
    unique: list[str] = []
    for name in names:
        name = one_line(name) or "run"
        short = name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 3]}..."
        taken = {n.casefold() for n in unique}
        tries = (short if n == 1 else f"{short} ({n})" for n in range(1, len(unique) + 2))
        unique.append(next(name for name in tries if name.casefold() not in taken))
    return unique


def compare(plans: Sequence[Plan], names: Sequence[str] | None = None) -> Comparison:
    """Compare plan documents; names default to those of their scenarios."""
    if len(plans) < 2:
        raise UsageError("a comparison needs at least two runs")
    names = unique_names(names if names is not None else [plan["scenario"] for plan in plans])
    inputs, inputs_known = input_differences(plans)
    runs = tuple(_run(plans[0], plan, name) for plan, name in zip(plans, names, strict=True))
    return Comparison(
        runs=runs,
        decisions=tuple(_decisions(plans)),
        key_figures=tuple(_key_figures(plans)),
        costs=_costs(plans),
        bridge={name: bridge(plans[0], plan, name) for name, plan in zip(names[1:], plans[1:], strict=True)},
        inputs=tuple(inputs),
        inputs_known=inputs_known,
        flows=tuple(_flows(plans)),
        china_share=tuple(_china_share(plans)),
        stocks=tuple(_stocks(plans)),
        remarks=tuple(_remarks(plans, runs, inputs_known)),
    )


def _run(first: Plan, plan: Plan, name: str) -> Run:
    difference = plan["objective_musd"] - first["objective_musd"]
    gaps = [first["gap"], plan["gap"]]
    objectives = [abs(first["objective_musd"]), abs(plan["objective_musd"])]
    known = all(gap is not None and math.isfinite(gap) for gap in gaps)
    allowed = sum(gap * cost for gap, cost in zip(gaps, objectives, strict=True)) if known else None
    return Run(
        name=name,
        **{key: one_line(plan[key]) for key in ("plan_name", "scenario", "workbook", "workbook_sha256", "status")},
        first_year=plan["horizon"][0],
        last_year=plan["horizon"][1],
        objective_musd=plan["objective_musd"],
        expected_cost_musd=plan["expected_cost_musd"],
        gap=plan["gap"] if plan["gap"] is not None and math.isfinite(plan["gap"]) else None,
        difference_musd=difference,
        allowed_musd=allowed,
        within_gap=allowed is None or abs(difference) <= max(allowed, NOISE["MUSD"]),
    )


# --- cost -----------------------------------------------------------------------------------------------------------


def _terms(plans: Sequence[Plan]) -> list[str]:
    """Every term of any run, in the order of the breakdown."""
    return list(dict.fromkeys([*COST_TERMS, *(term for plan in plans for term in plan["costs_musd"])]))


def _costs(plans: Sequence[Plan]) -> dict[str, tuple[float, ...]]:
    return {term: tuple(plan["costs_musd"].get(term, 0.0) for plan in plans) for term in _terms(plans)}


def bridge(first: Plan, other: Plan, name: str = "") -> dict[str, float]:
    """By term, what the other run costs more than the first. Raises UsageError when it does not add up."""
    steps = {
        term: other["costs_musd"].get(term, 0.0) - first["costs_musd"].get(term, 0.0) for term in _terms([first, other])
    }
    difference = other["expected_cost_musd"] - first["expected_cost_musd"]
    rest = difference - math.fsum(steps.values())
    if not abs(rest) <= ADDS_UP:
        raise UsageError(
            f"the cost terms of {name or other['scenario']} and of the first run do not add up to their costs "
            f"({rest:g} MUSD are left over): a plan.json was changed or is damaged; solve it again"
        )
    return steps


# --- decisions ------------------------------------------------------------------------------------------------------


def _decisions(plans: Sequence[Plan]) -> Iterable[Decision]:
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
    stocks = list(_stocks(plans))
    used = {stock.line for stock in stocks if any((value or 0.0) > NOISE["t"] for value in stock.values)}
    for stock in stocks:
        if stock.year in years and stock.line in used:
            name = _named(f"{stock.stockpile} ({stock.material}), end of {stock.year}", stock.future)
            yield Decision("stock", name, "t", stock.values, _differ(stock.values, "t", blank_differs=False))


def _decided(
    kind: str, unit: str, plans: Sequence[Plan], name: str, keys: Sequence[str], value: Callable[[list[Row]], Any]
) -> Iterable[Decision]:
    """One decision for each id that any run decides on."""
    by_run = [{key: value(rows) for key, rows in _by_future(plan, name, *keys).items()} for plan in plans]
    for key in sorted(_union(by_run)):  # the order of a table is that of the years, which differ by run
        label, *rest, future = key
        values = tuple(decided.get(key) for decided in by_run)
        shown = _named(f"{label} ({rest[0]})" if rest else label, future)
        yield Decision(kind, shown, unit, values, _differ(values, unit))


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
    ends = {year for plan in plans for year in plan["horizon"]}
    return ends | {year for year in range(min(ends), max(ends)) if year % 5 == 0}


# --- key figures ----------------------------------------------------------------------------------------------------


def _key_figures(plans: Sequence[Plan]) -> Iterable[KeyFigure]:
    yield _figure("Cost", "Total cost", "MUSD", [plan["expected_cost_musd"] for plan in plans])
    if any(abs(plan["objective_musd"] - plan["expected_cost_musd"]) > ADDS_UP for plan in plans):
        yield _figure("Cost", "Objective, with the weight on bad futures", "MUSD", [p["objective_musd"] for p in plans])
    for payer in PAYERS:
        values = [plan["payers_musd"].get(payer, 0.0) for plan in plans]
        yield _figure("Cost by payer", sentence_case(payer), "MUSD", values)
    for term, amounts in _costs(plans).items():
        if any(amounts):
            yield _figure("Cost by term", term_label(term), "MUSD", amounts)
    for funding in ("public", "private"):
        values = [sum(r["capex_musd"] for r in table(p, "investments") if r["funding"] == funding) for p in plans]
        if any(values):
            yield _figure("Investment decided on", f"Capex of {funding} projects, undiscounted", "MUSD", values)
    yield from _share_figures(plans)
    yield from _shortage_figures(plans)
    yield from _stock_figures(plans)


def _share_figures(plans: Sequence[Plan]) -> Iterable[KeyFigure]:
    shares = [_worst(exposed_share(rows) for rows in _futures(plan, "demand")) for plan in plans]
    yield _figure("China share", "Of all deliveries", "share", shares)
    by_run = [
        {key: _worst(r["share"] for r in rows if r["consumption_t"] > 0) for key, rows in groups.items()}
        for groups in (grouped(table(plan, "china_share"), "cap", "basis") for plan in plans)
    ]
    for cap, basis in _union(by_run):
        values = [shares.get((cap, basis)) for shares in by_run]
        if any(value is not None for value in values):
            yield _figure("China share", f"Highest under {cap}, {basis}", "share", values)


def _shortage_figures(plans: Sequence[Plan]) -> Iterable[KeyFigure]:
    values = [_worst(total(rows, "short_t") for rows in _futures(plan, "demand")) for plan in plans]
    yield _figure("Shortage", "All demand not met", "t", values)
    by_run = [
        {key: _worst(total(r, "short_t") for r in _split(rows)) for key, rows in groups.items()}
        for groups in (grouped(table(plan, "demand"), "sector", "material") for plan in plans)
    ]
    for sector, material in _union(by_run):
        values = [short.get((sector, material)) for short in by_run]
        if any((value or 0.0) > NOISE["t"] for value in values):
            yield _figure("Shortage", f"{sector}, {material}", "t", values)


def _stock_figures(plans: Sequence[Plan]) -> Iterable[KeyFigure]:
    by_run = [_by_future(plan, "stockpile", "stockpile", "material") for plan in plans]

    def days(rows: list[Row], *, required: bool) -> list[float]:
        """In the years in which cover is asked for, or in the last one."""
        last = max(int(r["year"]) for r in rows)
        chosen = [r for r in rows if (r["required_days"] is not None if required else r["year"] == last)]
        return [r["days_of_cover"] for r in chosen if r["days_of_cover"] is not None]

    for key in _union(by_run):
        stockpile, material, future = key
        name = _named(f"{stockpile} ({material})", future)
        there = [groups.get(key) for groups in by_run]
        peaks = [max((r["stock_t"] for r in rows), default=None) if rows else None for rows in there]
        if not any((peak or 0.0) > NOISE["t"] for peak in peaks):
            continue
        yield _figure("Stocks", f"{name}: most held", "t", peaks)
        least = [min(days(rows, required=True), default=None) if rows else None for rows in there]
        if any(value is not None for value in least):
            yield _figure("Stocks", f"{name}: least cover where asked for", "days", least)
        end = [_worst(days(rows, required=False)) if rows else None for rows in there]
        if any(value is not None for value in end):
            yield _figure("Stocks", f"{name}: cover at the end", "days", end)


def _figure(group: str, name: str, unit: str, values: Sequence[float | None]) -> KeyFigure:
    return KeyFigure(group, name, unit, tuple(values), _differences(values))


# --- year by year ---------------------------------------------------------------------------------------------------


def _china_share(plans: Sequence[Plan]) -> Iterable[ShareYear]:
    keys = ("cap", "region", "sector", "material", "basis")
    by_run = [_by_future(plan, "china_share", *keys, "year") for plan in plans]
    used = {_line(key) for rows in by_run for key, (row, *_) in rows.items() if row["consumption_t"] > 0}
    for key in _by_line(_union(by_run)):
        if _line(key) in used:
            cap, region, sector, material, basis, year, future = key
            rows = [(groups.get(key) or [{}])[0] for groups in by_run]
            shares = tuple(row["share"] if row.get("consumption_t") else None for row in rows)
            limits = tuple(row.get("limit") for row in rows)
            yield ShareYear(cap, region, sector, material, basis, future, year, shares, limits, _differences(shares))


def _stocks(plans: Sequence[Plan]) -> Iterable[StockYear]:
    by_run = [_by_future(plan, "stockpile", "stockpile", "region", "material", "year") for plan in plans]
    for key in _by_line(_union(by_run)):
        stockpile, region, material, year, future = key
        rows = [(groups.get(key) or [{}])[0] for groups in by_run]
        levels = tuple(row.get("stock_t") for row in rows)
        days = tuple(row.get("days_of_cover") for row in rows)
        yield StockYear(stockpile, region, material, future, year, levels, days, _differences(levels))


def _flows(plans: Sequence[Plan]) -> Iterable[FlowDifference]:
    """Lanes with a difference in the years that all runs plan for, those that differ most first."""
    first, last = max(p["horizon"][0] for p in plans), min(p["horizon"][1] for p in plans)
    by_run = [
        {key: total(rows, "t") for key, rows in groups.items() if first <= key[3] <= last}
        for groups in (_by_future(plan, "flows", "material", "from_region", "to_region", "year") for plan in plans)
    ]
    lanes: dict[tuple[str, ...], list[FlowDifference]] = {}
    for key in _by_line(_union(by_run)):
        material, start, end, year, future = key
        values = tuple(flows.get(key, 0.0) for flows in by_run)
        line = FlowDifference(material, start, end, future, year, values, _differences(values))
        lanes.setdefault(_line(key), []).append(line)
    for lines in sorted(lanes.values(), key=_moved, reverse=True):
        changed = [line for line in lines if _differ(line.values, "t")]
        if changed:
            one = lines[0]
            sums = tuple(math.fsum(line.values[i] or 0.0 for line in lines) for i in range(len(plans)))
            yield FlowDifference(
                one.material, one.from_region, one.to_region, one.future, None, sums, _differences(sums)
            )
            yield from changed


def _moved(lines: Sequence[FlowDifference]) -> float:
    """The sum over years of what differs, in the run where it is largest: timing counts too."""
    runs = range(len(lines[0].values))
    return max(sum(abs(line.differences[i] or 0.0) for line in lines) for i in runs)


# --- remarks --------------------------------------------------------------------------------------------------------


def _remarks(plans: Sequence[Plan], runs: Sequence[Run], inputs_known: bool) -> Iterable[str]:
    first = runs[0]
    for run in runs[1:]:
        if run.within_gap and run.allowed_musd is None:
            yield f"{run.name}: within gap: no bound is known, so that any difference to {first.name} may be chance."
        elif run.within_gap and abs(run.difference_musd) > ADDS_UP:
            yield (
                f"{run.name}: within gap: its cost differs from that of {first.name} by "
                f"{musd(abs(run.difference_musd))}, and the two gaps allow {musd(run.allowed_musd or 0.0)}: "
                "which costs less is not known."
            )
    if len({(run.first_year, run.last_year) for run in runs}) > 1:
        yield (
            "The runs plan for different years, so that their costs are not those of the same time, and each is "
            "discounted to its own first year; flows are compared in the years they share."
        )
    if not inputs_known:
        yield "A plan does not carry its inputs: of the inputs, only settings are compared. Solve it again to have all."
    if any("scenario" in row for plan in plans for rows in plan["tables"].values() for row in rows[:1]):
        yield "Where a run has several futures, shortage, stock and China share are those of the worst."


# --- helpers --------------------------------------------------------------------------------------------------------


def _by_future(plan: Plan, name: str, *columns: str) -> dict[tuple[Any, ...], list[Row]]:
    """Rows of a table by these columns and, last, the future of a joint run ("" in a run of one scenario)."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in table(plan, name):
        groups.setdefault((*(row[c] for c in columns), str(row.get("scenario") or "")), []).append(row)
    return groups


def _futures(plan: Plan, name: str) -> list[list[Row]]:
    return _split(table(plan, name))


def _split(rows: Sequence[Row]) -> list[list[Row]]:
    futures: dict[str, list[Row]] = {}
    for row in rows:
        futures.setdefault(str(row.get("scenario") or ""), []).append(row)
    return list(futures.values())


def _named(name: str, future: str) -> str:
    return f"{name} [{future}]" if future else name


def _line(key: tuple[Any, ...]) -> tuple[Any, ...]:
    """A key without its year, which stands before the future at its end."""
    return (*key[:-2], key[-1])


def _by_line(keys: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The years of each line together, in order; lines in the order in which they come."""
    keys = list(keys)
    place = {line: n for n, line in enumerate(dict.fromkeys(map(_line, keys)))}
    return sorted(keys, key=lambda key: (place[_line(key)], key[-2]))


def _union(mappings: Iterable[Mapping[K, Any]]) -> list[K]:
    return list(dict.fromkeys(key for mapping in mappings for key in mapping))


def _worst(values: Iterable[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)


def _differences(values: Sequence[float | None]) -> Amounts:
    first = values[0]
    return (None, *(None if first is None or value is None else value - first for value in values[1:]))


def _differ(values: Sequence[Any], unit: str, *, blank_differs: bool = True) -> bool:
    """Whether the runs do not all say the same; a blank beside a number counts only if blank_differs."""
    there = [value for value in values if value is not None]
    if blank_differs and 0 < len(there) < len(values):
        return True
    return any(not _alike(there[0], value, unit) for value in there[1:])


def _alike(a: Any, b: Any, unit: str) -> bool:
    if unit in NOISE:
        return math.isclose(a, b, rel_tol=1e-6, abs_tol=NOISE[unit])
    return bool(a == b)
