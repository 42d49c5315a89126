"""Labels instead of ids, in all that people read; ids in what programs read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from openpyxl import load_workbook
from pptx import Presentation
from tests.make import Book, with_cells, with_plants, write_book
from tests.plan_document import small_plan
from tests.solving import solved, solved_all

from lodestone.commands import main
from lodestone.plan.labels import Labels, key_parts, labelled, row_key, together
from lodestone.plan.plan import Plan
from lodestone.report.html.page import page
from lodestone.report.plan.brief_slides import write_brief
from lodestone.report.plan.run_folder import write_run
from lodestone.report.plan.workbook import write_plan_workbook
from lodestone.report.studies.ranges_files import write_ranges
from lodestone.report.terminal.progress_lines import show_plan
from lodestone.studies.compare.runs import compare
from lodestone.studies.ranges.results import Range, Ranges

LABELS = {
    "Regions": {"China": "China (PRC)", "Home": "Home / island"},
    "Materials": {"oxide": 'NdPr "oxide" <99.5 %>', "ore": "Ore & sand"},
    "Processes": {"refine": "Separation"},
    "Plants": {"china_refinery": "Baotou", "home_mine": "The mine"},
    "Projects": {"home_refinery": "Silmet", "home_recycling": "-Recycler"},
    "PriceFloors": {"floor_110": "Guarantee of 2026"},
    "Contracts": {"offtake": "Offtake, first"},
    "Markets": {"china_oxide": "Spot in Baotou"},
    "Sectors": {"defence": "Armed forces"},
    "Stockpiles": {"reserve": "Strategic store"},
    "ChinaShare": {"oxide_cap": "Cap of 90 %"},
    "Budgets": {"support": "Support act"},
    "Scenarios": {"embargo": "Lanes closed"},
}
# ids that are no words of a sentence, so that none may be left
TELLING = ("china_refinery", "home_mine", "home_refinery", "home_recycling", "floor_110", "china_oxide", "oxide_cap")
WITH_IDS = ("Origins", "Names", "RunInfo")  # which say where a row of the workbook is


def named() -> Book:
    book = with_plants()
    rows = {sheet: [row[0] for row in book[sheet]] for sheet in LABELS}
    cells = [(s, rows[s].index(i), "label", text) for s, of in LABELS.items() for i, text in of.items()]
    return with_cells(book, *cells)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return solved(named())


@pytest.fixture(scope="module")
def plain() -> Plan:
    return solved(with_plants())


def facts(plan: Plan) -> dict[str, Any]:
    """What the plan says, but when and of which file."""
    return {k: v for k, v in plan.document().items() if k not in ("seconds", "workbook_sha256", "fingerprint")}


def texts(path: Path) -> Iterator[tuple[str, str]]:
    for sheet in load_workbook(path):
        for row in sheet.iter_rows():
            yield from ((sheet.title, cell.value) for cell in row if isinstance(cell.value, str))


def ids_in(text: str) -> list[str]:
    return [name for name in TELLING if re.search(rf"(?<!\w){name}(?!\w)", text)]


# --- plan.json --------------------------------------------------------------------------------------------------------


def test_plan_json_keeps_ids_and_says_the_labels_once(plan: Plan, plain: Plan) -> None:
    told = facts(plan)
    assert told.pop("labels") == LABELS
    assert told == facts(plain)


def test_a_plan_without_labels_has_no_word_of_them(plain: Plan) -> None:
    assert "labels" not in plain.document()
    assert labelled(plain) is plain
    blank = solved(with_cells(with_plants(), ("Materials", 1, "label", None)))
    assert json.dumps(facts(blank)) == json.dumps(facts(plain))


def test_it_is_read_again_as_it_was_written(plan: Plan, tmp_path: Path) -> None:
    from lodestone.plan.run_files import read_run
    from lodestone.runs.verify import holds, verify

    book = write_book(tmp_path / "named.xlsx", named())
    write_run(solved_from(book), tmp_path / "run", book)
    assert read_run(tmp_path / "run").labels == LABELS
    assert holds(verify(tmp_path / "run", book))


def solved_from(book: Path) -> Plan:
    from lodestone.solve.one_scenario import solve_scenario
    from lodestone.workbook.inputs import load

    return solve_scenario(load(book))


# --- what people read -------------------------------------------------------------------------------------------------


def test_the_workbook_of_the_plan_shows_labels_everywhere(plan: Plan, tmp_path: Path) -> None:
    write_plan_workbook(plan, tmp_path / "plan.xlsx")
    left = [(sheet, text) for sheet, text in texts(tmp_path / "plan.xlsx") if sheet not in WITH_IDS and ids_in(text)]
    assert left == []
    shown = {text for _, text in texts(tmp_path / "plan.xlsx")}
    assert {"Silmet", "Home / island", 'NdPr "oxide" <99.5 %>', "Cap of 90 %", "Strategic store"} <= shown


def test_the_workbook_of_a_plan_without_labels_has_no_sheet_of_them(plain: Plan, tmp_path: Path) -> None:
    write_plan_workbook(plain, tmp_path / "plan.xlsx")
    assert "Names" not in load_workbook(tmp_path / "plan.xlsx").sheetnames


def test_an_analyst_finds_the_row_of_a_label(plan: Plan, tmp_path: Path) -> None:
    write_plan_workbook(plan, tmp_path / "plan.xlsx")
    book = load_workbook(tmp_path / "plan.xlsx")
    rows = [[cell.value for cell in row] for row in book["Names"].iter_rows(min_row=2, max_col=3)]
    assert ["Projects", "home_refinery", "Silmet"] in rows
    assert len([row for row in rows if row[0]]) == sum(map(len, LABELS.values()))
    # Origins says the label of the decision and the id of its row
    origins = {
        row[1].value: row[3].value for row in book["Origins"].iter_rows(min_row=2) if row[0].value == "investment"
    }
    assert "Silmet" in origins


def test_links_between_a_decision_and_its_cells_hold(plan: Plan, tmp_path: Path) -> None:
    write_plan_workbook(plan, tmp_path / "plan.xlsx")
    book = load_workbook(tmp_path / "plan.xlsx")
    cell = next(c for c in book["Investments"]["A"] if c.value == "Silmet")
    assert cell.hyperlink and cell.hyperlink.location.startswith("Origins!A")
    back = book["Origins"].cell(int(cell.hyperlink.location.rpartition("A")[2]), 2)
    assert back.value == "Silmet" and back.hyperlink.location == f"Investments!A{cell.row}"


def test_the_page_shows_labels(plan: Plan) -> None:
    text = page({"base": plan})
    data = text[text.index('type="application/json"') :]
    assert ids_in(data[: data.index("</script>")]) == []
    assert "Silmet" in data and "Home / island" in data and "\\u003c99.5 %\\u003e" in data


def test_the_stages_of_the_chain_are_found_under_labels_with_a_slash(plain: Plan) -> None:
    odd = {"Materials": {"oxide": "Nd/Pr", "ore": "a/b"}, "Processes": {"refine": "x/y", "mine": "b"}}
    shown = labelled(replace(plain, labels=odd))
    from lodestone.plan.key_figures import stages
    from lodestone.report.html.chain import recipes

    assert stages(shown) == {"x/y": "Nd/Pr", "b": "a/b", "recycle": "Nd/Pr"}  # no stage is given in this workbook
    assert recipes(shown)["x/y"] == {"a/b": -10.0, "Nd/Pr": 1.0}


def test_the_brief_shows_labels(plan: Plan, tmp_path: Path) -> None:
    write_brief(plan, tmp_path / "brief.pptx")
    shown = [
        cell.text
        for slide in Presentation(str(tmp_path / "brief.pptx")).slides
        for shape in slide.shapes
        if shape.has_table
        for row in shape.table.rows
        for cell in row.cells
    ]
    assert ids_in(" | ".join(shown)) == []
    assert any("Silmet" in text for text in shown)


def test_the_terminal_shows_labels(plan: Plan, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_run(plan, tmp_path / "run")
    show_plan(plan, tmp_path / "run")
    told = capsys.readouterr().out
    assert ids_in(told) == [] and "Silmet" in told


def test_a_plan_for_all_futures_names_them_by_their_labels(tmp_path: Path) -> None:
    plan = solved_all(named())
    shown = labelled(plan)
    assert set(plan.futures) == {"base", "embargo"} and set(shown.futures) == {"base", "Lanes closed"}
    assert shown.future("Lanes closed").cost == plan.future("embargo").cost
    write_plan_workbook(plan, tmp_path / "plan.xlsx")
    left = [(s, t) for s, t in texts(tmp_path / "plan.xlsx") if s not in WITH_IDS and (ids_in(t) or t == "embargo")]
    assert left == []


def test_no_label_says_the_same_of_two_things_though_one_is_the_others_id(tmp_path: Path) -> None:
    """The refinery called like the other project's id: two rows of Investments, not one."""
    book = with_cells(with_plants(), ("Projects", 1, "label", "home_recycling"))
    write_plan_workbook(solved(book), tmp_path / "plan.xlsx")
    column = [c.value for c in load_workbook(tmp_path / "plan.xlsx")["Investments"]["A"]]
    assert "home_recycling (home_refinery)" in column


