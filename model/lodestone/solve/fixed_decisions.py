"""Decisions of one plan, held in the model of another run: what was built, awarded, signed and stocked stays so.

Read from the tables of a plan document, by name and time, so that any run can be held, also one read from its folder.
What is committed is no decision: it stands in every run of the workbook. Decisions are held as bounds of the variables.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lodestone.data.plan_data import CLEAN, EXPOSED, Time
from lodestone.plan.key_figures import begin
from lodestone.plan.tables import Row
from lodestone.rules.build import Built
from lodestone.rules.payments import must_earn
from lodestone.solver.matrix import Variable

ROUNDING = 1e-7
STREAM_COLUMNS = {CLEAN: "clean_t", EXPOSED: "exposed_t"}


@dataclass(frozen=True)
class Decisions:
    """What a plan decides; what is not there is not done."""

    builds: Mapping[tuple[str, int], int]  # project, year -> copies
    awards: frozenset[tuple[str, int]]  # package, year
    volumes: Mapping[tuple[str, int], float]  # contract, signing year -> t/yr
    fill: Mapping[tuple[str, Time, str], float]  # stockpile, begin of the period, stream -> t
    release: Mapping[tuple[str, Time, str], float]
    shipped: Mapping[tuple[str, str, str, Time], float]  # material, from, to, begin of the period -> t
    kept: Mapping[tuple[str, Time], float]  # plant or project, begin of the period -> part or builds kept open
    avoided: Mapping[tuple[str, str, str, str, Time], float]  # option, region, sector, material, begin -> t
    topups: Mapping[tuple[str, Time], float]  # unit, period


def decisions(tables: Mapping[str, Sequence[Row]]) -> Decisions:
    """The decisions of a plan of one future, from its tables."""

    def moved(direction: str) -> dict[tuple[str, Time, str], float]:
        return {
            (row["stockpile"], begin(row), stream): row[f"{direction}_{column}"]
            for row in tables["stockpile"]
            for stream, column in STREAM_COLUMNS.items()
        }

    shipped: dict[tuple[str, str, str, Time], float] = defaultdict(float)
    for row in tables["flows"]:
        shipped[row["material"], row["from_region"], row["to_region"], begin(row)] += row["t"]
    by_option = ("option", "region", "sector", "material")
    return Decisions(
        builds={(row["project"], row["decision_year"]): row["builds"] for row in tables["investments"]},
        awards=frozenset((row["floor"], row["decision_year"]) for row in tables["price_floors"]),
        volumes={(row["contract"], row["signing_year"]): row["annual_t"] for row in tables["contracts"]},
        fill=moved("fill"),
        release=moved("release"),
        shipped=shipped,
        kept={(row["unit"], begin(row)): row["kept"] for row in tables["plants"] if row.get("kept") is not None},
        avoided={(*(row[c] for c in by_option), begin(row)): row["t"] for row in tables["substitution"]},
        topups={(row["unit"], begin(row)): row["topup_musd"] for row in tables["plants"]},
    )


def hold(built: Built, held: Decisions, nodes: Iterable[int], *, new_allowed: bool = False) -> None:
    """Hold what is built, awarded and signed at these nodes; new_allowed: more may be decided beside it."""
    m, year, within = built.model, built.tree.year, set(nodes)

    def fix(variable: Variable, value: float) -> None:
        if value > 0 or not new_allowed:
            _fix(variable, value)

    for (n, g), build in m.investments.build.items():
        if n in within:
            fix(build, held.builds.get((g, year[n]), 0))
    for (n, o), award in m.price_floors.award.items():
        if n in within:
            fix(award, (o, year[n]) in held.awards)
    for (n, c), sign in m.contracts.sign.items():
        if n in within:
            fix(sign, (c, year[n]) in held.volumes)
            fix(m.contracts.q[n, c], held.volumes.get((c, year[n]), 0.0))


def hold_promises(built: Built, held: Decisions) -> None:
    """What is built has been decided: it is paid on top what the plan said, and earns what it then earns."""
    m, tree = built.model, built.tree
    decided = {g for (g, _), copies in held.builds.items() if copies}
    for (n, g), topup in m.payments.topup.items():
        if g in decided and must_earn(tree, n, g):
            topup.setlb(held.topups.get((g, tree.time[n]), 0.0))
    for rows in (m.earnings.keeps, m.earnings.together):
        for (_, g), row in rows.items():
            if g in decided:
                row.deactivate()


def hold_stocks(built: Built, held: Decisions, nodes: Iterable[int]) -> None:
    """Hold what is put into stock and taken out of it at these nodes."""
    piles, time, within = built.model.stockpiles, built.tree.time, set(nodes)
    for variables, amounts in ((piles.fill, held.fill), (piles.release, held.release)):
        for (n, s, k), variable in variables.items():
            if n in within:
                _fix(variable, amounts.get((s, time[n], k), 0.0))


def hold_readiness(built: Built, held: Decisions, nodes: Iterable[int]) -> None:
    """Let nobody be readier at these nodes than planned: no supplier tried more, no more kept open or designed out.

    What needs time must be begun before it is known to be needed: suppliers (23), plants (25), substitution that grows.
    """
    m, tree, within = built.model, built.tree, set(nodes)
    for (n, *lane), known in m.suppliers.known.items():
        if n in within:
            _at_most(known, _qualified(built, held, n, lane[0], lane[1], lane[2]))
    for (n, u), kept in m.closure.kept.items():
        if n in within and (u, tree.time[n]) in held.kept:
            _at_most(kept, held.kept[u, tree.time[n]])
    for (n, o, *key), avoid in m.flows.avoid.items():
        if n in within and tree.data[n].substitution[o].ramp_share_per_yr is not None:
            _at_most(avoid, held.avoided.get((o, key[0], key[1], key[2], tree.time[n]), 0.0))


def _qualified(built: Built, held: Decisions, node: int, material: str, origin: str, to: str) -> float:
    """The rate that a plan has tried of a lane by a node, or that was known before."""
    tree = built.tree
    trade = tree.data[node].trade.get((material, origin, to), 0.0)
    shipped = (held.shipped.get((material, origin, to, tree.time[a]), 0.0) / tree.length[a] for a in tree.path[node])
    return max(trade, *shipped)


def _at_most(variable: Variable, value: float) -> None:
    """A little room for what a solver leaves of digits."""
    most = value * (1 + ROUNDING) + ROUNDING
    variable.setub(most if variable.ub is None else min(variable.ub, most))


def _fix(variable: Variable, value: float) -> None:
    """By its bounds, within those it has."""
    low = value if variable.lb is None else max(variable.lb, value)
    at = low if variable.ub is None else min(variable.ub, low)
    variable.setlb(at)
    variable.setub(at)
