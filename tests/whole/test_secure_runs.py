"""A secure plan from the command line to its folder, and verified again from what stands there."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from openpyxl import load_workbook
from tests.make import Book, write_book
from tests.secure_books import prepared_home, reserve, secure_share, threat
from tests.solving import add, lane, market

from lodestone.commands import main
from lodestone.plan.plan import Plan, require_plan
from lodestone.plan.run_files import plan_book
from lodestone.plan.shapes import Misfit
from lodestone.report.plan.run_folder import write_run
from lodestone.runs.verify import verify


def two_suppliers(boom: bool = False) -> Book:
    """China and an ally serve all at 60 and 90 USD/kg; each may stop in 2027, and only together do they hurt.

    boom: a second future, in which 110 t are wanted in 2027."""
    book = prepared_home(secure=0.8)
    market(book, "china", "China")
    lane(book, "China", "Home")
    market(book, "ally", "Ally", years=100, premium_share=0.5)
    lane(book, "Ally", "Home")
    reserve(book)
    threat(book, "embargo", "Lanes", "China/*/*", 0, from_year=2027)
    threat(book, "ally_stops", "Markets", "ally", 0, from_year=2027)
    if boom:
        add(book, "Scenarios", scenario="boom", probability=0.25, from_year=2027)
        add(book, "Changes", scenario="boom", sheet="Demand", row="Home/industry/oxide", column="years", value=110)
    return book


@pytest.fixture(scope="module", params=[(), ("--joint", "--no-values")], ids=["one", "joint"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("secure")
    write_book(folder / "case.xlsx", two_suppliers(boom=bool(request.param)))
    asked = ["solve", str(folder / "case.xlsx"), "--secure", "2", "--out", str(folder / "run"), *request.param]
    done = CliRunner().invoke(main, asked)
    assert (done.exit_code, done.exception) == (0, None), done.output
    return folder / "run"


def document(run: Path) -> dict[str, Any]:
    return dict(json.loads((run / "plan.json").read_text(encoding="utf-8")))


def sheet(run: Path, name: str) -> list[list[Any]]:
    book = load_workbook(plan_book(run), data_only=True)
    return [[cell for cell in row if cell is not None] for row in book[name].iter_rows(values_only=True)]


def audited(run: Path, workbook: Path | None = None) -> tuple[bool | None, str]:
    *_, audit = verify(run, workbook)
    return audit.ok, audit.text


def test_the_first_page_begins_with_it(run: Path) -> None:
    """In the base 80 t are held for a year at 1 USD/kg; both suppliers must be gone for that."""
    said = " ".join(str(cell) for row in sheet(run, "Summary") for cell in row)
    assert "Secure against all of 2 threats" in said
    price = json.loads((run / "plan.json").read_text(encoding="utf-8"))["secure"]["price_musd"]
    joint = "price of security 0.08 MUSD" not in said  # 80 t for a year; of 0.8 of all futures 110 t in the joint run
    assert price == pytest.approx(0.088 if joint else 0.08)
    assert "price of security" in said
    assert "binding: embargo + ally_stops" in said


def test_the_sheet_has_every_combination(run: Path) -> None:
    futures = 2 if document(run).get("futures") else 1
    cells = [
        row for row in sheet(run, "Secure") if any(str(cell).startswith(("embargo", "ally_stops")) for cell in row)
    ]
    assert len(cells) == 3 * futures


def test_the_branches_stand_in_the_plan(run: Path) -> None:
    """From 2027 on, when the threats come; nothing of before, but costs and what lenders make of it."""
    (branch, *_) = document(run)["secure"]["branches"]
    assert branch["threats"] == ["embargo", "ally_stops"]
    assert {row["year"] for row in branch["tables"]["demand"]} == {2027}
    assert {row["year"] for row in branch["tables"]["stockpile"]} == {2027}


def test_a_secure_run_is_verified_with_its_branches(run: Path) -> None:
    assert audited(run)[0] is True
    assert [row["rule"] for row in document(run)["audit"] if row["rule"].startswith("branches: (24)")]


def test_what_the_branches_do_not_give_any_more_is_found(run: Path, tmp_path: Path) -> None:
    """A workbook that asks for 90 % whatever comes: the plan gives 80 %."""
    book = two_suppliers(boom="futures" in document(run))
    secure_share(book, 0.9)
    ok, text = audited(run, write_book(tmp_path / "case.xlsx", book))
    assert ok is False
    assert "(24) served" in text


def test_a_branch_whose_rows_were_changed_is_found(run: Path, tmp_path: Path) -> None:
    """10 t more are short in the crisis than its deliveries leave."""
    changed = document(run)
    for row in changed["secure"]["branches"][0]["tables"]["demand"]:
        row["short_t"] += 10
    write_run(Plan.from_document(changed), tmp_path / "run", run.parent / "case.xlsx")
    assert audited(tmp_path / "run")[0] is False


def test_a_threat_that_is_gone_is_told(run: Path, tmp_path: Path) -> None:
    book = two_suppliers(boom="futures" in document(run))
    book["Scenarios"] = [["no" if cell == "yes" else cell for cell in row] for row in book["Scenarios"]]
    ok, text = audited(run, write_book(tmp_path / "case.xlsx", book))
    assert ok is False
    assert "there is no threat embargo, ally_stops" in text


def test_a_branch_that_is_badly_formed_is_told_by_its_place(run: Path) -> None:
    bad = deepcopy(document(run))
    bad["secure"]["branches"][0]["tables"]["demand"][0]["year"] = "2027"
    with pytest.raises(Misfit) as found:
        require_plan(bad)
    assert found.value.place[:4] == ("secure", "branches", "branch 1", "tables")


# --- where no plan is secure -----------------------------------------------------------------------------------------


def too_little() -> Book:
    """80 of 100 t must be served in the embargo; 40 t can be held, and the ally sells 30 t: 10 t are missing."""
    book = prepared_home(secure=0.8)
    market(book, "china", "China")
    lane(book, "China", "Home")
    market(book, "ally", "Ally", years=30, premium_share=0.5)
    lane(book, "Ally", "Home")
    reserve(book, capacity_t=40)
    threat(book, "embargo", "Lanes", "China/*/*", 0, from_year=2027)
    return book


def test_without_a_secure_plan_the_least_repairs_are_told(tmp_path: Path) -> None:
    """10 t more of stock or of the ally, or a share of 70 %: each by itself makes a secure plan."""
    case = write_book(tmp_path / "case.xlsx", too_little())
    done = CliRunner().invoke(main, ["solve", str(case), "--secure", "1", "--out", str(tmp_path / "run")])
    assert done.exit_code == 3, done.output
    assert "embargo; the largest share of industry that any plan attains is 70.0% (80.0% asked)" in done.output
    why = json.loads((tmp_path / "run" / "explanation.json").read_text(encoding="utf-8"))
    found = {change["what"]: change["to"] for repair in why["repairs"] for change in repair["changes"]}
    assert found == {
        "secure_share of industry": pytest.approx(0.7),
        "capacity_t of reserve": pytest.approx(50),
        "volume of ally from 2026 on": pytest.approx(40),
    }
    assert any("embargo" in remark for remark in why["remarks"])


# --- what does not go together ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "setting", "remedy"),
    [
        (("--secure", "1"), None, "leave out --decompose, or ask for one scenario"),
        ((), 1, "leave out --decompose, or plan without threats with --secure 0"),
    ],
)
def test_future_by_future_is_refused_with_a_remedy(
    tmp_path: Path, asked: tuple[str, ...], setting: int | None, remedy: str
) -> None:
    book = two_suppliers(boom=True)
    if setting is not None:
        book["Settings"]["secure_against"] = setting
    case = write_book(tmp_path / "case.xlsx", book)
    done = CliRunner().invoke(main, ["solve", str(case), "--joint", "--decompose", *asked])
    assert done.exit_code == 2
    assert remedy in done.output
