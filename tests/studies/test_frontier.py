"""The frontier: its points are plain solves, it is monotone, and what cannot be attained is named."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from tests.make import Book, write_book
from tests.solving import add, close, home, lane, market, read, recipe

from lodestone.data.tree import single
from lodestone.errors import UsageError, WorkbookError
from lodestone.report.studies.frontier_files import KIND, write_frontier
from lodestone.rules.build import build
from lodestone.solve.effort import Effort
from lodestone.solve.one_scenario import scenario_data, solve_scenario
from lodestone.solve.tie_breaking import tidy
from lodestone.solver.highs import Solver
from lodestone.studies.frontier.moved_caps import Move
from lodestone.studies.frontier.results import Frontier, Least, Point, Step
from lodestone.studies.frontier.trace import _consistent as consistent
from lodestone.studies.frontier.trace import frontier, scales, trace
from lodestone.studies.parallel.solves import Where
from lodestone.studies.parallel.source import Source
from lodestone.workbook.inputs import load

TIGHT = 1e-9


def scarce() -> Book:
    """Industry wants 100 t of oxide in 2026 and 2027, none of it short. Ally sells 70 t a year, dear; a refinery of
    20 t can be built for 2027. The rest comes from China: 30 % at least in 2026, 10 % in 2027."""
    book = home(last=2027)
    book["Sectors"] = [["sector", "shortage_cost_usd_per_kg", "min_service_share"], ["industry", 1000, 1]]
    market(book, "china", "China")
    market(book, "ally", "Ally", premium_share=0.5, years=70)
    lane(book, "China", "Home", freight=1)
    lane(book, "Ally", "Home", freight=1)
    recipe(book, "make", oxide=1)
    add(book, "Projects", project="refinery", region="Home", process="make", capacity_t_per_yr=20, capex_musd=3,
        operating_cost_usd_per_kg=50, lead_years=1, life_years=1, funding="public")  # fmt: skip
    add(book, "ChinaShare", cap="oxide_cap", material="oxide", region="Home", sector="industry", years=0.9)
    return book


@pytest.fixture(scope="module")
def workbook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_book(tmp_path_factory.mktemp("frontier") / "plan.xlsx", scarce())


@pytest.fixture(scope="module")
def traced(workbook: Path) -> Frontier:
    return frontier(
        Source.read(workbook, effort=Effort(gap=TIGHT)),
        scales(0.9, 0, 9),
        "oxide_cap",
        from_year=2027,
        where=Where(processes=1),
    )


def least_costs(result: Frontier) -> dict[float, float | None]:
    return {p.scale: p.objective_musd for p in result.points}


# --- points ---------------------------------------------------------------------------------------------------------


def test_the_ends_and_what_lies_between_are_plain_solves(workbook, traced):
    for scale in (0.9, 0.5, 0.1):
        plan = solve_scenario(load(workbook, [f"ChinaShare/oxide_cap/2027={scale}"]), effort=Effort(gap=TIGHT))
        (point,) = [p for p in traced.points if p.scale == scale]
        assert point.objective_musd == pytest.approx(plan.objective_musd, abs=1e-6)
        built = {row["project"]: [row["decision_year"]] for row in plan.tables["investments"]}
        assert point.builds == built


def test_a_named_cap_is_set_in_every_year_in_force(workbook):
    result = frontier(
        Source.read(workbook, effort=Effort(gap=TIGHT)), [0.3, 0.8], "oxide_cap", where=Where(processes=1)
    )

    for scale, cost in least_costs(result).items():
        plan = solve_scenario(load(workbook, [f"ChinaShare/oxide_cap/years={scale}"]), effort=Effort(gap=TIGHT))
        assert cost == pytest.approx(plan.objective_musd, abs=1e-6)


def test_without_a_name_all_caps_are_scaled(tmp_path):
    book = scarce()
    add(book, "ChinaShare", cap="second", material="oxide", region="Home", years={2026: 0.4, 2027: 0.8})
    path = write_book(tmp_path / "two.xlsx", book)
    result = frontier(Source.read(path, effort=Effort(gap=TIGHT)), [0.8, 1.0], where=Where(processes=1))

    sets = ["oxide_cap/2026=0.72", "oxide_cap/2027=0.72", "second/2026=0.32", "second/2027=0.64"]
    plan = solve_scenario(load(path, [f"ChinaShare/{text}" for text in sets]), effort=Effort(gap=TIGHT))
    assert least_costs(result)[0.8] == pytest.approx(plan.objective_musd, abs=1e-6)
    assert least_costs(result)[1.0] == pytest.approx(
        solve_scenario(load(path), effort=Effort(gap=TIGHT)).objective_musd, abs=1e-6
    )


def test_years_in_which_a_cap_is_not_in_force_stay_free(tmp_path):
    book = scarce()
    del book["ChinaShare"]
    add(book, "ChinaShare", cap="oxide_cap", material="oxide", region="Home", sector="industry", years={2027: 0.9})
    result = frontier(
        Source.read(write_book(tmp_path / "later.xlsx", book)), [0.1], "oxide_cap", where=Where(processes=1)
    )

    assert result.found
    assert [x.year for x in result.least_attainable] == [2027]


def test_the_frontier_is_monotone(traced):
    costs = [p.cost for p in traced.found]  # loosest first

    assert all(loose <= tight + 1e-9 for loose, tight in pairwise(costs))
    assert costs[0] < costs[-1] - 1
    assert [p.scale for p in traced.points] == sorted((p.scale for p in traced.points), reverse=True)


@pytest.mark.slow
def test_warm_cold_and_shared_points_are_the_same(workbook, traced):
    data = scenario_data(load(workbook))
    limits = [p.scale for p in traced.points]
    _, cold = trace(data, limits, Move("oxide_cap", 2027), least=False, gap=TIGHT, warm=False)
    shared = frontier(
        Source.read(workbook, effort=Effort(gap=TIGHT)), limits, "oxide_cap", from_year=2027, where=Where(processes=3)
    )

    for mine, other, third in zip(reversed(traced.points), cold, reversed(shared.points), strict=True):
        assert mine.scale == other.scale == third.scale
        assert (mine.objective_musd is None) == (other.objective_musd is None) == (third.objective_musd is None)
        if mine.objective_musd is not None:
            assert other.objective_musd == pytest.approx(mine.objective_musd, abs=1e-6)
            assert third.objective_musd == pytest.approx(mine.objective_musd, abs=1e-6)
    assert shared.least_attainable == traced.least_attainable


def test_a_scenario_and_set_are_those_of_the_plan(tmp_path):
    book = scarce()
    add(book, "Scenarios", scenario="dear")
    add(book, "Changes", scenario="dear", sheet="Prices", row="oxide", column="years", operation="multiply", value=2)
    path = write_book(tmp_path / "plan.xlsx", book)
    sets = ["Sectors/industry/shortage_cost_usd_per_kg=2000"]
    result = frontier(
        Source.read(path, scenario="dear", sets=sets, effort=Effort(gap=TIGHT)),
        [0.5],
        "oxide_cap",
        where=Where(processes=1),
    )

    plan = solve_scenario(load(path, [*sets, "ChinaShare/oxide_cap/years=0.5"]), "dear", effort=Effort(gap=TIGHT))
    assert result.points[0].objective_musd == pytest.approx(plan.objective_musd, abs=1e-6)
    assert (result.scenario, result.sets) == ("dear", tuple(sets))


# --- what cannot be attained ----------------------------------------------------------------------------------------


def test_least_attainable_shares(traced):
    assert [(x.cap, x.year, x.proved) for x in traced.least_attainable] == [
        ("oxide_cap", 2026, True),
        ("oxide_cap", 2027, True),
    ]
    # 2026: 100 t wanted, 70 t from Ally; 2027: 20 t more from the refinery
    assert [x.share for x in traced.least_attainable] == [pytest.approx(0.3, abs=2e-4), pytest.approx(0.1, abs=2e-4)]


def test_that_no_share_at_all_will_do_is_proved_and_said(tmp_path):
    """The reserve must hold 400 days of cover, about 110 t, and has room for 10 t, whatever the cap."""
    book = scarce()
    add(book, "Stockpiles", stockpile="reserve", region="Home", material="oxide", capacity_t=10, years={2026: 400})
    result = frontier(
        Source.read(write_book(tmp_path / "plan.xlsx", book), effort=Effort(gap=TIGHT)), [0.5], where=Where(processes=1)
    )

    assert [(x.year, x.share, x.proved) for x in result.least_attainable] == [(2026, None, True), (2027, None, True)]
    assert result.points[0].message == "no plan keeps these limits"
    assert [x.year for x in result.points[0].beyond] == [2026, 2027]
    sheets = openpyxl.load_workbook(write_frontier(result, tmp_path / "out.xlsx")[0])
    assert "oxide_cap in 2026: no plan at any share" in sheets["Frontier"]["G2"].value
    assert sheets["LeastAttainable"]["E2"].value == "no plan, even without this cap"


def test_a_point_out_of_reach_names_the_limit_that_is(traced):
    tightest = traced.points[-1]

    assert tightest.scale == close(0) and tightest.objective_musd is None
    assert tightest.message == "no plan keeps these limits"
    assert [(x.cap, x.year) for x in tightest.beyond] == [("oxide_cap", 2027)]
    assert traced.points[-2].objective_musd is not None


def test_all_can_be_brought_to_nothing():
    book = scarce()
    book["Markets"].pop()
    market(book, "ally", "Ally", years=500)
    least, points = trace(scenario_data(read(book)), [0.0], Move(), gap=TIGHT)

    assert [x.share for x in least] == close([0, 0])
    assert points[0].objective_musd is not None


def test_caps_are_looked_at_one_by_one():
    """Ally has 70 t of what both caps want clean: each can be had, not both."""
    book = home(last=2026)
    book["Sectors"] = [
        ["sector", "shortage_cost_usd_per_kg", "min_service_share"], ["industry", 1000, 1], ["defence", 1000, 1]
    ]  # fmt: skip
    add(book, "Demand", region="Home", sector="defence", material="oxide", years=70)
    market(book, "china", "China")
    market(book, "ally", "Ally", years=70)
    lane(book, "China", "Home")
    lane(book, "Ally", "Home")
    for sector in ("industry", "defence"):
        add(book, "ChinaShare", cap=f"{sector}_cap", material="oxide", region="Home", sector=sector, years=0.9)
    data = scenario_data(read(book))
    least, points = trace(data, [0.1, 1.0], Move(), gap=TIGHT)

    shares = {x.cap: x.share for x in least}
    assert shares == {"industry_cap": pytest.approx(0.3, abs=2e-4), "defence_cap": 0}
    assert [p.objective_musd is None for p in points] == [True, False]
    named, _ = trace(data, [1.0], Move("industry_cap"), gap=TIGHT)  # the other cap holds: 7 t of the 70 t at least
    assert [x.share for x in named] == [pytest.approx(0.37, abs=2e-4)]


def test_no_plan_even_without_caps():
    book = scarce()
    book["Lanes"] = [book["Lanes"][0], book["Lanes"][2]]  # nothing from China
    least, points = trace(scenario_data(read(book)), [0.5], Move(), gap=TIGHT)

    assert [x.share for x in least] == [None, None]
    assert points[0].objective_musd is None


def test_a_consumption_that_can_be_avoided_has_a_share_of_nothing():
    book = scarce()
    book["Sectors"][1][2] = 0  # all may be left short
    least, _ = trace(scenario_data(read(book)), [0.5], Move(), gap=TIGHT)

    assert [x.share for x in least] == close([0, 0])


# --- what follows from the points -----------------------------------------------------------------------------------


def result_of(*points: Point) -> Frontier:
    return Frontier("w.xlsx", "plan", "base", "cap", None, (), (), points)


def test_prices_and_knees():
    loose = Point(0.5, 100.0, 99.0, {"mine": [2026], "mill": [2027]})
    missing = Point(0.2, message="no plan")
    tight = Point(0.25, 150.0, 150.0, {"mine": [2026, 2028], "plant": [2030]})

    (step,) = result_of(loose, tight, missing).steps
    assert step == Step(0.5, 0.25, 2.0, False, ("mine 2026 -> 2026, 2028", "- mill 2027", "+ plant 2030"))


def test_a_difference_that_the_gaps_allow_is_marked():
    (step,) = result_of(Point(0.5, 100.0, 100.0, {}), Point(0.4, 101.0, 99.5, {})).steps

    assert step.within_gap
    assert step.price_musd == pytest.approx(0.1)


def test_plans_of_tighter_points_and_bounds_of_looser_ones_are_used():
    separate = [Point(0.4, 101.0, 100.0, {"mine": [2026]}), Point(0.5, 102.0, 101.0, {}), Point(0.6, None)]
    tight, loose, missing = consistent(separate)

    assert loose.builds == {"mine": [2026]}
    assert (loose.objective_musd, tight.bound_musd, loose.bound_musd) == close((101, 101, 101))
    assert missing == separate[2]


def test_scales():
    assert scales(0.9, 0, 3) == [0.9, 0.6, 0.3, 0]
    for wrong in ((0.9, 0.9, 3), (0.9, 0, 0), (-1, 0, 3), (float("nan"), 0, 3), (float("inf"), 0, 3)):
        with pytest.raises(UsageError):
            scales(*wrong)


def test_what_is_not_there_is_said_at_once(workbook, tmp_path):
    with pytest.raises(UsageError, match="did you mean oxide_cap"):
        frontier(Source.read(workbook), [0.5], "oxide_capp")
    with pytest.raises(UsageError, match="no scenario"):
        frontier(Source.read(workbook, scenario="nope"), [0.5])
    with pytest.raises(UsageError, match="from 0 to 1"):
        frontier(Source.read(workbook), [1.5], "oxide_cap")
    with pytest.raises(UsageError, match="between 2026 and 2027"):
        frontier(Source.read(workbook), [0.5], "oxide_cap", from_year=2040)
    with pytest.raises(WorkbookError):
        frontier(Source.read(workbook, sets=["Settings/discount_rate=7"]), [0.5])
    bare = scarce()
    del bare["ChinaShare"]
    with pytest.raises(UsageError, match="no cap to move"):
        frontier(Source.read(write_book(tmp_path / "bare.xlsx", bare)), [0.5])


def test_a_solver_is_as_before_after_tidying():
    built = build(single(scenario_data(read(scarce()))))
    solver = Solver(built.model)
    first = solver.solve(TIGHT, 60).objective
    tidy(built, solver, solver.values())
    solver.restore()

    assert solver.solve(TIGHT, 60).objective == pytest.approx(first)


# --- files ----------------------------------------------------------------------------------------------------------


def test_files(traced, tmp_path):
    book, facts = write_frontier(traced, tmp_path / "out" / "frontier.xlsx")

    document = json.loads(facts.read_text(encoding="utf-8"))
    assert document["least_attainable"][1]["share"] == pytest.approx(0.1, abs=2e-4)
    assert {"cap", "year", "share"} <= document["least_attainable"][0].keys()
    assert [p["scale"] for p in document["points"]] == [p.scale for p in traced.points]
    assert {"scale", "objective_musd", "gap", "builds"} <= document["points"][0].keys()
    sheets = openpyxl.load_workbook(book)
    assert sheets.sheetnames == ["Frontier", "LeastAttainable", "Builds", "About"]
    assert len(sheets["Frontier"]._charts) == 1
    assert [row[0] for row in sheets["Frontier"].iter_rows(min_row=2, max_row=11, values_only=True)] == pytest.approx(
        [p.scale for p in traced.points]
    )
    assert "oxide_cap in 2027: at least 10.0%" in sheets["Frontier"]["G11"].value
    assert sorted(p.name for p in book.parent.iterdir()) == ["frontier.json", "frontier.xlsx"]


def test_a_frontier_without_a_plan_is_written_too(tmp_path):
    least = (Least("cap", 2026, None, 0.5), Least("cap", 2027, 0.7, 0.5, proved=False))
    empty = replace(result_of(Point(0.5, message="no plan keeps these limits", beyond=least)), least_attainable=least)

    assert all(path.exists() for path in write_frontier(empty, tmp_path / "f.xlsx"))


def test_hostile_names_are_only_text(tmp_path):
    name = '=HYPERLINK("http://x")$\\alpha$'
    point = Point(0.5, 100.0, 99.0, {name: [2026]})
    hostile = Frontier("../x.xlsx", name, "con", name, None, (), (Least(name, 2026, 0.0, 1.0),), (point,))
    book, *_ = write_frontier(hostile, tmp_path)

    cells = [cell for sheet in openpyxl.load_workbook(book) for row in sheet.iter_rows() for cell in row]
    assert "f" not in {cell.data_type for cell in cells}


@pytest.mark.parametrize("name", ["../x", "con", "x" * 300, "a:b*?", "..", ""])
def test_the_usual_place_is_inside_outputs(name):
    place = KIND.default_out(Path("some") / "plan.xlsx", name, name)

    assert place.parts[:2] == ("outputs", "plan")
    assert len(place.parts) == 3
    assert len(place.name.encode()) < 200


def test_only_a_frontier_is_replaced(traced, tmp_path):
    write_frontier(traced, tmp_path)
    write_frontier(traced, tmp_path)
    (tmp_path / "mine.xlsx").write_text("mine")
    with pytest.raises(UsageError, match="would be replaced"):
        KIND.check_out(tmp_path / "mine.xlsx")
    with pytest.raises(UsageError, match=r"end it in \.xlsx"):
        KIND.check_out(tmp_path / "frontier.csv")
    (tmp_path / "plan.json").write_text("{}")
    with pytest.raises(UsageError, match="holds a run"):
        write_frontier(traced, tmp_path)


def test_the_tutorial_names_the_year_that_is_out_of_reach() -> None:
    tutorial = Path(__file__).parents[2] / "inputs" / "tutorial.xlsx"
    assert tutorial.exists()
    result: Any = frontier(Source.read(tutorial), [0.5, 1.0], "magnet_cap", 2026, where=Where(processes=1))

    assert [x.year for p in result.points for x in p.beyond] == [2026]
