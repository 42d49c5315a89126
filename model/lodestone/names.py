"""Names as planners type them: forgiving comparison, the nearest valid name, wildcards."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable
from difflib import get_close_matches

LONGEST_GUESS = 200  # characters; comparing takes their square


def plain(name: str) -> str:
    """A sheet or column name without the differences that are forgiven: case, surrounding blanks, spaces, hyphens."""
    return re.sub(r"[\s-]+", "_", name.strip()).lower()


def readable(name: str) -> str:
    """The name of a file as a text that can be written down: bytes in it that are no UTF-8 as "?"."""
    return name.encode(errors="replace").decode()


def nearest(name: str, valid: Iterable[str]) -> str | None:
    """The valid name that was probably meant."""
    by_plain = {plain(candidate): candidate for candidate in valid}
    if plain(name) in by_plain:
        return by_plain[plain(name)]
    if len(name) > LONGEST_GUESS:
        return None
    close = get_close_matches(plain(name), by_plain, n=1, cutoff=0.6)
    return by_plain[close[0]] if close else None


def advice(name: str, valid: Iterable[str], otherwise: str) -> str:
    """What to do about an unknown name: 'did you mean X?' or, where nothing is near, `otherwise`."""
    valid = list(valid)
    meant = nearest(name, valid)
    if meant is not None:
        return f"did you mean {meant}?"
    return f"{otherwise}: {listed(valid)}" if valid else otherwise


def listed(names: Iterable[str], most: int = 8) -> str:
    """'a, b, c'; cut short with '...' after `most` names."""
    names = list(names)
    return ", ".join(names[:most]) + (", ..." if len(names) > most else "")


def is_wild(pattern: str) -> bool:
    return "*" in pattern or "?" in pattern


def wildcard(pattern: str) -> re.Pattern[str]:
    """A pattern in which * stands for any text and ? for one character, to be used with fullmatch.

    fnmatch writes it so that many * take no longer than one.
    """
    return re.compile(fnmatch.translate(pattern.replace("[", "[[]")))
