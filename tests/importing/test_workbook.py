"""A workbook made from small files: every figure by hand, no problem, and a plan that keeps to the trade table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from tests.importing.small_files import CHILE, JAPAN, SHORT, comtrade, report, reports, usgs, write
from tests.solving import rows as rows_of

from lodestone.importing.book import ABOUT, TO_FILL, differences, write_into, write_new
from lodestone.importing.chains import chain_of, chains
from lodestone.importing.make import imported
from lodestone.importing.rows import Choices, Import
from lodestone.solve.effort import Effort
from lodestone.solve.one_scenario import solve_scenario
from lodestone.template.examples import new_workbook
from lodestone.workbook.inputs import load

UTILISATION = 0.85  # of copper refineries in chains.csv
THREE_YEARS = Choices(last_year=2027)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="module")
def made(folder: Path) -> Import:
    return imported([usgs(folder), comtrade(folder)], "copper", THREE_YEARS)


@pytest.fixture(scope="module")
def book(folder: Path, made: Import) -> Path:
    write_new(folder / "copper.xlsx", made)
    return folder / "copper.xlsx"


def cells(made: Import, sheet: str, **keys: str) -> dict[Any, Any]:
    """The cells of the one row of a sheet with these values."""
    found = [row.cells for row in made.rows if row.sheet == sheet and keys.items() <= row.cells.items()]
    assert len(found) == 1, found
    return found[0]


def row(made: Import, sheet: str, **keys: str) -> Any:
    return next(row for row in made.rows if row.sheet == sheet and keys.items() <= row.cells.items())


def test_demand_is_apparent_consumption(made: Import):
    used = {row.cells["region"]: row.cells[2025] for row in made.rows if row.sheet == "Demand"}
    assert used == {"China": 500, "Chile": 1100, "Netherlands": 200, "Germany": 200, "Japan": 1000}


def test_the_trade_table_says_a_fifth_is_exposed(made: Import):
    assert made.exposed_share == pytest.approx(500 / 2500)


def test_plants_have_what_was_made_less_what_hubs_send_on_then_capacity(made: Import):
    chile = cells(made, "Plants", plant="Chile copper_refining")
    assert chile[2025] == pytest.approx(1100 + 600 + 300 / 2)
    assert chile[2026] == pytest.approx(2000 / UTILISATION, abs=0.001)
    mine = cells(made, "Plants", plant="Chile copper_mining")
    assert mine[2025] == 2500


def test_a_hub_that_makes_nothing_re_exports_what_came_in(made: Import):
    assert cells(made, "Markets", market="Netherlands re-export")[2025] == 150
    exposed = cells(made, "Markets", market="Netherlands re-export exposed")
    assert (exposed[2025], exposed["exposed"]) == (50, "yes")
    assert "re-export: sends out 200 t, makes 0 t" in row(made, "Markets", market="Netherlands re-export").note


def test_lanes_hold_the_base_year_to_what_stays(made: Import):
    """Half of what the Netherlands take in is sent on; later the lane is as wide as they can use, or as it was."""
    lane = cells(made, "Lanes", from_region="Chile", to_region="Netherlands")
    assert (lane[2025], lane[2026]) == (150, 300)
    assert cells(made, "Trade", from_region="Chile", to_region="Netherlands")["t_per_yr"] == 300


def test_freight_is_cif_less_fob_where_both_sides_report(made: Import):
    assert cells(made, "Lanes", from_region="Chile", to_region="Japan")["freight_usd_per_kg"] == pytest.approx(0.2)
    other = row(made, "Lanes", from_region="China", to_region="Japan")
    assert other.cells["freight_usd_per_kg"] == pytest.approx(0.2)  # the median of those that are known
    assert other.guessed == {"freight_usd_per_kg"}


def test_sources_name_file_row_and_year_and_notes_the_mirror_gap(made: Import):
    trade = row(made, "Trade", from_region="Chile", to_region="Japan")
    assert trade.source == "comtrade_2024.csv.gz, row 5, 2024"
    assert trade.note == "mirror gap +5%: importer 600 t, exporter 570 t gross"
    assert row(made, "Plants", plant="Chile copper_refining").source == "mcs2026.csv, row 3, 2024"
    assert row(made, "Prices", material="copper_refined").source == "mcs2026.csv, row 9, 2024"


def test_the_total_counts_not_its_parts(made: Import):
    assert cells(made, "Trade", from_region="China", to_region="Japan")["t_per_yr"] == 400


def test_prices_are_per_kg(made: Import):
    assert cells(made, "Prices", material="copper_refined")[2025] == pytest.approx(10)
    ore = row(made, "Prices", material="copper_ore")  # no file has it: 85 % of the cathode, of which 1.03 t make one
    assert ore.cells[2025] == pytest.approx(0.85 * 10 / 1.03, abs=1e-4)
    assert ore.guessed == {2025}
    assert ore.source.startswith("ILLUSTRATIVE")


def test_gaps_are_listed_by_influence(made: Import):
    values = [gap.musd for gap in made.gaps]
    assert values == sorted(values, reverse=True)
    assert {gap.sheet for gap in made.gaps} >= {"Projects", "ChinaShare", "Tariffs", "Stockpiles", "Plants", "Prices"}
    japan = next(g for g in made.gaps if g.sheet == "Demand" and g.row and g.row.cells["region"] == "Japan")
    assert japan.musd == pytest.approx(1000 * 10 / 1e3)


def test_the_workbook_has_no_problem_and_its_plan_keeps_to_the_trade_table(book: Path):
    inputs = load(book)
    assert inputs.problems == ()
    plan = solve_scenario(inputs, effort=Effort(gap=1e-9))
    used = [r for r in rows_of(plan, "demand", year=2025) if r["region"] != "China"]
    exposed = sum(r["exposed_t"] for r in used) / sum(r["demand_t"] for r in used)
    assert exposed == pytest.approx(0.2, abs=0.001)
    assert sum(r["short_t"] for r in used) == pytest.approx(0, abs=0.01)


def test_cells_without_a_source_are_yellow_and_defaults_orange(book: Path):
    sheet = load_workbook(book)["Plants"]
    heading = {cell.value: cell.column for cell in sheet[1]}
    assert sheet.cell(2, heading["operating_cost_usd_per_kg"]).fill.fgColor.rgb == "00FFF2A8"
    assert sheet.cell(2, heading["operating_cost_usd_per_kg"]).value is None
    assert sheet.cell(2, heading[2026]).fill.fgColor.rgb == "00FCD9B6"
    assert sheet.cell(2, heading["region"]).fill.fgColor.rgb not in ("00FFF2A8", "00FCD9B6")


def test_the_reader_is_told_what_to_fill_and_what_was_read(book: Path):
    read = load_workbook(book)
    listed = list(read[TO_FILL].iter_rows(min_row=2, max_col=6, values_only=True))
    costs = next(line for line in listed if line[2] == "Chile copper_refining" and line[3].startswith("operating"))
    assert costs[:2] == (20, "Plants!F4")  # 2,000 t at 10 USD/kg; two mines stand above it
    about = [line[0] for line in read[ABOUT].iter_rows(min_row=2, values_only=True)]
    assert {"mcs2026.csv", "comtrade_2024.csv.gz", "Set aside"} <= set(about)


def test_negative_consumption_is_named_and_set_aside(tmp_path: Path):
    """Chile sends out 2,500 t more and makes 2,000: -1,400 t."""
    trade = write(tmp_path / "trade_2024.csv", SHORT, [*reports(), report(JAPAN, CHILE, "M", 3100)])
    made = imported([usgs(tmp_path), trade], "copper", THREE_YEARS)
    assert [place.region for place in made.balance.set_aside] == ["Chile"]
    assert any("Chile: apparent consumption of copper_refined is -1,400 t" in remark for remark in made.remarks)
    assert "Chile" not in {row.cells["region"] for row in made.rows if row.sheet == "Demand"}
    write_new(tmp_path / "book.xlsx", made)
    assert load(tmp_path / "book.xlsx").problems == ()


def test_refresh_shows_a_new_figure_cell_by_cell(book: Path, made: Import, tmp_path: Path):
    assert differences(book, made) == []
    changed = [report(JAPAN, CHILE, "M", 700, 10.1) if line[:2] == [JAPAN, CHILE] else line for line in reports()]
    newer = imported([usgs(tmp_path), write(tmp_path / "comtrade_2024.csv", SHORT, changed)], "copper", THREE_YEARS)
    found = {(d.row, d.column): (d.stands, d.new) for d in differences(book, newer)}
    assert found["Chile/Japan/copper_refined", "t_per_yr"] == (600, 700)
    assert found["Japan/all_uses/copper_refined", "2025"] == (1000, 1100)
    assert found["Chile/all_uses/copper_refined", "2025"] == (1100, 1000)
    assert found["China/Japan/copper_refined", "2026"] == (1000, 1100)  # as wide as Japan can use
    assert ("China/Japan/copper_refined", "2025") not in found


def test_a_lane_that_is_no_longer_traded_is_told(book: Path, tmp_path: Path):
    fewer = [line for line in reports() if line[:2] != [JAPAN, CHILE] and line[:2] != [CHILE, JAPAN]]
    newer = imported([usgs(tmp_path), write(tmp_path / "next_2024.csv.gz", SHORT, fewer)], "copper", THREE_YEARS)
    gone = [d for d in differences(book, newer) if d.source == "no longer in the files"]
    lost = {(d.cell.split("!")[0], d.row) for d in gone}
    assert lost == {(sheet, "Chile/Japan/copper_refined") for sheet in ("Trade", "Lanes")}


def test_into_adds_rows_to_a_copy_and_writes_over_nothing(made: Import, tmp_path: Path):
    new_workbook(tmp_path / "mine.xlsx", "tutorial")
    before = (tmp_path / "mine.xlsx").read_bytes()
    write_into(tmp_path / "mine.xlsx", tmp_path / "both.xlsx", made)
    assert (tmp_path / "mine.xlsx").read_bytes() == before
    old, new = load_workbook(tmp_path / "mine.xlsx"), load_workbook(tmp_path / "both.xlsx")
    for sheet in old.worksheets:
        for line in sheet.iter_rows():
            for cell in line:
                if cell.value is not None:
                    assert new[sheet.title][cell.coordinate].value == cell.value
    assert "Chile copper_refining" in [line[0] for line in new["Plants"].iter_rows(values_only=True)]
    regions = [line[0] for line in new["Regions"].iter_rows(min_row=2, values_only=True) if line[0]]
    assert len(regions) == len({name.replace("_", " ").casefold() for name in regions})


def test_every_chain_ends_in_what_is_traded_and_names_its_sources():
    for links in chains().values():
        assert links[-1].hs
        names = [link.material for link in links]
        for link in links:
            assert link.source
            assert link.made_from is None or link.made_from in names[: names.index(link.material)]
            assert (link.made_from is None) == (link.t_in_per_t == 0)
            assert all(len(code) == 6 and 0 < content <= 1 for code, content in link.hs.items())


def test_contents_follow_from_molar_masses():
    """Li 6.94, C 12.011, O 15.999, H 1.008, Sb 121.76."""
    lithium = chain_of("lithium")[-1].hs
    assert lithium["283691"] == pytest.approx(2 * 6.94 / (2 * 6.94 + 12.011 + 3 * 15.999), abs=0.001)
    assert lithium["282520"] == pytest.approx(6.94 / (6.94 + 2 * 15.999 + 3 * 1.008), abs=0.001)
    assert chain_of("Antimony")[-1].hs["282580"] == pytest.approx(243.52 / (243.52 + 3 * 15.999), abs=0.001)
