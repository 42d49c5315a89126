"""Stress tests -> stress.xlsx and stress.json."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from lodestone.data.times import named_time, time_of
from lodestone.plan.formatting import count, in_words, musd
from lodestone.plan.labels import NONE, Labels
from lodestone.plan.shapes import (
    FLAG,
    NUMBER,
    TEXT,
    WHOLE,
    Also,
    ListOf,
    MapOf,
    OrBlank,
    Part,
    Place,
    Shape,
    require_keys,
)
from lodestone.plan.tables import Cell, Column, Document
from lodestone.report.excel.table_book import Table, write_tables
from lodestone.report.studies.study_files import Kind
from lodestone.studies.stress.results import Outcome, Stress

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
    Column("china_share", "share", "exposed part of deliveries from then on; of several minerals the largest"),
    Column("gave_way", "", "rules that the decisions held cannot keep"),
    Column("remark", "", "why there is no plan, or what could not be held"),
)
PLACE = ("run", "case", "name", "from_year")


# --- tables ---------------------------------------------------------------------------------------------------------


def ranked(stress: Stress) -> list[list[Cell]]:
    """A row for each run and case, in the order of the study, with the columns of RANKED."""
    rows: list[list[Cell]] = []
    for run in stress.runs:
        own = [o for o in stress.outcomes if o.run == run]
        rows += [_ranked_row(o, rank) for rank, o in enumerate(own, 1)]
    return rows


def _ranked_row(o: Outcome, rank: int) -> list[Cell]:
    shares = o.short_share or {}
    worst = max(shares, key=lambda sector: shares[sector], default=None)
    short = worst is not None and shares[worst] > 0
    name, days = o.first_empty or (None, None)
    found = o.cost_musd is not None
    return [
        *(o.run, rank, o.kind, o.case, o.since, o.extra_musd, o.shortage_t if found else None),
        *(worst if short else None, shares[worst] if short and worst else None),
        *(name, days, o.china_share),
        *(in_words(list(dict.fromkeys(g.rule for g in o.gave_way))), o.remark),
    ]


def tables(stress: Stress) -> list[Table]:
    """The sheets of stress.xlsx."""
    place = [c for c in RANKED if c.name in PLACE]

    def at(o: Outcome) -> list[Cell]:
        return [o.run, o.kind, o.case, o.since]

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


def _regret(stress: Stress) -> tuple[Sequence[Column], list[list[Cell]]]:
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


def notes(stress: Stress) -> list[str]:
    """Sentences to read with the tables."""
    lines = [*stress.remarks]
    if stress.regret:
        least = stress.regret.least
        lines.append(
            f"Least regret: {least}, at most {musd(stress.regret.worst[least])} beyond the best of these runs."
        )
    return lines


# --- files ----------------------------------------------------------------------------------------------------------


OUTCOME: dict[str, Shape] = {
    **dict.fromkeys(("run", "kind", "case", "remark"), TEXT),
    "from_year": WHOLE,
    **dict.fromkeys(("probability", "cost_musd", "extra_musd", "china_share"), NUMBER.or_blank()),
    **dict.fromkeys(("short_t", "short_share"), OrBlank(MapOf(NUMBER))),
    "stock_days": OrBlank(MapOf(NUMBER.or_blank())),
    "gave_way": ListOf(Part({"rule": TEXT, "where": TEXT, "by": NUMBER, "unit": TEXT})),
    "no_plan": FLAG,
}
SINCE: dict[str, Shape] = {"from_month": WHOLE, "months": WHOLE.or_blank()}  # missing in earlier files
REGRET: dict[str, Shape] = {"by_run": MapOf(MapOf(NUMBER)), "worst": MapOf(NUMBER), "least": TEXT}


def _whole_or_empty(regret: Document, place: Place) -> None:
    """Of a single run there is no regret."""
    if regret:
        require_keys(regret, REGRET, place)
        require_keys(regret["worst"], [regret["least"], *regret["by_run"]], (*place, "worst"))


SHAPE = Part(
    {
        "plan_name": TEXT,
        "workbook": TEXT,
        "allow_new": FLAG,
        "from_year": WHOLE,
        "runs": ListOf(TEXT),
        "outcomes": ListOf(Part(OUTCOME, SINCE), "outcome"),
        "regret": Also(Part({}, REGRET), _whole_or_empty),
        "remarks": ListOf(TEXT),
    },
    SINCE,
)
KIND = Kind("stress", "stress", "stress_format", (".xlsx", ".json"), SHAPE)


def document(stress: Stress) -> Document:
    """What stress.json holds: everything, unrounded."""
    parts = asdict(stress)
    outcomes = parts.pop("outcomes")
    regret = parts.pop("regret")
    return {**parts, "regret": regret or {}, "outcomes": outcomes}


def write_stress(stress: Stress, out: Path, labels: Labels = NONE) -> list[Path]:
    """Write both beside each other; returns their paths, the workbook first."""
    facts, stress = document(stress), labels.shown(stress)
    new = "new decisions are allowed once it shows itself" if stress.allow_new else "no new decisions are allowed"
    begins = time_of(stress.from_year, stress.from_month)
    long = "on" if stress.months is None else f"for {count(stress.months, 'month')}"
    lines = [f"n-1 cases from {named_time(begins)} {long}; {new}.", *notes(stress)]
    remarks: Table = ("Remarks", [Column("remark", "", "")], [[line] for line in lines])
    sheets = [*tables(stress), remarks]
    return KIND.write(out, facts, lambda path: write_tables(path, stress.plan_name, sheets, "stress tests"))
