"""Hundreds of damaged plan.json, each through the commands that read runs: does each end in an answer or in one error?

    python -m benchmarks.damaged_runs --count 400 --seed 1

Damage is done to the structure (keys and rows that are gone, renamed, twice, swapped with others; lists for texts,
texts for numbers, numbers that are none, huge or negative; parts nested by thousands) and to the bytes (cut, empty, no
UTF-8). No command may end in a traceback. Where it refuses, it says so in one line that names the file, with exit code
2; and what is only read is not changed.
"""

from __future__ import annotations

import copy
import json
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from click.testing import CliRunner

from lodestone.commands import main as lodestone
from lodestone.plan.run_files import PLAN_JSON, read_run
from lodestone.template.examples import examples

ODD: tuple[Any, ...] = (
    *(None, True, False, "", "x", "2027", "\x1b[2J\n", "\ud800", "=1+1", "a/b/c"),
    *(0, -1, 3, 1900, 10**9, 10**400, 0.5, -2.5, 1e308, -1e308, float("nan"), float("inf"), float("-inf")),
    *([], {}, [None], [[]], ["x"], {"x": 1}, [{"x": 1}], {"": {}}),
)
ALIKE: tuple[Any, ...] = (
    *(False, True, -1, 0, 1, 7, 2026, 10**9, 0.0, -1.0, 1e-300, 0.5, 3.0, 1e15, -1e15, 1e99),
    *("", "x", "base", "no", "yes", "clean", "2027", "=1+1", "a/b/c", "<b>&amp;", "x" * 40_000, "\x1b[2J\x00"),
)  # fmt: skip
DEEP = 10_000
ANSWERED, REFUSED, ENDED = "answered", "refused", "ended otherwise"  # the last: no plan, or none in time


@dataclass(frozen=True)
class Damaged:
    """what: was done to it, in words."""

    what: str
    content: bytes


@dataclass(frozen=True)
class Place:
    """A workbook with a sound run of it, and a copy of that whose plan.json is damaged."""

    folder: Path
    plan: dict[str, Any]

    @property
    def workbook(self) -> str:
        return str(self.folder / "plan.xlsx")

    @property
    def sound(self) -> str:
        return str(self.folder / "sound")

    @property
    def run(self) -> str:
        return str(self.folder / "damaged")

    def out(self, name: str) -> list[str]:
        return ["--out", str(self.folder / "out" / name)]


COMMANDS: dict[str, Callable[[Place], list[str]]] = {
    "verify": lambda at: [at.run],
    "report": lambda at: [at.run, *at.out("report.html")],
    "pack": lambda at: [at.run, *at.out("packed.zip"), "--force"],
    "compare": lambda at: [at.sound, at.run, *at.out("compare.xlsx")],
    "explain": lambda at: [at.run, *at.out("what_binds.xlsx"), "--jobs", "1"],
    "stress": lambda at: [at.workbook, at.run, *at.out("stress.xlsx")],
    "solve": lambda at: [at.workbook, "--start", at.run, *at.out("started")],
}


def places(folder: Path) -> list[Place]:
    """The tutorial, and runs of it: of its base, and of all futures."""
    found = []
    for name, options in (("base", []), ("joint", ["--joint", "--set", "Scenarios/*/probability=0.4"])):
        at = Place(folder / name, {})
        at.folder.mkdir()
        shutil.copyfile(examples()["tutorial"], at.workbook)
        done = CliRunner().invoke(lodestone, ["solve", at.workbook, "--out", at.sound, "--quiet", *options])
        assert done.exit_code == 0, done.output
        shutil.copytree(at.sound, at.run)
        found.append(Place(at.folder, read_run(Path(at.sound)).document()))
    return found


# --- damage ---------------------------------------------------------------------------------------------------------


def damage(plan: dict[str, Any], luck: random.Random) -> Damaged:
    """A plan.json that is not as it was written; mostly in one place, at times in some."""
    if luck.random() < 0.15:
        return _bytes(json.dumps(plan).encode(), luck)
    plan, done = copy.deepcopy(plan), []
    for _ in range(luck.choice((1, 1, 1, 1, 2))):
        way, holder, key = _somewhere(plan, luck)
        done.append(f"{_parts(plan, holder, key, luck)} at {way}")
    text = json.dumps(plan)
    deep = '"' + "deep" + '"'
    if deep in text:
        text = text.replace(deep, "[" * DEEP + "]" * DEEP if luck.random() < 0.5 else '{"x":' * 60 + "1" + "}" * 60)
    return Damaged("; ".join(done), text.encode())


def _somewhere(plan: dict[str, Any], luck: random.Random) -> tuple[str, Any, Any]:
    """A place by the way to it, what holds it, and its key there: any depth, each key of the document as likely."""
    holder: Any = plan
    key: Any = luck.choice(list(plan))
    way = [str(key)]
    while isinstance(holder[key], dict | list) and holder[key] and luck.random() < 0.8:
        holder = holder[key]
        key = luck.choice(list(holder)) if isinstance(holder, dict) else luck.randrange(len(holder))
        way.append(str(key))
    return ".".join(way), holder, key


