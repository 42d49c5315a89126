"""Pack: runs with all that belongs to them in one folder or zip file, whose links work wherever it lies.

my_case.xlsx            the workbook that the plan was made of
base/                   the run: its workbook leads to ../my_case.xlsx
studies/                studies of that workbook which stand beside the run
report.html             all of it on one page
READ ME FIRST.txt       what is what
"""

from __future__ import annotations

import hashlib
import os
import shutil
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lodestone import __version__
from lodestone.errors import UsageError
from lodestone.plan.formatting import one_line
from lodestone.plan.plan import Plan
from lodestone.plan.plan_json import START as PLAN_START
from lodestone.plan.run_files import RUN_LOG, folder_of, plan_book, read_run, run_place, starts_with, workbook_bytes
from lodestone.plan.run_files import workbook_of as workbook_stood
from lodestone.plan.shapes import read_document
from lodestone.report.compare import files as compare_files
from lodestone.report.html.page import REPORT_HTML, write_report
from lodestone.report.html.studies import find_studies
from lodestone.report.plan.run_folder import reason, safe_name, write_run
from lodestone.report.studies import (
    allies_files,
    alternatives_files,
    attack_files,
    frontier_files,
    ranges_files,
    security_files,
    stress_files,
    sweep_files,
    tornado_files,
    what_binds_files,
)
from lodestone.studies.compare.runs import names_by_path
from lodestone.system.scratch import scratch
from lodestone.workbook.file.archive import read_bytes

READ_ME, STUDIES = "READ ME FIRST.txt", "studies"
KINDS = tuple(
    module.KIND
    for module in (
        compare_files,
        frontier_files,
        stress_files,
        sweep_files,
        what_binds_files,
        alternatives_files,
        attack_files,
        security_files,
        ranges_files,
        tornado_files,
        allies_files,
    )
)


@dataclass(frozen=True)
class Packed:
    """target: the folder or zip file; files: in it, in the order of the read-me; remarks: what a reader should know."""

    target: Path
    files: tuple[str, ...]
    remarks: tuple[str, ...]


def pack(runs: Sequence[Path], target: Path, workbook: Path | None = None, force: bool = False) -> Packed:
    """Put runs and all that belongs to them into a folder, or into a zip file where the target ends in .zip.

    workbook: where that of the runs stands now. Raises UsageError where a run or its workbook cannot be read, or the
    target is there already and is not to be replaced.
    """
    runs = list({folder_of(run).resolve(): run for run in runs}.values())
    if target.exists() and not force:
        raise UsageError(f"{target} exists; --force replaces it")
    if target.is_dir() and not (target / READ_ME).is_file():
        raise UsageError(f"{target} is a folder that lodestone pack has not written; name another with --out")
    plans = {safe_name(name): read_run(place) for name, place in zip(_names(runs), runs, strict=True)}
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with scratch(target.parent) as place:
            new = place / "pack"
            new.mkdir()
            packed = _filled(new, plans, runs, target, workbook)
            if target.suffix.lower() == ".zip":
                _zip(new, place / "pack.zip")
                os.replace(place / "pack.zip", target)
            else:
                if target.exists():
                    target.rename(place / "old")
                new.rename(target)
    except OSError as error:
        raise UsageError(f"cannot write {target}: {reason(error)} (is it open in another program?)") from error
    return packed


def usual_name(runs: Sequence[Path]) -> Path:
    """'my_case - base.zip', in the folder where the command is called."""
    first = read_run(runs[0])
    return Path(f"{safe_name(Path(first.workbook).stem)} - {safe_name(' and '.join(_names(runs)))}.zip")


def _names(runs: Sequence[Path]) -> list[str]:
    return [name.replace("/", " - ") for name in names_by_path(runs)]


def _filled(new: Path, plans: dict[str, Plan], runs: Sequence[Path], target: Path, workbook: Path | None) -> Packed:
    told: list[tuple[str, str]] = []
    remarks: list[str] = []
    books: dict[bytes, Path] = {}
    for (name, plan), run in zip(plans.items(), runs, strict=True):
        content = workbook_bytes(plan, run) if workbook is None else read_bytes(workbook)
        if content not in books:
            books[content] = _free(new, (workbook or workbook_stood(plan, run)).stem)
            books[content].write_bytes(content)
        if hashlib.sha256(content).hexdigest() != plan.workbook_sha256:
            remarks.append(f"{name}: {books[content].name} has changed since this plan was made of it")
        write_run(plan, new / name, books[content])
        log = run_place(run) / RUN_LOG
        if log.is_file():
            shutil.copyfile(log, new / name / RUN_LOG)
        told.append((f"{name}/{plan_book(new / name).name}", f"the plan: {one_line(plan.plan_name)}, {plan.scenario}"))
    beside = list(dict.fromkeys(folder_of(run.resolve()).parent for run in runs))
    studies = sorted(set(_studies(beside, plans.values())))
    if studies:
        (new / STUDIES).mkdir()
    for path in studies:
        shutil.copyfile(path, new / STUDIES / path.name)
    write_report(plans, find_studies([new / STUDIES], plans.values()), new / REPORT_HTML)
    told = [
        (REPORT_HTML, "all of it on one page, for any browser"),
        *told,
        *((book.name, "the workbook that the plan was made of") for book in books.values()),
        *((f"{STUDIES}/{path.name}", "a study") for path in studies if path.suffix == ".xlsx"),
    ]
    _write_read_me(new / READ_ME, told, remarks)
    return Packed(target, (READ_ME, *(name for name, _ in told)), tuple(remarks))


def _free(folder: Path, stem: str) -> Path:
    names = (f"{safe_name(stem)}{f' ({n})' if n > 1 else ''}.xlsx" for n in range(1, 1000))
    return next(path for name in names if not (path := folder / name).exists())


def _studies(folders: Iterable[Path], plans: Iterable[Plan]) -> Iterable[Path]:
    """Files of studies of the same workbooks, the JSON files first: names do not meet, as the first one is taken."""
    hashes = {plan.workbook_sha256 for plan in plans}
    books = {plan.workbook for plan in plans}
    taken: set[str] = set()
    for folder in folders:
        for facts in sorted(folder.glob("*.json")):
            kind = next((kind for kind in KINDS if starts_with(facts, kind.start)), None)
            if kind is None or facts.stem in taken or starts_with(facts, PLAN_START):
                continue
            study = read_document(facts, "leave it out")
            of_runs = {run.get("workbook_sha256") for run in study.get("runs", ()) if isinstance(run, dict)}
            if study.get("workbook") in books or (kind is compare_files.KIND and of_runs <= hashes):
                taken.add(facts.stem)
                yield from (path for suffix in kind.suffixes if (path := facts.with_suffix(suffix)).is_file())


def _write_read_me(path: Path, told: Sequence[tuple[str, str]], remarks: Sequence[str]) -> None:
    widest = max(len(name) for name, _ in told) + 2
    lines = [
        f"Packed by Lodestone {__version__}.",
        "Unpack the whole folder before you open a file of it: links lead from one to the other.",
        "",
        *(f"{name.ljust(widest)}{what}" for name, what in told),
        *(["", *remarks] if remarks else []),
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", errors="backslashreplace", newline="\r\n")


def _zip(folder: Path, target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder).as_posix())
