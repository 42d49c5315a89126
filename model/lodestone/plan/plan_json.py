"""plan.json: the plan document as text that programs parse and people can read, one table row a line."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from math import isfinite
from pathlib import Path

from lodestone.errors import UsageError
from lodestone.plan.plan import Plan, require_plan
from lodestone.plan.shapes import Json, Misfit, damaged, read_document, shown
from lodestone.plan.tables import Document

FORMAT = 1
MEND = "solve it again"
START = '{\n"format":'  # of every plan.json
PLAIN = (str, int, bool, type(None))
OF_THE_RUN = ("seconds", "workbook_path", "fingerprint")  # what may differ when the same plan is made again


def dumps(document: Document) -> str:
    """Keys and rows in the order of the document, so that two runs can be compared line by line."""
    return _joined(_members(document))


def stamped(plan: Plan) -> str:
    """The text of plan.json: the plan with its fingerprint as the last entry."""
    members = _members(plan.document())
    members["fingerprint"] = _member("fingerprint", _hash(members))
    return _joined(members)


def fingerprint(document: Document) -> str:
    """SHA-256 of a plan document: equal for the same workbook, options and versions, wherever and whenever."""
    return _hash(_members(document))


def _hash(members: Mapping[str, str]) -> str:
    text = _joined({key: text for key, text in members.items() if key not in OF_THE_RUN})
    return hashlib.sha256(text.encode("utf-8", errors="backslashreplace")).hexdigest()


def _joined(members: Mapping[str, str]) -> str:
    return "{\n" + ",\n".join(members.values()) + "\n}\n"


def _members(document: Document) -> dict[str, str]:
    return {key: _member(key, value) for key, value in document.items()}


def _member(key: str, value: Json) -> str:
    return f"{_compact(key)}: {_part(value)}"


def _part(value: Json) -> str:
    if isinstance(value, Mapping) and any(isinstance(v, list) for v in value.values()):
        return "{\n" + ",\n".join(_member(name, rows) for name, rows in value.items()) + "\n}"
    if isinstance(value, list) and value and isinstance(value[0], Mapping):
        return "[\n" + _lines(value) + "\n]"
    return _compact(value)


def _lines(rows: list[Json]) -> str:
    """Each row a line: all at once, in half the time, unless what stands between two rows stands in one of them too."""
    parts = _compact(rows)[1:-1].split("}, {")
    return "},\n{".join(parts) if len(parts) == len(rows) else ",\n".join(map(_compact, rows))


def _compact(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def finite(value: Json) -> Json:
    """The document with infinities and NaN, which JSON does not know, as None, and without -0.0."""
    if value.__class__ in PLAIN:  # most of a plan
        return value
    if isinstance(value, float):
        return value + 0.0 if isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: v if v.__class__ in PLAIN else finite(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [finite(v) for v in value]
    return value


def read_plan_document(path: Path, named: Path | None = None) -> Document:
    """What a plan.json holds, word for word. named: the path as it was typed.

    Raises UsageError when the file is no plan of this format, or is not as plan.py says.
    """
    try:
        plan: Document = read_document(path, MEND)
    except (FileNotFoundError, NotADirectoryError):
        raise UsageError(f"there is no plan at {named or path}: name the folder that solve wrote") from None
    if not isinstance(plan, dict) or "format" not in plan:
        raise UsageError(f"{path} is no plan of Lodestone; name the folder of a run")
    if plan["format"] != FORMAT:
        raise UsageError(
            f"{path} is of format {shown(plan['format'])}, and this version of Lodestone reads {FORMAT}; {MEND}"
        )
    try:
        require_plan(plan)
    except Misfit as misfit:
        raise damaged(path, str(misfit), MEND) from None
    return plan
