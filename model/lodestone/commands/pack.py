"""`lodestone pack`: runs with all that belongs to them, to be mailed or put away."""

from __future__ import annotations

from pathlib import Path

import click

from lodestone.commands.options import PATH, WORKBOOK_OF_RUN
from lodestone.commands.output import OUTPUT, Output


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN [RUN...]", type=PATH)
@click.option("--out", type=PATH, help="Zip file to write, or a folder. [default: WORKBOOK - RUN.zip]")
@WORKBOOK_OF_RUN
@click.option("--force", is_flag=True, help="Replace a pack that exists.")
@OUTPUT
def pack(runs: tuple[Path, ...], out: Path | None, workbook: Path | None, force: bool, output: Output) -> None:
    """Put runs, their workbook, the page of `report` and the studies beside them into one zip file or folder.

    Its links work wherever it lies, once it is unpacked.

    \b
    Example:
      lodestone pack outputs/my_case/base
      lodestone pack outputs/my_case/base outputs/my_case/embargo --out "for the minister.zip"
    """
    from lodestone.runs.pack import pack as pack_runs
    from lodestone.runs.pack import usual_name

    packed = pack_runs(runs, out or usual_name(runs), workbook, force)

    def show() -> None:
        for file in packed.files:
            click.echo(f"  {file}")
        for remark in packed.remarks:
            click.echo(f"Note: {remark}.")
        click.echo(f"The pack: {packed.target}")

    output.answer(
        show,
        lambda: {"files": [str(packed.target)], "packed": list(packed.files), "remarks": list(packed.remarks)},
    )
