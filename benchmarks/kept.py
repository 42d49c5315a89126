"""Where measured figures are kept: benchmarks/results/WHAT-VERSION-MACHINE.md.

A file for each version on each kind of machine, so that a release can be held against those before it. Measuring the
same version on the same machine again replaces its file, and no other.
"""

from __future__ import annotations

import os
import platform
from pathlib import Path

from lodestone import __version__

FOLDER = Path(__file__).with_name("results")


def keep(what: str, text: str) -> Path:
    """Write a page of figures under the version that was measured and the machine it ran on; returns the path."""
    machine = f"{platform.system()}-{platform.machine()}-{os.cpu_count()}".lower()
    path = FOLDER / f"{what}-{__version__}-{machine}.md"
    FOLDER.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
