"""plan.xlsx read back: charts draw what stands in cells, links lead somewhere, marks cover what they are about."""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.utils import range_boundaries
from tests.futures import with_futures
from tests.plan_document import small_plan
from tests.solving import solved_all

from lodestone.plan.plan import Plan
from lodestone.plan.run_files import plan_book
from lodestone.plan.tables import ORIGINS
from lodestone.report.excel.drawings import Drawing
from lodestone.report.plan.charts import drawings
from lodestone.report.plan.cost_matrix import cost_matrix
from lodestone.report.plan.run_folder import write_run
from lodestone.report.plan.sheets import table_sheets
from lodestone.report.plan.workbook import write_plan_workbook
from lodestone.solve.one_scenario import solve_scenario
from lodestone.workbook.inputs import load

ROOT = Path(__file__).parents[2]
SERIES = re.compile(r"<c:ser>.*?</c:ser>", re.DOTALL)
RANGE = re.compile(r"'?(\w+?)'?!([$A-Z0-9:]+)")


@pytest.fixture(scope="module")
def tutorial(tmp_path_factory: pytest.TempPathFactory) -> tuple[Plan, Path]:
    """The plan, and the folder of its run, beside a copy of the workbook in a folder with an awkward name."""
    folder = tmp_path_factory.mktemp("run")
    workbook = folder / "in puts #1" / "tutorial 50%.xlsx"
    workbook.parent.mkdir()
    shutil.copy(ROOT / "inputs" / "tutorial.xlsx", workbook)
    plan = solve_scenario(load(workbook))
    write_run(plan, folder / "outputs" / "base", workbook)
    return plan, folder / "outputs" / "base"


@pytest.fixture(scope="module")
def futures() -> Plan:
    return solved_all(with_futures(), values=False)


def written(plan: Plan, path: Path) -> Path:
    write_plan_workbook(plan, path)
    return path


def ranges(text: str, part: str) -> list[str]:
    return re.findall(rf"<c:{part}>.*?<c:f>(.*?)</c:f>", text, re.DOTALL)


def series(path: Path) -> Iterator[tuple[str, str, list[str]]]:
    """(values, categories, cached values) of every series of every chart."""
    with zipfile.ZipFile(path) as parts:
        charts = [name for name in parts.namelist() if name.startswith("xl/charts/chart")]
        assert charts
        for name in charts:
            found = SERIES.findall(parts.read(name).decode())
            assert found, f"{name} has nothing to show"
            for text in found:
                (values,), (categories,) = ranges(text, "val"), ranges(text, "cat")
                kept = re.search(r"<c:val>.*?</c:val>", text, re.DOTALL)
                yield values, categories, re.findall(r"<c:v>(.*?)</c:v>", kept[0]) if kept else []


def column(book: Workbook, address: str) -> list[Any]:
    found = RANGE.fullmatch(address)
    assert found, address
    first, top, last, bottom = range_boundaries(found[2])
    assert first == last
    return [book[found[1]].cell(row, first).value for row in range(top, bottom + 1)]


def assert_charts_hold(path: Path) -> None:
    book = load_workbook(path)
    for values, categories, kept in series(path):
        numbers = column(book, values)
        assert len(numbers) == len(column(book, categories))
        assert None not in column(book, categories)
        given = [n for n in numbers if n is not None]
        assert given and all(isinstance(n, int | float) for n in given), values
        assert [float(n) for n in kept if n] == pytest.approx(given, abs=1e-6)


