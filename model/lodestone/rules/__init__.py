"""One planner's concept per file: its equations, variables, rows, cost terms and output table."""
