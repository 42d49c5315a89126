"""The rows of a workbook made from public statistics, each with its source, its note, and what is still to fill.

The base year (first_year) is held to what the statistics say: plants have what was made, lanes what was traded, hubs
what they sent on. From the next year on plants have capacity (made / usual utilisation, where no file gives it), lanes
are as wide as their end can use, and `resourcing_share` alone says how fast suppliers can be changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from lodestone.errors import UsageError
from lodestone.importing.balance import Balance, Place, balance, one_table, totals
from lodestone.importing.chains import Link
from lodestone.importing.countries import OTHER
from lodestone.importing.rows import Choices, Gap, Import, SheetRow, Value
from lodestone.importing.statistics import Quoted, Statistics
from lodestone.importing.trade import Shipment, shipments, typical_freight, unit_value
from lodestone.names import count, listed

ILLUSTRATIVE = "ILLUSTRATIVE"
SECTOR = "all_uses"
SHORTAGE_TIMES_PRICE = 10
NET_EXPORTS = "who sends out more than comes in makes the difference, others make nothing"
EXTRA_SHARE = 0.1  # premium on ore that no file explains
LEAST_PART = 0.01  # of a re-export: less is not shown as a market of its own


def build(chain: Sequence[Link], found: Statistics, choices: Choices) -> Import:
    """Raises UsageError when the files do not say who trades the mineral."""
    years = {report.year for report in found.reported}
    if choices.year is not None and choices.year not in years:
        raise UsageError(f"no file has trade of {choices.year}; there is: {listed(sorted(map(str, years)), 10)}")
    if not years:
        codes = [f"{code} ({link.material})" for link in chain for code in link.hs]
        raise UsageError(f"no file has trade of {chain[0].mineral}: give a trade table with HS {listed(codes, 10)}")
    return _Builder(chain, found, choices, choices.year or max(years)).build()


class _Builder:
    def __init__(self, chain: Sequence[Link], found: Statistics, choices: Choices, year: int) -> None:
        self.found, self.choices, self.year = found, choices, year
        self.first = choices.first_year or year + 1
        self.last = max(self.first, choices.last_year or self.first + 9)
        quoted = {link.material: self._quoted(link) for link in chain}
        prices = {name: quote.usd_per_kg for name, quote in quoted.items() if quote is not None}
        self.lanes = {link.material: shipments(link, found.reported, year, prices.get(link.material)) for link in chain}
        made = {link.material: [p for p in found.produced if p.material == link.material] for link in chain}
        self.produced = {name: one_table(items, year) for name, items in made.items()}
        self.capacities = {name: one_table(items, year + 1, capacity=True) for name, items in made.items()}
        self.rows: list[SheetRow] = []
        self.gaps: list[Gap] = []
        self.remarks: list[str] = []
        self.chain = self._known_part(chain)
        self.regions = self._regions()
        self.prices: dict[str, float] = {}

    def build(self) -> Import:
        final = self.chain[-1]
        balances = {link.material: self._balance(link) for link in self.chain}
        self._regions_sheet()
        for link, after in zip(reversed(self.chain), [None, *reversed(self.chain[1:])], strict=True):
            self._price(link, after, balances)
        for link in self.chain:
            self._material(link, balances[link.material])
            self._process(link)
            self._plants(link, balances)
            if link is final:
                self._trade(link, balances[link.material])
                self._hubs(link, balances[link.material])
            else:
                self._upstream(link, balances)
        self._demand(final, balances[final.material])
        self._whole_sheets(balances[final.material])
        return Import(
            final.mineral,
            self.first,
            self.last,
            self.year,
            self.rows,
            sorted(self.gaps, key=lambda gap: -gap.musd),
            self.remarks,
            self.found,
            balances[final.material],
            self.choices.of_concern,
        )

    # --- which materials and regions --------------------------------------------------------------------------------

    def _known_part(self, chain: Sequence[Link]) -> list[Link]:
        """The chain without materials that no file knows; what was made from one is made from the one before it."""
        kept: list[Link] = []
        factor: dict[str, tuple[str | None, float]] = {}  # of a material that is left out: what stands for it
        traded = [link for link in chain if self.lanes[link.material]]
        if not traded:
            codes = [f"{code} ({link.material})" for link in chain for code in link.hs]
            raise UsageError(f"no file has trade of {chain[0].mineral} in {self.year}: give HS {listed(codes, 10)}")
        for link in chain[: chain.index(traded[-1]) + 1]:
            before, times = factor.get(link.made_from or "", (link.made_from, 1.0))
            if not self.lanes[link.material] and not self.produced[link.material]:
                factor[link.material] = before, times * (link.t_in_per_t or 1.0)
                self.remarks.append(
                    f"{link.material} is left out: no file says who makes or trades it (HS "
                    f"{', '.join(link.hs) or 'none'}; production: {link.usgs_production})"
                )
                continue
            kept.append(replace(link, made_from=before, t_in_per_t=link.t_in_per_t * times))
        for link in chain[chain.index(traded[-1]) + 1 :]:
            self.remarks.append(f"{link.material} is left out: no file has its trade (HS {', '.join(link.hs)})")
        return kept

    def _regions(self) -> list[str]:
        chosen: set[str] = set(self.choices.of_concern)
        for link in self.chain:
            sizes = totals(self.produced[link.material], self.lanes[link.material])
            world = max(sum(p.t for p in self.produced[link.material]), sum(s.t for s in self.lanes[link.material]))
            chosen |= {name for name, size in sizes.items() if size >= self.choices.small_region * world}
        return [*sorted(chosen - {OTHER}), OTHER]

    def _balance(self, link: Link) -> Balance:
        found = balance(
            link.material,
            self.produced[link.material],
            self.capacities[link.material],
            self.lanes[link.material],
            self.regions,
            self.choices.of_concern,
            self.choices.small_lane,
        )
        if found.left_out:
            self.remarks.append(
                f"{link.material}: {count(found.left_out, 'lane')} under {self.choices.small_lane:.2%} of its trade, "
                f"{found.left_out_t:,.0f} t together, left out"
            )
        return found

    # --- sheets -----------------------------------------------------------------------------------------------------

    def _add(self, sheet: str, source: str, note: str = "", **cells: Value) -> SheetRow:
        row = SheetRow(sheet, {name: value for name, value in cells.items()}, source, note)
        self.rows.append(row)
        return row

    def _guess(self, row: SheetRow, heading: str | int, what: str, musd: float) -> None:
        row.guessed.add(heading)
        self.gaps.append(Gap(row.sheet, row, heading, what, musd))

    def _blank(self, row: SheetRow, heading: str | int, what: str, musd: float) -> None:
        row.blank.add(heading)
        row.cells.setdefault(heading, None)
        self.gaps.append(Gap(row.sheet, row, heading, what, musd))

    def _later(self, row: SheetRow, now: float, later: float) -> int | None:
        """The base year's figure, and that of the years after it."""
        row.cells[self.first] = _t(now)
        if self.last == self.first:
            return None
        row.cells[self.first + 1] = _t(later)
        return self.first + 1

    def _regions_sheet(self) -> None:
        for name in self.regions:
            concern = name in self.choices.of_concern
            note = "small countries together, and what the files call other countries" if name == OTHER else ""
            source = "chosen: --of-concern" if concern else "ISO 3166"
            self._add("Regions", source, note, region=name, of_concern="yes" if concern else "no")

    def _price(self, link: Link, after: Link | None, balances: Mapping[str, Balance]) -> None:
        quoted = self._quoted(link)
        traded = unit_value(link, self.found.reported, self.year)
        row = self._add("Prices", "", material=link.material, region="*")
        if quoted is not None:
            value, row.source = quoted.usd_per_kg, quoted.source
            row.note = f"{quoted.note}; per kg of content. Held flat: no file forecasts"
        elif traded is not None:
            value = traded
            row.source = f"imports of {self.year} with HS {', '.join(link.hs)}: value over content"
            row.note = "unit value of trade (CIF), no quoted price. Held flat: no file forecasts"
        elif after is not None and link.price_share is not None:
            value = link.price_share * self.prices[after.material] / after.t_in_per_t
            row.source = f"{ILLUSTRATIVE}: {link.price_share:.0%} of the price of {after.material}, by content"
        else:
            raise UsageError(f"no file has a price of {link.material}, nor trade with weights to find it from")
        self.prices[link.material] = value
        row.cells[self.first] = round(value, 4)
        what = "a price forecast; price held flat" if quoted or traded else "price, a share of the next material's"
        if not (quoted or traded):
            self._guess(row, self.first, what, self._worth(link, balances[link.material]))
        elif self.last > self.first:
            self._blank(row, self.last, what, self._worth(link, balances[link.material]))

    def _quoted(self, link: Link) -> Quoted | None:
        quotes = [q for q in self.found.quoted if q.material == link.material and q.year <= self.first]
        return max(quotes, key=lambda q: q.year, default=None)

    def _worth(self, link: Link, found: Balance) -> float:
        """MUSD a year that the material is worth, made or traded."""
        t = max(sum(p.made for p in found.places.values()), sum(lane.t for lane in found.lanes))
        return t * self.prices[link.material] / 1e3

    def _material(self, link: Link, found: Balance) -> None:
        row = self._add("Materials", link.source, f"t of {link.unit}", material=link.material)
        row.cells |= {"mineral": link.mineral, "stage": link.stage}
        if link is self.chain[-1] and link.resourcing_share is not None:
            row.cells["resourcing_share"] = link.resourcing_share
            row.note += f"; resourcing_share {ILLUSTRATIVE}"
            traded = sum(lane.t for lane in found.lanes) * self.prices[link.material] / 1e3
            self._guess(row, "resourcing_share", "how fast buyers can change suppliers", traded)

    def _process(self, link: Link) -> None:
        if link.made_from:
            self._add(
                "Processes",
                link.source,
                f"content taken in per content made; {ILLUSTRATIVE}",
                process=link.process,
                material=link.made_from,
                t_per_t=-round(link.t_in_per_t, 4),
            )
        self._add("Processes", link.source, process=link.process, material=link.material, t_per_t=1)

    def _plants(self, link: Link, balances: Mapping[str, Balance]) -> None:
        if not self.produced[link.material]:
            what = f"who makes {link.material}: no file says; net exporters make that, all others nothing"
            self.gaps.append(Gap("Plants", None, "", what, self._worth(link, balances[link.material])))
            self.remarks.append(f"{link.material}: no file has production ({link.usgs_production}); {NET_EXPORTS}")
        for place in balances[link.material].places.values():
            if place.made <= 0:
                continue
            row = self._add("Plants", place.made_source, place.made_note, plant=f"{place.region} {link.process}")
            row.cells |= {"region": place.region, "process": link.process, "pricing": "market"}
            worth = place.made * self.prices[link.material] / 1e3
            self._blank(row, "operating_cost_usd_per_kg", "operating cost; blank is 0", worth)
            if not place.listed:
                row.source = f"sent out less came in, rows of Trade, {self.year}"
                row.note = f"{ILLUSTRATIVE}: no production table names it, so at least its net exports"
                self._guess(row, self.first, "what is made: at least net exports", worth)
            given = place.capacity is not None and place.capacity >= place.made
            capacity = place.capacity if given and place.capacity is not None else place.made / link.utilisation
            now = min(place.made, place.supplied) if link is self.chain[-1] else place.made
            later = self._later(row, now, capacity)
            if place.made - now > 0.0005 * place.made:
                through = f"{place.made - now:,.0f} t that hubs send on, which their markets carry"
                row.note = _sentences(row.note, f"made {place.made:,.0f} t; {self.first} without {through}")
            if given:
                row.note = _sentences(row.note, f"from {self.first + 1} capacity of {place.capacity_source}")
            elif later is not None:
                row.note = _sentences(
                    row.note,
                    f"{self.first}: what was made; then capacity {ILLUSTRATIVE}: made / {link.utilisation:.0%} use",
                )
                self._guess(row, later, "capacity: made / usual utilisation", worth * (1 / link.utilisation - 1))

    def _trade(self, link: Link, found: Balance) -> None:
        typical = typical_freight(found.lanes)
        unknown = 0.0
        for lane in found.lanes:
            cells = {"from_region": lane.start, "to_region": lane.end, "material": link.material}
            self._add("Trade", lane.source, lane.note, **cells, t_per_yr=_t(lane.t))
            end = found.places[lane.end]
            if _t(end.consumption) <= 0:
                continue  # all of it is sent on, and stands as a market
            row = self._add("Lanes", lane.source, "", **cells)
            self._later(row, lane.t * end.stays, max(lane.t, end.consumption))
            row.note = f"{self.first}: as traded; then as wide as {lane.end} can use"
            if end.stays < 1:
                row.note = (
                    f"{self.first}: as traded, without the {1 - end.stays:.0%} that {lane.end} sends on; then wide"
                )
            unknown += self._freight(row, lane, typical) * lane.t * self.prices[link.material] / 1e3
        if unknown:
            stands = "the median of lanes where both sides report" if typical is not None else "blank, which is 0"
            self.gaps.append(Gap("Lanes", None, "freight_usd_per_kg", f"freight of {link.material}: {stands}", unknown))

    def _freight(self, row: SheetRow, lane: Shipment, typical: float | None) -> bool:
        """Write freight; whether it is unknown."""
        if lane.freight is not None:
            row.cells["freight_usd_per_kg"] = round(lane.freight, 4)
            row.note = _sentences(row.note, lane.freight_note)
        elif typical is not None:
            row.cells["freight_usd_per_kg"] = round(typical, 4)
            row.guessed.add("freight_usd_per_kg")
            row.note = _sentences(row.note, f"freight {ILLUSTRATIVE}: the median of the other lanes")
        else:
            row.blank.add("freight_usd_per_kg")
        return lane.freight is None

    def _hubs(self, link: Link, found: Balance) -> None:
        """What is sent out beyond what is made: of a listed producer, clean and exposed as what came in."""
        for place in found.places.values():
            if place.reexport <= 0:
                continue
            exposed = 1.0 if place.region in self.choices.of_concern else place.sends_exposed
            exposed = 0.0 if exposed < LEAST_PART else 1.0 if exposed > 1 - LEAST_PART else exposed
            for answer, part in (("no", 1 - exposed), ("yes", exposed)):
                t = place.reexport * part
                if _t(t) <= 0:
                    continue
                row = self._add("Markets", f"sent out less made, rows of Trade, {self.year}")
                row.cells |= {"market": f"{place.region} re-export{' exposed' if answer == 'yes' else ''}"}
                row.cells |= {"region": place.region, "material": link.material, "side": "buy", "exposed": answer}
                self._later(row, max(0.0, place.supplied - place.made) * part, t)
                row.note = f"re-export: sends out {place.sent_out:,.0f} t, makes {place.made:,.0f} t"
                if not place.listed:
                    row.note += " at least (no production table names it, so some of this may be made here)"
                row.note += f"; {place.exposed_part:.0%} of what comes in is exposed"
                worth = t * self.prices[link.material] / 1e3
                self._guess(row, "exposed", "where what is sent on was made", worth)

    def _upstream(self, link: Link, balances: Mapping[str, Balance]) -> None:
        """Lanes of what the next step takes in, and a last resort for what no file explains."""
        found = balances[link.material]
        made = sum(place.made for place in found.places.values())
        used = sum(
            place.made * after.t_in_per_t
            for after in self.chain
            if after.made_from == link.material
            for place in balances[after.material].places.values()
        )
        self.remarks.append(
            f"{link.material}: {made:,.0f} t are made, and what the files know to be made of it takes {used:,.0f} t; "
            + ("the rest goes into what is not in the files" if made > used else "the rest is a market, unexplained")
        )
        worth = self._worth(link, found)
        codes = ", ".join(link.hs) or "no code of its own"
        if found.lanes:
            for lane in found.lanes:
                cells = {"from_region": lane.start, "to_region": lane.end, "material": link.material}
                self._add("Trade", lane.source, lane.note, **cells, t_per_yr=_t(lane.t))
                row = self._add("Lanes", lane.source, "a pair that trades; no limit", **cells)
                self._freight(row, lane, typical_freight(found.lanes))
            start = OTHER
        else:
            self.remarks.append(f"{link.material}: no trade table (HS {codes}), so every pair of regions is open")
            start = "*"
        row = self._add("Lanes", "", from_region=start, to_region="*", material=link.material)
        row.source = (
            f"{ILLUSTRATIVE}: no file has trade of HS {codes}" if start == "*" else f"{ILLUSTRATIVE}: last resort"
        )
        self._blank(row, "freight_usd_per_kg", "freight, and which pairs trade", worth)
        row = self._add("Markets", f"{ILLUSTRATIVE}: no file explains it", market=f"unexplained {link.material}")
        row.cells |= {"region": OTHER, "material": link.material, "side": "buy", "exposed": "no"}
        row.cells["premium_share"] = EXTRA_SHARE
        row.note = "what refineries take in beyond what mines make: scrap, stocks, what is not reported; no limit"
        self._guess(row, "premium_share", "who else supplies, how much and how dear", worth * EXTRA_SHARE)

    def _demand(self, link: Link, found: Balance) -> None:
        price = self.prices[link.material]
        used = sum(place.consumption for place in found.places.values())
        row = self._add("Sectors", f"{ILLUSTRATIVE}: {SHORTAGE_TIMES_PRICE} times the price", sector=SECTOR)
        row.cells["shortage_cost_usd_per_kg"] = float(f"{SHORTAGE_TIMES_PRICE * price:.3g}")
        self._guess(row, "shortage_cost_usd_per_kg", "cost of a shortage, and sectors", used * price / 1e3)
        for place in found.places.values():
            if _t(place.consumption) <= 0:
                continue
            row = self._add("Demand", _sources_of_demand(place, self.year), region=place.region, sector=SECTOR)
            row.cells |= {"material": link.material, self.first: _t(place.consumption)}
            row.note = (
                f"apparent: made {place.made:,.0f} + came in {place.came_in:,.0f} - sent out {place.sent_out:,.0f} t "
                f"of {self.year}"
            )
            if self.last > self.first:
                self._blank(row, self.last, "growth of demand; held flat", place.consumption * price / 1e3)
        for place in found.set_aside:
            self.remarks.append(
                f"{place.region}: apparent consumption of {link.material} is {place.apparent:,.0f} t (made "
                f"{place.made:,.0f} + came in {place.came_in:,.0f} - sent out {place.sent_out:,.0f}): below zero, set "
                "aside; it has no row in Demand, and what it sends out beyond what it makes is a market"
            )

    def _whole_sheets(self, found: Balance) -> None:
        link = self.chain[-1]
        traded = sum(lane.t for lane in found.lanes) * self.prices[link.material] / 1e3
        clean = [place for place in found.places.values() if place.region not in self.choices.of_concern]
        exposed = sum((place.consumption - place.own) * place.exposed_part for place in clean)
        worth = exposed * self.prices[link.material] / 1e3
        for sheet, what, musd in (
            ("Projects", "what could be built: capacity, capex, costs, lead times", worth),
            ("ChinaShare", "the cap, by year", worth),
            ("Contracts", "offtake contracts on offer or signed", worth),
            ("Tariffs", "duties", traded),
            ("Stockpiles", "reserves: what is held, room, days of cover", worth),
            ("Scenarios", "embargoes and other futures", worth),
        ):
            self.gaps.append(Gap(sheet, None, "", f"no file has it: {what}", musd))


def _t(value: float) -> float:
    return round(value, 3)


def _sentences(*texts: str) -> str:
    return "; ".join(text for text in texts if text)


def _sources_of_demand(place: Place, year: int) -> str:
    made = place.made_source if place.listed else "net exports" if place.made else ""
    return _sentences(made, f"rows of Trade from and to {place.region}, {year}")
