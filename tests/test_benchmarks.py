"""The benchmarks run, every way to HiGHS ends at the same optimum, and what is kept is what is drawn."""

from __future__ import annotations

import json
import platform
from dataclasses import asdict, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyomo.environ as pyo
import pytest
from benchmarks import drawn, kept, studies
from benchmarks.generate import Size, write_book
from benchmarks.planning import Case, by_size, by_way, measure
from benchmarks.textbook import textbook, value_added

from lodestone.data.network import network
from lodestone.data.tree import single
from lodestone.rules.build import build
from lodestone.solve.effort import Effort
from lodestone.solve.one_scenario import scenario_data, solve_scenario
from lodestone.solver.highs import Solver
from lodestone.studies.tornado.groups import groups
from lodestone.workbook.inputs import load

TUTORIAL = Path(__file__).parents[1] / "inputs" / "tutorial.xlsx"
WAYS = ("lodestone", "appsi", "contrib", "bare", "textbook", *(n for n in ("linopy", "pypsa") if find_spec(n)))


@pytest.mark.slow
def test_all_ways_end_at_the_same_optimum(tmp_path: Path):
    case = Case("tiny", Size(3, 1, 2), gap=1e-9, runs=1, ways=WAYS)
    wholes, sides = measure([case], tmp_path, tell=lambda what: None)

    ((_, answers),) = sides
    ((_, whole),) = wholes
    best = whole["objective"]
    assert best > 0
    assert {way: answer["objective"] for way, answer in answers.items()} == pytest.approx(dict.fromkeys(WAYS, best))
    same = [way for way in ("bare", "linopy") if way in WAYS]
    sizes = {way: tuple(answers[way][n] for n in ("rows", "columns", "nonzeros")) for way in ("lodestone", *same)}
    assert set(sizes.values()) == {sizes["lodestone"]}
    tables = {"by_size": [by_size(case, whole)], "ways": by_way(case, answers)}
    text = kept.result("planning", tables, "").page()
    assert all(words in text for words in ("same network, textbook", "From file to files", "| tiny |"))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return scenario_data(load(write_book(Size(3, 1, 2), tmp_path_factory.mktemp("tiny") / "book.xlsx")))


@pytest.fixture(scope="module")
def least(tiny: Any) -> float:
    return Solver(build(single(tiny)).model).solve(0.0, 60.0).objective


def test_the_textbook_asks_the_same_of_a_network(tiny: Any, least: float):
    model = textbook(tiny, value_added)
    pyo.SolverFactory("appsi_highs").solve(model)
    assert pyo.value(model.cost) == pytest.approx(least, rel=1e-9)


def answer(cost: float | None, cpu: float) -> dict[str, Any]:
    seconds = {"build": [9.0, cpu], "load": [9.0, cpu], "back": [9.0, cpu], "highs": [9.0, 9.0]}
    return {"seconds": seconds, "objective": cost, "peak_mb": 50.0, "columns": 7}


def test_ratios_are_of_cpu_seconds_outside_highs():
    own, other = by_way(Case("c", Size(3, 1, 2)), {"lodestone": answer(100.0, 2.0), "linopy": answer(100.00009, 0.5)})
    assert (own["cpu_s"], other["cpu_s"], other["ratio"]) == (6.0, 1.5, 0.25)
    assert (own["clock_s"], own["back_s"]) == (27.0, 2.0)


def test_ways_that_end_at_different_optima_are_not_compared():
    with pytest.raises(ValueError, match="different optima"):
        by_way(Case("c", Size(3, 1, 2)), {"lodestone": answer(100.0, 1.0), "linopy": answer(100.0002, 1.0)})


def result(version: str, ratio: float, of: str = "linux-x86_64-2") -> kept.Result:
    row = {"size": "large", "way": "same network, linopy", "columns": 20_000, "ratio": ratio}
    own = {"size": "large", "way": "this project", "columns": 20_000, "build_s": 0.75, "load_s": 0.25, "peak_mb": 100}
    return kept.Result("planning", version, of, {"numpy": "2"}, None, "Busy.", {"ways": [own, row]})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(kept, "FOLDER", tmp_path / "results")
    return tmp_path / "results"


def test_figures_are_kept_by_version_and_machine(folder: Path):
    first, second = result("0.10.0", 2.0), result("0.9.0", 4.0)
    paths = [kept.keep(r) for r in (first, second, replace(first, on="2026-11-30"))]

    assert [path.name for path in paths] == [f"planning-0.{v}.0-linux-x86_64-2.json" for v in (10, 9, 10)]
    assert kept.kept() == [second, replace(first, on="2026-11-30")]
    page = (folder / "planning-0.10.0-linux-x86_64-2.md").read_text(encoding="utf-8")
    assert "| large | same network, linopy | 20,000 |  |  | 2.00 |  |" in page  # no build and load, a ratio, no memory


def test_what_is_not_released_comes_after_what_is(folder: Path):
    for version in ("0.2.0+dev", "0.2.0", "0.10.0", "0.2.1"):
        kept.keep(result(version, 1.0))
    assert [r.version for r in kept.kept()] == ["0.2.0", "0.2.0+dev", "0.2.1", "0.10.0"]


