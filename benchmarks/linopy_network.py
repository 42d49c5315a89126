"""The network of a generated workbook in linopy: the same variables and rows, written as linopy's users would.

Sizes without projects and scenarios. Every array has the dimensions stage, mineral, region, year and stream that it
needs; what the data rule out (China makes nothing clean, no other mine anything exposed) is masked, so that variables
and rows are as many as in `model/`. Numbers come from the same PlanData.
"""

from __future__ import annotations

from dataclasses import dataclass

import linopy
import numpy as np
import xarray as xr

from benchmarks.generate import CHINA, STAGES
from lodestone.data.plan_data import CLEAN, EXPOSED, STREAMS, PlanData

STEPS = {"ore": "mine", "oxide": "refine", "metal": "smelt"}  # what makes a stage
TAKES = {"ore": "oxide", "oxide": "metal"}  # a stage, and the one that is made of it


@dataclass(frozen=True)
class Arrays:
    """The data as labelled arrays."""

    capacity: xr.DataArray  # stage, mineral, region, year: t/yr
    intake: xr.DataArray  # stage, mineral: t of it per t of the next stage
    value_added: xr.DataArray  # stage, mineral, region, year: MUSD per t
    lane: xr.DataArray  # stage, mineral, origin, region, year: MUSD per t shipped
    demand: xr.DataArray  # mineral, region, year: t/yr
    share: xr.DataArray  # mineral, year
    shortage: float  # MUSD per t
    discount: xr.DataArray  # year


def arrays(data: PlanData) -> Arrays:
    """Everything that linopy needs; not part of what is timed."""
    minerals = [c.removeprefix("cap_") for c in data.caps]
    regions, years, times = list(data.regions), list(data.years), data.times
    of = {"stage": list(STAGES), "mineral": minerals, "region": regions, "year": years}

    def array(dims: tuple[str, ...], values: object) -> xr.DataArray:
        coords = {d: of["region"] if d == "origin" else of[d] for d in dims}
        return xr.DataArray(np.array(values, dtype=float), coords, dims)

    units = [[[data.plants[f"{STEPS[s]}_{m}_{r}"] for r in regions] for m in minerals] for s in STAGES]
    price = [[[data.price_of(f"{s}_{m}", CHINA, t) for t in times] for m in minerals] for s in STAGES]
    lanes = [[[[data.lanes[f"{s}_{m}", a, b] for b in regions] for a in regions] for m in minerals] for s in STAGES]
    freight = array(
        ("stage", "mineral", "origin", "region"), [[[[x.freight for x in d] for d in c] for c in b] for b in lanes]
    )
    tariff = array(
        ("stage", "mineral", "origin", "region", "year"),
        [[[[[x.tariff[t] for t in times] for x in d] for d in c] for c in b] for b in lanes],
    )
    smu = ("stage", "mineral", "region", "year")
    (sector,) = data.sectors.values()
    return Arrays(
        capacity=array(smu, [[[[u.capacity[t] for t in times] for u in b] for b in a] for a in units]),
        intake=array(
            ("stage", "mineral"),
            [[data.plants[f"{STEPS[TAKES[s]]}_{m}_{CHINA}"].inputs[f"{s}_{m}"] for m in minerals] for s in TAKES]
            + [[1.0] * len(minerals)],
        ),
        value_added=array(smu, [[[[data.value_added(u, t) for t in times] for u in b] for b in a] for a in units]),
        lane=freight + tariff * array(("stage", "mineral", "year"), price),
        demand=array(
            ("mineral", "region", "year"),
            [[[data.demand[r, "industry", f"metal_{m}"][t] for t in times] for r in regions] for m in minerals],
        ),
        share=array(("mineral", "year"), [[data.caps[f"cap_{m}"].share[t] for t in times] for m in minerals]),
        shortage=sector.shortage_cost,
        discount=array(("year",), [data.discount(y) for y in years]),
    )


def network(a: Arrays) -> linopy.Model:
    """The model."""
    of = {name: a.capacity.indexes[name] for name in ("stage", "mineral", "region", "year")}
    stream = xr.DataArray(list(STREAMS), dims="stream", coords={"stream": list(STREAMS)})
    region = xr.DataArray(of["region"], dims="region", coords={"region": of["region"]})
    stage = xr.DataArray(of["stage"], dims="stage", coords={"stage": of["stage"]})
    clean, china = stream == CLEAN, region == CHINA
    makes = (clean & ~china) | (~clean & (china | (stage != "ore")))  # stage, region, stream

    smryk = [of["stage"], of["mineral"], of["region"], of["year"], stream.to_index()]
    dims = ["stage", "mineral", "region", "year", "stream"]
    made_here = makes.broadcast_like(a.capacity).transpose(*dims)
    sent = makes.rename(region="origin").broadcast_like(a.lane).transpose(*dims[:2], "origin", *dims[2:])

    m = linopy.Model()
    act = m.add_variables(lower=0, coords=smryk, dims=dims, mask=made_here, name="act")
    ship = m.add_variables(lower=0, coords=sent.coords, mask=sent, name="ship")
    mixed = m.add_variables(lower=0, coords=[list(TAKES), *smryk[1:]], dims=dims, name="mixed")
    deliver = m.add_variables(lower=0, coords=smryk[1:], dims=dims[1:], name="deliver")
    short = m.add_variables(lower=0, coords=a.demand.coords, name="short")

    shipped = ship.sum("region").rename(origin="region")
    m.add_constraints(act - shipped >= 0, mask=made_here, name="made")
    arrives = ship.sum("origin")
    used_up = a.intake.sel(stage=list(TAKES)) * act.sel(stage=list(TAKES.values())).assign_coords(stage=list(TAKES))
    m.add_constraints(arrives.sel(stage=list(TAKES)) - used_up.where(clean & ~china) - mixed == 0, name="used")
    m.add_constraints(arrives.sel(stage="metal", drop=True) - deliver == 0, name="delivered")
    m.add_constraints(mixed.sum("stream") - used_up.sel(stream=EXPOSED, drop=True) == 0, name="intake")
    m.add_constraints(deliver.sum("stream") + short == a.demand, name="demand")
    m.add_constraints(act.sum("stream") <= a.capacity, name="capacity")
    allied = deliver.sel(region=[r for r in of["region"] if r != CHINA])
    weight = (~clean).astype(float) - a.share  # 1 - share of what is exposed, - share of what is clean
    m.add_constraints((weight * allied).sum(["region", "stream"]) <= 0, name="share")
    m.add_objective(
        (a.discount * a.value_added * act).sum()
        + (a.discount * a.lane * ship).sum()
        + (a.discount * a.shortage * short).sum()
    )
    return m
