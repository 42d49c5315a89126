"""The example workbooks: one with their tables, every figure with its source."""

from __future__ import annotations

import importlib.util
import re
import shutil
from pathlib import Path
from types import ModuleType

import pytest
from openpyxl import load_workbook

from lodestone.workbook.inputs import load

ROOT = Path(__file__).resolve().parents[1]
KEYS = {"source", "note", "setting", "description"}
ILLUSTRATIVE = re.compile(r"(^|[;,] )([^;:]+ )?illustrative: \S")


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_examples", ROOT / "inputs" / "build_examples.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


examples = _script()


def _rows(name: str):
    """(sheet, line, row) for every row of every table of an example."""
    for sheet, (headings, *rows) in examples.read_example(name).items():
        for line, row in enumerate(rows, start=2):
            yield sheet, line, dict(zip(headings, row, strict=True))


def _figures(row: dict) -> list:
    return [value for column, value in row.items() if column not in KEYS and isinstance(value, int | float)]


@pytest.mark.parametrize("name", examples.EXAMPLES)
def test_workbook_holds_what_its_tables_say(name):
    assert list(examples.differences(name)) == [], "run: python inputs/build_examples.py"


def test_check_notices_an_edited_cell_and_a_missing_workbook(tmp_path, monkeypatch, capsys):
    shutil.copy(examples.workbook_path("tutorial"), tmp_path)
    monkeypatch.setattr(examples, "INPUTS", tmp_path)
    monkeypatch.setattr(examples, "EXAMPLES", ("tutorial",))  # all of them: test_workbook_holds_what_its_tables_say
    assert examples.main(["--check"]) == 0
    path = tmp_path / "tutorial.xlsx"
    workbook = load_workbook(path)
    workbook["Demand"]["D2"] = "1000"
    workbook.save(path)
    assert examples.main(["--check"]) == 1
    assert "tutorial.xlsx Demand!D2: '1000', tables 1000" in capsys.readouterr().out
    path.unlink()
    assert examples.main(["--check"]) == 1


@pytest.mark.parametrize("name", examples.EXAMPLES)
def test_every_row_with_a_figure_has_a_source(name):
    without = [f"{sheet} line {line}" for sheet, line, row in _rows(name) if _figures(row) and not row["source"]]
    assert without == []


@pytest.mark.parametrize("name", examples.EXAMPLES)
def test_illustrative_figures_say_so_in_one_way(name):
    """`illustrative: why` for a whole row, `...; part illustrative: why` where a row mixes."""
    sources = [(sheet, line, row["source"]) for sheet, line, row in _rows(name) if row.get("source")]
    odd = [
        f"{sheet} line {line}: {source}"
        for sheet, line, source in sources
        if "illustrative" in source.lower() and not ILLUSTRATIVE.search(source)
    ]
    assert odd == []


def test_figures_of_the_tutorial_are_all_made_up():
    claims = [
        f"{sheet} line {line}"
        for sheet, line, row in _rows("tutorial")
        if _figures(row) and not row["source"].startswith(("illustrative: ", "by definition"))
    ]
    assert claims == []


@pytest.mark.parametrize("name", examples.EXAMPLES)
def test_numbers_are_numbers_and_years_are_integers(name):
    book = load_workbook(examples.workbook_path(name))
    for sheet in (book[title] for title in examples.SHEETS if title in book):
        headings = [cell.value for cell in sheet[1]]
        assert not [heading for heading in headings if isinstance(heading, str) and heading.isdigit()], sheet.title
        for row in sheet.iter_rows(min_row=2, values_only=True):
            texts = [v for h, v in zip(headings, row, strict=True) if isinstance(v, str) and h not in KEYS]
            assert not [value for value in texts if examples.NUMBER.fullmatch(value)], sheet.title


def test_the_real_example_is_as_large_as_promised():
    tables = examples.read_example("rare_earth_magnets")
    assert len(tables["Regions"]) - 1 >= 15
    assert len(tables["Projects"]) - 1 >= 25


