"""Lodestone: least-cost sourcing and stockpile plans under a maximum China share.

In Python: `import lodestone as ls`, then `ls.load`, `ls.read` and `ls.compare`, which stand in book/.
"""

import importlib
import sys
from typing import Any

if sys.version_info < (3, 11):  # noqa: UP036  # pip would have said so; a checkout can be run without it
    raise SystemExit("Lodestone needs Python 3.11 or later, not " + sys.version.split()[0] + " of " + sys.executable)

__version__ = "1.0.0"

FROM_BOOK = ("Book", "Infeasible", "InvalidWorkbook", "Plan", "Study", "compare", "load", "read")
__all__ = [*FROM_BOOK, "__version__"]


def __getattr__(name: str) -> Any:
    """The front door, loaded when it is first asked for: the command line does without it."""
    if name in FROM_BOOK:
        return getattr(importlib.import_module("lodestone.book"), name)
    raise AttributeError(f"module 'lodestone' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