def test_charts_of_the_tutorial_draw_cells_with_numbers(tutorial: tuple[Plan, Path]):
    _, folder = tutorial
    assert_charts_hold(plan_book(folder))
    titles = [drawing.title for drawing in all_drawings(tutorial[0])]
    assert titles == [
        "What is built when: decision, construction, production",
        "Cost by term and payer (MUSD, discounted)",
        "Cost by year and payer (MUSD, undiscounted)",
        "Cost by year and payer (MUSD, undiscounted), without buyers",
        "China share against its cap: magnet, magnet_cap, Home, deliveries",
        "China share against its cap: magnet, magnet_cap, Home, fills",
        "Supply of magnet by origin (t)",
        "Supply of oxide by origin (t)",
        "Stock at year end (t) and days of cover: home_reserve, magnet",
        "Capacity used outside regions of concern, by stage (%)",
    ]
    with zipfile.ZipFile(plan_book(folder)) as parts:
        charts = [name for name in parts.namelist() if name.startswith("xl/charts/chart")]
        assert len(charts) == len(titles) + 2  # two on the Summary
        assert not [name for name in parts.namelist() if name.startswith("xl/media")]  # no pictures


def test_charts_of_a_plan_for_all_futures(futures: Plan, tmp_path: Path):
    assert_charts_hold(written(futures, tmp_path / "plan.xlsx"))
    by_title = {drawing.title: drawing for drawing in all_drawings(futures)}
    stock = by_title["Stock at year end in each future (t): reserve, oxide"]
    assert [s.name for s in stock.series] == list(futures.futures)
    timeline = by_title["What is built when: decision, construction, production"]
    assert [row[0] for row in timeline.rows] == ["works [embargo and dear]"]
    supply = by_title["Supply of oxide by origin (t)"]  # weighted by probability
    expected = sum(
        futures.probabilities[row["scenario"]] * row["t"]
        for row in futures.tables["flows"]
        if row["to_region"] != "China" and row["year"] == 2026
    )
    assert sum(supply.rows[0][1:]) == pytest.approx(expected)


def all_drawings(plan: Plan) -> list[Drawing]:
    return drawings(plan, cost_matrix(plan))


def drawn(plan: Plan, title: str) -> Drawing:
    (found,) = [drawing for drawing in all_drawings(plan) if drawing.title.startswith(title)]
    return found


INPUTS: dict[str, Any] = {
    "Regions": {"China": {"of_concern": True}, "USA": {"of_concern": False}, "Germany": {"of_concern": False}},
    "Materials": {"ndpr_oxide": {"stage": "refining"}, "ndfeb_magnet": {"stage": "magnet"}},
    "Processes": {"separation/ore": {"t_per_t": -9.0}, "separation/ndpr_oxide": {"t_per_t": 1.0}},
    "Stockpiles": {"reserve": {"capacity_t": 900.0}},
}


def test_the_timeline_goes_from_decision_to_end_of_life():
    """sep_texas: decided 2026, makes from 2027 to 2046; the horizon ends with 2028, the picture ten years later."""
    timeline = drawn(small_plan(), "What is built")
    assert timeline.rows == [["magnets_saxony x2", 2026, 2, 1, 10], ["sep_texas", 2026, 1, 2, 10]]
    assert [(s.look, s.column) for s in timeline.series][:2] == [("hidden", 1), ("fill", 2)]
    assert (timeline.least, timeline.most) == (2026, 2039)
    plan = small_plan()
    plan.tables["investments"][0].update(last_year=2029)
    assert drawn(plan, "What is built").rows[-1] == ["sep_texas", 2026, 1, 2, 1]


def test_supply_is_what_regions_not_of_concern_use():
    plan = small_plan(inputs=INPUTS)
    plan.tables["flows"].append(
        {"material": "ndpr_oxide", "from_region": "China", "to_region": "China", "year": 2026, "stream": "exposed",
         "t": 999.0, "freight_musd": 0.0, "tariff_musd": 0.0}
    )  # fmt: skip
    supply = drawn(plan, "Supply of ndpr_oxide")
    assert [s.name for s in supply.series] == ["USA, clean", "China, exposed"]
    assert supply.rows == [[2026, 0, 4000], [2027, pytest.approx(1571.4286), 3100], [2028, 0, 2200]]


