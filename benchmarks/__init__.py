"""Measurements of Lodestone from outside: published optima. Nothing in `model` imports this package."""
