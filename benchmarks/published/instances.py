"""The instances: where they are, what they hold, and what is published of them."""

from __future__ import annotations

import csv
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from benchmarks.published.book import Book

FOLDER_VARIABLE = "LODESTONE_BENCHMARKS"
RECOMPUTED = "recomputed"  # nothing published was found; by whoever collected the instances


def default_folder() -> Path:
    """The folder named by LODESTONE_BENCHMARKS, or shared/benchmarks beside the checkout."""
    named = os.environ.get(FOLDER_VARIABLE)
    return Path(named) if named else Path(__file__).resolve().parents[3] / "shared" / "benchmarks"


@dataclass(frozen=True)
class Reference:
    """A known optimum, in the instance's units. basis: what it rests on. details: what else the file says of it."""

    problem: str
    value: float
    basis: str
    details: dict[str, Any]


@dataclass(frozen=True)
class Instance:
    """One file of the folder; references: its problems, in the order of the file."""

    name: str
    data: dict[str, Any]
    references: tuple[Reference, ...]


@dataclass(frozen=True)
class Case:
    """One problem of an instance as a workbook.

    weight: the instance's objective for one unit of cost. constant: what the workbook leaves out of the objective, in
    the instance's units (revenue of sales that are fixed, say). variant: tells the problems of one instance apart.
    all_used: materials of which nothing may be left over, because the instance, unlike the model, does not let anything
    be discarded; a plan that leaves none over is one of the instance too. all_taken: likewise, no contract may be paid
    for what is not taken. joint: which figure of a plan for all futures is compared; "" where there is one future.
    """

    instance: str
    reference: Reference
    book: Book
    how: str
    maximise: bool = False
    weight: float = 1.0
    constant: float = 0.0
    all_used: tuple[str, ...] = ()
    all_taken: bool = False
    variant: str = ""
    joint: Literal["", "objective", "known", "evpi", "vss"] = ""

    @property
    def title(self) -> str:
        return f"{self.instance} {self.variant}".strip()

    @property
    def file_name(self) -> str:
        return self.title.replace(" ", "_")

    def objective(self, cost_musd: float) -> float:
        """Lodestone's cost as the instance's objective."""
        cost = self.weight * cost_musd / self.book.musd
        return self.constant + (-cost if self.maximise else cost)


def listed(folder: Path) -> list[str]:
    """Names of all instances of the folder, in the order of its index."""
    return list(dict.fromkeys(row["name"] for row in _index(folder)))


def family_of(folder: Path, name: str) -> str:
    return next(row["family"] for row in _index(folder) if row["name"] == name)


def read(folder: Path, name: str) -> Instance:
    rows = [row for row in _index(folder) if row["name"] == name]
    content = json.loads((folder / rows[0]["file"]).read_text(encoding="utf-8"))
    published = [Reference(item["problem"], float(item["value"]), item["basis"], item) for item in content["published"]]
    recomputed = [Reference(row["problem"], float(row["recomputed_optimum"]), RECOMPUTED, {}) for row in rows]
    return Instance(
        name=name,
        data=content["data"],
        references=tuple(published or recomputed[:1]),
    )


def _index(folder: Path) -> list[dict[str, str]]:
    with (folder / "INDEX.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
