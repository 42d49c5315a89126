"""The tables of results: which columns they have, how figures are written, and what must be known to read them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Column:
    """A figure of a row: its name in JSON, its heading, and how it is written."""

    name: str
    heading: str
    shown: Callable[[Any], str] = str


@dataclass(frozen=True)
class Table:
    title: str
    text: str
    columns: tuple[Column, ...]


def whole(value: float) -> str:
    return f"{value:,.0f}"


def hundredths(value: float) -> str:
    return f"{value:.2f}"


def share(value: float) -> str:
    return f"{value:.2%}"


def cost(value: float) -> str:
    return f"{value:,.4f}"


TABLES = {
    "by_size": Table(
        "From file to files, by size",
        "Seconds by the clock.",
        (
            Column("size", "size"),
            Column("dimensions", "regions x minerals x years"),
            Column("projects", "projects"),
            Column("futures", "futures"),
            Column("flows", "flow variables", whole),
            Column("rows", "rows", whole),
            Column("columns", "columns", whole),
            Column("nonzeros", "non-zeros", whole),
            Column("read_s", "read s", hundredths),
            Column("build_s", "build s", hundredths),
            Column("load_s", "load s", hundredths),
            Column("highs_s", "HiGHS s", hundredths),
            Column("other_s", "other s", hundredths),
            Column("write_s", "write s", hundredths),
            Column("peak_mb", "peak MB", whole),
            Column("root_gap", "root gap", share),
            Column("nodes", "nodes", whole),
        ),
    ),
    "ways": Table(
        "The same network on several ways",
        "From data in memory to values in the model, HiGHS's own time left out; load is from the finished model to"
        " HiGHS; CPU seconds, but for the clock. The Pyomo model of appsi_highs and contrib.solver is built by this"
        " project's code. The textbook is plain Pyomo (`benchmarks/textbook.py`). linopy has as many variables, rows"
        " and non-zeros; PyPSA says capacities, the allowed share and every bound in its own way, with more of all."
        " Where no cost stands, HiGHS was given no time. Ratios are of CPU seconds, this project = 1. The last column"
        " is the least cost that was found.",
        (
            Column("size", "size"),
            Column("way", "way"),
            Column("rows", "rows", whole),
            Column("columns", "columns", whole),
            Column("build_s", "build s", hundredths),
            Column("load_s", "load s", hundredths),
            Column("back_s", "back s", hundredths),
            Column("clock_s", "clock s", hundredths),
            Column("cpu_s", "CPU s", hundredths),
            Column("ratio", "CPU ratio", hundredths),
            Column("peak_mb", "peak MB", whole),
            Column("cost_musd", "cost, MUSD", cost),
        ),
    ),
    "commands": Table(
        "Commands, start-up included",
        "",
        (
            Column("command", "command"),
            Column("outside_s", "CPU s outside HiGHS", hundredths),
            Column("highs_s", "CPU s in HiGHS", hundredths),
            Column("peak_mb", "peak MB", whole),
        ),
    ),
    "textbook": Table(
        "A workbook as a textbook would model it",
        "CPU seconds; HiGHS's own apart. The textbook leaves out what `python -m benchmarks textbook` lists: its plan"
        " is another one, so costs and HiGHS's seconds say nothing of who is faster.",
        (
            Column("workbook", "workbook"),
            Column("model", "model"),
            Column("lines", "lines of Python", whole),
            Column("rows", "rows", whole),
            Column("columns", "columns", whole),
            Column("integers", "whole numbers", whole),
            Column("nonzeros", "non-zeros", whole),
            Column("build_s", "build s", hundredths),
            Column("load_s", "load s", hundredths),
            Column("highs_s", "HiGHS s", hundredths),
            Column("peak_mb", "peak MB", whole),
            Column("gap", "gap", share),
            Column("cost_musd", "cost, MUSD", cost),
        ),
    ),
    "studies": Table(
        "Studies",
        "By the clock, start-up included; CPU seconds are those of all processes. Ratio: seconds as a part of those of"
        " what they are held against, which was measured in the same call. On a busy machine a second process has no"
        " core of its own, and the CPU ratio says more: what the same work cost.",
        (
            Column("workbook", "workbook"),
            Column("study", "study"),
            Column("count", "how many", whole),
            Column("solved", "of them solved", whole),
            Column("jobs", "processes", whole),
            Column("seconds", "s", hundredths),
            Column("cpu_s", "CPU s", hundredths),
            Column("against", "against"),
            Column("against_s", "of it s", hundredths),
            Column("against_cpu_s", "of it CPU s", hundredths),
            Column("ratio", "ratio", hundredths),
            Column("cpu_ratio", "CPU ratio", hundredths),
        ),
    ),
    "months": Table(
        "What months cost",
        "The same workbook, its years cut or not, one after the other in one call.",
        (
            Column("workbook", "workbook"),
            Column("cut", "years in months"),
            Column("nodes", "nodes", whole),
            Column("rows", "rows", whole),
            Column("columns", "columns", whole),
            Column("cpu_s", "CPU s", hundredths),
            Column("highs_s", "of it HiGHS", hundredths),
            Column("peak_mb", "peak MB", whole),
            Column("cost_musd", "cost, MUSD", cost),
            Column("gap", "gap", share),
            Column("ratio", "times by years", hundredths),
        ),
    ),
}


def markdown(table: Table, rows: Sequence[Mapping[str, Any]]) -> str:
    """Columns that no row fills are left out."""
    columns = [c for c in table.columns if any(row.get(c.name) is not None for row in rows)]
    body = [["" if row.get(c.name) is None else c.shown(row[c.name]) for c in columns] for row in rows]
    words = [all(isinstance(row.get(c.name), str) for row in rows) for c in columns]
    lines = [[c.heading for c in columns], ["---" if text else "--:" for text in words], *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
