"""Mutation testing: are the tests of rules/ and audit/ sharp enough to notice every small change of them?

    python -m benchmarks.mutants --minutes 60    # as many as that allows, a fair sample; then the next
    python -m benchmarks.mutants rules/capital.py # those of a file
    python -m benchmarks.mutants --again         # what survived, after more tests
    python -m benchmarks.mutants --write         # and the figures into benchmarks/MUTANTS.md

making_mutants.py makes them, judging_mutants.py runs the tests. What is known stands in benchmarks/mutants.json until
the function changes, one line a function, one letter a mutant.
"""

from __future__ import annotations

import json
import random
import re
import resource
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import click

from benchmarks.making_mutants import Mutant, files, mutants_of

PAGE = Path(__file__).with_name("MUTANTS.md")
KNOWN = Path(__file__).with_name("mutants.json")
NO_MATTER = re.compile(r",?\s*\b(strict|concrete)=\w+")
LETTERS = {"killed": "k", "timeout": "t", "survived": "s"}
BEGIN, END = "<!-- figures: written by python -m benchmarks.mutants --write -->", "<!-- end of figures -->"

Known = dict[str, dict[str, str]]  # file -> mutant -> killed, timeout, survived


def mutants_in(file: str) -> list[Mutant]:
    """Those of a file that say something: whether zip is strict and when a block is built does not matter to rules."""

    def says_something(mutant: Mutant) -> bool:
        anyhow = "strict=" not in mutant.before and "concrete=" not in mutant.before
        return anyhow or NO_MATTER.sub("", mutant.before) != NO_MATTER.sub("", mutant.code)

    return [m for m in mutants_of(file) if says_something(m)]


def known_of(all_of_them: dict[str, list[Mutant]]) -> Known:
    """What was judged and is still a mutant."""
    words = {letter: word for word, letter in LETTERS.items()}
    kept = json.loads(KNOWN.read_text(encoding="utf-8")) if KNOWN.exists() else {}
    found: Known = {}
    for file, mutants in all_of_them.items():
        found[file] = {}
        for mutant in mutants:
            letters = kept.get(file, {}).get(f"{mutant.function} {mutant.digest}", "")
            if letters[mutant.number : mutant.number + 1] in words:
                found[file][mutant.name] = words[letters[mutant.number]]
    return found


def keep(all_of_them: dict[str, list[Mutant]], known: Known) -> None:
    """What is known of these files; what stands there of others stays."""
    kept = json.loads(KNOWN.read_text(encoding="utf-8")) if KNOWN.exists() else {}
    for file, mutants in all_of_them.items():
        letters: dict[str, list[str]] = defaultdict(list)
        for mutant in mutants:
            found = letters[f"{mutant.function} {mutant.digest}"]
            found += "." * (mutant.number - len(found))  # what says nothing has a number too
            found.append(LETTERS.get(known[file].get(mutant.name, ""), "."))
        kept[file] = {function: "".join(found) for function, found in letters.items() if set(found) != {"."}}
    KNOWN.write_text(json.dumps(dict(sorted(kept.items())), indent=0, ensure_ascii=False) + "\n", encoding="utf-8")


def figures(all_of_them: dict[str, list[Mutant]], known: Known) -> str:
    """Markdown: one line a file, and the sums."""
    lines = ["| file | mutants | judged | killed | timed out | survived | score |", "|---|--:|--:|--:|--:|--:|--:|"]
    total, parts = Counter[str](), defaultdict(Counter[str])
    for file, mutants in all_of_them.items():
        counts = Counter(known[file].values()) + Counter(all=len(mutants))
        total += counts
        parts[file.partition("/")[0]] += counts
        lines.append(_line(f"`model/lodestone/{file}`", counts))
    lines += [_line(f"**{part}**", counts) for part, counts in parts.items()]
    return "\n".join([*lines, _line("**all**", total)])


def _line(name: str, counts: Counter[str]) -> str:
    killed, timeout, survived = counts["killed"], counts["timeout"], counts["survived"]
    judged = killed + timeout + survived
    score = f"{(killed + timeout) / judged:.1%}" if judged else ""
    return f"| {name} | {counts['all']} | {judged} | {killed} | {timeout} | {survived} | {score} |"


def _chosen(
    names: tuple[str, ...], all_of_them: dict[str, list[Mutant]], known: Known, again: bool, most: int | None
) -> Iterator[Mutant]:
    """What is left to judge, shuffled: where a run stops, it has judged a fair sample."""
    sample = [
        (place, mutant)
        for file, mutants in all_of_them.items()
        if not names or file in names
        for place, mutant in list(enumerate(sorted(mutants, key=_chance)))[:most]
    ]
    for _, mutant in sorted(sample, key=lambda pair: pair[0] if most else _chance(pair[1])):
        status = known[mutant.file].get(mutant.name)
        if status == "survived" if again else status is None:
            yield mutant


def _chance(mutant: Mutant) -> float:
    return random.Random(f"{mutant.file} {mutant.name}").random()


def _used() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _judge(mutants: Iterator[Mutant], all_of_them: dict[str, list[Mutant]], known: Known, minutes: float) -> None:
    """Say on the way what survives, and at the end what a mutant took."""
    from benchmarks.judging_mutants import Session  # which loads pytest

    session = Session(all_of_them)
    begun = saved = time.monotonic()
    took: dict[str, list[float]] = defaultdict(list)
    for mutant in mutants:
        if time.monotonic() - begun > 60 * minutes:
            break
        before = _used()
        verdict = known[mutant.file][mutant.name] = session.judge(mutant)
        took[verdict].append(_used() - before)
        if verdict == "survived":
            click.echo(f"- {mutant.file} {mutant.function}: `` {mutant.change} ``")
        if time.monotonic() - saved > 20:
            keep(all_of_them, known)
            saved = time.monotonic()
    keep(all_of_them, known)
    for verdict, seconds in took.items():
        click.echo(f"{verdict}: {len(seconds)}, {sum(seconds) / len(seconds):.2f} CPU s each")


@click.command()
@click.argument("names", nargs=-1)
@click.option("--minutes", type=float, default=float("inf"), help="Stop then; what was judged is kept.")
@click.option("--most", type=int, help="Of each file; the first of its fair sample.")
@click.option("--again", is_flag=True, help="Judge again what survived.")
@click.option("--write", is_flag=True, help="Write the figures into benchmarks/MUTANTS.md.")
@click.option("--no-run", is_flag=True, help="Only what is known.")
def main(names: tuple[str, ...], minutes: float, most: int | None, again: bool, write: bool, no_run: bool) -> None:
    """Run the mutants; print the figures by file, and the survivors that MUTANTS.md does not name."""
    all_of_them = {file: mutants_in(file) for file in files() if write or not names or file in names}
    known = known_of(all_of_them)
    if not no_run:
        _judge(_chosen(names, all_of_them, known, again, most), all_of_them, known, minutes)
    page = PAGE.read_text(encoding="utf-8")
    click.echo("Survivors that MUTANTS.md does not name:")
    for file, mutants in all_of_them.items():
        for mutant in mutants:
            if known[file].get(mutant.name) == "survived" and mutant.change not in page:
                click.echo(f"- {file} {mutant.function}: `` {mutant.change} ``")
    table = f"{BEGIN}\nmutmut {version('mutmut')}\n\n{figures(all_of_them, known)}\n{END}"
    click.echo(table)
    if write:
        PAGE.write_text(page[: page.index(BEGIN)] + table + page[page.index(END) + len(END) :], encoding="utf-8")


if __name__ == "__main__":
    main()
