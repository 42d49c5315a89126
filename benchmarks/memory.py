"""The most memory that this process has held, in MB."""

from __future__ import annotations

import resource
from pathlib import Path

STATUS = Path("/proc/self/status")


def peak_mb() -> float:
    """Of this program alone: what getrusage tells begins, on Linux, with what the process held that started it."""
    lines = STATUS.read_text(encoding="ascii").splitlines() if STATUS.exists() else []
    for line in lines:
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
