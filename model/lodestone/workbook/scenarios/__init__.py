"""Changes, and the data of each scenario."""
