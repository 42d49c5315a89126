"""The page of `lodestone report`: text of workbooks cannot act, files are not lost, studies are found."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.plan_document import small_plan
from tests.report.pages import NASTY, frontier, nasty_plan

from lodestone.commands import main
from lodestone.errors import UsageError
from lodestone.plan.plan import Plan
from lodestone.report.excel import colours
from lodestone.report.html import world
from lodestone.report.html.chain import OTHERS
from lodestone.report.html.page import SCRIPTS, check_out, ground, page, safe_json, write_report
from lodestone.report.html.studies import figures, find_studies, read_study
from lodestone.report.html.views import FIGURES, busiest_year, views
from lodestone.report.html.world import EDGE, _thinned, outlines, places
from lodestone.report.plan.run_folder import write_run


class Elements(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.texts.setdefault(tag, []).append("")

    def handle_data(self, data: str) -> None:
        if self.tags:
            self.texts[self.tags[-1][0]][-1] += data

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.mark.parametrize("plan", [small_plan(), nasty_plan()], ids=["plain", "nasty"])
def test_the_page_has_the_same_elements_whatever_the_workbook_says(plan: Plan):
    found = Elements(page({"run": plan}))
    assert [s.get("type") for s in found.of("script")] == ["application/json", None, None]
    assert found.of("img") == []
    assert len(found.of("title")) == 1
    assert found.texts["title"][0].strip() == plan.plan_name
    data = json.loads(found.texts["script"][0])
    assert data["views"][0]["plan_name"] == plan.plan_name


def test_json_in_the_page_ends_nothing_and_is_read_back():
    text = safe_json({"texts": NASTY, "unknown": float("nan")})
    assert not re.search("[<>&\u2028\u2029]", text)
    assert json.loads(text) == {"texts": list(NASTY), "unknown": None}


def test_the_policy_allows_its_own_scripts_and_nothing_else():
    text = page({"run": small_plan()})
    found = Elements(text)
    (policy,) = [m["content"] for m in found.of("meta") if m.get("http-equiv") == "Content-Security-Policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in str(policy).split(";"))
    assert rules["default-src"] == "'none'"
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    hashes = [f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" for script in scripts]
    assert len(scripts) == 2
    assert rules["script-src"].split() == hashes
    assert "connect-src" not in rules  # falls back to none
    for tag, attributes in found.tags:
        assert "src" not in attributes, tag
        assert str(attributes.get("href", "#")).startswith(("#", "data:")), tag


def test_every_script_is_in_the_page():
    folder = Path(__file__).parents[2] / "model" / "lodestone" / "report" / "html" / "scripts"
    assert sorted(path.stem for path in folder.iterdir()) == sorted(SCRIPTS)
    text = page({"base": small_plan()})
    places = [text.index((folder / f"{name}.js").read_text(encoding="utf-8")) for name in SCRIPTS]
    assert places == sorted(places)


def test_every_figure_has_a_table_in_every_view():
    (view,) = views({"run": small_plan()})
    assert view["tables"].keys() == {figure.key for figure in FIGURES if not figure.rows_of}
    for figure in FIGURES:
        names = [column["name"] for column in view["tables"][figure.rows_of or figure.key]["columns"]]
        assert set(figure.choose) <= set(names)
        assert all(len(row) == len(names) for row in view["tables"][figure.rows_of or figure.key]["rows"])
        assert "year" in names or not figure.yearly


def table(view: dict[str, Any], key: str) -> list[dict[str, Any]]:
    names = [column["name"] for column in view["tables"][key]["columns"]]
    return [dict(zip(names, row, strict=True)) for row in view["tables"][key]["rows"]]


def test_tables_are_those_of_the_plan():
    plan = small_plan(inputs={"Regions": {"China": {"of_concern": True}, "USA": {}, "Germany": {}}})
    (view,) = views({"run": plan})
    (flow,) = [r for r in table(view, "flows") if r["year"] == 2027 and r["from_region"] == "China"]
    assert (flow["clean_t"], flow["exposed_t"], flow["freight_musd"], flow["tariff_musd"]) == (0, 3100, 1.55, 7)
    assert [r["exposed_t"] for r in table(view, "origins") if r["from_region"] == "China"] == [4000, 3100, 2200]
    assert sum(r["discounted_musd"] for r in table(view, "costs")) == pytest.approx(plan.expected_cost_musd)
    first = table(view, "shares")[0]
    assert (first["cap"], first["basis"]) == ("allies", "deliveries")  # binds in 2027: no room
    bars = {r["what"]: (r["kind"], r["decided"], r["from"], r["to"]) for r in table(view, "decisions")}
    assert bars == {
        "2 x magnets_saxony": ("build, public", 2026, 2028, 2042),
        "sep_texas": ("build, private", 2026, 2027, 2046),
        "sep_texas_110": ("guarantee", 2026, 2027, 2036),
        "lynas_offtake": ("sign", 2026, 2026, 2030),
    }


def test_tariffs_that_are_not_counted_are_no_cost_on_the_page():
    plan = small_plan(settings={"tariffs_counted": False})
    (view,) = views({"run": plan})
    assert "Tariffs" not in {r["term"] for r in table(view, "costs")}
    (view,) = views({"run": small_plan()})
    assert "Tariffs" in {r["term"] for r in table(view, "costs")}


def test_the_glance_says_cost_share_and_shortage():
    (view,) = views({"run": small_plan()})
    cost, china, short = view["glance"]["tiles"]
    assert cost["value"] == f"{small_plan().expected_cost_musd:,.1f} MUSD"
    # delivered: 930 to defence, 3,000 + 3,800 + ... of 300 + 310 + 320 + 3900 + 4200 + 4600; exposed 2900 + 2000 + 1000
    assert china["value"] == f"{5900 / 13630:.1%}"
    assert short["value"] == "100 t" and short["alert"]
    lists = {part["heading"]: len(part["items"]) for part in view["glance"]["lists"]}
    assert lists == {"Build": 2, "Guarantee": 1, "Sign": 1, "Hold": 1}


def test_the_glance_begins_with_what_security_costs_where_it_is_known():
    reference = {"bound_musd": 1.0, "payers_musd": {"EU": 15.0, "USA": 50.0, "buyers": -5.0}, "buys": []}
    plan = small_plan(reference_musd=600.0, extra_cost_musd=60.0, reference=reference)
    plan = replace(plan, bound_musd=plan.objective_musd - 3.0)
    (view,) = views({"run": plan})
    first = view["glance"]["tiles"][0]
    assert (first["label"], first["value"]) == ("Security costs", "60.0 MUSD")
    assert first["note"] == (
        "more than doing nothing, 10.0%; discounted: USA 50.0 MUSD, EU 15.0 MUSD, buyers -5.00 MUSD. "
        "Another plan may cost up to 3.00 MUSD less, 5.0% of that."
    )
    assert view["glance"]["remarks"][0].startswith("2026: build")


def test_the_glance_tells_shortage_apart_from_what_is_paid():
    reference = {"bound_musd": 1.0, "payers_musd": {"buyers": 40.0, "shortage": -100.0}, "buys": []}
    plan = small_plan(reference_musd=600.0, extra_cost_musd=-60.0, reference=reference)
    (view,) = views({"run": replace(plan, bound_musd=plan.objective_musd)})
    first = view["glance"]["tiles"][0]
    assert first["value"] == "40.0 MUSD"
    assert first["note"] == (
        "more than doing nothing; discounted: buyers 40.0 MUSD. "
        "Shortage costs 100.0 MUSD less: together -60.0 MUSD, -10.0%."
    )


def test_a_very_large_plan_keeps_its_tonnes_in_other_lanes(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("lodestone.report.html.views.MOST_LANES", 2)
    (view,) = views({"run": small_plan()})
    found = table(view, "flows")
    flows = small_plan().tables["flows"]
    assert sum(r["clean_t"] + r["exposed_t"] for r in found) == pytest.approx(sum(r["t"] for r in flows))
    assert sum(r["tariff_musd"] for r in found) == pytest.approx(sum(r["tariff_musd"] for r in flows))
    assert [(r["material"], r["year"]) for r in found if r["from_region"] == OTHERS] == [
        ("ndpr_oxide", 2027), ("ndpr_oxide", 2028), ("dysprosium_oxide", 2028)
    ]  # fmt: skip


# --- files ----------------------------------------------------------------------------------------------------------


def test_a_page_replaces_a_page_and_nothing_else(tmp_path: Path):
    mine = tmp_path / "notes.html"
    mine.write_text("<!doctype html>\n<p>mine", encoding="utf-8")
    for call in (check_out, lambda out: write_report({"run": small_plan()}, [], out)):
        with pytest.raises(UsageError, match="was not written by lodestone report"):
            call(mine)
    assert mine.read_text(encoding="utf-8") == "<!doctype html>\n<p>mine"
    assert write_report({"run": small_plan(plan_name="first")}, [], tmp_path) == tmp_path / "report.html"
    write_report({"run": small_plan(plan_name="second")}, [], tmp_path / "report.html")
    assert "<title>second</title>" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert {p.name for p in tmp_path.iterdir()} == {"notes.html", "report.html"}


def test_places_that_are_none(tmp_path: Path):
    write_run(small_plan(), tmp_path / "run")
    for out, reason in (("plan.pdf", "is no name for a page"), ("run", "holds a run"), ("run/x.html", "holds a run")):
        with pytest.raises(UsageError, match=reason):
            check_out(tmp_path / out)


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    write_run(small_plan(plan_name="one"), tmp_path / "outputs/magnets/base")
    write_run(small_plan(plan_name="two"), tmp_path / "outputs/magnets/tight")
    frontier("outputs/magnets/frontier.json", "magnets.xlsx")
    frontier("other.json", "other.xlsx")  # of another workbook
    call = ["report", "outputs/magnets/base", "outputs/magnets/tight"]
    result = CliRunner().invoke(main, call)
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[-1] == "The page: report.html"
    assert "frontier.json" in result.stdout and "other.json" not in result.stdout
    data = json.loads(Elements(Path("report.html").read_text(encoding="utf-8")).texts["script"][0])
    assert [view["label"] for view in data["views"]] == ["base", "tight"]
    assert [study["file"] for study in data["studies"]] == ["frontier.json"]
    quiet = CliRunner().invoke(main, [*call, "other.json", "--quiet", "--out", "x.html"])
    assert (quiet.exit_code, quiet.output) == (0, "")
    assert '"other.json"' in Path("x.html").read_text(encoding="utf-8")
    for wrong in (["report"], ["report", "other.json"], ["report", "nothing"], ["report", *call[1:], "x.html"]):
        assert CliRunner().invoke(main, wrong).exit_code == 2, wrong


# --- studies --------------------------------------------------------------------------------------------------------


def test_a_frontier_is_drawn_from_its_points(tmp_path: Path):
    frontier(str(tmp_path / "frontier.json"), "magnets.xlsx")
    study = read_study(tmp_path / "frontier.xlsx")  # the workbook stands for the file beside it
    (figure,) = figures(study)
    assert [list(row) for row in figure.table.rows] == [
        [1.0, 100.0, 99.0, None, "", ""],
        [0.5, 130.0, 130.0, 0.6, "+ g 2027", ""],  # 30 MUSD for 50 points
        [0.0, None, None, None, "", "no plan"],
    ]
    assert "c below 20.0% in 2027" in figure.lead


def test_only_studies_of_the_same_workbook_are_found(tmp_path: Path):
    frontier(str(tmp_path / "a.json"), "magnets.xlsx")
    frontier(str(tmp_path / "b.json"), "oxides.xlsx")
    (tmp_path / "c.json").write_text("{}", encoding="utf-8")
    assert [study.path.name for study in find_studies([tmp_path, tmp_path / "none"], [small_plan()])] == ["a.json"]


def test_what_is_no_study_is_refused(tmp_path: Path):
    (tmp_path / "a.json").write_text("{}", encoding="utf-8")
    with pytest.raises(UsageError, match="neither a run nor a"):
        read_study(tmp_path / "a.json")
    (tmp_path / "b.json").write_text('{\n"frontier_format": 1, ', encoding="utf-8")
    with pytest.raises(UsageError, match=r"b\.json is damaged: line 2, .*; run lodestone frontier again"):
        read_study(tmp_path / "b.json")
    (tmp_path / "c.json").write_text('{\n"frontier_format": 2}', encoding="utf-8")
    with pytest.raises(UsageError, match="another version"):
        read_study(tmp_path / "c.json")


# --- where, when and who ----------------------------------------------------------------------------------------------


def test_regions_stand_where_their_countries_are():
    found = places(["USA", "China", "DR_Congo", "USA_texas", "EU", "the rest", "others"])
    for name, (west, east), (south, north) in (
        ("USA", (-125, -66), (25, 49)),
        ("China", (73, 135), (18, 54)),
        ("DR_Congo", (12, 32), (-14, 6)),
        ("EU", (-10, 30), (36, 70)),
    ):
        assert west < found[name][0] < east, name
        assert south < found[name][1] < north, name
    assert found["USA_texas"] != found["USA"]  # side by side
    assert {found["the rest"][1], found["others"][1]} == {EDGE}  # no countries
    assert found["the rest"] != found["others"]


def test_a_country_is_not_guessed(monkeypatch):
    """Where rapidfuzz is installed, countryinfo takes "the rest" for the Congo."""
    congo = world.CountryInfo("cod")
    monkeypatch.setattr(world, "CountryInfo", lambda name: congo)
    assert places(["every other"])["every other"][1] == EDGE
    assert places(["Democratic Republic of the Congo"])["Democratic Republic of the Congo"][1] > EDGE


def test_outlines_are_closed_and_few():
    lines = outlines()
    assert 150 < len(lines) < 400
    assert sum(map(len, lines)) < 6_000
    assert all(line[0] == line[-1] and len(line) >= 3 for line in lines)
    for east, north in (
        (-100, 40),
        (105, 35),
        (134, -25),
        (-52, -10),
        (25, 0),
    ):  # USA, China, ..., Congo
        assert any(_inside(line, east, north) for line in lines), (east, north)


def _inside(line: tuple[tuple[float, float], ...], east: float, north: float) -> bool:
    """Whether a way to the east crosses the line an odd number of times."""
    crossed = 0
    for (x1, y1), (x2, y2) in pairwise(line):
        if (y1 > north) != (y2 > north) and east < x1 + (north - y1) / (y2 - y1) * (x2 - x1):
            crossed += 1
    return crossed % 2 == 1


def test_a_thinned_line_keeps_its_corners():
    """A square of 10 degrees with points along its sides, none of which is off by more than a third of a degree."""
    side = [(float(x), 0.2 * (x % 2)) for x in range(10)] + [(10.0, float(y)) for y in range(10)]
    line = [*side, *((10.0 - x, 10.0) for x in range(10)), *((0.0, 10.0 - y) for y in range(11))]
    thinned = _thinned(line)
    assert thinned[0] == thinned[-1] == (0.0, 0.0)
    assert {(0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0)} <= set(thinned)
    assert len(thinned) <= 7


def test_no_map_without_countries():
    text = page({"run": small_plan()})
    (data,) = re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', text, re.DOTALL)
    assert set(json.loads(data)["world"]["places"]) >= {"China", "USA"}
    home = small_plan(
        tables={"flows": [{**small_plan().tables["flows"][0], "from_region": "here", "to_region": "there"}]}
    )
    assert ground(views({"run": home})) == {"places": {}, "outlines": []}


def test_the_page_opens_on_the_year_in_which_most_happens():
    """Two of three decisions of the plan begin in 2027: of 2026, 2027 and 2028 it is the fullest."""
    plan = small_plan()
    first = plan.tables["investments"][0]
    builds = [
        {**first, "project": name, "decision_year": decided, "first_year": begins}
        for name, decided, begins in (("a", 2026, 2027), ("b", 2027, 2028), ("c", 2027, 2027))
    ]
    none = {"price_floors": [], "floor_payments": [], "contracts": [], "contract_years": []}
    assert busiest_year(small_plan(tables={**none, "investments": builds})) == 2027  # a begins, b and c are decided
    assert busiest_year(small_plan(tables={**none, "investments": []})) == 2026
    (view,) = views({"run": plan})
    assert view["busiest"] == busiest_year(plan)


def test_who_loses_most_comes_first():
    """100 t of 400 t and 10 t of 50 t short; the loss in money decides the order."""
    want = small_plan().tables["demand"][0]
    demand = [
        {**want, "region": "USA", "sector": "ev", "material": "magnet", "year": 2026, "demand_t": 300.0},
        {**want, "region": "USA", "sector": "ev", "material": "magnet", "year": 2027, "demand_t": 100.0},
        {**want, "region": "EU", "sector": "arms", "material": "magnet", "year": 2026, "demand_t": 50.0},
    ]
    names = ("use", "region", "to", "material", "year", "t", "discounted_musd")
    rows = [
        ("short", "USA", "ev", "magnet", 2026, 60.0, 1.0),
        ("short", "USA", "ev", "magnet", 2027, 40.0, 2.0),
        ("short", "EU", "arms", "magnet", 2026, 10.0, 5.0),
        ("delivered", "EU", "arms", "magnet", 2026, 40.0, 9.0),
    ]
    short = [dict(zip(names, row, strict=True)) for row in rows]
    (view,) = views({"run": small_plan(tables={"demand": demand, "landed_costs": short})})
    assert view["tables"]["losses"]["rows"] == [
        ["EU", "arms", "magnet", 10.0, 0.2, 5.0],
        ["USA", "ev", "magnet", 100.0, 0.25, 3.0],
    ]


def test_every_colour_that_the_scripts_name_is_there() -> None:
    scripts = resources.files("lodestone.report.html").joinpath("scripts")
    text = "".join(file.read_text(encoding="utf-8") for file in scripts.iterdir() if file.name.endswith(".js"))
    named = set(re.findall(r"\bC\.([a-z_]+)", text))
    assert named >= {"clean", "exposed", "payers"}
    assert named <= {name.lower() for name in vars(colours) if name.isupper()}
