"""What the files say of one mineral: production by country, trade between countries, prices."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lodestone.errors import UsageError
from lodestone.importing.chains import Link
from lodestone.importing.countries import OTHER, country, is_total
from lodestone.importing.files import Row, Table, open_table

TONNES = {
    "metric tons": 1.0,
    "thousand metric tons": 1e3,
    "million metric tons": 1e6,
    "kilograms": 1e-3,
    "tonnes (metric)": 1.0,
    "tonnes (metal content)": 1.0,
    "kilograms (metal content)": 1e-3,
}
KG_PER_POUND = 0.45359237
USD_PER_KG = {
    "dollars per metric ton": 1e-3,
    "dollars per kilogram": 1.0,
    "dollars per pound": 1 / KG_PER_POUND,
    "cents per pound": 0.01 / KG_PER_POUND,
}


@dataclass(frozen=True)
class Produced:
    """What a country made of a material, or could make (capacity), in t of content. table: of which it is a row."""

    material: str
    country: str
    year: int
    t: float
    table: str
    source: str
    capacity: bool = False
    note: str = ""


@dataclass(frozen=True)
class Reported:
    """One side's word on a lane: what an importer (CIF) or an exporter (FOB) reports; both: a reconciled table."""

    hs: str
    start: str
    end: str
    side: str  # importer, exporter or both
    year: int
    t: float | None  # gross
    usd: float
    source: str


@dataclass(frozen=True)
class Quoted:
    """A price, in USD per kg of content."""

    material: str
    year: int
    usd_per_kg: float
    source: str
    note: str = ""


@dataclass
class FileRead:
    """For the planner: what a file was taken for, and how much of it concerned the mineral."""

    name: str
    publisher: str
    terms: str
    used: int = 0
    years: set[int] = field(default_factory=set)


@dataclass
class Statistics:
    """What all files say together, before any of it is chosen or set aside."""

    produced: list[Produced] = field(default_factory=list)
    reported: list[Reported] = field(default_factory=list)
    quoted: list[Quoted] = field(default_factory=list)
    files: list[FileRead] = field(default_factory=list)
    unknown: Counter[str] = field(default_factory=Counter)  # names and codes of no country that is known, by rows


def read_statistics(paths: Sequence[Path], chain: Sequence[Link], year: int | None = None) -> Statistics:
    """Read all files. year: of tables that have none, inside or in their name."""
    found = Statistics()
    for path in paths:
        table = open_table(path)
        read = FileRead(path.name, table.kind.publisher, table.kind.terms)
        found.files.append(read)
        for item in _items(table, chain, year, found.unknown):
            read.used += 1
            read.years.add(item.year)
            if isinstance(item, Produced):
                found.produced.append(item)
            elif isinstance(item, Reported):
                found.reported.append(item)
            else:
                found.quoted.append(item)
    return found


Item = Produced | Reported | Quoted


def _items(table: Table, chain: Sequence[Link], year: int | None, unknown: Counter[str]) -> Iterable[Item]:
    codes = {code for link in chain for code in link.hs}
    kind = table.kind.name
    if kind == "usgs":
        return _usgs(table, chain, unknown)
    if kind == "usgs world":
        return _usgs_world(table, chain, unknown)
    if kind == "bgs":
        return _bgs(table, chain, unknown)
    if kind == "china months":
        return _china(table, codes, unknown)
    if kind.startswith("baci"):
        return _baci(table, codes, year, unknown)
    return _comtrade(table, codes, year, unknown)


def _place(text: str, unknown: Counter[str]) -> str:
    """The country; a name that is none of those known counts with the others, and is told."""
    found = country(text)
    if found is None:
        unknown[text] += 1
    return found or OTHER


# --- production and prices ------------------------------------------------------------------------------------------


