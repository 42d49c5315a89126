"""JSON documents that others may have made: read within limits, and held against their shape where they are read.

What is not as declared ends as one UsageError that names the file, the place in it and the remedy, so that whatever
comes after may trust what it gets: the keys that are asked for, texts, finite numbers, lists and rows.

A shape is anything with `check(value, place)`, which raises Misfit. Keys that are not declared may be there, as another
version may have written them; what they hold is looked at too, as far as it is written again: no depth without end, no
number without size.
"""

from __future__ import annotations

import json
import math
import os
import stat
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from lodestone.errors import UsageError
from lodestone.plan.formatting import one_line

MB = 2**20
MOST_JSON = 256 * MB  # fifty times the plan of 37 regions
DEEPEST = 20  # parts within parts; a plan has six
LARGEST = 1e100  # of a number: sums and products of such numbers are still finite
LONGEST_SHOWN = 40  # characters of what was found
PART = "a part with keys"


class Misfit(Exception):
    """Something is not as declared. place: the way to it, e.g. ("tables", "flows", "row 3", "t")."""

    def __init__(self, place: Place, wanted: str, found: str) -> None:
        self.place, self.wanted, self.found = place, wanted, found
        super().__init__(f"{in_place(place)} holds {found}, where {wanted} belongs")


Place = tuple[str, ...]
Json = Any  # what json.loads makes of a file: anything, until its shape was checked


class Shape(Protocol):
    """How a part of a document must look."""

    @property
    def wanted(self) -> str:
        """In words: "a number"."""

    def check(self, value: Json, place: Place) -> None:
        """Raise Misfit where the value does not look so."""


@dataclass(frozen=True)
class Kind:
    """A value without parts."""

    wanted: str
    fits: Callable[[Json], bool]

    def check(self, value: Json, place: Place) -> None:
        if not self.fits(value):
            raise Misfit(place, self.wanted, shown(value))

    def or_blank(self) -> Kind:
        """The same, or null."""
        return Kind(f"{self.wanted} or null", lambda value: value is None or self.fits(value))


def is_text(value: Json) -> bool:
    """No halves of characters, which cannot be written to a file."""
    try:
        return value.__class__ is str and (value.isascii() or bool(value.encode()))
    except UnicodeEncodeError:
        return False


def is_number(value: Json) -> bool:
    """Whether JSON has a finite number here."""
    return value.__class__ in (int, float) and -LARGEST <= value <= LARGEST  # not of NaN


def is_whole(value: Json) -> bool:
    """Whether JSON has a whole number here."""
    return value.__class__ is int and -LARGEST <= value <= LARGEST


def is_single(value: Json) -> bool:
    """What a cell can hold."""
    return value is None or value.__class__ is bool or is_number(value) or is_text(value)


TEXT = Kind("a text", is_text)
NUMBER = Kind("a number", is_number)
WHOLE = Kind("a whole number", is_whole)
COUNT = Kind("a whole number of at least 0", lambda value: is_whole(value) and value >= 0)
FLAG = Kind("true or false", lambda value: value.__class__ is bool)
SINGLE = Kind("a text, a number, true, false or null", is_single)


def one_of(*words: str) -> Kind:
    """One of these texts."""
    return Kind(f"one of {', '.join(words)}", lambda value: value.__class__ is str and value in words)


@dataclass(frozen=True)
class OrBlank:
    """Parts that may be missing."""

    shape: Shape

    @property
    def wanted(self) -> str:
        return f"{self.shape.wanted} or null"

    def check(self, value: Json, place: Place) -> None:
        if value is not None:
            self.shape.check(value, place)


@dataclass(frozen=True)
class ListOf:
    """A list. called: what an entry is, in messages."""

    each: Shape
    called: str = "entry"
    wanted = "a list"

    def check(self, value: Json, place: Place) -> None:
        if value.__class__ is not list:
            raise Misfit(place, self.wanted, shown(value))
        for number, entry in enumerate(value, 1):
            self.each.check(entry, (*place, f"{self.called} {number}"))


@dataclass(frozen=True)
class MapOf:
    """Values by name."""

    each: Shape
    keys: Kind = TEXT
    wanted = PART

    def check(self, value: Json, place: Place) -> None:
        require_part(value, place)
        for key, entry in value.items():
            self.keys.check(key, (*place, "a key"))
            self.each.check(entry, (*place, key))


@dataclass(frozen=True)
class Part:
    """What must be there, and what may be there, each under its key."""

    keys: Mapping[str, Shape]
    optional: Mapping[str, Shape] = field(default_factory=dict)
    wanted = PART

    def check(self, value: Json, place: Place) -> None:
        require_part(value, place)
        for key, shape in self.keys.items():
            if key not in value:
                raise Misfit((*place, key), shape.wanted, "nothing")
            shape.check(value[key], (*place, key))
        for key in value.keys() - self.keys.keys():
            self.optional.get(key, UNKNOWN).check(value[key], (*place, key))


