"""Runs on disk: replaced whole or not at all, whatever happens, and never anything but a run."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.plan_document import small_plan

import lodestone.report.plan.run_folder as runs
from lodestone.errors import UsageError
from lodestone.plan.run_files import read_run, workbook_of
from lodestone.report.plan.run_folder import check_target, run_folder, safe_name, write_run

OLD, NEW = "the old plan", "the new plan"
ROOT = Path(__file__).parents[2]


def name_in(folder: Path) -> str:
    return str(read_run(folder).plan_name)


def hidden(folder: Path) -> list[str]:
    return [p.name for p in folder.iterdir() if p.name.startswith(".")]


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    plan = small_plan()
    write_run(plan, tmp_path / "a" / "b")
    back = read_run(tmp_path / "a" / "b")
    assert back.seconds.pop("write") > 0
    assert len(back.fingerprint) == 64
    del plan.seconds["write"]
    assert replace(back, fingerprint=None) == plan
    text = json.loads((tmp_path / "a" / "b" / "plan.json").read_text(encoding="utf-8"))
    assert list(text) == [*plan.document(), "fingerprint"]
    assert {p.name for p in (tmp_path / "a" / "b").iterdir()} == {"magnets - base (b).plan.xlsx", "plan.json"}
    assert read_run(tmp_path / "a" / "b" / "plan.json").plan_name == plan.plan_name


def test_json_is_finite_and_has_a_row_a_line(tmp_path: Path) -> None:
    plan = small_plan(bound_musd=-math.inf, gap=math.nan)
    plan.tables["flows"][0]["t"] = -0.0
    write_run(plan, tmp_path / "run")
    text = (tmp_path / "run" / "plan.json").read_text(encoding="utf-8")
    back = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} in plan.json"))
    assert (back["bound_musd"], back["gap"]) == (None, None)
    assert math.copysign(1, back["tables"]["flows"][0]["t"]) == 1
    lines = text.splitlines()
    for row in back["tables"]["flows"]:
        assert json.dumps(row) in (line.rstrip(",") for line in lines)


def test_a_run_replaces_a_run_whole(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    write_run(small_plan(plan_name=OLD), folder)
    (folder / "~$magnets - base (run).plan.xlsx").write_text("lock")  # left by Excel
    (folder / ".DS_Store").write_text("")
    write_run(small_plan(plan_name=NEW), folder)
    assert name_in(folder) == NEW
    assert {p.name for p in folder.iterdir()} == {"magnets - base (run).plan.xlsx", "plan.json", "history"}
    assert hidden(tmp_path) == []


@pytest.mark.parametrize(
    "files",
    [
        ["notes.txt"],
        ["plan.xlsx"],
        ["plan.json"],
        ["plan.xlsx", "plan.json", "more.csv"],
        ["a.plan.xlsx", "b.plan.xlsx", "plan.json"],
    ],
)
def test_foreign_files_are_never_replaced(tmp_path: Path, files: list[str]) -> None:
    for name in files:
        (tmp_path / "mine" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "mine" / name).write_text("{}")
    for call in (check_target, lambda folder: write_run(small_plan(), folder)):
        with pytest.raises(UsageError, match="no run of Lodestone"):
            call(tmp_path / "mine")
    assert {p.name for p in (tmp_path / "mine").iterdir()} == set(files)


def test_files_and_the_current_folder_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="is a file"):
        check_target(tmp_path / "file")
    with pytest.raises(UsageError, match="cannot write"):
        check_target(tmp_path / "file" / "run")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="name a folder inside it"):
        check_target(Path("."))


def test_checking_leaves_nothing_behind(tmp_path: Path) -> None:
    check_target(tmp_path / "a" / "b" / "c")
    assert list(tmp_path.iterdir()) == []


def test_a_workbook_open_elsewhere_is_told_before_the_solve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_run(small_plan(plan_name=OLD), tmp_path / "run")
    opened = Path.open

    def locked(path: Path, *args: str, **kwargs: str) -> object:
        if path.name == "magnets - base (run).plan.xlsx":
            raise PermissionError(13, "Permission denied")
        return opened(path, *args, **kwargs)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", locked)
    with pytest.raises(UsageError, match=r"run\)\.plan\.xlsx is read-only or open in another program"):
        check_target(tmp_path / "run")


def test_a_folder_locked_during_the_solve_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "run"
    write_run(small_plan(plan_name=OLD), folder)
    rename = Path.rename

    def locked(path: Path, target: Path) -> Path:
        if path == folder:
            raise PermissionError(13, "Permission denied")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", locked)
    with pytest.raises(UsageError, match=r"open in Excel\?\)\. The new plan is in .*run-2"):
        write_run(small_plan(plan_name=NEW), folder)
    assert (name_in(folder), name_in(tmp_path / "run-2")) == (OLD, NEW)
    assert hidden(tmp_path) == []


@pytest.mark.parametrize("broken", ["write_plan_workbook", "stamped"])
def test_a_failed_write_leaves_the_old_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    folder = tmp_path / "run"
    write_run(small_plan(plan_name=OLD), folder)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(runs, broken, full)
    with pytest.raises(UsageError, match="No space left"):
        write_run(small_plan(plan_name=NEW), folder)
    assert name_in(folder) == OLD
    assert hidden(tmp_path) == []


CRASH = """
import os, sys
from pathlib import Path
import lodestone.report.plan.run_folder as runs
from tests.plan_document import small_plan

