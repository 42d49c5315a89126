"""One plan as plan.xlsx, and its folder with plan.json and the log."""
