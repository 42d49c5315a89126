"""plan.json, a row a line, whatever stands in the rows."""

from __future__ import annotations

import json

from lodestone.plan.plan_json import dumps, finite


def test_every_row_is_a_line() -> None:
    rows = [{"name": "a", "t": 1.5}, {"name": "b", "t": 2}, {}]
    assert dumps({"tables": {"flows": rows}}) == (
        '{\n"tables": {\n"flows": [\n{"name": "a", "t": 1.5},\n{"name": "b", "t": 2},\n{}\n]\n}\n}\n'
    )


def test_what_looks_like_the_end_of_a_row_is_left_in_it() -> None:
    rows = [{"name": "a}, {b"}, {"name": [{"t": 1}, {"t": 2}]}, {"name": "}, {"}]
    text = dumps({"rows": rows})
    assert text.splitlines()[2:5] == [
        '{"name": "a}, {b"},',
        '{"name": [{"t": 1}, {"t": 2}]},',
        '{"name": "}, {"}',
    ]
    assert json.loads(text) == {"rows": rows}


def test_what_json_does_not_know() -> None:
    found = finite({"rows": [{"t": float("inf"), "u": -0.0, "v": (float("nan"), 1, "x", True, None)}]})
    assert repr(found) == "{'rows': [{'t': None, 'u': 0.0, 'v': [None, 1, 'x', True, None]}]}"
