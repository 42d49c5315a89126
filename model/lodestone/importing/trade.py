"""Trade between countries in t of content: of the two sides' words, which counts, how far they differ, what freight is.

The importer's word counts (customs look closer at what comes in), unless its weight is missing or implausible and the
exporter's is not; a reconciled table stands behind both. A weight is implausible where value by weight is more than
five times above or below the median of its code; where no weight can be trusted, tonnes are the value over the median,
and over the quoted price where a table has values only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lodestone.importing.chains import Link
from lodestone.importing.statistics import Reported

FACTOR = 5  # from the median, beyond which a weight is not believed
NEAR = 1.25  # weights of both sides so near each other that their values can be compared
MOST_FREIGHT = 0.3  # of value; beyond, the two sides speak of different goods
ORDER = ("importer", "exporter", "both")


@dataclass(frozen=True)
class Shipment:
    """What went from one country to another in the year, in t of content. freight: USD per kg of content."""

    start: str
    end: str
    t: float
    source: str
    note: str
    freight: float | None = None
    freight_note: str = ""


def shipments(link: Link, reported: Iterable[Reported], year: int, price: float | None = None) -> list[Shipment]:
    """Lanes of a material, the largest first, its customs codes added. price: USD per kg of content."""
    by_code: dict[str, dict[tuple[str, str], dict[str, Reported]]] = defaultdict(lambda: defaultdict(dict))
    for report in reported:
        if report.hs in link.hs and report.year == year:
            by_code[report.hs][report.start, report.end].setdefault(report.side, report)  # the file named first counts
    lanes: dict[tuple[str, str], list[Shipment]] = defaultdict(list)
    for code, pairs in by_code.items():
        median = _median([report for sides in pairs.values() for report in sides.values()])
        if median is None and price is not None:
            median = price * link.hs[code] * 1e3
        for pair, sides in pairs.items():
            shipment = _shipment(sides, median, link.hs[code])
            if shipment is not None:
                lanes[pair].append(shipment)
    return sorted((_together(parts) for parts in lanes.values()), key=lambda lane: (-lane.t, lane.start, lane.end))


def unit_value(link: Link, reported: Iterable[Reported], year: int) -> float | None:
    """USD per kg of content: all imports with believable weights together; exports where no imports have weights."""
    reported = list(reported)
    into = [report for report in reported if report.side != "exporter"]
    return _unit_value(link, into, year) or _unit_value(link, reported, year)


def _unit_value(link: Link, reported: Sequence[Reported], year: int) -> float | None:
    usd = t = 0.0
    for code, content in link.hs.items():
        reports = [r for r in reported if r.hs == code and r.year == year]
        median = _median(reports)
        for report in reports:
            if report.t and _believed(report, median):
                usd, t = usd + report.usd, t + report.t * content
    return usd / t / 1e3 if t else None


def typical_freight(lanes: Sequence[Shipment]) -> float | None:
    """The median of freight where it is known, USD per kg of content."""
    known = sorted(lane.freight for lane in lanes if lane.freight is not None)
    return known[len(known) // 2] if known else None


def _median(reports: Sequence[Reported]) -> float | None:
    """Of USD per t, weighed by value: half of the trade is dearer."""
    priced = sorted((report.usd / report.t, report.usd) for report in reports if report.t and report.usd)
    half, passed = sum(usd for _, usd in priced) / 2, 0.0
    for value, usd in priced:
        passed += usd
        if passed >= half:
            return value
    return None


def _believed(report: Reported, median: float | None) -> bool:
    if not report.t or not report.usd or median is None:
        return bool(report.t)
    return median / FACTOR <= report.usd / report.t <= median * FACTOR


def _shipment(sides: dict[str, Reported], median: float | None, content: float) -> Shipment | None:
    ordered = [sides[side] for side in ORDER if side in sides]
    believed = [report for report in ordered if _believed(report, median)]
    chosen = believed[0] if believed else ordered[0]
    notes = []
    if believed:
        gross = chosen.t or 0.0
    elif median is not None:
        gross = chosen.usd / median
        notes.append("no weight, or not believed: value over the usual value per t of the code")
    else:
        return None
    if believed and chosen is not ordered[0]:
        notes.append("the importer's weight is missing or not believed")
    notes.append(_gap(sides, chosen))
    t = gross * content
    if t <= 0:
        return None
    freight, freight_note = _freight(sides, median, content)
    words = "; ".join(note for note in notes if note)
    return Shipment(chosen.start, chosen.end, t, chosen.source, words, freight, freight_note)


def _gap(sides: dict[str, Reported], chosen: Reported) -> str:
    """How far the two sides differ, in gross tonnes."""
    into, out = sides.get("importer"), sides.get("exporter")
    if into is None or out is None:
        only = "reconciled by CEPII" if chosen.side == "both" else f"only the {chosen.side} reports it"
        return f"mirror gap not known: {only}"
    if not into.t or not out.t:
        return "mirror gap not known: one side gives no weight"
    gap = (into.t - out.t) / max(into.t, out.t)
    return f"mirror gap {gap:+.0%}: importer {into.t:,.0f} t, exporter {out.t:,.0f} t gross"


def _freight(sides: dict[str, Reported], median: float | None, content: float) -> tuple[float | None, str]:
    """CIF less FOB per kg, where both sides report about the same weight."""
    into, out = sides.get("importer"), sides.get("exporter")
    if into is None or out is None or not into.t or not out.t:
        return None, ""
    if max(into.t, out.t) > NEAR * min(into.t, out.t) or not (_believed(into, median) and _believed(out, median)):
        return None, ""
    cif, fob = into.usd / into.t / 1e3, out.usd / out.t / 1e3
    if not 0 <= cif - fob <= MOST_FREIGHT * cif:
        return None, ""
    return (cif - fob) / content, f"freight: CIF {cif:.3f} less FOB {fob:.3f} USD/kg gross"


def _together(parts: list[Shipment]) -> Shipment:
    if len(parts) == 1:
        return parts[0]
    parts = sorted(parts, key=lambda part: -part.t)
    first = parts[0]
    return Shipment(
        first.start,
        first.end,
        sum(part.t for part in parts),
        "; ".join(part.source for part in parts),
        "; ".join(dict.fromkeys(part.note for part in parts)),
        first.freight,
        first.freight_note,
    )
