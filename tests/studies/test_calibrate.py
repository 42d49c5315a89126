"""The first year of a plan beside Trade, on cases small enough to be seen through."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from openpyxl import load_workbook
from tests.make import Book, write_book
from tests.solving import add, home, lane, market, read, solved

from lodestone.commands import main
from lodestone.errors import UsageError
from lodestone.studies.calibration.compare import calibration
from lodestone.studies.calibration.results import Calibration


def two_suppliers(**material: Any) -> Book:
    """Home took 70 t from China and 30 t from Ally; freight from Ally is less, so the plan takes all 100 t there."""
    book = home()
    book["Materials"] = [["material", *material], ["oxide", *material.values()]]
    market(book, "china", "China")
    market(book, "ally", "Ally")
    lane(book, "China", "Home", freight=2)
    lane(book, "Ally", "Home", freight=1)
    add(book, "Trade", from_region="China", to_region="Home", material="oxide", t_per_yr=70)
    add(book, "Trade", from_region="Ally", to_region="Home", material="oxide", t_per_yr=30)
    return book


def calibrated(book: Book) -> Calibration:
    return calibration(read(book), solved(book))


def test_lanes_beside_trade():
    found = calibrated(two_suppliers())
    lanes = {x.from_region: x for x in found.lanes}
    assert (lanes["China"].trade_t, lanes["China"].plan_t) == (70, pytest.approx(0))
    assert (lanes["Ally"].trade_t, lanes["Ally"].plan_t) == (30, pytest.approx(100))
    assert (lanes["Ally"].trade_share, lanes["Ally"].plan_share) == (pytest.approx(0.3), pytest.approx(1))
    assert found.error == {"oxide": pytest.approx(1.4)}  # 70 t less and 70 t more, of 100 t


def test_what_buyers_are_exposed_to():
    (buyer,) = calibrated(two_suppliers()).buyers
    assert (buyer.region, buyer.trade_share, buyer.plan_share) == ("Home", pytest.approx(0.7), pytest.approx(0))


def test_a_resourcing_share_holds_the_first_year():
    """A tenth of the use of 100 t: 10 t may move, so China keeps 60 t."""
    found = calibrated(two_suppliers(resourcing_share=0.1))
    lanes = {x.from_region: x for x in found.lanes}
    assert lanes["China"].plan_t == pytest.approx(60)
    assert found.error == {"oxide": pytest.approx(0.2)}
    assert lanes["Ally"].close.startswith(
        "10.0% of what came into Home has moved to other suppliers, resourcing_share is"
    )


def test_what_would_close_a_gap():
    lanes = {x.from_region: x for x in calibrated(two_suppliers()).lanes}
    assert "no resourcing_share limits that" in lanes["Ally"].close
    assert "a committed contract with a supplier in China would hold 70 t" in lanes["China"].close
    assert "oxide has no price of its own in China" in lanes["China"].close


def test_a_lane_that_is_full_or_closed():
    """Freight from Ally at 3 makes China the cheaper one: of 100 t its lane carries 40."""
    book = two_suppliers()
    book["Lanes"] = [[]]
    lane(book, "China", "Home", freight=2, years=40)
    lane(book, "Ally", "Home", freight=3)
    lanes = {x.from_region: x for x in calibrated(book).lanes}
    assert lanes["China"].plan_t == pytest.approx(40)
    assert lanes["China"].close.startswith("it is full: Lanes gives it 40 t")
    book["Lanes"] = [[]]
    lane(book, "Ally", "Home", freight=3)
    closed = {x.from_region: x for x in calibrated(book).lanes}["China"]
    assert closed.close.startswith("Lanes does not open it")


def test_a_plan_that_keeps_to_trade_has_nothing_to_close():
    book = two_suppliers()
    book["Trade"] = [["from_region", "to_region", "material", "t_per_yr"], ["Ally", "Home", "oxide", 100]]
    found = calibrated(book)
    assert [(x.from_region, x.close) for x in found.lanes] == [("Ally", "")]
    assert found.error == {"oxide": 0}


def test_a_plant_that_could_send_out_more():
    """The plant in China makes up to 200 t; 70 t of it went to Home, and the plan takes none."""
    book = two_suppliers()
    del book["Markets"]
    market(book, "ally", "Ally")
    add(book, "Processes", process="make", material="oxide", t_per_t=1)
    add(book, "Plants", plant="works", region="China", process="make", years=200)
    (plant,) = calibrated(book).plants
    assert (plant.plant, plant.use_share, plant.trade_t, plant.plan_t) == ("works", 0, 70, 0)
    assert plant.close.startswith("it could send out more: commit 70 t")


def test_without_trade_there_is_nothing_to_compare():
    book = two_suppliers()
    del book["Trade"]
    with pytest.raises(UsageError, match="no rows of Trade between two regions"):
        calibrated(book)


def test_the_command_shows_the_worst_and_writes_all(tmp_path: Path):
    path, out = write_book(tmp_path / "plan.xlsx", two_suppliers()), tmp_path / "calibration.xlsx"
    done = CliRunner().invoke(main, ["calibrate", str(path), "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "oxide: all differences of 2026 together are 140.0% of Trade." in done.output
    assert load_workbook(out).sheetnames == ["Lanes", "Buyers", "Plants"]
