"""From cells to rows of values and their problems."""
