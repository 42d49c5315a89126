"""Lodestone: least-cost sourcing and stockpile plans under a maximum China share."""

__version__ = "0.1.0"
