"""Comparisons of runs: what differs, how much it costs, which cells explain it; and the files they are written to."""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from tests.make import Book, tiny, with_plants, write_book
from tests.plan_document import small_plan

from lodestone.errors import UsageError
from lodestone.plan.plan import Plan
from lodestone.plan.plan_json import dumps
from lodestone.plan.run_files import read_run
from lodestone.report.compare.files import KIND, document, write_comparison
from lodestone.report.compare.summary import notes, runs_line, summary
from lodestone.report.plan.run_folder import write_run
from lodestone.solve.one_scenario import solve_scenario
from lodestone.studies.compare.figures import bridge
from lodestone.studies.compare.results import Comparison
from lodestone.studies.compare.runs import compare, names_by_path
from lodestone.template.examples import examples
from lodestone.workbook.inputs import load
from lodestone.workbook.snapshot import input_snapshot

SHEETS = ["Compare", "Charts", "Bridge", "Inputs", "Flows", "FlowsByYear", "ChinaShare", "Stock", "Runs"]
HOSTILE = ("../x", "con", "x" * 300, "x" * 300, "a:b*?", "=1+1", "+cmd", "@sum", "-1", "", "\x00\x1b[31m", "a&b<c>")


def costlier(more: float = 10.0, **changes: Any) -> Plan:
    """The plan of a run in which freight costs more."""
    plan = small_plan()
    costs = [
        {**row, "discounted_musd": row["discounted_musd"] + more / 3} if row["term"] == "freight" else row
        for row in plan.tables["costs"]
    ]
    return small_plan(tables={"costs": costs, **changes.pop("tables", {})}, **changes)


def of_years(first: int, last: int) -> Plan:
    """The plan of a run that plans for other years: its tables shifted."""
    shift = first - 2026
    tables = {
        name: [
            {key: value + shift if key == "year" else value for key, value in row.items()}
            for row in rows
            if row.get("year", 0) + shift <= last
        ]
        for name, rows in small_plan().tables.items()
    }
    return small_plan(tables=tables, horizon=[first, last], scenario=f"from_{first}")


def with_inputs(tmp_path: Path, book: Book, sets: Sequence[str] = (), scenario: str = "base") -> Plan:
    """A plan with the snapshot of a workbook's inputs, once through JSON."""
    path = tmp_path / f"book{len(list(tmp_path.iterdir()))}.xlsx"
    inputs = load(write_book(path, book), sets)
    inputs.require_valid()
    tables = inputs.tables(scenario)
    horizon = [tables.settings["first_year"], tables.settings["last_year"]]
    sha = {"workbook_sha256": inputs.sha256, "horizon": horizon}
    plan = small_plan(inputs=input_snapshot(tables), **sha)
    return Plan.from_document(json.loads(json.dumps(plan.document())))


def cells(comparison: Comparison) -> dict[str, tuple[Any, ...]]:
    return {difference.cell: difference.values for difference in comparison.inputs}


# --- the bridge -----------------------------------------------------------------------------------------------------


def test_bridge_adds_up() -> None:
    first, other = small_plan(), costlier(12.5)
    comparison = compare([first, other], ["a", "b"])
    steps = comparison.bridge["b"]
    assert steps["freight"] == pytest.approx(12.5)
    difference = other.expected_cost_musd - first.expected_cost_musd
    assert abs(math.fsum(steps.values()) - difference) <= 1e-6
    assert all(step == 0 for term, step in steps.items() if term != "freight")


def test_bridge_that_does_not_add_up_is_refused() -> None:
    other = costlier()
    other = replace(other, expected_cost_musd=other.cost + 1e-4)
    with pytest.raises(UsageError, match="do not add up"):
        bridge(small_plan(), other)


def test_bridge_knows_terms_that_only_one_run_has() -> None:
    other = small_plan()
    other = replace(other, costs_musd={**other.costs_musd, "levy": 4.0}, expected_cost_musd=other.cost + 4.0)
    assert bridge(small_plan(), other)["levy"] == pytest.approx(4)
    assert bridge(other, small_plan())["levy"] == pytest.approx(-4)


