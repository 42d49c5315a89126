"""Where a frontier starts, and its knee in words; what a line of progress does not show."""

from __future__ import annotations

import io
from contextlib import redirect_stderr
from pathlib import Path

import pytest
from tests.make import tiny, write_book

from lodestone.progress import Progress
from lodestone.report.html.studies import _frontier
from lodestone.report.terminal.progress_lines import Watch
from lodestone.studies.frontier.results import Frontier, Least, Point, document, knee
from lodestone.studies.frontier.trace import _movable_from, frontier
from lodestone.studies.parallel.solves import IN_THIS_PROCESS
from lodestone.studies.parallel.source import Source


def drawn(*costs: float, least: tuple[Least, ...] = ()) -> Frontier:
    """From 100% in steps of 20 points, each cost proved."""
    points = tuple(Point(1 - 0.2 * n, cost, cost, {}) for n, cost in enumerate(costs))
    return Frontier("w.xlsx", "plan", "base", "cap", None, (), least, points)


def test_the_knee_in_words() -> None:
    """0, 0.1 and 2 MUSD a point, then 2.5; of a line that is straight nothing is said."""
    assert knee(drawn(100, 100, 102, 142, 192)) == (
        "Down to 60.0% a point costs at most 0.10 MUSD; each point below it costs 2.00 MUSD, down to 40.0%."
    )
    assert knee(drawn(100, 100, 140)) == (
        "Down to 80.0% a point costs nothing; each point below it costs 2.00 MUSD, down to 60.0%."
    )
    assert knee(drawn(100, 120, 140, 160)) == ""
    assert knee(drawn(100)) == ""


def test_the_first_year_that_can_be_moved() -> None:
    """2026 needs all that is allowed, 2027 too; 2028 comes down to 20%."""
    stuck = (Least("cap", 2026, 1.0, 1.0), Least("cap", 2027, 0.5, 0.5), Least("cap", 2028, 0.2, 0.5))
    assert _movable_from(drawn(100, least=stuck)) == 2028
    assert _movable_from(drawn(100, least=stuck[2:])) is None
    assert _movable_from(drawn(100, least=stuck[:2])) is None


def test_it_starts_where_something_can_move(tmp_path: Path) -> None:
    """All of 2026 comes from China; from 2027 on an ally sells as well, for 6 USD/kg more on 120 t: 0.72 MUSD at a
    discount of 0 for all, half for half."""
    book = tiny()
    book["Settings"] |= {"discount_rate": 0}
    book["Regions"].append(["Ally", "no", None])
    book["Markets"] = [
        ["market", "region", "material", "side", "premium_share", 2026, 2027],
        ["china_oxide", "China", "oxide", "buy", 0, 1000, 1000],
        ["ally_oxide", "Ally", "oxide", "buy", 0.1, 0, 1000],
    ]
    book["Lanes"].append(["Ally", "Home", "oxide", 1])
    book["Sectors"] = [[*book["Sectors"][0], "min_service_share"], [*book["Sectors"][1], 1]]
    book["ChinaShare"] = [["cap", "material", "region", "sector", 2026, 2027], ["cap", "oxide", "Home", "*", 1, 1]]
    found = frontier(Source.read(write_book(tmp_path / "w.xlsx", book)), [1.0, 0.5, 0.0], where=IN_THIS_PROCESS)
    assert found.from_year == 2027
    assert found.remark.startswith("Before 2027 no plan can go below the limits of the workbook")
    costs = [point.objective_musd for point in found.points]
    assert costs == pytest.approx([13.42, 13.42 + 0.36, 13.42 + 0.72])


def test_no_picture_of_crosses() -> None:
    crosses = Frontier("w", "p", "base", None, None, (), (), (Point(1.0, 9.0, 9.0, {}), Point(0.5, message="no plan")))
    assert _frontier(document(crosses)) == []
    assert len(_frontier(document(drawn(100, 110)))) == 1


@pytest.mark.parametrize(
    ("bound", "gap", "shown"),
    [
        (-1.0, 1.24, "solve  best 4.2  "),
        (4.0, 0.05, "solve  best 4.2  bound 4.0  gap 5.0%  "),
        (None, None, "solve  best"),
    ],
)
def test_a_bound_that_says_nothing_is_not_shown(bound: float | None, gap: float | None, shown: str) -> None:
    with redirect_stderr(io.StringIO()) as said, Watch() as watch:
        watch.progress(Progress("solve", 1.0, best=4.2, bound=bound, gap=gap))
    assert said.getvalue().startswith(shown)
    assert "-1.0" not in said.getvalue()
    assert "124" not in said.getvalue()
