"""What a comparison of runs says, as plain data: made by studies/compare.py, written and shown by report/compare_*.py.

Every `values` and `differences` has one entry for each run, in the order of the runs; None where there is nothing to
say. Differences are against the first run.
"""

from __future__ import annotations

from dataclasses import dataclass

from lodestone.plan.tables import Cell

Amounts = tuple[float | None, ...]

NOISE = {"t": 0.01, "t/yr": 0.01, "MUSD": 1e-6, "share": 1e-6, "days": 0.01}  # less is not called a difference


@dataclass(frozen=True)
class Run:
    """One of the runs compared.

    name: unique among them, safe to show. gap: share; None when no bound is known.
    difference_musd: of the objective, against the first run. allowed_musd: how much of it the two gaps allow, None when
    that is not known. within_gap: the difference is no larger, so that it is not known which plan is cheaper.
    """

    name: str
    plan_name: str
    scenario: str
    workbook: str
    workbook_sha256: str
    status: str
    first_year: int
    last_year: int
    objective_musd: float
    expected_cost_musd: float
    gap: float | None
    difference_musd: float
    allowed_musd: float | None
    within_gap: bool


@dataclass(frozen=True)
class Decision:
    """kind: build, floor, contract, contract volume or stock. unit: of numbers, "" for years."""

    kind: str
    name: str
    unit: str
    values: tuple[Cell, ...]
    differs: bool


@dataclass(frozen=True)
class KeyFigure:
    """A line of Key figures: one value for each run, and how far each is from the first run."""

    group: str
    name: str
    unit: str
    values: Amounts
    differences: Amounts


@dataclass(frozen=True)
class InputDifference:
    """One cell, named as --set names it; a row that not all runs have is one difference, with column "" ."""

    sheet: str
    row: str
    column: str
    year: int | None
    values: tuple[Cell, ...]

    @property
    def cell(self) -> str:
        """Sheet/row/column, as for --set."""
        if self.sheet == "Settings":
            return f"Settings/{self.row}"
        return "/".join(str(part) for part in (self.sheet, self.row, self.year or self.column) if part)


@dataclass(frozen=True)
class FlowDifference:
    """One lane in one year; year None: all years that all runs plan for."""

    material: str
    from_region: str
    to_region: str
    future: str
    year: int | None
    values: Amounts
    differences: Amounts

    @property
    def lane(self) -> tuple[str, ...]:
        """Material, from, to and future."""
        return (self.material, self.from_region, self.to_region, self.future)


@dataclass(frozen=True)
class ShareYear:
    """One cap row in one year, for one material and basis; future: of a joint run, else ""."""

    cap: str
    region: str
    sector: str
    material: str
    basis: str
    future: str
    year: int
    values: Amounts
    limits: Amounts
    differences: Amounts

    @property
    def line(self) -> tuple[str, ...]:
        """Cap, region, sector, material, basis and future."""
        return (self.cap, self.region, self.sector, self.material, self.basis, self.future)


@dataclass(frozen=True)
class StockYear:
    """A stock at the end of a year: one value for each run, in t and in days of cover."""

    stockpile: str
    region: str
    material: str
    future: str
    year: int
    values: Amounts
    days: Amounts
    differences: Amounts

    @property
    def line(self) -> tuple[str, ...]:
        """Stockpile, region, material and future."""
        return (self.stockpile, self.region, self.material, self.future)


@dataclass(frozen=True)
class Cause:
    """A change of the input. steps: what it adds to the objective (MUSD) in each order; musd: their mean."""

    change: str
    steps: tuple[float, ...]
    musd: float


@dataclass(frozen=True)
class Causes:
    """Which change explains how much, the largest first; they add up to the difference. remark: what is not known."""

    changes: tuple[Cause, ...]
    remark: str


@dataclass(frozen=True)
class Comparison:
    """costs: term -> discounted MUSD of each run. bridge: run -> term -> MUSD more than in the first run.

    inputs_known: False when a plan does not carry its inputs, so that `inputs` may lack some. remarks: what a reader
    should know before trusting a difference. causes: where they were sought, of two runs.
    """

    runs: tuple[Run, ...]
    decisions: tuple[Decision, ...]
    key_figures: tuple[KeyFigure, ...]
    costs: dict[str, tuple[float, ...]]
    bridge: dict[str, dict[str, float]]
    inputs: tuple[InputDifference, ...]
    inputs_known: bool
    flows: tuple[FlowDifference, ...]
    china_share: tuple[ShareYear, ...]
    stocks: tuple[StockYear, ...]
    remarks: tuple[str, ...]
    causes: Causes | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The runs in their order."""
        return tuple(run.name for run in self.runs)

    @property
    def common_years(self) -> tuple[int, int] | None:
        """First and last year that all runs plan for."""
        first, last = max(run.first_year for run in self.runs), min(run.last_year for run in self.runs)
        return (first, last) if first <= last else None
