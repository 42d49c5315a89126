"""The page in a real browser: it is drawn, its slider and choices work, nothing goes wrong, no request leaves it."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import plotly.graph_objects as go
import pytest
from tests.futures import with_futures
from tests.plan_document import small_plan
from tests.report.browser import Browser, chromium
from tests.report.pages import NASTY, chained, frontier, nasty_plan
from tests.solving import rows, solved, solved_all

from lodestone.plan.plan import Plan
from lodestone.report.html.page import write_report
from lodestone.report.html.studies import read_study
from lodestone.report.html.views import FIGURES, views

pytestmark = pytest.mark.slow

FIGURES_DRAWN = (
    "return [...document.querySelectorAll('.picture')].filter(e => e.data)"
    ".map(e => [JSON.stringify(e.data), JSON.stringify(e.layout)])"
)
SCALES: dict[int, float] = {}
DRAWN = "return [...document.querySelectorAll('.picture')].filter(e => e.querySelector('.main-svg')).length"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("browser")) as found:
        yield found


@pytest.fixture(scope="module")
def plan() -> Plan:
    """A chain with stock, scrap and sales, two rows that depend on the year, and one year in which nothing happens."""
    plan = solved(chained())
    tables = plan.tables
    for name in ("flows", "plants", "markets", "balance", "intake", "returns"):
        tables[name] = [row for row in tables[name] if row["year"] != 2027]
    return plan


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory, plan: Plan) -> Path:
    folder = tmp_path_factory.mktemp("page")
    frontier(str(folder / "frontier.json"), "book.xlsx")
    return write_report({"run": plan}, [read_study(folder / "frontier.json")], folder / "report.html")


@pytest.fixture
def quiet(browser: Browser) -> Iterator[None]:
    """Whatever a test does, the page complains of nothing and sends no request but for itself."""
    browser.complaints(), browser.requests()
    yield
    assert browser.complaints() == []
    assert [url for url in browser.requests() if not url.endswith(".html")] == []


def texts(browser: Browser, selector: str) -> list[str]:
    return list(browser.run("return [...document.querySelectorAll(arguments[0])].map(e => e.textContent)", selector))


def download(browser: Browser, figure: str, name: str) -> list[list[str]]:
    browser.run("document.querySelector(`#${arguments[0]} button.csv`).click()", figure)
    place = browser.downloads / name
    for _ in range(100):
        if place.exists():
            break
        time.sleep(0.05)
    with place.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def delivered(plan: Plan, year: int) -> float:
    return float(sum(r["clean_t"] + r["exposed_t"] for r in rows(plan, "demand", year=year)))


@pytest.mark.usefixtures("quiet")
def test_every_figure_is_drawn_and_its_table_agrees(browser: Browser, page: Path, plan: Plan):
    browser.open(page)
    (view,) = views({"run": plan})
    filled = {f.key for f in FIGURES if view["tables"][f.rows_of or f.key]["rows"]}
    assert filled >= {"chain", "flows", "demand", "stocks", "costs", "terms"}
    shown = [f.title for f in FIGURES if f.key in filled - {"map"}]  # of the two regions only China is a country
    assert texts(browser, "#figures h2") == [*shown, "What each point of China share costs"]
    assert browser.run(DRAWN) == len(shown) + 1
    (tile, *_) = texts(browser, ".tile .value")
    assert tile == f"{plan.expected_cost_musd:,.1f} MUSD"
    browser.run("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    time.sleep(0.2)  # the event that opens a table comes later
    for year in (2026, 2028):
        assert str(year) in texts(browser, "#costs td")
    for data, layout in browser.run(FIGURES_DRAWN):
        go.Figure({"data": json.loads(data), "layout": json.loads(layout)})  # raises for what Plotly does not know
    by_payer = browser.run(
        "return document.querySelector('#costs .picture').data.map(t => t.y.reduce((a, b) => a + b, 0))"
    )
    assert sum(by_payer) == pytest.approx(sum(r["musd"] for r in rows(plan, "costs")), abs=1e-3)
    share = browser.run("return document.querySelector('#shares .picture').data[0].y")
    assert share == pytest.approx([r["share"] for r in rows(plan, "china_share", basis="deliveries")], abs=1e-5)


@pytest.mark.usefixtures("quiet")
def test_the_slider_changes_the_chain(browser: Browser, page: Path, plan: Plan):
    browser.open(page)
    for year in (2028, 2026):
        browser.change("#year", year, "input")
        links = browser.sankey()
        assert sum(t for _, b, t in links if b == "industry") == pytest.approx(delivered(plan, year), abs=0.01)
        (title,) = texts(browser, ".year output")
        assert title == str(year)
    browser.change("#year", 2027, "input")  # nothing moves
    assert browser.run("return document.querySelector('#chain .wide').hidden")
    assert texts(browser, "#chain p")[1] == "Nothing in 2027."
    browser.driver.find_element("id", "year").send_keys("\ue014")  # the right arrow key
    assert texts(browser, ".year output") == ["2028"]
    assert browser.sankey()


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("year", [2026, 2028])
def test_nodes_lie_inside_the_picture_and_apart(browser: Browser, page: Path, year: int):
    """Plotly scales nodes by columns of its own; ours must fit, in a year of 30 t and of 120 t."""
    browser.open(page)
    browser.change("#year", year, "input")
    time.sleep(0.8)  # Plotly moves nodes to their new places in half a second
    boxes = browser.run(
        "return [...document.querySelectorAll('#chain .node-rect')].map(e => {"
        "const r = e.getBoundingClientRect(); return [r.left, r.top, r.bottom]; })"
    )
    frame = browser.run(
        "const r = document.querySelector('#chain .main-svg').getBoundingClientRect(); return [r.top, r.bottom]"
    )
    columns: dict[int, list[list[float]]] = {}
    for left, top, bottom in boxes:
        assert frame[0] <= top and bottom <= frame[1]
        columns.setdefault(round(left / 20), []).append([top, bottom])
    assert len(columns) == 4  # ore, oxide, magnet, use
    for inside in columns.values():
        inside.sort()
        assert all(below[0] >= above[1] + 10 for above, below in pairwise(inside))
    scale = browser.run(
        "return [...document.querySelectorAll('#chain .node-rect')].map(e => e.__data__.node)"
        ".map(n => (n.y1 - n.y0) / n.value)"
    )
    SCALES[year] = scale[0]
    assert scale == pytest.approx([scale[0]] * len(scale), rel=1e-6)
    assert len({round(s, 9) for s in SCALES.values()}) == 1  # a tonne is as high in every year


@pytest.mark.usefixtures("quiet")
def test_a_table_is_downloaded_whole(browser: Browser, page: Path, plan: Plan):
    browser.open(page)
    heading, *found = download(browser, "demand", "demand-run.csv")
    assert heading[:5] == ["Region", "Sector", "Material", "Year", "Demand (t)"]
    assert [float(row[4]) for row in found] == pytest.approx([r["demand_t"] for r in rows(plan, "demand")])


@pytest.mark.usefixtures("quiet")
def test_futures_and_runs_stand_side_by_side(browser: Browser, tmp_path: Path):
    joint = solved_all(with_futures(), values=False)
    page = write_report({"joint": joint, "plain": small_plan()}, [], tmp_path / "report.html")
    browser.open(page)
    assert texts(browser, "#left option") == [*(f"joint: if {name}" for name in joint.futures), "plain"]
    assert texts(browser, "#glance h3") == ["joint: if base", "plain"]  # two runs: side by side from the start
    browser.change("#right", -1)
    browser.change("#left", 1)
    assert texts(browser, "#glance h3") == ["joint: if embargo"]
    cost = joint.futures["embargo"]
    assert texts(browser, ".tile .value")[0].removesuffix(" MUSD").replace(",", "") == f"{cost:.1f}"
    browser.change("#right", 0)
    both = browser.run("return [...document.querySelectorAll('#demand .picture')].map(e => e.layout.yaxis.range)")
    assert both[0] == both[1]


@pytest.mark.usefixtures("quiet")
def test_the_map_has_an_arrow_for_each_lane_between_countries(browser: Browser, tmp_path: Path):
    plan = small_plan()
    browser.open(write_report({"run": plan}, [], tmp_path / "report.html"))
    year = int(texts(browser, ".year output")[0])
    material = "ndpr_oxide"
    browser.run(
        "const choice = document.querySelector('#map select');"
        f"choice.value = '{material}'; choice.dispatchEvent(new Event('change', {{bubbles: true}}));"
    )
    time.sleep(0.5)
    lanes = {
        (row["from_region"], row["to_region"])
        for row in rows(plan, "flows", year=year, material=material)
        if row["from_region"] != row["to_region"] and row["t"] > 0
    }
    assert lanes
    outlines, *arcs, heads, names = browser.run(
        "return document.querySelector('#map .picture').data.map(t => t.x.length)"
    )
    assert (len(arcs), heads) == (len(lanes), len(lanes))
    assert outlines > 1_000
    assert names >= 2


def test_hostile_names_are_shown_and_do_nothing(browser: Browser, tmp_path: Path):
    browser.requests(), browser.complaints()
    plan = nasty_plan()
    browser.open(write_report({"<img src=x onerror=alert(1)>": plan}, [], tmp_path / "report.html"))
    browser.run("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    time.sleep(0.2)
    assert browser.run("return document.title").strip() == " ".join(plan.plan_name.split())
    assert browser.run("return document.querySelectorAll('img, main script, svg a, svg image').length") == 0
    assert browser.complaints() == []
    assert [url for url in browser.requests() if not url.endswith(".html")] == []
    shown = "return document.querySelector('main').textContent.includes(arguments[0])"
    assert all(browser.run(shown, name) for name in NASTY[:7])
    _, first, *_ = download(browser, "stocks", "stocks-_img_src_x_onerror_alert_1_.csv")
    assert first[0] == "'=1+1"  # no formula in a spreadsheet


@pytest.mark.usefixtures("quiet")
def test_a_phone_scrolls_down_only(browser: Browser, page: Path):
    browser.open(page)
    browser.width(400)
    try:
        assert browser.run("return document.documentElement.scrollWidth") <= 400
    finally:
        browser.width(1280)


def test_the_policy_stops_what_would_ask(browser: Browser, page: Path):
    """The other tests would see nothing if the policy or their eyes did not work."""
    browser.open(page)
    browser.complaints(), browser.requests()
    browser.run("const i = new Image(); i.src = 'http://127.0.0.1:9/x.png'; document.body.append(i);")
    time.sleep(0.3)
    assert any("Content Security Policy" in message for message in browser.complaints())