def _parts(plan: dict[str, Any], holder: Any, key: Any, luck: random.Random) -> str:
    kind = luck.choice(("gone", "odd", "odd", "renamed", "swapped", "twice", "deep", *["alike"] * 6))
    if kind == "gone":
        del holder[key]
    elif kind == "alike":  # mostly of the shape that is asked for, so that what comes after has to bear it
        now = holder[key]
        if isinstance(now, list) and now:
            now.pop(luck.randrange(len(now)))
        else:
            holder[key] = luck.choice([odd for odd in ALIKE if type(odd) is type(now)] or [now])
        return f"{now!r:.20} to {holder[key]!r:.20}"
    elif kind == "odd":
        holder[key] = luck.choice(ODD)
        return f"{holder[key]!r:.40}"
    elif kind == "renamed" and isinstance(holder, dict):
        holder[luck.choice(("", "x", "Format", "scenario", "year", "2027", key + " "))] = holder.pop(key)
    elif kind == "swapped":
        _, other, its = _somewhere(plan, luck)
        holder[key] = copy.deepcopy(other[its])
    elif kind == "twice" and isinstance(holder, list):
        holder.append(copy.deepcopy(holder[key]))
    else:
        holder[key] = "deep"
    return kind


def _bytes(content: bytes, luck: random.Random) -> Damaged:
    at = luck.randrange(1, len(content))
    ways: dict[str, Callable[[], bytes]] = {
        "cut": lambda: content[:at],
        "empty": lambda: luck.choice((b"", b"  \n", b"null", b"[]", b'""', b"{}", b'{"format": 1}')),
        "no UTF-8": lambda: content[:at] + b"\xff\xfe" + content[at:],
        "UTF-16": lambda: content.decode().encode("utf-16"),
        "a byte": lambda: content[:at] + bytes([luck.randrange(256)]) + content[at + 1 :],
        "a key twice": lambda: b'{"tables": {}, ' + content[1:],
        "another format": lambda: content.replace(b'"format": 1', luck.choice((b'"format": 2', b'"format": "1"')), 1),
        "all nested": lambda: b'{"format":' * DEEP + b"1" + b"}" * DEEP,
        "many digits": lambda: content.replace(b'"gap": ', b'"gap": ' + b"9" * 5000, 1),
    }
    what = luck.choice(list(ways))
    return Damaged(what, ways[what]())


# --- judgement ------------------------------------------------------------------------------------------------------


def fault_of(at: Place, damaged: Damaged, command: str) -> tuple[str, str]:
    """How a command ends, and what must not be, in words; "" if all is well."""
    run = Path(at.run)
    (run / PLAN_JSON).write_bytes(damaged.content)
    before = _seen(at.folder)
    done = CliRunner().invoke(lodestone, [command, *COMMANDS[command](at)])
    error = done.exception
    shutil.rmtree(at.folder / "out", ignore_errors=True)
    if error is not None and not isinstance(error, SystemExit):
        return ENDED, f"raised {type(error).__name__}: {error}"
    if _seen(at.folder) != before:
        return ENDED, "changed what it only had to read"
    said = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    if done.exit_code == 2 and said:
        named = any(name in said[0] for name in (PLAN_JSON, "plan.xlsx", "the run", "scenario", "in the workbook"))
        return REFUSED, "" if len(said) == 1 and named else f"said {said}"
    if done.exit_code in (0, 2):  # 2: what verify finds is no error
        return ANSWERED, ""
    return ENDED, "" if done.exit_code in (3, 4) and said else f"exit code {done.exit_code}: {done.output[-300:]}"


def _seen(folder: Path) -> dict[str, int]:
    return {str(p): p.stat().st_size for p in folder.rglob("*") if "out" not in p.relative_to(folder).parts}


def trials(found: list[Place], count: int, seed: int) -> Iterator[tuple[Place, Damaged]]:
    for number in range(count):
        luck = random.Random(seed * 1_000_000 + number)
        at = luck.choice(found)
        yield at, damage(at.plan, luck)


@click.command()
@click.option("--count", default=400, show_default=True, help="Damaged plans.")
@click.option("--seed", default=1, show_default=True, help="Other seeds do other damage.")
def main(count: int, seed: int) -> None:
    """Damage plans and give each to every command that reads runs; exit code 1 if one ends as it must not."""
    began, faults = time.monotonic(), 0
    ends: dict[str, Counter[str]] = {command: Counter() for command in COMMANDS}
    with tempfile.TemporaryDirectory() as folder:
        for number, (at, damaged) in enumerate(trials(places(Path(folder)), count, seed), 1):
            for command in COMMANDS:
                end, fault = fault_of(at, damaged, command)
                ends[command][end] += 1
                if fault:
                    faults += 1
                    click.echo(f"{number} ({damaged.what}) {command}: {fault}")
    for command, times in ends.items():
        click.echo(f"{command:8} " + ", ".join(f"{times[end]} {end}" for end in (REFUSED, ANSWERED, ENDED)))
    click.echo(f"{count} damaged plans in {time.monotonic() - began:.0f} s: {faults} faults")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
