"""What is made of a mineral, step by step: customs codes, contents, usual yields, and its names in the statistics.

The table is chains.csv beside this file; its column `source` says where each row's figures come from.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lodestone.errors import UsageError
from lodestone.names import advice, plain

TABLE = Path(__file__).with_name("chains.csv")


@dataclass(frozen=True)
class Link:
    """A material of a chain, in tonnes of its content, and the process that makes it.

    t_in_per_t: content taken in per tonne of content made. hs: customs code -> content of a gross tonne.
    price_content: content of a tonne of what the price is quoted for. price_share: where no file has a price, the part
    of the next material's price that this one is worth.
    """

    mineral: str
    material: str
    stage: str
    made_from: str | None
    t_in_per_t: float
    process: str
    hs: Mapping[str, float]
    unit: str
    usgs_chapter: str
    usgs_production: str
    bgs_commodity: str
    usgs_price: str
    price_content: float
    price_share: float | None
    utilisation: float
    resourcing_share: float | None
    source: str


@cache
def chains() -> Mapping[str, tuple[Link, ...]]:
    """Mineral -> its materials, each after what it is made from."""
    found: dict[str, list[Link]] = {}
    with TABLE.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            found.setdefault(row["mineral"], []).append(_link(row))
    return {mineral: tuple(links) for mineral, links in found.items()}


def chain_of(mineral: str) -> tuple[Link, ...]:
    """The chain of a mineral as people type it ("Rare earths"). Raises UsageError when there is none."""
    for name, links in chains().items():
        if plain(name) == plain(mineral):
            return links
    raise UsageError(f"no chain is known for {mineral}: {advice(mineral, chains(), 'there are')}")


def _link(row: Mapping[str, str]) -> Link:
    return Link(
        mineral=row["mineral"],
        material=row["material"],
        stage=row["stage"],
        made_from=row["made_from"] or None,
        t_in_per_t=float(row["t_in_per_t"] or 0),
        process=row["process"],
        hs={
            code: float(content) for code, content in (part.split(":") for part in row["hs_content"].split(";") if part)
        },
        unit=row["unit_of_content"],
        usgs_chapter=row["usgs_chapter"],
        usgs_production=row["usgs_production"],
        bgs_commodity=row["bgs_commodity"],
        usgs_price=row["usgs_price"],
        price_content=float(row["price_content"] or 1),
        price_share=_number(row["price_share_of_next"]),
        utilisation=float(row["utilisation"]),
        resourcing_share=_number(row["resourcing_share"]),
        source=row["source"],
    )


def _number(text: str) -> float | None:
    return float(text) if text else None
