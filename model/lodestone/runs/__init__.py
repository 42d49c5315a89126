"""Around a run: batches of runs, verifying one, the machine's health, saved workbooks, locks on folders."""
