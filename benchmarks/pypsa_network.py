"""The network of a generated workbook in PyPSA: buses, links, loads and generators, years as snapshots.

Sizes without projects and scenarios. All of it can be said with components of PyPSA, no constraint of one's own:

- a batch (stage, mineral, region, stream) is a bus where it is made and one where it arrives; a shipment is a link;
- a plant is a link from the bus of its capacity (bus0, one for both streams, fed by a generator) to its output (bus1),
  which takes its input from a third bus (bus2, efficiency -t per t);
- the allowed share is a bus of permits: a clean delivery gives `share` of one, an exposed one takes `1 - share`;
- what may be left over (output, permits) ends in a generator that takes.

Every bound is a row of its own in PyPSA, so rows are many more than here.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import pandas as pd
import pypsa

from benchmarks.generate import CHINA, STAGES
from benchmarks.linopy_network import TAKES, Arrays
from lodestone.data.plan_data import CLEAN, EXPOSED, STREAMS

PLENTY = 1e6  # t/yr: more than anybody makes; PyPSA writes it as the right-hand side of a row


def network(a: Arrays) -> pypsa.Network:
    """The network, of the same arrays as linopy's."""
    years = a.capacity.indexes["year"]
    n = pypsa.Network(snapshots=years)
    n.snapshot_weightings["objective"] = a.discount.values
    buses: dict[str, None] = {}
    links: dict[str, list[Any]] = defaultdict(list)
    cost: list[np.ndarray] = []
    permits: dict[str, np.ndarray] = {}  # link -> by year
    gives: dict[str, tuple[str, np.ndarray, float]] = {}  # generator -> bus, t/yr, MUSD per t
    takes: dict[str, str] = {}
    loads: dict[str, np.ndarray] = {}

    def link(name: str, bus0: str, bus1: str, per_t: np.ndarray, bus2: str = "", taken: float = 0.0) -> None:
        for column, value in zip(("name", "bus0", "bus1", "bus2", "efficiency2"), (name, bus0, bus1, bus2, -taken),
                                 strict=True):  # fmt: skip
            links[column].append(value)
        buses.update(dict.fromkeys(bus for bus in (bus0, bus1, bus2) if bus))
        cost.append(per_t)

    free = np.zeros(len(years))
    minerals, regions = a.capacity.indexes["mineral"], a.capacity.indexes["region"]
    input_of = {made: taken for taken, made in TAKES.items()}
    for (i, s), (j, c), (r, here) in (
        (x, y, z) for x in enumerate(STAGES) for y in enumerate(minerals) for z in enumerate(regions)
    ):
        at = f"{s} {c} {here}"
        gives[f"capacity {at}"] = (f"capacity {at}", a.capacity.values[i, j, r], 0.0)
        for k in STREAMS:
            if k == (CLEAN if here == CHINA else EXPOSED) and (here == CHINA or s == "ore"):
                continue
            taken, bus2 = 0.0, ""
            if s in input_of:
                taken = float(a.intake.values[i - 1, j])  # of the stage before
                pool = "arrived" if k == CLEAN else "pool"
                bus2 = f"{pool} {input_of[s]} {c} {here}" + (f" {k}" if k == CLEAN else "")
            value = a.value_added.values[i, j, r]
            link(f"act {at} {k}", f"capacity {at}", f"made {at} {k}", value, bus2, taken)
            takes[f"left {at} {k}"] = f"made {at} {k}"
            for q, there in enumerate(regions):
                lane = a.lane.values[i, j, r, q]
                link(f"ship {at} {there} {k}", f"made {at} {k}", f"arrived {s} {c} {there} {k}", lane)
        for k in STREAMS:
            if s in TAKES:
                link(f"mixed {at} {k}", f"arrived {at} {k}", f"pool {at}", free)
            elif here == CHINA:
                link(f"deliver {at} {k}", f"arrived {at} {k}", f"demand {at}", free)
            else:
                share = a.share.values[j]
                permits[f"deliver {at} {k}"] = share if k == CLEAN else share - 1
                link(f"deliver {at} {k}", f"arrived {at} {k}", f"demand {at}", free, f"permits {c}")
        if s not in TAKES:
            loads[f"demand {at}"] = a.demand.values[j, r]
            gives[f"short {at}"] = (f"demand {at}", np.full(len(years), PLENTY), a.shortage)
    takes |= {f"left permits {c}": f"permits {c}" for c in minerals}
    buses |= dict.fromkeys(bus for bus, *_ in gives.values())

    def by_year(columns: dict[str, np.ndarray]) -> pd.DataFrame:
        return pd.DataFrame(columns, index=years)

    n.add("Bus", list(buses))
    names = links.pop("name")
    n.add("Link", names, **links, p_nom=PLENTY, marginal_cost=by_year(dict(zip(names, cost, strict=True))))
    static = dict(zip(names, links["efficiency2"], strict=True))
    n.links_t.efficiency2 = by_year(permits)
    assert all(static[name] <= 0 for name in permits)
    n.add("Load", list(loads), bus=list(loads), p_set=by_year(loads))
    n.add(
        "Generator", list(gives), bus=[bus for bus, _, _ in gives.values()], p_nom=1.0,
        p_max_pu=by_year({name: most for name, (_, most, _) in gives.items()}),
        marginal_cost=[per_t for *_, per_t in gives.values()],
    )  # fmt: skip
    n.add("Generator", list(takes), bus=list(takes.values()), p_nom=PLENTY, sign=-1.0)
    return n


def model(n: pypsa.Network) -> Any:
    """The linopy model that PyPSA makes of it."""
    return n.optimize.create_model(include_objective_constant=False)
