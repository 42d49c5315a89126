"""The Pyomo model as arrays, and as HiGHS holds it: solve, change, loosen."""
