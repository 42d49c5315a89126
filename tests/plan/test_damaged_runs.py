"""Runs that others made, or that were damaged: one clear error, in every command that reads them; nothing is changed.

`python -m benchmarks.damaged_runs` tries hundreds through every command.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from benchmarks import damaged_runs
from benchmarks.damaged_runs import COMMANDS, DEEP, Place, fault_of, places, trials
from click.testing import CliRunner
from tests.plan_document import earlier_document, small_plan

import lodestone.plan.run_files as run_files
import lodestone.report.plan.run_folder as runs
from lodestone.commands import main
from lodestone.errors import UsageError
from lodestone.plan.plan import Plan
from lodestone.plan.plan_json import read_plan_document
from lodestone.plan.run_files import read_run, run_place, workbook_bytes, workbook_of
from lodestone.report.compare import files as compare_files
from lodestone.report.html.studies import read_study
from lodestone.report.plan.run_folder import write_run
from lodestone.report.studies import frontier_files, stress_files, sweep_files, tornado_files
from lodestone.report.studies.study_files import Kind
from lodestone.runs.folder_lock import claimed
from lodestone.runs.verify import verify
from lodestone.template.examples import examples

posix = pytest.mark.skipif(sys.platform == "win32", reason="of POSIX")


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> list[Place]:
    """The tutorial with a run of its base and one of all futures."""
    return places(tmp_path_factory.mktemp("damaged"))


def test_damaged_plans_end_in_an_answer_or_one_error(solved: list[Place]) -> None:
    """Each through one of the commands, in turn."""
    for number, (at, damaged) in enumerate(trials(solved, 42, seed=3)):
        command = list(COMMANDS)[number % len(COMMANDS)]
        assert fault_of(at, damaged, command)[1] == "", (number, command, damaged.what)


def test_the_sound_runs_of_the_trials_are_read_by_every_command(solved: list[Place]) -> None:
    for at in solved:
        content = Path(at.sound, "plan.json").read_bytes()
        for command in COMMANDS:
            assert fault_of(at, damaged_runs.Damaged("nothing", content), command) == ("answered", "")


# --- what is damaged is named, with its place and the remedy ----------------------------------------------------------


def joint(**changes: Any) -> dict[str, Any]:
    """A plan for two futures, both the plan of tests/plan_document.py."""
    plan = small_plan().document()
    plan["tables"] = {
        name: [{"scenario": future, **row} for future in ("base", "war") for row in rows]
        for name, rows in plan["tables"].items()
    }
    plan["settings"] |= {"risk_weight": 0.2, "risk_tail": 0.1}
    return {
        **plan,
        "scenario": "joint",
        "futures": {"base": 1.0, "war": 2.0},
        "probabilities": {"base": 0.5, "war": 0.5},
        "from_years": {"base": None, "war": 2027},
        "cvar_musd": 2.0,
        **dict.fromkeys(("evpi_musd", "vss_musd", "base_held_musd", "known_musd")),
        "remarks": [],
        **changes,
    }


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def row(table: str, **values: Any) -> Callable[[dict[str, Any]], None]:
    """Change the third row of a table, or the last before it."""
    return lambda plan: plan["tables"][table][min(2, len(plan["tables"][table]) - 1)].update(values)


def without(*way: Any) -> Callable[[dict[str, Any]], None]:
    def remove(plan: Any) -> None:
        for key in way[:-1]:
            plan = plan[key]
        del plan[way[-1]]

    return remove


CHANGE = {"sheet": "Plants", "row": "mill", "column": "operating_cost_usd_per_kg", "year": None, "by": "--set"}
DAMAGE: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "a key is missing": (without("gap"), "gap holds nothing, where a number or null belongs"),
    "no tables": (without("tables"), "tables holds nothing, where a part with keys belongs"),
    "a table is missing": (without("tables", "costs"), "tables, costs holds nothing, where a list belongs"),
    "a list for a text": (lambda p: p.update(workbook=["x"]), "workbook holds a list of 1, where a text belongs"),
    "a text for a list": (lambda p: p.update(audit="all well"), "audit holds the text 'all well', where a list"),
    "a part for a number": (lambda p: p.update(gap={}), "gap holds an empty part, where a number or null belongs"),
    "yes for a number": (lambda p: p.update(objective_musd=True), "objective_musd holds true, where a number belongs"),
    "no number": (row("flows", t=float("nan")), "tables, flows, row 3, t holds nan (no finite number), where a number"),
    "infinite": (row("flows", t=float("-inf")), "tables, flows, row 3, t holds -inf (no finite number)"),
    "too large": (row("flows", t=10**400), "tables, flows, row 3, t holds 1000000"),
    "a cell is missing": (without("tables", "flows", 2, "t"), "tables, flows, row 3, t holds nothing, where a number"),
    "a blank where none may be": (row("flows", t=None), "tables, flows, row 3, t holds null, where a number belongs"),
    "no row": (lambda p: p["tables"]["flows"].insert(2, "x"), "tables, flows, row 3 holds the text 'x', where a part"),
    "a stream": (row("flows", stream="dirty"), "row 3, stream holds the text 'dirty', where one of clean, exposed"),
    "a cost term": (lambda p: p["costs_musd"].update(fun=1), "costs_musd, a key holds the text 'fun', where one of"),
    "half a copy": (row("investments", builds=1.5), "tables, investments, row 2, builds holds 1.5, where a whole"),
    "less than none": (row("investments", builds=-1), "row 2, builds holds -1, where a whole number of at least 0"),
    "a year outside": (row("flows", year=2029), "row 3, year holds 2029, where a year from 2026 to 2028 belongs"),
    "no year": (row("flows", year=2026.0), "row 3, year holds 2026.0, where a year from 2026 to 2028 belongs"),
    "years reversed": (lambda p: p.update(horizon=[2028, 2026]), "horizon holds 2028, 2026, where the first and"),
    "a million years": (lambda p: p.update(horizon=[1, 10**6]), "horizon, entry 1 holds 1, where a year from 1900"),
    "half a character": (lambda p: p.update(plan_name="\ud800"), "plan_name holds the text '\\ud800', where a text"),
    "a setting": (lambda p: p["settings"].update(discount_rate="low"), "settings, discount_rate holds the text 'low'"),
    "an input": (
        lambda p: p.update(inputs={"Processes": {"refine/ore": {"t_per_t": None}}}),
        "inputs, Processes, refine/ore, t_per_t holds null, where a number belongs",
    ),
    "a row of inputs": (
        lambda p: p.update(inputs={"Processes": {"refine": {"t_per_t": 1}}}),
        "inputs, Processes holds the text 'refine', where rows by process/material belongs",
    ),
    "a year of inputs": (
        lambda p: p.update(inputs={"Prices": {"ore": {"years": {"soon": 1}}}}),
        "inputs, Prices, ore, years, a key holds the text 'soon', where a year belongs",
    ),
    "a change": (
        lambda p: p["changes"].append({**CHANGE, "old": 1, "new": "dear"}),
        "changes, change 3, new holds the text 'dear', where a number",
    ),
    "deep where nobody looks": (lambda p: p.update(extra=nested(50)), "entry 1 holds more, where at most 20 parts"),
    "infinite where nobody looks": (lambda p: p.update(extra=[float("inf")]), "extra, entry 1 holds inf"),
}  # fmt: skip
JOINT_DAMAGE: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "no futures": (lambda p: p.update(futures={}), "futures holds none, where at least one future belongs"),
    "one unlikely": (without("probabilities", "war"), "probabilities holds a part of 1, where every name of futures"),
    "a stranger": (row("flows", scenario="peace"), "row 3, scenario holds the text 'peace', where one of base, war"),
    "of nobody": (without("tables", "flows", 2, "scenario"), "tables, flows, row 3, scenario holds nothing"),
    "no weight": (without("settings", "risk_weight"), "settings, risk_weight holds nothing, where a number belongs"),
}  # fmt: skip


def read_damaged(folder: Path, plan: dict[str, Any]) -> str:
    """What is said of a plan.json."""
    path = folder / "plan.json"
    path.write_text(json.dumps(plan), encoding="utf-8")
    with pytest.raises(UsageError) as told:
        read_plan_document(path)
    text = str(told.value)
    assert text.startswith(f"{path} is damaged: ")
    assert text.endswith("; solve it again")
    return text.removeprefix(f"{path} is damaged: ")


@pytest.mark.parametrize(("edit", "said"), DAMAGE.values(), ids=DAMAGE.keys())
def test_the_place_of_damage_is_named(tmp_path: Path, edit: Callable[[dict[str, Any]], object], said: str) -> None:
    plan = small_plan().document()
    edit(plan)
    assert said in read_damaged(tmp_path, plan)


@pytest.mark.parametrize(("edit", "said"), JOINT_DAMAGE.values(), ids=JOINT_DAMAGE.keys())
def test_futures_go_together(tmp_path: Path, edit: Callable[[dict[str, Any]], object], said: str) -> None:
    plan = joint()
    edit(plan)
    assert said in read_damaged(tmp_path, plan)


def test_what_an_earlier_or_later_version_writes_is_read(tmp_path: Path) -> None:
    """No inputs, origins, options or values of limits; or a key, a column and a sheet that are not known yet."""
    for name, plan in {"early": earlier_document(), "plain": small_plan().document(), "joint": joint()}.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(plan), encoding="utf-8")
        again = Plan.from_document(read_plan_document(tmp_path / f"{name}.json")).document()
        assert {key: again[key] for key in plan if key != "tables"} == {k: v for k, v in plan.items() if k != "tables"}
        for table, rows in plan["tables"].items():  # with the columns of later versions beside their own
            assert [{c: new[c] for c in old} for old, new in zip(rows, again["tables"][table], strict=True)] == rows
        assert Plan.from_document(read_plan_document(tmp_path / f"{name}.json")).rows("stockpile")[0]["lacking_t"] == 0
    ships = {"Ships": {"rows/of/it": {"t": 1, "years": {"2026": 2}}}}
    late = small_plan(extra={"a": [1, {"b": None}]}, inputs=ships).document()
    late["tables"]["flows"][0]["ship"] = "a ship"
    late["tables"]["ships"] = [{"ship": "a ship"}]
    (tmp_path / "late.json").write_text(json.dumps(late), encoding="utf-8")
    assert Plan.from_document(read_plan_document(tmp_path / "late.json")).document() == late


BYTES = {
    "empty": (b"", "it is empty"),
    "blank": (b" \n", "it is empty"),
    "cut": (b'{"format": 1,\n "gap', "line 2, column 2: Unterminated string"),
    "not UTF-8": (b'{"format": 1, "x": "\xff"}', "byte 21 is no UTF-8 text"),
    "a key twice": (b'{"format": 1, "gap": 1, "gap": 2}', "gap holds two entries, where one entry of"),
    "nested": (b"[" * DEEP, "its parts stand within each other far too deep"),
    "digits": (b'{"format": 1, "gap": ' + b"9" * 5000 + b"}", "it holds a number of thousands of digits"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "said"), BYTES.values(), ids=BYTES.keys())
def test_what_is_no_json_is_told(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "plan.json").write_bytes(content)
    with pytest.raises(UsageError, match=rf"plan\.json is damaged: {said}.*; solve it again"):
        read_plan_document(tmp_path / "plan.json")


@pytest.mark.parametrize(
    ("content", "said"),
    [("[]", "no plan of Lodestone"), ("null", "no plan of Lodestone"), ('{"gap": 1}', "no plan of Lodestone"),
     ('{"format": 99}', "is of format 99, and this version of Lodestone reads 1; solve it again"),
     ('{"format": "1"}', "is of format the text '1'")],
)  # fmt: skip
def test_another_document_is_told_from_a_damaged_plan(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "plan.json").write_text(content)
    with pytest.raises(UsageError, match=said):
        read_run(tmp_path)


def test_a_run_that_was_stopped_before_anything_was_proved_is_explained(solved: list[Place]) -> None:
    """Its bound and its gap are null, as infinity is no number of JSON."""
    at = solved[0]
    plan = {**at.plan, "status": "feasible", "bound_musd": None, "gap": None}
    for command in COMMANDS:
        assert fault_of(at, damaged_runs.Damaged("", json.dumps(plan).encode()), command) == ("answered", "")


# --- studies --------------------------------------------------------------------------------------------------------

STUDIES: dict[str, tuple[Kind, dict[str, Any], str]] = {
    "frontier": (
        frontier_files.KIND,
        {"workbook": "a", "plan_name": "a", "scenario": "base", "cap": None, "from_year": None, "sets": [],
         "least_attainable": [], "steps": [],
         "points": [{"scale": "1", "objective_musd": 1, "bound_musd": 1, "gap": 0, "builds": {}, "message": "",
                     "beyond": []}]},
        "points, point 1, scale holds the text '1', where a number belongs",
    ),
    "stress": (
        stress_files.KIND,
        {"plan_name": "a", "workbook": "a", "allow_new": False, "from_year": 2027, "runs": ["a"], "outcomes": [],
         "regret": {"by_run": {"a": {}}, "worst": {"a": 1}, "least": "b"}, "remarks": []},
        "regret, worst, b holds nothing, where an entry belongs",
    ),
    "sweep": (
        sweep_files.KIND,
        {"workbook": "a", "sets": [], "varied": [{"path": "x", "values": ["1", "2"]}], "failed": 0,
         "points": [{"x": 1, "status": "optimal"}, {"x": 2}]},
        "points, point 2, status holds nothing, where an entry belongs",
    ),
    "compare": (
        compare_files.KIND,
        {"runs": [{"name": "a", "workbook_sha256": "a"}], "costs_musd": {"freight": {"b": 1}}, "remarks": []},
        "costs_musd, freight, a holds nothing, where an entry belongs",
    ),
    "tornado": (
        tornado_files.KIND,
        {"workbook": "a", "plan_name": "a", "scenario": "base", "only": "", "by": 0.2, "cost_musd": 1, "gap_musd": 0,
         "remarks": [], "next": [None], "bars": []},
        "next, entry 1 holds null, where a text belongs",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "document", "said"), STUDIES.values(), ids=STUDIES.keys())
def test_damaged_studies_are_told_like_runs(tmp_path: Path, kind: Kind, document: dict[str, Any], said: str) -> None:
    path = tmp_path / f"{kind.name}.json"
    kind.write_json(document, path)
    with pytest.raises(UsageError, match=rf"{kind.name}\.json is damaged: {said}; run lodestone {kind.command} again"):
        read_study(path)
    path.write_text(f'{{\n"{kind.field}": 2}}')
    with pytest.raises(UsageError, match=rf"another version of Lodestone .*; run lodestone {kind.command} again"):
        read_study(path)


# --- files that are none --------------------------------------------------------------------------------------------


@pytest.fixture
def endless(tmp_path: Path) -> Iterator[list[Path]]:
    """A pipe, a socket, a device and a link to it, as files of a run may be."""
    pipe, link, plug = tmp_path / "pipe", tmp_path / "link", tmp_path / "s"
    os.mkfifo(pipe)
    link.symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(plug))
        yield [pipe, link, plug, Path("/dev/zero")]


def within(seconds: float, call: Callable[[], object]) -> None:
    """Fails, and does not wait, when a call hangs."""
    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    thread.join(seconds)
    assert not thread.is_alive(), "it waits for ever"


@posix
def test_the_workbook_of_a_foreign_run_is_a_regular_file(tmp_path: Path, endless: list[Path]) -> None:
    said: list[str] = []

    def ask(path: Path) -> None:
        with pytest.raises(UsageError) as told:
            workbook_bytes(small_plan(workbook_path=str(path)), tmp_path)
        said.append(str(told.value))

    for path in endless:
        within(5, lambda path=path: ask(path))  # type: ignore[misc]
    assert [text for text in said if "is no regular file but a device, a pipe or a socket" not in text] == []
    assert len(said) == len(endless)


@posix
def test_a_plan_or_a_study_that_is_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "plan.json")
    os.mkfifo(tmp_path / "frontier.json")

    def ask() -> None:
        for read, path in ((read_run, tmp_path), (read_study, tmp_path / "frontier.json")):
            with pytest.raises(UsageError):
                read(path)

    within(5, ask)


@pytest.mark.parametrize(
    "path",
    [r"\\host\share\plan.xlsx", "//host/share/plan.xlsx", r"\\?\UNC\host\share\plan.xlsx", r"\\.\pipe\x", "/\\host/x",
     "smb://host/share/plan.xlsx", "https://host/plan.xlsx", "FILE://host/plan.xlsx"],
)  # fmt: skip
def test_a_workbook_on_another_host_is_not_followed(tmp_path: Path, path: str) -> None:
    with pytest.raises(
        UsageError, match=r"on another host, .*, which is not followed: say where it stands now with --workbook"
    ):
        workbook_bytes(small_plan(workbook_path=path), tmp_path)


def test_a_workbook_is_no_larger_than_a_workbook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_files, "MOST_FILE", 10)
    (tmp_path / "run").mkdir()
    (tmp_path / "plan.xlsx").write_bytes(b"0123456789")
    plan = small_plan(workbook_path="../plan.xlsx")
    assert workbook_bytes(plan, tmp_path / "run") == b"0123456789"
    (tmp_path / "plan.xlsx").write_bytes(b"0123456789+")
    with pytest.raises(UsageError, match="is larger than"):
        workbook_bytes(plan, tmp_path / "run")


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names of files are UTF-8 there")
def test_a_workbook_whose_name_is_no_utf8_gets_its_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    name = os.fsdecode(b"m\xe4rz.xlsx")
    (tmp_path / name).write_bytes(examples()["tutorial"].read_bytes())
    done = CliRunner().invoke(main, ["solve", name, "--out", "run", "--quiet"])
    assert (done.exit_code, done.exception) == (0, None)
    plan = read_run(tmp_path / "run")
    assert (plan.workbook, plan.workbook_path) == ("m?rz.xlsx", "../m?rz.xlsx")
    written, shown, workbook, _ = verify(tmp_path / "run")
    assert (written.ok, shown.ok, workbook.ok) == (True, True, None)


def test_verify_says_so_and_takes_the_workbook_that_is_named(solved: list[Place], tmp_path: Path) -> None:
    at = solved[0]
    plan = {**at.plan, "workbook_path": "//host/share/plan.xlsx"}
    write_run(Plan.from_document(plan), tmp_path / "run")
    *_, workbook, audit = verify(tmp_path / "run")
    assert (workbook.ok, audit.ok) == (None, None)
    assert workbook.text == (
        "the run names a workbook on another host, //host/share/plan.xlsx, which is not followed: "
        "say where it stands now with --workbook"
    )
    *_, workbook, audit = verify(tmp_path / "run", Path(at.workbook))
    assert (workbook.ok, audit.ok) == (True, True)


def test_a_workbook_that_is_none_any_more_is_told(solved: list[Place], tmp_path: Path) -> None:
    book = tmp_path / "plan.xlsx"
    write_run(Plan.from_document(solved[0].plan), tmp_path / "run", book)
    book.write_bytes(b"PK not a workbook")
    *_, workbook, audit = verify(tmp_path / "run")
    assert (workbook.ok, audit.ok) == (False, None)
    assert workbook.text.startswith(f"{workbook_of(read_run(tmp_path / 'run'), tmp_path / 'run')} is damaged")


# --- who only reads changes nothing ---------------------------------------------------------------------------------


def test_reading_leaves_what_another_host_is_writing(tmp_path: Path) -> None:
    """On a shared disk its process is not to be seen here."""
    write_run(small_plan(), tmp_path / "run")
    half = tmp_path / ".run.new-elsewhere-4000000"
    half.mkdir()
    (half / "plan.json").write_text('{\n"format": 1')
    old = tmp_path / f".run.old-{runs.HOST}-4000000"  # of this host, whose process has ended
    old.mkdir()
    before = sorted(p.name for p in tmp_path.rglob("*"))

    CliRunner().invoke(main, ["verify", str(tmp_path / "run")])
    read_run(tmp_path / "run")
    assert sorted(p.name for p in tmp_path.rglob("*")) == before

    write_run(small_plan(), tmp_path / "run")  # who writes clears up after its own host
    assert sorted(p.name for p in tmp_path.iterdir()) == [half.name, "run"]

    long_ago = time.time() - runs.ABANDONED_AFTER_S - 1
    for path in (half / "plan.json", half):
        os.utime(path, (long_ago, long_ago))
    write_run(small_plan(), tmp_path / "run")  # nobody has touched it since
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


def test_between_two_renames_the_old_run_is_read_where_it_stands(tmp_path: Path) -> None:
    write_run(small_plan(), tmp_path / "run")
    aside = tmp_path / ".run.old-elsewhere-1"
    (tmp_path / "run").rename(aside)
    assert run_place(tmp_path / "run") == aside
    assert read_run(tmp_path / "run" / "plan.json").plan_name == small_plan().plan_name
    assert [p.name for p in tmp_path.iterdir()] == [aside.name]


# --- the lock file --------------------------------------------------------------------------------------------------

VALUABLE = "years of work"


def refused(folder: Path) -> None:
    with (
        pytest.raises(UsageError, match=r"\.run\.lock is no lock file of Lodestone and is left alone"),
        claimed([folder]),
    ):
        pass


@posix
@pytest.mark.parametrize("link", [os.symlink, os.link], ids=["symbolic", "hard"])
def test_a_lock_file_that_is_a_link_empties_nothing(tmp_path: Path, link: Callable[[Path, Path], None]) -> None:
    for content in (VALUABLE, "", "123"):
        victim, lock = tmp_path / "victim", tmp_path / ".run.lock"
        victim.write_text(content)
        link(victim, lock)
        refused(tmp_path / "run")
        assert victim.read_text() == content
        assert os.path.lexists(lock)
        lock.unlink()


@posix
def test_a_link_to_nothing_makes_nothing(tmp_path: Path) -> None:
    (tmp_path / ".run.lock").symlink_to(tmp_path / "new")
    refused(tmp_path / "run")
    assert [p.name for p in tmp_path.iterdir()] == [".run.lock"]


@posix
def test_a_pipe_is_no_lock_file_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".run.lock")
    within(5, lambda: refused(tmp_path / "run"))


def test_a_file_that_is_not_ours_stays(tmp_path: Path) -> None:
    (tmp_path / ".run.lock").write_text(VALUABLE)
    refused(tmp_path / "run")
    assert (tmp_path / ".run.lock").read_text() == VALUABLE


def test_a_lock_file_that_was_left_behind_is_taken_over(tmp_path: Path) -> None:
    """A longer number than ours, so that nothing of it may stay."""
    (tmp_path / ".run.lock").write_text("12345678901")
    with claimed([tmp_path / "run"]):
        assert (tmp_path / ".run.lock").read_bytes() == str(os.getpid()).encode()
    assert list(tmp_path.iterdir()) == []


@posix
def test_what_took_the_place_of_the_lock_meanwhile_is_not_removed(tmp_path: Path) -> None:
    with claimed([tmp_path / "run"]):
        (tmp_path / ".run.lock").unlink()
        (tmp_path / ".run.lock").write_text(VALUABLE)
    assert (tmp_path / ".run.lock").read_text() == VALUABLE
