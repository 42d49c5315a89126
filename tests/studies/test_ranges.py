"""Ranges by hand, and against all decisions tried one by one."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from math import inf
from pathlib import Path
from typing import Any

import pytest
from benchmarks.every_plan import outer_ranges
from click.testing import CliRunner
from openpyxl import load_workbook
from tests.make import Book, write_book
from tests.solving import add, close, home, kg, lane, market, read, recipe

from lodestone.commands import main
from lodestone.data.tree import single
from lodestone.errors import StoppedError
from lodestone.plan.plan import Plan
from lodestone.plan.run_files import plan_book, read_run
from lodestone.report.plan.certainty import certain_line
from lodestone.report.plan.cost_matrix import cost_matrix
from lodestone.report.plan.sheets import table_sheets
from lodestone.report.studies.ranges_files import rows
from lodestone.rules.build import Built, build
from lodestone.solve.effort import Effort
from lodestone.solve.one_scenario import scenario_data, solve_scenario
from lodestone.solver.highs import Solver
from lodestone.studies.ranges.figures import Figure, figures
from lodestone.studies.ranges.results import FREE, HELD, Range, Ranges, notes
from lodestone.studies.ranges.search import ranges_of


def found(book: Book, within: float) -> tuple[Plan, Ranges]:
    inputs = read(book)
    assert inputs.problems == ()
    plan = solve_scenario(inputs, effort=Effort(1e-9))
    return plan, ranges_of(plan, inputs, "run", within)


def one(study: Ranges, figure: str, of: str, decisions: str = HELD) -> Range:
    (r,) = [r for r in study.ranges if (r.figure, r.of, r.decisions) == (figure, of, decisions)]
    return r


# 100 t from China at 60 or from the ally at 66: 6 MUSD. 1 % more, 0.06 MUSD, pays for 10 t of the ally's at 6 more.
def two_suppliers(premium: float = 0.1) -> Book:
    book = home()
    market(book, "china", "China", years=100)
    market(book, "ally", "Ally", premium_share=premium)
    lane(book, "China", "Home")
    lane(book, "Ally", "Home")
    return book


def test_a_dearer_supplier_comes_in_as_far_as_the_limit_pays_for_it():
    _, study = found(two_suppliers(), 0.01)
    assert study.limit_musd == kg(6060)
    ally, china = one(study, "flow by origin", "oxide from Ally"), one(study, "flow by origin", "oxide from China")
    assert (ally.plan, ally.least, ally.most) == (close(0), close(0), close(10))
    assert (china.plan, china.least, china.most) == (close(100), close(90), close(100))
    exposed = one(study, "exposed share", "oxide")
    assert (exposed.least, exposed.most) == (close(0.9), close(1))
    assert one(study, "payer", "buyers").most == kg(6060)
    # A kg short costs 1000 - 60 = 940 more in all, and buyers 60 less.
    assert one(study, "payer", "buyers", FREE).least == kg(6000 - 60 * 60 / 940)


def test_equal_suppliers_are_known_in_sum_only():
    _, study = found(two_suppliers(0.0), 0.0)
    ally = one(study, "flow by origin", "oxide from Ally")
    assert (ally.least, ally.most) == (close(0), close(100))
    assert not one(study, "payer", "buyers").can_move
    assert one(study, "exposed share", "oxide").can_move


def test_a_share_whose_base_moves_too():
    """Shortage at 61: of 100 t some may be left short for 1 a kg. Within 0.5 %, 0.03 MUSD, 30 t: of what is then
    delivered all is exposed; with the ally at 62, up to 15 t of his (2 a kg more) make 15 % clean."""
    book = home(shortage=61)
    market(book, "china", "China")
    market(book, "ally", "Ally", premium_share=2 / 60)
    lane(book, "China", "Home")
    lane(book, "Ally", "Home")
    _, study = found(book, 0.005)
    short, exposed = one(study, "short", "oxide"), one(study, "exposed share", "oxide")
    assert (short.least, short.most) == (close(0), close(30))
    assert exposed.most == close(1)
    assert exposed.least == close(0.85)


# Two public mines and a supplier at 100: builds free, every set of builds tried by hand of the solver.
def mines() -> Book:
    book = home(2027, price=100)
    market(book, "china", "China")
    lane(book, "China", "Home")
    recipe(book, "mine", oxide=1)
    for name, capex, cost in (("cheap", 2.0, 50), ("dear", 2.2, 52)):
        cells = {"capacity_t_per_yr": 60, "capex_musd": capex, "operating_cost_usd_per_kg": cost, "funding": "public"}
        dates = {"lead_years": 0, "life_years": 2, "latest_year": 2026}
        add(book, "Projects", project=name, region="Home", process="mine", **cells, **dates)
    return book


def outer(book: Book, figure: Callable[[Built], Figure], most: float) -> tuple[float, float]:
    built = build(single(scenario_data(read(book))))
    (found,) = outer_ranges(built, [figure(built)], most)
    return found


def test_no_plan_is_outside_the_bounds_of_the_relaxation():
    """Parts a, d of the mines cost 20 - 4 a - 3.56 d: at most 14.36 needs 4 a + 3.56 d >= 5.64, so in all at least
    1 + 1.64 / 3.56. Of whole builds both are needed, which lies inside."""

    def builds(built: Built) -> Figure:
        return Figure("", "builds", "", [(1.0, v) for v in built.model.investments.build.values()])

    assert outer(mines(), builds, 14.36 + 1e-9) == (close(1 + 1.64 / 3.56), close(2))


def exposed_share(built: Built) -> Figure:
    (share,) = (f for f in figures(built) if f.figure == "exposed share")
    return share


def test_without_whole_decisions_the_bounds_are_the_range_also_of_a_share():
    assert outer(two_suppliers(), exposed_share, 6.06) == (close(0.9), close(1))
    with pytest.raises(StoppedError, match="no plan costs as little"):
        outer(two_suppliers(), exposed_share, 5.99)


def test_what_was_found_before_a_solve_failed_is_no_bound(monkeypatch: pytest.MonkeyPatch):
    whole, solves = Solver.solve_linear, iter((True, True, False, False))

    def solve_linear(solver: Solver) -> float | None:
        return whole(solver) if next(solves) else None

    monkeypatch.setattr(Solver, "solve_linear", solve_linear)
    assert outer(two_suppliers(), exposed_share, 6.06) == (-inf, inf)


@pytest.mark.parametrize("within", [0.0, 0.02, 0.1, 0.15])
def test_free_ranges_are_those_of_all_decisions_tried_one_by_one(within: float):
    """Both: 2 + 2.2, 60 t at 50 and 40 t at 52 a year, 14.36 MUSD; the cheap one alone 2 + 6 + 8 = 16, within 15 %."""
    book = mines()
    plan, study = found(book, within)
    free = one(study, "payer", "public", FREE)
    tried: list[tuple[float, float]] = []
    for built in product((False, True), repeat=2):
        other = mines()
        for row, is_built in zip(other["Projects"][1:], built, strict=True):
            row[other["Projects"][0].index("capacity_t_per_yr")] *= 1 if is_built else 1e-6
            row[other["Projects"][0].index("capex_musd")] *= 1 if is_built else 0
        inputs = read(other)
        best = solve_scenario(inputs, effort=Effort(1e-9))
        held = ranges_of(best, inputs, "run", max(0.0, study.limit_musd / best.objective_musd - 1))
        if best.objective_musd <= study.limit_musd + 1e-4:
            public = one(held, "payer", "public")
            assert public.least is not None and public.most is not None
            tried.append((public.least, public.most))
    assert free.least == pytest.approx(min(least for least, _ in tried), abs=1e-4)
    assert free.most == pytest.approx(max(most for _, most in tried), abs=1e-4)
    if within > 0.14:  # 16.514: with the cheap mine alone 0.514 buy 10.28 t at 100 instead of its work at 50
        assert len(tried) > 1
        assert free.least == pytest.approx(8.0 - 0.514, abs=1e-4)
        assert free.most == pytest.approx(4.2 + 6.0 + 6.24, abs=1e-4)  # all that both can make
    assert plan.payers_musd["public"] == pytest.approx(free.plan, abs=1e-6)


def test_what_is_written_and_said(tmp_path: Path):
    path = write_book(tmp_path / "book.xlsx", two_suppliers())

    def call(*words: str) -> Any:
        out = CliRunner().invoke(main, list(words))
        assert out.exit_code == 0, out.output
        return out.stdout

    call("solve", str(path), "--out", str(tmp_path / "run"), "--quiet", "--no-reference")
    said = call("ranges", str(tmp_path / "run"), "--within", "1%", "--out", str(tmp_path / "ranges.xlsx"))
    assert "flow by origin: oxide from Ally" in said
    assert (tmp_path / "ranges.json").exists()


def test_headlines_come_first_then_what_moves_most():
    _, study = found(two_suppliers(), 0.01)
    table = rows(study)
    assert {row[3] for row in table[: sum(r.decisions == FREE for r in study.ranges)]} == {FREE}
    assert notes(study)[0].endswith("figures are the same in every plan within 1.0%, with decisions as they are.")


def test_a_plan_says_what_is_certain(tmp_path: Path):
    """Both mines pay: without the dear one 40 t a year are bought at 100 instead of made at 52: 1.64 MUSD more."""
    path = write_book(tmp_path / "book.xlsx", mines())
    words = ["solve", str(path), "--out", str(tmp_path / "run"), "--no-reference", "--certain", "0.5%", "--jobs", "1"]
    out = CliRunner().invoke(main, [*words, "--quiet"])
    assert out.exit_code == 0, out.output
    plan = read_run(tmp_path / "run")
    assert plan.certain is not None
    verdicts = {d["name"]: d["verdict"] for d in plan.certain["decisions"]}
    assert verdicts == {"cheap": "must", "dear": "must"}
    assert certain_line(plan) == "2 builds are in every plan within 0.5%; 0 could be swapped."
    (costs,) = [sheet for sheet in table_sheets(plan, cost_matrix(plan)) if sheet.name == "Costs"]
    assert costs.names[-2:] == ["least_musd", "most_musd"]
    capex = next(row for row in costs.rows if row[0] == "Capex of public projects")
    assert capex[-3:] == [close(2.0 + 2.2)] * 3
    assert {"Certain", "Ranges"} <= set(load_workbook(plan_book(tmp_path / "run"), read_only=True).sheetnames)
