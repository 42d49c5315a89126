"""The tables `accounts`, `who_pays` and `landed_costs` of a plan of one future."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from lodestone.audit.books import Beside, read_books
from lodestone.audit.cost_items import OTHER, PARTS, Item, items
from lodestone.data.plan_data import MUSD_PER_T, PlanData, year_of
from lodestone.plan.tables import COST_TERMS, Row
from lodestone.solve.accounts.trace import DELIVERED, SOLD, Traced, trace


def account_tables(
    data: PlanData, tables: Mapping[str, Sequence[Row]], beside: Iterable[Beside] = ()
) -> dict[str, list[Row]]:
    """tables: of the plan, of this future alone. beside: the other futures of a joint plan."""
    books = read_books(data, {"tables": tables}, beside)
    found = list(items(data, books))
    traced = trace(data, books, found)
    return {
        "accounts": _accounts(data, found),
        "who_pays": _who_pays(data, traced),
        "landed_costs": _landed_costs(data, traced),
    }


def _accounts(data: PlanData, found: Iterable[Item]) -> list[Row]:
    """Outlays and receipts by payer, term and year; duties also as what the treasury of the importer receives."""
    sums: dict[tuple[str, str, int, str], list[float]] = defaultdict(lambda: [0.0, 0.0])
    for item in found:
        year, counted = year_of(item.time), item.term != "tariffs" or data.tariffs_counted
        if counted:
            sums[item.payer, item.term, year, "yes"][item.musd < 0] += abs(item.musd)
        if item.term == "tariffs":
            sums[f"treasury of {item.key[2]}", "tariff_revenue", year, "no"][1] += item.musd
    order = [*COST_TERMS, "tariff_revenue"]
    rows = []
    for (payer, term, year, in_cost), (outlay, receipts) in sums.items():
        row: Row = {"payer": payer, "term": term, "year": year, "in_cost": in_cost}
        row |= {"outlay_musd": outlay, "receipts_musd": receipts}
        rows.append(row | {"discounted_musd": (outlay - receipts) * data.discount(year)})
    return sorted(rows, key=lambda row: (row["in_cost"] == "no", row["payer"], order.index(row["term"]), row["year"]))


def _mineral(data: PlanData, material: str) -> str:
    return data.materials[material].mineral or material


def _who_pays(data: PlanData, traced: Traced) -> list[Row]:
    """What each payer pays for each region that uses material, and each mineral."""
    sums: dict[tuple[str, str, str], float] = defaultdict(float)
    for use, cost in traced.cost.items():
        for (payer, _), musd in zip(traced.kinds, cost.tolist(), strict=True):
            if musd:
                sums[payer, use.region, _mineral(data, use.material)] += musd
    return [
        {"payer": payer, "region": region, "mineral": mineral, "discounted_musd": musd}
        for (payer, region, mineral), musd in sorted(sums.items())
    ]


def _landed_costs(data: PlanData, traced: Traced) -> list[Row]:
    rows = []
    for use in sorted({*traced.cost, *traced.tonnes}):
        cost, t = traced.cost.get(use, np.zeros(len(traced.kinds))), traced.tonnes.get(use, 0.0)
        by_part = dict.fromkeys(PARTS, 0.0)
        for (_, part), musd in zip(traced.kinds, cost.tolist(), strict=True):
            by_part[part] += musd
        landed = sum(musd for part, musd in by_part.items() if part != OTHER)
        per_kg = landed / data.discount(use.year) / t / MUSD_PER_T if t > 0 and use.use in (DELIVERED, SOLD) else None
        row: Row = {"use": use.use, "region": use.region, "to": use.to, "material": use.material, "year": use.year}
        row |= {"mineral": _mineral(data, use.material), "t": t}
        row |= {f"{part}_musd": musd for part, musd in by_part.items()}
        rows.append(row | {"discounted_musd": sum(by_part.values()), "landed_usd_per_kg": per_kg})
    return rows