def test_many_origins_are_drawn_together():
    plan = small_plan(inputs=INPUTS)
    row = plan.tables["flows"][0]
    plan.tables["flows"] = [{**row, "from_region": f"r{n}", "t": 10.0 * (n + 1), "year": 2027} for n in range(8)]
    supply = drawn(plan, "Supply of ndpr_oxide")
    assert [s.name for s in supply.series] == [*(f"r{n}, exposed" for n in (7, 6, 5, 4)), "4 others, exposed"]
    assert supply.rows[1] == [2027, 80, 70, 60, 50, 10 + 20 + 30 + 40]
    assert len({s.colour for s in supply.series}) == 5


def test_capacity_use_by_stage_leaves_out_regions_of_concern():
    plan = small_plan(inputs=INPUTS)
    plan.tables["plants"].append({**plan.tables["plants"][0], "region": "China", "clean_t": 0.0})
    use = drawn(plan, "Capacity used")
    assert use.headings == ["Year", "refining (%)"]
    assert use.rows == [[2026, 1.0], [2027, pytest.approx(1571.4286 / 2000)], [2028, 1.0]]


def test_names_in_charts_are_never_addresses(tmp_path: Path):
    plan = small_plan(plan_name="x!A1")
    for row in plan.tables["flows"]:
        row["material"] = "a!B1"
    for row in plan.tables["investments"]:
        row["project"] = "=Costs!C3"
    assert_charts_hold(written(plan, tmp_path / "plan.xlsx"))


# --- links ----------------------------------------------------------------------------------------------------------


def links(book: Workbook) -> Iterator[tuple[str, Any]]:
    for sheet in book:
        for row in sheet.iter_rows():
            yield from ((sheet.title, cell.hyperlink) for cell in row if cell.hyperlink)


def test_links_within_the_plan_lead_to_cells(tutorial: tuple[Plan, Path], futures: Plan, tmp_path):
    for path in (plan_book(tutorial[1]), written(futures, tmp_path / "plan.xlsx")):
        book = load_workbook(path)
        led = {}
        for sheet, link in links(book):
            if link.target is None:
                name, cell = link.location.split("!")
                name = name.strip("'")
                assert name in book.sheetnames, link.location
                assert book[name][cell].value is not None, link.location
                led.setdefault(sheet, set()).add(name)
        assert led["Summary"] >= set(book.sheetnames) - {"Summary"}  # the index has every sheet
        assert all("Summary" in names for sheet, names in led.items() if sheet != "Summary")
        assert led.keys() == set(book.sheetnames)


def test_two_clicks_from_a_decision_to_its_cell(tutorial: tuple[Plan, Path]):
    """Investments -> Origins -> the workbook of the run, whose path holds blanks, # and %."""
    plan, folder = tutorial
    book = load_workbook(plan_book(folder))
    first = book["Investments"]["A2"].hyperlink
    sheet, cell = first.location.split("!")
    row = book[sheet][cell].row
    headings = {c.value: c.column for c in book["Origins"][1]}
    line = plan.origins[0]
    assert book["Origins"].cell(row, headings["Name"]).value == "private_refinery" == line["name"]
    back = book["Origins"].cell(row, headings["Name"]).hyperlink.location
    assert back == "Investments!A2"
    for number, origin in enumerate(plan.origins, 2):
        place = book["Origins"].cell(number, headings["Cell"])
        target = place.hyperlink.target.replace("\\", "/")
        assert "#" not in target
        decoded = re.sub("%([0-9a-f]{2})", lambda code: chr(int(code[1], 16)), target)
        workbook = load_workbook(folder / decoded)
        assert f"{place.hyperlink.location}" == origin["cell"] == place.value
        sheet, cell = origin["cell"].split("!")
        stands = workbook[sheet][cell].value
        shown = book["Origins"].cell(number, headings["Value"]).value
        assert stands is None if origin["set_by"] == "default" else shown == stands
        if number > 12:
            break


