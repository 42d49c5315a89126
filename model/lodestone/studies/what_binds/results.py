"""What binds in a plan: what limits are worth with the builds as they are, and what moving one does with builds free.

Of a plan that exists; why none does is an explanation (`explanation_results`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from lodestone.plan.formatting import musd
from lodestone.plan.tables import Document, Row

NO_PLAN = "no plan keeps this"


@dataclass(frozen=True)
class Moved:
    """A China-share cap or budget with all its years moved, builds free to change.

    more: looser, which saves; else tighter, which costs. musd: the difference of the two plans found; at_least,
    at_most: what is proved of the true difference (None: nothing above). message: why there is no figure.
    """

    rule: str
    name: str
    cell: str
    step: str  # "one point", "10%"
    more: bool
    musd: float | None = None
    at_least: float | None = None
    at_most: float | None = None
    message: str = ""

    @property
    def within_gap(self) -> bool | None:
        """Whether the true difference may be nothing, as far as is proved; None without a figure."""
        return None if self.at_least is None else self.at_least <= 1e-6


@dataclass(frozen=True)
class WhatBinds:
    """what_binds, supply_cost: as in plan.json. objective_musd, bound_musd (None: not known): of the run."""

    run: str
    workbook: str
    plan_name: str
    scenario: str
    objective_musd: float
    bound_musd: float | None
    what_binds: Sequence[Row]
    supply_cost: Sequence[Row]
    moved: Sequence[Moved]
    remarks: Sequence[str] = ()


def in_words(moved: Moved) -> str:
    """What moving a limit is worth, in a sentence."""
    where = f"{moved.cell} ({moved.name}): {moved.step} {'more' if moved.more else 'less'} in every year"
    if moved.musd is None or moved.at_least is None:
        return f"{where}: {moved.message}"
    effect = "saves" if moved.more else "costs"
    most = "no known limit" if moved.at_most is None else musd(moved.at_most)
    proved = f"proved: between {musd(max(0.0, moved.at_least))} and {most}"
    within = ", so the difference is within the gap" if moved.within_gap else ""
    return f"{where} {effect} {musd(moved.musd)} with builds free to change ({proved}{within})"


def weightiest(rows: Sequence[Row]) -> list[Row]:
    """Findings by what a small step is worth: one point of share, one day of cover, 1 % of any other limit."""
    return sorted(rows, key=lambda row: -_worth(row))


def _worth(row: Row) -> float:
    """Present MUSD."""
    value: float = row["present_value"]
    if row["rule"] in ("China share", "cover"):
        return value
    per_unit = value if row["rule"] == "budget" else value / 1000  # USD/kg -> MUSD/t
    return per_unit * float(row["limit"]) / 100


def document(found: WhatBinds) -> Document:
    """What what_binds.json holds."""
    return {
        **{k: v for k, v in asdict(found).items() if k != "moved"},
        "moved": [{**asdict(x), "within_gap": x.within_gap, "finding": in_words(x)} for x in found.moved],
    }