def test_the_version_says_whether_it_is_released(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(kept, "CHANGELOG", tmp_path / "CHANGELOG.md")
    monkeypatch.setattr(kept, "__version__", "7.1.0")
    found = []
    for heading in ("## [Unreleased]", "## 7.1.0 - 2030-01-01"):
        kept.CHANGELOG.write_text(f"# Changelog\n\n{heading}\n\n## 7.0.0 - 2029-01-01\n", encoding="utf-8")
        found.append(kept.measured_version())
    assert found == ["7.1.0+dev", "7.1.0"]


def test_a_machine_has_its_own_file(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(platform, "machine", lambda: "ARM64")
    assert kept.result("planning", {}, "").name.startswith(f"planning-{kept.measured_version()}-")
    assert "arm64" in kept.result("planning", {}, "").name


def test_a_dot_stands_where_its_ratio_is():
    """The axis goes from 0.1 to 10: 1 is in its middle, half of 370 to 720."""
    lines = {"linopy": {"0.1.0": 0.5, "0.2.0": 1.0}, "PyPSA": {"0.2.0": 8.0}}
    svg = drawn.picture("Ways", "ratio", lines, ["0.1.0", "0.2.0"], "this project")
    assert '<circle cx="545.0" cy="66"' in svg
    assert '<circle cx="492.3" cy="66"' in svg  # 545 + 175 log10(0.5)
    assert '<circle cx="703.0" cy="86"' in svg  # 545 + 175 log10(8)
    assert "<title>linopy, 0.1.0: 0.5</title>" in svg


def test_versions_stand_side_by_side_on_the_page():
    results = [result("0.1.0", 4.0), result("0.2.0", 2.0)]
    pictures = drawn.pictures(results)
    ways = pictures["pictures/benchmarks_ways.svg"]
    assert all(f"large: linopy, {v}" in ways for v in ("0.1.0: 4", "0.2.0: 2"))
    assert "large, 0.1.0: 1<" in pictures["pictures/benchmarks_time.svg"]  # 0.75 + 0.25 s
    page = drawn.page(results)
    assert "(pictures/benchmarks_ways.svg)" in page
    assert "(pictures/benchmarks_studies.svg)" not in page  # nothing of it is kept
    assert page.count("| large | same network, linopy |") == 1  # the table is that of the newest


def test_two_machines_are_not_mixed_up():
    results = [result("0.1.0", 4.0), result("0.1.0", 2.0, of="darwin-arm64-8")]
    ways = drawn.pictures(results)["pictures/benchmarks_ways.svg"]
    assert "0.1.0, linux-x86_64-2: 4" in ways
    assert "0.1.0, darwin-arm64-8: 2" in ways


@pytest.mark.parametrize("name", drawn.pages())
def test_the_page_shows_what_is_kept(name: str):
    found = (drawn.DOCS / name).read_text(encoding="utf-8")
    assert found == drawn.pages()[name], "draw it again: python -m benchmarks.drawn"


@pytest.mark.parametrize("path", sorted(kept.FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_a_kept_table_is_what_its_figures_say(path: Path):
    found = kept.Result(**json.loads(path.read_text(encoding="utf-8")))
    assert found.name == path.stem
    assert asdict(found) == json.loads(path.read_text(encoding="utf-8"))
    assert path.with_name(f"{path.stem}.md").read_text(encoding="utf-8") == found.page()


def test_a_workbook_without_threats_gets_twelve(tmp_path: Path):
    """The tutorial has a plant and two markets, and four years."""
    inputs = load(studies.threatened(TUTORIAL, tmp_path))
    inputs.require_valid()
    threats = [r for r in inputs.tables().records["Scenarios"].values() if r.values.get("threat")]
    assert [threat.key for threat in threats] == [(f"threat_{i}",) for i in range(1, 13)]
    assert studies.threatened(inputs.path, tmp_path) == inputs.path  # it has some now


def test_the_workbook_of_the_studies_has_fifty_groups_of_figures(tmp_path: Path):
    """20 sheets and columns, of them Plants twice by 9 processes, Demand by 3 metals, Lanes by 6 origins, Prices by
    9 materials."""
    inputs = load(studies.generated(tmp_path))
    inputs.require_valid()
    assert len(groups(inputs.tables())) == 20 + 2 * 8 + 2 + 5 + 8


def test_flow_variables_are_as_many_as_size_says(tmp_path: Path):
    """Ore moves in one stream from each region; oxide and metal in two, but from China in one."""
    regions, minerals, years = 4, 2, 3
    expected = minerals * years * regions * (regions + 2 * (2 * regions - 1))
    path = write_book(Size(regions, minerals, years), tmp_path / "book.xlsx")
    nets = network(single(scenario_data(load(path))))
    assert sum(len(net.ship) for net in nets.values()) == expected


def test_projects_and_scenarios_are_valid_and_matter(tmp_path: Path):
    path = write_book(Size(4, 2, 5, projects=4, scenarios=2), tmp_path / "book.xlsx")
    inputs = load(path)
    assert (inputs.problems, inputs.scenario_names) == ((), ("base", "future_1", "future_2"))
    plan = solve_scenario(inputs, effort=Effort(gap=0.001))
    assert plan.model["integers"] > 0
    assert plan.tables["investments"], "nobody builds anything: the size shows no decisions"
