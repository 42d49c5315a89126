"""Python's garbage collector at rest: workbooks and models are millions of objects of which none is garbage.

Left on, it walks them again and again while they are made: measured on 220,000 variables, a model takes 4.4 s to build
instead of 1.5 s.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def at_rest() -> Iterator[None]:
    """Off inside, and afterwards as it was before; also a decorator."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
