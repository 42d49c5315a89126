"""The first year of a plan beside the sheet Trade: how far apart they are, and what would close it."""
