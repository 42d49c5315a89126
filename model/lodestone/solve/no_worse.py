"""Whether one threat more can make a combination worse, without solving it.

A threat that takes away only what the answer to the combination does not use leaves that answer possible, and allows
none that was not: the larger combination is as bad as the smaller one, and no worse. So where the data of both differ
only in capacities of plants, volumes that can be bought and capacities of lanes, all lower, and what is used stays
within them, it need not be tried. Nor where what else differs is when promises are broken or builds come late that
the plan does not decide.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields, replace
from typing import Any

from lodestone.data.plan_data import PlanData

Used = Mapping[tuple[str, Any, int], float]  # (plant, market or lane; which one; time) -> t/yr

Undecided = Collection[tuple[str, str]]  # (projects, floors or contracts; which one)

ROOM = 1e-9  # of what is used


def no_worse(before: PlanData, after: PlanData, used: Used, undecided: Undecided = frozenset()) -> bool:
    """before: of the combination tried; after: with the threat more; used: by the answer to the first.

    undecided: projects, packages and contracts that the plan leaves alone."""
    if before.scenario.shows != after.scenario.shows or not _same_emergencies(before, after):
        return False
    plain = replace(
        after,
        scenario=before.scenario,
        plants=before.plants,
        markets=before.markets,
        lanes=before.lanes,
        projects={
            name: replace(x, delay=before.projects[name].delay) if ("projects", name) in undecided else x
            for name, x in after.projects.items()
        },
        floors={
            name: replace(x, honoured=before.floors[name].honoured) if ("floors", name) in undecided else x
            for name, x in after.floors.items()
        },
        contracts={
            name: replace(x, honoured=before.contracts[name].honoured) if ("contracts", name) in undecided else x
            for name, x in after.contracts.items()
        },
    )
    if any(getattr(plain, f.name) != getattr(before, f.name) for f in fields(PlanData)):
        return False
    return (
        _plants_lower(before, after, used, undecided)
        and _markets_lower(before, after, used, undecided)
        and _lanes_lower(before, after, used)
    )


def smaller_answer(
    combination: tuple[str, ...],
    data: PlanData,
    known: Mapping[tuple[str, ...], tuple[PlanData, Used]],
    undecided: Undecided = frozenset(),
) -> tuple[str, ...] | None:
    """A combination of one threat less whose answer does for this one as well; None where none is known to.

    known: combinations that were answered, with their data and what the answer uses.
    """
    for left_out in combination:
        smaller = tuple(name for name in combination if name != left_out)
        if smaller in known and no_worse(known[smaller][0], data, known[smaller][1], undecided):
            return smaller
    return None


def taken_by(before: PlanData, after: PlanData) -> set[tuple[str, Any]]:
    """Plants, markets and lanes of which threats leave less: what an answer had better not lean on."""
    lower: set[tuple[str, Any]] = set()
    for name, plant in before.plants.items():
        if any(after.plants[name].capacity[t] < plant.capacity[t] for t in before.times):
            lower.add(("plant", name))
    for name, market in before.markets.items():
        if any(after.markets[name].volume_in(t) < market.volume_in(t) for t in before.times):
            lower.add(("market", name))
    for key, lane in before.lanes.items():
        if key not in after.lanes or any(after.lanes[key].capacity_in(t) < lane.capacity_in(t) for t in before.times):
            lower.add(("lane", key))
    return lower


def _same_emergencies(before: PlanData, after: PlanData) -> bool:
    """Whether the same stocks that answer for cover are freed at the same times."""
    asked = [s for s, pile in before.stockpiles.items() if pile.least_t > 0 or any(pile.days.values())]
    return all(
        before.scenario.cover_suspended(time, s) == after.scenario.cover_suspended(time, s)
        for s in asked
        for time in before.times
    )


def _plants_lower(before: PlanData, after: PlanData, used: Used, undecided: Undecided) -> bool:
    """Of a plant under contract, that takes in what is not re-sourced at will, or that is kept open in part (25),
    capacity counts elsewhere too."""
    contracted = {c.supplier for name, c in before.contracts.items() if ("contracts", name) not in undecided}
    for name, plant in before.plants.items():
        other = after.plants[name]
        if other == plant:
            continue
        slow = any(before.materials[m].resourcing_share is not None for m in plant.inputs)
        if name in contracted or slow or plant.fixed_cost > 0 or replace(other, capacity=plant.capacity) != plant:
            return False
        for time in before.times:
            now, then = (plant.spot_share * x.capacity[time] for x in (other, plant))
            if now != then and (now > then or used.get(("plant", name, time), 0.0) > now * (1 + ROOM) + ROOM):
                return False
    return True


def _markets_lower(before: PlanData, after: PlanData, used: Used, undecided: Undecided) -> bool:
    contracted = {c.supplier for name, c in before.contracts.items() if ("contracts", name) not in undecided}
    for name, market in before.markets.items():
        other = after.markets[name]
        if other == market:
            continue
        if name in contracted or not market.buys or replace(other, volume=market.volume) != market:
            return False
        for time in before.times:
            now, then = (market.spot_share * x.volume_in(time) for x in (other, market))
            if now != then and (now > then or used.get(("market", name, time), 0.0) > now * (1 + ROOM) + ROOM):
                return False
    return True


def _lanes_lower(before: PlanData, after: PlanData, used: Used) -> bool:
    if before.lanes.keys() != after.lanes.keys():
        return False
    for key, lane in before.lanes.items():
        other = after.lanes[key]
        if other == lane:
            continue
        if replace(other, capacity=lane.capacity) != lane:
            return False
        for time in before.times:
            now, then = other.capacity_in(time), lane.capacity_in(time)
            if now != then and (now > then or used.get(("lane", key, time), 0.0) > now * (1 + ROOM) + ROOM):
                return False
    return True
