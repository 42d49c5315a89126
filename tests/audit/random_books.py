"""Random workbooks of version 2: those of test_brute_force.py with what version 2 adds, each thing in some of them."""

from __future__ import annotations

import random
from typing import Any

from tests.make import Book
from tests.oracle.books import some_book
from tests.solving import FIRST, add, recipe

MONTHS = 12


def random_book(seed: int) -> Book:
    dice = random.Random(seed)
    book = some_book(dice.choice)
    last = book["Settings"]["last_year"]
    for year in range(FIRST, last + 1):
        if dice.random() < 0.5:
            add(book, "Periods", year=year, months=dice.choice([1, 2, 3, 4, 6, 6]))
    for part in (_prices, _suppliers, _closing, _commitments, _stocks, _chains, _payers):
        part(book, dice)
    _futures(book, dice)
    return book


def cells(book: Book, sheet: str, key: str | None, **values: Any) -> None:
    """Set cells of the row with that id, or of all rows."""
    headings, *rows = book.get(sheet, [[]])
    headings += [heading for heading in values if heading not in headings]
    for row in rows:
        row += [None] * (len(headings) - len(row))
        if key in (None, row[0]):
            for heading, value in values.items():
                row[headings.index(heading)] = value


def _prices(book: Book, dice: random.Random) -> None:
    if dice.random() < 0.5:
        add(book, "Prices", material="oxide", region="China", years=[dice.choice([30, 55]), dice.choice([30, 70])])
    if dice.random() < 0.5:
        duty = {"min_price_usd_per_kg": dice.choice([40, 80]), "applies_to": dice.choice(["all", "exposed"])}
        add(
            book,
            "Tariffs",
            from_region="China",
            to_region="Home",
            material="oxide",
            years=dice.choice([0, 0.3]),
            **duty,
        )


def _suppliers(book: Book, dice: random.Random) -> None:
    if dice.random() < 0.5:
        cells(book, "Materials", "oxide", resourcing_share=dice.choice([0, 0.1, 0.4]))
        for origin, tonnes in (("China", [10, 40, 80]), ("Ally", [0, 5, 20])):
            if dice.random() < 0.7:
                known = {"from_region": origin, "to_region": "Home", "material": "oxide"}
                add(book, "Trade", t_per_yr=dice.choice(tonnes), **known)


def _closing(book: Book, dice: random.Random) -> None:
    if dice.random() < 0.5:
        cells(book, "Plants", None, fixed_cost_musd_per_yr=dice.choice([0.05, 0.3, 1]))
    if dice.random() < 0.5:
        cells(book, "Projects", "private_home", fixed_cost_musd_per_yr=dice.choice([0.05, 0.3]))


def _commitments(book: Book, dice: random.Random) -> None:
    if dice.random() < 0.3:
        year = dice.choice([FIRST - 2, FIRST - 1, FIRST])
        cells(book, "Projects", "private_home", committed_year=year)
        cells(book, "PriceFloors", "floor_0", committed_year=year)
        if dice.random() < 0.5:
            cells(book, "Contracts", "offtake_private_home", committed_year=year, committed_t_per_yr=30)
    if dice.random() < 0.3:
        cells(book, "Contracts", "offtake_ally_oxide", committed_year=FIRST - 1, committed_t_per_yr=30)
    if dice.random() < 0.3:
        cells(book, "Plants", "ally_refinery", pricing="market")
        rescue = {"project": "ally_refinery", "material": "oxide", "tenor_years": dice.choice([1, 3])}
        add(book, "PriceFloors", floor="rescue", floor_usd_per_kg=dice.choice([55, 80]), committed_year=FIRST, **rescue)


