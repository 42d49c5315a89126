"""The schema against the workbook contract."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from lodestone.workbook.schema.columns import YEARS, Column
from lodestone.workbook.schema.sheets import NAMED_SHEETS, SHEETS, WORDS, each_column

CONTRACT = Path(__file__).resolve().parents[3] / "shared" / "workbook_contract.csv"
ADDED = (("Settings", "extra_gap"),)  # columns beside it: the contract lets code add some


def contract() -> dict[tuple[str, str], dict[str, str]]:
    if not CONTRACT.exists():
        pytest.skip("the workbook contract is not beside this checkout")
    with CONTRACT.open(encoding="utf-8", newline="") as file:
        return {(row["sheet"], row["column"]): row for row in csv.DictReader(file)}


def column_of(sheet: str, name: str) -> Column:
    return SHEETS[sheet].by_name[YEARS if name == "(years)" else name]


def columns_only() -> list[tuple[Column, dict[str, str]]]:
    return [(column_of(*key), row) for key, row in contract().items() if key[1] != "(sheet)"]


def test_sheets_are_those_of_the_contract() -> None:
    sheets = {sheet: row for (sheet, column), row in contract().items() if column == "(sheet)"}
    assert list(SHEETS) == list(sheets)
    assert {name for name, sheet in SHEETS.items() if sheet.required} == {
        name for name, row in sheets.items() if row["required"] == "yes"
    }


def test_columns_and_their_order_are_those_of_the_contract() -> None:
    ours = [(sheet.name, "(years)" if column.kind == YEARS else column.name) for sheet, column in each_column()]
    assert [key for key in ours if key not in ADDED] == [key for key in contract() if key[1] != "(sheet)"]
    assert set(ADDED) <= set(ours)


def test_kind_unit_and_required_are_those_of_the_contract() -> None:
    for column, row in columns_only():
        assert (column.kind, column.unit, column.required) == (row["kind"], row["unit"], row["required"] == "yes"), row


def test_defaults_are_those_of_the_contract() -> None:
    for column, row in columns_only():
        if row["default"] == "":
            assert column.default is None, row
        elif column.default is None:
            assert column.blank == row["default"], row
        elif column.kind == "yesno":
            assert column.default is (row["default"] == "yes"), row
        else:
            assert str(column.default) == row["default"], row


def test_the_version_that_brought_a_column_is_that_of_the_contract() -> None:
    for column, row in columns_only():
        assert column.since == int(row["since"]), row


def test_limits_are_those_of_the_contract() -> None:
    for column, row in columns_only():
        if row["max"].endswith(" (excluded)"):
            assert (column.most, column.below) == (None, limit(row["max"].removesuffix(" (excluded)"))), row
        else:
            assert (column.most, column.below) == (limit(row["max"]), None), row
        if row["min"].endswith(" (excluded)"):
            assert (column.least, column.above) == (None, limit(row["min"].removesuffix(" (excluded)"))), row
        else:
            assert (column.least, column.above) == (limit(row["min"]), None), row


def limit(text: str) -> float | str | None:
    """A limit of the contract: a number, the name of a setting, or none."""
    if not text:
        return None
    return text if text[0].isalpha() else float(text)


def test_choices_and_references_are_those_of_the_contract() -> None:
    for column, row in columns_only():
        assert "|".join(column.allowed) == row["allowed"], row
        assert "|".join(column.refers_to) == row["refers_to"], row


def test_keys_are_columns_and_references_are_sheets() -> None:
    for sheet in (SHEETS[name] for name in NAMED_SHEETS):
        assert set(sheet.key) <= set(sheet.by_name)
    for _, column in each_column():
        assert set(column.refers_to) <= {*SHEETS, *WORDS}
