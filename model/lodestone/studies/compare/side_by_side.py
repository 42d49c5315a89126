"""Rows of several plans side by side: what belongs together, and whether it differs."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

from lodestone.plan.key_figures import Key
from lodestone.plan.plan import Plan
from lodestone.plan.tables import Cell, Row
from lodestone.studies.compare.results import NOISE, Amounts

K = TypeVar("K", bound=Hashable)


def by_future(plan: Plan, name: str, *columns: str) -> dict[Key, list[Row]]:
    """Rows of a table by these columns and, last, the future of a joint run ("" in a run of one scenario)."""
    groups: dict[Key, list[Row]] = {}
    for row in plan.rows(name):
        groups.setdefault((*(row[c] for c in columns), str(row.get("scenario") or "")), []).append(row)
    return groups


def split(rows: Sequence[Row]) -> list[list[Row]]:
    """Rows by future."""
    futures: dict[str, list[Row]] = {}
    for row in rows:
        futures.setdefault(str(row.get("scenario") or ""), []).append(row)
    return list(futures.values())


def named(name: str, future: str) -> str:
    """'reserve (oxide) [embargo]'."""
    return f"{name} [{future}]" if future else name


def line(key: Key) -> Key:
    """A key without its year, which stands before the future at its end."""
    return (*key[:-2], key[-1])


def by_line(keys: Iterable[Key]) -> list[Key]:
    """The years of each line together, in order; lines in the order in which they come."""
    keys = list(keys)
    place = {line: n for n, line in enumerate(dict.fromkeys(map(line, keys)))}
    return sorted(keys, key=lambda key: (place[line(key)], key[-2]))


def union(mappings: Iterable[Mapping[K, object]]) -> list[K]:
    """All keys, in the order in which they come."""
    return list(dict.fromkeys(key for mapping in mappings for key in mapping))


def worst(values: Iterable[float | None]) -> float | None:
    """The largest of the values that are known; None where none is."""
    return max((value for value in values if value is not None), default=None)


def differences(values: Sequence[float | None]) -> Amounts:
    """Against the first run."""
    first = values[0]
    return (None, *(None if first is None or value is None else value - first for value in values[1:]))


def differ(values: Sequence[Cell], unit: str, *, blank_differs: bool = True) -> bool:
    """Whether the runs do not all say the same; a blank beside a number counts only if blank_differs."""
    there = [value for value in values if value is not None]
    if blank_differs and 0 < len(there) < len(values):
        return True
    return any(not _alike(there[0], value, unit) for value in there[1:])


def _alike(a: Cell, b: Cell, unit: str) -> bool:
    if unit in NOISE:
        return math.isclose(a, b, rel_tol=1e-6, abs_tol=NOISE[unit])
    return bool(a == b)
