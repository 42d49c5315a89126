"""`lodestone import`: files of public statistics into a workbook."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from lodestone.commands.options import PATH
from lodestone.commands.output import OUTPUT, Output

MOST_SHOWN = 200  # cells that change


@click.command(name="import")
@click.argument("plan", type=PATH)
@click.argument("files", type=PATH, nargs=-1, required=True)
@click.option(
    "--mineral", required=True, help="Whose chain is looked for: nickel, cobalt, lithium, copper, rare_earths, ..."
)
@click.option(
    "--of-concern", default="China", show_default=True, metavar="NAMES", help="Countries of concern, by commas."
)
@click.option("--year", type=int, help="Year of the trade. [default: the latest in the files]")
@click.option("--first-year", type=int, help="First year planned. [default: the year after the trade]")
@click.option("--last-year", type=int, help="Last year planned. [default: 9 years later]")
@click.option(
    "--small",
    type=click.FloatRange(0, 0.5),
    help="Countries under this part of the world's are joined. [default: 0.002]",
)
@click.option(
    "--small-lane", type=click.FloatRange(0, 0.5), help="Lanes under this part of all trade drop. [default: 0.0005]"
)
@click.option(
    "--into", type=PATH, metavar="WORKBOOK", help="Write a copy of this workbook with the rows that it lacks."
)
@click.option("--refresh", is_flag=True, help="Write nothing; show, cell by cell, what the files change in PLAN.")
@click.option("--force", is_flag=True, help="Replace a workbook that exists.")
@OUTPUT
def import_(
    plan: Path,
    files: tuple[Path, ...],
    mineral: str,
    of_concern: str,
    year: int | None,
    first_year: int | None,
    last_year: int | None,
    small: float | None,
    small_lane: float | None,
    into: Path | None,
    refresh: bool,
    force: bool,
    output: Output,
) -> None:
    """Make a workbook PLAN for a mineral from files of public statistics that you have downloaded.

    Known by their headings, plain or as .gz: data releases of the USGS Mineral Commodity Summaries, BGS World Mineral
    Statistics, trade tables of UN Comtrade and CEPII BACI, Chinese exports by month. Nothing is fetched. What no file
    says stays blank and yellow, or holds an orange default, and stands on the sheet #To fill.

    \b
    Example:
      lodestone import nickel.xlsx mcs2026.csv comtrade_2024.csv.gz --mineral nickel
      lodestone import nickel.xlsx mcs2027.csv comtrade_2025.csv.gz --mineral nickel --refresh
    """
    from lodestone.importing.book import differences, horizon_of, write_into, write_new
    from lodestone.importing.make import imported
    from lodestone.importing.rows import SMALL_LANE, SMALL_REGION, Choices
    from lodestone.plan.formatting import count

    if refresh and into is not None:
        raise click.UsageError("--refresh writes nothing; leave out --into")
    there = plan if refresh else into
    if there is not None:
        first, last = horizon_of(there)
        first_year, last_year = first_year or first, last_year or last
    choices = Choices(
        of_concern=tuple(name.strip() for name in of_concern.split(",") if name.strip()),
        year=year,
        first_year=first_year,
        last_year=last_year,
        small_region=SMALL_REGION if small is None else small,
        small_lane=SMALL_LANE if small_lane is None else small_lane,
    )
    made = imported(files, mineral, choices)
    if refresh:
        changed = differences(plan, made)
    elif into is not None:
        changed = write_into(into, plan, made, force)
    else:
        changed = []
        write_new(plan, made, force)

    def show() -> None:
        for change in changed[:MOST_SHOWN]:
            click.echo(_line(asdict(change)))
        if len(changed) > MOST_SHOWN:
            click.echo(f"... and {count(len(changed) - MOST_SHOWN, 'more cell')}; --json lists all")
        if refresh:
            click.echo(f"{count(len(changed), 'cell')} of {plan} would change; nothing was written.")
            return
        for remark in made.remarks:
            click.echo(remark)
        if made.exposed_share is not None:
            concern = ", ".join(made.of_concern)
            click.echo(
                f"By the trade of {made.base_year}, {made.exposed_share:.1%} of use outside {concern} is exposed."
            )
        if changed:
            click.echo(f"{count(len(changed), 'cell')} of {into} stand as they were, though the files say otherwise.")
        click.echo(f"{plan} is written: {count(len(made.rows), 'row')}, {count(len(made.gaps), 'gap')} on #To fill.")
        click.echo(f"Then: lodestone check {plan}")

    output.answer(
        show,
        lambda: {
            "workbook": str(plan),
            "base_year": made.base_year,
            "exposed_share": made.exposed_share,
            "rows": len(made.rows),
            "gaps": len(made.gaps),
            "remarks": made.remarks,
            "differences": [asdict(change) for change in changed],
        },
    )


def _line(change: dict[str, object]) -> str:
    about = ", ".join(str(change[name]) for name in ("row", "column") if change[name])
    place = f"{change['cell']} ({about})"
    if "!" not in str(change["cell"]):
        return f"{place}: new row, {change['new']} [{change['source']}]"
    if change["new"] is None:
        return f"{place}: {change['source']}"
    return f"{place}: {change['stands']} -> {change['new']} [{change['source']}]"
