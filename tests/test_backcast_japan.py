"""Japan and Lynas, 2010 to 2015: what lacked and what lenders missed, by hand and as the page says."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.backcast_japan import AS_IT_CAME, CAME, NONE, PROMISED, SIGNED, book, lenders, page, supply
from benchmarks.backcasts import solved

PAGE = Path(__file__).parents[1] / "docs" / "backcast_japan.md"
USED = 15400 / 0.66


def test_the_page_is_what_the_workbooks_give():
    wanted = page()
    assert PAGE.read_text(encoding="utf-8") == wanted, (
        "python -m benchmarks.backcast_japan --write docs/backcast_japan.md"
    )


def test_what_lacked_is_what_customs_did_not_count():
    """2011: 15,400 t came of 23,333. First half of 2012: 3,007 t, 49.3 % of all, twice."""
    found = supply(solved(book(NONE)))
    assert found[2011]["short"] == pytest.approx(USED - 15400)
    assert found[2012]["short"] == pytest.approx(USED - 2 * 3007 / 0.493)
    assert found[2015]["short"] == pytest.approx(0)


def test_lynas_covers_what_it_makes_up_to_what_japan_may_take():
    held = [supply(solved(book(lynas, squeeze_stays=True))) for lynas in (NONE, AS_IT_CAME, PROMISED)]
    lacked = USED - 2 * 3007 / 0.493
    assert [run[2013]["short"] for run in held] == pytest.approx([lacked, lacked - 1000, lacked - 8500])
    assert held[1][2014]["short"] == pytest.approx(lacked - 10916 / 1.52)
    assert held[1][2015]["short"] == pytest.approx(lacked - 8500)


def test_the_least_floor_earns_what_the_owners_put_in_and_the_loan():
    """Owners put in nothing of 250 (25 stake, 225 lent). Ten instalments from 2013 on, interest from 2011 on."""
    instalment = 225 / sum(1.07**-year for year in range(2, 12))
    worth = sum(1.12**-year for year in range(2, 17)) * 11000 / 1000  # MUSD for a USD/kg, 2013 to 2027 seen from 2011
    owed = sum(instalment * 1.12**-year for year in range(2, 12))
    assert lenders(CAME, None)["least_floor_usd_per_kg"] == pytest.approx(16.08 + owed / worth, abs=0.005)
    alone = lenders(CAME, 0.0)
    assert alone["gap_musd"] == pytest.approx(250 - (CAME - 16.08) * worth, rel=1e-6)
    assert alone["closed_by"] == "no package closes it"
    assert lenders(SIGNED, 0.0)["closed_by"] == "not needed"
