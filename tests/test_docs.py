"""The docs that are made from the code are up to date."""

from __future__ import annotations

import re
from pathlib import Path

from model.plan_tables import tables_markdown

ROOT = Path(__file__).parents[1]


def test_the_page_of_plan_tables_is_made_from_their_declaration():
    assert (ROOT / "docs" / "plan_tables.md").read_text(encoding="utf-8") == tables_markdown()


def test_links_of_readme_and_docs_lead_somewhere():
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for link in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
            assert link.startswith("http") or (page.parent / link).exists(), f"{page.name}: {link}"
