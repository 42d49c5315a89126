"""What the terminal and the page say of studies: made by hand, read as a planner would."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lodestone.progress import Progress
from lodestone.report.html.studies import figures, read_study
from lodestone.report.studies.stress_files import write_stress
from lodestone.report.studies.sweep_files import write_sweep
from lodestone.report.terminal.alternatives import show_alternatives
from lodestone.report.terminal.explanation import MOST_LINES, show_explanation
from lodestone.report.terminal.frontier import least_in_words, show_frontier
from lodestone.report.terminal.many import WatchMany
from lodestone.report.terminal.stress import show_stress
from lodestone.report.terminal.what_binds import show_what_binds
from lodestone.studies.alternatives.results import Alternatives, Choice, Differing
from lodestone.studies.explanation.results import Change, Explanation, Finding, Repair
from lodestone.studies.frontier.results import Frontier, Least, Point
from lodestone.studies.stress.results import Outcome, Regret, Stress
from lodestone.studies.sweep.results import GridPoint, Sweep, Varied
from lodestone.studies.what_binds.results import Moved, WhatBinds

FILES = [Path("a.xlsx"), Path("a.json")]


# --- frontier --------------------------------------------------------------------------------------------------------

TABLED = Frontier(
    "w.xlsx",
    "plan",
    "base",
    "cap",
    None,
    (),
    (Least("cap", 2027, 0.2, 0.5), Least("cap", 2026, 0.0, 0.5)),
    (
        Point(1.0, 100.0, 99.0, {}),
        Point(0.5, 130.0, 130.0, {"mill": [2027]}),
        Point(0.1, message="no plan keeps these limits", beyond=(Least("cap", 2027, 0.2, 0.5),)),
        Point(0.0, message="stopped before it was begun"),
    ),
)


def test_a_frontier_is_a_table_with_the_price_of_a_point(capsys: pytest.CaptureFixture[str]) -> None:
    """30 MUSD for 50 points of share: 0.60 a point."""
    show_frontier(TABLED, FILES)
    assert capsys.readouterr().out.splitlines() == [
        "Least attainable shares above 0%: cap 2027: 20.0%",
        "Share | Cost (MUSD, discounted) | Gap | MUSD per point | What changes",
        "100.0% | 100.00 | 1.0% |  | ",
        "50.0% | 130.00 | 0.0% | 0.60 | + mill 2027",
        "10.0% |  |  |  | no plan keeps these limits: cap in 2027: at least 20.0%",
        "0.0% |  |  |  | stopped before it was begun",
        "Files: a.xlsx, a.json",
    ]


@pytest.mark.parametrize(
    ("least", "words"),
    [
        ((), "Least attainable shares: not known."),
        ((Least("cap", 2026, 0.0, 0.5),), "Least attainable share: 0% under every cap in every year."),
        ((Least("cap", 2026, None, 0.5),), "Least attainable shares above 0%: cap 2026: no plan"),
        ((Least("cap", 2026, 0.3, 0.5, False),), "Least attainable shares above 0%: cap 2026: at most 30.0%"),
    ],
)
def test_least_shares_in_words(least: tuple[Least, ...], words: str) -> None:
    assert least_in_words(least) == words


def test_points_are_told_as_they_come(capsys: pytest.CaptureFixture[str]) -> None:
    with WatchMany(()) as watch:
        watch.job("cap 0% to 50%", Progress("least", 0.0))
        watch.job("cap 0% to 50%", (Least("cap", 2027, 0.2, 0.5),))
        watch.job("cap 0% to 50%", Point(0.5, 130.0, 130.0, {}))
        watch.job("cap 0% to 50%", Point(0.1, message="no plan keeps these limits"))
    with WatchMany((), quiet=True) as watch:
        watch.job("cap 0% to 50%", Point(0.5, 130.0, 130.0, {}))
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines()[1:] == [
        "Least attainable shares above 0%: cap 2027: 20.0%",
        "50.0%: least cost 130.0 MUSD",
        "10.0%: no plan keeps these limits",
    ]


# --- alternatives and what binds --------------------------------------------------------------------------------------


def test_alternatives_say_what_the_other_way_costs(capsys: pytest.CaptureFixture[str]) -> None:
    """Least cost 100, limit 102. Without must_1 a plan costs 105 at least; without must_2 there is none."""
    choices = (
        Choice("project", "must_1", "Projects!A2", "must", True, (2026,), None, 105.0),
        Choice("floor", "must_2", "Floors!A2", "must", True, (2027, 2028)),
        Choice("contract", "open", "Contracts!A2", "unproved", False),
    )
    best = Differing(100.0, {("project", "must_1"): (2026,)})
    found = Alternatives("w.xlsx", "p", "base", (), 0.02, 100.0, 99.0, choices, (best,), ("1 of 3 was not proved",))
    show_alternatives(found, FILES)
    assert capsys.readouterr().out.splitlines() == [
        "Limit: 102.0 MUSD, 2.0% above the least cost of 100.0 MUSD (gap 1.0%).",
        "Verdict | Decision | Best plan | Years found | Other way (MUSD more)",
        "must | must_1 | yes | 2026 | over 5.00",
        "must | must_2 (floor) | yes | 2027-2028 | no plan",
        "unproved | open (contract) | no |  | ",
        "must: 2 decisions, in every plan within the limit.",
        "unproved: 1 decision, not proved in the time given.",
        "Note: 1 of 3 was not proved.",
        "Files: a.xlsx, a.json",
    ]
    many = tuple(replace(choices[0], name=f"p{i:02}") for i in range(32))
    show_alternatives(replace(found, choices=many), FILES)
    assert "... and 2 decisions more, in the files.\n" in capsys.readouterr().out


def test_where_nothing_binds_it_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    moved = Moved("China share", "cap", "ChinaShare!F2", "one point", False, message="stopped before it was begun")
    show_what_binds(WhatBinds("run", "w.xlsx", "p", "base", 1.0, 1.0, (), (), [moved], ("solve it again",)), FILES)
    assert capsys.readouterr().out.splitlines() == [
        "Nothing binds: no cap, budget, capacity, lane or cover would save anything by itself.",
        "Caps and budgets moved, builds free to change:",
        "ChinaShare!F2 (cap): one point less in every year: stopped before it was begun.",
        "Note: solve it again.",
        "Files: a.xlsx, a.json",
    ]


# --- why there is no plan ---------------------------------------------------------------------------------------------


def test_an_explanation_has_its_cells_its_repairs_and_the_plan_before(capsys: pytest.CaptureFixture[str]) -> None:
    change = Change("ChinaShare!F2", 0.1, 0.3, "share", "the cap", "from 10% to 30%", True)
    repairs = (Repair((change,), 50.0, 0.01, True), Repair((change, change), None, None, False))
    findings = tuple(Finding(f"Demand!D{i}", "more is wanted than can be had") for i in range(2, 2 + MOST_LINES + 2))
    told = Explanation("w.xlsx", "0", "p", "base", (), findings, repairs=repairs, remarks=("That is all.",))
    show_explanation(told, Path("run"), older=True)
    lines = capsys.readouterr().err.splitlines()
    assert lines[1:3] == ["What is wrong (plain arithmetic):", "  Demand!D2: more is wanted than can be had"]
    assert "  and 2 more, see explanation.xlsx" in lines
    assert lines[lines.index("Repair 1: change 1 cell") + 1 :][:2] == [
        "  ChinaShare!F2: from 10% to 30%",
        "  A plan of 50.0 MUSD exists with it (within 1.0% of the least cost).",
    ]
    assert lines[lines.index("Repair 2: change 2 cells") + 3] == (
        "  A plan exists with it; there was no time to find its least cost. Not every part was proved to be needed."
    )
    assert lines[-3:] == [
        "That is all.",
        "The plan in run is of an earlier run.",
        "Files: run/explanation.xlsx and explanation.json",
    ]


# --- stress tests and sweeps, on the terminal and on the page ---------------------------------------------------------


def stressed() -> Stress:
    met = Outcome("base", "scenario", "embargo", 2027, None, 130.0, 30.0, {"defence": 5.0}, {"defence": 0.1}, {}, 0.4)
    lost = Outcome("joint", "exports cut", "China", 2027, None, None, remark="no plan exists", no_plan=True)
    regret = Regret({"base": {"embargo": 10.0}, "joint": {"embargo": 0.0}}, {"base": 10.0, "joint": 0.0}, "joint")
    return Stress("p", "w.xlsx", False, 2027, ("base", "joint"), (met, lost), regret, ("stopped after 2 of 9 cases",))


def test_a_case_that_was_stopped_is_not_called_one_without_a_plan(capsys: pytest.CaptureFixture[str]) -> None:
    study = stressed()
    stopped = Outcome("joint", "exports cut", "Congo", 2027, None, None, remark="stopped before a plan was found")
    bare = Outcome("joint", "scenario", "truce", 2027, None, 90.0)  # the run has no cost in the base to compare with
    show_stress(replace(study, outcomes=(*study.outcomes, stopped, bare)), (Path("stress.xlsx"), Path("stress.json")))
    shown = [line.split(" | ")[:2] for line in capsys.readouterr().out.splitlines() if ": " in line and " | " in line]
    assert shown == [
        ["scenario: embargo", "30.00"],
        ["exports cut: China", "no plan"],
        ["exports cut: Congo", "none found"],
        ["scenario: truce", "unknown"],
    ]


def test_stress_tests_are_drawn_with_their_regret(tmp_path: Path) -> None:
    _, facts = write_stress(stressed(), tmp_path / "stress.xlsx")
    hurts, regret = figures(read_study(facts))
    assert hurts.title == "What hurts most"
    assert [list(row)[:3] for row in hurts.table.rows] == [
        ["base", "scenario", "embargo"],
        ["joint", "exports cut", "China"],
    ]
    assert [list(row) for row in regret.table.rows] == [["base", "embargo", 10.0], ["joint", "embargo", 0.0]]
    assert regret.lead.endswith("Least regret: joint, at most 0 MUSD.")


def test_a_sweep_is_drawn_over_what_is_varied(tmp_path: Path) -> None:
    varied = (Varied("Settings/discount_rate", ("0.1", "0.2")),)
    done = {"status": "optimal", "objective_musd": 12.5, "max_share cap": 0.4, "shortage_t": 0.0}
    points = (GridPoint(("0.1",), done), GridPoint(("0.2",), None, 3, "no plan exists"))
    files = write_sweep(Sweep("w.xlsx", varied, (), points), tmp_path / "sweep.xlsx")
    (figure,) = figures(read_study(files[-1]))
    names = [column.name for column in figure.table.columns]
    first, second = (dict(zip(names, row, strict=True)) for row in figure.table.rows)
    assert (first["objective_musd"], first["max_share cap"]) == (12.5, 0.4)
    assert (second["Settings/discount_rate"], second["status"], second["message"]) == (0.2, "failed", "no plan exists")
    units = {column.name: column.unit for column in figure.table.columns}
    assert (units["objective_musd"], units["max_share cap"], units["shortage_t"]) == ("MUSD", "share", "t")


def test_figures_stand_under_the_point_that_they_are_of(capsys: pytest.CaptureFixture[str]) -> None:
    with WatchMany(()) as watch:
        watch.job("cap", Progress("share 10.0%", 0.0, 150.0, 149.0, 0.01))
        watch.job("cap", Progress("share 20.0%", 0.0))  # nothing is known of it yet
    assert [line.split("  ")[1:-1] for line in capsys.readouterr().err.splitlines()] == [
        ["share 10.0%", "150.0 MUSD", "gap 1.0%"],
        ["share 20.0%"],
    ]
