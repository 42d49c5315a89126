"""The names that are promised from 1.0 on (docs/promises.md): `python -m docs.promised` says which are new or gone.

`--write` adds what is new to docs/promised.json, as a release does. What stands there is taken out in a version with a
new first number only; a test fails when it goes or changes. Until 1.0 is released: delete the file and write it anew.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import json
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import click

import lodestone
from lodestone import commands, errors
from lodestone.plan.plan import WHEN
from lodestone.plan.plan_json import FORMAT
from lodestone.plan.tables import DERIVED_TABLES, ORIGINS, TABLES
from lodestone.workbook.schema.columns import Column
from lodestone.workbook.schema.sheets import SHEETS

RECORD = Path(__file__).with_name("promised.json")
ERRORS = ("LodestoneError", "NoPlanError", "StoppedError", "UsageError", "WorkbookError")
REPORT = Path(lodestone.__file__).parent / "report"
SHEETS_OF = {
    "plan": "Summary Charts Calendar Investments Committed PriceFloors Contracts Bankability CapitalStack Earnings"
    " Stockpile Sourcing Plants CapacityUse ChinaShare Demand Budgets Secure Reference Certain Ranges Costs Accounts"
    " WhoPays LandedCosts WhatBinds SupplyCost Origins Names Audit RunInfo",
    "allies": "Coalitions Shares About",
    "alternatives": "Decisions Plans PlansByDecision About",
    "attack": "Worst BySector About",
    "calibrate": "Lanes Buyers Plants",
    "compare": "Compare Charts Bridge Inputs Causes Flows FlowsByYear ChinaShare Stock Runs",
    "explain": "WhatBinds SupplyCost BuildsFree About",
    "frontier": "Frontier LeastAttainable Builds About",
    "frontier --secure": "Secure About",
    "ranges": "Ranges About",
    "stress": "Stress Shortage Stock GaveWay Remarks",
    "sweep": "Sweep About",
    "tornado": "Chart FindOutNext Tornado About",
}
Promised = dict[str, Any]


def promised() -> Promised:
    """What today's code offers, by kind and name."""
    return {
        "workbook": {sheet.name: {column.name: _told(column) for column in sheet.columns} for sheet in SHEETS.values()},
        "plan.json": {"format": FORMAT, "keys": dict(WHEN)},
        "tables": {
            table.name: {column.name: column.unit for column in table.columns}
            for table in (*TABLES.values(), *DERIVED_TABLES.values(), ORIGINS)
        },
        "commands": {name: _words(command) for name, command in sorted(commands.main.commands.items())},
        "exit codes": {name: getattr(errors, name).exit_code for name in (*ERRORS, "ReaderLeftError")},
        "sheets": _sheets(),
        "python": dict(_python()),
    }


def _told(column: Column) -> str:
    """What stands in a column of the workbook, in which unit, and what a blank means."""
    blank = "required" if column.required else f"default {column.default}" if column.default is not None else ""
    return ", ".join(filter(None, (column.kind, column.unit, blank)))


def _sheets() -> dict[str, dict[str, str]]:
    """Sheets of the workbooks that are written, as far as the code that writes them names them."""
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in REPORT.rglob("*.py"))
    named = {node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    return {book: {name: "sheet" for name in names.split() if name in named} for book, names in SHEETS_OF.items()}


def _words(command: click.Command) -> dict[str, str]:
    """Options by their long names, arguments by their place; those that `--help` hides are not promised."""
    found = {}
    for option in command.params:
        if isinstance(option, click.Argument):
            found[str(option.name).upper()] = "argument"
        elif not getattr(option, "hidden", False):
            found |= dict.fromkeys((*option.opts, *option.secondary_opts), "option")
    return dict(sorted(found.items()))


def _python() -> Iterator[tuple[str, dict[str, str]]]:
    """Functions and methods of the front door, with their arguments: by their place, or by name alone."""
    for name in lodestone.FROM_BOOK:
        thing = getattr(lodestone, name)
        if not inspect.isclass(thing):
            yield name, _arguments(thing)
            continue
        yield name, {}
        for below in sorted(vars(thing).keys() | _inherited(thing)):
            what = inspect.getattr_static(thing, below)
            if not below.startswith("_") and (inspect.isfunction(what) or isinstance(what, property)):
                yield f"{name}.{below}", _arguments(what) if inspect.isfunction(what) else {}
    yield from ((f"errors.{name}", {}) for name in ERRORS if hasattr(errors, name))
    yield "Problem", {field.name: "field" for field in fields(errors.Problem)}


def _inherited(thing: type) -> set[str]:
    """Of a plan also what every plan has: its tables, futures and cost."""
    return {"cost", "future", "keys", "rows", "is_joint"} & set(dir(thing))


def _arguments(function: Any) -> dict[str, str]:
    found, place = {}, 0
    for name, argument in inspect.signature(function).parameters.items():
        if name == "self":
            continue
        place += argument.kind is not argument.KEYWORD_ONLY
        found[name] = "by name" if argument.kind is argument.KEYWORD_ONLY else f"at place {place}"
    return found


def gone(before: Mapping[str, Any], now: Mapping[str, Any], place: str = "") -> Iterator[str]:
    """What was promised and is not there any more, or is something else."""
    for name, what in before.items():
        here = f"{place} / {name}".removeprefix(" / ")
        if name not in now:
            yield f"{here} is gone"
        elif isinstance(what, Mapping):
            yield from gone(what, now[name], here)
        elif now[name] != what:
            yield f"{here} was {what!r} and is {now[name]!r}"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--write", action="store_true", help="promise what is new as well")
    write = options.parse_args().write
    before = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {}
    now = promised()
    lost, new = list(gone(before, now)), [text.removesuffix(" is gone") for text in gone(now, before)]
    print("\n".join([*(f"Broken: {text}" for text in lost), *(f"New: {text}" for text in new)]) or "As promised.")
    if write and not lost:
        RECORD.write_text(json.dumps(now, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if lost:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
