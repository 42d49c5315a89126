"""The ground of the map of flows: outlines of countries, and where the regions of a workbook lie on it.

The outlines come with the package countryinfo and are thinned out, so that a page stays small and needs no network.
A region is found by the name of its country, also as the first word of a longer one (USA_texas); what is no country
(a group, the rest of the world) has a place at the lower edge.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import cache

from countryinfo import CountryInfo
from countryinfo.exceptions import CountryNotFoundError

from lodestone.plan.tables import Document

Point = tuple[float, float]  # degrees east and north
THIN = 0.35  # degrees by which an outline may be off
LEAST_SIZE = 1.2  # degrees: smaller islands are left out
SOUTH = -58.0  # nobody mines south of it
EDGE, STEP = -52.0, 24.0  # where regions that are no country stand, and how far apart
BESIDE = 4.0  # between several regions of one country
NO_COUNTRY: dict[str, Point] = {"eu": (9.0, 50.5), "europe": (9.0, 50.5), "european union": (9.0, 50.5)}
OTHER_NAMES = {"korea": "south korea", "new caledonia": "ncl", "burma": "mmr", "czechia": "cze"}


def places(regions: Iterable[str]) -> dict[str, Point]:
    """Where each region is drawn."""
    found: dict[str, Point] = {}
    taken: dict[Point, int] = {}
    unknown = 0
    for region in dict.fromkeys(regions):
        at = _place(region)
        if at is None:
            at = (-140.0 + STEP * unknown, EDGE)
            unknown += 1
        before = taken.get(at, 0)
        taken[at] = before + 1
        found[region] = (at[0] + BESIDE * before, at[1] - BESIDE / 2 * before)
    return found


def _place(region: str) -> Point | None:
    """By the whole name, then by its first words."""
    words = " ".join(region.replace("_", " ").replace("-", " ").split()).casefold().split(" ")
    for most in range(len(words), 0, -1):
        name = " ".join(words[:most])
        at = NO_COUNTRY.get(name) or _country(OTHER_NAMES.get(name, name))
        if at is not None:
            return at
    return None


@cache
def _country(name: str) -> Point | None:
    """Its middle; None: it is no country. Where rapidfuzz is installed countryinfo guesses: "the rest" is Congo."""
    try:
        country = CountryInfo(name)
        north, east = country.latlng()[:2]
    except (CountryNotFoundError, ValueError):
        return None
    names = (country.name(), country.native_name(), *country.alt_spellings(), *country.iso().values())
    return (float(east), float(north)) if name in {str(known).casefold() for known in names} else None


@cache
def outlines() -> tuple[tuple[Point, ...], ...]:
    """A closed line for every country and larger island."""
    lines = []
    for country in CountryInfo("france").all().values():
        for ring in _rings(country.get("geoJSON") or {}):
            if min(north for _, north in ring) > SOUTH and _size(ring) >= LEAST_SIZE:
                lines.append(tuple((round(east, 1), round(north, 1)) for east, north in _thinned(ring)))
    return tuple(dict.fromkeys(lines))


def _rings(shape: Document) -> Iterator[Sequence[Point]]:
    """The outer line of every part."""
    for feature in shape.get("features", []):
        form = feature["geometry"]
        parts = [form["coordinates"]] if form["type"] == "Polygon" else form["coordinates"]
        yield from (part[0] for part in parts)


def _size(ring: Sequence[Point]) -> float:
    """The longer side of the box around it, in degrees."""
    return max(max(point[axis] for point in ring) - min(point[axis] for point in ring) for axis in (0, 1))


def _thinned(line: Sequence[Point]) -> list[Point]:
    """Without points that lie closer than THIN to the line between those that are kept (Douglas and Peucker)."""
    if len(line) < 3:
        return [(east, north) for east, north in line]
    if line[0] == line[-1]:  # closed: in two halves
        half = len(line) // 2
        return [*_thinned(line[: half + 1])[:-1], *_thinned(line[half:])]
    far = max(range(1, len(line) - 1), key=lambda i: _off(line[i], line[0], line[-1]))
    if _off(line[far], line[0], line[-1]) <= THIN:
        return [(line[0][0], line[0][1]), (line[-1][0], line[-1][1])]
    return [*_thinned(line[: far + 1])[:-1], *_thinned(line[far:])]


def _off(point: Point, start: Point, end: Point) -> float:
    """How far a point lies from the line through two others."""
    east, north = end[0] - start[0], end[1] - start[1]
    length = math.hypot(east, north)
    if not length:
        return math.hypot(point[0] - start[0], point[1] - start[1])
    return abs(east * (start[1] - point[1]) - north * (start[0] - point[0])) / length
