"""Key figures of a plan: what the Summary says in sentences and shows in its tables, computed once from plan.json."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from lodestone.data.times import MONTHS, Calendar, Time, named_time, time_of, year_of
from lodestone.plan.labels import key_parts
from lodestone.plan.plan import Plan
from lodestone.plan.tables import COMMITTED, Row, is_cut

T = TypeVar("T")
Key = tuple[Any, ...]  # the values of some columns of a row

LEAST_SHORT_T = 0.5  # less is rounding
BINDING = 1e-4  # a share this close to its limit is shown as binding
CAP = ("cap", "region", "sector", "material", "basis")  # what a row of china_share is about, in each year


@dataclass(frozen=True)
class CapFigure:
    """One cap, material and basis in the year in which it is tightest."""

    cap: str
    region: str
    sector: str
    material: str
    basis: str
    year: int
    consumption_t: float
    share: float
    limit: float
    binding_years: tuple[int, ...]

    @property
    def room(self) -> float:
        """Share that is left below the limit; below 0 where it is exceeded."""
        return self.limit - self.share


@dataclass(frozen=True)
class StockFigure:
    """A stockpile over the horizon."""

    stockpile: str
    region: str
    material: str
    peak_year: int
    peak_t: float
    peak_days: float | None
    peak_required_days: float | None
    end_t: float
    released_t: float
    release_years: tuple[int, ...]


@dataclass(frozen=True)
class DemandFigure:
    """A sector and a material over the horizon."""

    sector: str
    material: str
    demand_t: float
    clean_t: float
    exposed_t: float
    substituted_t: float
    short_t: float

    @property
    def met_share(self) -> float:
        """Share of demand that is not short; 1 where there is no demand."""
        return 1 - self.short_t / self.demand_t if self.demand_t else 1.0


@dataclass(frozen=True)
class FloorFigure:
    """An award with its payments within the horizon, undiscounted."""

    award: Row
    paid_musd: float
    upside_musd: float
    at_bank_prices_musd: float


@dataclass(frozen=True)
class ContractFigure:
    """A signing with what it delivers within the horizon, undiscounted."""

    signing: Row
    taken_t: float
    untaken_t: float
    contract_price: float | None  # USD/kg, average over what is taken
    market_price: float | None
    difference_musd: float
    untaken_musd: float


def parting(plan: Plan) -> Time:
    """When the futures of a joint plan first part: what is decided before is the same in all."""
    if plan.parting is not None:
        return plan.parting
    shown = [time_of(year, plan.month_of(name)) for name, year in plan.from_years.items() if year is not None]
    return min(shown, default=time_of(plan.horizon[1] + 1))


def until(plan: Plan, time: Time) -> Plan:
    """What a joint plan decides before a time until which all futures are the same."""
    return _decided(plan.future(next(iter(plan.futures))), lambda decided: decided < time)


def since(plan: Plan, time: Time) -> Plan:
    """What a plan decides from a time on."""
    return _decided(plan, lambda decided: decided >= time)


def _decided(plan: Plan, within: Callable[[Time], bool]) -> Plan:
    years = {"investments": "decision_year", "price_floors": "decision_year", "contracts": "signing_year"}
    own = plan.tables
    tables = {name: [row for row in own[name] if within(time_of(row[year]))] for name, year in years.items()}
    tables |= {name: [row for row in own[name] if within(begin(row))] for name in ("stockpile", "demand")}
    return replace(plan, tables={**own, **tables})


# --- years and their periods ----------------------------------------------------------------------------------------


def begin(row: Row) -> Time:
    """When the period of a row begins."""
    return time_of(row["year"], row.get("month", 1))


def cut_years(plan: Plan) -> dict[int, int]:
    """year -> months of its periods, of the years that are cut."""
    begins: dict[int, set[int]] = defaultdict(set)
    if is_cut(plan.tables):
        for name in ("costs", "demand", "plants", "stockpile"):
            for row in plan.rows(name):
                begins[row["year"]].add(row["month"])
    return {year: MONTHS // len(months) for year, months in begins.items() if len(months) > 1}


@dataclass(frozen=True)
class Axis:
    """The years of a plan, those that are cut as their periods. cut: year -> months of its periods."""

    first: int
    last: int
    cut: Mapping[int, int]

    @property
    def places(self) -> list[int | str]:
        """2026, "2027-01", "2027-04", ..."""
        return [self._place(time) for time in Calendar(self.first, self.last, self.cut).times]

    def place(self, row: Row) -> int | str:
        """The year or period of a row."""
        return self._place(begin(row))

    def _place(self, time: Time) -> int | str:
        year = year_of(time)
        return named_time(time, by_month=True) if year in self.cut else year

    def part(self, row: Row) -> float:
        """The part of a year that the period of a row is."""
        return self.cut.get(row["year"], MONTHS) / MONTHS


def axis(plan: Plan) -> Axis:
    """Years, or periods where years are cut."""
    first, last = plan.horizon
    return Axis(first, last, cut_years(plan))


def total(rows: Iterable[Row], column: str) -> float:
    """Sum of a column."""
    return float(sum(row[column] for row in rows))


def grouped(rows: Iterable[Row], *columns: str) -> dict[Key, list[Row]]:
    """Rows by the values of some columns, in their order."""
    groups: dict[Key, list[Row]] = defaultdict(list)
    for row in rows:
        groups[tuple(row[c] for c in columns)].append(row)
    return dict(groups)


def caps(plan: Plan) -> list[CapFigure]:
    """Every cap below 100% that something is consumed under, the tightest first."""
    in_force = [r for r in plan.rows("china_share") if r["limit"] < 1 and r["consumption_t"] > 0]
    figures = []
    for rows in grouped(in_force, *CAP).values():
        worst = min(rows, key=lambda r: (round(r["limit"] - r["share"], 6), r["limit"], r["year"]))
        told = {name: worst[name] for name in (*CAP, "year", "consumption_t", "share", "limit")}
        binding = tuple(r["year"] for r in rows if r["limit"] - r["share"] <= BINDING)
        figures.append(CapFigure(**told, binding_years=binding))
    return sorted(figures, key=lambda f: (round(f.room, 6), -f.consumption_t))


def cap_years(plan: Plan, figure: CapFigure) -> list[Row]:
    """The rows of one cap, material and basis, by year."""
    rows = [r for r in plan.rows("china_share") if all(r[c] == getattr(figure, c) for c in CAP)]
    return sorted(rows, key=lambda r: int(r["year"]))


def exposed_share(rows: Sequence[Row]) -> float | None:
    """Of the deliveries of these rows of the demand table; None when nothing is delivered."""
    delivered = total(rows, "clean_t") + total(rows, "exposed_t")
    return total(rows, "exposed_t") / delivered if delivered else None


def stocks(plan: Plan) -> list[StockFigure]:
    """Each stockpile over the horizon: its peak, and what it releases in a year, t."""
    figures = []
    for (name, region, material), rows in grouped(plan.rows("stockpile"), "stockpile", "region", "material").items():
        peak = max(rows, key=lambda r: (r["stock_t"], -begin(r)))
        released: dict[int, float] = defaultdict(float)
        for r in rows:
            released[r["year"]] += r["release_clean_t"] + r["release_exposed_t"]
        figures.append(
            StockFigure(
                stockpile=name,
                region=region,
                material=material,
                peak_year=peak["year"],
                peak_t=peak["stock_t"],
                peak_days=peak["days_of_cover"],
                peak_required_days=peak["required_days"],
                end_t=max(rows, key=begin)["stock_t"],
                released_t=sum(released.values()),
                release_years=tuple(year for year, t in released.items() if t >= 0.5),
            )
        )
    return figures


def demand(plan: Plan) -> list[DemandFigure]:
    """Each sector and material over the horizon: t wanted, delivered, designed out and short."""
    amounts = ("demand_t", "clean_t", "exposed_t", "substituted_t", "short_t")
    return [
        DemandFigure(sector, material, *(total(rows, column) for column in amounts))
        for (sector, material), rows in grouped(plan.rows("demand"), "sector", "material").items()
    ]


@dataclass(frozen=True)
class MineralFigure:
    """Demand for all materials of a mineral, expected, over the horizon."""

    mineral: str
    demand_t: float
    clean_t: float
    exposed_t: float
    short_t: float

    @property
    def exposed_share(self) -> float | None:
        """Of deliveries; None when nothing is delivered."""
        delivered = self.clean_t + self.exposed_t
        return self.exposed_t / delivered if delivered else None


def mineral_of(plan: Plan) -> Callable[[str], str]:
    """The mineral of a material: itself where none is given; one and the same where a plan does not say."""
    given = {material: row.get("mineral") for material, row in plan.input_rows("Materials").items()}
    return lambda material: (given.get(material) or material) if given else ""


def by_mineral(plan: Plan) -> dict[str, MineralFigure]:
    """What becomes of the demand for each mineral: copper is not added to gallium."""
    mineral, likely = mineral_of(plan), weight(plan)
    rows: dict[str, list[Row]] = defaultdict(list)
    for row in plan.rows("demand"):
        rows[mineral(row["material"])].append(row)
    amounts = ("demand_t", "clean_t", "exposed_t", "short_t")
    return {m: MineralFigure(m, *(sum(likely(r) * r[c] for r in of) for c in amounts)) for m, of in rows.items()}


def most_exposed(plan: Plan) -> list[tuple[str, float]]:
    """Mineral and exposed share of its deliveries, the worst first."""
    shares = [(m, figure.exposed_share) for m, figure in by_mineral(plan).items()]
    return sorted(((m, s) for m, s in shares if s is not None), key=lambda x: (-x[1], x[0]))


def most_short(plan: Plan) -> list[tuple[str, float, float]]:
    """Mineral, t not met and its share of the demand, the worst share first; only what is short."""
    found = [(m, f.short_t, f.short_t / f.demand_t) for m, f in by_mineral(plan).items() if f.short_t >= LEAST_SHORT_T]
    return sorted(found, key=lambda x: -x[2])


def floors(plan: Plan) -> list[FloorFigure]:
    """Each award with what is paid over the horizon, MUSD undiscounted."""
    payments = grouped(plan.rows("floor_payments"), "project", "floor", "decision_year")
    figures = []
    for award in plan.rows("price_floors"):
        rows = payments.get((award["project"], award["floor"], award["decision_year"]), [])
        amounts = ("payment_musd", "upside_musd", "payment_at_bank_prices_musd")
        figures.append(FloorFigure(award, *(total(rows, column) for column in amounts)))
    return figures


def comes_back(plan: Plan) -> float:
    """MUSD that come back, discounted, of loans and stakes of before the first year, which the plan does not pay."""
    earlier = (row for row in plan.rows("capital_stack") if row["decision_year"] < plan.horizon[0])
    return -float(sum(row["cost_musd"] for row in earlier if row["source"] in ("loan", "stake")))


def committed(plan: Plan, name: str) -> list[Row]:
    """Rows of payments or deliveries of what was agreed before the plan."""
    return [row for row in plan.rows(name) if row.get(COMMITTED.name) == "yes"]


def contracts(plan: Plan) -> list[ContractFigure]:
    """Each signing with what is taken over the horizon, t, and its average prices, USD/kg."""
    years = grouped(plan.rows("contract_years"), "contract", "signing_year")
    figures = []
    for signing in plan.rows("contracts"):
        rows = years.get((signing["contract"], signing["signing_year"]), [])
        figures.append(
            ContractFigure(
                signing,
                taken_t=total(rows, "taken_t"),
                untaken_t=total(rows, "untaken_t"),
                contract_price=_average(rows, "contract_price_usd_per_kg"),
                market_price=_average(rows, "market_price_usd_per_kg"),
                difference_musd=total(rows, "difference_musd"),
                untaken_musd=total(rows, "untaken_musd"),
            )
        )
    return figures


def _average(rows: Sequence[Row], column: str) -> float | None:
    taken = total(rows, "taken_t")
    return sum(r[column] * r["taken_t"] for r in rows) / taken if taken > 0 else None


def support(plan: Plan) -> Callable[[str, int], Row | None]:
    """Looks up what the lenders' table says of a project decided in a year; None when it says nothing."""
    rows = {(r["project"], r["decision_year"]): r for r in plan.rows("bankability")}
    return lambda project, year: rows.get((project, year))