def test_without_a_path_cells_are_plain_text(tmp_path: Path):
    known = {"decision": "investment", "name": "sep_texas", "cell": "Projects!G3", "source": "=1+1", "note": "-x"}
    plan = small_plan(origins=[dict.fromkeys(ORIGINS.names, "") | known])
    book = load_workbook(written(plan, tmp_path / "plan.xlsx"))
    row = {heading.value: cell for heading, cell in zip(book["Origins"][1], book["Origins"][2], strict=True)}
    assert row["Cell"].hyperlink is None
    assert (row["Source"].value, row["Source"].data_type, row["Source"].quotePrefix) == ("=1+1", "s", True)
    assert (row["Note"].value, row["Note"].quotePrefix) == ("-x", True)
    assert book["Investments"]["A2"].hyperlink.location == "Origins!A2"
    assert book["Investments"]["A3"].hyperlink is None  # nothing is known of the other
    assert book["Bankability"]["A2"].hyperlink.location == "Origins!A2"


# --- marks ----------------------------------------------------------------------------------------------------------


def test_marks_cover_their_columns_from_the_first_row_to_the_last(tmp_path: Path):
    plan = small_plan(inputs=INPUTS)
    book = load_workbook(written(plan, tmp_path / "plan.xlsx"))
    for table in table_sheets(plan, cost_matrix(plan)):
        sheet = book[table.name]
        marked = {
            (area.min_col, area.min_row, area.max_row)
            for ranges in sheet.conditional_formatting
            for area in ranges.cells.ranges
        }
        wanted = {
            (table.names.index(name) + 1, 2, max(len(table.rows) - table.totals, 1) + 1)
            for mark in table.marks
            for name in mark.columns
        }
        assert marked == wanted, table.name


def marked_rows(plan: Plan, sheet: str, meaning: str) -> list[int]:
    """Rows, from 0, in which the formula of a mark holds: worked out here, as a spreadsheet would."""
    (table,) = [t for t in table_sheets(plan, cost_matrix(plan)) if t.name == sheet]
    (mark,) = [m for m in table.marks if m.meaning == meaning]
    text = mark.criteria.replace('="', '=="').replace("AND(", "all_of(").replace("ISNUMBER(", "is_number(")
    found = []
    for number, row in enumerate(table.rows):
        values = {f"v{n}": value for n, value in enumerate(row)}
        formula = re.sub(r"{(\w+)}", lambda name: f"v{table.names.index(name[1])}", text)
        known = {"all_of": lambda *a: all(a), "is_number": lambda v: isinstance(v, int | float), "MAX": max}
        if eval(formula, known, values):
            found.append(number)
    return found


def test_what_is_marked_is_what_leaves_no_room():
    """The hand-made document: its cap binds in 2027, its stock is full then (900 t) and never above what is asked."""
    plan = small_plan(inputs=INPUTS)
    plan.tables["budgets"].append(
        {**plan.tables["budgets"][0], "year": 2027, "cumulated_outlay_musd": 400.0, "cumulated_limit_musd": 400.0}
    )
    assert marked_rows(plan, "ChinaShare", "share at its cap") == [1, 4]  # allies in 2027, and the ban at 0
    assert marked_rows(plan, "Stockpile", "stock at capacity") == [1]
    assert marked_rows(plan, "Stockpile", "no more cover than asked for") == [1, 2]  # 2026 asks for none
    assert marked_rows(plan, "Plants", "capacity used in full") == [0, 2]
    assert marked_rows(plan, "Budgets", "budget exhausted") == [1]
    assert marked_rows(plan, "Demand", "demand not met") == [3]


def test_capacity_use_has_a_row_for_each_plant(tmp_path: Path):
    plan = small_plan(inputs=INPUTS)
    book = load_workbook(written(plan, tmp_path / "plan.xlsx"))
    rows = [row[:-1] for row in book["CapacityUse"].iter_rows(values_only=True)]
    assert rows[0] == ("Stage", "Unit", "Kind", "Region", "2026 (%)", "2027 (%)", "2028 (%)")
    assert rows[1:] == [
        ("refining", "lynas", "plant", "Australia", 1, None, None),
        ("refining", "sep_texas", "project", "USA", None, pytest.approx(0.785714), 1),
    ]


