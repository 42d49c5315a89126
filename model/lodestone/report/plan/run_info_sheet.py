"""The RunInfo sheet: how the plan came about."""

from __future__ import annotations

from collections.abc import Sequence

import xlsxwriter

from lodestone.plan.formatting import sentence_case
from lodestone.plan.plan import Plan
from lodestone.plan.tables import Cell, Row
from lodestone.report.excel.paper import leave_out
from lodestone.report.excel.styles import Styles, page

WIDTHS = (30, 34, 20, 8, 18, 18, 34)


def write_run_info(book: xlsxwriter.Workbook, styles: Styles, plan: Plan, printed: bool) -> None:
    """printed: on one page; otherwise it is kept from print."""
    sheet = book.add_worksheet("RunInfo")
    page(sheet, plan.plan_name, "RunInfo")
    for j, width in enumerate(WIDTHS):
        sheet.set_column(j, j, width)
    sheet.freeze_panes(1, 0)
    styles.link(sheet, 0, 3, "internal:Summary!A1", "Back to Summary")
    row = 0

    def block(headings: Sequence[str], rows: Sequence[Sequence[Cell]], units: Sequence[str] | None = None) -> None:
        nonlocal row
        for j, title in enumerate(headings):
            sheet.write_string(row, j, title, styles.header(is_text=True))
        for i, values in enumerate(rows, row + 1):
            for j, value in enumerate(values):
                unit = units[i - row - 1] if units and j else "any"
                styles.write(sheet, i, j, value, unit, text_wrap=units is None, valign="top", align="left", indent=1)
        row += len(rows) + 2

    facts = [
        ("Plan", plan.plan_name, ""),
        ("Scenario", plan.scenario, ""),
        ("Status", plan.status, ""),
        ("Objective (MUSD, discounted)", plan.objective_musd, "MUSD"),
        ("Expected cost (MUSD, discounted)", plan.expected_cost_musd, "MUSD"),
        *([("CVaR (MUSD, discounted)", plan.cvar_musd, "MUSD")] if plan.is_joint else []),
        ("Best possible objective (MUSD, discounted)", plan.bound_musd, "MUSD"),
        ("Gap (share)", plan.gap, "any"),
        ("First year", plan.horizon[0], ""),
        ("Last year", plan.horizon[1], ""),
        ("Workbook", plan.workbook, ""),
        ("SHA-256 of the workbook", plan.workbook_sha256, ""),
        *((f"Version of {name}", version, "") for name, version in plan.versions.items()),
        *((f"Time to {stage} (s)", value, "s") for stage, value in plan.seconds.items() if stage != "write"),
        *((f"Model: {part}", number, "") for part, number in plan.model.items()),
    ]
    block(("Run", "Value"), [f[:2] for f in facts], [f[2] for f in facts])
    block(("Setting", "Value"), [(sentence_case(name), value) for name, value in plan.settings.items()])
    changes = [[c["sheet"], c["row"], c["column"], _when(c), c["old"], c["new"], c["by"]] for c in plan.changes]
    block(("Changed: sheet", "Row", "Column", "Year", "Old value", "New value", "By"), changes or [["nothing changed"]])
    warnings = [[w["cell"], w["wrong"], w["found"], None, w["mend"]] for w in plan.warnings]
    block(("Warning: cell", "What is doubtful", "What stands there", "", "How to mend it"), warnings or [["none"]])
    if printed:
        sheet.print_area(0, 0, row - 2, len(WIDTHS) - 1)
        sheet.fit_to_pages(1, 1)
    else:
        leave_out(sheet, len(WIDTHS) + 1)


def lines_of(plan: Plan) -> int:
    """About as many as the sheet has."""
    return 30 + len(plan.settings) + len(plan.changes) + 2 * len(plan.warnings)


def _when(change: Row) -> int | str | None:
    """The year that a change reached, or the first month of the period: 2027-04."""
    year: int | None = change["year"]
    return f"{year}-{change['month']:02}" if change.get("month") else year
