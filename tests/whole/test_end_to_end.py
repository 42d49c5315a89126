"""From the blank workbook to a comparison, as a person would: fill in, check, mend, solve, change, solve, compare."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from openpyxl import Workbook, load_workbook

from lodestone.commands import main

Type = Callable[..., None]


def lodestone(*arguments: str) -> Result:
    result = CliRunner().invoke(main, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def typing(book: Workbook, sheet: str) -> Type:
    """type(row, heading=value, ...): values typed into the cells of a row, found by their headings."""
    page = book[sheet]
    places = {str(cell.value): cell.column for cell in page[1]}

    def type_in(row: int, **values: Any) -> None:
        for heading, value in values.items():
            page.cell(row, places[heading.removeprefix("y")], value)

    return type_in


def fill_in(path: Path) -> None:
    """Magnets from China at 60 + 1 USD/kg, from a friend at 80 + 2; at most half may be exposed.

    With three slips: a region misspelt, a share over 1, a demand forgotten.
    """
    book = load_workbook(path)
    settings = {row[0].value: row[1] for row in book["Settings"].iter_rows(min_row=2)}
    settings["plan_name"].value = "First plan"
    settings["discount_rate"].value = 0
    regions, materials, prices = (typing(book, sheet) for sheet in ("Regions", "Materials", "Prices"))
    regions(2, region="China", of_concern="yes")
    regions(3, region="Friend", group="ally", source="the alliance")
    regions(4, region="Home")
    materials(2, material="magnet", note="sintered")
    prices(2, material="magnet", y2026=60)
    markets, lanes = typing(book, "Markets"), typing(book, "Lanes")
    markets(2, market="chinese", region="China", material="magnet", side="buy")
    markets(3, market="friendly", region="Freind", material="magnet", side="buy", premium_share=1 / 3)
    lanes(2, from_region="China", to_region="Home", material="magnet", freight_usd_per_kg=1)
    lanes(3, from_region="Friend", to_region="Home", material="*", freight_usd_per_kg=2)
    typing(book, "Sectors")(2, sector="industry", shortage_cost_usd_per_kg=1000, min_service_share=1.5)
    typing(book, "Demand")(2, region="Home", sector="industry", material="magnet")
    typing(book, "ChinaShare")(2, cap="half", material="magnet", region="Home", sector="industry", y2026=0.5)
    book.save(path)


def test_from_the_blank_workbook_to_a_comparison(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path("plan.xlsx")
    assert lodestone("new", "plan.xlsx", "--first-year", "2026", "--last-year", "2027").exit_code == 0
    fill_in(path)

    assert lodestone("solve", "plan.xlsx", "--quiet").exit_code == 2
    checked = lodestone("check", "plan.xlsx", "--mark", "marked.xlsx", "--json")
    assert checked.exit_code == 2
    problems = {problem["cell"]: problem["mend"] for problem in json.loads(checked.stdout)["problems"]}
    assert problems.keys() == {"Markets!B3", "Sectors!C2", "Demand!D2"}
    assert problems["Markets!B3"] == "did you mean Friend?"
    marked = load_workbook("marked.xlsx")
    for sheet, cell in (place.split("!") for place in problems):
        assert marked[sheet][cell].comment.text.startswith("Problem: ")

    book = load_workbook(path)
    typing(book, "Markets")(3, region="Friend")
    typing(book, "Sectors")(2, min_service_share=0.8)
    typing(book, "Demand")(2, y2026=100, y2027=200)
    book.save(path)
    assert lodestone("check", "plan.xlsx").stdout == "0 problems, 0 warnings.\n"

    first = json.loads(lodestone("solve", "plan.xlsx", "--gap", "0", "--json").stdout)
    # 300 t, half of it Chinese at 61 USD/kg, half friendly at 80 + 2
    assert first["objective_musd"] == pytest.approx((150 * 61 + 150 * 82) / 1000)
    assert first["plan_name"] == "First plan"

    book = load_workbook(path)
    typing(book, "ChinaShare")(2, y2026=0.25)
    book.save(path)
    second = json.loads(lodestone("solve", "plan.xlsx", "--gap", "0", "--out", "stricter", "--json").stdout)
    assert second["objective_musd"] == pytest.approx((75 * 61 + 225 * 82) / 1000)

    compared = lodestone("compare", first["folder"], "stricter", "--json")
    answer = json.loads(compared.stdout)
    assert answer["difference_musd"]["stricter"] == pytest.approx(75 * 21 / 1000)
    assert answer["inputs_that_differ"] == ["ChinaShare/half/2026", "ChinaShare/half/2027"]
    assert all(Path(file).is_file() for file in answer["files"])
