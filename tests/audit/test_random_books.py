"""The audit against the model on random workbooks of version 2: what the one plans, the other passes."""

from __future__ import annotations

from contextlib import suppress

import pytest
from tests.audit.random_books import random_book, supported_book
from tests.solving import problems, rows, solve, solve_all

from lodestone.errors import NoPlanError, WorkbookError

SEEDS = range(6)


@pytest.mark.parametrize("seed", SEEDS)
def test_plans_of_each_future_and_of_all_pass_the_audit(seed: int) -> None:
    """A plan that fails its audit is not written: an error."""
    book = random_book(seed)
    assert problems(book) == ()
    names = [row[0] for row in book["Scenarios"][1:]]
    likely = any(row[1] for row in book["Scenarios"][1:])

    for name in ("base", *names):
        try:
            solve(book, name)
        except NoPlanError:
            continue
    if likely:
        try:
            solve_all(book, values=False)
        except NoPlanError:
            return


def test_the_random_workbooks_have_a_little_of_everything() -> None:
    """Else their plans would pass for want of anything to judge."""
    plans = []
    for seed in range(12):
        try:
            plans.append(solve(random_book(seed)))
        except NoPlanError:
            continue
    found = {
        "cut": any("month" in row for plan in plans for row in plan["tables"]["costs"]),
        "committed": any(plan["tables"].get("committed") for plan in plans),
        "kept in part": any(row["kept"] and row["kept"] < 0.99 for plan in plans for row in rows(plan, "plants")),
        "topped up": any(row["topup_musd"] > 0.01 for plan in plans for row in rows(plan, "plants")),
        "put into stock": any(row["fill_clean_t"] > 0.1 for plan in plans for row in rows(plan, "stockpile")),
        "shares of fills": any(row["basis"] == "fills" for plan in plans for row in rows(plan, "china_share")),
        "designed out": any(row["t"] > 0.1 for plan in plans for row in rows(plan, "substitution")),
        "scrap": any(rows(plan, "returns") for plan in plans),
    }
    assert all(found.values()), [what for what, there in found.items() if not there]


@pytest.mark.parametrize("seed", SEEDS)
def test_plans_with_packages_of_every_kind_pass_the_audit(seed: int) -> None:
    """Floors left blank, credits, stakes, loans, broken promises, late builds and budgets of every kind."""
    book = supported_book(seed)
    assert problems(book) == ()
    audited = 0
    for name in ("base", *(row[0] for row in book["Scenarios"][1:])):
        with suppress(NoPlanError):
            audited += all(line["ok"] for line in solve(book, name)["audit"])
    assert audited > 0
    if any(row[1] for row in book["Scenarios"][1:]):
        with suppress(NoPlanError):
            solve_all(book, values=False)


def test_the_random_workbooks_have_packages_of_every_kind() -> None:
    plans = []
    for seed in range(12):
        with suppress(NoPlanError, WorkbookError):  # a blank floor where none closes the gap
            plans.append(solve(supported_book(seed)))
    awards = [row for plan in plans for row in rows(plan, "price_floors")]
    found = {
        "awarded": len(awards) > 1,
        "committed": any(row["kind"] == "floor" for plan in plans for row in plan["tables"].get("committed", [])),
        "credits": any(plan["costs_musd"]["credits"] for plan in plans),
        "loans": any(plan["costs_musd"]["loans"] for plan in plans),
        "equity": any(plan["costs_musd"]["equity"] for plan in plans),
    }
    assert all(found.values()), [what for what, there in found.items() if not there]
