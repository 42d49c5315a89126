"""One cell: from what stands in it to the value that its column wants.

A value is converted only where there is no doubt what is meant; otherwise the cell is unusable, with a reason and a
remedy in the words of a planner.
"""

from __future__ import annotations

import math
import re
from datetime import date, datetime
from typing import Any

from lodestone.names import listed, nearest, plain
from lodestone.workbook.file.xlsx import CellValue, ErrorValue, NoValue
from lodestone.workbook.schema.columns import Column
from lodestone.workbook.schema.sheets import WORDS

BLANK = "(blank)"
RESERVED_SIGNS = "/*?"


class UnusableCell(Exception):
    """What stands in a cell cannot be used; `wrong` and `mend` as in Problem."""

    def __init__(self, wrong: str, mend: str) -> None:
        self.wrong = wrong
        self.mend = mend
        super().__init__(wrong)


def show(value: Any) -> str:
    """A value as the planner sees it in the cell."""
    if value is None:
        return BLANK
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float | int):
        return f"{value:.15g}"
    if isinstance(value, datetime) and (value.hour, value.minute, value.second) == (0, 0, 0):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat(sep=" ") if isinstance(value, datetime) else value.isoformat()
    if isinstance(value, ErrorValue):
        return value.text
    if isinstance(value, NoValue):
        return value.formula
    if isinstance(value, tuple):
        return ", ".join(value)
    return str(value)


def convert(column: Column, raw: CellValue, label: str = "") -> Any:
    """The value of a cell in `column`; year cells pass their year as `label`.

    Number and integer columns give float and int, yesno bool, list a tuple, all others str. References are only read
    here, not looked up. Raises UnusableCell.
    """
    if isinstance(raw, str) and column.kind in ("ref", "text"):
        return raw
    if isinstance(raw, ErrorValue):
        raise UnusableCell("the cell holds an error", "mend the formula in Excel, or enter " + wanted(column))
    if isinstance(raw, NoValue):
        raise UnusableCell(
            "the formula has no stored result, because Excel never saved this file", "open and save it in Excel"
        )
    if column.unit == "year":
        _refuse_month(column, raw)
    if column.kind in ("number", "integer", "years"):
        value = _whole(raw) if column.kind == "integer" else _number(raw, column)
        check_limits(column, value, label)
        return value
    if column.kind == "yesno":
        return _yes_or_no(raw)
    if column.kind == "choice":
        return _choice(column, _text(raw, column))
    if column.kind == "list":
        words = re.split(r"\s*[,;]\s*", _text(raw, column))
        return tuple(dict.fromkeys(_choice(column, word) for word in words if word))
    if column.verbatim and isinstance(raw, bool | float | int):
        return raw
    name = _text(raw, column)
    if column.kind == "id":
        _check_id(name)
    return name


MONTH_COLUMN = {name: f"{name}_month" for name in ("emergency_from", "emergency_to")}
MONTH_COLUMN |= {"from_year": "from_month", "to_year": "to_month"}
_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_YEAR_AND_MONTH = re.compile(
    r"(?P<year>[12][0-9]{3})[-/ ](?P<month>[0-9]{1,2})|(?P<name>[a-z]{3})[a-z.]* (?P<of>[0-9]{4})"
)


def _refuse_month(column: Column, raw: CellValue) -> None:
    """2027-10, Oct 2027 or what Excel makes of them: a year and a month, which have a cell each."""
    year, month = _year_and_month(raw)
    if not year or not month:
        return
    beside = MONTH_COLUMN.get(column.name)
    mend = f"enter {year} here" + (f", and {month} in the column {beside}" if beside else "; there is no month to it")
    raise UnusableCell("a year and a month stand in one cell", mend)


def _year_and_month(raw: CellValue) -> tuple[int, int]:
    """0, 0 where it is something else."""
    if isinstance(raw, date):
        return (raw.year, raw.month) if raw.day == 1 else (0, 0)
    found = _YEAR_AND_MONTH.fullmatch(raw.strip().lower()) if isinstance(raw, str) else None
    if found is None:
        return 0, 0
    if found["year"]:
        month = int(found["month"])
        return (int(found["year"]), month) if 1 <= month <= 12 else (0, 0)
    known = found["name"] in _MONTH_NAMES
    return (int(found["of"]), _MONTH_NAMES.index(found["name"]) + 1) if known else (0, 0)


LARGEST = 1e15  # far beyond any tonnage or cost; a solver takes 1e20 for unlimited


def check_limits(column: Column, value: float, label: str = "") -> None:
    """Raise UnusableCell when a number leaves the limits of its column (limits that name a setting are not seen)."""
    name = label or column.name
    broken = None
    if not abs(value) <= LARGEST:
        raise UnusableCell("the number is too large to reckon with", f"enter a number of at most {LARGEST:g}")
    if column.above is not None and value <= column.above:
        broken = f"{name} must be greater than {show(column.above)}"
    elif isinstance(column.least, float | int) and value < column.least:
        broken = f"{name} must be at least {show(column.least)}"
    elif column.below is not None and value >= column.below:
        broken = f"{name} must be less than {show(column.below)}"
    elif isinstance(column.most, float | int) and value > column.most:
        broken = f"{name} must be at most {show(column.most)}"
    elif column.nonzero and value == 0:
        broken = f"{name} must not be 0"
    if broken:
        raise UnusableCell(broken, "enter " + wanted(column))


