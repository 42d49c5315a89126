"""Plans and studies as Python has them: with DataFrames, and shown in a notebook."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from lodestone.plan.plan import Plan as AnyPlan
from lodestone.plan.tables import Cell, Column

if TYPE_CHECKING:
    import pandas as pd

    from lodestone.studies.compare.results import Comparison

Found = TypeVar("Found")


@dataclass(frozen=True, kw_only=True, repr=False)
class Plan(AnyPlan):
    """A plan, with what can be done with one in Python. source: the workbook that it was made of, if it is known."""

    source: Path | None = None

    def save(self, folder: str | Path) -> Path:
        """Write the plan, as a workbook and as plan.json, into the folder of a run, as `lodestone solve` does.

        Returns the folder. Raises UsageError for one that holds anything but a run.
        """
        from lodestone.report.plan.run_folder import check_target, write_run
        from lodestone.runs.folder_lock import claimed

        place = Path(folder)
        check_target(place)
        with claimed([place]):
            write_run(self, place, self.source)
        return place

    def _repr_html_(self) -> str:
        about = [("Cost (MUSD, discounted)", f"{self.cost:,.2f}"), ("Status", self.status), ("Scenario", self.scenario)]
        rows = "".join(f"<tr><th>{name}</th><td>{html.escape(value)}</td></tr>" for name, value in about)
        return f"<table><caption>{html.escape(self.plan_name)}</caption>{rows}</table>"


def read(run: str | Path) -> Plan:
    """The plan of a run: its folder, or its plan.json. Raises UsageError when there is none that can be read."""
    from lodestone.plan.run_files import read_run_document, workbook_of

    place = Path(run)
    plan = Plan.from_document(read_run_document(place))
    source = workbook_of(plan, place)
    return replace(plan, source=source if source.exists() else None)


def compare(*plans: AnyPlan, names: Sequence[str] | None = None) -> Study[Comparison]:
    """Plans side by side, against the first. `.bridge`: plan -> cost term -> MUSD more; `.table`: the same."""
    from lodestone.studies.compare.runs import compare as compare_plans

    found = compare_plans(plans, names)
    columns = [Column("term", "", "cost term"), *(Column(name, "MUSD", "more than the first") for name in found.bridge)]
    rows = [[term, *(steps[term] for steps in found.bridge.values())] for term in found.costs]
    return Study(found, columns, rows)


class Study(Generic[Found]):
    """What a study found: `.table` as a DataFrame; everything else under the names of `.found`, its plain data."""

    def __init__(self, found: Found, columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> None:
        self.found = found
        self._columns, self._rows = columns, rows

    @property
    def table(self) -> pd.DataFrame:
        """The main table as a DataFrame, units in attrs."""
        from lodestone.plan.frames import frame

        names = [column.name for column in self._columns]
        return frame([dict(zip(names, row, strict=True)) for row in self._rows], self._columns)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name == "found":
            raise AttributeError(name)
        return getattr(self.found, name)

    def __repr__(self) -> str:
        return repr(self.table)

    def _repr_html_(self) -> str:
        return str(self.table.to_html(index=False))