# --- what differs ---------------------------------------------------------------------------------------------------


def test_a_run_against_itself_shows_no_difference(tmp_path: Path) -> None:
    plan = with_inputs(tmp_path, with_plants())
    comparison = compare([plan, plan])
    assert not any(decision.differs for decision in comparison.decisions)
    assert not comparison.inputs and not comparison.flows and not comparison.remarks
    assert set(comparison.bridge["base (2)"].values()) == {0.0}
    differences = [figure.differences for figure in comparison.key_figures]
    differences += [year.differences for year in comparison.china_share]
    differences += [year.differences for year in comparison.stocks]
    assert {value for line in differences for value in line} == {None, 0.0}
    assert runs_line(comparison) == "2 runs: 0 decisions and 0 inputs differ"
    assert "All decisions are the same." in notes(comparison)
    assert [table.headings[0] for table in summary(comparison)] == ["Key figures"]


def test_decisions_side_by_side() -> None:
    tables = small_plan().tables
    texas, saxony = tables["investments"]
    later = {**texas, "decision_year": 2027}
    again = {**texas, "decision_year": 2028, "builds": 3}
    stock = [{**row, "stock_t": row["stock_t"] + 50 * (row["year"] == 2028)} for row in tables["stockpile"]]
    other = small_plan(tables={"investments": [again, later], "price_floors": [], "stockpile": stock})
    decisions = {(d.kind, d.name): d for d in compare([small_plan(), other]).decisions}

    assert decisions["build", "sep_texas"].values == (2026, "2027, 3 in 2028")
    assert decisions["build", "magnets_saxony"].values == ("2 in 2026", None)
    assert decisions["floor", "sep_texas_110 (sep_texas)"].values == (2026, None)
    assert decisions["contract", "lynas_offtake (lynas)"].values == (2026, 2026)
    assert decisions["contract volume", "lynas_offtake (lynas)"].values == (500.0, 500.0)
    assert decisions["stock", "reserve (ndpr_oxide), end of 2028"].values == (800.0, 850.0)
    same = {name for name, decision in decisions.items() if not decision.differs}
    assert same == {
        ("contract", "lynas_offtake (lynas)"),
        ("contract volume", "lynas_offtake (lynas)"),
        ("stock", "reserve (ndpr_oxide), end of 2026"),
    }
    assert saxony["builds"] == 2


def test_key_figures_against_the_first_run() -> None:
    short = [{**row, "short_t": row["short_t"] + 7.0} for row in small_plan().tables["demand"][-1:]]
    demand = [*small_plan().tables["demand"][:-1], *short]
    comparison = compare([small_plan(), costlier(tables={"demand": demand})])
    figures = {(f.group, f.name): f for f in comparison.key_figures}
    assert figures["Cost", "Total cost"].differences[1] == pytest.approx(10)
    assert figures["Cost by payer", "Buyers"].differences[1] == pytest.approx(10)
    assert figures["Cost by payer", "Public"].differences == (None, 0)
    assert figures["Shortage", "All demand not met"].values == (100, 107)
    assert figures["Shortage", "ev_motors, ndfeb_magnet"].differences == (None, 7)
    assert figures["China share", "Highest under allies, deliveries"].values[0] == pytest.approx(2900 / 4200)
    assert figures["Stocks", "reserve (ndpr_oxide): most held"].values == (900, 900)
    assert figures["Stocks", "reserve (ndpr_oxide): least cover where asked for"].values == (60, 60)


def test_flows_that_differ_come_largest_first() -> None:
    flows = small_plan().tables["flows"]
    fewer = [{**row, "t": row["t"] - 1000 * (row["from_region"] == "China" and row["year"] > 2026)} for row in flows]
    fewer = [{**row, "t": row["t"] + 5 * (row["to_region"] == "USA")} for row in fewer]
    found = compare([small_plan(), small_plan(tables={"flows": fewer})]).flows
    assert [(f.from_region, f.year, f.differences[1]) for f in found] == [
        ("China", None, -2000),
        ("China", 2027, -1000),
        ("China", 2028, -1000),
        ("USA", None, 5),
        ("USA", 2027, 5),
    ]