step, after = sys.argv[2], int(sys.argv[3])
owner = {"rename": Path, "stamped": runs, "rmtree": runs.shutil}[step]
real, calls = getattr(owner, step), []

def crash(*args, **kwargs):
    calls.append(1)
    if len(calls) > after:
        os._exit(9)
    return real(*args, **kwargs)

setattr(owner, step, crash)
runs.write_run(small_plan(plan_name="the new plan"), Path(sys.argv[1]))
"""


@pytest.mark.parametrize(
    ("step", "after", "expected"),
    [("stamped", 0, OLD), ("rename", 0, OLD), ("rename", 1, OLD), ("rename", 2, NEW), ("rename", 3, NEW)],
    ids=["while writing", "before the swap", "between the two renames", "before it is kept", "before its name"],
)
def test_a_crash_leaves_old_or_new_and_the_next_run_cleans_up(
    tmp_path: Path, step: str, after: int, expected: str
) -> None:
    folder = tmp_path / "run"
    write_run(small_plan(plan_name=OLD), folder)
    environment = os.environ | {"PYTHONPATH": str(ROOT / "model")}
    done = subprocess.run([sys.executable, "-c", CRASH, str(folder), step, str(after)], env=environment, check=False)
    assert done.returncode == 9
    assert name_in(folder) == expected
    write_run(small_plan(plan_name="the newest plan"), folder)
    assert name_in(folder) == "the newest plan"
    assert hidden(tmp_path) == []


@pytest.mark.skipif(os.name == "nt", reason="processes cannot be asked there")
def test_another_process_at_work_is_left_alone(tmp_path: Path) -> None:
    busy = tmp_path / f".run.new-{os.getppid()}"
    busy.mkdir()
    write_run(small_plan(), tmp_path / "run")
    assert busy.exists()


@pytest.mark.parametrize("content", ["", "[]", '{"format": 99}', "{"])
def test_what_is_no_plan_is_told(tmp_path: Path, content: str) -> None:
    (tmp_path / "plan.json").write_text(content)
    with pytest.raises(UsageError):
        read_run(tmp_path)
    with pytest.raises(UsageError, match="there is no plan"):
        read_run(tmp_path / "nowhere")


def test_plain_names_stay_as_they_are() -> None:
    assert run_folder(Path("in/Rare earths.xlsx"), "base") == Path("outputs/Rare earths/base")
    assert safe_name("magnets_v1.2 (draft)") == "magnets_v1.2 (draft)"
    assert safe_name("磁石") == "磁石"


@pytest.mark.parametrize(
    "name", ["../x", "..", ".", "", "con", "CON.txt", "nul", "a:b*?", "a/b", "a\\b", "x" * 300, "x."]
)
def test_awkward_names_stay_inside_and_differ_from_plain_ones(name: str) -> None:
    safe = safe_name(name)
    assert safe != name
    assert Path("outputs", safe).resolve().parent == Path("outputs").resolve()


def test_scenarios_that_differ_in_case_only_get_different_folders() -> None:
    names = ["base", "High", "high"]
    folders = {str(run_folder(Path("p.xlsx"), s, names)).casefold() for s in names}
    assert len(folders) == 3
    assert run_folder(Path("p.xlsx"), "base", names).name == "base"


@given(st.lists(st.text(max_size=120), max_size=6, unique=True))
def test_names_never_escape_and_never_meet(names: list[str]) -> None:
    safe = [safe_name(name) for name in names]
    for name in safe:
        assert name.strip(". ") == name != ""
        assert not set(name) & set('/\\:*?"<>|\0\n')
        assert len(name.encode()) <= 120
        assert not runs.RESERVED.fullmatch(name.split(".")[0])
    assert len(set(safe)) == len({runs.unicodedata.normalize("NFC", name) for name in names})


def test_a_run_finds_its_workbook_again_also_when_both_are_moved(tmp_path: Path) -> None:
    book = tmp_path / "project" / "plan book.xlsx"
    run = tmp_path / "project" / "outputs" / "run"
    write_run(small_plan(), run, book)
    assert workbook_of(read_run(run), run) == book
    (tmp_path / "project").rename(tmp_path / "moved")
    moved = tmp_path / "moved" / "outputs" / "run"
    assert workbook_of(read_run(moved), moved / "plan.json") == tmp_path / "moved" / "plan book.xlsx"


def test_other_files_of_a_run_do_not_stand_in_the_way_of_the_next(tmp_path: Path) -> None:
    write_run(small_plan(), tmp_path / "run")
    (tmp_path / "run" / "explanation.json").write_text("{}")
    check_target(tmp_path / "run")
    write_run(small_plan(plan_name=NEW), tmp_path / "run")
    assert not (tmp_path / "run" / "explanation.json").exists()
