"""Other good plans: must, may and never are what trying every combination of decisions gives."""

from __future__ import annotations

import itertools
import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest
from click.testing import CliRunner
from tests.make import Book, write_book
from tests.oracle.books import some_book
from tests.processes import in_this_process
from tests.solving import add, close, home, market, recipe

from lodestone.commands import main
from lodestone.data.tree import single
from lodestone.errors import NoPlanError, UsageError
from lodestone.report.studies.alternatives_files import write_alternatives
from lodestone.rules.build import build
from lodestone.solve.effort import Effort, Search
from lodestone.solve.one_scenario import scenario_data
from lodestone.solver.highs import Solver
from lodestone.studies.alternatives import search as studies
from lodestone.studies.alternatives.good_plans import GoodPlans
from lodestone.studies.alternatives.results import Alternatives, in_words, limit
from lodestone.studies.alternatives.search import alternatives, parse_within
from lodestone.studies.parallel.solves import Where
from lodestone.studies.parallel.source import Source
from lodestone.workbook.inputs import load

TIGHT = 1e-9


def study(folder: Path, book: Book, within: float = 0.02, gap: float = TIGHT) -> Alternatives:
    """In this process."""
    path = write_book(folder / "plan.xlsx", book)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(studies, "run_tasks", in_this_process)
        return alternatives(Source.read(path, effort=Effort(gap=gap)), within, where=Where(processes=1))


def verdicts(found: Alternatives) -> dict[str, str]:
    return {choice.name: choice.verdict for choice in found.choices}


# --- against every combination ---------------------------------------------------------------------------------------


def every_plan(path: Path) -> list[tuple[float, frozenset[str]]]:
    """Cost and decisions taken of every combination of integers that has a plan, each a linear programme."""
    built = build(single(scenario_data(load(path))))
    solver = Solver(built.model)
    m = built.model
    names = {}
    for variables in (m.investments.build, m.price_floors.award, m.contracts.sign):
        for (_, name), variable in variables.items():
            if id(variable) in solver.column:
                names[solver.column[id(variable)]] = name
    integers = np.flatnonzero(solver.integer)
    assert set(names) == set(integers.tolist())
    ranges = [range(int(solver.lower[i]), int(solver.upper[i]) + 1) for i in integers]
    plans = []
    for whole in itertools.product(*ranges):
        values = np.zeros(len(solver.variables))
        values[integers] = whole
        solver.restore()
        solver.hold_integers(values)
        cost = solver.solve_linear()
        if cost is not None:
            plans.append((cost, frozenset(names[i] for i, x in zip(integers, whole, strict=True) if x)))
    return plans


def small_enough(path: Path, most: int = 600) -> bool:
    solver = Solver(build(single(scenario_data(load(path)))).model)
    return float(np.prod(solver.upper[solver.integer] + 1)) <= most


def expected(plans: list[tuple[float, frozenset[str]]], name: str, within: float) -> str | None:
    """None: a plan lies too near to the limit for it to be said."""
    least = min(cost for cost, _ in plans)
    most = limit(least, within)
    if within and any(abs(cost - most) < 1e-6 for cost, _ in plans):
        return None
    taken = {name in decided for cost, decided in plans if cost <= most + 1e-7}
    return {frozenset({True}): "must", frozenset({False}): "never"}.get(frozenset(taken), "may")


@pytest.mark.parametrize("shortcuts", [True, False])
@pytest.mark.parametrize("seed", range(8))
def test_every_combination_agrees(tmp_path, seed, shortcuts):
    within = [0.0, 0.01, 0.05, 0.3][seed % 4]
    for i in range(20):  # the first random workbook with few enough combinations and a plan
        path = write_book(tmp_path / f"{i}.xlsx", some_book(random.Random(1000 * seed + i).choice))
        if small_enough(path) and (plans := every_plan(path)):
            break
    search = found_by_search(path, within, shortcuts)
    names = {name for _, decided in plans for name in decided} | {name for name in search}
    compared = 0
    for name in names:
        if (verdict := expected(plans, name, within)) is not None:
            assert search[name] == verdict, name
            compared += 1
    assert compared or within