def _usgs(table: Table, chain: Sequence[Link], unknown: Counter[str]) -> Iterator[Item]:
    chapters = {link.usgs_chapter.casefold() for link in chain}
    for row in table.rows():
        if row.text("mcs chapter").casefold() not in chapters:
            continue
        detail, unit = row.text("statistics_detail").casefold(), row.text("unit").casefold()
        world = row.has("section") and row.text("section").casefold().startswith("world")
        for link in chain:
            if row.text("mcs chapter").casefold() != link.usgs_chapter.casefold():
                continue
            kind = row.text("statistics").casefold()
            if kind == "price" and link.usgs_price and detail == link.usgs_price and unit in USD_PER_KG:
                value = row.number_in("value")
                if value:
                    year, per_kg = row.year_in("year"), value * USD_PER_KG[unit] / link.price_content
                    yield Quoted(link.material, year, per_kg, row.source(year), row.text("statistics_detail"))
            elif world and unit in TONNES and not is_total(row.text("country")):
                capacity = kind == "capacity" and _makes(link, "production capacity", detail)
                if capacity or (kind == "production" and _makes(link, link.usgs_production, detail)):
                    year, place = row.year_in("year"), _place(row.text("country"), unknown)
                    value = row.number_in("value")
                    if value is not None:
                        t, note = value * TONNES[unit], row.text("notes") if row.has("notes") else ""
                        name = f"{table.path.name} {link.usgs_chapter}"
                        yield Produced(link.material, place, year, t, name, row.source(year), capacity, note[:200])


def _makes(link: Link, wanted: str, detail: str) -> bool:
    """Whether a line of the USGS is about the making of a material: "mine production", however it goes on."""
    if wanted == "production capacity":
        wanted = link.usgs_production.replace("production", "capacity")
        return detail.startswith(wanted) or (detail == "production capacity" and link.made_from is None)
    return detail.startswith(wanted) and "rounded" not in detail


def _usgs_world(table: Table, chain: Sequence[Link], unknown: Counter[str]) -> Iterator[Item]:
    """The layout of 2025 and before: a row a country, its years side by side."""
    columns = [
        (heading.strip().casefold(), int(years[0]), heading.casefold().startswith("cap_"))
        for heading in table.headings
        if heading.casefold().startswith(("prod_", "cap_")) and (years := re.findall(r"\d{4}", heading))
    ]
    for row in table.rows():
        kind, unit = row.text("type").casefold(), row.text("unit_meas").casefold()
        for link in chain:
            chapter = row.text("commodity").casefold()
            if chapter != link.usgs_chapter.casefold() or unit not in TONNES or is_total(row.text("country")):
                continue
            if not kind.startswith(link.usgs_production):
                continue
            for heading, year, capacity in columns:
                value = row.number_in(heading)
                if value is not None:
                    place, t = _place(row.text("country"), unknown), value * TONNES[unit]
                    yield Produced(
                        link.material, place, year, t, f"{table.path.name} {chapter}", row.source(year), capacity
                    )


def _bgs(table: Table, chain: Sequence[Link], unknown: Counter[str]) -> Iterator[Item]:
    """Sub-commodities of a country are added; withdrawn countries keep their rows of old years."""
    for row in table.rows():
        for link in chain:
            if row.text("bgs_commodity_trans").casefold() != link.bgs_commodity or not link.bgs_commodity:
                continue
            statistic = row.text("bgs_statistic_type_trans") if row.has("bgs_statistic_type_trans") else "Production"
            unit = row.text("units").casefold()
            if statistic.casefold() != "production":
                continue
            if unit not in TONNES:
                raise row.wrong("units", f"is none of the units {', '.join(TONNES)}")
            year, value = row.year_in("year"), row.number_in("quantity")
            if value is not None and year >= 1995:  # before, countries that are no more
                code = row.text("country_iso3_code") or row.text("country_trans")
                note = row.text("concat_figure_notes_text") if row.has("concat_figure_notes_text") else ""
                place = country(row.text("country_trans")) or _place(code, unknown)
                t, name = value * TONNES[unit], f"{table.path.name} {link.bgs_commodity}"
                yield Produced(link.material, place, year, t, name, row.source(year), note=note[:200])


