"""What limits are worth, by marginal values and re-solves."""
