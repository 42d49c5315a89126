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
# Greek and Cyrillic letters, and the Latin ones that they look like
_TWINS = str.maketrans(
    "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u03bf"
    "\u0405\u0406\u0408\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425\u0430"
    "\u0435\u043e\u0440\u0441\u0443\u0445\u0455\u0456\u0458\u0432\u043a\u043c\u043d\u0442\u03b1\u03c1\u03bd\u03b9\u03ba",
    "ABEZHIKMNOPTYXoSIJABEKMHOPCTYXaeopcyxsijbkmhtapvik",
)
_UNSEEN = ("Cf", "Cc", "Mn")  # categories of Unicode: signs without width, accents that stand by themselves
_DASHES = dict.fromkeys((0x5F, 0x2212, *range(0x2010, 0x2016)), "-")


def plain(name: str) -> str:
    """A sheet or column name without the differences that are forgiven: case, surrounding blanks, spaces, hyphens."""
    return re.sub(r"[\s-]+", "_", name.strip()).lower()


def alike(name: str) -> str:
    """A name without what the eye does not see: two names of which this is the same look like one.

    Case, blanks of any kind, hyphens of any form, dots in abbreviations, invisible signs, accents, and letters of other
    alphabets that look Latin.
    """
    text = name
    if not text.isascii():
        text = "".join(
            sign for sign in unicodedata.normalize("NFKD", name) if unicodedata.category(sign) not in _UNSEEN
        )
        text = text.translate(_TWINS)
    text = re.sub(r"(?<![0-9])\.|\.(?![0-9])", "", text.translate(_DASHES).casefold())
    return re.sub(r"[\s-]+", "-", text).strip("-")


def difference(name: str, meant: str) -> str:
    """What tells two names apart that look alike, in words; "" where anybody sees it."""
    if name == meant or alike(name) != alike(meant):
        return ""
    for one, other in ((name, meant), (meant, name)):
        which = "this name" if one is name else "the other name"
        for sign in one:
            if sign in other:
                continue
            if unicodedata.category(sign) in ("Cf", "Cc"):
                return f"{which} holds an invisible sign ({_called(sign)})"
            if unicodedata.category(sign) == "Zs" and sign != " ":
                return f"{which} holds a {_called(sign)} instead of a blank"
            if sign.translate(_TWINS) != sign:
                alphabet = _called(sign).split()[0].capitalize()
                return (
                    f"{which} holds the {alphabet} letter {sign}, which looks like the Latin {sign.translate(_TWINS)}"
                )
    if unicodedata.normalize("NFC", name) == unicodedata.normalize("NFC", meant):
        return "the accents look alike and are stored in two ways"
    if name.casefold() == meant.casefold():
        return "they differ in capital letters"
    if re.sub(r"\s+", " ", name.strip()) == re.sub(r"\s+", " ", meant.strip()):
        return "they differ in the number of blanks"
    if plain(name.translate(_DASHES)) == plain(meant.translate(_DASHES)):
        return "they differ in blanks, hyphens or dashes"
    if _unaccented(name) == _unaccented(meant):
        return "they differ in accents"
    return "they look alike and are written with different signs"


def _called(sign: str) -> str:
    return unicodedata.name(sign, f"U+{ord(sign):04X}").lower()


def _unaccented(name: str) -> str:
    return "".join(sign for sign in unicodedata.normalize("NFD", name) if unicodedata.category(sign) != "Mn")


def did_you_mean(name: str, meant: str) -> str:
    """The question, with what tells the two names apart where that is hard to see."""
    differ = difference(name, meant)
    return f"did you mean {meant}?" + (f" ({differ})" if differ else "")


def readable(name: str) -> str:
    """The name of a file as a text that can be written down: bytes in it that are no UTF-8 as "?"."""
    return name.encode(errors="replace").decode()


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
        return did_you_mean(name, meant)
    return f"{otherwise}: {listed(valid)}" if valid else otherwise


def count(number: int, noun: str) -> str:
    """(2, 'run') -> '2 runs'."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def listed(names: Iterable[str], most: int = 8) -> str:
    """'a, b, c'; cut short with '...' after `most` names."""
    names = list(names)
    return ", ".join(names[:most]) + (", ..." if len(names) > most else "")


def is_wild(pattern: str) -> bool:
    """Whether a name is a pattern with * or ?."""
    return "*" in pattern or "?" in pattern


def wildcard(pattern: str) -> re.Pattern[str]:
    """A pattern in which * stands for any text and ? for one character, to be used with fullmatch.

    fnmatch writes it so that many * take no longer than one.
    """
    return re.compile(fnmatch.translate(pattern.replace("[", "[[]")))
