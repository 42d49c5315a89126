"""Names as planners type them: forgiving comparison, the nearest valid name, wildcards."""

from __future__ import annotations

import fnmatch
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from difflib import get_close_matches

LONGEST_GUESS = 200  # characters; comparing takes their square
MOST_COMPARED = 100_000_000  # pairs of characters in the reading of one workbook: some seconds
_compared: ContextVar[list[int] | None] = ContextVar("_compared", default=None)
# Letters of other scripts that look like Latin ones, in small type.
_LATIN = str.maketrans(
    "\u0430\u0432\u0435\u043a\u043c\u043d\u043e\u0440\u0441\u0442\u0443\u0445\u0456\u0458\u0455\u03b1\u03bf\u03c1\u03bd\u03b9\u03ba",
    "abekmhopctyxijsaopvik",
)


def plain(name: str) -> str:
    """A sheet or column name without the differences that are forgiven: case, surrounding blanks, spaces, hyphens."""
    return re.sub(r"[\s-]+", "_", name.strip()).lower()


def alike(name: str) -> str:
    """A name without what the eye does not see: two names of which this is the same look like one.

    Case, blanks of any kind, hyphens of any form, dots in abbreviations, invisible signs, accents in one or two signs,
    and letters of other alphabets that look Latin.
    """
    text = name.casefold()
    if not text.isascii():
        text = unicodedata.normalize("NFKC", name).casefold().translate(_LATIN)
        kinds = ((sign, unicodedata.category(sign)) for sign in text)
        text = "".join(
            "-" if kind == "Pd" or sign == "\N{MINUS SIGN}" else sign for sign, kind in kinds if kind != "Cf"
        )
    text = re.sub(r"(?<![0-9])\.|\.(?![0-9])", "", text)
    return re.sub(r"[\s_-]+", "_", text).strip("_")


@contextmanager
def limited_guesses() -> Iterator[None]:
    """Inside, guesses at names stop when comparing has taken long enough: a hostile workbook asks for millions."""
    token = _compared.set([0])
    try:
        yield
    finally:
        _compared.reset(token)


def _too_much(name: str, valid: Iterable[str]) -> bool:
    compared = _compared.get()
    if compared is None:
        return False
    if compared[0] <= MOST_COMPARED:
        compared[0] += (len(name) + 20) * sum(len(candidate) + 20 for candidate in valid)
    return compared[0] > MOST_COMPARED


def nearest(name: str, valid: Iterable[str]) -> str | None:
    """The valid name that was probably meant."""
    valid = valid if isinstance(valid, Collection) else list(valid)
    if _too_much(name, valid):
        return None
    by_plain = {plain(candidate): candidate for candidate in valid}
    if plain(name) in by_plain:
        return by_plain[plain(name)]
    looks = alike(name)
    same = next((candidate for candidate in valid if alike(candidate) == looks), None)
    if same is not None or len(name) > LONGEST_GUESS:
        return same
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