def found_by_search(path: Path, within: float, shortcuts: bool) -> dict[str, str]:
    """As the study does, in this process; without shortcuts the mixed-integer programme answers every question."""
    data = scenario_data(load(path))
    search = GoodPlans(data, lambda news: None, None)
    _, cost, _ = search.best(Search(TIGHT, 60))
    search.limit = limit(cost, within) + 1e-9 * max(1.0, abs(cost))
    if shortcuts:
        search.look_nearby(search.open_questions(), 1e18)
        search.bound_all(search.open_questions(), 1e18)
    search.seek_all(search.open_questions(), 1e18)
    assert search.open_questions() == []
    taken = [search.taken(whole) for whole, cost in search.plans.items() if cost <= search.limit]
    found = {}
    for key, columns in search.columns.items():
        sides = {key in plan for plan in taken}
        found[key[1]] = "never" if not columns or sides == {False} else "must" if sides == {True} else "may"
        for side in (True, False):
            assert ((key, side) in search.beyond) == (side not in sides) or not columns
    return found


# --- the study --------------------------------------------------------------------------------------------------------


def choose(*capex: float, demand: float = 20, **settings: Any) -> Book:
    """Industry wants 20 t of oxide in 2026 and 2027; short, a kg costs 1000. Refineries of 20 t make it from nothing,
    each at its capex (MUSD), all public, no other cost."""
    book = home(last=2027, demand=demand, **settings)
    recipe(book, "make", oxide=1)
    for i, musd in enumerate(capex):
        add(book, "Projects", project=f"refinery_{i}", region="Home", process="make", capacity_t_per_yr=20,
            capex_musd=musd, lead_years=0, life_years=2, funding="public", latest_year=2026)  # fmt: skip
    return book


def test_a_build_that_nothing_replaces_is_must(tmp_path):
    """Without the refinery 40 t are short: 40 MUSD instead of 10."""
    found = study(tmp_path, choose(10), within=0.5)
    (choice,) = found.choices
    assert (choice.verdict, choice.in_best, choice.years, choice.cell) == ("must", True, (2026,), "Projects!A2")
    assert choice.other_musd is None and choice.other_bound_musd > 15
    assert "in every plan within 50.0%" in in_words(choice, found)
    assert found.best_musd == pytest.approx(10) and found.limit_musd == pytest.approx(15)


def test_identical_projects_are_may_and_so_is_no_more_than_one_dear_one(tmp_path):
    """Two refineries of 10 MUSD: either will do. A third of 20 is beyond 5 %; both of the first too."""
    found = study(tmp_path, choose(10, 10, 20), within=0.05)
    assert verdicts(found) == {"refinery_0": "may", "refinery_1": "may", "refinery_2": "never"}
    first, second = found.plans
    assert (first.cost_musd, second.cost_musd, second.distance) == (pytest.approx(10), pytest.approx(10), 2)
    assert second.most
    assert first.decisions.keys() ^ second.decisions.keys() == {("project", "refinery_0"), ("project", "refinery_1")}


def test_within_nothing_only_ties_are_open(tmp_path):
    found = study(tmp_path, choose(10, 10.001), within=0.0)
    assert verdicts(found) == {"refinery_0": "must", "refinery_1": "never"}
    assert len(found.plans) == 1


def test_the_edge_of_the_limit(tmp_path):
    """A refinery of 10.2 MUSD costs exactly 2 % more than one of 10: 'within 2 %' includes it, 1.9 % does not."""
    assert verdicts(study(tmp_path, choose(10, 10.2), within=0.02)) == {"refinery_0": "may", "refinery_1": "may"}
    assert verdicts(study(tmp_path, choose(10, 10.2), within=0.019)) == {"refinery_0": "must", "refinery_1": "never"}


