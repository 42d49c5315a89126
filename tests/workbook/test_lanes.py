"""Lanes: the most specific row wins, * never names movement within one region, the default freight opens the rest."""

from __future__ import annotations

import random
from itertools import product
from pathlib import Path

import pytest
from tests.make import Book, load_book, only_problem, tiny

from lodestone.workbook.scenarios.lanes import resolve_lanes
from lodestone.workbook.tables import Record

REGIONS = ["China", "Home", "Ally"]
MATERIALS = ["oxide", "ore"]


def row(start: str, end: str, material: str, freight: float) -> Record:
    return Record("Lanes", (start, end, material), {"freight_usd_per_kg": freight, "open": True})


def freights(rows: list[Record], default: float | None = None) -> dict[tuple[str, str, str], float]:
    lanes = resolve_lanes(rows, [], REGIONS, MATERIALS, default, range(2026, 2028))
    return {key: lane.freight_usd_per_kg for key, lane in lanes.items()}


def test_without_rows_material_moves_only_within_regions() -> None:
    assert freights([]) == {(region, region, material): 0 for region, material in product(REGIONS, MATERIALS)}


def test_default_freight_opens_every_other_lane() -> None:
    lanes = freights([], default=2.5)
    assert len(lanes) == 18
    assert lanes["China", "Home", "oxide"] == pytest.approx(2.5)
    assert lanes["Home", "Home", "oxide"] == 0


PRECEDENCE = [
    ("China", "Home", "oxide"),
    ("China", "*", "oxide"),
    ("*", "Home", "oxide"),
    ("China", "Home", "*"),
    ("*", "*", "oxide"),
    ("China", "*", "*"),
    ("*", "Home", "*"),
    ("*", "*", "*"),
]


@pytest.mark.parametrize("least", range(len(PRECEDENCE)))
def test_most_named_keys_win_then_material_then_from_then_to(least: int) -> None:
    rows = [row(*keys, freight) for freight, keys in enumerate(PRECEDENCE)][least:]
    random.Random(least).shuffle(rows)
    assert freights(rows)["China", "Home", "oxide"] == least


def test_star_never_names_movement_within_one_region() -> None:
    rows = [row("*", "*", "*", 9), row("Home", "*", "oxide", 8), row("*", "Home", "oxide", 7)]
    assert freights(rows)["Home", "Home", "oxide"] == 0


def test_region_named_twice_names_movement_within_it() -> None:
    assert freights([row("Home", "Home", "*", 3)])["Home", "Home", "ore"] == 3


def book_with_tariffs() -> Book:
    book = tiny()
    book["Lanes"] = [
        ["from_region", "to_region", "material", "freight_usd_per_kg", "open", 2026, 2027],
        ["*", "*", "*", 2, "yes", 100, 50],
        ["China", "Home", "oxide", 1, "no", None, None],
    ]
    book["Tariffs"] = [["from_region", "to_region", "material", 2026, 2027], ["China", "*", "*", 0.1, 0.25]]
    return book


def test_lane_from_the_workbook(tmp_path: Path) -> None:
    inputs = load_book(tmp_path, book_with_tariffs())
    assert inputs.problems == ()
    closed = inputs.tables().lanes["China", "Home", "oxide"]
    assert (closed.open, closed.capacity, closed.freight_usd_per_kg) == (False, None, 1)
    assert closed.tariff == {2026: 0.1, 2027: 0.25}
    assert closed.cells["freight_usd_per_kg"] == "Lanes!D3"
    assert closed.tariff_cells[2027] == "Tariffs!E2"
    back = inputs.tables().lanes["Home", "China", "oxide"]
    assert (back.capacity, back.tariff) == ({2026: 100, 2027: 50}, {2026: 0, 2027: 0})
    assert back.tariff_cells == {}


def test_misspelt_region_of_a_lane(tmp_path: Path) -> None:
    book = tiny()
    book["Lanes"][1][0] = "Chna"
    problem = only_problem(load_book(tmp_path, book))
    assert (problem.cell, problem.mend) == ("Lanes!A2", "did you mean China?")
