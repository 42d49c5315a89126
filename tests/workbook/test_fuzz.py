"""Workbooks spoilt at random end in a plan or in a reason; `python -m benchmarks.fuzz` tries thousands."""

from __future__ import annotations

import random

import pytest
from benchmarks import fuzz
from benchmarks.mutate import GENTLE, ROUGH, SAME, Base, Mutated, bases, mutate
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lodestone.workbook.inputs import load

TINY = bases()[1]


@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10**9))
def test_spoilt_workbooks_end_in_a_plan_or_a_reason(seed: int):
    verdict = fuzz.judge(seed)
    assert verdict.fault == "", verdict


@settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10**9))
def test_every_problem_of_a_spoilt_workbook_is_complete(tmp_path_factory: pytest.TempPathFactory, seed: int):
    path = tmp_path_factory.mktemp("fuzz") / "book.xlsx"
    mutated = mutate(TINY, random.Random(seed), path)
    inputs = load(path)
    for problem in (*inputs.problems, *inputs.warnings):
        assert problem.cell and problem.found and problem.wrong and problem.mend, mutated
    if mutated.expected == SAME:
        assert inputs.problems == (), mutated


@pytest.mark.parametrize("change", [*GENTLE, *ROUGH], ids=lambda change: change.__name__)
def test_every_change_is_made(tmp_path, monkeypatch, change):
    """Each kind of change finds something to spoil."""
    monkeypatch.setattr("benchmarks.mutate.GENTLE", [change])
    monkeypatch.setattr("benchmarks.mutate.ROUGH", [change])
    path = tmp_path / "book.xlsx"
    assert any(mutate(TINY, random.Random(seed), path).what for seed in range(12))


@pytest.mark.parametrize(
    ("exit_code", "output", "says"),
    [
        (2, '{"error": "something is wrong"}', "names no cell"),
        (2, '{"error": "x", "problems": [{"cell": "somewhere", "found": "x"}]}', "names no cell"),
        (1, "{}", "exit 1"),
        (3, "{}", "no explanation"),
        (4, '{"error": "the plan did not pass its audit"}', "stopped"),
    ],
)
def test_the_judge_sees_faults(tmp_path, exit_code, output, says):
    unknown = Mutated("tiny", ("something",), "unknown")
    assert says in fuzz._fault("tiny", unknown, exit_code, output, None, tmp_path / "run")
    assert "raised KeyError" in fuzz._fault("tiny", unknown, 1, "", KeyError("x"), tmp_path / "run")


def test_the_judge_knows_what_a_change_must_do(tmp_path, monkeypatch):
    """A price that somebody changed without saying so is found out."""
    monkeypatch.setattr(fuzz, "mutate", lambda base, luck, path: dearer(base, path))
    monkeypatch.setattr(fuzz, "bases", lambda: [TINY])
    assert "another plan" in fuzz.judge(1).fault


def dearer(base: Base, path) -> Mutated:
    import io

    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(base.content))
    book["Prices"]["B2"].value += 1
    book.save(path)
    return Mutated(base.name, ("dearer",), SAME)
