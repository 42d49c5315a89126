"""Pages of the docs that are made from the code: `python docs/generate.py` writes them, a test compares them.

mathematics    from the docstrings of model/lodestone/rules, in the order of model/lodestone/rules/build.py
workbook       from model/lodestone/workbook/schema/sheets.py and template/column_help.py, the comments of the headings
command_line   from the commands themselves
plan_tables    from model/lodestone/plan/tables.py
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from lodestone import commands
from lodestone.plan.tables import (
    COMMITTED,
    DERIVED_TABLES,
    MONTH,
    ORIGINS,
    SCENARIO,
    TABLES,
    WITH_COMMITTED,
    YEARLY,
)
from lodestone.plan.tables import (
    Column as PlanColumn,
)
from lodestone.template.column_help import meaning
from lodestone.workbook.scenarios.changes import FIXED_SHEETS
from lodestone.workbook.schema.columns import Column, Sheet
from lodestone.workbook.schema.sheets import SHEETS, WORDS

ROOT = Path(__file__).resolve().parents[1]
RULE_FILES = ROOT / "model" / "lodestone" / "rules"
DOCS = ROOT / "docs"
RULES = (
    *("investments", "commitments", "contracts", "price_floors", "credits", "capital", "bankability", "flows"),
    *(
        "substitution",
        "suppliers",
        "capacity",
        "closure",
        "payments",
        "earnings",
        "stockpiles",
        "china_share",
        "budgets",
    ),
    *("secure", "objective"),
)
MOST_WORDS = 5  # of a column of the plan that are told
FACTS = ("Units", "Sheets", "Source")  # last lines of a rule's docstring

SYMBOLS = (
    ("n, y(n), a(n), path(n), p(n)", "node of the scenario tree, its year, parent, way from the root, probability"),
    ("w(n), Y(n)", "length of a node in years; the nodes of the year that ends at n, on the path to it"),
    ("r, m, u, v", "region, material, unit (plant or project), market"),
    ("g, o, c, s, j", "project, price-floor package, contract, stockpile, row of Demand"),
    ("k", "stream: clean or exposed"),
    ("g[u,m]", "t_per_t of the unit's process: above 0 made, below 0 taken in"),
    ("act, buy, sell, ship", "capacity used; bought, sold at a market; sent from region to region, t in the node"),
    ("deliver, avoid, short", "demand met, designed out, not met, t in the node"),
    ("mixed", "intake without regard to streams, t in the node"),
    ("build, award, sign", "whole-number decisions: project, support package, contract"),
    ("q, active, taken, untaken", "volume of a contract, t/yr; of it in force, bought, paid and not taken, t"),
    ("covered", "output on which a floor pays, t/yr"),
    ("stock, fill, release", "held at the end of a node, put in, taken out, t"),
    ("kept", "what is kept open: a part of a plant, builds of a project"),
    ("known", "what a region is known to be able to take from a lane, t/yr"),
    ("topup", "what a unit is paid so that it works at no loss, MUSD/yr"),
    ("d_t", "(1 + hurdle_rate)^-(years since the decision): how lenders discount"),
)

SOURCES = (
    (
        "(29), (30) a share of consumption as limit",
        "Regulation (EU) 2024/1252 (Critical Raw Materials Act) of 11 April 2024: by 2030 not more than 65 %"
        " of the Union's annual consumption of a strategic raw material, at any relevant stage of processing,"
        " from a single third country. The model takes one group of regions of concern for the single country.",
    ),
    (
        "provenance; a share of 0 for defence",
        "DFARS 225.7018 and clause 252.225-7052 (89 FR 46816, 30 May 2024): from 1 January 2027 no magnets"
        " mined, refined, separated, melted or produced in China, Russia, Iran or North Korea. Left out:"
        " commercial items of which less than half is covered material are exempt.",
    ),
    (
        "a floor, and an upside share",
        "MP Materials and the US Department of Defense, 10 July 2025 (8-K, 10-Q): 110 USD/kg of NdPr from"
        " October 2025 for ten years, on what is sold or put in stock; 30 % of what is above goes back, once"
        " its 10X plant is in full production. Here a floor pays on deemed output, so that nobody is paid to"
        " stop.",
    ),
    (
        "take-or-pay, collars, volumes",
        "the same agreement: all output of 10X for ten years, at least 140 MUSD of EBITDA a year. Lynas and"
        " JARE, 10 March 2026: 5,000 t/yr firm of 7,200 t/yr, to 2038, floor of 110 USD/kg.",
    ),
    (
        "days of cover",
        "Japan: 60 days, 42 national and 18 private, up to 180 for metals at high risk (IEA policy database)."
        " Korea: 54 days in 2021, 100 aimed at by 2031. Project Vault (USA, February 2026): 60 days. US"
        " National Defense Stockpile, plan for 2025: 300 t of NdPr oxide, 450 t of magnets (USGS 2026).",
    ),
    (
        "CVaR",
        "Rockafellar and Uryasev, Optimization of conditional value-at-risk, Journal of Risk 2, 2000.",
    ),
    (
        "EVPI, VSS",
        "Birge and Louveaux, Introduction to Stochastic Programming, chapter 4: the base stands for their mean values.",
    ),
)


def mathematics() -> str:
    """Every equation of the model, as the file that holds it states it."""
    lines = [
        "# Mathematics",
        "",
        "Made from the docstrings of `model/lodestone/rules`, so that what is read here stands beside the code. Each",
        "section is one planner's concept in one file, with a test that checks every row against literal algebra.",
        "Everything is written over the nodes of a scenario tree; a run of one scenario has one node a period.",
        "A passage marked [cheat] closes a hole through which an optimiser was seen to cheat.",
        "",
        "## Symbols",
        "",
        "| symbol | meaning |",
        "|---|---|",
        *(f"| `{symbol}` | {meaning} |" for symbol, meaning in SYMBOLS),
        "",
        "Inside the model mass is in t, money in MUSD (1 t x 1 USD/kg = 0.001 MUSD), shares are from 0 to 1.",
    ]
    for name in RULES:
        doc = ast.get_docstring(ast.parse((RULE_FILES / f"{name}.py").read_text(encoding="utf-8")))
        lines += ["", *_rule(name, doc or "")]
    lines += [
        "",
        "## Sources",
        "",
        "What the rules follow in the world. Figures of the examples have theirs beside them, in the workbooks.",
        "",
        "| rule | source |",
        "|---|---|",
        *(f"| {rule} | {source} |" for rule, source in SOURCES),
    ]
    return "\n".join(lines) + "\n"


def _rule(name: str, doc: str) -> Iterator[str]:
    title, *rest = doc.splitlines()
    head, _, claim = title.partition(": ")
    yield f"## {head}"
    yield ""
    yield f"{claim[:1].upper()}{claim[1:]}"
    facts: list[str] = []
    for line in rest:
        word, _, text = line.partition(" ")
        if word in FACTS:
            facts.append(f"| {word} | {text.strip()} |")
        elif facts and line.startswith("  "):
            facts[-1] = f"{facts[-1][:-2]} {line.strip()} |"
        elif not facts:
            yield line.rstrip()
    yield from ("| | |", "|---|---|", *facts)
    yield f"| Code | `model/lodestone/rules/{name}.py` |"
    yield f"| Test | `tests/rules/test_{name}.py` |"


def workbook() -> str:
    """Every sheet and column."""
    lines = [
        "# The workbook, sheet by sheet",
        "",
        "Made from `workbook/schema/sheets.py`, which reader, checks and `lodestone new` read too. A sheet that is not",
        "required may be left out. The columns `note` and `source`, and columns whose heading starts with `#`, are",
        "free text on every sheet. On sheets with ids so is `label`: what people read instead of the id, wherever a",
        "plan is shown ([more](../how_to.md#give-things-names)). Year columns have a year as heading. A blank between",
        "two given years is interpolated; after the last year given its value goes on. A year is one period, unless",
        "the sheet Periods cuts it; yearly figures are rates, so a quarter has a quarter of them. Columns marked",
        "*dated* can be changed by a scenario from a month on, as year columns can.",
    ]
    for sheet in SHEETS.values():
        lines += ["", *_sheet(sheet)]
    return "\n".join(lines) + "\n"


def _sheet(sheet: Sheet) -> Iterator[str]:
    yield f"## {sheet.name}"
    yield ""
    yield f"{sheet.meaning}{' Required.' if sheet.required else ''}"
    if sheet.key and sheet.name != "Settings":
        yield ""
        where = "`--set`" if sheet.name in FIXED_SHEETS else "Changes and `--set`"
        keys = " / ".join(f"`{key}`" for key in sheet.key)
        yield f"A row is named, in {where}, by {keys}{_first_keys(sheet)}."
    yield ""
    first = "setting" if sheet.name == "Settings" else "column"
    yield f"| {first} | what stands there | unit | if blank | meaning |"
    yield "|---|---|---|---|---|"
    for column in sheet.columns:
        shown = "a year, e.g. 2030" if column.kind == "years" else f"`{column.name}`"
        told = f"{meaning(sheet, column)} *dated*" if column.dated else meaning(sheet, column)
        cells = (shown, _values(column), column.unit, _blank(sheet, column), told)
        yield f"| {' | '.join(map(_cell, cells))} |"


def _first_keys(sheet: Sheet) -> str:
    return "; the first of them alone name all rows that begin so" if len(sheet.key) > 1 else ""


def _values(column: Column) -> str:
    if column.allowed:
        joint = ", " if column.kind == "list" else " or "
        return joint.join(f"`{word}`" for word in column.allowed)
    if column.refers_to:
        names = [(f"`{place}`" if place in WORDS else place) for place in column.refers_to]
        return f"an id of {' or '.join(names)}"
    words = {"id": "a unique id", "text": "text", "yesno": "yes or no", "integer": "a whole number"}
    limits = [
        f"{sign} {limit}"
        for sign, limit in ((">", column.above), (">=", column.least), ("<", column.below), ("<=", column.highest))
        if limit is not None
    ]
    return " ".join([words.get(column.kind, "a number"), ", ".join(limits)]).strip()


def _blank(sheet: Sheet, column: Column) -> str:
    if column.required:
        return "not allowed"
    if column.blank:
        return column.blank
    if column.kind == "years" and sheet.gaps == "not in force":
        return "not in force yet"
    if column.default is None:
        return ""
    if isinstance(column.default, bool):
        return "yes" if column.default else "no"
    return str(column.default)


def command_line() -> str:
    """Every command with its options."""
    context = click.Context(commands.main, info_name="lodestone", **commands.main.context_settings)
    lines = [
        "# The command line",
        "",
        "Made from the commands themselves: `lodestone COMMAND --help` says the same. Which of it is promised:",
        "[what holds from 1.0 on](../promises.md).",
        "",
    ]
    lines += [*_help(commands.main)]
    for name, command in commands.main.commands.items():
        below = click.Context(command, info_name=name, parent=context)
        lines += [
            "",
            f"## lodestone {name}",
            "",
            *_help(command),
            "",
            "```",
            below.get_usage().removeprefix("Usage: "),
            "```",
            "",
        ]
        rows = [record for p in command.get_params(below) if (record := p.get_help_record(below))]
        if rows:
            lines += ["| option | meaning |", "|---|---|"]
            lines += [f"| `{_cell(option)}` | {_cell(meaning)} |" for option, meaning in rows]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _help(command: click.Command) -> Iterator[str]:
    """The help text; what click prints as it stands (after \\b) is a block of code."""
    for part in inspect.cleandoc(command.help or "").split("\n\n"):
        if part.startswith("\b"):
            head, *body = part.lstrip("\b\n").splitlines()
            yield from (head, "", "```", *textwrap.dedent("\n".join(body)).splitlines(), "```")
        else:
            yield from (re.sub(r"\s+", " ", part), "")


def _may_be(column: PlanColumn) -> str:
    number = [what for what, so in (("missing", column.blank), ("negative", column.negative)) if so]
    return ", ".join(number or (column.words if len(column.words) < MOST_WORDS else ()))


def plan_tables() -> str:
    """Every table of a plan: keys, columns, units, blanks and signs, meaning."""
    lines = ["# Tables of plan.json", ""]
    lines += [f"In a joint run every table begins with a column `{SCENARIO.name}`: {SCENARIO.meaning}.", ""]
    lines += ["A number is at least 0 and never missing (null), unless its column says that it may be.", ""]
    by_year = ", ".join(f"`{name}`" for name in YEARLY)
    lines += [
        f"Where years are cut into periods, tables with a year have a column `{MONTH.name}` after it: {MONTH.meaning}.",
        f"Those about whole years have none: {by_year}. Where anything is committed, "
        + " and ".join(f"`{name}`" for name in WITH_COMMITTED)
        + f" end with a column `{COMMITTED.name}`: {COMMITTED.meaning}.",
        "",
    ]
    for table in (*TABLES.values(), *DERIVED_TABLES.values(), ORIGINS):
        key = [f"Key: {', '.join(table.key)}.", ""] if table.key else []
        lines += [
            f"## {table.name}",
            "",
            table.meaning,
            "",
            *key,
            "| column | unit | may be | meaning |",
            "|---|---|---|---|",
        ]
        lines += [f"| {c.name} | {c.unit} | {_may_be(c)} | {c.meaning} |" for c in table.columns]
        lines.append("")
    return "\n".join(lines)


PAGES: dict[str, Callable[[], str]] = {
    "reference/mathematics.md": mathematics,
    "reference/workbook.md": workbook,
    "reference/command_line.md": command_line,
    "plan_tables.md": plan_tables,
}


def main() -> None:
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
