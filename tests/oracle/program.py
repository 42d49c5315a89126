"""The least cost that the program itself finds, for comparison: its model solved to the end, without tables or audit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.solving import read

from lodestone.data.tree import single
from lodestone.errors import NoPlanError
from lodestone.rules.build import build
from lodestone.solve.all_futures import all_futures
from lodestone.solve.one_scenario import load_model, scenario_data


def program_cost(book: Mapping[str, Any], scenario: str = "base") -> float:
    """MUSD; scenario "*": of all futures together. Infinite where there is no plan."""
    inputs = read(book)
    tree = all_futures(inputs)[1] if scenario == "*" else single(scenario_data(inputs, scenario))
    try:
        return load_model(build(tree)).solve(1e-9, 60).objective
    except NoPlanError:
        return float("inf")
