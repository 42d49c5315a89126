"""What is to be decided, by when, with whose money, and what it waits for: this year first, then a calendar."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lodestone.plan import key_figures as figures
from lodestone.plan.formatting import in_words, musd, tonnes, usd_per_kg
from lodestone.plan.plan import Plan
from lodestone.plan.tables import SCENARIO, Cell, Column
from lodestone.report.plan.summary import names_in
from lodestone.report.plan.table_sheet import Mark, TableSheet

SHEET = "Calendar"
LEAST_T = 0.5
COLUMNS = (
    Column("year", "", "in which it is to be decided or done"),
    Column("what", "", "build, award, sign, fill or design out"),
    Column("name", "", "project, package, contract, stockpile or option"),
    Column("where", "", "region, or who is supplied or supported"),
    Column("latest_year", "", "last year in which the workbook lets it be decided; empty where it says nothing"),
    Column("payer", "", "whose money it is"),
    Column("musd", "MUSD", "promised or spent by that decision, undiscounted; empty where it depends on prices"),
    Column("detail", "", "how much of it"),
    Column("waits_for", "", "what must be decided before or with it"),
)
THIS_YEAR = Mark("{year}=MIN($A:$A)", ("year", "what", "name"), "to be decided in the first year")


@dataclass(frozen=True)
class Entry:
    """One thing to do in one year."""

    year: int
    what: str
    name: str
    where: str
    latest_year: int | None
    payer: str
    musd: float | None
    detail: str
    waits_for: str

    @property
    def row(self) -> list[Cell]:
        """Its cells in the order of the columns."""
        return [getattr(self, column.name) for column in COLUMNS]


def entries(plan: Plan) -> list[Entry]:
    """Of a plan of one future, in the order of years; what is committed is decided already."""
    found = [*_builds(plan), *_awards(plan), *_signings(plan), *_fills(plan), *_designed_out(plan)]
    return sorted(found, key=lambda entry: entry.year)


def _whole(value: object) -> int | None:
    return int(value) if isinstance(value, int | float) else None


def _builds(plan: Plan) -> Iterator[Entry]:
    inputs = plan.input_rows("Projects")
    for row in plan.rows("investments"):
        given = inputs.get(row["project"], {})
        payer = given.get("payer") or "public" if row["funding"] == "public" else "private"
        waits = [w for w in (given.get("requires"), *names_in(row["supported_by"])) if w]
        detail = f"{tonnes(row['capacity_t_per_yr'])} per year from {row['first_year']}"
        latest = _whole(given.get("latest_year"))
        yield Entry(
            row["decision_year"],
            "build",
            row["project"],
            row["region"],
            latest,
            payer,
            row["capex_musd"],
            detail,
            ", ".join(waits),
        )


def _awards(plan: Plan) -> Iterator[Entry]:
    inputs = plan.input_rows("PriceFloors")
    for row in plan.rows("price_floors"):
        payer = inputs.get(row["floor"], {}).get("payer") or "public"
        supported = f"{row['first_supported_year']}-{row['last_supported_year']}"
        detail = f"floor of {usd_per_kg(row['floor_usd_per_kg'])} in {supported}" if row["floor_usd_per_kg"] > 0 else ""
        year, project = row["decision_year"], row["project"]
        spent = row["grant_musd"] + row["equity_musd"] + row["loan_musd"]
        yield Entry(year, "award", row["floor"], project, None, payer, spent or None, detail, project)


def _signings(plan: Plan) -> Iterator[Entry]:
    inputs = plan.input_rows("Contracts")
    for row in plan.rows("contracts"):
        given = inputs.get(row["contract"], {})
        detail = f"{tonnes(row['annual_t'])} per year of {row['material']} from {row['first_delivery_year']}"
        payer, latest = given.get("payer") or "public", _whole(given.get("latest_year"))
        project = row["supplier"] if row["supplier"] in plan.input_rows("Projects") else ""
        fee = row["fee_musd"] or None
        yield Entry(row["signing_year"], "sign", row["contract"], row["supplier"], latest, payer, fee, detail, project)


def _fills(plan: Plan) -> Iterator[Entry]:
    inputs = plan.input_rows("Stockpiles")
    for (pile, region, material, year), rows in figures.grouped(
        plan.rows("stockpile"), "stockpile", "region", "material", "year"
    ).items():
        t = figures.total(rows, "fill_clean_t") + figures.total(rows, "fill_exposed_t")
        if t >= LEAST_T:
            payer = inputs.get(pile, {}).get("payer") or "public"
            yield Entry(year, "fill", pile, region, None, payer, None, f"{tonnes(t)} of {material}", "")


def _designed_out(plan: Plan) -> Iterator[Entry]:
    """When an option begins."""
    inputs = plan.input_rows("Substitution")
    for (option, region), rows in figures.grouped(plan.rows("substitution"), "option", "region").items():
        used = [row for row in rows if row["t"] >= LEAST_T]
        if used:
            first = min(int(row["year"]) for row in used)
            waits = inputs.get(option, {}).get("requires") or ""
            t = figures.total([row for row in rows if row["year"] == first], "t")
            detail = f"{tonnes(t)} of {used[0]['material']} in the first year"
            yield Entry(first, "design out", option, region, None, "buyers", None, detail, waits)


def this_year_line(plan: Plan) -> str:
    """'2026: build a and b (public 120 MUSD); sign c; fill d.': what cannot be left for next year."""
    year = plan.horizon[0]
    now = [entry for entry in entries(plan) if entry.year == year]
    parts = []
    for what in dict.fromkeys(entry.what for entry in now):
        of = [entry for entry in now if entry.what == what]
        money: dict[str, float] = {}
        for entry in of:
            if entry.musd:
                money[entry.payer] = money.get(entry.payer, 0.0) + entry.musd
        paid = ", ".join(f"{payer} {musd(amount)}" for payer, amount in money.items())
        largest = sorted(of, key=lambda entry: -(entry.musd or 0.0))
        parts.append(f"{what} {in_words([e.name for e in largest], 4)}{f' ({paid})' if paid else ''}")
    return f"{year}: {'; '.join(parts)}." if parts else f"{year}: nothing has to be decided."


def calendar_sheet(plan: Plan) -> TableSheet:
    """This year's decisions, coloured, then the later ones."""
    question = "What is to be decided this year, what later, with whose money, and what does it wait for?"
    if not plan.is_joint:
        return TableSheet(SHEET, question, COLUMNS, [entry.row for entry in entries(plan)], marks=(THIS_YEAR,))
    rows: list[list[Cell]] = [[name, *e.row] for name in plan.futures for e in entries(plan.future(name))]
    return TableSheet(SHEET, question, [SCENARIO, *COLUMNS], rows)