def wanted(column: Column) -> str:
    """In words, what a column takes: 'a number from 0 to 1 (share; 0.12 means 12 %)'."""
    if column.kind == "yesno":
        return "yes or no"
    if column.kind == "choice":
        unit = f" ({column.unit})" if column.unit else ""
        return "one of: " + ", ".join(column.allowed) + unit
    if column.kind == "list":
        return "one or more of: " + ", ".join(column.allowed)
    if column.kind == "ref":
        sheets = [sheet for sheet in column.refers_to if sheet not in WORDS]
        words = "".join(f", or {word}" for word in column.refers_to if word in WORDS)
        return "a name from " + " or ".join(sheets) + words
    if column.kind == "id":
        return "a name"
    if column.kind == "text":
        return "a text"
    return _wanted_number(column)


def _wanted_number(column: Column) -> str:
    what = "a whole number" if column.kind == "integer" else "a number"
    least = column.least if isinstance(column.least, float | int) else None
    most = column.most if isinstance(column.most, float | int) else None
    if column.above is not None:
        what += f" greater than {show(column.above)}"
    elif least is not None and most is not None:
        what += f" from {show(least)} to {show(most)}"
    elif least is not None:
        what += f" of at least {show(least)}"
    elif most is not None:
        what += f" of at most {show(most)}"
    if column.below is not None:
        what += f" and less than {show(column.below)}"
    if column.nonzero:
        what += " other than 0"
    if "share" in column.unit:
        return f"{what} ({column.unit}; 0.12 means 12 %)"
    return f"{what} in {column.unit}" if column.unit not in ("", "year") else what


def _text(raw: CellValue, column: Column) -> str:
    if isinstance(raw, bool) and column.kind == "choice":
        return "yes" if raw else "no"
    if isinstance(raw, date) and column.kind != "text":
        raise UnusableCell("Excel turned what was typed into a date", "format the cell as Text and type it again")
    if isinstance(raw, bool) and column.kind != "text":
        raise UnusableCell("a yes/no value stands where a name belongs", "enter " + wanted(column))
    return show(raw)


_PLAIN_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_MAYBE_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2}\.[0-9]{3}")


def plain_number(text: str) -> float | None:
    """The number that a text of plain digits, with at most a decimal point, stands for."""
    return float(text) if _PLAIN_NUMBER.fullmatch(text) else None


def _number(raw: CellValue, column: Column | None = None) -> float:
    """A number; a text only if it is plain digits with at most a decimal point."""
    if isinstance(raw, bool):
        raise UnusableCell("a yes/no value stands where a number belongs", "enter a number")
    if isinstance(raw, float | int):
        value = float(raw)
    elif isinstance(raw, str):
        value = _number_from_text(raw, column)
    else:
        raise UnusableCell(
            "a date stands where a number belongs", "set the format of the cell to Number and enter the number"
        )
    if not math.isfinite(value):
        raise UnusableCell("the number is not finite", "enter an ordinary number")
    return value


def _number_from_text(raw: str, column: Column | None) -> float:
    text = raw.strip()
    if _MAYBE_THOUSANDS.fullmatch(text):
        raise UnusableCell(
            "the number was typed as text, and the point could separate thousands or decimals",
            "type it as a number, so that Excel aligns it to the right",
        )
    number = plain_number(text)
    if number is not None:
        return number
    if text.endswith("%"):
        raise UnusableCell("the percentage was typed as text", "enter it as a number, e.g. 0.12 for 12 %")
    if re.fullmatch(r"[+-]?[0-9][0-9.,'\s]*", text):
        raise UnusableCell(
            "the number was typed as text with signs that can be read in more than one way",
            "type it as a number without separators for thousands, so that Excel aligns it to the right",
        )
    raise UnusableCell("this is not a number", "enter " + (wanted(column) if column else "a number"))


def _whole(raw: CellValue) -> int:
    value = _number(raw)
    if value != int(value):
        raise UnusableCell("this is not a whole number", "enter a whole number")
    return int(value)


def _yes_or_no(raw: CellValue) -> bool:
    if isinstance(raw, bool):
        return raw
    word = raw.strip().lower() if isinstance(raw, str) else ""
    if word in ("yes", "y", "true"):
        return True
    if word in ("no", "n", "false"):
        return False
    raise UnusableCell("this is neither yes nor no", "enter yes or no")


def _choice(column: Column, word: str) -> str:
    if plain(word) in column.allowed:
        return plain(word)
    meant = nearest(word, column.allowed)
    mend = f"did you mean {meant}? Allowed: " if meant else "enter one of: "
    raise UnusableCell(f"{column.name} does not know this word", mend + listed(column.allowed))


LONGEST_NAME = 255


def _check_id(value: str) -> None:
    if any(sign in value for sign in RESERVED_SIGNS):
        raise UnusableCell("a name cannot contain /, * or ?", "choose a name without these signs")
    if len(value) > LONGEST_NAME:
        raise UnusableCell(f"a name has at most {LONGEST_NAME} characters, this one {len(value):,}", "shorten it")
