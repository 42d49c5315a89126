"""Stress tests for people and programs: stress.xlsx, stress.json, and the table on the terminal."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from model import __version__
from model.errors import UsageError
from model.plan_tables import Column
from model.report.plan_json import dumps, finite
from model.report.run_folder import PLAN_JSON
from model.report.stress_results import Outcome, Stress
from model.report.styles import Styles, page, write_grid
from model.report.words import in_words, musd, one_line, share, tonnes

STRESS_XLSX = "stress.xlsx"
FORMAT = 1
START = '{\n"stress_format":'  # of every JSON file of stress tests
MOST_ROWS = 15  # on the terminal, for each run

Table = tuple[str, Sequence[Column], Sequence[Sequence[Any]]]  # sheet, columns, rows

RANKED = (
    Column("run", "", "whose decisions are held"),
    Column("rank", "", "1: what hurts this run most"),
    Column("case", "", "what happens"),
    Column("name", "", "to whom"),
    Column("from_year", "", "from when on"),
    Column("extra_cost_musd", "MUSD", "beyond the same decisions in the base, shortage included"),
    Column("short_t", "t", "demand not met from then on"),
    Column("worst_sector", "", "the sector that is short of the largest part of its demand"),
    Column("worst_sector_short", "share", "that part"),
    Column("empty_first", "", "the stockpile that is empty first"),
    Column(
        "days_until_empty", "days", "from the start of the year, at the pace at which it is needed; blank: it lasts"
    ),
    Column("china_share", "share", "exposed part of deliveries from then on"),
    Column("gave_way", "", "rules that the decisions held cannot keep"),
    Column("remark", "", "why there is no plan, or what could not be held"),
)
PLACE = ("run", "case", "name", "from_year")


# --- tables ---------------------------------------------------------------------------------------------------------


def ranked(stress: Stress) -> list[list[Any]]:
    """A row for each run and case, in the order of the study, with the columns of RANKED."""
    rows: list[list[Any]] = []
    for run in stress.runs:
        own = [o for o in stress.outcomes if o.run == run]
        rows += [_ranked_row(o, rank) for rank, o in enumerate(own, 1)]
    return rows


def _ranked_row(o: Outcome, rank: int) -> list[Any]:
    shares = o.short_share or {}
    worst = max(shares, key=lambda sector: shares[sector], default=None)
    short = worst is not None and shares[worst] > 0
    name, days = o.first_empty or (None, None)
    found = o.cost_musd is not None
    return [
        *(o.run, rank, o.kind, o.case, o.from_year, o.extra_musd, o.shortage_t if found else None),
        *(worst if short else None, shares[worst] if short and worst else None),
        *(name, days, o.china_share),
        *(in_words(list(dict.fromkeys(g.rule for g in o.gave_way))), o.remark),
    ]


def tables(stress: Stress) -> list[Table]:
    """The sheets of stress.xlsx."""
    place = [c for c in RANKED if c.name in PLACE]

    def at(o: Outcome) -> list[Any]:
        return [o.run, o.kind, o.case, o.from_year]

    shortage = [
        [*at(o), sector, t, (o.short_share or {}).get(sector)]
        for o in stress.outcomes
        for sector, t in (o.short_t or {}).items()
        if t > 0
    ]
    stocks = [[*at(o), name, days] for o in stress.outcomes for name, days in (o.stock_days or {}).items()]
    broken = [[*at(o), g.rule, g.where, g.by, g.unit] for o in stress.outcomes for g in o.gave_way]
    found: list[Table] = [
        ("Stress", RANKED, ranked(stress)),
        ("Regret", *_regret(stress)),
        (
            "Shortage",
            (*place, Column("sector", "", ""), Column("short_t", "t", "demand not met"),
             Column("short_share", "share", "part of its demand")),
            shortage,
        ),
        ("Stock", (*place, Column("stockpile", "", ""), Column("days_until_empty", "days", "blank: it lasts")), stocks),
        (
            "GaveWay",
            (*place, Column("rule", "", "what cannot be kept"), Column("where", "", "row and year"),
             Column("missed_by", "any", "by how much"), Column("unit", "", "its unit")),
            broken,
        ),
    ]  # fmt: skip
    return [table for table in found if table[2]]


def _regret(stress: Stress) -> tuple[Sequence[Column], list[list[Any]]]:
    if stress.regret is None:
        return (), []
    cases = list(next(iter(stress.regret.by_run.values())))
    columns = [
        Column("run", "", "whose decisions are held"),
        Column("largest_musd", "MUSD", "largest regret"),
        *(Column(case, "MUSD", "cost beyond the best of these runs in this future") for case in cases),
    ]
    rows = [[run, stress.regret.worst[run], *by_case.values()] for run, by_case in stress.regret.by_run.items()]
    return columns, sorted(rows, key=lambda row: float(row[1]))


# --- terminal -------------------------------------------------------------------------------------------------------

HEADINGS = ("Case", "Extra cost (MUSD)", "Short (t)", "Stock empty after", "China share", "Gave way")


def terminal_rows(stress: Stress, run: str) -> list[list[Any]]:
    """What hurts a run most, for a table under HEADINGS."""
    rows: list[list[Any]] = []
    for o in [o for o in stress.outcomes if o.run == run][:MOST_ROWS]:
        empty = o.first_empty
        rows.append(
            [
                f"{o.kind}: {one_line(o.case)}",
                "no plan" if o.extra_musd is None else o.extra_musd,
                tonnes(o.shortage_t),
                "" if empty is None else f"{empty[1]:,.0f} days ({one_line(empty[0])})",
                "" if o.china_share is None else share(o.china_share),
                in_words(list(dict.fromkeys(g.rule for g in o.gave_way))),
            ]
        )
    return rows


def notes(stress: Stress) -> list[str]:
    lines = [*stress.remarks]
    if stress.regret:
        least = stress.regret.least
        lines.append(
            f"Least regret: {least}, at most {musd(stress.regret.worst[least])} beyond the best of these runs."
        )
    return lines


# --- files ----------------------------------------------------------------------------------------------------------


def document(stress: Stress) -> dict[str, Any]:
    """What stress.json holds: everything, unrounded."""
    parts = asdict(stress)
    outcomes = parts.pop("outcomes")
    regret = parts.pop("regret")
    return {"stress_format": FORMAT, **parts, "regret": regret or {}, "outcomes": outcomes}


def check_stress_out(out: Path) -> Path:
    """The workbook that --out means. Raises UsageError when it is not to be replaced."""
    path = out / STRESS_XLSX if out.is_dir() or not out.suffix else out
    if path.suffix.lower() != ".xlsx":
        raise UsageError(f"{out} is no name for stress tests; end it in .xlsx, or name a folder")
    if (path.parent / PLAN_JSON).exists():
        raise UsageError(f"{path.parent} holds a run and nothing else may stand there; name another place with --out")
    facts = path.with_suffix(".json")
    for there in (path, facts):
        if there.exists() and not _is_stress(facts):
            raise UsageError(f"{there} is no stress test and would be replaced; move it, or name another place")
    return path


def write_stress(stress: Stress, out: Path) -> tuple[Path, Path]:
    """Write the workbook and the JSON file beside it, each whole or not at all; returns both paths."""
    path = check_stress_out(out)
    facts = path.with_suffix(".json")
    new_facts, new_book = (place.with_name(f".new-{os.getpid()}-{place.name}") for place in (facts, path))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        text = dumps(finite(document(stress)))
        new_facts.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
        _write_workbook(stress, new_book)
        for new, place in ((new_facts, facts), (new_book, path)):
            new.replace(place)
    except (OSError, FileCreateError) as error:
        raise UsageError(f"cannot write {path}: {error} (is it open in another program?)") from error
    finally:
        for left in (new_facts, new_book):
            with suppress(OSError):
                left.unlink(missing_ok=True)
    return path, facts


def _is_stress(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(len(START)) == START
    except OSError:
        return False


def _write_workbook(stress: Stress, path: Path) -> None:
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    book.set_properties({"title": f"{stress.plan_name}: stress tests", "comments": f"Lodestone {__version__}"})
    styles = Styles(book)
    for name, columns, rows in tables(stress):
        sheet = book.add_worksheet(name)
        page(sheet, stress.plan_name, name)
        write_grid(styles, sheet, columns, rows, 0)
    sheet = book.add_worksheet("Remarks")
    page(sheet, stress.plan_name, "Remarks")
    new = "new decisions are allowed once it shows itself" if stress.allow_new else "no new decisions are allowed"
    lines = [f"n-1 cases from {stress.from_year} on; {new}.", *notes(stress)]
    write_grid(styles, sheet, [Column("remark", "", "")], [[line] for line in lines], 0)
    book.close()