def test_the_example_for_scale_is_as_large_as_promised():
    """Twelve minerals from mine to use in forty countries and more."""
    tables = examples.read_example("critical_minerals")
    headings, *rows = tables["Materials"]
    stages: dict = {}
    for row in rows:
        material = dict(zip(headings, row, strict=True))
        stages.setdefault(material["mineral"], set()).add(material["stage"])
    assert set(stages) == {
        "lithium", "cobalt", "nickel", "copper", "graphite", "gallium", "germanium", "manganese", "rare earths",
        "antimony", "samarium", "yttrium",
    }  # fmt: skip
    assert all("refining" in found and found & {"mining", "intermediate"} for found in stages.values()), stages
    assert len(tables["Regions"]) - 1 >= 40
    assert len(tables["Plants"]) - 1 >= 190
    assert len(tables["Projects"]) - 1 >= 50


@pytest.mark.parametrize("name", ["critical_minerals", "rare_earth_magnets"])
def test_probabilities_of_a_real_example_leave_something_to_the_base(name):
    headings, *rows = examples.read_example(name)["Scenarios"]
    likely = [row[headings.index("probability")] or 0 for row in rows]
    assert sum(share > 0 for share in likely) >= 2
    assert 0 < sum(likely) < 1


def _table(name: str, sheet: str) -> dict[str, dict]:
    headings, *rows = examples.read_example(name)[sheet]
    return {str(row[0]): dict(zip(headings, row, strict=True)) for row in rows}


@pytest.mark.parametrize("name", ["critical_minerals", "rare_earth_magnets"])
def test_less_than_half_of_the_cells_are_wholly_illustrative(name):
    cells = [(len(_figures(row)), str(row["source"] or "")) for _, _, row in _rows(name)]
    wholly = sum(figures for figures, source in cells if source.startswith("illustrative"))
    assert wholly < 0.5 * sum(figures for figures, _ in cells)


SAME_PLANTS = {  # in rare_earth_magnets -> in critical_minerals
    "us_mountain_pass_mine": "us_mountain_pass", "au_mt_weld_mine": "au_mt_weld", "in_irel_mine": "in_ree_mine",
    "br_serra_verde_mine": "br_serra_verde", "us_mountain_pass_sep": "us_mp_separation", "eu_vac_magnet": "de_vac",
    "my_lynas_light_sep": "my_lynas", "my_lynas_heavy_sep": "my_lynas_heavy", "eu_narva_magnet": "ee_narva",
    "jp_magnet": "jp_magnet", "ph_magnet": "ph_magnet",
}  # fmt: skip
SAME_WORKS_TOGETHER = {
    "us_magnet": ("us_independence_magnet", "us_evac_magnet", "us_stillwater_1_magnet", "us_noveon_recycling"),
    "kr_magnet": ("kr_yesan_magnet", "kr_star_magnet"),
}
SAME_PROJECTS = {
    "us_10x_magnet": "us_10x_magnet", "us_vulcan_magnet": "us_vulcan_magnet", "us_jslink_magnet": "us_jslink_magnet",
    "eu_narva_2_magnet": "ee_narva_2_magnet", "my_kuantan_magnet": "my_kuantan_magnet", "jp_magnet_2": "jp_magnet_2",
    "kr_posco_magnet": "kr_posco_magnet", "kr_posco_2_magnet": "kr_posco_magnet_2", "au_nolans_sep": "au_nolans",
    "eu_solvay_2_sep": "fr_solvay_2", "br_serra_verde_2_mine": "br_serra_verde_2", "au_eneabba_sep": "au_eneabba_sep",
    "us_mp_heavy_sep": "us_mp_heavy_sep",
}  # fmt: skip


def _capacity(row: dict, year: int) -> float:
    """Given years, a line between them, the last value after."""
    given = {y: row[y] for y in row if isinstance(y, int) and row[y] is not None}
    before, after = max(y for y in given if y <= year), min((y for y in given if y > year), default=None)
    if after is None:
        return given[before]
    return given[before] + (given[after] - given[before]) * (year - before) / (after - before)


