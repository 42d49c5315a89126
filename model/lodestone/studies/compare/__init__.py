"""Several runs side by side, and which inputs differ."""
