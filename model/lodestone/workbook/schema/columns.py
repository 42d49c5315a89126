"""What can be said of a column and of a sheet: the words in which the schema declares the workbook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

from lodestone.data.plan_data import SMALLEST

Kind = Literal["id", "text", "ref", "list", "choice", "yesno", "integer", "number", "years"]

MOST_YEARS, MOST_PIECES = 200, 10_000  # of whole numbers without limits of their own: rules walk through them

YEARS = "years"  # the name under which the year columns of a sheet go, in the schema and in Changes
FREE_COLUMNS = ("note", "source")  # free text on every sheet
LABEL = "label"  # free text on every sheet with ids: what people read instead of the id


@dataclass(frozen=True)
class Column:
    """One column of a sheet, or one setting.

    kind: what a cell holds (years: one number for each year heading). unit: of its numbers.
    default: stands in for a blank cell; blank: says in words what blank means where no plain default does.
    least, most: inclusive limits; above, below: exclusive ones; nonzero: 0 makes no sense; usual: of a share, what more
    than this is hardly meant (25 for 25 %).
    smallest: numbers as near to 0 as this, but for 0 itself, would count as 0 without a word, and are refused.
    verbatim: of a text, a number in the cell stays a number.
    allowed: the words of a choice or list. refers_to: sheets whose ids may stand here; "*" where `*` may too.
    suggests: of a text, names that are offered in a drop-down and not asked for: as in refers_to, or "Sheet.column" for
    what stands in another column.
    dated: of a column that is no year's, that a scenario can change from a time on ("honoured").
    since: the version of the workbook that brought the column.
    """

    name: str
    kind: Kind
    unit: str = ""
    required: bool = False
    default: Any = None
    blank: str = ""
    least: float | str | None = None
    most: float | str | None = None
    above: float | None = None
    below: float | None = None
    nonzero: bool = False
    smallest: float = SMALLEST
    usual: float | None = None
    verbatim: bool = False
    allowed: tuple[str, ...] = ()
    refers_to: tuple[str, ...] = ()
    suggests: tuple[str, ...] = ()
    meaning: str = ""
    dated: bool = False
    since: int = 1

    @property
    def highest(self) -> float | str | None:
        """The largest number that is taken: `most`, or what every whole number of years or pieces has to keep to."""
        if self.most is not None or self.kind != "integer":
            return self.most
        return {"years": MOST_YEARS, "": MOST_PIECES}.get(self.unit)


@dataclass(frozen=True)
class Sheet:
    """One sheet: its columns, and the key columns by which other sheets and Changes name its rows.

    gaps: what a blank year cell before the first given year is: a "problem", or "not in force" yet.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    required: bool = False
    gaps: Literal["problem", "not in force"] = "problem"

    @cached_property
    def by_name(self) -> Mapping[str, Column]:
        """Columns by name; the year columns under "years"."""
        return {column.name: column for column in self.columns}

    @property
    def years(self) -> Column | None:
        """The year columns of the sheet, if it has any."""
        return self.by_name.get(YEARS)

    @property
    def plain(self) -> tuple[Column, ...]:
        """Every column but the year columns."""
        return tuple(column for column in self.columns if column.kind != YEARS)

    @property
    def id_column(self) -> Column | None:
        """The column whose ids other sheets refer to."""
        return next((column for column in self.columns if column.kind == "id"), None)

    @property
    def free(self) -> tuple[str, ...]:
        """The columns of free text, of which nothing is asked."""
        return FREE_COLUMNS if self.id_column is None else (LABEL, *FREE_COLUMNS)


def ident(name: str, meaning: str = "") -> Column:
    """An id: names the row."""
    return Column(name, "id", required=True, meaning=meaning)


def text(
    name: str,
    meaning: str = "",
    *,
    required: bool = False,
    default: str | None = None,
    blank: str = "",
    suggests: str = "",
) -> Column:
    """Free text; suggestions are separated by |."""
    offered = tuple(suggests.split("|")) if suggests else ()
    return Column(name, "text", required=required, default=default, blank=blank, suggests=offered, meaning=meaning)


def ref(name: str, refers_to: str, meaning: str = "", *, required: bool = True, default: str | None = None) -> Column:
    """An id of another sheet; several sheets are separated by |."""
    return Column(
        name, "ref", required=required, default=default, refers_to=tuple(refers_to.split("|")), meaning=meaning
    )


def yesno(name: str, default: bool, meaning: str = "") -> Column:
    """A column of yes and no."""
    return Column(name, "yesno", default=default, meaning=meaning)


def choice(name: str, allowed: str, default: str | None, meaning: str = "", *, blank: str = "") -> Column:
    """One of several words, separated by |."""
    return Column(name, "choice", default=default, blank=blank, allowed=tuple(allowed.split("|")), meaning=meaning)


def words(name: str, allowed: str, meaning: str = "") -> Column:
    """Several of the allowed words, comma-separated in the cell."""
    return Column(name, "list", required=True, allowed=tuple(allowed.split("|")), meaning=meaning)


def integer(
    name: str,
    unit: str,
    default: int | str | None = None,
    meaning: str = "",
    *,
    required: bool = False,
    least: float | str | None = None,
    most: float | str | None = None,
) -> Column:
    """A column of whole numbers. least, most: a bound, or the setting that is one."""
    return Column(name, "integer", unit, required, default, least=least, most=most, meaning=meaning)


def number(
    name: str,
    unit: str,
    default: float | None = None,
    meaning: str = "",
    *,
    required: bool = False,
    least: float | None = None,
    most: float | None = None,
    above: float | None = None,
    below: float | None = None,
    blank: str = "",
    usual: float | None = None,
) -> Column:
    """A column of numbers. usual: beyond it the figure is doubted. blank: what a blank cell means, in words."""
    return Column(
        name, "number", unit, required, default, blank, least, most, above, below, usual=usual, meaning=meaning
    )


def share(
    name: str,
    default: float | None = 0,
    meaning: str = "",
    *,
    unit: str = "share",
    least: float = 0,
    usual: float | None = None,
) -> Column:
    """A number from 0 to 1 (or from `least`)."""
    return number(name, unit, default, meaning, least=least, most=1, usual=usual)


def years(
    unit: str,
    meaning: str = "",
    *,
    required: bool = True,
    most: float | None = None,
    blank: str = "",
    usual: float | None = None,
) -> Column:
    """The year columns: a number at least 0 for each year heading."""
    return Column(YEARS, "years", unit, required, None, blank, least=0, most=most, usual=usual, meaning=meaning)


def added(column: Column, *, dated: bool = False) -> Column:
    """A column that version 2 of the workbook brought."""
    return replace(column, since=2, dated=dated)
