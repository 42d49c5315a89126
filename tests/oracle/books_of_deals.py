"""The small random workbooks with deals in their packages: blank floors, credits, stakes, loans, budgets by payer; and
with futures in which promises are broken."""

from __future__ import annotations

from typing import Any

from tests.make import Book
from tests.oracle.books import Pick
from tests.oracle.books_of_version_2 import cell, committed_projects, has, put, some_book_of_version_2, some_futures
from tests.solving import FIRST, add

PAYERS = [None, "Home", "Ally"]


def some_deals(pick: Pick, odds: int = 3) -> Book:
    """One of version 2, with a deal for a project that needs one, and each other feature one time in two."""
    book = some_book_of_version_2(pick, odds)
    deal(book, pick)
    for feature in DEALS[1:]:
        if pick([True, False]):
            feature(book, pick)
    return book


def some_broken_promises(pick: Pick, odds: int = 3) -> Book:
    """These with futures that part within a year; in some of them floors and contracts break, and plants come late."""
    book = some_futures(pick, odds, some_deals)
    names = [row[0] for row in book["Scenarios"][1:] if row[0] != "lean"]
    for scenario in [*names, *pick([[], [], ["base"]])]:
        for sheet, column, value in pick([[], PROMISES[:1], PROMISES[1:2], PROMISES[2:], PROMISES]):
            named = [row[0] for row in book.get(sheet, [[]])[1:]]
            when: dict[str, Any] = {"from_year": pick([FIRST, FIRST + 1])} if scenario == "base" else {}
            if named and not (scenario == "base" and _blank_and_committed(book)):
                add(
                    book,
                    "Changes",
                    scenario=scenario,
                    sheet=sheet,
                    row=pick([*named, "*"]) if sheet != "Projects" else pick(named),
                    column=column,
                    operation="set",
                    value=value if value == "no" else pick([1, 2]),
                    **when,
                )
    return book


PROMISES = [("PriceFloors", "honoured", "no"), ("Contracts", "honoured", "no"), ("Projects", "delay_years", 1)]


def _blank_and_committed(book: Book) -> bool:
    return has(book, "PriceFloors", "decided_floor")


def deal(book: Book, pick: Pick) -> None:
    """A package with some of everything, for a project that nobody builds without."""
    terms = {"capex_musd": pick([0.5, 1, 2]), "operating_cost_usd_per_kg": pick([40, 60]), "spot_share": 1}
    put(book, "Projects", "private_home", group=None, requires=None, **terms)
    put(book, "Sectors", None, shortage_cost_usd_per_kg=pick([300, 1000]), min_service_share=0)
    put(book, "Markets", "china_oxide", premium_share=pick([0, 1]))
    _package(book, pick, "deal", "private_home", cell(book, "Projects", "private_home", "capex_musd"))


def _package(book: Book, pick: Pick, name: str, project: str, capex: float, **cells: Any) -> None:
    floor = pick([None, None, 0, 75])
    stake = pick([0, 0.3])
    life = cell(book, "Projects", project, "life_years")
    add(
        book,
        "PriceFloors",
        floor=name,
        project=project,
        material="oxide",
        tenor_years=pick([1, 2, 4]),
        floor_usd_per_kg=floor,
        floor_max_usd_per_kg=pick([None, 90, 120]) if floor is None and not cells else None,
        upside_share=pick([0, 0.5, 1]),
        capex_grant_share=pick([0, 0.2]),
        production_credit_usd_per_kg=pick([0, 0, 15]),
        equity_musd=stake * capex,
        equity_share=pick([0.1, 0.4]) if stake else 0,
        loan_share_of_capex=pick([0, 0.5]),
        loan_rate=pick([0.02, 0.12]),
        loan_years=pick([1, min(2, life), life]),
        loan_loss_share=pick([0, 0.1]),
        **cells,
    )


def _menu(book: Book, pick: Pick) -> None:
    """A second deal for the same project, and terms for those that stand."""
    _package(book, pick, "second", "private_home", cell(book, "Projects", "private_home", "capex_musd"))
    put(book, "PriceFloors", "floor_0", production_credit_usd_per_kg=pick([0, 10]), loan_share_of_capex=pick([0, 0.3]),
        loan_years=1)  # fmt: skip


def _committed_deal(book: Book, pick: Pick) -> None:
    """A private project that is decided, with its package."""
    if not has(book, "Projects", "decided"):
        committed_projects(book, pick)
    if cell(book, "Projects", "decided", "funding") == "private" and not has(book, "PriceFloors", "decided_floor"):
        year = cell(book, "Projects", "decided", "committed_year")
        capex = cell(book, "Projects", "decided", "capex_musd")
        _package(book, pick, "decided_floor", "decided", capex, committed_year=year)


def _credit_of_a_plant(book: Book, pick: Pick) -> None:
    """A committed credit, and perhaps a floor."""
    put(book, "Plants", "ally_refinery", pricing="market")
    add(
        book,
        "PriceFloors",
        floor="plant_credit",
        project="ally_refinery",
        material="oxide",
        tenor_years=pick([1, 3]),
        floor_usd_per_kg=pick([0, 70]),
        production_credit_usd_per_kg=pick([5, 30]),
        committed_year=pick([FIRST - 1, FIRST, FIRST + 1]),
    )


def _payers(book: Book, pick: Pick) -> None:
    """Who pays is somebody by name; a budget of one of them, or of all."""
    for sheet in ("PriceFloors", "Contracts", "Stockpiles"):
        for line in book.get(sheet, [[]])[1:]:
            put(book, sheet, line[0], payer=pick(PAYERS))
    put(book, "Projects", "public_home", payer=pick(PAYERS))
    _budget(book, pick, "by_payer", pick(["all", "floors", "grants, loans", "equity, loans", "contracts, fees"]))


def _more_budgets(book: Book, pick: Pick) -> None:
    kinds = ["loans", "equity", "contracts", "contingent", "floors", "all, contingent"]
    _budget(book, pick, "by_kind", pick(kinds))


def _budget(book: Book, pick: Pick, name: str, covers: str) -> None:
    add(
        book,
        "Budgets",
        budget=name,
        covers=covers,
        payer=pick([None, "Home", "Ally", "public"]),
        carry_over=pick(["yes", "no"]),
        years=pick([[0.05, 0.3], [None, 0.1], [0.3, 0.6], 0.2, 1]),
    )


DEALS = (deal, _menu, _committed_deal, _credit_of_a_plant, _payers, _more_budgets)
