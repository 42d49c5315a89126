"""The small random workbooks with what version 2 adds: every feature is switched on at random."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.make import Book
from tests.oracle.books import Pick, some_book
from tests.solving import FIRST, add, lane, market, recipe


def some_book_of_version_2(pick: Pick, odds: int = 3) -> Book:
    """One of books.py, with each feature one time in `odds`."""
    book = some_book(pick)
    for feature in FEATURES:
        if pick([True] + [False] * (odds - 1)):
            feature(book, pick)
    return book


def put(book: Book, sheet: str, name: str | None, **cells: Any) -> None:
    """Set cells of the row with that id, or of all rows."""
    if sheet not in book:
        return
    headings, *lines = book[sheet]
    headings += [heading for heading in cells if heading not in headings]
    for line in lines:
        line += [None] * (len(headings) - len(line))
        if name in (None, line[0]):
            for heading, value in cells.items():
                line[headings.index(heading)] = value


def has(book: Book, sheet: str, name: str) -> bool:
    return any(line[0] == name for line in book.get(sheet, [[]])[1:])


def cell(book: Book, sheet: str, name: str, heading: str) -> Any:
    headings = book[sheet][0]
    (line,) = (line for line in book[sheet][1:] if line[0] == name)
    place = headings.index(heading) if heading in headings else len(line)
    return line[place] if place < len(line) else None


def _periods(book: Book, pick: Pick) -> None:
    for year in pick([[FIRST], [FIRST + 1], [FIRST, FIRST + 1]]):
        add(book, "Periods", year=year, months=pick([6, 6, 4, 3, 3, 2]))


def _prices(book: Book, pick: Pick) -> None:
    add(book, "Prices", material="oxide", region="Home", years=[pick([70, 80]), pick([60, 110])])
    if pick([True, False]):
        add(book, "Prices", material="ore", region="China", years=pick([2, 4]))
    if pick([True, False]):
        add(book, "BankPrices", material="oxide", region=pick(["Home", "*"]), years=[pick([45, 55]), pick([50, 65])])


def _duties(book: Book, pick: Pick) -> None:
    add(
        book,
        "Tariffs",
        from_region=pick(["Ally", "*"]),
        to_region="Home",
        material="oxide",
        years=pick([0, 0.1]),
        min_price_usd_per_kg=pick([None, 65, 85]),
        applies_to=pick(["all", "exposed"]),
    )


def _suppliers(book: Book, pick: Pick) -> None:
    put(book, "Materials", "oxide", resourcing_share=pick([0, 0.1, 0.3]))
    if pick([True, False]):
        put(book, "Materials", "ore", resourcing_share=pick([0, 0.2, 0.5]))
    for start, end, material, t in (
        ("China", "Home", "oxide", pick([20, 60])),
        ("Ally", "Home", "ore", pick([0, 40])),
        ("China", "Ally", "ore", pick([0, 10])),
        ("Ally", "Home", "oxide", 10),
    ):
        if pick([True, False]):
            add(book, "Trade", from_region=start, to_region=end, material=material, t_per_yr=t)


def committed_projects(book: Book, pick: Pick) -> None:
    """A project of either kind; perhaps with its package and its contract."""
    kind = pick(["private", "public"])
    year = pick([FIRST - 1, FIRST, FIRST + 1])
    add(
        book,
        "Projects",
        project="decided",
        region=pick(["Home", "Ally"]),
        process="refine",
        capacity_t_per_yr=20,
        capex_musd=pick([0.4, 2]),
        fixed_cost_musd_per_yr=pick([0, 0.05]),
        operating_cost_usd_per_kg=pick([20, 50]),
        hurdle_rate=0.1,
        lead_years=pick([0, 1]),
        ramp_years=pick([1, 2]),
        life_years=pick([1, 2, 4]),
        funding=kind,
        committed_year=year,
        group=pick([None, "site"]),
        max_builds=pick([1, 1, 2]) if kind == "public" else 1,
    )
    if kind == "private" and pick([True, False]):
        add(
            book,
            "PriceFloors",
            floor="decided_floor",
            project="decided",
            material="oxide",
            tenor_years=pick([1, 4]),
            floor_usd_per_kg=pick([55, 100]),
            upside_share=pick([0, 1]),
            capex_grant_share=pick([0, 0.5]),
            committed_year=year,
        )
    if kind == "private" and pick([True, False]):
        _decided_contract(book, pick, "decided", year)


def _decided_contract(book: Book, pick: Pick, supplier: str, year: int) -> None:
    add(
        book,
        "Contracts",
        contract=f"decided_{supplier}",
        supplier=supplier,
        material="oxide",
        price_rule=pick(["fixed", "index"]),
        fixed_price_usd_per_kg=pick([45, 70, 95]),
        tenor_years=pick([1, 3]),
        escalation_share_per_yr=pick([0, 0.1]),
        index_premium_share=pick([-0.2, 0.3]),
        price_min_usd_per_kg=45,
        price_max_usd_per_kg=80,
        min_t_per_yr=0,
        max_t_per_yr=20,
        take_or_pay_share=pick([0, 0.7, 1]),
        signing_fee_musd=0.05,
        start_delay_years=0 if supplier == "decided" else pick([0, 1]),
        committed_year=year,
        committed_t_per_yr=pick([10, 20]),
    )


def _committed_contract(book: Book, pick: Pick) -> None:
    supplier = pick(["china_oxide", "ally_oxide"])
    if not has(book, "Contracts", f"offtake_{supplier}"):
        _decided_contract(book, pick, supplier, pick([FIRST - 1, FIRST, FIRST + 1]))


def _supported_plant(book: Book, pick: Pick) -> None:
    put(book, "Plants", "ally_refinery", pricing="market")
    add(
        book,
        "PriceFloors",
        floor="plant_floor",
        project="ally_refinery",
        material="oxide",
        tenor_years=pick([1, 3]),
        floor_usd_per_kg=pick([55, 100]),
        upside_share=pick([0, 1]),
        committed_year=pick([FIRST - 1, FIRST, FIRST + 1]),
    )


def _closure(book: Book, pick: Pick) -> None:
    put(book, "Plants", "ally_refinery", fixed_cost_musd_per_yr=pick([0.05, 0.3]))
    if pick([True, False]):
        put(book, "Plants", "china_refinery", fixed_cost_musd_per_yr=0.1)
    if pick([True, False]):
        put(book, "Projects", "private_home", fixed_cost_musd_per_yr=pick([0.05, 0.3]))


def _stock_rules(book: Book, pick: Pick) -> None:
    if not has(book, "Stockpiles", "reserve"):
        add(
            book,
            "Stockpiles",
            stockpile="reserve",
            region="Home",
            material="oxide",
            opening_t=pick([0, 30]),
            opening_exposed_share=pick([0, 0.5]),
            capacity_t=60,
            holding_cost_usd_per_kg_yr=1,
            years=[pick([None, 30]), 60],
        )
    put(
        book,
        "Stockpiles",
        "reserve",
        clean_only=pick(["yes", "no"]),
        least_t=pick([0, 5, 15]),
        counts=pick(["demand", "consumption"]),
        max_release_t_per_yr=pick([None, 50]),
    )
    put(book, "Materials", "oxide", annual_loss_share=pick([0, 0.1]))
    if pick([True, False]):
        place = pick(["Home", "Ally", "China"])
        add(
            book,
            "Stockpiles",
            stockpile="ore_store",
            region=place,
            material="ore",
            opening_t=pick([0, 40]),
            opening_exposed_share=pick([0, 1]),
            capacity_t=80,
            max_fill_t_per_yr=40,
            holding_cost_usd_per_kg_yr=0.5,
            least_t=pick([0, 10]),
            covers="Home",
            years=[None, pick([None, 20]) if place != "China" else None],
        )


def _by_products(book: Book, pick: Pick) -> None:
    """A second recipe that makes oxide on the side, one that makes nothing, and scrap that comes back."""
    add(book, "Materials", material="cerium")
    add(book, "Prices", material="cerium", years=pick([1, 5]))
    add(book, "Materials", material="scrap")
    add(book, "Prices", material="scrap", years=1)
    recipe(book, "split", ore=-3, cerium=1, oxide=1)
    recipe(book, "melt", oxide=-1, cerium=0.5)
    recipe(book, "recycle", scrap=-2, oxide=1)
    for name, process in (("splitter", "split"), ("melter", "melt"), ("recycler", "recycle")):
        if pick([True, False]):
            add(
                book,
                "Plants",
                plant=name,
                region=pick(["Home", "Ally"]),
                process=process,
                pricing=pick(["market", "cost"]),
                years=pick([10, 30]),
                operating_cost_usd_per_kg=pick([1, 30]),
                spot_share=1,
                exposure_rule=pick(["batch", "batch", "whole_plant"]),
            )
    market(book, "cerium_buyer", "Home", "cerium", side="sell", premium_share=-0.2, years=pick([0, 8]))
    market(book, "dirty_ore", "China", "ore", premium_share=-0.5, years=20)
    for sector in ("industry", "defence"):
        if pick([True, False]):
            add(
                book,
                "Returns",
                sector=sector,
                material="oxide",
                scrap="scrap",
                t_per_t=0.5,
                lag_years=1,
                stream=pick(["inherit", "clean"]),
            )


def _designs(book: Book, pick: Pick) -> None:
    if not has(book, "Substitution", "redesign"):
        add(book, "Substitution", option="redesign", sector="industry", material="oxide",
            cost_usd_per_kg=pick([20, 100]), years=[0.4, pick([0.2, 0.4])])  # fmt: skip
    needs = pick([None, "private_home", "public_home", "decided"])
    put(
        book,
        "Substitution",
        "redesign",
        requires=needs if needs and has(book, "Projects", needs) else None,
        ramp_share_per_yr=pick([None, 0.1, 0.3]),
        keep_share=pick([0, 0.5, 1]),
    )
    if cell(book, "Substitution", "redesign", "requires"):
        put(book, "Projects", cell(book, "Substitution", "redesign", "requires"), max_builds=1)


def _required(book: Book, pick: Pick) -> None:
    names = [name for name in ("public_home", "decided") if has(book, "Projects", name)]
    if names:
        put(book, "Projects", "private_home", requires=pick(names), group=None)


def _ally_works(book: Book, pick: Pick) -> None:
    """A private project of several builds, without a package."""
    add(
        book,
        "Projects",
        project="ally_works",
        region="Ally",
        process="refine",
        capacity_t_per_yr=20,
        capex_musd=pick([0.05, 0.2]),
        fixed_cost_musd_per_yr=pick([0, 0.02]),
        operating_cost_usd_per_kg=pick([10, 30]),
        hurdle_rate=0.1,
        life_years=pick([1, 2, 4]),
        ramp_years=1,
        lead_years=0,
        funding="private",
        max_builds=pick([1, 2]),
        spot_share=1,
    )


def _more_caps(book: Book, pick: Pick) -> None:
    if not has(book, "ChinaShare", "cap_all"):
        add(book, "ChinaShare", cap="cap_all", material="*", sector="*", years=[1, pick([0.2, 0.5])])
    add(
        book,
        "ChinaShare",
        cap="cap_region",
        material=pick(["oxide", "ore", "*"]),
        sector="*",
        region=pick(["Home", "Ally"]),
        years=[pick([0.5, 1]), pick([0, 0.5])],
    )
    if pick([True, False]):
        put(book, "Plants", "ally_refinery", owner_of_concern="yes")


def _reserve_budget(book: Book, pick: Pick) -> None:
    add(
        book,
        "Budgets",
        budget="reserves",
        covers="stockpile, fees",
        carry_over=pick(["yes", "no"]),
        years=pick([0.5, 2]),
    )


def _basis(book: Book, pick: Pick) -> None:
    book["Settings"] |= pick([{"china_share_basis": "last_stage"}, {"tariffs_counted": "no"}])


def _more_demand(book: Book, pick: Pick) -> None:
    """Ally consumes too, China as well; scrap that comes back there is exposed, whatever its row says."""
    add(book, "Demand", region="Ally", sector="industry", material="oxide", years=[pick([10, 30]), pick([10, 50])])
    if has(book, "Materials", "scrap"):
        add(book, "Demand", region="China", sector="industry", material="oxide", years=20)
        lane(book, "China", "Home", "scrap", freight=1)
    lane(book, "Home", "Ally", "oxide", freight=1)
    if pick([True, False]):
        add(
            book, "ChinaShare", cap="cap_ally", material="oxide", sector="industry", region="Ally", years=pick([0, 0.4])
        )


def _ore_contract(book: Book, pick: Pick) -> None:
    """With a market that is unlimited in the base: when it is struck, what is left is shared."""
    supplier = pick(["china_ore", "ally_ore"])
    add(
        book,
        "Contracts",
        contract="ore",
        supplier=supplier,
        material="ore",
        price_rule="fixed",
        fixed_price_usd_per_kg=pick([2, 4]),
        tenor_years=pick([1, 3]),
        max_t_per_yr=pick([40, 80]),
        take_or_pay_share=pick([0.5, 1]),
        start_delay_years=0,
        escalation_share_per_yr=0,
        signing_fee_musd=0,
        min_t_per_yr=0,
    )
    put(book, "Markets", supplier, spot_share=pick([0, 1]))


FEATURES = (
    _ore_contract,
    _periods,
    _prices,
    _duties,
    _suppliers,
    committed_projects,
    _committed_contract,
    _supported_plant,
    _closure,
    _stock_rules,
    _by_products,
    _more_demand,
    _designs,
    _required,
    _ally_works,
    _more_caps,
    _reserve_budget,
    _basis,
)


# --- futures ---------------------------------------------------------------------------------------------------------


def some_futures(pick: Pick, odds: int = 3, some: Callable[[Pick, int], Book] = some_book_of_version_2) -> Book:
    """One of these workbooks with futures that part within a year, from each other too, and with what is known.

    The scenario `lean`, which has no probability, has another recipe.
    """
    book = some(pick, odds)
    last = book["Settings"]["last_year"]
    months = {row[0]: row[1] for row in book.get("Periods", [[]])[1:]}
    if FIRST + 1 not in months:
        months[FIRST + 1] = pick([12, 6, 6, 4])
        add(book, "Periods", year=FIRST + 1, months=months[FIRST + 1])
    begins = list(range(1, 13, months[FIRST + 1]))
    month = pick(begins)
    ends = [m - 1 for m in begins if m > month] + [12]
    emergency, piles = pick([True, False]), [row[0] for row in book.get("Stockpiles", [[]])[1:]]
    add(book, "Scenarios", scenario="cut", probability=pick([0.1, 0.3]), from_year=FIRST + 1, from_month=month,
        emergency_from=FIRST + 1 if emergency else None, emergency_from_month=month if emergency else None,
        emergency_to=FIRST + 1 if emergency else None, emergency_to_month=pick(ends) if emergency else None,
        refill_years=pick([0, 1]), emergency_stockpiles=pick([None, *piles]))  # fmt: skip
    _changes(book, pick, "cut", FIRST + 1, month, pick(ends))
    if (month < begins[-1] or last > FIRST + 1) and pick([True, False]):
        add(book, "Scenarios", scenario="longer", probability=pick([0.05, 0.2]), parent="cut",
            **_later(pick, month, begins, last))  # fmt: skip
        _changes(book, pick, "longer", *_shows(book, "longer"), 12)
    if pick([True, False]):
        add(book, "Scenarios", scenario="other", probability=0.2, from_year=FIRST + 1, from_month=pick([1, month]))
        _changes(book, pick, "other", *_shows(book, "other"), 12)
    add(book, "Scenarios", scenario="lean", from_year=FIRST)
    for row, value in (("refine/ore", -2.5), ("refine/oxide", pick([0.6, 1.2]))):
        add(
            book, "Changes", scenario="lean", sheet="Processes", row=row, column="t_per_t", operation="set", value=value
        )
    _changes(book, pick, "lean", FIRST, 1, 12)
    if pick([True, False, False]):
        _changes(book, pick, "base", FIRST + 1, pick(begins), 12)
    if pick([True, False, False]):
        book["Settings"] |= {"risk_weight": pick([0.3, 0.8]), "risk_tail": pick([0.1, 0.4])}
    return book


def _later(pick: Pick, month: int, begins: list[int], last: int) -> dict[str, int]:
    """A time after the parent has left its path."""
    later = [(FIRST + 1, m) for m in begins if m > month] + ([(FIRST + 2, 1)] if last > FIRST + 1 else [])
    year, start = pick(later)
    return {"from_year": year, "from_month": start}


def _shows(book: Book, scenario: str) -> tuple[int, int]:
    return cell(book, "Scenarios", scenario, "from_year"), cell(book, "Scenarios", scenario, "from_month")


def _changes(book: Book, pick: Pick, scenario: str, year: int, month: int, to_month: int) -> None:
    window = {"from_year": year, "from_month": month}
    if pick([True, False]):
        window |= {"to_year": year, "to_month": to_month}
    options: list[dict[str, Any]] = [
        {"sheet": "Lanes", "row": "China/*/*", "operation": "set", "value": 0},
        {"sheet": "Lanes", "row": "Ally/Home/oxide", "operation": "set", "value": pick([0, 15])},
        {"sheet": "Prices", "row": "oxide", "operation": "multiply", "value": pick([0.5, 2])},
        {"sheet": "Markets", "row": "china_oxide", "operation": "multiply", "value": pick([0, 0.5])},
        {"sheet": "Markets", "row": "china_ore", "operation": "set", "value": pick([10, 60])},
        {"sheet": "Plants", "row": "*_refinery", "operation": "multiply", "value": pick([0, 0.5])},
        {"sheet": "Demand", "row": "Home/industry/oxide", "operation": "multiply", "value": pick([0.5, 1.5])},
        {"sheet": "Tariffs", "row": "China/Home/*", "operation": "add", "value": 0.5},
    ]
    if "ChinaShare" in book:
        options.append({"sheet": "ChinaShare", "row": "*", "operation": "multiply", "value": 0.5})
    if has(book, "Substitution", "redesign"):
        options.append({"sheet": "Substitution", "row": "redesign", "operation": "multiply", "value": 0.5})
    for _ in range(pick([1, 1, 2])):
        add(book, "Changes", scenario=scenario, column="years", **pick(options), **window)
