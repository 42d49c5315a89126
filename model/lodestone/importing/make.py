"""The front door of the import: files in, rows of a workbook out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from lodestone.errors import UsageError
from lodestone.importing.chains import chain_of
from lodestone.importing.countries import country
from lodestone.importing.rows import Choices, Import
from lodestone.importing.sheets import build
from lodestone.importing.statistics import read_statistics


def imported(paths: Sequence[Path], mineral: str, choices: Choices) -> Import:
    """Raises UsageError for a mineral, country or file that cannot be used."""
    chain = chain_of(mineral)
    concern = []
    for name in choices.of_concern:
        known = country(name)
        if known is None:
            raise UsageError(f"--of-concern: {name} is no country that is known; take its ISO name or code")
        concern.append(known)
    found = read_statistics(paths, chain, choices.year)
    return build(chain, found, replace(choices, of_concern=tuple(dict.fromkeys(concern))))
