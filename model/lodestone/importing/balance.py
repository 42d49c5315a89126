"""What each region makes, takes in, sends out and uses of a material, from production and trade together.

made         what the production table says; where no table names the region, what it sends out beyond what comes in
re-export    sent out - made: it stands as a market; of a listed producer clean and exposed as what came in
consumption  made + came in - sent out (apparent); below zero it is set aside
stays        part of what comes in that is used here and not sent on
supplied     own use and what is sent to those who use it, so that what passes through a hub is counted once, at the hub

All figures are t of content in the base year.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from lodestone.importing.countries import OTHER
from lodestone.importing.statistics import Produced
from lodestone.importing.trade import Shipment
from lodestone.names import count

ROUNDS = 100  # of what passes from hub to hub


@dataclass
class Place:
    """A region's account of one material."""

    region: str
    made: float = 0.0
    listed: bool = False  # by a production table
    made_source: str = ""
    made_note: str = ""
    capacity: float | None = None
    capacity_source: str = ""
    came_in: float = 0.0
    sent_out: float = 0.0
    sent_to_users: float = 0.0  # of what is sent out: what its end uses, and does not send on
    exposed_part: float = 0.0  # of what comes in, after hubs

    @property
    def reexport(self) -> float:
        """What is sent out beyond what is made here."""
        return max(0.0, self.sent_out - self.made)

    @property
    def sends_exposed(self) -> float:
        """Exposed part of what is sent on. Import statistics go by origin, so where no production table names the
        region, what others say comes from it counts as made there."""
        return self.exposed_part if self.listed else 0.0

    @property
    def apparent(self) -> float:
        """Made and came in, less what was sent out: below 0 where the statistics do not agree."""
        return self.made + self.came_in - self.sent_out

    @property
    def consumption(self) -> float:
        """What was used here, as far as statistics say so."""
        return max(0.0, self.apparent)

    @property
    def own(self) -> float:
        """Made here and used here."""
        return max(0.0, self.made - self.sent_out)

    @property
    def supplied(self) -> float:
        """What is made here and used, here or abroad."""
        return self.own + self.sent_to_users

    @property
    def stays(self) -> float:
        """The part of what comes in that is used here; the rest is sent on."""
        return min(1.0, max(0.0, self.consumption - self.own) / self.came_in) if self.came_in else 0.0


@dataclass
class Balance:
    """One material in the year of the trade: countries, lanes between them, and what was left out."""

    material: str
    places: dict[str, Place]
    lanes: list[Shipment]
    left_out_t: float = 0.0  # trade under the threshold
    left_out: int = 0
    set_aside: list[Place] = field(default_factory=list)

    def exposed_share(self, of_concern: Collection[str]) -> float | None:
        """What the trade table itself says: the part of consumption outside regions of concern that comes from them."""
        used = exposed = 0.0
        for place in self.places.values():
            if place.region not in of_concern:
                used += place.consumption
                exposed += (place.consumption - place.own) * place.exposed_part
        return exposed / used if used else None


def one_table(produced: Sequence[Produced], year: int, capacity: bool = False) -> list[Produced]:
    """Of several tables and years, the one nearest to the year (the earlier of two), of the file named first."""
    order: dict[tuple[str, int], int] = {}
    for item in produced:
        if item.capacity == capacity:
            order.setdefault((item.table, item.year), len(order))
    if not order:
        return []
    best = min(order, key=lambda key: (abs(key[1] - year), key[1], order[key]))
    return [item for item in produced if item.capacity == capacity and (item.table, item.year) == best]


def totals(produced: Sequence[Produced], lanes: Sequence[Shipment]) -> Mapping[str, float]:
    """How large each country is: the largest of what it makes, takes in and sends out."""
    made: dict[str, float] = defaultdict(float)
    into, out = made.copy(), made.copy()
    for item in produced:
        made[item.country] += item.t
    for lane in lanes:
        into[lane.end] += lane.t
        out[lane.start] += lane.t
    return {name: max(made[name], into[name], out[name]) for name in {*made, *into, *out}}


def balance(
    material: str,
    produced: Sequence[Produced],
    capacities: Sequence[Produced],
    lanes: Sequence[Shipment],
    regions: Collection[str],
    of_concern: Collection[str],
    threshold: float,
) -> Balance:
    """regions: those that stand for themselves; all others are one. threshold: least lane, as a part of all trade."""
    joined = _joined(lanes, regions)
    least = threshold * sum(lane.t for lane in joined)
    kept = [lane for lane in joined if lane.t >= least]
    places = {name: Place(name) for name in sorted(regions)}
    for item in produced:
        place = places[item.country if item.country in regions else OTHER]
        place.made += item.t
        place.listed = True
        place.made_source = _listed(place.made_source, item.source)
        place.made_note = _listed(place.made_note, item.note)
    for item in capacities:
        place = places[item.country if item.country in regions else OTHER]
        place.capacity = (place.capacity or 0.0) + item.t
        place.capacity_source = _listed(place.capacity_source, item.source)
    for lane in kept:
        places[lane.start].sent_out += lane.t
        places[lane.end].came_in += lane.t
    for place in places.values():
        if not place.listed:
            place.made = max(0.0, place.sent_out - place.came_in)
    found = Balance(material, places, kept, sum(lane.t for lane in joined) - sum(lane.t for lane in kept))
    for lane in kept:
        places[lane.start].sent_to_users += lane.t * places[lane.end].stays
    found.left_out = len(joined) - len(kept)
    found.set_aside = [place for place in places.values() if place.apparent < 0]
    _trace(found, of_concern)
    return found


def _joined(lanes: Sequence[Shipment], regions: Collection[str]) -> list[Shipment]:
    """Lanes between regions: small countries are one, what moves between them is left out."""
    parts: dict[tuple[str, str], list[Shipment]] = defaultdict(list)
    for lane in lanes:
        start, end = (name if name in regions else OTHER for name in (lane.start, lane.end))
        if start != end:
            parts[start, end].append(lane)
    found = []
    for (start, end), pieces in parts.items():
        first = pieces[0]
        if len(pieces) == 1 and (first.start, first.end) == (start, end):
            found.append(first)
            continue
        source = first.source + (f"; and {count(len(pieces) - 1, 'more row')}" if len(pieces) > 1 else "")
        note = f"of {len(pieces)} pairs of small countries; the largest, {first.start} to {first.end}: {first.note}"
        t = sum(piece.t for piece in pieces)
        found.append(Shipment(start, end, t, source, note, first.freight, first.freight_note))
    return sorted(found, key=lambda lane: (-lane.t, lane.start, lane.end))


def _trace(found: Balance, of_concern: Collection[str]) -> None:
    """The exposed part of what comes into each region, through hubs that send on what came in."""
    into: dict[str, list[Shipment]] = defaultdict(list)
    for lane in found.lanes:
        into[lane.end].append(lane)
    for _ in range(ROUNDS):
        sends = {
            name: 1.0
            if name in of_concern
            else place.reexport / place.sent_out * place.sends_exposed
            if place.sent_out
            else 0.0
            for name, place in found.places.items()
        }
        for name, place in found.places.items():
            if place.came_in:
                place.exposed_part = sum(lane.t * sends[lane.start] for lane in into[name]) / place.came_in


def _listed(before: str, text: str) -> str:
    """Sources of figures that were added, each once and not without end."""
    if not text or text in before or len(before) > 300:
        return before
    return f"{before}; {text}" if before else text
