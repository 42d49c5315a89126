"""How a sheet is laid out: what the eye sees and the values do not say.

Of merged cells only the first holds a value, so that the others read as blank: a problem. What is hidden or struck
through counts all the same, and the results of formulas may be old: warnings. All of this matters only for cells that
count, those below a heading of the schema.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise

from lodestone.errors import Problem
from lodestone.names import listed
from lodestone.workbook.file.xlsx import RawSheet, area_name, column_letters
from lodestone.workbook.reading.cells import show
from lodestone.workbook.reading.typed import TypedWorkbook

MOST_COVERED = 200_000  # cells under merged areas that are told apart
RECALCULATION = {
    "manual": (
        "the workbook calculates by hand only, so that results of formulas may be old",
        "press F9 in Excel (or choose Formulas, Calculation Options, Automatic) and save",
    ),
    "unfinished": (
        "the file was saved before its formulas were calculated to the end",
        "open it in Excel, let it calculate, and save it",
    ),
    "on opening": (
        "the file asks for its formulas to be calculated when it is opened, so that the results in it may be old",
        "open and save it in Excel",
    ),
}


def covered_cells(sheet: str, raw: RawSheet, columns: Collection[int], problems: list[Problem]) -> dict[int, set[int]]:
    """Cells that count and stand under a merged area, by row; each such area is a problem."""
    covered: dict[int, set[int]] = {}
    numbers = sorted(raw.rows)
    told = 0
    for area in raw.merged:
        top, left, bottom, right = area
        under = [column for column in columns if left <= column <= right]
        if not under:
            continue
        harmful = False
        for number in numbers[bisect_left(numbers, top) : bisect_right(numbers, bottom)]:
            if number == 1 or raw.rows[number].keys().isdisjoint(columns):
                continue  # the heading of an area beyond the first column is missing, which is told elsewhere
            blanks = {column for column in under if (number, column) != (top, left)}
            harmful = harmful or bool(blanks)
            told += len(blanks)
            if told > MOST_COVERED:
                break
            covered.setdefault(number, set()).update(blanks)
        if harmful:
            problems.append(
                Problem(
                    f"{sheet}!{column_letters(left)}{top}",
                    show(raw.rows.get(top, {}).get(left)),
                    f"the cells {area_name(area)} are merged: only the first holds a value, the others read as blank",
                    "unmerge them (Home, Merge & Center) and enter the value in each; "
                    "a note belongs in a column of its own, with note or # in its heading",
                )
            )
    return covered


def merged_heading(raw: RawSheet, column: int) -> str:
    """The merged area that takes a column its heading in row 1; "" when there is none."""
    areas = (area for area in raw.merged if area[0] == 1 and area[1] < column <= area[3])
    return next((area_name(area) for area in areas), "")


def doubts_of_layout(raws: Mapping[str, RawSheet], book: TypedWorkbook) -> Iterator[Problem]:
    """What is hidden or struck through, and results of formulas that may be old."""
    for name, raw in raws.items():
        columns = book.columns.get(name, frozenset())
        yield from _hidden(name, raw, columns)
        yield from _struck(name, raw, columns)
    yield from _old_results(raws, book)


def _hidden(name: str, raw: RawSheet, columns: Collection[int]) -> Iterator[Problem]:
    counting = [number for number, row in raw.rows.items() if number > 1 and not row.keys().isdisjoint(columns)]
    if raw.hidden and counting:
        yield Problem(
            name,
            "hidden sheet",
            f"the sheet {name} is hidden, and counts all the same",
            f"show it (right-click on a sheet's name, Unhide), or rename it to #{name} if it is not meant",
        )
    hidden = sorted(set(raw.hidden_rows).intersection(counting))
    if hidden:
        several = f"rows {_spans(hidden)} are" if len(hidden) > 1 else f"row {hidden[0]} is"
        yield Problem(
            f"{name}!{column_letters(min(columns))}{hidden[0]}",
            f"hidden: {_spans(hidden)}",
            f"{several} hidden or filtered out, and count{'s' if len(hidden) == 1 else ''} all the same",
            "show them (clear the filter, or Home, Format, Unhide Rows), or delete what is not meant",
        )
    unseen = [column for column in sorted(columns) if any(a <= column <= b for a, b in raw.hidden_columns)]
    unseen = [column for column in unseen if any(column in raw.rows[number] for number in counting)]
    if unseen:
        letters = listed([column_letters(column) for column in unseen])
        yield Problem(
            f"{name}!{column_letters(unseen[0])}1",
            show(raw.rows.get(1, {}).get(unseen[0])),
            f"column {letters} is hidden, and counts all the same"
            if len(unseen) == 1
            else f"columns {letters} are hidden, and count all the same",
            "show them (Home, Format, Unhide Columns), or delete what is not meant",
        )


def _spans(numbers: Sequence[int]) -> str:
    """2, 5 to 9, 12."""
    starts = [numbers[0], *(b for a, b in pairwise(numbers) if b > a + 1)]
    ends = [*(a for a, b in pairwise(numbers) if b > a + 1), numbers[-1]]
    return listed([str(a) if a == b else f"{a} to {b}" for a, b in zip(starts, ends, strict=True)])


def _struck(name: str, raw: RawSheet, columns: Collection[int]) -> Iterator[Problem]:
    first = _first(raw.struck, columns)
    if first is None:
        return
    row, column, times = first
    yield Problem(
        f"{name}!{column_letters(column)}{row}",
        show(raw.rows.get(row, {}).get(column)),
        "what is struck through counts all the same" + (f" ({times:,} cells of this sheet)" if times > 1 else ""),
        "clear or delete what no longer counts, or take the line away",
    )


def _old_results(raws: Mapping[str, RawSheet], book: TypedWorkbook) -> Iterator[Problem]:
    """Once for the workbook, at the first formula."""
    for name, raw in raws.items():
        first = _first(raw.formulas, book.columns.get(name, frozenset()))
        if raw.recalculation and first is not None:
            row, column, _ = first
            wrong, mend = RECALCULATION[raw.recalculation]
            yield Problem(f"{name}!{column_letters(column)}{row}", show(raw.rows.get(row, {}).get(column)), wrong, mend)
            return


def _first(tally: Mapping[int, tuple[int, int]], columns: Collection[int]) -> tuple[int, int, int] | None:
    """Row and column of the first cell in a column that counts, and how many there are."""
    found = [(row, column, times) for column, (row, times) in tally.items() if column in columns]
    return (*min(found)[:2], sum(times for _, _, times in found)) if found else None
