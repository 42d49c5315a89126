"""All benchmarks of speed by one command: `python -m benchmarks [--quick] [--write] [PART ...]`.

Parts, all of them where none is named, each with options of its own:

    planning   what planning costs besides the solver, by size and by way to HiGHS
    textbook   a workbook in this project, and as a textbook would model it in plain Pyomo
    studies    attack, frontier, tornado, ranges: seconds, and what parallel gives
    months     a workbook by years, and with some of its years in months

    python -m benchmarks --write planning --only toy studies --workbook inputs/rare_earth_magnets_threats.xlsx

With --write the figures are kept in benchmarks/results, by part, version and machine, and docs/benchmarks.md with its
pictures is drawn anew from all that is kept.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import click

from benchmarks import drawn, kept, months, planning, studies, textbook

ROOT = Path(__file__).parents[1]
REAL = ROOT / "inputs" / "rare_earth_magnets.xlsx"
TUTORIAL = ROOT / "inputs" / "tutorial.xlsx"
WORKBOOK = click.Path(path_type=Path, exists=True, dir_okay=False)
IDLE = 0.3  # programs that want a core; more of them is a busy machine


class Asked:
    """What holds for all parts, and where their figures go."""

    def __init__(self, quick: bool, write: bool, note: str) -> None:
        self.quick, self.write, self.note = quick, write, note
        self.load = kept.load()

    def tell(self, what: str) -> None:
        click.echo(what, err=True)

    def machine(self) -> str:
        """What the machine did besides when all began: figures are of no use without it."""
        if self.load is None:
            return "What else the machine did is not known."
        state = "Idle" if self.load < IDLE else "Busy"
        return f"{state} machine: in the minute before, programs wanted {self.load:.1f} of its {os.cpu_count()} cores."

    def measured(self, part: str, measure: Callable[[Path], Mapping[str, Sequence[kept.Row]]], note: str = "") -> None:
        """Measure a part, show it, and keep it where that is asked for."""
        with tempfile.TemporaryDirectory() as folder:
            tables = measure(Path(folder))
        found = kept.result(part, tables, " ".join(words for words in (note, self.machine(), self.note) if words))
        click.echo(found.page())
        if self.write:
            self.tell(f"kept in {kept.keep(found)}")


@click.group(chain=True, invoke_without_command=True)
@click.option("--quick", is_flag=True, help="Toys once, to see that everything runs.")
@click.option("--write", is_flag=True, help="Keep the figures in benchmarks/results, and draw docs/benchmarks.md.")
@click.option("--note", default="", help="A sentence kept with the figures, e.g. what else the machine did.")
@click.pass_context
def main(ctx: click.Context, quick: bool, write: bool, note: str) -> None:
    """Measure what planning and studies take, and keep it by version and machine. Without a PART all of them."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # CPU seconds can be compared
    ctx.obj = Asked(quick, write, note)
    if ctx.invoked_subcommand is None:
        for part in main.commands.values():
            ctx.invoke(part)


@main.result_callback()
@click.pass_obj
def draw(asked: Asked, parts: object, **options: object) -> None:
    """Once everything is kept."""
    if asked.write:
        for path in drawn.write():
            asked.tell(f"drawn: {path}")


@main.command("planning")
@click.option("--only", multiple=True, help="Only the cases whose name contains this, or 'commands'; repeatable.")
@click.option("--runs", type=click.IntRange(min=1), default=3, show_default=True, help="At most so many of each.")
@click.pass_obj
def planning_part(asked: Asked, only: tuple[str, ...], runs: int) -> None:
    """Reading, building, handing over, solving and writing, by size and by way."""
    note = f"Medians of {runs} runs, of one for plans." if runs > 1 else "One run of each."
    asked.measured("planning", lambda folder: planning.tables(folder, asked.quick, only, runs, asked.tell), note)


@main.command("textbook")
@click.option("--workbook", type=WORKBOOK, help="[default: rare_earth_magnets.xlsx]")
@click.option("--time-limit", default=300.0, show_default=True, help="Seconds for HiGHS, each.")
@click.pass_obj
def textbook_part(asked: Asked, workbook: Path | None, time_limit: float) -> None:
    """A workbook in this project, and in plain Pyomo as a textbook would model it."""
    book = workbook or (TUTORIAL if asked.quick else REAL)
    for line in ("The textbook leaves out:", *textbook.LEFT_OUT):
        asked.tell(line if line.endswith(":") else f"- {line}")
    asked.measured(
        f"textbook-{book.stem}",
        lambda folder: {"textbook": planning.against_textbook(book, folder, time_limit, asked.tell)},
        f"Gap 0.01, at most {time_limit:g} s in HiGHS.",
    )


@main.command("studies")
@click.option("--workbook", type=WORKBOOK, help="[default: generated, of middle size]")
@click.option("--to", "end", default=0.8, show_default=True, help="Factor on the shares at the last point.")
@click.option("--gap", default="0.002", show_default=True)
@click.option("--commands", type=click.IntRange(min=2), default=3, show_default=True,
              help="Solve commands that are run, of the twelve.")  # fmt: skip
@click.option("--only", multiple=True, type=click.Choice(studies.STUDIES), help="These studies; repeatable.")
@click.pass_obj
def studies_part(
    asked: Asked, workbook: Path | None, end: float, gap: str, commands: int, only: tuple[str, ...]
) -> None:
    """Attack, frontier, tornado, ranges: seconds, and what two processes give."""
    book = workbook or (TUTORIAL if asked.quick else None)
    name = book.stem if book else "generated"

    def measure(folder: Path) -> dict[str, list[studies.Row]]:
        bench = studies.Bench(book.resolve() if book else studies.generated(folder), folder, gap, asked.tell)
        return {"studies": studies.measure(bench, end, commands, name, only)}

    asked.measured(f"studies-{name}", measure, f"Gap {gap}, the last point of the frontier at {end:g} of the shares.")


@main.command("months")
@click.option("--workbook", type=WORKBOOK, help="[default: rare_earth_magnets.xlsx]")
@click.option("--years", default="2027,2028", show_default=True, help="Years that are cut.")
@click.option("--months", "length", default=1, show_default=True, help="Months of a period.")
@click.option("--gap", default="0.001", show_default=True)
@click.option("--time-limit", default="1200", show_default=True, help="Seconds for each solve.")
@click.pass_obj
def months_part(asked: Asked, workbook: Path | None, years: str, length: int, gap: str, time_limit: str) -> None:
    """A workbook by years, and with years in months: CPU seconds of both and their ratio."""
    book = workbook or (TUTORIAL if asked.quick else REAL)
    cut = [int(year) for year in years.split(",")]
    asked.measured(
        f"months-{book.stem}",
        lambda folder: {"months": months.measure(book, folder, cut, length, gap, time_limit, asked.tell)},
        f"Gap {gap}, periods of {length} month{'s' * (length > 1)}.",
    )


if __name__ == "__main__":
    sys.exit(main())