def test_the_first_page_has_a_table_of_who_pays_more(tmp_path: Path):
    payers = {"EU": 15.0, "USA": 50.0, "buyers": -5.0, **{f"fund {n}": 0.1 for n in range(6)}, "rest": 0.001,
              "shortage": 0.001}  # fmt: skip
    reference = {"bound_musd": 1.0, "payers_musd": payers, "buys": []}
    plan = small_plan(reference_musd=900.0, extra_cost_musd=60.6, reference=reference)
    sheet = load_workbook(written(plan, tmp_path / "plan.xlsx"))["Summary"]
    names, amounts = ([sheet.cell(row, at).value for at in range(1, 9)] for row in (7, 8))
    assert names[0] == "Who pays more (MUSD, discounted to 2026)"
    # the most first; what has no room is added up, what is rounding is left out
    assert names[1:] == ["USA", "EU", "buyers", "fund 0", "fund 1", "fund 2", "all others"]
    assert amounts[1:] == [50, 15, -5, 0.1, 0.1, 0.1, pytest.approx(0.3)]
    assert sheet.cell(10, 1).value == "Security"


def test_shortage_is_no_payer_on_the_first_page(tmp_path: Path):
    payers = {"buyers": 40.0, "shortage": -100.0}
    reference = {"bound_musd": 1.0, "payers_musd": payers, "buys": []}
    plan = small_plan(reference_musd=900.0, extra_cost_musd=-60.0, reference=reference)
    sheet = load_workbook(written(plan, tmp_path / "plan.xlsx"))["Summary"]
    assert [sheet.cell(row, 2).value for row in (7, 8)] == ["buyers", 40]
    assert sheet.cell(7, 3).value is None
    cells = {cell.value: (cell.row, cell.column) for line in sheet.iter_rows(max_row=6) for cell in line if cell.value}
    row, column = cells["Paid more than doing nothing (MUSD, discounted)"]
    assert sheet.cell(row - 1, column).value == 40


def test_what_a_payer_pays_more_is_grey_where_a_better_plan_may_do_without(tmp_path: Path):
    reference = {"bound_musd": 1.0, "payers_musd": {"USA": 50.0, "EU": 3.0}, "buys": []}
    plan = small_plan(reference_musd=900.0, extra_cost_musd=53.0, reference=reference)
    plan = replace(plan, bound_musd=plan.objective_musd - 4.0)
    sheet = load_workbook(written(plan, tmp_path / "plan.xlsx"))["Summary"]
    assert sheet.cell(8, 1).value == "than with doing nothing; grey: less than the 4.0 that are not proved"
    assert [bool(sheet.cell(8, at).font.italic) for at in (2, 3)] == [False, True]
    proved = replace(plan, bound_musd=plan.objective_musd)
    sheet = load_workbook(written(proved, tmp_path / "again.xlsx"))["Summary"]
    assert sheet.cell(8, 1).value == "than with doing nothing"


def test_the_first_page_has_the_figures_asked_for_first(tmp_path: Path):
    plan = small_plan()
    sheet = load_workbook(written(plan, tmp_path / "plan.xlsx"))["Summary"]
    tiles = {sheet.cell(5, at).value: sheet.cell(4, at).value for at in (1, 2, 3, 5, 7)}
    assert tiles == {
        "Cost (MUSD, discounted to 2026)": pytest.approx(plan.expected_cost_musd),
        "Of which public (MUSD, discounted)": pytest.approx(plan.payers_musd["public"]),
        # exposed 2,900 + 2,000 + 1,000 t of 13,630 t delivered
        "Of all deliveries exposed (%)": pytest.approx(5900 / (930 + 6800 + 5900), abs=1e-6),
        "Share at the tightest cap, ndfeb_magnet (limit 44.3%)": pytest.approx(2000 / 4510, abs=1e-6),
        "Short, over the horizon (t)": 100,
    }
    assert [sheet.cell(row, 1).value for row in range(7, 17)] == [
        *("This year", "Build", "Sign", "Guarantee", "Stock", "Cost", "Dependence", "Short", "Look next", "Certainty")
    ]
    for area in sheet.merged_cells.ranges:
        assert range_boundaries(str(area))[2] <= 8  # nothing beyond column H
