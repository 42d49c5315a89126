"""Colours of clean and exposed in every picture, and all others of the page of `lodestone report`.

Blue-green and orange, which people who confuse red and green tell apart too; all can be read on white and on black.
The page's scripts take them by name (`C.middle`); workbooks, which are printed, have darker ones for payers and runs
(`styles`).
"""

from __future__ import annotations

CLEAN_SHADES = ("#0B5C66", "#1B8A8F", "#4FB0AE", "#8FD0C9", "#C4E6E0")  # of origins, the largest darkest
EXPOSED_SHADES = ("#A63A12", "#D9622B", "#EE8B4E", "#F5B384", "#FAD7BC")
CLEAN, EXPOSED = CLEAN_SHADES[1], EXPOSED_SHADES[1]
MIDDLE = "#E6C35C"  # half exposed
PAYERS = {"public": "#0072B2", "buyers": "#56B4E9", "shortage": "#CC79A7"}
SERIES = ("#0072B2", "#CC79A7", "#56B4E9", "#8C8C8C", "#E6C35C", "#5D4A8A")  # runs, in their order
SHORT, SUBSTITUTED = "#CC79A7", "#8C8C8C"
