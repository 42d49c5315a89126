"""Costs traced through the chain to where the material is used, in proportion to the tonnes that move.

Every payment is put where it arises (a plant's activity, a purchase, a lane, a reserve) as a discounted amount, and
flows on with the material:

    what a plant costs      goes to its outputs that are used, by value at the market price (by mass where one has none)
    what is made or bought  goes over its lanes, by tonnes; what is thrown away costs those who use the rest
    what arrives            goes to deliveries, intake, sales and reserves, by tonnes
    a reserve               keeps what its stock has cost, with interest, and gives it to what is released from it

Scrap comes back free of charge. What is paid for a plant over the years (capex, grants, floors, what it owes) goes with
its use over the horizon. What no material carries - a plant that never works, a reserve that is never used, what is
short or designed out - stands under its own name. So nothing is lost and nothing counted twice: all uses together are
the expected cost.

Units    t, MUSD discounted to first_year
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from lodestone.audit.books import Amounts, Books
from lodestone.audit.cost_items import DEMAND, LANE, MARKET, RESERVE, SALE, STOCK, SUPPORT, UNIT, Item
from lodestone.audit.flows import shipped_from
from lodestone.audit.stockpiles import kept
from lodestone.data.plan_data import CLEAN, STREAMS, PlanData, Time, year_of

DELIVERED, SOLD, HELD, DISCARDED, IDLE = "delivered", "sold", "held in reserve", "discarded", "idle"
MOST_ROUNDS = 1000  # of a loop of recipes that hardly loses anything
NOTHING = 1e-15  # MUSD

Place = tuple[str, ...]
Edges = dict[Place, list[tuple[Place, float]]]  # place -> where it goes on to, by weight


@dataclass(frozen=True, order=True)
class Use:
    """Where a cost ends. to: sector, market, reserve or plant."""

    use: str
    region: str
    to: str
    material: str
    year: int


@dataclass(frozen=True)
class Traced:
    """cost: discounted MUSD by (payer, part) in the order of `kinds`; tonnes: of what is delivered, sold or held."""

    kinds: list[tuple[str, str]]
    cost: Mapping[Use, np.ndarray]
    tonnes: Mapping[Use, float]


def trace(data: PlanData, books: Books, found: Iterable[Item]) -> Traced:
    """The counted items of a plan, by use."""
    items = [item for item in found if item.term != "tariffs" or data.tariffs_counted]
    kinds = list(dict.fromkeys((item.payer, item.part) for item in items))
    chain = _Chain(data, books, len(kinds))
    column = {kind: i for i, kind in enumerate(kinds)}
    for item in items:
        musd = item.musd * data.discount(year_of(item.time))
        for time, place, share in chain.begins(item):
            chain.arising[time][place][column[item.payer, item.part]] += share * musd
    for time in data.times:
        chain.flow(time)
    chain.close()
    return Traced(kinds, chain.cost, chain.tonnes)


class _Chain:
    """The flows of a plan, period by period."""

    def __init__(self, data: PlanData, books: Books, width: int) -> None:
        self.data, self.books, self.width = data, books, width
        self.arising: dict[Time, dict[Place, np.ndarray]] = defaultdict(lambda: defaultdict(self._none))
        self.cost: dict[Use, np.ndarray] = defaultdict(self._none)
        self.tonnes: Amounts[Use] = Amounts()
        self.in_stock: dict[tuple[str, str], np.ndarray] = defaultdict(self._none)
        self.worked: dict[str, list[tuple[Time, str, float]]] = defaultdict(list)  # unit -> time, stream, t
        for (name, time, k), act in books.act.items():
            if act > 0:
                self.worked[name].append((time, k, act))
        self.bought: dict[str, list[tuple[Time, str, float]]] = defaultdict(list)  # market -> time, stream, t
        for (name, time, k), t in books.traded.items():
            if t > 0:
                self.bought[name].append((time, k, t))
        self.leaves = shipped_from(books)
        self.edges = self._edges()

    def _none(self) -> np.ndarray:
        return np.zeros(self.width)

    # --- where a payment arises ---------------------------------------------------------------------------------------

    def begins(self, item: Item) -> Iterator[tuple[Time, Place, float]]:
        """Time, place and share of it."""
        data, name, time = self.data, item.key[0], item.time
        year = str(year_of(time))
        if item.kind == LANE:
            material, _, to, k = item.key
            yield time, ("used", to, material, k), 1.0
        elif item.kind == MARKET:
            yield time, ("made", data.markets[name].region, data.markets[name].material, item.key[1]), 1.0
        elif item.kind == SALE:
            yield time, ("sale", name, item.key[1]), 1.0
        elif item.kind == STOCK:
            yield time, ("held", name), 1.0
        elif item.kind == RESERVE:
            site = data.stockpiles[name]
            yield time, ("use", HELD, site.region, name, site.material, year), 1.0
        elif item.kind == DEMAND:
            region, sector, material, use = item.key
            yield time, ("use", use, region, sector, material, year), 1.0
        elif item.kind == UNIT or name in data.units:
            yield from self._over(self.worked[name], item, name)
        else:
            yield from self._over(self.bought[name], item, name)

    def _over(self, used: list[tuple[Time, str, float]], item: Item, name: str) -> Iterator[tuple[Time, Place, float]]:
        """What belongs to an activity goes with it; else with use in the year, and support with that of all years."""
        data, time = self.data, item.time
        rows = used
        if item.kind == UNIT and len(item.key) > 1:
            rows = [row for row in used if row[:2] == (time, item.key[1])]
        elif item.part != SUPPORT:
            rows = [row for row in used if year_of(row[0]) == year_of(time)] or used
        total = sum(t for _, _, t in rows)
        for when, stream, t in rows:
            if name in data.units:
                yield when, ("act", name, stream), t / total
            else:
                yield when, ("made", data.markets[name].region, data.markets[name].material, stream), t / total
        if not rows:
            region = data.region_of(name)
            material = data.units[name].main_output if name in data.units else data.markets[name].material
            yield time, ("use", IDLE, region, name, material, str(year_of(time))), 1.0

    # --- where it goes ------------------------------------------------------------------------------------------------

    def flow(self, time: Time) -> None:
        """Send on what arises in a period, until all of it has come to a use or a reserve."""
        moving = {place: cost for place, cost in self.arising[time].items() if place[0] != "held"}
        edges = self.edges[time]
        for (name, k), share in self._released(time).items():
            site = self.data.stockpiles[name]
            origin: Place = ("made", site.region, site.material, k)
            moving[origin] = moving.get(origin, self._none()) + share * self.in_stock[name, k]
            self.in_stock[name, k] = (1 - share) * self.in_stock[name, k]
        for _ in range(MOST_ROUNDS):
            onwards: dict[Place, np.ndarray] = defaultdict(self._none)
            for place, cost in moving.items():
                if place[0] == "use":
                    self.cost[_use(place)] += cost
                elif place[0] == "fill":
                    self.in_stock[place[1], place[2]] += cost
                else:
                    ways = edges.get(place) or [(self._thrown_away(place, time), 1.0)]
                    total = sum(weight for _, weight in ways)
                    for to, weight in ways:
                        onwards[to] += weight / total * cost
            moving = {place: cost for place, cost in onwards.items() if np.abs(cost).max(initial=0.0) > NOTHING}
            if not moving:
                break
        for place, cost in moving.items():  # what still goes round after so many turns
            self.cost[_use(place if place[0] == "use" else self._thrown_away(place, time))] += cost
        for place, cost in self.arising[time].items():
            if place[0] == "held":
                self._hold(place[1], time, cost)

    def _released(self, time: Time) -> dict[tuple[str, str], float]:
        """Stockpile, stream -> the part of it that is taken out."""
        found = {}
        for site in self.data.stockpiles.values():
            for k in STREAMS:
                before, out = kept(self.data, self.books, site, time, k), self.books.release[site.name, time, k]
                if out > 0 and before > 0:
                    found[site.name, k] = min(1.0, out / before)
        return found

    def _hold(self, name: str, time: Time, cost: np.ndarray) -> None:
        """What holding costs is borne by what is held."""
        stock = {k: self.books.stock[name, time, k] for k in STREAMS}
        total = sum(stock.values())
        for k, t in stock.items():
            self.in_stock[name, k] = self.in_stock[name, k] + t / total * cost

    def close(self) -> None:
        """What is left in reserves at the end, and how much there is of everything."""
        last = self.data.last_time
        for site in self.data.stockpiles.values():
            use = Use(HELD, site.region, site.name, site.material, year_of(last))
            left = sum(self.books.stock[site.name, last, k] for k in STREAMS)
            if left > 0:
                self.tonnes.add(use, left)
            for k in STREAMS:
                if self.in_stock[site.name, k].any():
                    self.cost[use] += self.in_stock[site.name, k]
        for (region, sector, material, time, _), t in self.books.delivered.items():
            if t > 0:
                self.tonnes.add(Use(DELIVERED, region, sector, material, year_of(time)), t)
        for (region, sector, material, time), t in self.books.short.items():
            if t > 0:
                self.tonnes.add(Use("short", region, sector, material, year_of(time)), t)
        for (name, region, time), t in self.books.avoided.items():
            option = self.data.substitution[name]
            if t > 0:
                self.tonnes.add(Use("substituted", region, option.sector, option.material, year_of(time)), t)
        for (name, time, _), t in self.books.traded.items():
            market = self.data.markets[name]
            if t > 0 and not market.buys:
                self.tonnes.add(Use(SOLD, market.region, name, market.material, year_of(time)), t)

    def _thrown_away(self, place: Place, time: Time) -> Place:
        """The use of what goes nowhere else; a sale ends in its market."""
        data, year = self.data, str(year_of(time))
        if place[0] == "sale":
            market = data.markets[place[1]]
            return ("use", SOLD, market.region, market.name, market.material, year)
        if place[0] == "act":
            unit = data.units[place[1]]
            return ("use", DISCARDED, unit.region, unit.name, unit.main_output, year)
        return ("use", DISCARDED, place[1], "", place[2], year)

    def _edges(self) -> dict[Time, Edges]:
        """The flows of all periods; weights are t, of a plant's outputs their value."""
        books, data = self.books, self.data
        edges: dict[Time, Edges] = defaultdict(lambda: defaultdict(list))
        for (material, origin, to, time, k), t in books.shipped.items():
            if t > 0:
                edges[time]["made", origin, material, k].append((("used", to, material, k), t))
        for (region, sector, material, time, k), t in books.delivered.items():
            if t > 0:
                use = ("use", DELIVERED, region, sector, material, str(year_of(time)))
                edges[time]["used", region, material, k].append((use, t))
        for (region, material, time, k), t in books.mixed.items():
            if t > 0:
                edges[time]["used", region, material, k].append((("mix", region, material), t))
        for (name, time, k), act in books.act.items():
            if act > 0:
                self._unit_edges(edges[time], name, time, k, act)
        for (name, time, k), t in books.traded.items():
            market = data.markets[name]
            if t > 0 and not market.buys:
                edges[time]["used", market.region, market.material, k].append((("sale", name, k), t))
        for (name, time, k), t in books.fill.items():
            if t > 0:
                site = data.stockpiles[name]
                edges[time]["used", site.region, site.material, k].append((("fill", name, k), t))
        return edges

    def _unit_edges(self, edges: Edges, name: str, time: Time, k: str, act: float) -> None:
        data, unit = self.data, self.data.units[name]
        pure = k == CLEAN and data.provenance  # takes what is clean; all other activity takes from the mix
        for material, g in unit.inputs.items():
            origin = ("used", unit.region, material, CLEAN) if pure else ("mix", unit.region, material)
            edges[origin].append((("act", name, k), g * act))
        used = {m: g for m, g in unit.outputs.items() if self.leaves[unit.region, m, time, k] > 0}
        prices = {m: data.price_of(m, unit.region, time) if (m, unit.region) in data.price else 0.0 for m in used}
        by_value = all(price > 0 for price in prices.values())
        for material, g in used.items():
            weight = g * (prices[material] if by_value else 1.0)
            edges["act", name, k].append((("made", unit.region, material, k), weight))


def _use(place: Place) -> Use:
    _, use, region, to, material, year = place
    return Use(use, region, to, material, int(year))