def test_the_same_plant_has_the_same_capacity_in_both_examples():
    magnets, nine = (_table(name, "Plants") for name in ("rare_earth_magnets", "critical_minerals"))
    together = {b: (a,) for a, b in SAME_PLANTS.items()} | SAME_WORKS_TOGETHER
    years = range(2026, 2036)
    found = {name: [_capacity(nine[name], year) for year in years] for name in together}
    assert found == {
        name: [sum(_capacity(magnets[part], year) for part in parts) for year in years]
        for name, parts in together.items()
    }


def test_the_same_project_has_the_same_size_cost_and_time_in_both_examples():
    magnets, nine = (_table(name, "Projects") for name in ("rare_earth_magnets", "critical_minerals"))
    facts = ("capacity_t_per_yr", "capex_musd", "lead_years", "ramp_years", "committed_year")
    assert {b: [nine[b][fact] for fact in facts] for b in SAME_PROJECTS.values()} == {
        b: [magnets[a][fact] for fact in facts] for a, b in SAME_PROJECTS.items()
    }


def test_the_same_deal_and_the_same_price_in_both_examples():
    """Oxides, and what is signed: price, volume, floor, equity and loan."""
    terms = ("floor_usd_per_kg", "tenor_years", "upside_share", "equity_musd", "equity_share", "loan_share_of_capex")
    magnets, nine = (_table(name, "PriceFloors") for name in ("rare_earth_magnets", "critical_minerals"))
    for deal in ("mp_dod_110", "mp_heavy_loan", "mp_10x_equity", "iluka_efa_loan", "vulcan_osc"):
        assert [nine[deal][term] for term in terms] == [magnets[deal][term] for term in terms], deal
    magnets, nine = (_table(name, "Contracts") for name in ("rare_earth_magnets", "critical_minerals"))
    terms = ("fixed_price_usd_per_kg", "price_min_usd_per_kg", "committed_year", "committed_t_per_yr", "tenor_years")
    for here, there in (("lynas_jare_2026", "lynas_jare"), ("mp_10x_dod", "mp_10x_dod")):
        assert [nine[there][term] for term in terms] == [magnets[here][term] for term in terms], here
    prices = []
    for name in ("rare_earth_magnets", "critical_minerals"):
        headings, *rows = examples.read_example(name)["Prices"]
        found = [dict(zip(headings, row, strict=True)) for row in rows]
        prices.append({
            (row["material"], row["region"] or "*"): [row[year] for year in (2026, 2028, 2030, 2035)]
            for row in found
            if row["material"] in ("ndpr_oxide", "dytb_oxide")
        })  # fmt: skip
    assert prices[0] == prices[1]
    assert len(prices[0]) == 4


def test_scrap_that_is_bought_counts_like_scrap_that_comes_back():
    for name in ("rare_earth_magnets", "critical_minerals"):
        tables = examples.read_example(name)
        headings, *rows = tables["Returns"]
        back = {row[headings.index("scrap")]: row[headings.index("stream")] for row in rows}
        headings, *rows = tables["Markets"]
        bought = {(row[headings.index("material")], row[headings.index("exposed")]) for row in rows}
        assert back
        assert {(scrap, exposed) for scrap, exposed in bought if scrap in back and exposed != "no"} == set()
        assert set(back.values()) == {"clean"}


def test_a_variant_without_periods_leaves_out_what_needs_them(tmp_path):
    assert examples.main(["--only", "rare_earth_magnets", "--without", "Periods", "--to", str(tmp_path)]) == 0
    found = load_workbook(tmp_path / "rare_earth_magnets.xlsx")
    assert "Periods" not in found.sheetnames
    for sheet in ("Scenarios", "Changes"):
        assert "spring_again" in {row[0] for row in examples.read_example("rare_earth_magnets")[sheet]}
        assert "spring_again" not in {row[0] for row in found[sheet].iter_rows(max_col=1, values_only=True)}
    with pytest.raises(SystemExit):
        examples.main(["--without", "Periods"])


