"""What reads a plan with cut years, prices by region, a parent and commitments: nothing crashes or sums wrongly."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from openpyxl import load_workbook
from tests.cut_book import banned, cut_book
from tests.make import write_book
from tests.plan_document import small_plan
from tests.solving import add, close, home, lane, market, read, recipe, solved

from lodestone.commands import main
from lodestone.errors import UsageError
from lodestone.plan import key_figures as figures
from lodestone.plan.plan import Plan, require_plan
from lodestone.plan.run_files import plan_book
from lodestone.plan.shapes import Misfit
from lodestone.report.html.chain import chain
from lodestone.report.html.views import views
from lodestone.report.plan.charts import capacity_use, stocks, supplies
from lodestone.report.plan.joint_summary import joint_key_lines, joint_sections
from lodestone.report.plan.sheets import shown
from lodestone.solve.effort import Effort
from lodestone.solve.one_scenario import solve_scenario
from lodestone.studies.compare.years import stocks as compared_stocks
from lodestone.studies.stress.cases import stress

EXACT = Effort(1e-9)
PERIODS = [2026, "2027-01", "2027-04", "2027-07", "2027-10", 2028, 2029]


def run(*words: str) -> str:
    result = CliRunner().invoke(main, list(words))
    assert result.exit_code == 0, f"{words}: {result.output} {result.exception!r}"
    return result.output


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workbook, and its plans for the base, for ban and for all futures."""
    made = tmp_path_factory.mktemp("cut")
    book = str(write_book(made / "cut.xlsx", cut_book()))
    for name, words in {"base": [], "ban": ["--scenario", "ban"], "joint": ["--joint"]}.items():
        run("solve", book, "--quiet", "--out", str(made / name), *words)
    return made