def is_spent(row: Row) -> bool:
    """Whether nothing is left of a budget, by a row of its table."""
    limit = row["cumulated_limit_musd"]
    return bool(row["cumulated_outlay_musd"] >= limit - max(0.005, limit * BINDING))


# --- of the inputs that the plan was made with ----------------------------------------------------------------------


def weight(plan: Plan) -> Callable[[Row], float]:
    """The probability of the future that a row belongs to; 1 in a plan of one scenario."""
    likely = plan.probabilities
    return lambda row: likely.get(row.get("scenario", ""), 1.0)


def in_its_future(plan: Plan, read: Callable[[Plan], T]) -> Callable[[Row], T]:
    """What `read` finds in the inputs of a plan, for the future of a row: its scenario may have changed them."""
    if not plan.is_joint:
        found = read(plan)
        return lambda row: found
    by_future = {name: read(plan.with_inputs_of(name)) for name in plan.futures}
    return lambda row: by_future[row["scenario"]]


def is_counted(plan: Plan) -> Callable[[Row], bool]:
    """Whether a row of the costs is in the cost of the plan: tariffs may not be."""
    tariffs = in_its_future(plan, lambda own: bool(own.settings.get("tariffs_counted", True)))
    return lambda row: row["term"] != "tariffs" or tariffs(row)


def of_concern(plan: Plan) -> set[str]:
    """Regions counted in the China share."""
    return {region for region, row in plan.input_rows("Regions").items() if row.get("of_concern")}


def materials(plan: Plan) -> list[str]:
    """In the order of the workbook."""
    return list(plan.input_rows("Materials"))


def stages(plan: Plan) -> dict[str, str]:
    """process -> stage of its first output, or that output where no stage is given."""
    stage = {material: row.get("stage") for material, row in plan.input_rows("Materials").items()}
    found: dict[str, str] = {}
    for recipe, row in plan.input_rows("Processes").items():
        process, output = key_parts(recipe)
        if row.get("t_per_t", 0) > 0:
            found.setdefault(process, stage.get(output) or output)
    return found


def stock_capacity(plan: Plan) -> Callable[[Row], float | None]:
    """What the stockpile of a row can hold, in t, in the future of that row."""
    sites = in_its_future(plan, lambda own: own.input_rows("Stockpiles"))
    return lambda row: sites(row).get(row["stockpile"], {}).get("capacity_t")
