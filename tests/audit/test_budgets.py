"""Budgets of loans, stakes and promises, and what is owed after the horizon, in the tiny plan with the deal of
test_stakes.py.

Put in at the decision in 2030: a loan of 0.05 and a stake of 0.03. The floor of 12 covers 11 t in 2031 and 22 t in 2032
and 2033, against a market price of 10 and a lenders' price of 8; the credit brings 0.02, 0.04 and 0.04. Of the offtake
18 t are bound at 11.
"""

from __future__ import annotations

from typing import Any

import pytest
from tests.audit.tiny_plan import judged, plan_document
from tests.audit.tiny_workbook import change, deal, flat, kg, workbook

from lodestone.audit.books import read_books
from lodestone.audit.budgets import after_the_horizon, budgets, outlays, owed_later
from lodestone.audit.floors import floor_payments_table
from lodestone.data.plan_data import Budget, Floor
from lodestone.plan.tables import TABLES


def budget(*covers: str, carry_over: bool = False, payer: str | None = None, **limit: float | None) -> dict[str, Any]:
    """y30, y31, y32: MUSD, else 1."""
    money = {2030 + n: limit.get(f"y3{n}", 1.0) for n in range(3)}
    return {"budgets": {"money": Budget("money", frozenset(covers), carry_over, money, payer)}}


def spent(kind: str, payer: str = "public", **terms: Any) -> list[float]:
    data = workbook(**terms)
    found = outlays(data, read_books(data, plan_document()))
    return [found[payer, kind, year] for year in data.years]


def close(*values: float) -> Any:
    return pytest.approx(list(values), abs=1e-12)


def test_what_is_put_in_counts_in_full_and_what_comes_back_makes_no_room() -> None:
    assert spent("loans", **deal()) == close(0.05, 0, 0)
    assert spent("equity", **deal()) == close(0.03, 0, 0)
    assert spent("loans", "Japan", **deal(payer="Japan")) == close(0.05, 0, 0)
    assert judged(budgets, **deal(), **budget("loans", "equity", y30=0.08)) == []
    assert judged(budgets, **deal(), **budget("loans", "equity", y30=0.07)) == [
        ("money 2030", "outlays at most 0.07 MUSD", "0.08 MUSD")
    ]
    assert judged(budgets, **deal(payer="Japan"), **budget("loans", payer="public", y30=0.0)) == []


def test_credits_count_in_full_beside_a_floor_that_is_paid_back() -> None:
    """Market 16 against a floor of 12, half of 4 USD/kg paid back on 22 t: no room for the credit."""
    dear = {"price": {**workbook().price, "oxide": {2030: kg(10), 2031: kg(10), 2032: kg(16)}}}
    assert spent("floors", **deal()) == close(0, 0.022 + 0.02, 0.044 + 0.04)
    assert spent("floors", **deal(), **dear) == close(0, 0.022 + 0.02, 0.04)


def test_contingent_is_what_floors_would_pay_at_lenders_prices() -> None:
    assert spent("contingent", **deal()) == close(0, 0.044, 0.088)
    dear = {"bank_price": {"ore": flat(kg(1.6)), "oxide": flat(kg(16)), "scrap": flat(kg(0.8))}}
    assert spent("contingent", **deal(), **dear) == close(0, 0, 0)
    unkept = deal(honoured={2030: True, 2031: True, 2032: False})
    assert spent("contingent", **unkept) == close(0, 0.044, 0)
    assert judged(budgets, **deal(), **budget("contingent", y31=0.044, y32=0.08)) == [
        ("money 2032", "outlays at most 0.08 MUSD", "0.088 MUSD")
    ]


def test_what_is_owed_after_the_horizon_by_kind() -> None:
    data = workbook(**deal())
    owed = owed_later(data, read_books(data, plan_document()))
    found = {(kind, year): amount for (_, kind, year), amount in owed.items() if amount}
    expected = {("floors", 2033): 0.084, ("contingent", 2033): 0.088, ("contracts", 2033): 0.018}
    assert found == pytest.approx(expected)


@pytest.mark.parametrize(
    ("covers", "amount"), [("floors", 0.084), ("contingent", 0.088), ("contracts", 0.018)]
)  # fmt: skip
def test_it_is_held_to_the_money_of_the_last_year(covers: str, amount: float) -> None:
    assert judged(after_the_horizon, **deal(), **budget(covers, y32=amount)) == []
    short = amount - 0.001
    said = [("money 2033", f"what is owed at most {short:g} MUSD", f"{amount:g} MUSD")]
    assert judged(after_the_horizon, **deal(), **budget(covers, y32=short)) == said
    assert judged(after_the_horizon, **deal(), **budget(covers, carry_over=True, y32=short)) == said
    assert judged(after_the_horizon, **deal(), **budget(covers, y32=None)) == []
    assert judged(after_the_horizon, **deal(), **budget(covers, payer="Japan", y32=0.0)) == []
    theirs = deal(payer="Japan") | change("contracts", "offtake", payer="Japan")
    assert judged(after_the_horizon, **theirs, **budget(covers, payer="Japan", y32=short)) == said


def test_each_year_is_held_by_itself() -> None:
    """A year more of life and tenor: in 2034 the offtake is over, and the floor covers all 40 t."""
    longer = deal(tenor_years=4) | change("projects", "smelter", life_years=4)
    found = judged(after_the_horizon, **longer, **budget("floors", y32=0.1))
    assert found == [("money 2034", "what is owed at most 0.1 MUSD", "0.12 MUSD")]
    assert judged(after_the_horizon, **longer, **budget("floors", y32=0.12)) == []


def test_what_is_not_honoured_at_the_end_is_not_owed() -> None:
    unkept = deal(honoured={2030: True, 2031: True, 2032: False})
    assert judged(after_the_horizon, **unkept, **budget("floors", "contingent", y32=0.0)) == []


def test_a_plants_credit_is_spent_and_owed_on_its_capacity() -> None:
    """1 USD/kg on the 50 t of the refinery, from 2031 on for three years, the last of them after the horizon."""
    given = Floor("rescue", "refinery", "oxide", 0.0, 3, 0.0, 0.0, committed_year=2031, credit=kg(1), payer="Japan")
    changes = {"floors": {**workbook().floors, "rescue": given}}
    assert spent("floors", "Japan", **changes) == close(0, 0.05, 0.05)
    data = workbook(**changes)
    owed = owed_later(data, read_books(data, plan_document()))
    assert owed["Japan", "floors", 2033] == pytest.approx(0.05)
    row = ("refinery", "rescue", 2031, 2031, 50.0, 10.0, 0.0, 0.0, 0.0, 0.05, "yes")
    for amount, found in ((0.05, []), (0.04, [("rescue 2031 in 2031", "credit 0.05 MUSD", "0.04 MUSD")])):
        entry = dict(zip(TABLES["floor_payments"].names, row, strict=False)) | {"credit_musd": amount}
        assert judged(floor_payments_table, lambda plan, e=entry: plan["tables"]["floor_payments"].append(e),
                      **changes) == found  # fmt: skip


def test_a_budget_that_is_over_keeps_none_after_it_from_being_held() -> None:
    both = {
        "over": Budget("over", frozenset({"floors"}), False, {2030: 1.0, 2031: 1.0, 2032: None}),
        "tight": Budget("tight", frozenset({"floors"}), False, flat(0.08)),
    }
    found = judged(after_the_horizon, **deal(), budgets=both)
    assert found == [("tight 2033", "what is owed at most 0.08 MUSD", "0.084 MUSD")]
