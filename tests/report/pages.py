"""Plans and studies for pages: names that try to act, a frontier, a chain of mines, refineries and magnets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.plan_document import small_plan
from tests.solving import add, home, lane, market, recipe

from lodestone.plan.plan import Plan
from lodestone.report.studies.frontier_files import KIND
from lodestone.studies.frontier.results import Frontier, Least, Point, document

NASTY = (
    "</script><script>document.title='broken'</script>",
    "<img src=x onerror=\"document.title='broken'\">",
    "line\u2028and\u2029paragraph",
    "<!--<script>",
    "%{x}&lt;b&gt;'\"\\",
    "=1+1",
    "\u202egnp.exe",
    "lone \udc80 surrogate",
)


def nasty_plan() -> Plan:
    """Every name of the plan, its title and its workbook are hostile."""
    text = json.dumps(small_plan(plan_name=NASTY[0] + NASTY[1], workbook=NASTY[1]).document())
    for name, instead in zip(
        ("USA", "Germany", "ndfeb_magnet", "sep_texas", "ev_motors", "reserve", "allies", "China"), NASTY, strict=True
    ):
        text = text.replace(json.dumps(name), json.dumps(instead))
    return Plan.from_document(json.loads(text))


def frontier(path: str, workbook: str) -> None:
    points = (
        Point(1.0, 100.0, 99.0, {}),
        Point(0.5, 130.0, 130.0, {"g": [2027]}),
        Point(0.0, message="no plan"),
    )
    found = Frontier(workbook, "p", "base", None, None, (), (Least("c", 2027, 0.2, 0.5),), points)
    KIND.write_json(document(found), Path(path))


def chained() -> dict[str, Any]:
    """Two regions mine, refine and make magnets; one recycles; a stock is built and used; something is sold."""
    book = home(last=2028, demand=(30, 110, 120), shortage=300)
    book["Demand"][1][2] = "magnet"
    for material, price in (("ore", 5), ("magnet", 120), ("scrap", 10)):
        add(book, "Materials", material=material)
        add(book, "Prices", material=material, years=price)
    recipe(book, "mine", ore=1)
    recipe(book, "refine", ore=-2, oxide=1)
    recipe(book, "sinter", oxide=-0.5, magnet=1)
    recipe(book, "recycle", scrap=-2, oxide=1)
    for region, t in (("China", 500), ("Home", 60)):
        add(book, "Plants", plant=f"{region}_mine", region=region, process="mine", years=t)
        add(book, "Plants", plant=f"{region}_refinery", region=region, process="refine", years=t)
        add(book, "Plants", plant=f"{region}_magnets", region=region, process="sinter", years=t)
        for material in ("ore", "oxide", "magnet"):
            if region == "China":
                lane(book, "China", "Home", material, freight=1)
    add(book, "Plants", plant="recycling", region="Home", process="recycle", years=50)
    add(book, "Returns", sector="industry", material="magnet", scrap="scrap", t_per_t=0.3, lag_years=1)
    add(book, "Stockpiles", stockpile="reserve", region="Home", material="magnet", capacity_t=50, opening_t=10,
        opening_exposed_share=0.5, years=(0, 36.5, 0))  # fmt: skip
    market(book, "sold", "Home", "oxide", side="sell", years=3)
    long = "a_cap_whose_name_is_wider_than_the_screen_of_a_phone_may_ever_be"
    add(book, "ChinaShare", cap=long, material="magnet", years=(1, 0.7, 0.5))
    return book