# --- trade ----------------------------------------------------------------------------------------------------------


def _comtrade(table: Table, codes: set[str], year: int | None, unknown: Counter[str]) -> Iterator[Item]:
    """Where a lane has several rows (by transport, customs regime, second partner), the largest is their total."""
    long = table.kind.name == "comtrade"
    names = (
        "reportercode partnercode cmdcode flowcode primaryvalue" if long else "reporter partner cmd flow value"
    ).split()
    largest: dict[tuple[str, str, str, str, int], tuple[float, float | None, Row]] = {}
    for row in table.rows():
        reporter, partner, code, flow = (row.text(name) for name in names[:4])
        if code not in codes or is_total(partner) or is_total(reporter):
            continue
        side = {"m": "importer", "x": "exporter"}.get(flow[:1].casefold())
        if side is None or flow.casefold() not in ("m", "x", "import", "export", "imports", "exports"):
            if flow.casefold() in ("rm", "rx", "fm", "dx", "mip", "mop", "xip", "xop", "re-export", "re-import"):
                continue
            raise row.wrong(names[3], "is neither M (import) nor X (export)")
        at = _year(row, year)
        key = (reporter, partner, code, side, at)
        value, weight = row.number_in(names[4]) or 0.0, row.number_in("netwgt")
        if key not in largest or value > largest[key][0]:
            largest[key] = value, weight, row
    for (reporter, partner, code, side, at), (value, weight, row) in largest.items():
        here, there = _place(reporter, unknown), _place(partner, unknown)
        start, end = (there, here) if side == "importer" else (here, there)
        if start != end:
            t = weight / 1e3 if weight else None
            yield Reported(code, start, end, side, at, t, value, row.source(at))


def _year(row: Row, year: int | None) -> int:
    for heading in ("refyear", "period", "year", "t"):
        if row.has(heading):
            return row.year_in(heading)
    known = year or row.table.year_of_name()
    if known is None:
        raise UsageError(f"{row.table.path.name} has no year, inside or in its name: say it with --year")
    return known


def _baci(table: Table, codes: set[str], year: int | None, unknown: Counter[str]) -> Iterator[Item]:
    """Reconciled trade: v is in thousand USD and q in t; the table of values has USD, and no quantity."""
    full = table.kind.name == "baci"
    for row in table.rows():
        code = row.text("k" if full else "cmd").zfill(6)
        if code in codes:
            at = _year(row, year)
            start, end = _place(row.text("i"), unknown), _place(row.text("j"), unknown)
            usd = (row.number_in("v" if full else "value") or 0.0) * (1e3 if full else 1)
            t = row.number_in("q") if full else None
            if start != end:
                yield Reported(code, start, end, "both", at, t or None, usd, row.source(at))


def _china(table: Table, codes: set[str], unknown: Counter[str]) -> Iterator[Item]:
    """Months are added up; a year with fewer than twelve is left out."""
    months: dict[int, set[str]] = defaultdict(set)
    rows: dict[tuple[str, str, int], list[Row]] = defaultdict(list)
    for row in table.rows():
        at = row.year_in("period_dt")
        months[at].add(row.text("period_dt")[:7])
        if row.text("hs6") in codes:
            rows[row.text("hs6"), row.text("partner_name"), at].append(row)
    for (code, partner, at), found in rows.items():
        end = _place(partner, unknown)
        if len(months[at]) < 12 or end == "China":
            continue
        kg = sum(row.number_in("qty") or 0.0 for row in found)
        usd = sum(row.number_in("val") or 0.0 for row in found)
        source = f"{table.path.name}, rows {found[0].number} to {found[-1].number}, {at}"
        yield Reported(code, "China", end, "exporter", at, kg / 1e3 or None, usd, source)
