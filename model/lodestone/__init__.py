"""Lodestone: least-cost sourcing and stockpile plans under a maximum China share."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036  # pip would have said so; a checkout can be run without it
    raise SystemExit("Lodestone needs Python 3.11 or later, not " + sys.version.split()[0] + " of " + sys.executable)

__version__ = "0.2.0"
