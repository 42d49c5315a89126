"""Data of a plan in model units, and what follows from it before Pyomo: lenders, scenario tree, network."""
