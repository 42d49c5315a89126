"""A comparison year by year: China share under each cap, stocks, and the lanes whose flows differ."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from lodestone.plan.key_figures import begin, total
from lodestone.plan.plan import Plan
from lodestone.studies.compare.results import FlowDifference, ShareYear, StockYear
from lodestone.studies.compare.side_by_side import by_future, by_line, differ, differences, line, union


def china_share(plans: Sequence[Plan]) -> Iterable[ShareYear]:
    """Every cap, material and basis under which some run consumes something, year by year; shares are from 0 to 1."""
    keys = ("cap", "region", "sector", "material", "basis")
    by_run = [by_future(plan, "china_share", *keys, "year") for plan in plans]
    used = {line(key) for rows in by_run for key, (row, *_) in rows.items() if row["consumption_t"] > 0}
    for key in by_line(union(by_run)):
        if line(key) in used:
            cap, region, sector, material, basis, year, future = key
            rows = [(groups.get(key) or [{}])[0] for groups in by_run]
            shares = tuple(row["share"] if row.get("consumption_t") else None for row in rows)
            limits = tuple(row.get("limit") for row in rows)
            yield ShareYear(cap, region, sector, material, basis, future, year, shares, limits, differences(shares))


def stocks(plans: Sequence[Plan]) -> Iterable[StockYear]:
    """Every stockpile, year by year: t at year end, and days of cover; of a cut year those of its last period."""
    by_run = [by_future(plan, "stockpile", "stockpile", "region", "material", "year") for plan in plans]
    for key in by_line(union(by_run)):
        stockpile, region, material, year, future = key
        rows = [max(groups.get(key) or [{"year": year}], key=begin) for groups in by_run]
        levels = tuple(row.get("stock_t") for row in rows)
        days = tuple(row.get("days_of_cover") for row in rows)
        yield StockYear(stockpile, region, material, future, year, levels, days, differences(levels))


def flows(plans: Sequence[Plan]) -> Iterable[FlowDifference]:
    """Lanes with a difference in the years that all runs plan for, those that differ most first."""
    first, last = max(p.horizon[0] for p in plans), min(p.horizon[1] for p in plans)
    by_run = [
        {key: total(rows, "t") for key, rows in groups.items() if first <= key[3] <= last}
        for groups in (by_future(plan, "flows", "material", "from_region", "to_region", "year") for plan in plans)
    ]
    lanes: dict[tuple[str, ...], list[FlowDifference]] = {}
    for key in by_line(union(by_run)):
        material, start, end, year, future = key
        values = tuple(amounts.get(key, 0.0) for amounts in by_run)
        flow = FlowDifference(material, start, end, future, year, values, differences(values))
        lanes.setdefault(line(key), []).append(flow)
    for lines in sorted(lanes.values(), key=_moved, reverse=True):
        changed = [flow for flow in lines if differ(flow.values, "t")]
        if changed:
            one = lines[0]
            sums = tuple(math.fsum(flow.values[i] or 0.0 for flow in lines) for i in range(len(plans)))
            yield FlowDifference(
                one.material, one.from_region, one.to_region, one.future, None, sums, differences(sums)
            )
            yield from changed


def _moved(lines: Sequence[FlowDifference]) -> float:
    """The sum over years of what differs, in the run where it is largest: timing counts too."""
    runs = range(len(lines[0].values))
    return max(sum(abs(flow.differences[i] or 0.0) for flow in lines) for i in runs)
