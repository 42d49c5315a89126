"""LibreOffice, where it is installed: opens a workbook as a planner's spreadsheet does, and saves it again."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

OFFICE = shutil.which("soffice") or shutil.which("libreoffice")
needs_office = pytest.mark.skipif(OFFICE is None, reason="LibreOffice is not installed")


def saved_again(path: Path, folder: Path) -> Path:
    """The workbook as LibreOffice saves it after opening and calculating it."""
    assert OFFICE is not None
    profile = f"-env:UserInstallation={(folder / 'profile').resolve().as_uri()}"  # one of its own: tests run at a time
    out = folder / "saved"
    subprocess.run(
        [OFFICE, profile, "--headless", "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(out), str(path)],
        check=True,
        capture_output=True,
        timeout=180,
    )
    return out / path.name
