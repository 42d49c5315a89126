"""A joint plan made of pieces, one future each: no bound above the optimum, no plan below it, and no MPI."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest
from tests.futures import with_futures
from tests.solve.test_decomposition import everything
from tests.solving import read, solve_all

from lodestone.errors import NoPlanError, UsageError
from lodestone.plan.tables import VALUE_TABLES
from lodestone.progress import ShouldStop
from lodestone.solve.all_futures import all_futures
from lodestone.solve.decomposition.apart import Apart
from lodestone.solve.decomposition.order import Order
from lodestone.solve.decomposition.piece import Answer, Piece
from lodestone.solve.decomposition.run import solve_decomposed
from lodestone.solve.effort import Effort

GAP = 1e-3


def here(pieces: Sequence[Piece], should_stop: ShouldStop) -> list[Answer | None]:
    return [piece.run(lambda news: None, should_stop) for piece in pieces]


@pytest.mark.parametrize("make", [with_futures, everything])
def test_pieces_find_the_plan_of_one_model(make: Any):
    whole = solve_all(make())
    plan = solve_decomposed(read(make()), 1, Effort(gap=GAP, time_limit=120), spread=here).document()
    print(plan["gap"], plan["objective_musd"], plan["bound_musd"], whole["objective_musd"], plan["model"])
    assert plan["bound_musd"] <= whole["objective_musd"] + 1e-6
    assert whole["objective_musd"] <= plan["objective_musd"] + 1e-6
    assert plan["tables"].keys() == whole["tables"].keys() - VALUE_TABLES.keys()
    assert plan["known_musd"] == pytest.approx(whole["known_musd"], rel=GAP)
    assert all(line["ok"] for line in plan["audit"])
