"""Every sheet and column, declared once."""
