"""Tiny data are written by year and by material; this makes of them what PlanData holds, by time and by region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from lodestone.data.plan_data import PlanData, time_of

LAST_YEAR = 9999  # later keys are times already


def by_time(part: Any) -> Any:
    """The same with every mapping by year as a mapping by time; everything else as it stands."""
    if isinstance(part, Mapping):
        if part and all(isinstance(key, int) for key in part):
            return {time_of(key) if key <= LAST_YEAR else key: value for key, value in part.items()}
        return {key: by_time(value) for key, value in part.items()}
    if isinstance(part, tuple):
        return tuple(by_time(each) for each in part)
    if is_dataclass(part) and not isinstance(part, type):
        changed = {f.name: by_time(getattr(part, f.name)) for f in fields(part)}
        return replace(part, **{name: value for name, value in changed.items() if value is not getattr(part, name)})
    return part


def timed(data: PlanData) -> PlanData:
    """Series by time, and prices of a material alone in every region."""
    periods = data.periods
    prices = {name: _everywhere(getattr(data, name), data) for name in ("price", "bank_price")}
    return replace(by_time(replace(data, periods={}, **prices)), periods=periods)


def _everywhere(prices: Mapping[Any, Any], data: PlanData) -> dict[tuple[str, str], Any]:
    spelled: dict[tuple[str, str], Any] = {}
    for key, series in prices.items():
        regions = data.regions if isinstance(key, str) else (key[1],)
        spelled |= {(key if isinstance(key, str) else key[0], region): series for region in regions}
    return spelled
