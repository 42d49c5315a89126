"""Which figures matter, by hand; a cliff that no marginal value shows is found without being told where to look."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from openpyxl import load_workbook
from tests.make import Book, write_book
from tests.solving import add, close, home, kg, lane, market, read, recipe

from lodestone.commands import main
from lodestone.errors import UsageError
from lodestone.report.html.studies import figures, read_study
from lodestone.report.studies.tornado_files import rows, write_tornado
from lodestone.solve.effort import Effort
from lodestone.studies.parallel.solves import IN_THIS_PROCESS
from lodestone.studies.parallel.source import Source
from lodestone.studies.tornado import search
from lodestone.studies.tornado.groups import groups
from lodestone.studies.tornado.results import Bar, Side, Tornado, advice, finding
from lodestone.studies.tornado.search import parse_by, tornado


def found(tmp_path: Path, book: Book, **how: object) -> Tornado:
    assert read(book).problems == ()
    source = Source.read(write_book(tmp_path / "book.xlsx", book), effort=Effort(1e-9))
    return tornado(source, where=IN_THIS_PROCESS, **how)  # type: ignore[arg-type]


def bar(study: Tornado, cells: str) -> Bar:
    (one,) = [b for b in study.bars if b.cells == cells]
    return one


# 100 t of magnets a year at Home in 2027-2028. Blanks cost 40 at China's market; two private finishing lines, bankable
# unaided at lenders' prices (magnet 60 x 0.8 = 48, blank 32), finish them for 10 a kg. Where they are not bankable they
# are not built, no package helps, and all demand is short at 1000 a kg.
def finishing(cost: float = 10) -> Book:
    book = home(2028, demand=0, price=1)
    for material, price in (("blank", 40), ("magnet", 60)):
        add(book, "Materials", material=material)
        add(book, "Prices", material=material, years=price)
    add(book, "Demand", region="Home", sector="industry", material="magnet", years=[0, 100, 100])
    market(book, "china", "China", "blank")
    lane(book, "China", "Home", "blank", freight=1, source="press")
    recipe(book, "finish", blank=-1, magnet=1)
    cells = {"capacity_t_per_yr": 50, "capex_musd": 0.9, "lead_years": 1, "life_years": 10, "hurdle_rate": 0.1}
    for name in ("line_1", "line_2"):
        add(book, "Projects", project=name, region="Home", process="finish", operating_cost_usd_per_kg=cost,
            latest_year=2026, source="illustrative: a finishing line", **cells)  # fmt: skip
    return book


# Per line and year lenders see 50 t x (48 - 32 - cost): 0.3 MUSD at 10, worth 0.3 x 6.14 = 1.84 in ten years, 0.9 asked
# (a year later: 1.68). At 12 still 0.2, worth 1.12; at 13.5, by 35 % more, 0.125: 0.70. So --by 35% breaks it.
def test_a_cliff_is_found_without_being_told_where_to_look(tmp_path: Path):
    study = found(tmp_path, finishing(), by=0.35)
    book = finishing()
    column = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[book["Projects"][0].index("operating_cost_usd_per_kg")]
    cliff = bar(study, f"Projects!{column}2:{column}3")
    assert cliff in study.cliffs()
    assert study.cost_musd == close(2 * 100 * 61 / 1000)  # oxide at 40, 1 freight, 20 of value added
    assert cliff.illustrative
    assert cliff.high.is_cliff(study.cost_musd)
    assert not cliff.low.is_cliff(study.cost_musd)
    assert set(cliff.high.flips) == {"line_1", "line_2"}
    assert cliff.high.extra_musd is not None
    assert cliff.high.extra_musd == close(2 * 100 * (1000 - 61) / 1000)  # short at 1000 instead of 61 a kg
    assert "a cliff" in finding(cliff, study.cost_musd)


def test_a_small_step_is_no_cliff(tmp_path: Path):
    study = found(tmp_path, finishing(), by=0.05)
    projects = [b for b in study.bars if b.sheet == "Projects" and b.column == "operating_cost_usd_per_kg"]
    assert projects
    assert not any(side.is_cliff(study.cost_musd) for b in projects for side in b.sides)


# Freight of 1 USD/kg on 100 t a year, twice: 20 % are 0.04 MUSD, nothing being discounted, seen and solved again.
def test_a_price_that_is_paid_costs_what_it_is_more(tmp_path: Path):
    study = found(tmp_path, finishing(), by=0.2, leaders=30)
    freight = next(b for b in study.bars if b.sheet == "Lanes" and b.column == "freight_usd_per_kg")
    assert (freight.low.screened_musd, freight.high.screened_musd) == (kg(-40), kg(40))
    assert (freight.low.extra_musd, freight.high.extra_musd) == (kg(-40), kg(40))
    assert not freight.high.flips
    assert not freight.illustrative


def test_only_figures_with_a_word_in_their_source(tmp_path: Path):
    study = found(tmp_path, finishing(), only="Press")
    assert {b.sheet for b in study.bars} == {"Lanes"}
    with pytest.raises(UsageError, match="no row gives such a source"):
        found(tmp_path, finishing(), only="gossip")


# A market that sells 60 t at 60 and a dearer one at 80: 20 % more of the first saves 12 t x 20; its limit is worth 20.
def test_limits_are_looked_at_by_what_they_are_worth(tmp_path: Path):
    book = home()
    market(book, "cheap", "Home", years=60)
    market(book, "dear", "Home", premium_share=1 / 3)
    study = found(tmp_path, book)
    volume = next(b for b in study.bars if b.sheet == "Markets" and b.column == "years")
    assert (volume.low.screened_musd, volume.high.screened_musd) == (kg(12 * 20), kg(-12 * 20))
    assert (volume.low.extra_musd, volume.high.extra_musd) == (kg(12 * 20), kg(-12 * 20))
    demand = next(b for b in study.bars if b.sheet == "Demand")
    assert demand.high.screened_musd == kg(20 * 80)
    assert demand.low.screened_musd == kg(-20 * 80)


def test_values_stay_within_the_limits_of_their_column():
    book = finishing()
    book["Settings"]["stock_end_value_share"] = 0.9
    (share,) = [g for g in groups(read(book).tables()) if g.column == "stock_end_value_share"]
    assert list(share.edits(1.2).values()) == [1.0]
    assert list(share.edits(0.5).values()) == [close(0.45)]
    assert not any(g.column in ("lead_years", "mip_gap") for g in groups(read(book).tables()))


@pytest.mark.parametrize("text", ["0", "110%", "much"])
def test_a_step_that_is_no_share_is_refused(text: str):
    with pytest.raises(UsageError, match="--by"):
        parse_by(text)


def test_what_is_written_and_said(tmp_path: Path):
    path = write_book(tmp_path / "book.xlsx", finishing())
    words = ["tornado", str(path), "--by", "35%", "--leaders", "1", "--jobs", "1", "--out", str(tmp_path / "t.xlsx")]
    out = CliRunner().invoke(main, words)
    assert out.exit_code == 0, out.output
    assert "what to find out next" in out.stdout
    study = found(tmp_path, finishing(), by=0.35, leaders=1)
    assert len(rows(study)) == len(study.bars)
    assert write_tornado(study, tmp_path / "again.xlsx")[0].exists()


# --- what to find out next --------------------------------------------------------------------------------------------


def side(factor: float, musd: float | None, **more: Any) -> Side:
    return Side(factor, musd or 0.0, solved=True, extra_musd=musd, **more)


def a_bar(column: str, low: Side, high: Side, illustrative: bool = False) -> Bar:
    return Bar("Projects", column, "illustrative: guess" if illustrative else "press", f"Projects!{column}", 1,
               illustrative, low, high)  # fmt: skip


# A plan of 1000 MUSD, known to 5: a guess and a known figure at which it breaks, a swing of 30, one of 4 that says
# nothing, and one of 50 that only a first look knows.
def by_hand() -> Tornado:
    broken = a_bar("known", side(0.8, 0.0), side(1.2, None, message="no plan of this"))
    guessed = a_bar("guessed", side(0.8, 0.0), side(1.2, 40.0, flips=("line_1",)), illustrative=True)
    wide, narrow = a_bar("wide", side(0.8, -30.0), side(1.2, 30.0)), a_bar("narrow", side(0.8, -4.0), side(1.2, 4.0))
    first_look = a_bar("looked", Side(0.8, -50.0), Side(1.2, 50.0))
    bars = (broken, guessed, first_look, wide, narrow)
    return Tornado("x.xlsx", "x", "base", 0.2, "", 1000.0, 5.0, bars)


def test_the_first_to_find_out_are_guesses_at_which_the_plan_breaks():
    # 40 MUSD where the first look saw 40: dearer, and no cliff; with a first look of 0 it is one (1 % of 1000 is 10)
    assert not by_hand().is_cliff(by_hand().bars[1])
    study = by_hand()
    cliff = replace(study.bars[1], high=replace(study.bars[1].high, screened_musd=0.0))
    study = replace(study, bars=(study.bars[0], cliff, *study.bars[2:]))
    assert [b.column for b in study.next_to_find_out()] == ["guessed", "known", "wide"]


def test_what_to_find_out_is_told_in_words_with_whose_figures_they_are():
    lines = advice(by_hand())
    assert lines[0] == (
        "known (Projects!known), from press: 20.0% less: 0 MUSD more; 20.0% more: a cliff: no plan (no plan of this)."
    )
    assert lines[1] == (
        "guessed (Projects!guessed), illustrative: 20.0% less: 0 MUSD more; "
        "20.0% more: 40.0 MUSD more, other decisions: line_1."
    )
    assert lines[2].startswith("wide (Projects!wide)")
    assert len(lines) == 3


def test_where_nothing_matters_that_is_said():
    study = replace(by_hand(), bars=by_hand().bars[4:])
    assert advice(study) == ["No figure that was solved again moves the cost by more than what is not proved of it."]


def test_it_stands_on_the_first_sheet_that_is_read_and_in_the_chart(tmp_path: Path):
    book = load_workbook(write_tornado(by_hand(), tmp_path / "t.xlsx")[0])
    assert book.sheetnames == ["Chart", "FindOutNext", "Tornado", "About"]
    assert [row[1].value for row in book["FindOutNext"].iter_rows(min_row=2, max_row=4)] == advice(by_hand())
    names = [row[0].value for row in book["Tornado"].iter_rows(min_row=2, max_row=3)]
    assert names == ["CLIFF: known (Projects!known)", "guessed (Projects!guessed), illustrative"]
    (chart,) = book["Chart"]._charts
    assert len(chart.series) == 2


def test_it_stands_on_the_page(tmp_path: Path):
    _, facts = write_tornado(by_hand(), tmp_path / "t.xlsx")
    (figure,) = figures(read_study(facts))
    assert "What to find out next: (1) known (Projects!known)" in figure.lead
    rows_ = [dict(zip([c.name for c in figure.table.columns], row, strict=True)) for row in figure.table.rows]
    assert [(r["lower_musd"], r["higher_musd"], r["cliff"]) for r in rows_[:3]] == [
        (0.0, None, True),  # no plan is left
        (0.0, 40.0, False),
        (-50.0, 50.0, False),  # a first look
    ]


def test_a_damaged_file_of_it_is_told(tmp_path: Path):
    _, facts = write_tornado(by_hand(), tmp_path / "t.xlsx")
    facts.write_text(facts.read_text().replace('"cliff": true', '"cliff": "perhaps"'))
    with pytest.raises(UsageError, match="damaged"):
        read_study(facts)


# --- which cliffs come first ------------------------------------------------------------------------------------------


def looked(column: str, swing: float, *breaks: str, illustrative: bool = False) -> Bar:
    """As a first look leaves it: broken when higher."""
    return a_bar(column, Side(0.8, -swing), Side(1.2, swing, breaks), illustrative)


# A recipe and a price break one mill and move the cost; a guess breaks four and seems to cost nothing; another does the
# same; a fee breaks nothing.
LOOKS = (
    looked("recipe", 500.0, "mill"),
    looked("price", 400.0, "mill"),
    looked("known", 0.0, "a", "b", "c", "d"),
    looked("guess", 0.0, "a", "b", "c", "d", illustrative=True),
    looked("fee", 30.0),
)


def test_cliffs_are_solved_again_by_what_they_break_one_of_each_first(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(search, "MOST_CLIFFS", 2)
    chosen = search._leading(LOOKS, 1000.0, leaders=1)
    # the guess before the known figure that breaks the same; the recipe before the price; then what costs most
    assert [LOOKS[i].column for i in chosen] == ["guess", "recipe", "price"]
    monkeypatch.setattr(search, "MOST_CLIFFS", 4)
    assert [LOOKS[i].column for i in search._leading(LOOKS, 1000.0, leaders=1)] == [
        *("guess", "recipe", "known", "price", "fee")
    ]


def test_a_cliff_that_was_only_looked_at_stands_before_all_that_is_none():
    study = replace(by_hand(), bars=LOOKS)
    ranked = sorted(LOOKS, key=lambda bar: search._rank(bar, 1000.0))
    assert [bar.column for bar in ranked] == ["known", "guess", "recipe", "price", "fee"]
    assert [bar.column for bar in study.next_to_find_out()] == ["guess", "recipe"]  # the fee was not solved again
    assert "the plan does not hold (a, b and 2 more)" in advice(study)[0]
