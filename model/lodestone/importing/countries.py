"""Countries as the statistics write them: by ISO code, by number, by one of several names."""

from __future__ import annotations

import csv
import unicodedata
from functools import cache
from pathlib import Path

OTHER = "Other countries"
TABLE = Path(__file__).with_name("countries.csv")
AGGREGATES = {"0", "97"}  # partner "World", the European Union as one: no countries, and counted through their members
TOTALS = ("world total", "world")


def country(text: str) -> str | None:
    """The country that a code or name means; None where it is none that we know."""
    return _known().get(_bare(text))


def is_total(text: str) -> bool:
    """Whether a row is a sum over countries."""
    return text.strip() in AGGREGATES or _bare(text).startswith(TOTALS)


@cache
def _known() -> dict[str, str]:
    known = {_bare(OTHER): OTHER}
    with TABLE.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            names = [row["iso3"], row["country"], *row["codes"].split(";"), *row["also"].split(";")]
            known |= {_bare(name): row["country"] for name in names if name}
    return known


def _bare(text: str) -> str:
    """Without accents, case, doubled blanks and the zeros before a number."""
    text = unicodedata.normalize("NFKD", text.replace("\u2019", "'"))
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    return " ".join(text.casefold().split()).lstrip("0") or "0"
