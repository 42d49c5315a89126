"""Run Lodestone from a clone: `python cli.py solve inputs/tutorial.xlsx`. The command `lodestone` does the same."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "model"))

from lodestone.commands import main

if __name__ == "__main__":
    main(prog_name="lodestone")
