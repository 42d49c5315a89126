"""The one tidy table of a sweep: a row for each point of the grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lodestone.errors import StoppedError
from lodestone.plan import key_figures as figures
from lodestone.plan.formatting import PAYERS, term_label
from lodestone.plan.plan import Plan
from lodestone.plan.shapes import COUNT, SINGLE, TEXT, Also, ListOf, MapOf, Part, Place, require_keys
from lodestone.plan.tables import COST_TERMS, Cell, Column, Document, Row

TABLES = ("investments", "china_share", "demand", "stockpile")  # of a plan that the figures need


@dataclass(frozen=True)
class Varied:
    """One --vary: a cell by its path (Settings/discount_rate), or the scenario, and its values as they were given."""

    path: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class GridPoint:
    """given: the value of each Varied; figures: what its plan says, None when there is none; see message then."""

    given: tuple[str, ...]
    figures: Row | None = None
    exit_code: int = 0
    message: str = ""


@dataclass(frozen=True)
class Sweep:
    """Every combination of the values that were varied. sets: what was set in all of them."""

    workbook: str
    varied: tuple[Varied, ...]
    sets: tuple[str, ...]
    points: tuple[GridPoint, ...]

    @property
    def failed(self) -> int:
        """How many points have no plan."""
        return sum(point.figures is None for point in self.points)

    @property
    def unanswered(self) -> int:
        """Points of which nobody knows whether there is a plan."""
        return sum(point.exit_code == StoppedError.exit_code for point in self.points)


def figures_of(plan: Plan) -> Row:
    """The columns after the varied ones; a cap has one, named by it."""
    shares: dict[str, float] = {}
    for row in plan.rows("china_share"):
        shares[row["cap"]] = max(shares.get(row["cap"], 0.0), row["share"])
    stock: dict[int, float] = {}
    for row in plan.rows("stockpile"):
        begin = figures.begin(row)
        stock[begin] = stock.get(begin, 0.0) + row["stock_t"]
    return {
        "status": plan.status,
        "objective_musd": plan.objective_musd,
        "gap": plan.gap,
        **{f"{payer}_musd": plan.payers_musd[payer] for payer in PAYERS},
        "shortage_t": figures.total(plan.rows("demand"), "short_t"),
        "peak_stock_t": max(stock.values(), default=0.0),
        "builds": ", ".join(_build(row) for row in plan.rows("investments")),
        **{f"max_share {cap}": share for cap, share in shares.items()},
        **{f"{term}_musd": plan.costs_musd[term] for term in COST_TERMS},  # shortage is payer and term alike
        "tariff_revenue_musd": plan.tariff_revenue_musd,
    }


def _build(row: Row) -> str:
    copies = f" x{row['builds']}" if row["builds"] > 1 else ""
    return f"{row['project']} {row['decision_year']}{copies}"


def columns(sweep: Sweep) -> list[Column]:
    """Varied values, status and message, then every figure that some point has."""
    found = dict.fromkeys(name for point in sweep.points for name in point.figures or ())
    found.pop("status", None)
    meanings = {f"{term}_musd": f"{term_label(term)}, discounted" for term in COST_TERMS}
    return [
        *(Column(varied.path, "any", "varied") for varied in sweep.varied),
        Column("status", "", "optimal, feasible (stopped at a limit), or failed"),
        *(Column(name, _unit(name), meanings.get(name, "")) for name in found),
        Column("message", "", "why there is no plan"),
    ]


def rows(sweep: Sweep) -> list[list[Cell]]:
    """In the order of columns; what a point does not have is None."""
    names = [column.name for column in columns(sweep)][len(sweep.varied) :]
    table = []
    for point in sweep.points:
        known = {"status": "failed", **(point.figures or {}), "message": point.message}
        table.append([*map(typed, point.given), *(known.get(name) for name in names)])
    return table


def typed(text: str) -> str | float:
    """A number where the text is one."""
    try:
        number = float(text)
    except ValueError:
        return text
    return number if text.strip("+-.0123456789eE") == "" else text  # not nan, inf or 1_000


def _unit(name: str) -> str:
    if name.startswith("max_share "):
        return "share"
    if name == "gap":
        return "ratio"
    return next((unit for suffix, unit in (("_musd", "MUSD"), ("_t", "t")) if name.endswith(suffix)), "")


def _same_columns(document: Document, place: Place) -> None:
    """Every point has what is varied, and the columns of the first."""
    for number, point in enumerate(document["points"], 1):
        names = [*(varied["path"] for varied in document["varied"]), *document["points"][0]]
        require_keys(point, names, (*place, "points", f"point {number}"))


SHAPE = Also(
    Part(
        {
            "workbook": TEXT,
            "sets": ListOf(TEXT),
            "varied": ListOf(Part({"path": TEXT, "values": ListOf(TEXT)})),
            "failed": COUNT,
            "points": ListOf(MapOf(SINGLE), "point"),
        }
    ),
    _same_columns,
)


def document(sweep: Sweep) -> Document:
    """What sweep.json holds."""
    names: Sequence[str] = [column.name for column in columns(sweep)]
    return {
        "workbook": sweep.workbook,
        "sets": list(sweep.sets),
        "varied": [{"path": varied.path, "values": list(varied.values)} for varied in sweep.varied],
        "failed": sweep.failed,
        "points": [dict(zip(names, row, strict=True)) for row in rows(sweep)],
    }
