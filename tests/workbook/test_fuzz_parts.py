"""Workbooks changed in the XML of their parts; `python -m benchmarks.fuzz_parts` tries thousands."""

from __future__ import annotations

import random
import re

import pytest
from benchmarks import fuzz_parts
from benchmarks.fuzz_parts import DAMAGES, NAMES, REWRITES, books, judge, parts_of
from click.testing import CliRunner


@pytest.mark.parametrize("seed", range(40))
def test_changed_parts_are_read_right_or_refused(seed: int) -> None:
    verdict = judge(seed)
    assert verdict.fault == "", verdict


@pytest.mark.parametrize("name", [*REWRITES, *NAMES])
def test_every_rewriting_alters_a_part_and_no_value(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    def one(parts: fuzz_parts.Parts, luck: random.Random) -> tuple[fuzz_parts.Parts, tuple[str, ...]]:
        before = dict(parts)
        if name in NAMES:
            parts = NAMES[name](parts)
        else:
            for sheet in fuzz_parts._sheets(parts):
                parts[sheet] = fuzz_parts._declared(REWRITES[name](parts[sheet].decode(), luck)).encode()
        altered.append(parts != before)
        return parts, (name,)

    altered: list[bool] = []
    monkeypatch.setattr(fuzz_parts, "KINDS", {"rewritten": one})
    verdicts = [judge(seed) for seed in range(8)]  # of four workbooks
    assert [verdict.fault for verdict in verdicts if verdict.fault] == []
    assert any(altered)


@pytest.mark.parametrize("name", DAMAGES)
def test_every_damage_alters_a_sheet(name: str) -> None:
    parts = parts_of(books()[0])
    sheets = [parts[sheet].decode() for sheet in fuzz_parts._sheets(parts)]
    assert any(DAMAGES[name](xml, random.Random(1)) != xml for xml in sheets)


def test_the_judge_sees_a_value_that_is_read_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """A price of 1,000 for 50, in the tutorial as openpyxl writes it."""

    def dearer(parts: fuzz_parts.Parts, luck: random.Random) -> tuple[fuzz_parts.Parts, tuple[str, ...]]:
        name = "xl/worksheets/sheet4.xml"  # Prices
        return {**parts, name: parts[name].replace(b"<v>50</v>", b"<v>1000</v>")}, ("dearer",)

    monkeypatch.setattr(fuzz_parts, "books", lambda: [books()[0]])
    monkeypatch.setattr(fuzz_parts, "KINDS", {"rewritten": dearer})
    assert re.search("Prices!B2 is read as 1000.0", judge(1).fault)


def test_a_fault_ends_in_exit_code_1(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz_parts, "KINDS", {"damaged": lambda parts, luck: (parts, ("nothing",))})
    done = CliRunner().invoke(fuzz_parts.main, ["--count", "1"])
    assert done.exit_code == 1
    assert "read although it is damaged" in done.output
