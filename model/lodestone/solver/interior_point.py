"""A linear programme solved by interior points alone: values and prices to the last digits, but no corner.

A corner takes a crossover and, on trees of futures, simplex to clean up what that leaves: as long again as the interior
points (benchmarks/RESULTS.md). Who asks for a bound and for prices needs none.

HiGHS presolves more if told to leave the crossover out, and interior points then stall on trees. So it presolves as for
a corner, and what is left is solved without.
"""

from __future__ import annotations

import highspy
import numpy as np

from lodestone.errors import NoPlanError, StoppedError
from lodestone.progress import OnProgress, ShouldStop
from lodestone.solver.current_model import CurrentModel
from lodestone.solver.highs import Solver


def interior_optimum(
    solver: Solver, time_limit: float, on_progress: OnProgress | None, should_stop: ShouldStop | None, started: float
) -> float | None:
    """The least cost, MUSD, of a model without whole numbers; values() and row_duals() are then those of it.

    None where this way tells nothing: all was found in presolve, or it was not solved.
    """
    highs, kind = solver.highs, highspy.HighsPresolveStatus
    highs.presolve()
    status = highs.getModelPresolveStatus()
    if status not in (kind.kReduced, kind.kNotReduced, kind.kNotPresolved):
        return None
    left = CurrentModel.of_lp(highs.getPresolvedLp() if status == kind.kReduced else highs.getLp())
    try:
        small = Solver(left.part(np.ones(len(left.row_lower), dtype=bool)))
        small.set_options({"presolve": "off", "solver": "ipm", "run_crossover": "off"})
        outcome = small.solve(0.0, time_limit, on_progress, should_stop, started)
    except (NoPlanError, StoppedError):
        return None
    if not outcome.optimal:
        return None
    found = small.highs.getSolution()
    if status == kind.kReduced:
        highs.postsolve(found, highspy.HighsBasis())
    else:
        highs.setSolution(found)
    return outcome.objective