@dataclass(frozen=True)
class Also:
    """A shape, and what goes with what in it. rule: raises Misfit; it may trust the shape."""

    shape: Shape
    rule: Callable[[Json, Place], None]

    @property
    def wanted(self) -> str:
        return self.shape.wanted

    def check(self, value: Json, place: Place) -> None:
        self.shape.check(value, place)
        self.rule(value, place)


def require_keys(part: Mapping[str, Json], names: Iterable[str], place: Place) -> None:
    """Raise Misfit where one of these names has no entry in a part."""
    for name in names:
        if name not in part:
            raise Misfit((*place, name), "an entry", "nothing")


class _Checked:
    """What is looked at elsewhere."""

    wanted = "an entry"

    def check(self, value: Json, place: Place) -> None:
        pass


class _Unknown:
    """What another version may have written."""

    wanted = "an entry"

    def check(self, value: Json, place: Place) -> None:
        if len(place) > DEEPEST:
            raise Misfit(place[:DEEPEST], f"at most {DEEPEST} parts within each other", "more")
        if value.__class__ is dict:
            for key, entry in value.items():
                self.check(entry, (*place, key))
        elif value.__class__ is list:
            for number, entry in enumerate(value, 1):
                self.check(entry, (*place, f"entry {number}"))
        else:
            SINGLE.check(value, place)


CHECKED: Shape = _Checked()
UNKNOWN: Shape = _Unknown()


def require_part(value: Json, place: Place) -> None:
    """Raise Misfit for what is no object of JSON."""
    if value.__class__ is not dict:
        raise Misfit(place, PART, shown(value))


def shown(value: Json) -> str:
    """What was found, short enough for a message."""
    if isinstance(value, dict | list):
        return f"a {'part' if isinstance(value, dict) else 'list'} of {len(value):,}" if value else "an empty part"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, float) and not math.isfinite(value):
        return f"{value} (no finite number)"
    text = f"the text {_short(value)}" if isinstance(value, str) else _short(value)
    return f"{text} (too large)" if isinstance(value, int | float) and abs(value) > LARGEST else text


def _short(value: Json) -> str:
    text = ascii(value[:LONGEST_SHOWN]) if isinstance(value, str) and not value.isprintable() else repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."


def in_place(place: Place) -> str:
    """'tables, flows, row 3, t'."""
    return ", ".join(part if part.isprintable() and len(part) <= LONGEST_SHOWN else _short(part) for part in place)


# --- files ----------------------------------------------------------------------------------------------------------


def read_document(path: Path, mend: str) -> Json:
    """The JSON in a file. mend: what to do about a damaged one.

    Raises FileNotFoundError or NotADirectoryError, and UsageError when it cannot be read, is no regular file, far too
    large, or no JSON.
    """
    content = read_regular(path, MOST_JSON)
    if not content.strip():
        raise damaged(path, "it is empty", mend)
    try:
        return json.loads(content.decode("utf-8"), object_pairs_hook=_without_doubles)
    except Misfit as misfit:
        raise damaged(path, str(misfit), mend) from None
    except UnicodeDecodeError as error:
        raise damaged(path, f"byte {error.start + 1:,} is no UTF-8 text", mend) from None
    except json.JSONDecodeError as error:
        raise damaged(path, f"line {error.lineno}, column {error.colno}: {error.msg}", mend) from None
    except RecursionError:
        raise damaged(path, "its parts stand within each other far too deep", mend) from None
    except ValueError:
        raise damaged(path, "it holds a number of thousands of digits", mend) from None


def damaged(path: Path, why: str, mend: str) -> UsageError:
    """The error for a file that is not as Lodestone writes it."""
    return UsageError(f"{one_line(path)} is damaged: {why}; {mend}")


def _without_doubles(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    part = dict(pairs)
    if len(part) < len(pairs):
        keys = [key for key, _ in pairs]
        double = next(key for n, key in enumerate(keys) if key in keys[:n])
        raise Misfit((double,), "one entry of this name", "two entries")
    return part


def read_regular(path: Path, most: int, cut: bool = False) -> bytes:
    """The bytes of a file that others may have made or named: a regular file, never a device, a pipe or a socket,
    which might never end. cut: only the first `most` of them.

    Raises FileNotFoundError, and UsageError when it is something else, cannot be read, or is larger than `most`.
    """
    try:
        with _opened(path) as file:
            content: bytes = file.read(most + (0 if cut else 1))
    except (FileNotFoundError, NotADirectoryError):
        raise
    except (OSError, ValueError) as error:  # a zero byte in the name
        said = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise UsageError(f"{one_line(path)} cannot be read: {said}") from error
    if len(content) > most:
        raise UsageError(f"{one_line(path)} is larger than {most // MB} MB, far more than Lodestone writes or reads")
    return content


def _opened(path: Path) -> Json:
    _require_regular(path, os.stat(path))  # a device may act when it is opened
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        _require_regular(path, os.fstat(handle))  # what was opened may be another file
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def _require_regular(path: Path, found: os.stat_result) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise UsageError(f"{one_line(path)} is a folder, not a file")
    if not stat.S_ISREG(found.st_mode):
        raise UsageError(f"{one_line(path)} is no regular file but a device, a pipe or a socket, which is not read")
