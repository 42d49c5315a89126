"""How a study is divided into tasks, and what they tell under their labels."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import pytest

from lodestone.progress import Progress, ShouldStop
from lodestone.studies.parallel.solves import Where, task_count
from lodestone.studies.parallel.tasks import AsItIs, Failure, Tell, by_label


@dataclass(frozen=True)
class Told(AsItIs):
    label: str

    def run(self, tell: Tell, should_stop: ShouldStop) -> str:
        return self.label


def test_a_study_has_as_many_tasks_as_processes_that_are_worth_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    assert task_count(10, Where(None, None)) == 4  # one for each core
    assert task_count(3, Where(None, None)) == 3
    assert task_count(10, Where(2, None)) == 2
    assert task_count(10, Where(None, "tcp://host:8786")) == 10  # a cluster may have any number of workers
    assert task_count(10, Where(2, "tcp://host:8786")) == 2
    assert task_count(0, Where(None, None)) == 0


def test_news_are_told_under_the_label_of_the_task_and_values_are_not():
    heard: list[tuple[str, Any]] = []
    tasks = [Told("first"), Told("second")]
    hear = by_label(tasks, lambda label, news: heard.append((label, news)), (Progress, tuple))
    progress, failure = Progress("solve", 1.0), Failure(4, "stopped")
    for place, news in ((1, progress), (0, ("a", "point")), (0, "its value"), (1, failure)):
        hear(place, news)
    assert heard == [("second", progress), ("first", ("a", "point")), ("first", None), ("second", failure)]
    by_label(tasks, None)(0, progress)  # nobody listens


def test_a_value_with_which_nothing_is_done_comes_back_as_it_is():
    value = {"a": 1}
    assert Told("x").finish(value) is value
