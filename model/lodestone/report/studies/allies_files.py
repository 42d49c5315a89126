"""Allies -> allies.xlsx and allies.json."""

from __future__ import annotations

from pathlib import Path

from lodestone.plan.labels import NONE, Labels
from lodestone.plan.tables import Cell, Column
from lodestone.report.excel.table_book import FACTS, write_tables
from lodestone.report.studies.study_files import Kind
from lodestone.studies.allies.results import Allies, document, notes

KIND = Kind("allies", "allies", "allies_format")
COALITIONS = (
    Column("members", "", "who act together; the others do nothing"),
    Column("number", "", "how many"),
    Column("extra_musd", "MUSD", "what their security costs beyond doing nothing; empty: no plan"),
    Column("alone_musd", "MUSD", "the same, each for itself"),
    Column("gain_musd", "MUSD", "what acting together saves them; below 0 where they compete"),
    Column("gap_musd", "MUSD", "by how much less it may cost, as far as is proved"),
    Column("gap_share", "share", "the same as a part of the extra cost"),
    Column("message", "", "why there is no plan"),
)
SHARES = (
    Column("member", "", "region or group"),
    Column("alone_musd", "MUSD", "what it pays alone"),
    Column("share_musd", "MUSD", "of the cost of all together: what it adds on average over all orders of joining"),
    Column("gain_musd", "MUSD", "what it saves by that"),
)


def write_allies(found: Allies, out: Path, labels: Labels = NONE) -> list[Path]:
    """Write both beside each other; returns their paths, the workbook first."""
    facts, found = document(found), labels.shown(found)
    about: list[list[Cell]] = [
        ["plan", found.plan_name],
        ["workbook", found.workbook],
        ["scenario", found.scenario],
        ["doing nothing (MUSD)", found.nothing_musd],
        *(["note", note] for note in notes(found)),
    ]
    tables = [("Coalitions", COALITIONS, rows(found)), ("Shares", SHARES, shares(found)), ("About", FACTS, about)]
    return KIND.write(out, facts, lambda new: write_tables(new, found.plan_name, tables, "allies"))


def rows(found: Allies) -> list[list[Cell]]:
    """A row for each coalition, with the columns of COALITIONS."""
    extra, table = found.extra, []
    for cost in found.costs:
        each = [extra.get(frozenset((member,))) for member in cost.members]
        alone = None if None in each else sum(x for x in each if x is not None)
        gain = None if alone is None or cost.extra_musd is None else alone - cost.extra_musd
        members = " + ".join(cost.members)
        known = [cost.gap_musd, cost.gap_share]
        table.append([members, len(cost.members), cost.extra_musd, alone, gain, *known, cost.message])
    return table


def shares(found: Allies) -> list[list[Cell]]:
    """A row for each member, with the columns of SHARES; none where a coalition has no plan."""
    fair, extra = found.shapley() or {}, found.extra
    return [
        [member, extra[frozenset((member,))], share, extra[frozenset((member,))] - share]
        for member, share in fair.items()
    ]
