"""Names that people read: the optional column `label` of every sheet with ids, which plans show instead of the id.

    labels(tables)  ->  {"Materials": {"ndpr_oxide": "NdPr oxide, 99.5 %"}, ...}

Ids stay what sheets refer to, and what programs read. What is shown must still tell two rows apart: a label that
another row has as well, or that is the id of another, is shown with its own id behind it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from lodestone.workbook.reading.records import UNIQUE_TOGETHER
from lodestone.workbook.schema.columns import LABEL
from lodestone.workbook.schema.sheets import ANY, BASE, PUBLIC, SHEETS
from lodestone.workbook.tables import Record, Tables

Labels = dict[str, dict[str, str]]  # sheet -> id -> what is shown; ids without a label are left out


def labels(tables: Tables) -> Labels:
    """What is shown instead of the ids, sheet by sheet; empty where no label is given."""
    found: Labels = {}
    for sheets in named_together():
        given = {(sheet, name): text for sheet in sheets for name, (_, text) in given_labels(tables, sheet).items()}
        taken = Counter(given.values()) + Counter(other_names(tables, sheets))
        for (sheet, name), text in given.items():
            found.setdefault(sheet, {})[name] = f"{text} ({name})" if taken[text] > 1 else text
    return found


def named_together() -> Iterator[tuple[str, ...]]:
    """Sheets whose ids are told apart from each other."""
    yield UNIQUE_TOGETHER
    yield from ((name,) for name, sheet in SHEETS.items() if sheet.id_column and name not in UNIQUE_TOGETHER)


def given_labels(tables: Tables, sheet: str) -> dict[str, tuple[Record, str]]:
    """Id -> the row that has a label for it, and the label in one line."""
    column = SHEETS[sheet].id_column
    found: dict[str, tuple[Record, str]] = {}
    for row in tables.rows(sheet) if column else ():
        text = label_of(row)
        if column and text and text != row[column.name]:
            found.setdefault(row[column.name], (row, text))
    return found


def label_of(row: Record) -> str:
    """In one line; "" where none is given."""
    text = "".join(c if c.isprintable() else " " for c in row.remarks.get(LABEL, ""))
    return " ".join(text.split())


def other_names(tables: Tables, sheets: tuple[str, ...]) -> set[str]:
    """What has a name already: every id, groups of regions, words with a meaning of their own."""
    names = {row.key[0] for sheet in sheets for row in tables.rows(sheet)}
    if sheets == ("Regions",):
        names |= {row["group"] for row in tables.rows("Regions") if row["group"]} | {ANY, PUBLIC, "buyers", "shortage"}
    return names | {BASE} if sheets == ("Scenarios",) else names
