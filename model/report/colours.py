"""Colours that mean the same in every picture: plan.xlsx, the page of `lodestone report`.

Of the palette of Okabe and Ito, which people who confuse red and green tell apart too.
"""

from __future__ import annotations

CLEAN, EXPOSED = "#009E73", "#D55E00"  # blue-green, vermilion
CLEAN_SHADES = ("#00664B", "#009E73", "#4DBF9F", "#8ED6C1", "#C3EADF")  # of origins, the largest darkest
EXPOSED_SHADES = ("#8F3F00", "#D55E00", "#EB8A3F", "#F4B484", "#FADBC5")
MIDDLE = "#E6C35C"  # half exposed
PAYERS = {"public": "#0072B2", "buyers": "#56B4E9", "shortage": "#CC79A7"}
SERIES = ("#0072B2", "#CC79A7", "#56B4E9", "#8C8C8C", "#E6C35C", "#5D4A8A")  # runs, in their order
SHORT, SUBSTITUTED = "#CC79A7", "#8C8C8C"
LIMIT = "#000000"  # of a cap or a cover asked for; drawn dashed
