"""The benchmark runs, and every way to HiGHS ends at the same optimum with the same matrix."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest
from benchmarks import kept
from benchmarks.__main__ import report
from benchmarks.generate import Size, write_book
from benchmarks.scale import Case, measure

from lodestone.data.network import network
from lodestone.data.tree import single
from lodestone.solve.effort import Effort
from lodestone.solve.one_scenario import scenario_data, solve_scenario
from lodestone.workbook.inputs import load

pytest.importorskip("linopy")
WAYS = ("lodestone", "appsi", "contrib", "bare", "linopy")


@pytest.mark.slow
def test_all_ways_end_at_the_same_optimum(tmp_path: Path):
    case = Case("tiny", Size(3, 1, 2), gap=1e-9, runs=1, ways=WAYS)
    wholes, sides = measure([case], tmp_path, tell=lambda what: None)

    ((_, answers),) = sides
    ((_, whole),) = wholes
    best = whole["objective"]
    assert best > 0
    assert {way: answer["objective"] for way, answer in answers.items()} == pytest.approx(dict.fromkeys(WAYS, best))
    sizes = {way: tuple(answers[way][n] for n in ("rows", "columns", "nonzeros")) for way in ("lodestone", "bare")}
    assert sizes["lodestone"] == sizes["bare"]
    assert tuple(answers["linopy"][n] for n in ("rows", "columns", "nonzeros")) == sizes["lodestone"]
    text = report(wholes, sides, [])
    assert all(words in text for words in ("same network, linopy", "From file to files"))


def test_figures_are_kept_by_version_and_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(kept, "FOLDER", tmp_path / "results")
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    first = kept.keep("planning", "as it was")
    monkeypatch.setattr(kept, "__version__", "99.0.0")
    second = kept.keep("planning", "as it is")
    again = kept.keep("planning", "measured again")

    assert (first.read_text(), second.read_text()) == ("as it was", "measured again")
    assert (second, second.name.startswith("planning-99.0.0-"), "arm64" in second.name) == (again, True, True)


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