def selling(gain: float) -> Book:
    """Nothing is wanted; 20 t a year can be sold at 60: two refineries of 1 MUSD earn 2.4 - 1 each."""
    book = choose(1, 1 + gain, demand=0)
    market(book, "exporter", "Home", side="sell", years=20)
    return book


def test_a_negative_cost_has_its_limit_above_it(tmp_path):
    """Best: one refinery, 1 - 2 x 20 x 0.06 = -1.4 MUSD. 10 % of its amount more: -1.26. The other at 1.1 is within,
    at 1.2 it is not."""
    within = study(tmp_path, selling(0.1), within=0.1)
    assert within.best_musd == pytest.approx(-1.4) and within.limit_musd == pytest.approx(-1.26)
    assert verdicts(within) == {"refinery_0": "may", "refinery_1": "may"}
    assert any("negative" in remark for remark in within.remarks)
    assert verdicts(study(tmp_path, selling(0.2), within=0.1)) == {"refinery_0": "must", "refinery_1": "never"}


def test_a_cost_of_nothing_leaves_no_room(tmp_path):
    """Nothing is wanted and nothing earned: 2 % of nothing is nothing, so a refinery that costs is in no plan."""
    found = study(tmp_path, choose(1, demand=0), within=0.02)
    assert verdicts(found) == {"refinery_0": "never"}
    assert found.limit_musd == close(0)


def test_a_gap_wider_than_the_share_is_said_and_never_makes_a_false_must(tmp_path):
    """With a gap of 100 % the solver may stop at any plan; what is claimed holds for all plans below its cost."""
    book = choose(10, 11, 12)
    found = study(tmp_path, book, within=0.001, gap=1.0)
    path = write_book(tmp_path / "plan.xlsx", book)
    plans = every_plan(path)
    for choice in found.choices:
        taken = {choice.name in decided for cost, decided in plans if cost <= found.limit_musd + 1e-7}
        expected_ = {frozenset({True}): "must", frozenset({False}): "never"}.get(frozenset(taken), "may")
        assert choice.verdict == expected_
    if found.gap > found.within:
        assert any("gap" in remark for remark in found.remarks)


def test_a_risk_weight_changes_nothing_of_one_scenario(tmp_path):
    book = choose(10, 10.1, risk_weight=0.7)
    assert verdicts(study(tmp_path, book)) == {"refinery_0": "may", "refinery_1": "may"}


def test_copies_count_in_parts(tmp_path):
    """40 t are wanted: two copies of the first for 20 MUSD, or one and the second for 20.5: a half and a whole away."""
    book = choose(10, 10.5, demand=40)
    column = book["Projects"][0]
    column.append("max_builds")
    book["Projects"][1].append(2)
    found = study(tmp_path, book, within=0.04)
    assert verdicts(found) == {"refinery_0": "must", "refinery_1": "may"}
    assert [(plan.cost_musd, plan.distance) for plan in found.plans] == [
        (pytest.approx(20), 0),
        (pytest.approx(20.5), 1.5),
    ]


def test_no_time_means_unproved(tmp_path, monkeypatch):
    """A question that is not answered is never a verdict."""
    path = write_book(tmp_path / "plan.xlsx", choose(10, 10.1))
    data = scenario_data(load(path))
    search = GoodPlans(data, lambda news: None, None)
    search.best(Search(TIGHT, 60))
    search.limit = 10.2
    search.seek_all(search.open_questions(), ends=0.0)
    assert len(search.open_questions()) == 2 and search.known.beyond == {}


