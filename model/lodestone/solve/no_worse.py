"""Whether one threat more can make a combination worse, without solving it.

A threat that takes away only what the answer to the combination does not use leaves that answer possible, and allows
none that was not: the larger combination is as bad as the smaller one, and no worse. So where the data of both differ
only in capacities of plants, volumes that can be bought and capacities of lanes, all lower, and what is used stays
within them, it need not be tried.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from lodestone.data.plan_data import PlanData

Used = Mapping[tuple[str, Any, int], float]  # (plant, market or lane; which one; time) -> t/yr

ROOM = 1e-9  # of what is used


def no_worse(before: PlanData, after: PlanData, used: Used) -> bool:
    """before: of the combination tried; after: with the threat more; used: by the answer to the first."""
    if before.scenario.shows != after.scenario.shows or not _same_emergencies(before, after):
        return False
    plain = replace(after, scenario=before.scenario, plants=before.plants, markets=before.markets, lanes=before.lanes)
    if any(getattr(plain, f.name) != getattr(before, f.name) for f in fields(PlanData)):
        return False
    return (
        _plants_lower(before, after, used) and _markets_lower(before, after, used) and _lanes_lower(before, after, used)
    )


def smaller_answer(
    combination: tuple[str, ...], data: PlanData, known: Mapping[tuple[str, ...], tuple[PlanData, Used]]
) -> tuple[str, ...] | None:
    """A combination of one threat less whose answer does for this one as well; None where none is known to.

    known: combinations that were answered, with their data and what the answer uses.
    """
    for left_out in combination:
        smaller = tuple(name for name in combination if name != left_out)
        if smaller in known and no_worse(known[smaller][0], data, known[smaller][1]):
            return smaller
    return None


def _same_emergencies(before: PlanData, after: PlanData) -> bool:
    """Whether the same stocks that answer for cover are freed at the same times."""
    asked = [s for s, pile in before.stockpiles.items() if pile.least_t > 0 or any(pile.days.values())]
    return all(
        before.scenario.cover_suspended(time, s) == after.scenario.cover_suspended(time, s)
        for s in asked
        for time in before.times
    )


def _plants_lower(before: PlanData, after: PlanData, used: Used) -> bool:
    """Of a plant under contract, or that takes in what is not re-sourced at will, capacity counts elsewhere too."""
    contracted = {contract.supplier for contract in before.contracts.values()}
    for name, plant in before.plants.items():
        other = after.plants[name]
        if other == plant:
            continue
        slow = any(before.materials[m].resourcing_share is not None for m in plant.inputs)
        if name in contracted or slow or replace(other, capacity=plant.capacity) != plant:
            return False
        for time in before.times:
            now, then = other.capacity[time], plant.capacity[time]
            if now != then and (now > then or used.get(("plant", name, time), 0.0) > now * (1 + ROOM) + ROOM):
                return False
    return True


def _markets_lower(before: PlanData, after: PlanData, used: Used) -> bool:
    contracted = {contract.supplier for contract in before.contracts.values()}
    for name, market in before.markets.items():
        other = after.markets[name]
        if other == market:
            continue
        if name in contracted or not market.buys or replace(other, volume=market.volume) != market:
            return False
        for time in before.times:
            now, then = other.volume_in(time), market.volume_in(time)
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
