"""China share: the exposed part of served consumption, per cap, material, year and basis.

exposed <= share x consumption; deliveries and intake each by itself, deliveries only with a sector
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lodestone.audit.books import Amounts, Books
from lodestone.audit.flows import clean_mode
from lodestone.audit.verdict import SHARE, TONNES, Check, Rule, at_most, equal
from lodestone.data.plan_data import EXPOSED, STREAMS, PlanData, time_of

CapKey = tuple[str, str, int, str]  # cap, material, year, basis


@dataclass(frozen=True)
class Basis:
    """What a cap is measured by, t, and its limit."""

    consumption: float
    exposed: float
    limit: float


def cap_bases(data: PlanData, books: Books) -> dict[CapKey, Basis]:
    """Every cap in force, recomputed from deliveries and intake."""
    delivered: Amounts[tuple[str, str, int, str, str]] = Amounts()  # region, material, year, stream, sector
    for (region, sector, material, year, k), amount in books.delivered.items():
        delivered.add((region, material, year, k, sector), amount)
    intake: Amounts[tuple[str, str, int, str]] = Amounts()
    for (region, material, year), amount in clean_mode(data, books).items():
        intake.add((region, material, year, "clean"), amount)
    for (region, material, year, k), amount in books.mixed.items():
        intake.add((region, material, year, k), amount)
    result: dict[CapKey, Basis] = {}
    for cap in data.caps.values():
        sectors = tuple(data.sectors) if cap.sector is None else (cap.sector,)
        for year in data.years:
            limit = cap.share.get(time_of(year))
            if limit is None:
                continue
            for m in cap.materials:
                parts = {k: sum(delivered[r, m, year, k, s] for r in cap.regions for s in sectors) for k in STREAMS}
                result[cap.name, m, year, "deliveries"] = Basis(sum(parts.values()), parts[EXPOSED], limit)
                if cap.sector is None:
                    parts = {k: sum(intake[r, m, year, k] for r in cap.regions) for k in STREAMS}
                    result[cap.name, m, year, "intake"] = Basis(sum(parts.values()), parts[EXPOSED], limit)
    return result


def caps(data: PlanData, books: Books) -> Iterator[Check]:
    for key, basis in cap_bases(data, books).items():
        most = basis.limit * basis.consumption
        yield at_most(_at(key), "exposed consumption", basis.exposed, most, TONNES, basis.consumption)


def china_share_table(data: PlanData, books: Books) -> Iterator[Check]:
    bases = cap_bases(data, books)
    for row in books.rows("china_share"):
        key = row["cap"], row["material"], row["year"], row["basis"]
        basis = bases.get(key)
        if basis is None:
            continue  # reported by "complete tables"
        total = basis.consumption
        yield equal(_at(key), "consumption", row["consumption_t"], total, TONNES)
        yield equal(_at(key), "exposed consumption", row["exposed_t"], basis.exposed, TONNES, total)
        yield equal(_at(key), "exposed consumption by its share", row["share"] * total, basis.exposed, TONNES, total)
        yield equal(_at(key), "limit", row["limit"], basis.limit, SHARE)


def _at(key: CapKey) -> str:
    return f"{key[0]}/{key[1]} {key[2]} {key[3]}"


CHINA_SHARE: tuple[Rule[Books], ...] = (
    Rule("China share", "No cap on the exposed share of consumption is passed.", TONNES, caps),
    Rule(
        "China share table",
        "Consumption, its exposed part and the share are reported right.",
        TONNES,
        china_share_table,
    ),
)