def _stocks(book: Book, dice: random.Random) -> None:
    cells(book, "Materials", "oxide", annual_loss_share=dice.choice([0, 0.05, 0.3]))
    rules = {"clean_only": ["no", "yes"], "least_t": [0, 10], "counts": ["consumption", "demand"]}
    cells(book, "Stockpiles", "reserve", **{rule: dice.choice(values) for rule, values in rules.items()})
    pace = {"ramp_share_per_yr": [None, 0.1], "keep_share": [0, 0.5, 1], "requires": [None, "private_home"]}
    cells(book, "Substitution", "redesign", **{term: dice.choice(values) for term, values in pace.items()})


def _chains(book: Book, dice: random.Random) -> None:
    """A by-product that somebody wants, scrap that comes back, and a cap on a region."""
    if dice.random() < 0.3:
        recipe(book, "refine", slag=0.2)
        add(book, "Materials", material="slag")
        add(book, "Prices", material="slag", years=3)
        add(book, "Demand", region="Home", sector="industry", material="slag", years=4)
    if dice.random() < 0.4:
        add(book, "Materials", material="scrap")
        add(book, "Prices", material="scrap", years=5)
        recipe(book, "recycle", scrap=-2, oxide=1)
        add(book, "Plants", plant="recycler", region="Home", process="recycle", years=20, operating_cost_usd_per_kg=5)
        back = {"t_per_t": 0.3, "lag_years": 1, "stream": dice.choice(["inherit", "clean"])}
        add(book, "Returns", sector="industry", material="oxide", scrap="scrap", **back)
    if dice.random() < 0.4:
        add(book, "ChinaShare", cap="cap_region", material="*", region=dice.choice(["Ally", "Home", "*"]), years=0.4)


def _payers(book: Book, dice: random.Random) -> None:
    if dice.random() < 0.4:
        for sheet in ("PriceFloors", "Contracts", "Stockpiles"):
            cells(book, sheet, None, payer=dice.choice([None, "Japan"]))
        money = {"covers": dice.choice(["all", "contracts", "stockpile"]), "payer": dice.choice([None, "Japan"])}
        add(book, "Budgets", budget="more", years=[dice.choice([0.2, 1]), 2], **money)


def _futures(book: Book, dice: random.Random) -> None:
    """A ban from some month on, which may be a sudden emergency and may grow worse."""
    last, cut = book["Settings"]["last_year"], {row[0]: row[1] for row in book.get("Periods", [[]])[1:]}
    begins = [(y, m + 1) for y in range(FIRST, last + 1) for m in range(0, MONTHS, cut.get(y, MONTHS))]
    year, month = shows = dice.choice(begins)
    starts = {"from_year": year, "from_month": month}
    emergency = dice.random() < 0.5
    suspended = {"emergency_from": year, "emergency_from_month": month, "emergency_to": last} if emergency else {}
    add(book, "Scenarios", scenario="ban", probability=dice.choice([None, 0.3]), **starts, **suspended)
    for sheet, row, operation, value in (
        ("Lanes", "China/*/*", "set", 10), ("Prices", "oxide", "multiply", 0.6), ("Demand", "*", "multiply", 1.3),
        ("Plants", "ally_refinery", "multiply", 0.5), ("Markets", "ally_oxide", "multiply", 0.4),
    ):  # fmt: skip
        if dice.random() < 0.4 or sheet == "Lanes":
            change = {"sheet": sheet, "row": row, "column": "years", "operation": operation, "value": value}
            add(book, "Changes", scenario="ban", **change, **starts)
    later = [time for time in begins if time > shows]
    if later:
        year, month = dice.choice(later)
        starts = {"from_year": year, "from_month": month}
        add(book, "Scenarios", scenario="worse", parent="ban", probability=0.2, **starts)
        change = {"sheet": "Demand", "row": "*", "column": "years", "operation": "multiply", "value": 1.2}
        add(book, "Changes", scenario="worse", **change, **starts)


# --- the second half: packages, promises, budgets of every payer -----------------------------------------------------


