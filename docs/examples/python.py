# %% [markdown]
# # Lodestone in Python
# Run cell by cell in a notebook or an editor, or whole: `python python.py my_case.xlsx`.
# `lodestone new my_case.xlsx --example tutorial` writes the workbook.

# %% A workbook, with one of its values changed. The file is left alone.
import sys

import lodestone as ls

WORKBOOK = sys.argv[1] if len(sys.argv) > 1 else "my_case.xlsx"
book = ls.load(WORKBOOK)
tighter = book.changed({"ChinaShare/magnet_cap/2029": 0.4})
print(book.scenarios, len(book.warnings), "warnings")
print(book["Projects"][["project", "capacity_t_per_yr", "capex_musd"]])

# %% What is wrong with a workbook is an exception that lists the cells.
try:
    ls.load(WORKBOOK, {"Settings/discount_rate": "5 percent"})
except ls.InvalidWorkbook as error:
    print(error)

# %% A plan. Its tables are DataFrames that know their units.
plan = book.solve(gap=1e-3)
built = plan["investments"]
print(f"{plan.cost:.2f} MUSD, gap {plan.gap:.1%}")
print(built[["project", "decision_year", "capacity_t_per_yr"]], built.attrs["units"]["capacity_t_per_yr"])

# %% Two plans: what the tighter cap costs, by term.
other = tighter.solve(gap=1e-3, start=plan)
steps = ls.compare(plan, other, names=["as it is", "tighter"]).bridge["tighter"]
print({term: round(musd, 2) for term, musd in steps.items() if abs(musd) > 0.005})

# %% Studies. Each has its figures in `.table` and everything else beside it.
frontier = book.frontier(cap="magnet_cap", at=[0.5, 0.6, 1.0], from_year=2029)
print(frontier.table[[frontier.table.columns[0], "least_cost_musd", "price_per_point_musd"]])
print(book.stress(plan).table[["case", "name", "extra_cost_musd"]])
print(book.sweep({"Settings/discount_rate": [0.0, 0.05]}).table[["Settings/discount_rate", "objective_musd"]])
print(book.alternatives(within=0.02).table[["decision", "verdict"]])
print(book.bankability()[["project", "gap_musd", "closed_by"]])

# %% All futures in one plan, and what one of them looks like.
likely = book.changed({"Scenarios/embargo/probability": 0.25})
joint = likely.solve(joint=True)
print(joint.futures, joint.future("embargo").cost)

# %% No plan: the error knows how to find out why.
try:
    book.changed({"ChinaShare/magnet_cap/2026": 0}).solve()
except ls.Infeasible as error:
    print(error.explain(time_limit=60))

# %% A run on disk, as the command line writes it, and back.
place = plan.save("outputs/my_case/from_python")
print(ls.read(place))
