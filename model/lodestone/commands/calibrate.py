"""`lodestone calibrate`: the first year of the plan beside the sheet Trade."""

from __future__ import annotations

from pathlib import Path

import click

from lodestone.commands.options import GAP, PATH, SET, TIME_LIMIT, WORKBOOK
from lodestone.commands.output import OUTPUT, Output


@click.command()
@WORKBOOK
@SET
@GAP
@TIME_LIMIT
@click.option("--out", type=PATH, help="Workbook to write, with every lane, buyer and plant.")
@click.option("--force", is_flag=True, help="Replace a workbook that exists.")
@OUTPUT
def calibrate(
    workbook: Path,
    sets: tuple[str, ...],
    gap: float | None,
    time_limit: float | None,
    out: Path | None,
    force: bool,
    output: Output,
) -> None:
    """Solve the base and compare its first year with Trade: lane by lane, buyer by buyer, plant by plant.

    The worst ten are shown, with what would close each gap: resourcing_share, a committed contract, a regional price.

    \b
    Example:
      lodestone calibrate my_case.xlsx
      lodestone calibrate my_case.xlsx --set Materials/ndfeb_magnet/resourcing_share=0.2 --out calibration.xlsx
    """
    from lodestone.plan.labels import Labels
    from lodestone.report.studies.calibration_files import write_calibration
    from lodestone.report.terminal.calibration import show_calibration
    from lodestone.solve.effort import Effort
    from lodestone.solve.one_scenario import solve_scenario
    from lodestone.studies.calibration.compare import calibration
    from lodestone.studies.calibration.results import document
    from lodestone.workbook.inputs import load

    inputs = load(workbook, sets)
    inputs.require_valid()
    found = calibration(inputs, solve_scenario(inputs, effort=Effort(gap, time_limit)))
    labels = Labels(inputs.labels)
    if out is not None:
        write_calibration(found, out, force, labels)
    output.answer(lambda: show_calibration(labels.shown(found)), lambda: document(found))
