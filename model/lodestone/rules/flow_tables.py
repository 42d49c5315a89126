"""Flow of material in the solved model: the tables of who ships, sells, takes in, throws away and gets what."""

from __future__ import annotations

from collections import defaultdict

import pyomo.environ as pyo

from lodestone.data.network import DemandKey, Network
from lodestone.data.plan_data import CLEAN, EXPOSED, MUSD_PER_T
from lodestone.data.tree import Tree
from lodestone.rules.flows import duty, made_terms, period_demand, returned
from lodestone.rules.linear import Row, amount, worth


def flows_table(tree: Tree, block: pyo.Block) -> list[Row]:
    """Tonnes over each lane, by period and stream."""
    rows = []
    for (n, m, r, to, k), ship in block.ship.items():
        t = amount(ship) if n in tree.time else 0.0
        if t > 0:
            data = tree.data[n]
            lane = data.lanes[m, r, to]
            rows.append(
                {
                    "material": m,
                    "from_region": r,
                    "to_region": to,
                    "year": tree.year[n],
                    "month": tree.month[n],
                    "stream": k,
                    "t": t,
                    "freight_musd": lane.freight * t,
                    "tariff_musd": duty(data, lane, m, r, k, tree.time[n]) * t,
                }
            )
    return rows


def markets_table(tree: Tree, block: pyo.Block) -> list[Row]:
    """Tonnes bought and sold, by period and stream."""
    rows = []
    traded = [(n, v, "", x) for (n, v), x in block.buy.items()] + [(*key, x) for key, x in block.sell.items()]
    for n, v, k, variable in traded:
        t = amount(variable) if n in tree.time else 0.0
        if t > 0:
            market = tree.data[n].markets[v]
            rows.append(
                {
                    "market": v,
                    "side": "buy" if market.buys else "sell",
                    "region": market.region,
                    "material": market.material,
                    "year": tree.year[n],
                    "month": tree.month[n],
                    "stream": k or (EXPOSED if market.exposed else CLEAN),
                    "t": t,
                    "price_usd_per_kg": tree.data[n].market_price(v, tree.time[n]) / MUSD_PER_T,
                }
            )
    return sorted(rows, key=lambda row: (row["market"], row["year"], row["month"], row["stream"]))


def intake_table(tree: Tree, net: Network, block: pyo.Block) -> list[Row]:
    """Tonnes that plants and projects take in, by period."""
    rows = []
    for n in tree.nodes:
        data = tree.data[n]
        clean_mode: dict[tuple[str, str], float] = defaultdict(float)
        for u, k in net[n].act:
            if k == CLEAN and data.provenance:
                for m, g in data.units[u].inputs.items():
                    clean_mode[data.units[u].region, m] += g * amount(block.act[n, u, k])
        mixed = {(r, m, k): amount(block.mixed[n, r, m, k]) for r, m, k in net[n].mixed}
        for r, m in dict.fromkeys([*clean_mode, *((r, m) for r, m, _ in mixed)]):
            parts = (clean_mode[r, m], mixed.get((r, m, CLEAN), 0.0), mixed.get((r, m, EXPOSED), 0.0))
            if any(parts):
                row = {"region": r, "material": m, "year": tree.year[n], "month": tree.month[n]}
                rows.append(row | dict(zip(("clean_mode_t", "mixed_clean_t", "mixed_exposed_t"), parts, strict=True)))
    return rows


def balance_table(tree: Tree, net: Network, block: pyo.Block, piles: pyo.Block) -> list[Row]:
    """What each place makes, buys, releases, sends and uses, by period."""
    rows = []
    for n in tree.nodes:
        made = {batch: worth(terms) for batch, terms in made_terms(tree, net, block, piles, n).items()}
        shipped: dict[tuple[str, str, str], float] = defaultdict(float)
        for m, r, to, k in net[n].ship:
            shipped[r, m, k] += amount(block.ship[n, m, r, to, k])
        for (r, m, k), t in made.items():
            if t > 0:
                out = shipped[r, m, k]
                rows.append(
                    {
                        "region": r,
                        "material": m,
                        "year": tree.year[n],
                        "month": tree.month[n],
                        "stream": k,
                        "made_t": t,
                        "shipped_t": out,
                        "discarded_t": max(0.0, t - out),
                    }
                )
    return rows


def demand_table(tree: Tree, net: Network, block: pyo.Block) -> list[Row]:
    """What is wanted, delivered, designed out and short, by period."""
    rows = []
    for n in tree.nodes:
        data = tree.data[n]
        delivered_t = {(j, k): amount(block.deliver[n, *j, k]) for j, k in net[n].deliver}
        avoided: dict[DemandKey, float] = defaultdict(float)
        for o, j in net[n].avoid:
            avoided[j] += amount(block.avoid[n, o, *j])
        for j in data.demand:
            rows.append(
                dict(zip(("region", "sector", "material"), j, strict=True))
                | {
                    "year": tree.year[n],
                    "month": tree.month[n],
                    "demand_t": period_demand(tree, n, j),
                    "clean_t": delivered_t.get((j, CLEAN), 0.0),
                    "exposed_t": delivered_t.get((j, EXPOSED), 0.0),
                    "substituted_t": avoided[j],
                    "short_t": amount(block.short[n, *j]) if (n, *j) in block.short else 0.0,
                }
            )
    return rows


def returns_table(tree: Tree, net: Network, block: pyo.Block) -> list[Row]:
    """Scrap that comes back, by period."""
    return [
        {"region": r, "material": m, "year": tree.year[n], "month": tree.month[n], "stream": k, "t": worth(terms)}
        for n in tree.nodes
        for (r, m, k), terms in returned(tree, net, block, n).items()
        if worth(terms) > 0
    ]