# --- studies ----------------------------------------------------------------------------------------------------------


def ranges() -> Ranges:
    found = (
        Range("use of a plant", "home_refinery", "share", "held", 1.0, 0.9, 1.0),
        Range("flow", "oxide, China to Home", "t", "held", 5.0, 0.0, 9.0),
    )
    return Ranges("x.xlsx", "plan of home_mine", "run", "base", 0.001, 100.0, 100.1, found, ("home_refinery moves.",))


def test_a_study_is_shown_in_labels_and_its_json_keeps_ids(tmp_path: Path) -> None:
    book, facts_ = write_ranges(ranges(), tmp_path / "ranges.xlsx", Labels(LABELS))
    shown = {text for sheet, text in texts(book)}
    assert {"Silmet", "Silmet moves."} <= shown
    assert "plan of home_mine" in shown  # a title of the planner's own
    assert [r["of"] for r in json.loads(facts_.read_text())["ranges"]] == ["home_refinery", "oxide, China to Home"]


def test_words_that_are_ids_by_chance_stay_in_sentences() -> None:
    labels = Labels({"Materials": {"ore": "Ore (raw)", "NdPr": "Neodymium"}, "Sectors": {"plant": "Plant makers"}})
    assert labels.words("more ore and NdPr, but NdPrO") == "more ore and Neodymium, but NdPrO"
    assert labels.words("ore") == "Ore (raw)"  # alone it is the name
    assert labels.words("plant") == "plant"  # a kind of things in studies


