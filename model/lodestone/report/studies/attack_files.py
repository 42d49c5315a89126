"""Attack on a plan -> attack.xlsx and attack.json."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lodestone.plan.formatting import count, days, in_words, musd, tonnes
from lodestone.plan.labels import NONE, Labels
from lodestone.plan.tables import Cell, Column
from lodestone.report.excel.table_book import FACTS, Table, write_tables
from lodestone.report.studies.study_files import Kind
from lodestone.studies.attack.results import Attack, Blow, document

KIND = Kind("attack", "attack", "attack_format")
WORST = (
    Column("rank", "", "1: what hurts most, a shortage being worth what it costs"),
    Column("scenario", "", "the future to which the threats come"),
    Column("threats", "", "that come together"),
    Column("from_year", "", "when the first shows itself"),
    Column("extra_musd", "MUSD", "beyond the plan in the same years, discounted, shortage included"),
    Column("short_t", "t", "short beyond the plan, all sectors"),
    Column("short", "", "by sector"),
    Column("empty", "", "stocks that run empty, and how many days after the first threat"),
    Column("limits", "", "what would have prevented it, dearest first"),
    Column("lacking", "", "rules that had to give way"),
)


def write_attack(attack: Attack, out: Path, labels: Labels = NONE) -> list[Path]:
    """Write both beside each other; returns their paths, the workbook first."""
    about = f"attack with {count(attack.k, 'threat')} at once"
    shown = tables(labels.shown(attack))
    return KIND.write(out, document(attack), lambda new: write_tables(new, attack.plan_name, shown, about))


def ranked(attack: Attack) -> list[list[Cell]]:
    """A row for each combination that was tried, with the columns of WORST."""
    return [
        [
            *(rank, blow.scenario, " + ".join(blow.threats), blow.from_year, blow.extra_musd, blow.total_t),
            by_sector(blow),
            in_words([f"{pile} after {days(round(after))}" for pile, after in blow.empty_after_days.items()], 5),
            in_words(blow.limits, 5),
            in_words(blow.lacking, 5),
        ]
        for rank, blow in enumerate(attack.blows, 1)
    ]


def by_sector(blow: Blow) -> str:
    """Which sectors are short, and of how many t."""
    return in_words([f"{sector} {tonnes(t)}" for sector, t in blow.short_t.items()], 5)


def tables(attack: Attack) -> list[Table]:
    """The sheets: the ranking, the worst for each sector, and how it came about."""
    worst = [(sector, blow) for sector in attack.sectors if (blow := attack.worst_for(sector))]
    sectors = [
        [sector, " + ".join(blow.threats), blow.scenario, blow.short_t[sector], in_words(blow.limits, 5)]
        for sector, blow in worst
    ]
    columns = (
        Column("sector", "", "that is short"),
        Column("threats", "", "that leave it shortest"),
        Column("scenario", "", "the future to which they come"),
        Column("short_t", "t", "short beyond the plan"),
        Column("limits", "", "what would have prevented it"),
    )
    about: Sequence[Sequence[Cell]] = [
        ["workbook", attack.workbook],
        ["run", attack.run],
        ["threats", ", ".join(attack.threats)],
        *(["note", note] for note in notes(attack)),
    ]
    return [
        ("Worst", WORST, ranked(attack)),
        ("BySector", columns, sectors),
        ("About", FACTS, about),
    ]


def notes(attack: Attack) -> list[str]:
    """What is to be said of all combinations."""
    lines = [f"{count(len(attack.blows), 'combination')} of at most {count(attack.k, 'threat')} tried."]
    if attack.skipped:
        lines.append(
            f"{attack.skipped} more cannot be worse than one of these: what they take away beyond it is not used."
        )
    hurting = [blow for blow in attack.blows if blow.short_t]
    if not hurting and all(blow.extra_musd is not None for blow in attack.blows):
        lines.append("Nothing more is short in any of them.")
    for sector in attack.sectors:
        if blow := attack.worst_for(sector):
            lines.append(
                f"{sector}: at worst {tonnes(blow.short_t[sector])} short, when {in_words(list(blow.threats))} come"
                f"{'' if len(blow.threats) > 1 else 's'}."
            )
    dearest = max((b for b in attack.blows if b.extra_musd is not None), key=lambda b: b.extra_musd or 0, default=None)
    if dearest is not None:
        lines.append(f"Dearest: {in_words(list(dearest.threats))}, {musd(dearest.extra_musd or 0.0)} more.")
    return [*lines, *attack.remarks]
