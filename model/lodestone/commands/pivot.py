"""`lodestone pivot`: a table with one row for each year into one with a column for each."""

from __future__ import annotations

from pathlib import Path

import click

from lodestone.commands.options import PATH
from lodestone.commands.output import OUTPUT, Output


@click.command()
@click.argument("file", type=PATH)
@click.option("--year-in", "year", default="year", show_default=True, metavar="HEADING", help="Column of the years.")
@click.option(
    "--value-in", "value", default="value", show_default=True, metavar="HEADING", help="Column of the figures."
)
@click.option("--unit", help="Unit of the figures, such as USD/lb. [default: of the column unit, if there is one]")
@click.option("--out", type=PATH, help="Table to write, .xlsx or .csv. [default: FILE by year.xlsx]")
@click.option("--force", is_flag=True, help="Replace a table that exists.")
@OUTPUT
def pivot(file: Path, year: str, value: str, unit: str | None, out: Path | None, force: bool, output: Output) -> None:
    """Turn a table FILE (csv or xlsx) with one row for each year into one with a column for each year.

    The sheets of a workbook want it so. All other columns name a row. Prices in USD/lb, USD/ozt, USD/stu, USD/mtu,
    USD/t or USc/lb become USD/kg; amounts in kg, lb, ozt, st, kt or Mt become t.

    \b
    Example:
      lodestone pivot demand.csv
      lodestone pivot prices.csv --value-in price --unit USD/lb
    """
    from lodestone.importing.pivot import pivot as pivoted
    from lodestone.importing.pivot import write_pivot
    from lodestone.names import count

    found = pivoted(file, year, value, unit)
    target = out or file.with_name(f"{file.name.partition('.')[0]} by year.xlsx")
    write_pivot(found, target, force)
    unit_now = f" in {found.unit}" if found.unit else ""
    output.answer(
        lambda: click.echo(
            f"{target} is written: {count(len(found.rows), 'row')}{unit_now}, {count(len(found.years), 'year')}. "
            "Paste its columns into the sheet."
        ),
        lambda: {"files": [str(target)], "rows": len(found.rows), "years": list(found.years), "unit": found.unit},
    )
