"""What a plan decides, read from its tables: the only numbers of the plan that the audit takes as given.

Everything else in the tables (balances, shares, payments, costs) is recomputed from these and from the workbook. What
is committed is read from the workbook, not from the plan. Duplicate rows are added up, as they would be by whoever
carries out the plan. Amounts are those of a period; a time is when it begins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import wraps
from itertools import pairwise
from typing import Any, TypeVar

from lodestone.audit.packages import with_level
from lodestone.data.plan_data import (
    CLEAN,
    EXPOSED,
    MONTHS,
    STREAMS,
    Contract,
    Floor,
    OpenSeries,
    PlanData,
    Project,
    Time,
    Unit,
    month_of,
    time_of,
    year_of,
)

Document = Mapping[str, Any]  # a plan as plan.json holds it
Row = Mapping[str, Any]  # of one of its tables, by column
Key = tuple[Any, ...]  # the values of some columns
K = TypeVar("K")
T = TypeVar("T")


class Amounts(dict[K, float]):
    """Amounts by key; what is not there is 0."""

    def __missing__(self, key: K) -> float:
        return 0.0

    def add(self, key: K, amount: float) -> None:
        """Add to what stands under a key."""
        self[key] = self[key] + amount


@dataclass(frozen=True)
class Award:
    """A package for what is decided (or, of a plant, supported) in `year`.

    first, last: its planned first and last supported year, also beyond the horizon.
    """

    floor: Floor
    unit: Unit
    year: int
    first: int
    last: int
    committed: bool = False

    @property
    def where(self) -> str:
        """The award in a finding: unit, floor, year."""
        return f"{self.floor.name} {self.year}"

    def covers(self, year: int) -> bool:
        """Whether the floor holds in a year."""
        return self.first <= year <= self.last


@dataclass(frozen=True)
class Signing:
    """A contract signed in `year` for `annual` t/yr; first, last: its tenor, also beyond the horizon."""

    contract: Contract
    year: int
    annual: float
    first: int
    last: int
    committed: bool = False

    @property
    def where(self) -> str:
        """The signing in a finding: contract, year."""
        return f"{self.contract.name} {self.year}"

    @property
    def key(self) -> tuple[str, int]:
        """Contract and year of signing, as the tables of the plan have them."""
        return self.contract.name, self.year

    def covers(self, year: int) -> bool:
        """Whether the contract runs in a year."""
        return self.first <= year <= self.last


@dataclass(frozen=True)
class Beside:
    """Another future of a joint plan: its data, and from when on it is not the same as the one that is audited."""

    data: PlanData
    parts: Time


@dataclass(frozen=True)
class Books:
    """The plan in plain numbers: t, MUSD. Keys are named in the comments; k is a stream, time a period."""

    document: Document
    decided: Amounts[tuple[str, int]]  # project, decision year -> copies that the plan chooses
    built: Amounts[tuple[str, int]]  # as decided, with what is committed; its year may be before first_year
    awards: tuple[Award, ...]  # those of the plan first, then what is committed
    signings: tuple[Signing, ...]
    taken: Amounts[tuple[str, int, Time]]  # contract, signing year, time
    untaken: Amounts[tuple[str, int, Time]]
    act: Amounts[tuple[str, Time, str]]  # unit, time, k
    topup: Amounts[tuple[str, Time]]  # unit, time
    kept: Mapping[tuple[str, Time], float]  # unit, time; only where the plan says how much is kept open
    waste: Amounts[tuple[str, Time]]  # unit, time
    traded: Amounts[tuple[str, Time, str]]  # market, time, k
    shipped: Amounts[tuple[str, str, str, Time, str]]  # material, from, to, time, k
    delivered: Amounts[tuple[str, str, str, Time, str]]  # region, sector, material, time, k
    short: Amounts[tuple[str, str, str, Time]]  # region, sector, material, time
    avoided: Amounts[tuple[str, str, Time]]  # option, region, time
    mixed: Amounts[tuple[str, str, Time, str]]  # region, material, time, k
    stock: Amounts[tuple[str, Time, str]]  # stockpile, time, k
    fill: Amounts[tuple[str, Time, str]]
    release: Amounts[tuple[str, Time, str]]
    lacking: Amounts[tuple[str, Time]]  # stockpile, time
    length: Mapping[Time, float]  # w(n): the part of a year that a period is
    before: Mapping[Time, Time | None]  # the period before; None of the first
    beside: tuple[Beside, ...] = ()  # of a joint plan: the other futures
    reckoned: dict[object, Any] = field(default_factory=dict, init=False, repr=False, compare=False)  # see `once`

    def rows(self, table: str) -> Sequence[Row]:
        """The rows of a table of the plan; none where the plan lacks it."""
        return rows(self.document, table)

    def use(self, unit: str, time: Time) -> float:
        """Capacity used, both streams."""
        return sum(self.act[unit, time, k] for k in STREAMS)

    def volume(self, market: str, time: Time) -> float:
        """Tonnes traded with a market in a period, both streams."""
        return sum(self.traded[market, time, k] for k in STREAMS)

    @property
    def chosen_awards(self) -> tuple[Award, ...]:
        """Awards that the plan decides, without what is committed."""
        return tuple(a for a in self.awards if not a.committed)

    @property
    def chosen_signings(self) -> tuple[Signing, ...]:
        """Signings that the plan decides, without what is committed."""
        return tuple(s for s in self.signings if not s.committed)


def once(reckon: Callable[[PlanData, Books], T]) -> Callable[[PlanData, Books], T]:
    """What several rules ask of a plan is reckoned for the first and kept with its books; none may change it."""

    @wraps(reckon)
    def kept(data: PlanData, books: Books) -> T:
        key = (reckon, id(data))
        if key not in books.reckoned:
            books.reckoned[key] = reckon(data, books)
        known: T = books.reckoned[key]
        return known

    return kept


def limit(series: OpenSeries | None, time: Time) -> float | None:
    """A volume or lane capacity, t/yr; None when unlimited."""
    return None if series is None else series[time]


def rows(document: Document, table: str) -> Sequence[Row]:
    """The rows of a table of a plan as a document; none where it lacks it."""
    found: Sequence[Row] = document["tables"].get(table, ())
    return found


def time_in(row: Row) -> Time:
    """When the period of a row begins; tables by year, and those of years that are not cut, have no month."""
    return time_of(row["year"], row.get("month", 1))


def when(data: PlanData, time: Time) -> str:
    """A period as people write it: 2031, or 2031-07 where the year is cut."""
    return f"{year_of(time)}-{month_of(time):02d}" if data.months_of(year_of(time)) < MONTHS else str(year_of(time))


def by_year(data: PlanData) -> dict[int, tuple[Time, ...]]:
    """Y(n): the periods of each year."""
    return {year: tuple(time for time in data.times if year_of(time) == year) for year in data.years}


def read_books(data: PlanData, document: Document, beside: Iterable[Beside] = ()) -> Books:
    """Read the tables; they have passed `reading.READING`."""

    def amounts(table: str, keys: Callable[[Row], Key], column: str) -> Amounts[Any]:
        result: Amounts[Any] = Amounts()
        for row in rows(document, table):
            result.add(keys(row), float(row[column] or 0.0))
        return result

    def by_stream(table: str, keys: Callable[[Row], Key], columns: Mapping[str, str]) -> Amounts[Any]:
        result: Amounts[Any] = Amounts()
        for row in rows(document, table):
            key = keys(row)
            for stream, column in columns.items():
                result.add((*key, stream), float(row[column]))
        return result

    def named(*names: str) -> Callable[[Row], Key]:
        return lambda row: (*(row[name] for name in names), time_in(row))

    need, site, unit = named("region", "sector", "material"), named("stockpile"), named("unit")
    signed = named("contract", "signing_year")
    stock: Amounts[tuple[str, Time, str]] = Amounts()
    for row in rows(document, "stockpile"):
        stock.add((*site(row), CLEAN), row["stock_t"] - row["exposed_t"])
        stock.add((*site(row), EXPOSED), row["exposed_t"])
    kept: Amounts[tuple[str, Time]] = Amounts()
    for row in rows(document, "plants"):
        if row["kept"] is not None:
            kept.add((row["unit"], time_in(row)), float(row["kept"]))
    decided = amounts("investments", lambda row: (row["project"], row["decision_year"]), "builds")
    return Books(
        document=document,
        decided=decided,
        built=_with_committed(data, decided),
        awards=tuple(_award(data, r["floor"], r["decision_year"]) for r in rows(document, "price_floors"))
        + tuple(_award(data, f.name, f.committed_year, True) for f in data.floors.values() if f.committed_year),
        signings=tuple(
            _signing(data, r["contract"], r["signing_year"], float(r["annual_t"])) for r in rows(document, "contracts")
        )
        + tuple(
            _signing(data, c.name, c.committed_year, c.committed_t, True)
            for c in data.contracts.values()
            if c.committed_year
        ),
        taken=amounts("contract_years", signed, "taken_t"),
        untaken=amounts("contract_years", signed, "untaken_t"),
        act=by_stream("plants", unit, {CLEAN: "clean_t", EXPOSED: "exposed_t"}),
        topup=amounts("plants", unit, "topup_musd"),
        kept=dict(kept),
        waste=amounts("plants", unit, "waste_t"),
        traded=amounts("markets", lambda r: (r["market"], time_in(r), r["stream"]), "t"),
        shipped=amounts(
            "flows", lambda r: (r["material"], r["from_region"], r["to_region"], time_in(r), r["stream"]), "t"
        ),
        delivered=by_stream("demand", need, {CLEAN: "clean_t", EXPOSED: "exposed_t"}),
        short=amounts("demand", need, "short_t"),
        avoided=amounts("substitution", named("option", "region"), "t"),
        mixed=by_stream("intake", named("region", "material"), {CLEAN: "mixed_clean_t", EXPOSED: "mixed_exposed_t"}),
        stock=stock,
        fill=by_stream("stockpile", site, {CLEAN: "fill_clean_t", EXPOSED: "fill_exposed_t"}),
        release=by_stream("stockpile", site, {CLEAN: "release_clean_t", EXPOSED: "release_exposed_t"}),
        lacking=amounts("stockpile", site, "lacking_t"),
        length={time: data.months_of(year_of(time)) / MONTHS for time in data.times},
        before={data.times[0]: None, **{time: earlier for earlier, time in pairwise(data.times)}},
        beside=tuple(beside),
    )


def _with_committed(data: PlanData, decided: Amounts[tuple[str, int]]) -> Amounts[tuple[str, int]]:
    built: Amounts[tuple[str, int]] = Amounts(decided)
    for project in data.projects.values():
        if project.committed_year is not None:
            built.add((project.name, project.committed_year), 1.0)
    return built


def _award(data: PlanData, name: str, year: int, committed: bool = False) -> Award:
    floor = data.floors[name]
    unit = data.units[floor.project]
    if isinstance(unit, Project):
        filled = with_level(data, floor, year, offered=not committed)
        floor = filled or replace(floor, floor=0.0)  # rule "(10) on offer" says that it is not
        first, years = year + unit.lead_years, min(floor.tenor_years, unit.life_years)
    else:  # a plant is supported from the year on in which it was agreed
        first, years = year, floor.tenor_years
    return Award(floor, unit, year, first, first + years - 1, committed)


def _signing(data: PlanData, name: str, year: int, annual: float, committed: bool = False) -> Signing:
    contract = data.contracts[name]
    project = data.projects.get(contract.supplier)
    if project:
        first, years = year + project.lead_years, min(contract.tenor_years, project.life_years)
    else:
        first, years = year + contract.start_delay_years, contract.tenor_years
    return Signing(contract, year, annual, first, first + years - 1, committed)
