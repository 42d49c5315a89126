"""What a run replaces is kept beside it, and finds its workbook from there."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import pytest
from tests.plan_document import small_plan

from lodestone.plan.run_files import kept_runs, plan_book, read_run, workbook_of
from lodestone.report.plan import history
from lodestone.report.plan.run_folder import check_target, plan_book_name, write_run


def write(folder: Path, name: str, at: str = "", **more: object) -> None:
    """A run whose plan.json is of this time."""
    write_run(small_plan(plan_name=name), folder, **more)  # type: ignore[arg-type]
    if at:
        written = datetime.fromisoformat(at).timestamp()
        os.utime(folder / "plan.json", (written, written))


def names(folder: Path) -> list[str]:
    return [str(read_run(kept).plan_name) for kept in kept_runs(folder)]


def test_runs_are_kept_by_their_time_oldest_first(tmp_path: Path) -> None:
    """Three in one minute, two of them in one second: minute, minute and second, and a number."""
    folder = tmp_path / "base"
    for name, at in (("a", "2026-11-29T21:14:05"), ("b", "2026-11-29T21:14:30"), ("c", "2026-11-29T21:14:30")):
        write(folder, name, at)
    write(folder, "d", "2026-11-28T09:00:00")
    write(folder, "e")
    assert [path.name for path in kept_runs(folder)] == [
        "2026-11-28T0900",
        "2026-11-29T2114",
        "2026-11-29T211430",
        "2026-11-29T211430-2",
    ]
    assert names(folder) == ["d", "a", "b", "c"]
    assert read_run(folder).plan_name == "e"
    assert {path.name for path in folder.iterdir()} == {"magnets - base.plan.xlsx", "plan.json", "history"}
    assert [path.name for path in tmp_path.iterdir()] == ["base"]


def test_only_the_last_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty of them; here three, to be quick."""
    assert history.KEPT == 20
    monkeypatch.setattr(history, "KEPT", 3)
    for day in range(1, 7):
        write(tmp_path / "base", str(day), f"2026-11-{day:02}T12:00:00")
    assert names(tmp_path / "base") == ["3", "4", "5"]  # 6 stands in the folder; 1 and 2 are gone


def test_a_watch_keeps_the_history_and_adds_nothing(tmp_path: Path) -> None:
    write(tmp_path / "base", "first", "2026-11-01T12:00:00")
    write(tmp_path / "base", "second", "2026-11-02T12:00:00")
    write(tmp_path / "base", "third", keep=False)
    assert names(tmp_path / "base") == ["first"]
    check_target(tmp_path / "base")


def test_no_two_workbooks_have_one_name(tmp_path: Path) -> None:
    """Excel opens no two files of one name: the latest, last month's, another folder's, another scenario's."""
    write(tmp_path / "base", "a", "2026-11-01T12:00:00")
    write(tmp_path / "base", "b")
    write(tmp_path / "tight", "c")
    (kept,) = kept_runs(tmp_path / "base")
    books = [plan_book(folder).name for folder in (tmp_path / "base", kept, tmp_path / "tight")]
    assert books == [
        "magnets - base.plan.xlsx",
        "magnets - base 2026-11-01T1200.plan.xlsx",
        "magnets - base (tight).plan.xlsx",
    ]
    other = small_plan(scenario="embargo", workbook="a/b:c.xlsx")
    assert plan_book_name(other, Path("embargo")).endswith(" - embargo.plan.xlsx")
    assert not set(plan_book_name(other, Path("embargo"))) & set('/\\:*?"<>|')
    longest = small_plan(scenario="s" * 300, workbook="w" * 300 + ".xlsx")
    assert len(plan_book_name(longest, Path("f" * 300))) <= 3 * (50 + 9) + len(" -  ().plan.xlsx")


def test_a_kept_run_finds_its_workbook(tmp_path: Path) -> None:
    book, folder = tmp_path / "my_case.xlsx", tmp_path / "outputs" / "my_case" / "base"
    for _ in range(2):
        write_run(small_plan(), folder, book)
    (kept,) = kept_runs(folder)
    assert workbook_of(read_run(kept), kept) == workbook_of(read_run(folder), folder) == book
    assert workbook_of(read_run(kept), plan_book(kept)) == book


def test_a_run_of_an_early_version_is_read_and_kept(tmp_path: Path) -> None:
    """Its workbook is called plan.xlsx."""
    folder = tmp_path / "base"
    write(folder, "early", "2025-01-01T12:00:00")
    plan_book(folder).rename(folder / "plan.xlsx")
    assert plan_book(folder) == folder / "plan.xlsx"
    assert read_run(folder / "plan.xlsx").plan_name == "early"
    write(folder, "now")
    (kept,) = kept_runs(folder)
    assert {path.name for path in kept.iterdir()} == {"plan 2025-01-01T1200.plan.xlsx", "plan.json"}