def test_streams_of_a_lane_are_one_flow() -> None:
    """Which batch counts as clean is no difference of sourcing."""
    recoloured = [{**row, "stream": "clean"} for row in small_plan().tables["flows"]]
    assert not compare([small_plan(), small_plan(tables={"flows": recoloured})]).flows


# --- within gap -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("gap", "within"), [(0.004, False), (0.006, True), (None, True)])
def test_a_difference_that_the_gaps_allow_is_marked(gap: float | None, within: bool) -> None:
    """10 MUSD of about 1100: the two gaps together must reach 0.9 %."""
    comparison = compare([small_plan(gap=gap), costlier(10, gap=gap)], ["a", "b"])
    assert comparison.runs[1].within_gap is within
    assert document(comparison)["within_gap"] == {"b": within}
    assert any("within gap" in remark for remark in comparison.remarks) is within
    text = [cell for table in summary(comparison) for row in table.rows for cell in row]
    assert any("within gap" in cell for cell in text) is within


# --- inputs ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "cell", "values"),
    [
        ("Settings/discount_rate=0.03", "Settings/discount_rate", (0.05, 0.03)),
        ("Settings/last_year=2028", "Settings/last_year", (2027, 2028)),
        ("Settings/default_freight_usd_per_kg=4", "Settings/default_freight_usd_per_kg", (2, 4)),
        ("ChinaShare/oxide_cap/2027=0.3", "ChinaShare/oxide_cap/2027", (0.9, 0.3)),
        ("Demand/Home/defence/oxide/2026=101", "Demand/Home/defence/oxide/2026", (100, 101)),
        ("Projects/home_refinery/capex_musd=30", "Projects/home_refinery/capex_musd", (20, 30)),
        ("Projects/home_refinery/latest_year=2026", "Projects/home_refinery/latest_year", (None, 2026)),
        ("Lanes/China/Home/ore/freight_usd_per_kg=9", "Lanes/China/Home/ore/freight_usd_per_kg", (2, 9)),
        ("Lanes/China/Home/oxide/open=no", "Lanes/China/Home/oxide/open", (True, False)),
        ("Lanes/China/Home/oxide/2027=50", "Lanes/China/Home/oxide/2027", (None, 50)),
        ("Tariffs/China/Home/oxide/2026=0.25", "Tariffs/China/Home/oxide/2026", (0, 0.25)),
        ("Stockpiles/reserve/2026=15", "Stockpiles/reserve/2026", (None, 15)),
    ],
)
def test_one_changed_cell_shows_as_that_cell(tmp_path: Path, setting: str, cell: str, values: tuple[Any, ...]) -> None:
    plans = [with_inputs(tmp_path, with_plants()), with_inputs(tmp_path, with_plants(), [setting])]
    comparison = compare(plans)
    assert cells(comparison) == {cell: values}
    assert comparison.inputs_known


def test_files_are_compared_by_what_stands_in_them(tmp_path: Path) -> None:
    book = with_plants()
    book["Prices"][1][2] = 70  # oxide, 2027
    comparison = compare([with_inputs(tmp_path, with_plants()), with_inputs(tmp_path, book)])
    assert cells(comparison) == {"Prices/oxide/2027": (66, 70)}


def test_a_scenario_shows_the_cells_it_changes(tmp_path: Path) -> None:
    book = with_plants()
    book["Scenarios"] = [["scenario", "from_year", "emergency_from", "emergency_to"], ["embargo", 2027, 2027, 2027]]
    found = cells(compare([with_inputs(tmp_path, book), with_inputs(tmp_path, book, scenario="embargo")]))
    lanes = {f"Lanes/China/Home/{material}/2027": (None, 0) for material in ("oxide", "ore", "scrap")}
    emergency = {"emergency_from": (None, 2027), "emergency_to": (None, 2027), "refill_years": (None, 2)}
    assert found == lanes | {f"Scenarios/embargo/{column}": values for column, values in emergency.items()}


