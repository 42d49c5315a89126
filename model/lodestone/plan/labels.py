"""A plan, or a study of it, in the names that people read: labels instead of ids, the same everywhere.

plan.json and the files for programs keep ids. Whatever shows a plan to people shows `labelled(plan)`, and what shows a
study shows `of(plan).shown(study)`: this file is the one place where an id becomes a label. A cell that holds an id
becomes the label; a cell that joins several ("ndpr_oxide, Japan to USA") part by part; in a sentence those ids are
replaced that cannot be taken for a word of it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

from lodestone.plan.plan import Plan
from lodestone.plan.tables import COST_TERMS, DERIVED_TABLES, ORIGINS, SCENARIO, TABLES, Row, Rows
from lodestone.workbook.schema.columns import Column as SheetColumn
from lodestone.workbook.schema.sheets import NAMED_SHEETS, SHEETS

T = TypeVar("T")

UNITS = ("Plants", "Projects", "Markets")
# Columns that hold an id, and of which sheets; other columns of texts may hold any.
IDS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("region", "from_region", "to_region", "payer"), ("Regions",)),
    **dict.fromkeys(("project", "supplier", "market"), UNITS),
    **{"material": ("Materials",), "sector": ("Sectors",), "process": ("Processes",), "floor": ("PriceFloors",)},
    **{"contract": ("Contracts",), "stockpile": ("Stockpiles",), "option": ("Substitution",), "cap": ("ChinaShare",)},
    **{"budget": ("Budgets",), "scenario": ("Scenarios",)},
}
# What a study or a row says of its own accord, in columns where names may stand too.
OWN_WORDS = frozenset(
    {
        *COST_TERMS,
        *("base", "joint", "public", "private", "buyers", "shortage", "yes", "no", "held", "free", "clean", "exposed"),
        *("project", "plant", "floor", "contract", "market", "lane", "cap", "budget", "stockpile", "cover", "material"),
        *("region", "sector", "scenario", "years", "t", "t/yr", "MUSD", "share", "days", "USD/kg", "plan", "rule"),
        *(name for name in SHEETS),
    }
)
AS_IT_STANDS = ("unit", "value_unit", "cell", "row", "sheet", "column", "set_by", "source", "note", "before", "value")
SENTENCES = ("finding",)
BY_NAME = ("payers_musd", "short_by_sector_t", "empty_after_days")  # parts of a plan whose keys are names
TOLD = ("binding",)  # parts in words
NO_NAMES = ("figure", "kind", "unit", "verdict", "decisions", "branch")
WITHIN = "\N{DIVISION SLASH}"  # a / of a label, in keys that are joined by /
BETWEEN = re.compile(r"(, | \+ |/| \(|\)| to |: )")  # names that stand together


@dataclass(frozen=True)
class Labels:
    """sheet -> id -> what people read."""

    by_sheet: Mapping[str, Mapping[str, str]]

    def name(self, text: str, sheets: tuple[str, ...] = ()) -> str:
        """The label of an id, or of each that a text joins; sheets: of which it is."""
        for sheet in sheets:
            if text in self.by_sheet.get(sheet, {}):
                return self.by_sheet[sheet][text]
        if sheets:
            return text
        return self._any.get(text) or "".join(self._any.get(part, part) for part in BETWEEN.split(text))

    def words(self, text: str) -> str:
        """A sentence with labels: of ids that no word of it can be, such as ndpr_oxide, EU or plant 7."""
        if text in self._any:
            return self._any[text]
        return self._named.sub(lambda found: self._any[found[0]], text) if self._named else text

    def shown(self, found: T) -> T:
        """What a study found, in these names: every text in it, however deep, but the keys of its tables of figures."""
        shown: T = self._shown(found) if self.by_sheet else found
        return shown

    def _shown(self, found: Any) -> Any:
        if isinstance(found, str):
            return self.words(found)
        if isinstance(found, Mapping):
            return {
                self._shown(name): value if name in UNTOUCHED else self._shown(value) for name, value in found.items()
            }
        if isinstance(found, tuple) and hasattr(found, "_fields"):
            return type(found)(*map(self._shown, found))
        if isinstance(found, list | tuple):
            return type(found)(map(self._shown, found))
        if is_dataclass(found) and not isinstance(found, type):
            own = {f.name for f in fields(found) if f.init} - UNTOUCHED
            return replace(found, **{name: self._shown(getattr(found, name)) for name in sorted(own)})
        return found

    @cached_property
    def _any(self) -> dict[str, str]:
        """Id -> label, whatever it names; ids that name two things with different labels are left as they are."""
        found: dict[str, set[str]] = defaultdict(set)
        for of in self.by_sheet.values():
            for name, label in of.items():
                found[name].add(label)
        return {name: next(iter(of)) for name, of in found.items() if len(of) == 1 and name not in OWN_WORDS}

    @cached_property
    def _named(self) -> re.Pattern[str] | None:
        ids = sorted((name for name in self._any if not (name.isalpha() and name.islower())), key=len, reverse=True)
        return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, ids))})(?!\w)") if ids else None


# Of a study: how it was made, and where things stand in the workbook, which is looked for by its ids.
UNTOUCHED = frozenset(
    {
        *("workbook", "plan_name", "run", "runs", "sets", "labels"),
        *("cell", "cells", "sheet", "row", "column", "path", "change", "source"),
    }
)


NONE = Labels({})


def of(plan: Plan) -> Labels:
    """The labels that a plan carries."""
    return Labels(plan.labels or {})


def together(plans: Iterable[Plan]) -> Labels:
    """The labels of several plans, which are mostly of one workbook; the first to name something has its way."""
    found: dict[str, dict[str, str]] = {}
    for plan in plans:
        for sheet, named in (plan.labels or {}).items():
            found[sheet] = {**named, **found.get(sheet, {})}
    return Labels(found)


def labelled(plan: Plan) -> Plan:
    """The plan in the names that people read; itself where it carries no labels."""
    return _Plan(of(plan)).shown(plan) if plan.labels else plan


class _Plan:
    """How the parts of a plan are translated."""

    def __init__(self, labels: Labels) -> None:
        self.labels = labels
        self.scenarios = labels.by_sheet.get("Scenarios", {})
        self._known: dict[str, Mapping[str, Callable[[Any], Any]]] = {}

    def shown(self, plan: Plan) -> Plan:
        return replace(
            plan,
            scenario=self._scenario(plan.scenario),
            probabilities=self._by_scenario(plan.probabilities),
            from_years=self._by_scenario(plan.from_years),
            from_months=plan.from_months and self._by_scenario(plan.from_months),
            futures=self._by_scenario(plan.futures),
            known_musd=plan.known_musd and self._by_scenario(plan.known_musd),
            remarks=[self.labels.words(remark) for remark in plan.remarks],
            reference_note=plan.reference_note and self.labels.words(plan.reference_note),
            reference=plan.reference and self._parts(plan.reference),
            certain=plan.certain and self._parts(plan.certain),
            secure=plan.secure and self._parts(plan.secure),
            changes=[self._change(change) for change in plan.changes],
            inputs=plan.inputs and {sheet: self._sheet(sheet, rows) for sheet, rows in plan.inputs.items()},
            origins=plan.origins and [self._row(row, ORIGINS.name) for row in plan.origins],
            tables=self._tables(plan.tables),
        )

    def _scenario(self, name: str) -> str:
        return self.scenarios.get(name, name)

    def _by_scenario(self, values: Mapping[str, T]) -> dict[str, T]:
        return {self._scenario(name): value for name, value in values.items()}

    def _tables(self, tables: Rows) -> Rows:
        return {table: [self._row(row, table) for row in rows] for table, rows in tables.items()}

    def _row(self, row: Row, table: str) -> Row:
        translate = self._columns(table)
        return {name: translate[name](value) if name in translate else value for name, value in row.items()}

    def _columns(self, table: str) -> Mapping[str, Callable[[Any], Any]]:
        """How the columns of a table are translated; those that hold no names are left out."""
        if table not in self._known:
            self._known[table] = dict(self._translated(table))
        return self._known[table]

    def _translated(self, table: str) -> Iterator[tuple[str, Callable[[Any], Any]]]:
        declared = {**TABLES, **DERIVED_TABLES, ORIGINS.name: ORIGINS}.get(table)
        for column in (SCENARIO, *(declared.columns if declared else ())):
            sheets = IDS.get(column.name, UNITS if (table, column.name) == ("plants", "unit") else ())
            if column.kind != "text" or column.words or (column.name in AS_IT_STANDS and not sheets):
                continue
            if column.name in SENTENCES:
                yield column.name, self.labels.words
            else:
                yield column.name, self._named(sheets)

    def _named(self, sheets: tuple[str, ...]) -> Callable[[Any], Any]:
        known: dict[str, str] = {}  # of a table of hundreds of thousands of rows each name is looked up once

        def name(value: Any) -> Any:
            if not isinstance(value, str):
                return value
            if value not in known:
                known[value] = self.labels.name(value, sheets)
            return known[value]

        return name

    def _parts(self, part: Any, key: str = "") -> Any:
        """What stands beside the tables: names, lists of them, and figures by name."""
        if isinstance(part, str):
            return part if key in NO_NAMES else self.labels.words(part) if key in TOLD else self.labels.name(part)
        if isinstance(part, list):
            return [self._parts(entry, key) for entry in part]
        if key == "tables":
            return self._tables(part)
        if isinstance(part, dict):
            return {
                self.labels.name(name) if key in BY_NAME else name: self._parts(value, name)
                for name, value in part.items()
            }
        return part

    def _change(self, change: Row) -> Row:
        own = {"scenario": self._scenario(change["scenario"])} if "scenario" in change else {}
        return {**change, **own, "row": self._key(change["sheet"], change["row"])}

    def _sheet(self, sheet: str, rows: dict[str, Row]) -> dict[str, Row]:
        if sheet not in NAMED_SHEETS:  # settings, or of another version
            return rows
        named = {column.name: self._named(sheets) for column in SHEETS[sheet].columns if (sheets := _of(sheet, column))}
        return {
            self._key(sheet, key): {name: named.get(name, _same)(value) for name, value in row.items()}
            for key, row in rows.items()
        }

    def _key(self, sheet: str, key: str) -> str:
        """The name of a row. Rows that the plan does not know, and patterns of Changes, stay what they are."""
        columns = [SHEETS[sheet].by_name[name] for name in SHEETS[sheet].key] if sheet in NAMED_SHEETS else []
        parts = key.split("/")
        if len(parts) > len(columns):  # of another version, or a setting
            return key
        of = [_of(sheet, column) for column in columns[: len(parts)]]
        return row_key(self.labels.name(part, own) if own else part for part, own in zip(parts, of, strict=True))


def _of(sheet: str, column: SheetColumn) -> tuple[str, ...]:
    """The sheets whose ids stand in a column of the workbook; none where other texts do."""
    if column.kind == "id":
        return (sheet,)
    return tuple(name for name in (*column.refers_to, *column.suggests) if name in SHEETS)


def _same(value: Any) -> Any:
    return value


def row_key(parts: Iterable[str]) -> str:
    """The name of a row in the inputs of a plan, whose parts may be labels with a / of their own."""
    return "/".join(part.replace("/", WITHIN) for part in parts)


def key_parts(key: str) -> list[str]:
    """What `row_key` has joined."""
    return [part.replace(WITHIN, "/") for part in key.split("/")]
