"""What a plan is: its tables, key figures, plan.json, frames, and numbers in words."""
