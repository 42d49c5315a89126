"""What the ranks of a decomposition are asked, and what they answer; nothing of MPI is needed to read either."""

from __future__ import annotations

from dataclasses import dataclass

from lodestone.data.plan_data import PlanData
from lodestone.data.tree import Tree
from lodestone.rules.linear import Row


@dataclass(frozen=True)
class Order:
    """A tree to plan for, and how far to go: relative gap, seconds; values: EVPI and VSS are wanted too.

    careful: with tighter tolerances and no presolve.
    """

    base: PlanData
    tree: Tree
    gap: float
    time_limit: float
    values: bool = True
    careful: bool = False


@dataclass(frozen=True)
class Found:
    """What the hub found.

    tables: of each future, with what is in common agreed; where nodes are shared those of `reference` hold. size: of
    the largest future's model. known: cost of each future planned for alone. base_held: cost with what the base does
    in the shared years.
    """

    tables: dict[str, dict[str, list[Row]]]
    reference: str
    bound: float
    iterations: int
    size: dict[str, int]
    in_common: int
    known: dict[str, float]
    known_proved: bool
    base_held: float | None
