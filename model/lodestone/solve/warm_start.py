"""A start for the solver: what an earlier run built, awarded and signed, as far as this workbook still knows it.

Only whole decisions are taken over: HiGHS finds what goes best with them, and where nothing does, it goes on as without
a start. So the earlier run may be of the same workbook, of another scenario or of a changed workbook.
"""

from __future__ import annotations

from dataclasses import dataclass

from lodestone.plan.plan import Plan
from lodestone.plan.tables import Row
from lodestone.rules.build import Built
from lodestone.solve.fixed_decisions import decisions
from lodestone.solver.matrix import Variable


@dataclass(frozen=True)
class Start:
    """The start of a solve.

    values: variable -> whole number, for every decision of the model. taken: how many of the run's decisions these
    hold; left_out: those that the model does not know, e.g. "build of refinery in 2027". kept: whether a plan has them.
    """

    values: list[tuple[Variable, float]]
    taken: int
    left_out: tuple[str, ...]
    kept: bool = True

    def told(self) -> Row:
        """As plan.json has it."""
        return {"taken": self.taken, "left_out": list(self.left_out), "kept": self.kept}


def start_from(built: Built, plan: Plan) -> Start:
    """The decisions of a plan (plan.json) in the variables of a model, for each future its own if the plan has them."""
    m, tree = built.model, built.tree
    values: list[tuple[Variable, float]] = []
    wanted: dict[str, None] = {}
    known: set[str] = set()
    for future in dict.fromkeys(data.scenario.name for data in tree.data.values()):
        held = decisions(plan.tables_for(future))
        for what, variables, decided in (
            ("build", m.investments.build, held.builds),
            ("award", m.price_floors.award, dict.fromkeys(held.awards, 1)),
            ("signing", m.contracts.sign, dict.fromkeys(held.volumes, 1)),
        ):
            wanted |= {f"{what} of {name} in {year}": None for name, year in decided}
            for (n, name), variable in variables.items():
                if tree.data[n].scenario.name == future:
                    number = decided.get((name, tree.year[n]), 0)
                    values.append((variable, min(number, variable.ub)))
                    if number:
                        known.add(f"{what} of {name} in {tree.year[n]}")
    left_out = tuple(decision for decision in wanted if decision not in known)
    return Start(values, len(known), left_out)