def document_of(folder: Path, name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((folder / name / "plan.json").read_text(encoding="utf-8"))
    return document


def plan(folder: Path, name: str) -> Plan:
    return Plan.from_document(document_of(folder, name))


# --- every command --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        "check BOOK",
        "bankability BOOK",
        "solve BOOK --all-scenarios --jobs 1",
        "verify DIR/base",
        "verify DIR/joint",
        "compare DIR/base DIR/ban DIR/joint --out DIR/compare.xlsx",
        "stress BOOK DIR/base DIR/joint --out DIR/stress.xlsx",
        "stress BOOK DIR/base --from 2027-04 --months 3 --allow-new --out DIR/months.xlsx",
        "explain DIR/base --jobs 1 --out DIR/base.xlsx",
        "explain DIR/joint --jobs 1 --out DIR/joint.xlsx",
        "alternatives BOOK --within 1% --jobs 1 --out DIR/alternatives.xlsx",
        "frontier BOOK --steps 1 --jobs 1 --out DIR/frontier.xlsx",
        "sweep BOOK --vary Settings/discount_rate=0.03,0.05 --jobs 1 --out DIR/sweep.xlsx",
        "report DIR/base DIR/ban DIR/joint --out DIR/report.html",
    ],
)
def test_every_command_takes_it(folder: Path, words: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(folder)
    run(*words.replace("BOOK", "cut.xlsx").replace("DIR", str(folder)).split())


def test_what_no_plan_keeps_is_explained(folder: Path, monkeypatch: pytest.MonkeyPatch):
    """Nothing exposed and everybody served in 2026: nothing of that can be, and each repair is solved."""
    monkeypatch.chdir(folder)
    sets = ["--set", "ChinaShare/magnet_cap/2026=0", "--set", "Sectors/motors/min_service_share=1"]
    result = CliRunner().invoke(main, ["solve", "cut.xlsx", *sets, "--out", str(folder / "none")])
    assert result.exit_code == 3, result.output
    assert "ChinaShare/magnet_cap/2026" in result.output


def test_arithmetic_counts_what_is_committed_and_what_a_period_has(folder: Path, monkeypatch: pytest.MonkeyPatch):
    """Nothing exposed in 2027, all of 1,200 t served but for 120 t of ferrite, a tenth more in the last quarter:

    0.9 x (3 x 300 + 330) = 1,107 t have to be clean, and can be: 400 t of the ally, 300 + 100 t of the works and the
    committed one, 300 + 200 t of two that may be built. Without those two, who are given an earliest year of 2028, the
    reserve of 60 t in each quarter is not enough.
    """
    monkeypatch.chdir(folder)
    sets = [
        "ChinaShare/magnet_cap/2027=0",
        "Sectors/motors/min_service_share=1",
        "Projects/new_works/earliest_year=2028",
    ]
    sets += ["Projects/state_works/earliest_year=2028", "Stockpiles/reserve/max_fill_t_per_yr=0"]
    result = CliRunner().invoke(main, ["solve", "cut.xlsx", *(f"--set={s}" for s in sets), "--out", str(folder / "no")])
    assert result.exit_code == 3, result.output
    assert "1,107 t have to be clean in 2027, and at most 1,040 t can be" in result.output
    assert "100 t from old_plan" in result.output


def test_decomposition_says_that_it_knows_no_parents(folder: Path):
    result = CliRunner().invoke(main, ["solve", str(folder / "cut.xlsx"), "--joint", "--decompose", "--jobs", "2"])
    assert result.exit_code == 2
    assert "share the path of a parent" in result.output


# --- periods --------------------------------------------------------------------------------------------------------


def test_the_axis_of_a_plan_shows_months_where_there_are(folder: Path):
    axis = figures.axis(plan(folder, "base"))
    assert axis.places == PERIODS
    assert [axis.part({"year": 2027, "month": 4}), axis.part({"year": 2028, "month": 1})] == [0.25, 1.0]
    assert figures.axis(small_plan()).places == [2026, 2027, 2028]


def test_charts_have_a_place_for_each_period(folder: Path):
    base, joint = plan(folder, "base"), plan(folder, "joint")
    for document in (base, joint):
        for drawing in (*supplies(document), *stocks(document), *capacity_use(document)):
            assert [row[0] for row in drawing.rows] == PERIODS, drawing.title
    uses = load_workbook(plan_book(folder / "base"), read_only=True)["CapacityUse"]
    assert [cell.value for cell in next(uses.rows)][4:-1] == [f"{place} (%)" for place in PERIODS]


def test_amounts_of_a_quarter_are_drawn_as_yearly_rates():
    """120 t a year, 30 t a quarter: as high in each."""
    (drawing,) = supplies(solved(banned(45.625, 3)))
    assert drawing.rows == [[2026, close(120)], *([f"2027-{m:02}", close(120)] for m in (1, 4, 7, 10))]
    assert drawing.axis == "t/yr"


def test_stocks_of_a_year_that_is_cut():
    """Filled to 9 t in the first half, 4 t taken out in each half: 1 t left at the end, 8 t released in 2027."""
    first = small_plan().rows("stockpile")[0] | {"year": 2027, "release_clean_t": 4.0, "release_exposed_t": 0.0}
    halves = [first | {"month": 1, "stock_t": 5.0}, first | {"month": 7, "stock_t": 1.0}]
    (found,) = figures.stocks(small_plan(tables={"stockpile": halves}))
    assert (found.end_t, found.released_t, found.release_years) == (1.0, 8.0, (2027,))


def test_compare_shows_the_stock_at_the_end_of_a_year():
    """15 t are held; in the ban they are gone from the second quarter on."""
    book = banned(45.625, 3)
    found = {stock.year: stock.values for stock in compared_stocks([solved(book), solved(book, "ban")])}
    assert found == {2026: (close(15), close(15)), 2027: (close(15), close(0))}


def test_the_chain_of_a_year_is_the_sum_of_its_periods(folder: Path):
    document = plan(folder, "base")
    drawn: dict[int, float] = defaultdict(float)
    for year, _, material, _, _, _, to, clean, exposed in chain(document).rows:
        drawn[year] += (clean + exposed) * ((material, to) == ("magnet", "motors"))
    delivered: dict[int, float] = defaultdict(float)
    for row in document.rows("demand"):
        delivered[row["year"]] += row["clean_t"] + row["exposed_t"]
    assert drawn == pytest.approx(delivered)


def test_the_page_knows_the_periods(folder: Path):
    (view,) = views({"base": plan(folder, "base")})
    assert view["periods"] == {"2027": 3}
    columns = [column["name"] for column in view["tables"]["demand"]["columns"]]
    assert columns[columns.index("year") + 1] == "month"
    assert "month" not in [column["name"] for column in view["tables"]["shares"]["columns"]]


def test_supply_cost_has_a_row_for_each_period(folder: Path):
    rows = plan(folder, "base").rows("supply_cost")
    keys = [(row["material"], row["region"], row["year"], row["month"]) for row in rows]
    assert len(set(keys)) == len(keys)
    assert {(2027, month) for month in (1, 4, 7, 10)} <= {key[2:] for key in keys}


def test_a_month_of_the_inputs_is_held_against_its_kind(folder: Path):
    document = document_of(folder, "base")
    demand = document["inputs"]["Demand"]["Home/motors/magnet"]
    assert demand["2027-10"] == close(1.1 * 1200)
    demand["2027-10"] = "much"
    with pytest.raises(Misfit, match="2027-10 holds the text 'much', where a number or null belongs"):
        require_plan(document)


# --- futures --------------------------------------------------------------------------------------------------------


def test_a_joint_plan_says_from_which_month(folder: Path):
    document = plan(folder, "joint")
    assert document.from_months == {"base": 1, "ban": 4, "long_ban": 7}
    labels = [label for label, _ in joint_key_lines(document)]
    assert "If ban from 2027-04 (20.0%)" in labels
    assert "If long_ban from 2027-07 (10.0%)" in labels
    assert any(section.heading.startswith("Do now, until 2027-04") for section in joint_sections(document))


def test_what_is_shared_ends_with_the_month_before(folder: Path):
    """The first quarter of 2027 is the same in all futures, the second is not; a decision of 2027 is made in 01."""
    document = plan(folder, "joint")
    assert figures.parting(document) == 202704
    now = figures.until(document, 202704)
    assert [(row["year"], row["month"]) for row in now.rows("stockpile")] == [(2026, 1), (2027, 1)]


# --- stress ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("months", "short"), [(3, 15), (6, 45), (None, 75)])
def test_a_loss_of_some_months(months: int | None, short: float):
    """Of 120 t a year 30 t are missed in each quarter without China, from April 2027 on, and 15 t are in store."""
    book = banned(45.625, 3)
    study = stress(read(book), {"base": solved(book)}, effort=EXACT, begins=202704, months=months)
    (lost,) = (o for o in study.outcomes if o.case == "China")
    assert lost.since == "2027-04"
    assert lost.short_t == {"industry": close(short)}
    assert lost.stock_days == {"reserve": close(45.625)}
    assert (study.from_year, study.from_month, study.months) == (2027, 4, months)


def test_held_in_the_base_a_plan_of_months_costs_what_it_costs(folder: Path):
    """Stocks are held period by period."""
    inputs, near = read(cut_book()), Effort(1e-6)
    study = stress(inputs, {"base": solve_scenario(inputs, effort=near)}, effort=near)
    (planned,) = (o for o in study.outcomes if o.case == "base")
    assert planned.cost_musd == pytest.approx(plan(folder, "base").cost, rel=1e-4)
    (late,) = (o for o in study.outcomes if o.case == "long_ban")
    assert late.since == "2027-04"  # its parent has shown itself by then


def test_until_it_shows_nobody_tries_more_suppliers_than_planned():
    """100 t a year from China; a fifth of that can move to Ally each year, from the year of the loss on."""
    book = home(2028)
    book["Materials"] = [["material", "resourcing_share"], ["oxide", 0.2]]
    add(book, "Trade", from_region="China", to_region="Home", material="oxide", t_per_yr=100)
    for place, premium in (("China", 0), ("Ally", 0.1)):
        market(book, place.lower(), place, premium_share=premium)
        lane(book, place, "Home")
    (lost,) = (o for o in stress(read(book), {"base": solved(book)}, effort=EXACT).outcomes if o.case == "China")
    assert lost.since == 2027
    assert lost.short_t == {"industry": close(80 + 60)}


def test_until_it_shows_no_plant_is_kept_open_beyond_the_plan():
    """The works at Home would cost 80 and are closed from the first year on, as China sells at 60."""
    book = home(2027)
    market(book, "china", "China")
    lane(book, "China", "Home")
    recipe(book, "make", oxide=1)
    add(book, "Plants", plant="works", region="Home", process="make", operating_cost_usd_per_kg=80, pricing="cost",
        fixed_cost_musd_per_yr=0.001, years=100)  # fmt: skip
    (lost,) = (o for o in stress(read(book), {"base": solved(book)}, effort=EXACT).outcomes if o.case == "China")
    assert lost.short_t == {"industry": close(100)}


def test_until_it_shows_nothing_is_designed_out_beyond_the_plan():
    """Thrift costs more than oxide of China and takes off a tenth in its first year, not two tenths in its second."""
    book = home(2027)
    market(book, "china", "China")
    lane(book, "China", "Home")
    add(book, "Substitution", option="thrift", sector="industry", material="oxide", cost_usd_per_kg=70,
        ramp_share_per_yr=0.1, years=0.5)  # fmt: skip
    (lost,) = (o for o in stress(read(book), {"base": solved(book)}, effort=EXACT).outcomes if o.case == "China")
    assert lost.short_t == {"industry": close(90)}


@pytest.mark.parametrize(
    ("begins", "months", "says"),
    [
        (202705, None, "--from 2027-05 begins no period of 2027: cut that year on the sheet Periods"),
        (202704, 2, "--months 2: no period begins after it, in 2027-06"),
        (202710, 24, "--months 24: no period begins after it, in 2029-10"),
        (203001, None, "--from 2030 is not in the horizon 2026-2027"),
    ],
)
def test_a_loss_begins_and_ends_with_periods(begins: int, months: int | None, says: str):
    book = banned(45.625, 3)
    with pytest.raises(UsageError) as told:
        stress(read(book), {"base": solved(book)}, begins=begins, months=months)
    assert str(told.value) == says


@pytest.mark.parametrize("typed", ["2027-13", "April 2027", "27", "2027-4-1"])
def test_what_is_no_time_is_refused(typed: str):
    result = CliRunner().invoke(main, ["stress", "plan.xlsx", "run", "--from", typed])
    assert result.exit_code == 2
    assert "write 2027 or 2027-04" in result.output


# --- what is committed ----------------------------------------------------------------------------------------------


def test_what_is_committed_stands_apart(folder: Path):
    document = plan(folder, "base")
    committed = shown(document, "committed")
    assert [row[:4] for row in committed.rows] == [
        ["project", "old_plan", "Home", 2025],
        ["floor", "works_floor", "Home", 2025],
        ["contract", "ally_deal", "Ally", 2026],
    ]
    book = load_workbook(plan_book(folder / "base"), read_only=True)
    assert "Committed" in book.sheetnames
    contracts = [row for row in book["Contracts"].iter_rows(values_only=True) if row[0] == "ally_deal"]
    assert {row[6] for row in contracts} == {"committed"}
    assert [row[7] for row in contracts] == PERIODS  # four years from 2026 on
    (view,) = views({"base": document})
    lists = {part["heading"]: part["items"] for part in view["glance"]["lists"]}
    assert lists["Decided already"] == [
        "old_plan (Home) was decided in 2025: 100 t/yr.",
        "Package works_floor was agreed in 2025: a floor of 85 USD/kg.",
        "ally_deal was signed in 2026: 60 t/yr.",
    ]
    assert not any("ally_deal" in line for line in lists["Sign"])


def test_lenders_are_not_asked_about_what_is_committed(folder: Path):
    assert not any("old_plan" in line for line in run("check", str(folder / "cut.xlsx")).splitlines())
