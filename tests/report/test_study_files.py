"""Files of studies: each command replaces its own alone, and says which command wrote what."""

from __future__ import annotations

from pathlib import Path

import pytest

from lodestone.commands import main
from lodestone.errors import UsageError
from lodestone.report.compare import files as compare_files
from lodestone.report.studies import (
    alternatives_files,
    explanation_files,
    frontier_files,
    stress_files,
    sweep_files,
    what_binds_files,
)
from lodestone.report.studies.study_files import Kind, write_files

KINDS = [
    files.KIND
    for files in (alternatives_files, compare_files, explanation_files, frontier_files, stress_files, sweep_files,
                  what_binds_files)
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_kind_names_a_command_and_is_told_from_the_others(kind: Kind, tmp_path: Path):
    assert kind.command in main.commands
    assert {".json", ".xlsx"} <= set(kind.suffixes)
    write_files(tmp_path / "a.xlsx", {".json": lambda new: kind.write_json({"facts": []}, new)})
    for other in KINDS:
        if other is kind:
            assert other.check_out(tmp_path / "a.xlsx") == tmp_path / "a.xlsx"
        else:
            with pytest.raises(UsageError, match=f"a.json was not written by lodestone {other.command} and would be"):
                other.check_out(tmp_path / "a.xlsx")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_folder_gets_the_usual_name_and_a_workbook_ends_in_xlsx(kind: Kind, tmp_path: Path):
    assert kind.check_out(tmp_path) == tmp_path / f"{kind.name}.xlsx"
    assert kind.check_out(tmp_path / "none") == tmp_path / "none" / f"{kind.name}.xlsx"
    with pytest.raises(UsageError, match=rf"lodestone {kind.command} writes; end it in \.xlsx"):
        kind.check_out(tmp_path / "a.csv")
    (tmp_path / "b.json").mkdir()
    with pytest.raises(UsageError, match=r"b\.json is a folder; name a file"):
        kind.check_out(tmp_path / "b.xlsx")


def test_a_file_that_fails_leaves_all_of_the_old_ones(tmp_path: Path):
    kind = stress_files.KIND
    path = tmp_path / "stress.xlsx"
    write = {".json": lambda new: kind.write_json({"n": 1}, new), ".xlsx": lambda new: new.write_bytes(b"old")}
    write_files(path, write)

    def fail(new: Path) -> None:
        new.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    with pytest.raises(UsageError, match=r"cannot write .*stress\.xlsx: No space left on device"):
        write_files(path, {**write, ".json": lambda new: kind.write_json({"n": 2}, new), ".xlsx": fail})
    assert path.read_bytes() == b"old"
    assert '"n": 1' in path.with_suffix(".json").read_text()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["stress.json", "stress.xlsx"]
