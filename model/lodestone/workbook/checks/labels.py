"""Labels that people could mistake for each other."""

from __future__ import annotations

from collections.abc import Iterator

from lodestone.errors import Problem
from lodestone.workbook.checks.rows import cell_of
from lodestone.workbook.labels import given_labels, label_of, named_together, other_names
from lodestone.workbook.schema.columns import LABEL
from lodestone.workbook.tables import Record, Tables

LONGEST = 60  # characters: longer ones are cut in charts and tables


def label_in_doubt(tables: Tables) -> Iterator[Problem]:
    """A label that another row has too, that is another's id, that is very long, or a formula without a result."""
    for sheets in named_together():
        first: dict[str, Record] = {}
        given = {(sheet, name): pair for sheet in sheets for name, pair in given_labels(tables, sheet).items()}
        others = other_names(tables, sheets)
        for (_, name), (row, text) in given.items():
            other = first.setdefault(text, row)
            if other is not row:
                what = f"{cell_of(other, LABEL)} says the same: both are shown with their ids behind it"
                yield _doubt(row, text, what, "give each row a label of its own")
            elif text in others:
                what = f"{text} is the name of something else: {name} is shown with its id behind it"
                yield _doubt(row, text, what, "give the row another label")
            elif len(text) > LONGEST:
                what = f"a label of {len(text)} characters is cut in charts and tables"
                yield _doubt(row, text, what, f"keep to {LONGEST} characters")
            elif text.startswith("=") and len(text) > 1:
                yield _doubt(row, text, "the formula has no stored result", "open and save the workbook in Excel")
    yield from _two_labels(tables)


def _two_labels(tables: Tables) -> Iterator[Problem]:
    """Rows of one recipe that say different things of it."""
    shown = given_labels(tables, "Processes")
    for row in tables.rows("Processes"):
        text = label_of(row)
        first, said = shown.get(row["process"], (row, text))
        if text and text != said:
            what = f"{cell_of(first, LABEL)} calls the same process {said}, which is what is shown"
            yield _doubt(row, text, what, "give the label once, or the same on every row")


def _doubt(row: Record, text: str, wrong: str, mend: str) -> Problem:
    return Problem(cell_of(row, LABEL), text, wrong, mend)
