"""What the command line shows of a calibration: the worst lanes and plants, and the shares of the buyers."""

from __future__ import annotations

import click

from lodestone.plan.formatting import share
from lodestone.report.terminal.progress_lines import show_table
from lodestone.studies.calibration.results import Calibration

WORST = 10


def show_calibration(found: Calibration) -> None:
    """What of the trade of today the plan does not do."""
    for material, error in found.error.items():
        click.echo(f"{material}: all differences of {found.year} together are {share(error)} of Trade.")
    heads = ("Lane", "Material", "Trade (t)", "Plan (t)", "Trade", "Plan", "What would close it")
    lanes = [
        [f"{x.from_region} to {x.to_region}", x.material, x.trade_t, x.plan_t, *_shares(x), x.close]
        for x in found.lanes[:WORST]
    ]
    show_table(heads, lanes)
    buyers = [[x.region, x.material, x.trade_t, x.plan_t, *_shares(x)] for x in found.buyers[:WORST]]
    show_table(("Buyer", "Material", "Trade (t)", "Plan (t)", "Exposed", "Plan"), buyers)
    plants = [[x.plant, x.material, share(x.use_share), x.trade_t, x.plan_t, x.close] for x in found.plants[:WORST]]
    show_table(("Plant", "Material", "Used", "Trade (t)", "Plan (t)", "What would close it"), plants)


def _shares(gap: object) -> list[str]:
    return [share(getattr(gap, name)) for name in ("trade_share", "plan_share")]
