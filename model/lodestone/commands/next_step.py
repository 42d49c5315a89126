"""`lodestone` without a command, in a terminal: what can be done next with the workbooks that lie here."""

from __future__ import annotations

from pathlib import Path

MOST = 3  # workbooks that are named


def next_steps(folder: Path) -> list[tuple[str, str]]:
    """(command, what it does), the likeliest first."""
    from lodestone.plan.run_files import is_plan_book

    found = (path for path in folder.glob("*.xlsx") if not path.name.startswith("~$") and not is_plan_book(path))
    newest = sorted((path for path in found if _is_input(path)), key=lambda path: path.stat().st_mtime, reverse=True)
    steps = []
    for path in newest[:MOST]:
        name = f'"{path.name}"' if " " in path.name else path.name
        steps += [(f"lodestone check {name}", "what is missing or doubtful in it")]
        steps += [(f"lodestone solve {name}", "the plan of least cost")]
    if not newest:
        steps = [
            ("lodestone new my_case.xlsx --example tutorial", "a small example to try"),
            ("lodestone new my_case.xlsx", "a blank workbook with help and drop-downs"),
        ]
    runs = sorted(folder.glob("outputs/*/*/plan.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    if runs:
        run = runs[0].parent.relative_to(folder).as_posix()
        named = f'"{run}"' if " " in run else run
        steps += [(f"lodestone report {named}", "a page for any browser"), (f"lodestone pack {named}", "to mail it")]
    return [*steps, ("lodestone --help", "all commands"), ("lodestone doctor", "whether all works on this machine")]


def _is_input(path: Path) -> bool:
    """A workbook with a sheet Settings: looked at, not read."""
    import re
    import zipfile

    try:
        with zipfile.ZipFile(path) as parts, parts.open("xl/workbook.xml") as sheets:
            return re.search(rb'name="settings"', sheets.read(1_000_000), re.IGNORECASE) is not None
    except (OSError, KeyError, zipfile.BadZipFile, RuntimeError, NotImplementedError):
        return False
