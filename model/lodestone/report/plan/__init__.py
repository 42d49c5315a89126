"""One plan as a workbook, and its folder with plan.json and the log."""
