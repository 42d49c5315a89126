"""What checks ask of the rows: their cells, their problems, and what belongs together across sheets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from lodestone.data.plan_data import ALL_KINDS
from lodestone.data.times import Time, year_of
from lodestone.errors import Problem
from lodestone.names import listed
from lodestone.workbook.reading.cells import show
from lodestone.workbook.schema.sheets import SHEETS
from lodestone.workbook.tables import Record, Tables


def cell_of(record: Record, column: str | int) -> str:
    """Where a value stands; where the column has no heading, the cell that names the row."""
    return record.cells.get(column) or record.cells[SHEETS[record.sheet].key[0]]


def problem_at(record: Record, column: str, wrong: str, mend: str) -> Problem:
    """The problem of a value that stands in a column of a row."""
    return Problem(cell_of(record, column), show(record[column]), wrong, mend)


def rounded(value: float) -> str:
    """A figure in a sentence: four digits, or whole with its thousands apart."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def value_at(record: Record, time: Time) -> float | None:
    """The year value of a row in a period; None where there is none."""
    return record.months.get(time, (record.years or {}).get(year_of(time)))


def horizon_of(tables: Tables) -> range:
    """The years planned, last_year included."""
    return range(tables.settings["first_year"], tables.settings["last_year"] + 1)


def above(record: Record, low: str, high: str) -> bool:
    """Whether the value of `low` is above that of `high`, both being known."""
    return record[low] is not None and record[high] is not None and record[low] > record[high]


def recipes_of(tables: Tables) -> Mapping[str, Mapping[str, float]]:
    """process -> material -> t_per_t; unusable numbers are left out."""
    recipes: dict[str, dict[str, float]] = defaultdict(dict)
    for row in tables.rows("Processes"):
        if row["t_per_t"] is not None:
            recipes[row["process"]][row["material"]] = row["t_per_t"]
    return recipes


def cell_of_process(tables: Tables, process: str) -> str:
    """Where the first row of a recipe is named."""
    return next(cell_of(row, "process") for row in tables.rows("Processes") if row["process"] == process)


def units_of(tables: Tables) -> list[Record]:
    """Plants and projects whose process is known."""
    processes = {process for process, _ in tables.records["Processes"]}
    return [unit for sheet in ("Plants", "Projects") for unit in tables.rows(sheet) if unit["process"] in processes]


def kinds_of(budget: Record) -> frozenset[str]:
    """The kinds of outlay that a budget covers."""
    words = frozenset(budget["covers"])
    return (words - {"all"}) | frozenset(ALL_KINDS if "all" in words else ())


def paid_at_market(unit: Record) -> bool:
    """Plants with pricing market and private projects receive the value that they add."""
    return bool(unit["pricing"] == "market" if unit.sheet == "Plants" else unit["funding"] == "private")


def supplier_of(tables: Tables, contract: Record) -> Record | None:
    """The plant, project or market with which a contract would be; their ids are unique together."""
    key = (contract["supplier"],)
    return next(
        (tables.records[sheet][key] for sheet in ("Plants", "Projects", "Markets") if key in tables.records[sheet]),
        None,
    )


def outputs_of(tables: Tables, supplier: Record) -> set[str]:
    """The materials that a plant or project makes, or that a market trades; unusable recipe numbers count as made."""
    if supplier.sheet == "Markets":
        return {supplier["material"]}
    return {
        row["material"]
        for row in tables.rows("Processes")
        if row["process"] == supplier["process"] and (row["t_per_t"] is None or row["t_per_t"] > 0)
    }


def not_made(tables: Tables, row: Record, supplier: Record) -> Iterator[Problem]:
    """The row of a contract or price floor for what its supplier neither makes nor trades."""
    outputs = outputs_of(tables, supplier)
    if not outputs and all(process != supplier["process"] for process, _ in tables.records["Processes"]):
        return  # there is no such process, which is a problem of the supplier
    if row["material"] is not None and None not in outputs and row["material"] not in outputs:
        does = "trade" if supplier.sheet == "Markets" else "make"
        yield problem_at(
            row,
            "material",
            f"{supplier.key[0]} does not {does} {row['material']}",
            f"enter one of: {listed(sorted(outputs))}"
            if outputs
            else "delete the row, or mend the recipe: it makes nothing",
        )
