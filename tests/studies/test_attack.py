"""Attacks on plans, worked by hand: what is short, what it costs, what would have helped, what need not be tried."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.make import Book
from tests.secure_books import prepared_home, reserve, threat
from tests.solving import close, kg, lane, market, read

from lodestone.errors import UsageError
from lodestone.report.studies.attack_files import KIND, notes, tables, write_attack
from lodestone.solve.effort import Effort
from lodestone.solve.one_scenario import solve_scenario
from lodestone.studies.attack.attack import attack
from lodestone.studies.attack.results import Attack, Blow


def attacked(book: Book, k: int = 2) -> Attack:
    inputs = read(book)
    assert inputs.problems == ()
    return attack(inputs, "run", solve_scenario(inputs, effort=Effort(1e-9, secure=0)), k)


def blow(study: Attack, *threats: str) -> Blow:
    (found,) = [b for b in study.blows if b.threats == threats]
    return found


def supplied() -> Book:
    """100 t/yr from China at 60 USD/kg; the ally would sell 40 t/yr at 90 USD/kg, a third supplier 30 at 300."""
    book = prepared_home(secure=0)
    market(book, "china", "China")
    lane(book, "China", "Home")
    market(book, "ally", "Ally", years=40, premium_share=0.5)
    market(book, "dear", "Ally", years=30, premium_share=4)
    lane(book, "Ally", "Home")
    threat(book, "embargo", "Lanes", "China/*/*", 0, from_year=2027)
    threat(book, "ally_stops", "Markets", "ally", 0, from_year=2027)
    threat(book, "dear_stops", "Markets", "dear", 0, from_year=2027)
    return book


# The embargo: 40 t come from the ally at 90 instead of 60, 60 t are short at 100 (the third supplier is dearer than a
# shortage): 40 x 30 + 60 x (100 - 60) more. With the ally gone too all 100 t are short: 100 x 40.
def test_what_is_short_and_what_it_costs() -> None:
    study = attacked(supplied())
    alone, both = blow(study, "embargo"), blow(study, "embargo", "ally_stops")
    assert alone.short_t == {"industry": close(60)}
    assert alone.extra_musd == kg(40 * 30 + 60 * 40)
    assert alone.limits == ("volume of ally",)
    assert both.short_t == {"industry": close(100)}
    assert both.extra_musd == kg(100 * 40)
    assert study.blows[0] == both
    assert study.worst_for("industry") == both


# Alone, neither supplier is missed: nothing is bought of them. What stops what is not used beside another threat need
# not be tried: dear_stops with the embargo or with ally_stops, and ally_stops with dear_stops is the same pair.
def test_what_takes_away_only_what_is_not_used_is_not_tried() -> None:
    study = attacked(supplied())
    assert blow(study, "ally_stops").extra_musd == close(0)
    assert {b.threats for b in study.blows} == {
        ("embargo",),
        ("ally_stops",),
        ("dear_stops",),
        ("embargo", "ally_stops"),
    }
    assert study.skipped == 2
    assert any(note.startswith("2 more cannot be worse") for note in notes(study))


# The plan's stock is held until the threat shows itself, and is what is left then: 30 t of opening stock that a least
# stock keeps in the base; the emergency frees it.
def test_stock_is_used_and_runs_empty() -> None:
    book = supplied()
    reserve(book, opening_t=30, least_t=30)
    book["Scenarios"][0] += ["emergency_from", "emergency_to"]
    book["Scenarios"][1] += [2027, 2027]
    study = attacked(book, 1)
    assert blow(study, "embargo").short_t == {"industry": close(30)}
    assert blow(study, "embargo").empty_after_days == {"reserve": 365}


def test_files(tmp_path: Path) -> None:
    study = attacked(supplied())
    book, facts = write_attack(study, tmp_path / "attack.xlsx")
    assert book.exists()
    assert KIND.read(facts)["skipped"] == 2
    assert [name for name, _, _ in tables(study)] == ["Worst", "BySector", "About"]


def test_without_threats_there_is_nothing_to_attack_with() -> None:
    book = prepared_home()
    market(book, "china", "China")
    lane(book, "China", "Home")
    with pytest.raises(UsageError, match="no threat"):
        attacked(book)
