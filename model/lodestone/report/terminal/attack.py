"""What the command line shows of an attack on a plan."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from lodestone.plan.formatting import in_words, one_line, tonnes
from lodestone.report.studies.attack_files import by_sector, notes
from lodestone.report.terminal.progress_lines import show_table
from lodestone.studies.attack.results import Attack

MOST_ROWS = 10  # the files hold all
HEADINGS = ("Threats", "Short (t)", "Of which", "Extra cost (MUSD, discounted)", "What would have helped")


def show_attack(attack: Attack, files: Sequence[Path]) -> None:
    """The worst combinations, then what is to be said of all."""
    joint = len({blow.scenario for blow in attack.blows}) > 1
    rows = [
        [
            one_line(" + ".join(blow.threats) + (f" (in {blow.scenario})" if joint else "")),
            tonnes(blow.total_t),
            one_line(by_sector(blow)),
            "no plan" if blow.extra_musd is None else blow.extra_musd,
            one_line(in_words(blow.limits, 3)),
        ]
        for blow in attack.blows[:MOST_ROWS]
    ]
    click.echo(f"{attack.run}: what hurts most")
    show_table(HEADINGS, rows)
    click.echo()
    for note in notes(attack):
        click.echo(note)
    book, facts = files
    click.echo(f"Files: {book} and {facts.name}")