def test_a_row_of_one_workbook_alone_is_one_difference(tmp_path: Path) -> None:
    book = with_plants()
    book["Plants"].append(["new_mine", "Home", "mine", 5, 10, 20])
    found = cells(compare([with_inputs(tmp_path, with_plants()), with_inputs(tmp_path, book)]))
    assert list(found) == ["Plants/new_mine"]
    missing, there = found["Plants/new_mine"]
    assert missing == "no such row"
    assert "process mine" in there and "2027: 20" in there


def test_a_lane_that_only_one_run_has(tmp_path: Path) -> None:
    plain, more = tiny(), tiny()
    more["Lanes"].append(["Home", "China", "oxide", 3])
    found = cells(compare([with_inputs(tmp_path, plain), with_inputs(tmp_path, more)]))
    assert found == {"Lanes/Home/China/oxide": ("no such lane", "freight_usd_per_kg 3, open yes")}


def test_years_before_a_run_begins_explain_nothing(tmp_path: Path) -> None:
    later = {"first_year": 2027, "last_year": 2027}
    plans = [with_inputs(tmp_path, tiny()), with_inputs(tmp_path, {**tiny(), "Settings": later})]
    assert cells(compare(plans)) == {"Settings/first_year": (2026, 2027)}


def test_without_snapshots_one_workbook_is_compared_by_its_changes() -> None:
    change = {"sheet": "Prices", "row": "ndpr_oxide", "column": "years", "year": 2027, "by": "Changes!A2"}
    first = small_plan(changes=[{**change, "old": 70.0, "new": 56.0}, {**change, "old": 56.0, "new": 50.0}])
    other = small_plan(changes=[{**change, "year": 2028, "old": 71.0, "new": 60.0}])
    comparison = compare([first, small_plan(changes=[]), other])
    assert cells(comparison) == {"Prices/ndpr_oxide/2027": (50, 70, 70), "Prices/ndpr_oxide/2028": (71, 71, 60)}
    assert comparison.inputs_known


def test_without_snapshots_two_workbooks_are_compared_by_settings_and_it_is_said() -> None:
    settings = small_plan().settings
    other = small_plan(workbook_sha256="00" * 32, settings={**settings, "discount_rate": 0.08})
    comparison = compare([small_plan(), other])
    assert cells(comparison) == {"Settings/discount_rate": (0.05, 0.08)}
    assert not comparison.inputs_known
    assert any("does not carry its inputs" in remark for remark in comparison.remarks)


# --- many runs, other horizons, several futures ---------------------------------------------------------------------


def test_three_runs() -> None:
    comparison = compare([small_plan(), costlier(10), costlier(-5)], ["a", "b", "c"])
    assert comparison.bridge["b"]["freight"] == pytest.approx(10)
    assert comparison.bridge["c"]["freight"] == pytest.approx(-5)
    total = comparison.key_figures[0]
    assert total.differences[1:] == pytest.approx((10, -5))
    assert set(document(comparison)["bridge"]) == {"b", "c"}


def test_different_horizons(tmp_path: Path) -> None:
    comparison = compare([small_plan(), of_years(2027, 2029)])
    assert comparison.common_years == (2027, 2028)
    assert {f.year for f in comparison.flows} <= {None, 2027, 2028}
    stocks = {stock.year: stock for stock in comparison.stocks}
    assert stocks[2026].values == (400, None) and stocks[2029].values == (None, 800)
    assert stocks[2027].differences == (None, 400 - 900)
    ends = [d for d in comparison.decisions if d.kind == "stock" and d.name.endswith(("2026", "2029"))]
    assert [d.differs for d in ends] == [False, False]
    assert any("different years" in remark for remark in comparison.remarks)
    book = load_workbook(write_comparison(comparison, tmp_path / "compare.xlsx")[0])
    rows = {row[0]: row[2:5] for row in book["Compare"].iter_rows(values_only=True)}
    assert rows["reserve (ndpr_oxide), end of 2029"] == (None, 800, None)


