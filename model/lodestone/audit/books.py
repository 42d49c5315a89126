"""What a plan decides, read from its tables: the only numbers of the plan that the audit takes as given.

Everything else in the tables (balances, shares, payments, costs) is recomputed from these and from the workbook.
Duplicate rows are added up, as they would be by whoever carries out the plan.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from lodestone.data.plan_data import CLEAN, EXPOSED, STREAMS, Contract, Floor, OpenSeries, PlanData, Project, time_of

Row = Mapping[str, Any]
K = TypeVar("K")


class Amounts(dict[K, float]):
    """Amounts by key; what is not there is 0."""

    def __missing__(self, key: K) -> float:
        return 0.0

    def add(self, key: K, amount: float) -> None:
        self[key] = self[key] + amount


@dataclass(frozen=True)
class Award:
    """A floor granted to a project decided in `year`; last: its last supported year, also beyond the horizon."""

    floor: Floor
    project: Project
    year: int
    first: int
    last: int

    @property
    def where(self) -> str:
        return f"{self.floor.name} {self.year}"


@dataclass(frozen=True)
class Signing:
    """A contract signed in `year` for `annual` t/yr; first, last: its tenor, also beyond the horizon."""

    contract: Contract
    year: int
    annual: float
    first: int
    last: int

    @property
    def where(self) -> str:
        return f"{self.contract.name} {self.year}"

    @property
    def key(self) -> tuple[str, int]:
        return self.contract.name, self.year

    def covers(self, year: int) -> bool:
        return self.first <= year <= self.last


@dataclass(frozen=True)
class Books:
    """The plan in plain numbers: t, MUSD, years. Keys are named in the comments; k is a stream."""

    document: Mapping[str, Any]
    built: Amounts[tuple[str, int]]  # project, decision year -> copies
    awards: tuple[Award, ...]
    signings: tuple[Signing, ...]
    taken: Amounts[tuple[str, int, int]]  # contract, signing year, year
    untaken: Amounts[tuple[str, int, int]]
    act: Amounts[tuple[str, int, str]]  # unit, year, k
    topup: Amounts[tuple[str, int]]  # unit, year
    traded: Amounts[tuple[str, int, str]]  # market, year, k
    shipped: Amounts[tuple[str, str, str, int, str]]  # material, from, to, year, k
    delivered: Amounts[tuple[str, str, str, int, str]]  # region, sector, material, year, k
    short: Amounts[tuple[str, str, str, int]]  # region, sector, material, year
    avoided: Amounts[tuple[str, str, int]]  # option, region, year
    mixed: Amounts[tuple[str, str, int, str]]  # region, material, year, k
    stock: Amounts[tuple[str, int, str]]  # stockpile, year, k
    fill: Amounts[tuple[str, int, str]]
    release: Amounts[tuple[str, int, str]]

    def rows(self, table: str) -> Sequence[Row]:
        return rows(self.document, table)

    def use(self, unit: str, year: int) -> float:
        """Capacity used, both streams."""
        return sum(self.act[unit, year, k] for k in STREAMS)

    def volume(self, market: str, year: int) -> float:
        return sum(self.traded[market, year, k] for k in STREAMS)


def limit(series: OpenSeries | None, year: int) -> float | None:
    """A volume or lane capacity in a year; None when unlimited."""
    return None if series is None else series[time_of(year)]


def rows(document: Mapping[str, Any], table: str) -> Sequence[Row]:
    found: Sequence[Row] = document["tables"][table]
    return found


def read_books(data: PlanData, document: Mapping[str, Any]) -> Books:
    """Read the tables; they have passed `reading.READING`."""

    def amounts(table: str, keys: Sequence[str], column: str) -> Amounts[Any]:
        result: Amounts[Any] = Amounts()
        for row in rows(document, table):
            result.add(tuple(row[k] for k in keys), float(row[column]))
        return result

    def by_stream(table: str, keys: Sequence[str], columns: Mapping[str, str]) -> Amounts[Any]:
        result: Amounts[Any] = Amounts()
        for row in rows(document, table):
            for stream, column in columns.items():
                result.add((*(row[k] for k in keys), stream), float(row[column]))
        return result

    need, site = ("region", "sector", "material", "year"), ("stockpile", "year")
    stock: Amounts[tuple[str, int, str]] = Amounts()
    for row in rows(document, "stockpile"):
        stock.add((row["stockpile"], row["year"], CLEAN), row["stock_t"] - row["exposed_t"])
        stock.add((row["stockpile"], row["year"], EXPOSED), row["exposed_t"])
    return Books(
        document=document,
        built=amounts("investments", ("project", "decision_year"), "builds"),
        awards=tuple(_award(data, row) for row in rows(document, "price_floors")),
        signings=tuple(_signing(data, row) for row in rows(document, "contracts")),
        taken=amounts("contract_years", ("contract", "signing_year", "year"), "taken_t"),
        untaken=amounts("contract_years", ("contract", "signing_year", "year"), "untaken_t"),
        act=by_stream("plants", ("unit", "year"), {CLEAN: "clean_t", EXPOSED: "exposed_t"}),
        topup=amounts("plants", ("unit", "year"), "topup_musd"),
        traded=amounts("markets", ("market", "year", "stream"), "t"),
        shipped=amounts("flows", ("material", "from_region", "to_region", "year", "stream"), "t"),
        delivered=by_stream("demand", need, {CLEAN: "clean_t", EXPOSED: "exposed_t"}),
        short=amounts("demand", need, "short_t"),
        avoided=amounts("substitution", ("option", "region", "year"), "t"),
        mixed=by_stream("intake", ("region", "material", "year"), {CLEAN: "mixed_clean_t", EXPOSED: "mixed_exposed_t"}),
        stock=stock,
        fill=by_stream("stockpile", site, {CLEAN: "fill_clean_t", EXPOSED: "fill_exposed_t"}),
        release=by_stream("stockpile", site, {CLEAN: "release_clean_t", EXPOSED: "release_exposed_t"}),
    )


def _award(data: PlanData, row: Row) -> Award:
    floor = data.floors[row["floor"]]
    project = data.projects[floor.project]
    year: int = row["decision_year"]
    first = year + project.lead_years
    return Award(floor, project, year, first, first + min(floor.tenor_years, project.life_years) - 1)


def _signing(data: PlanData, row: Row) -> Signing:
    contract = data.contracts[row["contract"]]
    year: int = row["signing_year"]
    project = data.projects.get(contract.supplier)
    if project:
        first = year + project.lead_years
        last = first + min(contract.tenor_years, project.life_years) - 1
    else:
        first = year + contract.start_delay_years
        last = first + contract.tenor_years - 1
    return Signing(contract, year, float(row["annual_t"]), first, last)
