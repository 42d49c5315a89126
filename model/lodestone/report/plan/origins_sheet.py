"""The Origins sheet: the input cells that each decision rests on, one click from it and one from the workbook."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from xlsxwriter.utility import xl_col_to_name

from lodestone.plan.plan import Plan
from lodestone.plan.tables import SCENARIO, Cell
from lodestone.report.excel.styles import Links, external

SHEET = "Origins"
CELL = re.compile(r"(\w+)!([A-Z]+[0-9]+)")
# sheet of the plan -> its column of names, and what kind of decision they are
NAMED = {
    "Investments": ("project", "investment"),
    "PriceFloors": ("floor", "floor"),
    "Contracts": ("contract", "contract"),
    "Bankability": ("project", "investment"),
    "Stockpile": ("stockpile", "stockpile"),
    "ChinaShare": ("cap", "cap"),
    "Budgets": ("budget", "budget"),
}
HOME = {kind: sheet for sheet, (_, kind) in reversed(NAMED.items())}  # where a kind of decision stands

Decision = tuple[str, str, str]  # scenario (empty in a plan of one), kind, name


class Places:
    """Where the lines of each decision begin on the sheet."""

    def __init__(self, plan: Plan) -> None:
        self.first: dict[Decision, int] = {}
        for number, line in enumerate(plan.rows("origins"), 2):
            self.first.setdefault((line.get("scenario", ""), line["decision"], line["name"]), number)

    def link(self, scenario: str, kind: str, name: str) -> str | None:
        """None when nothing is known of it."""
        row = self.first.get((scenario, kind, name))
        return None if row is None else f"internal:{SHEET}!A{row}"

    def links(self, sheet: str, names: Sequence[str]) -> Links:
        """For a sheet of the plan with columns `names`: a decision's name leads to what it rests on."""
        column, kind = NAMED.get(sheet, ("", ""))
        if column not in names:
            return {}
        at, scenario = names.index(column), names.index(SCENARIO.name) if SCENARIO.name in names else None
        return {at: lambda row: self.link("" if scenario is None else row[scenario], kind, row[at])}


def origin_links(plan: Plan, names: Sequence[str], homes: Mapping[Decision, str]) -> Links:
    """For the Origins sheet: a name leads back to its decision, a cell to the workbook where that stood for the run.

    names: of the columns. homes: decision -> "Investments!A5".
    """
    workbook, sheet_names = plan.workbook_path, plan.sheet_names or {}
    kind, name, cell, by = (names.index(column) for column in ("decision", "name", "cell", "set_by"))
    scenario = names.index(SCENARIO.name) if SCENARIO.name in names else None

    def back(row: Sequence[Cell]) -> str | None:
        home = homes.get(("" if scenario is None else row[scenario], row[kind], row[name]))
        return home and f"internal:{home}"

    def out(at: int) -> Callable[[Sequence[Cell]], str | None]:
        def address(row: Sequence[Cell]) -> str | None:
            place = CELL.fullmatch(row[at] or "")
            if workbook is None or place is None:
                return None
            return external(workbook, sheet_names.get(place[1], place[1]), place[2])

        return address

    return {name: back, cell: out(cell), by: out(by)}


def homes(sheet: str, names: Sequence[str], rows: Sequence[Sequence[Cell]]) -> dict[Decision, str]:
    """Where each decision of a sheet of the plan stands first."""
    column, kind = NAMED.get(sheet, ("", ""))
    if column not in names or HOME[kind] != sheet:
        return {}
    at, scenario = names.index(column), names.index(SCENARIO.name) if SCENARIO.name in names else None
    places: dict[Decision, str] = {}
    for number, row in enumerate(rows, 2):
        where = f"{sheet}!{xl_col_to_name(at)}{number}"
        places.setdefault(("" if scenario is None else row[scenario], kind, row[at]), where)
    return places
