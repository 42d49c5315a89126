"""lodestone watch: a new version of the workbook is noticed once it is whole, and its plan compared with the last."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.make import tiny, write_book
from tests.plan_document import small_plan

from lodestone.commands import main
from lodestone.plan.plan import Plan
from lodestone.progress import Progress
from lodestone.runs import saved_workbook as watching
from lodestone.runs.saved_workbook import LOOK_EVERY_S, SavedWorkbook, last_plan
from lodestone.solve.effort import Effort

Step = Callable[[], Any]


class Clock:
    """Time that passes only when somebody sleeps; each sleep is followed by the next step of what people do."""

    def __init__(self) -> None:
        self.now = 0.0
        self.steps: dict[float, Step] = {}

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        for when in sorted(self.steps):
            if when <= self.now:
                self.steps.pop(when)()
        if self.now > 500:
            pytest.fail("waited in vain")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(watching, "time", clock)
    return clock


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return write_book(tmp_path / "plan.xlsx", tiny())


def with_demand(t: float) -> dict[str, Any]:
    """tiny() with this demand in 2026, and none in 2027."""
    book = tiny()
    book["Demand"][1][3:] = [t, 0]
    return book


def stop() -> None:
    raise KeyboardInterrupt


def watch(*options: str) -> Result:
    result = CliRunner().invoke(main, ["watch", "plan.xlsx", *options])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


# --- when is a version new? -----------------------------------------------------------------------------------------


def test_a_version_is_taken_once(book: Path, clock: Clock) -> None:
    saved = SavedWorkbook(book)
    saved.wait()
    assert not saved.is_new()
    os.utime(book, (1, 1))  # touched, not changed
    clock.sleep(5)
    assert not saved.is_new()
    write_book(book, with_demand(7))
    assert not saved.is_new()  # it may still be written to
    clock.sleep(1)
    assert saved.is_new()
    saved.wait()
    assert not saved.is_new()


def test_a_half_saved_file_is_waited_for(book: Path, clock: Clock) -> None:
    saved = SavedWorkbook(book)
    saved.wait()
    started = clock.now
    whole = write_book(book.with_name("new.xlsx"), with_demand(7)).read_bytes()
    book.write_bytes(whole[:-100])
    clock.steps = {started + 4: lambda: book.write_bytes(whole)}
    saved.wait()
    assert started + 5 <= clock.now <= started + 5 + 2 * LOOK_EVERY_S


def test_a_file_that_is_saved_by_renaming_is_missing_for_a_while(book: Path, clock: Clock) -> None:
    saved = SavedWorkbook(book)
    saved.wait()
    started = clock.now
    temporary = write_book(book.with_name("~$plan.xlsx"), with_demand(7))
    book.unlink()
    clock.steps = {started + 3: lambda: temporary.rename(book)}
    saved.wait()
    assert clock.now >= started + 4


def test_a_locked_file_is_waited_for(book: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    saved = SavedWorkbook(book)
    real = Path.read_bytes

    def locked(path: Path) -> bytes:
        if clock.now < 6:
            raise PermissionError("locked")
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", locked)
    saved.wait()
    assert clock.now >= 6


def test_saves_that_follow_each_other_are_one(book: Path, clock: Clock) -> None:
    saved = SavedWorkbook(book)
    saved.wait()
    started = clock.now
    steps = {started + 0.6 * n: (lambda n=n: write_book(book, with_demand(10 + n))) for n in range(1, 6)}
    clock.steps = dict(steps)
    saved.wait()
    assert clock.now >= started + 3 + 1
    assert not saved.is_new()


def test_what_never_becomes_whole_is_taken_in_the_end(book: Path, clock: Clock) -> None:
    book.write_text("no workbook")
    SavedWorkbook(book).wait()
    assert 10 <= clock.now <= 12


def test_the_last_plan(tmp_path: Path) -> None:
    assert last_plan(tmp_path) is None
    (tmp_path / "plan.json").write_text('{\n"format": 1}')
    assert last_plan(tmp_path) is None  # not to be compared


# --- the command ----------------------------------------------------------------------------------------------------


def test_every_save_is_solved_and_what_changed_is_said(book: Path, clock: Clock) -> None:
    write_book(book, with_demand(100))
    clock.steps = {20: lambda: write_book(book, with_demand(150)), 40: stop}
    result = watch("--gap", "0")
    assert result.exit_code == 0
    first, _, second = result.stdout.partition("Files")
    assert first.startswith("Plan ")
    assert "Inputs that changed | before | now\nDemand/Home/defence/oxide/2026 | 100 | 150" in second
    assert (
        "Objective 9.15 MUSD (discounted), +3.05 against before; all decisions are the same." in second
    )  # 150 t at 61 USD/kg
    plan = json.loads(Path("outputs/plan/base/plan.json").read_text(encoding="utf-8"))
    assert plan["objective_musd"] == pytest.approx(9.15)
    assert result.stderr.endswith("Waiting for the next save; Ctrl-C ends.\nThe watch has ended.\n")


def test_the_plan_of_an_earlier_watch_is_compared_with(book: Path, clock: Clock) -> None:
    clock.steps = {20: stop}
    watch()
    clock.steps = {40: stop}
    assert "as before; all decisions are the same." in watch().stdout


def test_problems_are_shown_and_the_next_save_is_waited_for(book: Path, clock: Clock) -> None:
    write_book(book, with_demand(-1))
    clock.steps = {20: lambda: write_book(book, with_demand(100)), 40: stop}
    result = watch()
    assert "Demand!D2 | -1 | the value for 2026 must be at least 0" in result.stderr
    assert "Error: 1 problem in the workbook\nWaiting for the next save" in result.stderr
    assert result.stdout.startswith("Plan ")
    assert result.exit_code == 0


def test_a_save_without_a_plan_does_not_end_the_watch(book: Path, clock: Clock) -> None:
    impossible = with_demand(100)
    impossible["Sectors"] = [[*impossible["Sectors"][0], "min_service_share"], [*impossible["Sectors"][1], 1]]
    impossible["Lanes"] = [impossible["Lanes"][0]]
    write_book(book, impossible)
    clock.steps = {20: lambda: write_book(book, with_demand(100)), 40: stop}
    result = watch("--quiet")
    assert "Error: no plan" in result.stderr
    assert result.stdout == ""
    assert Path("outputs/plan/base/plan.json").exists()


def test_a_save_during_a_solve_begins_it_anew(book: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[float] = []

    def search(inputs: Any, scenario: str, effort: Effort) -> Plan:
        calls.append(clock.now)
        effort.on_progress(Progress("solve", 1.0))
        if len(calls) == 1:
            write_book(book, with_demand(7))
            assert not effort.should_stop()
            clock.sleep(2)
            assert effort.should_stop()
            return small_plan(plan_name="out of date")
        clock.steps = {clock.now + 5: stop}
        return small_plan(plan_name="up to date")

    monkeypatch.setattr("lodestone.solve.one_scenario.solve_scenario", search)
    result = watch()
    assert len(calls) == 2
    assert "out of date" not in result.stdout
    assert "up to date" in result.stdout


@pytest.mark.skipif(os.name == "nt", reason="signals are sent otherwise there")
def test_ctrl_c_during_a_solve_keeps_the_plan_and_ends(
    book: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def search(inputs: Any, scenario: str, effort: Effort) -> Plan:
        os.kill(os.getpid(), signal.SIGINT)
        assert effort.should_stop()
        return small_plan(status="feasible", gap=0.25)

    monkeypatch.setattr("lodestone.solve.one_scenario.solve_scenario", search)
    result = watch()
    assert result.exit_code == 0
    assert "feasible (gap 25.0%)" in result.stdout
    assert Path("outputs/plan/base/plan.json").exists()


def test_a_wrong_name_is_said_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = watch()
    assert (result.exit_code, "does not exist" in result.stderr) == (2, True)