def test_names_that_stand_together_are_labels_each() -> None:
    labels = Labels({"Materials": {"ore": "Ore"}, "Regions": {"China": "PRC", "EU": "Europe"}})
    assert labels.name("ore, China to EU") == "Ore, PRC to Europe"
    assert labels.name("EU/ore") == "Europe/Ore"
    assert labels.name("ores, China") == "ores, PRC"


def test_an_id_of_two_things_with_different_labels_is_told_by_its_column_only() -> None:
    labels = Labels({"Materials": {"copper": "Cathodes"}, "Sectors": {"copper": "Wire makers"}})
    assert labels.name("copper") == "copper"
    assert labels.name("copper", ("Sectors",)) == "Wire makers"


def test_the_inputs_that_differ_are_named_as_the_workbook_names_them(plan: Plan) -> None:
    other = solved(with_cells(named(), ("Projects", 1, "capex_musd", 21)))
    found = together([plan, other]).shown(compare([plan, other], ["a", "b"]))
    assert [d.row for d in found.inputs] == ["home_refinery"]  # where to look in the workbook
    assert ids_in(" ".join(d.name for d in found.decisions)) == []


def test_parts_of_a_key_may_have_a_slash_of_their_own() -> None:
    assert key_parts(row_key(["a/b", "c"])) == ["a/b", "c"]
    assert row_key(["a", "c"]) == "a/c"


def test_an_explanation_is_shown_in_labels(tmp_path: Path) -> None:
    """Nobody may be short of anything, and much more is wanted than can be had: there is no plan."""
    book = with_cells(named(), ("Sectors", 1, "min_service_share", 1), ("Demand", 1, 2026, 9000))
    book = with_cells(book, ("Markets", 1, 2026, 1), ("Markets", 1, 2027, 1))
    write_book(tmp_path / "none.xlsx", book)
    done = CliRunner().invoke(main, ["solve", str(tmp_path / "none.xlsx"), "--out", str(tmp_path / "run")])
    assert done.exit_code == 3, done.output
    assert ids_in(done.output) == []
    facts_ = json.loads((tmp_path / "run" / "explanation.json").read_text())
    assert "labels" not in facts_


def test_every_table_of_a_plan_can_be_labelled() -> None:
    """The hand-made plan has rows in every table."""
    plan = small_plan(labels={"Projects": {"sep_texas": "Texas"}, "Regions": {"USA": "United States"}})
    shown = labelled(plan)
    assert {row["project"] for row in shown.rows("investments")} == {"Texas", "magnets_saxony"}
    assert all("USA" not in row.values() for table in shown.tables for row in shown.rows(table))
    assert plan.rows("investments")[0]["project"] != "Texas"  # the plan itself stays
