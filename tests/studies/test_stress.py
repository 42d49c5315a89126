"""A plan's decisions held, and met by what the plan was not made for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from openpyxl import load_workbook
from tests.futures import crisis, future, with_futures
from tests.make import Book, write_book
from tests.solving import FIRST, add, close, cost, home, lane, market, read, solved, solved_all

from lodestone.commands import main
from lodestone.data.times import time_of
from lodestone.errors import UsageError
from lodestone.plan.plan import Plan
from lodestone.plan.tables import Rows
from lodestone.progress import ShouldStop
from lodestone.solve.effort import Effort
from lodestone.studies.stress.cases import stress
from lodestone.studies.stress.results import Outcome, Stress

CRISIS = FIRST + 1


def stressed(
    book: Book, plans: Mapping[str, Plan] | None = None, should_stop: ShouldStop | None = None, **options: Any
) -> Stress:
    effort = Effort(gap=1e-9, should_stop=should_stop)
    return stress(read(book), plans or {"base": solved(book)}, effort=effort, **options)


def outcome(study: Stress, case: str, kind: str = "", run: str = "") -> Outcome:
    (found,) = (o for o in study.outcomes if o.case == case and o.kind.startswith(kind) and o.run.startswith(run))
    return found


def rich() -> Book:
    """with_futures, a plant in Ally, and an Ally contract that is worth signing."""
    book = with_futures()
    add(book, "Plants", plant="ally_works", region="Ally", process="make", operating_cost_usd_per_kg=30, pricing="cost",
        years=10)  # fmt: skip
    add(book, "Contracts", contract="deal", supplier="ally", material="oxide", price_rule="index", tenor_years=3,
        index_premium_share=-0.6, max_t_per_yr=20, take_or_pay_share=1, latest_year=FIRST)  # fmt: skip
    return book


def test_every_scenario_and_every_loss_is_a_case():
    book = rich()
    book["Projects"][1][book["Projects"][0].index("capex_musd")] = 0.1
    study = stressed(book)
    assert {(o.kind, o.case) for o in study.outcomes} == {
        ("as planned", "base"), ("scenario", "embargo"), ("scenario", "late"), ("scenario", "dear"),
        ("exports cut", "China"), ("exports cut", "Ally"), ("plant lost", "ally_works"), ("project lost", "works"),
        ("contract broken", "deal"),
    }  # fmt: skip
    assert all(o.remark == "" and o.gave_way == () for o in study.outcomes)
    assert {o.from_year for o in study.outcomes if o.kind != "scenario"} == {CRISIS}


def test_held_in_the_base_a_plan_costs_what_it_costs():
    book = rich()
    planned = outcome(stressed(book), "base")
    assert planned.cost_musd == close(cost(book))
    assert planned.extra_musd == close(0)
    assert sum((planned.short_t or {}).values()) == close(0)


def test_what_hurts_most_comes_first():
    study = stressed(rich())
    assert [o.extra_musd for o in study.outcomes] == sorted((o.extra_musd for o in study.outcomes), reverse=True)
    assert study.outcomes[0].case in ("embargo", "China")


def test_a_plan_made_for_the_embargo_costs_there_what_it_costs():
    book = with_futures()
    study = stressed(book, {"embargo": solved(book, "embargo")})
    assert outcome(study, "embargo").cost_musd == close(cost(book, "embargo"))


def test_the_joint_plan_meets_its_futures_as_planned():
    book = with_futures()
    plan = solved_all(book, values=False)
    study = stressed(book, {"joint": plan})
    for name in ("embargo", "late", "dear"):
        assert outcome(study, name).cost_musd == close(plan.futures[name])


def test_held_decisions_cost_at_least_what_new_ones_cost():
    book = with_futures()
    held, free = stressed(book), stressed(book, allow_new=True)
    for o in held.outcomes:
        other = outcome(free, o.case, o.kind)
        assert (other.cost_musd or 0) <= (o.cost_musd or 0) + 1e-6
    assert outcome(free, "embargo").cost_musd < outcome(held, "embargo").cost_musd - 1  # works are built
    assert outcome(held, "embargo").shortage_t > outcome(free, "embargo").shortage_t


def test_a_loss_costs_what_replacing_it_costs():
    """10 t a year of the works in Ally, made at 30, come from China at 60 instead; the 20 t of the deal, at 24, too."""
    book = rich()
    study = stressed(book)
    assert outcome(study, "ally_works").extra_musd == close(2 * 10 * (60 - 30) / 1000)
    assert outcome(study, "deal").extra_musd == close(2 * 20 * (61 - 25) / 1000)


def test_a_project_that_is_lost_makes_nothing_but_its_capex_is_spent():
    book = rich()
    book["Projects"][1][book["Projects"][0].index("capex_musd")] = 0.1
    study = stressed(book)
    assert outcome(study, "works").extra_musd == close(2 * 50 * (61 - 40) / 1000)


def test_days_until_the_stock_is_empty():
    """120 t in a closed region last a year at 100 t, and then 73 days of the next; 20 t last 73 days."""
    book = home(FIRST + 2, shortage=500, stock_end_value_share=0)
    market(book, "china", "China")
    lane(book, "China", "Home")
    add(book, "Stockpiles", stockpile="reserve", region="Home", material="oxide", capacity_t=200, opening_t=120)
    future(book, "embargo", 0, CRISIS, "Lanes", "China/*/*", value=0)
    book["Markets"][0].append(FIRST)
    book["Markets"][1].append(100)
    plan = solved(book, "embargo")  # which keeps the reserve
    met = outcome(stressed(book, {"hoard": plan}), "embargo")
    assert met.stock_days == {"reserve": close(365 + 73)}
    assert met.short_t == {"industry": close(80)}
    assert met.short_share == {"industry": close(0.4)}
    used = outcome(stressed(book, {"used": replace(plan, tables=_used_in_first_year(plan, 100.0))}), "embargo")
    assert used.stock_days == {"reserve": close(73)}
    assert used.short_t == {"industry": close(180)}


def _used_in_first_year(plan: Plan, t: float) -> Rows:
    """The tables of the same plan, but so much is released in the first year and nothing filled."""
    rows = [dict(row) for row in plan.tables["stockpile"]]
    rows[0] |= {"fill_clean_t": 0.0, "fill_exposed_t": 0.0, "release_clean_t": t, "release_exposed_t": 0.0}
    return plan.tables | {"stockpile": rows}


def test_rules_that_cannot_be_kept_give_way_and_are_named():
    book = with_futures()
    book["Sectors"][0].append("min_service_share")
    book["Sectors"][1].append(0.5)
    met = outcome(stressed(book), "embargo")
    assert met.cost_musd is not None
    assert {(g.rule, g.where) for g in met.gave_way} == {
        ("least service", "Home industry oxide 2027"), ("least service", "Home industry oxide 2028"),
    }  # fmt: skip
    assert [g.by for g in met.gave_way] == [close(20), close(20)]  # 50 t asked for, 30 t from Ally
    assert stressed(book).outcomes[0].gave_way


def test_caps_give_way_before_service():
    book = crisis()
    add(book, "Sectors", sector="defence", shortage_cost_usd_per_kg=900, min_service_share=1)
    add(book, "Demand", region="Home", sector="defence", material="oxide", years=20)
    add(book, "ChinaShare", cap="ban", material="oxide", sector="defence", years=0)
    met = outcome(stressed(book), "Ally")
    assert {g.rule for g in met.gave_way} == {"China share of deliveries"}
    assert sum(g.by for g in met.gave_way) == close(40)


def test_regret_is_measured_against_the_best_of_the_runs():
    book = with_futures()
    plans = {"base": solved(book), "joint": solved_all(book, values=False), "embargo": solved(book, "embargo")}
    regret = stressed(book, plans).regret
    assert regret is not None
    for case in ("base", "embargo", "late", "dear"):
        assert min(by_case[case] for by_case in regret.by_run.values()) == close(0)
    assert regret.worst == {run: max(by_case.values()) for run, by_case in regret.by_run.items()}
    assert regret.worst[regret.least] == min(regret.worst.values())
    assert regret.least != "base"
    assert stressed(book).regret is None


def test_a_plan_of_other_years_is_refused_and_another_version_is_told():
    book = with_futures()
    with pytest.raises(UsageError, match="plans 2026-2030"):
        stressed(book, {"other": replace(solved(book), horizon=[2026, 2030])})
    with pytest.raises(UsageError, match="is not in the horizon 2026-2028"):
        stressed(book, begins=time_of(2050))
    assert any(
        "another version" in text for text in stressed(book, {"old": replace(solved(book), workbook_sha256="")}).remarks
    )


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    write_book(tmp_path / "plan.xlsx", rich())
    runs = []
    for options in ([], ["--joint", "--no-values"]):
        assert CliRunner().invoke(main, ["solve", "plan.xlsx", *options]).exit_code == 0
        runs.append(f"outputs/plan/{'joint' if options else 'base'}")
    result = CliRunner().invoke(main, ["stress", "plan.xlsx", *runs])
    assert result.exit_code == 0, result.output
    assert "base: what hurts most" in result.stdout
    assert "Least regret: joint" in result.stdout
    facts = json.loads((tmp_path / "stress.json").read_text(encoding="utf-8"))
    assert facts["regret"]["least"] == "joint"
    assert len(facts["outcomes"]) == 2 * 8
    book = load_workbook(tmp_path / "stress.xlsx")
    assert book.sheetnames[:3] == ["Stress", "Regret", "Shortage"]
    assert CliRunner().invoke(main, ["stress", "plan.xlsx", *runs, "--quiet"]).output == ""
    (tmp_path / "stress.json").write_text("{}")
    assert CliRunner().invoke(main, ["stress", "plan.xlsx", *runs]).exit_code == 2


def test_asked_to_stop_it_says_how_many_cases_were_met():
    asked = iter([False, True])
    study = stressed(with_futures(), should_stop=lambda: next(asked, True))
    assert [o.case for o in study.outcomes] == ["base"]
    assert any(remark.startswith("stopped after 1 of ") for remark in study.remarks)


def test_a_plan_with_a_project_the_workbook_does_not_have_is_told():
    book = with_futures()
    plan = solved(book, "embargo")
    assert [row["project"] for row in plan.tables["investments"]] == ["works"]
    without = {**book, "Projects": book["Projects"][:1]}
    assert "old decides what the workbook does not have: works" in stressed(without, {"old": plan}).remarks