@pytest.mark.slow
def test_processes_do_not_matter_and_the_files_tell_it_all(tmp_path):
    book = choose(10, 10.1, 10.15, 10.2)
    one = study(tmp_path, book)
    two = alternatives(
        Source.read(tmp_path / "plan.xlsx", effort=Effort(gap=TIGHT)), 0.02, where=Where(processes=2)
    )  # in processes of their own
    assert one == two
    workbook, facts = write_alternatives(one, tmp_path / "alternatives.xlsx")
    sheets = openpyxl.load_workbook(workbook)
    assert sheets.sheetnames == ["Decisions", "Plans", "PlansByDecision", "About"]
    assert [row[0].value for row in sheets["Decisions"].iter_rows(min_row=2)] == ["may"] * 4
    document = json.loads(facts.read_text())
    assert document["limit_musd"] == pytest.approx(10.2)
    assert [choice["verdict"] for choice in document["choices"]] == ["may"] * 4
    assert len(document["plans"]) == len(one.plans) > 2
    with pytest.raises(UsageError, match="not written by lodestone alternatives"):
        (tmp_path / "other.xlsx").write_text("mine")
        write_alternatives(one, tmp_path / "other.xlsx")


@pytest.mark.parametrize(("text", "share"), [("2%", 0.02), ("2 %", 0.02), ("0.02", 0.02), ("0", 0.0), ("100%", 1.0)])
def test_shares_as_people_write_them(text, share):
    assert parse_within(text) == pytest.approx(share)


@pytest.mark.parametrize("text", ["two", "", "-1%", "2", "nan", "%"])
def test_what_is_no_share_is_refused(text):
    with pytest.raises(UsageError, match="--within"):
        parse_within(text)


def test_no_plan_is_no_study(tmp_path):
    book = choose(10)
    book["Sectors"] = [["sector", "shortage_cost_usd_per_kg", "min_service_share"], ["industry", 1000, 1]]
    book["Projects"][1][book["Projects"][0].index("capacity_t_per_yr")] = 5
    with pytest.raises(NoPlanError):
        study(tmp_path, book)


def test_the_command_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(studies, "run_tasks", in_this_process)
    write_book(tmp_path / "plan.xlsx", choose(10, 10.1, 20))
    result = CliRunner().invoke(main, ["alternatives", "plan.xlsx", "--within", "2 %", "--gap", "0"])
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0] == "Limit: 10.2 MUSD, 2.0% above the least cost of 10.0 MUSD (gap 0.0%)."
    assert lines[2:4] == ["may | refinery_0 | yes | 2026 | 0.10", "may | refinery_1 | no | 2026 | 0.10"]
    assert "never: 1 decision, in no plan within the limit." in lines
    assert "Other plan 1, 10.1 MUSD: takes refinery_1 2026, leaves out refinery_0 2026." in lines
    assert Path("outputs/plan/alternatives.xlsx").exists()

    result = CliRunner().invoke(main, ["alternatives", "plan.xlsx", "--within", "much"])
    assert result.exit_code == 2 and "--within much" in result.stderr


def test_in_a_large_model_plans_that_differ_are_climbed_to_and_not_proved(tmp_path, monkeypatch):
    """Any two of five refineries at 10, 10.1 ... 10.4, the best at 20.1; 4 % more, 20.9, leaves out no pair."""
    book = choose(10, 10.1, 10.2, 10.3, 10.4, demand=40)
    exact = study(tmp_path, book, within=0.04)
    assert (exact.plans[1].distance, exact.plans[1].most) == (4, True)  # two others
    monkeypatch.setattr("lodestone.studies.alternatives.far_plans.SMALL", 0)
    best, *others = study(tmp_path, book, within=0.04).plans
    assert len(others) >= 2
    for plan in others:
        pair = [int(name.removeprefix("refinery_")) for _, name in plan.decisions]
        assert plan.cost_musd == pytest.approx(sum(10 + 0.1 * i for i in pair))
        assert plan.distance >= 2
        assert not plan.most
    assert len({frozenset(plan.decisions) for plan in (best, *others)}) == 1 + len(others)