def test_horizons_without_a_common_year(tmp_path: Path) -> None:
    comparison = compare([small_plan(), of_years(2040, 2042)])
    assert comparison.common_years is None and not comparison.flows
    write_comparison(comparison, tmp_path / "compare.xlsx")


def test_several_futures_are_told_apart() -> None:
    """A joint run's tables have a column `scenario`: the worst future counts, and nothing is added up across them."""
    tables = {
        name: [
            {**row, "scenario": future, **({"short_t": 300.0} if "short_t" in row and future == "war" else {})}
            for future in ("base", "war")
            for row in rows
        ]
        if name != "costs"
        else rows
        for name, rows in small_plan().tables.items()
    }
    comparison = compare([small_plan(), small_plan(tables=tables)])
    figures = {f.name: f for f in comparison.key_figures}
    assert figures["All demand not met"].values == (100, 6 * 300)
    assert ("build", "sep_texas [war]") in {(d.kind, d.name) for d in comparison.decisions}
    assert {stock.future for stock in comparison.stocks} == {"", "base", "war"}


def test_one_run_is_no_comparison() -> None:
    with pytest.raises(UsageError, match="at least two"):
        compare([small_plan()])


# --- names ----------------------------------------------------------------------------------------------------------


def test_runs_are_named_by_what_tells_their_folders_apart(tmp_path: Path) -> None:
    paths = [tmp_path / "a", tmp_path / "b" / "plan.json", tmp_path / "c" / "plan.xlsx"]
    assert names_by_path(paths) == ["a", "b", "c"]
    assert names_by_path([tmp_path / "x" / "base", tmp_path / "y" / "base"]) == ["x/base", "y/base"]
    assert names_by_path([tmp_path / "a", tmp_path / "a"]) == ["a", "a"]


def test_hostile_names_are_shown_and_do_no_harm(tmp_path: Path) -> None:
    comparison = compare([small_plan(scenario=name, plan_name=name) for name in HOSTILE], HOSTILE)
    assert len({name.casefold() for name in comparison.names}) == len(HOSTILE)
    assert all(name.isprintable() and 0 < len(name) <= 66 for name in comparison.names)
    folder = tmp_path / "out"
    write_comparison(comparison, folder / "compare.xlsx")
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["compare.json", "compare.xlsx", "out"]
    book = load_workbook(folder / "compare.xlsx")
    assert book.sheetnames == SHEETS
    assert not [cell for sheet in book for row in sheet for cell in row if cell.data_type == "f"]
    with zipfile.ZipFile(folder / "compare.xlsx") as archive:  # series are named by cells, never by text
        charts = [archive.read(name).decode() for name in archive.namelist() if name.startswith("xl/charts/chart")]
    ranges = [text for chart in charts for text in chart.split("<c:f>")[1:]]
    assert ranges and all(text.startswith("Charts!") for text in ranges)


# --- files ----------------------------------------------------------------------------------------------------------


def test_workbook_and_json_say_the_same(tmp_path: Path) -> None:
    comparison = compare([small_plan(), costlier(10), costlier(-5)], ["a", "b", "c"])
    book_path, json_path = write_comparison(comparison, tmp_path / "compare.xlsx")
    assert json_path == tmp_path / "compare.json"
    facts = json.loads(json_path.read_text(encoding="utf-8"))
    assert [run["name"] for run in facts["runs"]] == ["a", "b", "c"]
    assert math.fsum(facts["bridge"]["b"].values()) == pytest.approx(10, abs=1e-6)

    book = load_workbook(book_path)
    heading, *rows = book["Bridge"].iter_rows(values_only=True)
    assert heading[2:5] == ("a (MUSD)", "b (MUSD)", "c (MUSD)")
    assert heading[5:] == ("b costs more than a (MUSD, discounted)", "c costs more than a (MUSD, discounted)")
    terms = [row for row in rows if row[1] and not str(row[0]).startswith("All ")]
    for column in range(2, 7):
        assert abs(math.fsum(row[column] for row in terms) - rows[-1][column]) <= 1e-6
    first_column = [row[0].value for row in book["Compare"]]
    assert first_column[0] == "Comparison of 3 runs"
    assert first_column.index("Build: year of the decision") < first_column.index("Cost")
    assert all(book[name].freeze_panes for name in SHEETS if name != "Charts")
    with zipfile.ZipFile(book_path) as archive:
        charts = [archive.read(name) for name in archive.namelist() if name.startswith("xl/charts/chart")]
    assert len(charts) >= 4
    assert any(b'<c:grouping val="stacked"/>' in chart for chart in charts)


