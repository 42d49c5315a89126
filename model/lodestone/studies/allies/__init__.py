"""What allies gain by acting together, and how they may share what it costs."""
