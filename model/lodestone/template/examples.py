"""New workbooks: a blank one, or a copy of an example that comes with Lodestone.

The examples stand in inputs/ of a checkout, and in an installed package in examples_data.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from lodestone.errors import UsageError
from lodestone.system.scratch import scratch

FIRST_YEAR, LAST_YEAR = 2026, 2040  # of a blank workbook
INSTALLED = Path(__file__).parents[1] / "examples_data"
CHECKOUT = Path(__file__).parents[3] / "inputs"


def examples() -> dict[str, Path]:
    """Name -> workbook."""
    folder = INSTALLED if INSTALLED.is_dir() else CHECKOUT
    return {path.stem: path for path in sorted(folder.glob("*.xlsx")) if not path.name.startswith("~$")}


def new_workbook(
    target: Path,
    example: str | None = None,
    force: bool = False,
    first_year: int = FIRST_YEAR,
    last_year: int = LAST_YEAR,
) -> None:
    """Write a blank workbook with these years, or a copy of an example; a file is replaced whole, only with `force`."""
    known = examples()
    if example is not None and example not in known:
        raise UsageError(f"there is no example {example!r}; the examples are: {', '.join(known)}")
    if target.suffix.lower() != ".xlsx":
        raise UsageError(f"{target}: the name of a workbook ends in .xlsx")
    from lodestone.plan.run_files import OLD_PLAN_BOOK, PLAN_BOOK, is_plan_book

    if is_plan_book(target) and target.name.lower() != OLD_PLAN_BOOK:
        raise UsageError(f"{target}: names that end in {PLAN_BOOK} are those of plans; try my_case.xlsx")
    if target.exists() and not force:
        raise UsageError(f"{target} exists; --force replaces it")
    try:
        with scratch(target.parent) as folder:
            if example is None:
                from lodestone.template.blank import write_template

                write_template(folder / target.name, first_year, last_year)
            else:
                shutil.copyfile(known[example], folder / target.name)
            os.replace(folder / target.name, target)
    except OSError as error:
        raise UsageError(f"cannot write {target}: {error.strerror} (is it open in Excel?)") from error