def supported_book(seed: int) -> Book:
    """As random_book, with floors left blank, credits, stakes, loans, promises that are broken and builds that are
    late."""
    book, dice = random_book(seed), random.Random(seed + 1000)
    cells(book, "Sectors", "industry", shortage_cost_usd_per_kg=1000)  # so that it pays to support who makes it
    needy = {
        "capex_musd": dice.choice([2, 6]),
        "life_years": dice.choice([2, 3, 6]),
        "lead_years": dice.choice([0, 0, 1]),
    }
    cells(book, "Projects", "private_home", **needy)
    sheet = book["Projects"]
    home = dict(zip(sheet[0], sheet[1], strict=False))  # private_home
    if dice.random() < 0.5:
        cells(book, "Projects", "private_home", fixed_cost_musd_per_yr=0.3)
    for name in [row[0] for row in book["PriceFloors"][1:] if row[0] != "rescue"]:
        _package(book, dice, name, home["capex_musd"], home["life_years"])
    if "rescue" in {row[0] for row in book["PriceFloors"][1:]}:
        cells(book, "PriceFloors", "rescue", production_credit_usd_per_kg=dice.choice([0, 5]))
    if dice.random() < 0.6:
        kinds = ("loans", "equity", "contingent", "floors", "contracts", "grants, loans, equity", "all, contingent")
        money = {"covers": dice.choice(kinds), "payer": dice.choice([None, "Japan"])}
        more = {"carry_over": dice.choice(["no", "yes"]), "years": [dice.choice([0.05, 0.3, 1]), dice.choice([0.3, 2])]}
        add(book, "Budgets", budget="for_deals", **money, **more)
    _promises(book, dice)
    return book


def _package(book: Book, dice: random.Random, name: str, capex: float, life: int) -> None:
    terms: dict[str, Any] = {"production_credit_usd_per_kg": dice.choice([0, 0, 5, 20])}
    if dice.random() < 0.6:
        terms |= {"floor_usd_per_kg": None, "floor_max_usd_per_kg": dice.choice([None, 95, 300])}
    if dice.random() < 0.5:
        terms |= {"equity_musd": dice.choice([0.05, 0.2]) * capex, "equity_share": dice.choice([0.1, 0.5])}
    if dice.random() < 0.5:
        terms |= {"loan_share_of_capex": 0.3, "loan_rate": dice.choice([0, 0.05, 0.3])}
        terms |= {"loan_years": dice.randint(1, life), "loan_loss_share": dice.choice([0, 0.1])}
    cells(book, "PriceFloors", name, **terms)


def _promises(book: Book, dice: random.Random) -> None:
    """What the ban, or the base itself, breaks, and what comes late."""
    headings, *rest = book["Scenarios"]
    shows = {row[0]: dict(zip(headings, row, strict=False)) for row in rest}
    contracts = [row[0] for row in book.get("Contracts", [[]])[1:]]
    for scenario, since in shows.items():
        starts = {key: since[key] for key in ("from_year", "from_month")}
        change = {"scenario": scenario, "operation": "set", **starts}
        if dice.random() < 0.4:
            add(book, "Changes", sheet="PriceFloors", row="floor_0", column="honoured", value="no", **change)
        if contracts and dice.random() < 0.3:
            row = dice.choice(contracts)
            add(book, "Changes", sheet="Contracts", row=row, column="honoured", value="no", **change)
        if dice.random() < 0.4:
            late = dice.choice([1, 2])
            add(book, "Changes", sheet="Projects", row="private_home", column="delay_years", value=late, **change)
    change = {"scenario": "base", "operation": "set", "from_year": book["Settings"]["last_year"]}
    if dice.random() < 0.2:
        add(book, "Changes", sheet="PriceFloors", row="floor_0", column="honoured", value="no", **change)
    if contracts and dice.random() < 0.2:
        row = dice.choice(contracts)
        add(book, "Changes", sheet="Contracts", row=row, column="honoured", value="no", **change)