def test_an_example_built_on_another_adds_to_it():
    below, above = (examples.read_example(name) for name in ("rare_earth_magnets", "rare_earth_magnets_threats"))
    assert above["Plants"] == below["Plants"]
    headings, *rows = above["Sectors"]
    shares = {row[0]: row[headings.index("secure_share")] for row in rows}
    assert len(rows) == len(below["Sectors"]) - 1
    assert shares["defence"] == 1
    assert shares["wind"] is None
    assert above["Changes"][1 : len(below["Changes"])] == [
        [dict(zip(below["Changes"][0], row, strict=True)).get(heading) for heading in above["Changes"][0]]
        for row in below["Changes"][1:]
    ]
    headings, *rows = above["Scenarios"]
    assert sum(row[headings.index("threat")] == "yes" for row in rows) == 12


def test_every_threat_of_the_example_can_come_alone():
    """No value beyond its limits, and no rule across rows broken."""
    inputs = load(examples.workbook_path("rare_earth_magnets_threats"))
    inputs.require_valid()
    headings, *rows = examples.read_example("rare_earth_magnets_threats")["Scenarios"]
    for row in rows:
        if row[headings.index("threat")] == "yes":
            assert inputs.combination("base", (row[0],)).threats == (row[0],)


def test_an_example_has_the_help_of_the_blank_workbook():
    """Comments, drop-downs, ReadMe with an index, per cent for shares, wrapped sources; cells stand where pages say."""
    book = load_workbook(examples.workbook_path("tutorial"))
    sheets = list(examples.read_example("tutorial"))
    assert book.sheetnames == ["ReadMe", *sheets, "#Lists"]
    assert book["#Lists"].sheet_state == "hidden"
    linked = {cell.value for row in book["ReadMe"].iter_rows() for cell in row if cell.hyperlink}
    assert linked == set(sheets)
    for name in sheets[1:]:
        own = [cell for cell in book[name][1] if cell.value not in ("source", "note", "# to ReadMe")]
        assert [cell.coordinate for cell in own if cell.comment is None] == [], name
        assert len(book[name].data_validations.dataValidation) == len(own), name
    demand = book["Demand"]
    assert [cell.value for cell in demand[2]][:5] == ["Home", "motors", "magnet", 1000, "illustrative: round number"]
    assert demand["E2"].alignment.wrap_text
    cap = book["ChinaShare"]
    assert cap["G2"].value == pytest.approx(0.6)
    assert cap["G2"].number_format.endswith("%")


@pytest.mark.parametrize("name", ["rare_earth_magnets", "critical_minerals"])
def test_the_page_on_shortage_costs_has_the_figures_of_the_example(name):
    """The last column of its table, sector by sector."""
    page = (ROOT / "docs" / "shortage_costs.md").read_text(encoding="utf-8")
    part = page.partition(f"`{name}`\n")[2].partition("\n## ")[0]
    said = {
        sector: float(usd.replace(",", "")) for sector, usd in re.findall(r"^\| (\w+) \|.* \| ([\d,]+) \|$", part, re.M)
    }
    assert said == {sector: row["shortage_cost_usd_per_kg"] for sector, row in _table(name, "Sectors").items()}


def test_value_added_over_kilograms_gives_the_figures_of_the_page():
    """98.2 bn USD in 10.2 million cars of 2 kg; 3.4 bn USD over 48.7 t; the mean of magnets by American use."""
    magnets, nine = (_table(name, "Sectors") for name in ("rare_earth_magnets", "critical_minerals"))
    cost = {sector: row["shortage_cost_usd_per_kg"] for sector, row in magnets.items()}
    assert round(98.2e9 / 10.2e6 / 2, -2) == cost["automotive"]
    assert round(3.4e9 / 48.7e3, -4) == nine["semiconductors"]["shortage_cost_usd_per_kg"]
    used = {"automotive": 3800, "wind": 600, "industrial": 2800, "electronics": 2500}
    mean = sum(t * cost[sector] for sector, t in used.items()) / sum(used.values())
    assert round(mean, -2) == nine["motors"]["shortage_cost_usd_per_kg"]
