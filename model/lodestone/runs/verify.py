"""Verify: whether a run is what was written, and whether it still follows from its workbook.

Nothing is solved. What is recomputed: the fingerprint of plan.json, the sheets of the plan's workbook from plan.json,
the SHA-256 of the workbook it was made of, and the audit of the plan against that workbook as it stands today.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from lodestone import __version__
from lodestone.audit import (
    Audit,
    BesideFuture,
    audit,
    audit_branches,
    audit_joint,
    with_what_was_before,
)
from lodestone.data.plan_data import PlanData
from lodestone.errors import UsageError
from lodestone.names import listed
from lodestone.plan.formatting import count, one_line
from lodestone.plan.plan import Plan
from lodestone.plan.plan_json import fingerprint
from lodestone.plan.run_files import PLAN_JSON, plan_book, read_run_document, run_place, workbook_bytes, workbook_of
from lodestone.plan.shapes import read_regular
from lodestone.plan.tables import Document
from lodestone.report.plan.workbook import write_plan_workbook
from lodestone.solve.secure import threats_of
from lodestone.studies.compare.input_differences import input_differences
from lodestone.system.scratch import scratch
from lodestone.workbook.conversion import plan_data
from lodestone.workbook.file.archive import MOST_FILE, read_bytes
from lodestone.workbook.file.xlsx import CellValue, column_letters, read_sheets
from lodestone.workbook.inputs import Inputs, load_bytes
from lodestone.workbook.snapshot import input_snapshot

SHOWN = 5  # cells that a sentence names


@dataclass(frozen=True)
class Finding:
    """One thing that was verified. ok: None when it could not be."""

    what: str
    ok: bool | None
    text: str


def verify(run: Path, workbook: Path | None = None) -> list[Finding]:
    """What holds of a run. run: its folder or plan.json; workbook: where it stands now, if it was moved.

    Raises UsageError when there is no plan that can be read.
    """
    document = read_run_document(run)
    plan = Plan.from_document(document)
    return [_written(document), _shown(plan, plan_book(run_place(run))), *_follows(plan, run, workbook)]


def holds(findings: list[Finding]) -> bool:
    """Whether every finding is good."""
    return all(finding.ok for finding in findings)


def _written(document: Document) -> Finding:
    if "fingerprint" not in document:
        return Finding(PLAN_JSON, None, "has no fingerprint: an earlier version of Lodestone wrote it")
    if document["fingerprint"] != fingerprint(document):
        return Finding(PLAN_JSON, False, "was changed after it was written")
    return Finding(PLAN_JSON, True, f"is as it was written (fingerprint {document['fingerprint'][:12]})")


def _shown(plan: Plan, book: Path) -> Finding:
    """The workbook of the plan is made again from plan.json; its values must be the same."""
    if plan.versions["lodestone"] != __version__:
        return Finding(book.name, None, f"was written by Lodestone {plan.versions['lodestone']}, this is {__version__}")
    seconds = {stage: s for stage, s in plan.seconds.items() if stage != "write"}  # which it cannot know
    with scratch() as place:
        again = place / "again.xlsx"
        write_plan_workbook(replace(plan, seconds=seconds), again)
        expected = _cells(again, again.read_bytes())
    try:
        found = _cells(book, read_regular(book, MOST_FILE))
    except FileNotFoundError:
        return Finding(book.name, False, f"{one_line(book)} does not exist")
    except UsageError as error:
        return Finding(book.name, False, str(error))
    changed = [cell for cell in dict.fromkeys([*expected, *found]) if expected.get(cell) != found.get(cell)]
    if changed:
        return Finding(book.name, False, f"shows other values than plan.json in {listed(changed, SHOWN)}")
    return Finding(book.name, True, f"shows what plan.json says ({count(len(expected), 'cell')})")


def _cells(path: Path, content: bytes) -> dict[str, CellValue]:
    return {
        f"{sheet.name}!{column_letters(column)}{number}": value
        for sheet in read_sheets(path, content)
        for number, row in sheet.rows.items()
        for column, value in row.items()
    }


def _follows(plan: Plan, run: Path, workbook: Path | None) -> Iterator[Finding]:
    try:
        content = workbook_bytes(plan, run) if workbook is None else read_bytes(workbook)
    except UsageError as error:
        yield Finding("workbook", None, str(error))
        yield Finding("audit", None, "not repeated, as it needs the workbook")
        return
    unchanged = hashlib.sha256(content).hexdigest() == plan.workbook_sha256
    path = workbook or workbook_of(plan, run)
    try:
        inputs, name = load_bytes(path, content, plan.sets or ()), path.name
    except UsageError as error:
        yield Finding("workbook", False, str(error))
        yield Finding("audit", None, "not repeated, as the workbook cannot be read")
        return
    if unchanged:
        yield Finding("workbook", True, f"{name} has not changed since")
    elif inputs.problems:
        problems = listed([problem.cell for problem in inputs.problems], SHOWN)
        yield Finding("workbook", False, f"{name} has changed since, and has problems now: {problems}")
    else:
        yield Finding("workbook", False, f"{name} has changed since: {_changes(plan, inputs)}")
    if inputs.problems:
        yield Finding("audit", None, "not repeated, as the workbook has problems")
        return
    yield _audited(plan, inputs, "" if unchanged else " with the workbook of today")


def _changes(plan: Plan, inputs: Inputs) -> str:
    """Which inputs of the run are others today; a joint run keeps those of its base."""
    now = replace(plan, inputs=input_snapshot(inputs.tables(_told_by(plan))))
    differences, _ = input_differences([plan, now])
    cells = [f"{d.sheet}/{d.row}/{d.year or d.column}" for d in differences]
    return listed(cells, SHOWN) if cells else "no input of this plan has changed"


def _told_by(plan: Plan) -> str:
    return "base" if plan.is_joint else str(plan.scenario)


def _audited(plan: Plan, inputs: Inputs, where: str) -> Finding:
    names = list(plan.futures) if plan.is_joint else [plan.scenario]
    gone = [name for name in names if name not in inputs.scenario_names]
    if gone:
        return Finding("audit", False, f"cannot be passed{where}: there is no scenario {listed(gone, SHOWN)}")
    data = {name: plan_data(inputs.tables(name), inputs.tables()) for name in names}
    if plan.is_joint:
        parents = any(each.scenario.parent not in (None, *data) for each in data.values())
        others = inputs.scenario_names if parents else ()
        scenarios = {name: plan_data(inputs.tables(name), inputs.tables()).scenario for name in others}
        result: Audit = audit_joint(data, plan.document(), scenarios)
    else:
        result = audit(data[names[0]], plan.document())
    if plan.secure:
        try:
            result = result.and_also(audit_branches(_branches(plan, inputs)))
        except UsageError as error:
            return Finding("audit", False, f"cannot be passed{where}: {error}")
    if result.ok:
        return Finding("audit", True, f"passed again{where}: {count(len(result.lines), 'rule')}")
    first = result.findings[0]
    return Finding(
        "audit",
        False,
        f"not passed{where} ({count(len(result.findings), 'finding')}): {first.rule}, {first.where}: "
        f"expected {first.expected}, found {first.found}",
    )


def _branches(plan: Plan, inputs: Inputs) -> dict[str, tuple[PlanData, BesideFuture]]:
    """The branches that a secure plan was made with. Raises UsageError where the workbook has their threats no more."""
    assert plan.secure is not None
    found = {}
    for branch in plan.secure.get("branches", ()):
        gone = [name for name in branch["threats"] if name not in threats_of(inputs)]
        if gone:
            raise UsageError(f"there is no threat {listed(gone, SHOWN)}")
        data = plan_data(inputs.combination(branch["scenario"], branch["threats"]), inputs.tables())
        future = plan.future(branch["scenario"]).tables if plan.is_joint else plan.tables
        tables = with_what_was_before(data, branch["tables"], future)
        found[data.scenario.name] = (data, BesideFuture(tables, future))
    return found