def test_json_is_read_by_others(tmp_path: Path) -> None:
    facts = document(compare([small_plan(changes=[]), small_plan()], ["a", "b"]))
    assert {"cell": "Prices/ndpr_oxide/2027", "values": {"a": 70.0, "b": 56.0}} in facts["inputs"]
    decision = facts["decisions"][0]
    assert set(decision) == {"kind", "name", "unit", "differs", "values"}
    assert dumps(facts)


def test_only_a_comparison_is_replaced(tmp_path: Path) -> None:
    comparison = compare([small_plan(), small_plan()])
    out = tmp_path / "compare.xlsx"
    write_comparison(comparison, out)
    write_comparison(comparison, out)
    assert KIND.check_out(tmp_path) == out
    precious = tmp_path / "inputs.xlsx"
    precious.write_bytes(b"mine")
    with pytest.raises(UsageError, match="would be replaced"):
        write_comparison(comparison, precious)
    assert precious.read_bytes() == b"mine"
    with pytest.raises(UsageError, match=r"end it in \.xlsx"):
        KIND.check_out(tmp_path / "compare.csv")


def test_nothing_is_written_into_a_run(tmp_path: Path) -> None:
    write_run(small_plan(), tmp_path / "base")
    for out in (tmp_path / "base", tmp_path / "base" / "plan.xlsx", tmp_path / "base" / "compare.xlsx"):
        with pytest.raises(UsageError, match="holds a run"):
            KIND.check_out(out)


def test_a_comparison_that_fails_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    comparison = compare([small_plan(), small_plan()])
    out = tmp_path / "compare.xlsx"
    write_comparison(comparison, out)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def fail(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("lodestone.report.compare.files.write_compare_workbook", fail)
    with pytest.raises(UsageError, match="No space left"):
        write_comparison(compare([small_plan(), costlier()]), out)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


# --- runs on disk ---------------------------------------------------------------------------------------------------


def test_runs_are_read_from_their_folders(tmp_path: Path) -> None:
    for name, plan in {"base": small_plan(), "costly": costlier()}.items():
        write_run(plan, tmp_path / name)
    paths = [tmp_path / "base", tmp_path / "costly" / "plan.json", tmp_path / "base" / "plan.xlsx"]
    comparison = compare([read_run(path) for path in paths], names_by_path(paths))
    assert comparison.names == ("base", "costly", "base (2)")
    assert comparison.bridge["costly"]["freight"] == pytest.approx(10)


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no plan"):
        read_run(tmp_path / "none")
    (tmp_path / "plan.json").write_text('{"format": 1, "plan_name": "half"}', encoding="utf-8")
    with pytest.raises(
        UsageError,
        match=r"plan\.json is damaged: status holds nothing, where one of optimal, feasible belongs",
    ):
        read_run(tmp_path)


def test_solved_scenarios_of_the_tutorial(tmp_path: Path) -> None:
    inputs = load(examples()["tutorial"])
    snapshots = {name: input_snapshot(inputs.tables(name)) for name in ("base", "embargo")}
    plans = [replace(solve_scenario(inputs, name), inputs=snapshot) for name, snapshot in snapshots.items()]
    comparison = compare(plans)
    difference = plans[1].cost - plans[0].cost
    assert abs(math.fsum(comparison.bridge["embargo"].values()) - difference) <= 1e-6
    changed = {cell for cell in cells(comparison) if not cell.startswith("Scenarios/")}
    assert changed == {f"{c['sheet']}/{c['row']}/{c['year'] or c['column']}" for c in plans[1].changes}
    write_comparison(comparison, tmp_path / "compare.xlsx")
