"""From data to an audited plan: one scenario, all futures, ties, warm starts, marginal values, decomposition."""
