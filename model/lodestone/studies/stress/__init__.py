"""Decisions of a run held while something is lost."""
