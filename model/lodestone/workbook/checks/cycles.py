"""Steps that feed each other round and round: a plan could make material from nothing with them, or count it for ever.

A step takes and makes materials, in t per t of its activity x: a process, or the return of scrap after a delivery. Two
small linear programmes look for a mix of steps, x >= 0 and not all 0, that keeps itself going:

    sustained   net output of every material >= -0.1 x its intake
    gaining     net output of every material >= 0, and > 0 of one
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lodestone.system.standard_output import muted

LEAST_LOSS = 0.1  # share of its intake that a round of processes has to lose
TINY = 1e-6


@dataclass(frozen=True)
class Step:
    """takes and makes: material -> t per t of activity, both positive."""

    name: str
    takes: Mapping[str, float]
    makes: Mapping[str, float]


def sustained(steps: Sequence[Step]) -> list[str]:
    """Names of steps that keep each other going although LEAST_LOSS of every intake may be lost; none if none do."""
    return _worst_mix(_self_supplied(steps), LEAST_LOSS)[0]


def gaining(steps: Sequence[Step]) -> list[str]:
    """Names of steps that together make more than they take; none if none do."""
    names, gain = _worst_mix(_self_supplied(steps), 0.0)
    return names if gain > TINY else []


def rings(steps: Sequence[Step]) -> list[list[str]]:
    """Groups of steps in which each leads to each other, in the order of `steps`."""
    feeds = {
        step.name: [other.name for other in steps if step.makes.keys() & other.takes.keys()]
        for step in _on_both_sides(steps)
    }
    reached = {name: _reachable(feeds, name) for name in feeds}
    groups: list[list[str]] = []
    for name in feeds:
        if name in reached[name] and not any(name in group for group in groups):
            groups.append([other for other in feeds if other in reached[name] and name in reached[other]])
    return groups


def _self_supplied(steps: Sequence[Step]) -> list[Step]:
    """The steps with inputs that are left when those go whose inputs no step left makes: usually none."""
    left = [step for step in steps if step.takes]
    while True:
        made = {material for step in left for material in step.makes}
        kept = [step for step in left if step.takes.keys() <= made]
        if len(kept) == len(left):
            return left
        left = kept


def _on_both_sides(steps: Sequence[Step]) -> list[Step]:
    """The steps left when those go that no step left feeds, or that feed no step left: usually none."""
    left = list(steps)
    while True:
        made = {material for step in left for material in step.makes}
        taken = {material for step in left for material in step.takes}
        kept = [step for step in left if step.takes.keys() & made and step.makes.keys() & taken]
        if len(kept) == len(left):
            return left
        left = kept


def _reachable(feeds: Mapping[str, Sequence[str]], start: str) -> set[str]:
    """Everything that `start` leads to, itself only if a way leads back."""
    seen: set[str] = set()
    open_ends = [start]
    while open_ends:
        fresh = set(feeds.get(open_ends.pop(), ())) - seen
        seen |= fresh
        open_ends += fresh
    return seen


def _worst_mix(steps: Sequence[Step], loss: float) -> tuple[list[str], float]:
    """The mix that gains most: max total net output, x >= 0, sum of x = 1, net + loss x intake >= 0 of every material.

    Returns the steps in use and what they gain; none where no mix keeps itself going. Steps and materials are scaled to
    a largest coefficient of 1, so that one tolerance fits all.
    """
    if not steps:
        return [], 0.0
    import highspy  # only here, since it is slow to load and rarely needed

    balances = _balances(steps, loss)
    everything = list(range(len(steps)))
    with muted():
        solver = highspy.Highs()  # type: ignore[no-untyped-call]
    solver.silent()
    for j in everything:
        solver.addVar(0.0, highspy.kHighsInf)
        solver.changeColCost(j, -sum(net[j] for net, _ in balances))
    solver.addRow(1.0, 1.0, len(steps), everything, [1.0] * len(steps))
    for _, allowed in balances:
        used = [j for j in everything if allowed[j]]
        solver.addRow(0.0, highspy.kHighsInf, len(used), used, [allowed[j] for j in used])
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return [], 0.0
    mix = solver.getSolution().col_value
    return [step.name for step, x in zip(steps, mix, strict=True) if x > TINY], -solver.getObjectiveValue()


def _balances(steps: Sequence[Step], loss: float) -> list[tuple[list[float], list[float]]]:
    """For each material, scaled: what each step makes less what it takes, and the same if `loss` of intake is forgiven.

    The first are the gains, the second must not be negative.
    """
    sizes = [max([*step.takes.values(), *step.makes.values()]) for step in steps]
    balances = []
    for material in sorted({material for step in steps for material in (*step.takes, *step.makes)}):
        made = [step.makes.get(material, 0.0) / size for step, size in zip(steps, sizes, strict=True)]
        taken = [step.takes.get(material, 0.0) / size for step, size in zip(steps, sizes, strict=True)]
        scale = max(*made, *taken)
        net = [(m - t) / scale for m, t in zip(made, taken, strict=True)]
        balances.append((net, [n + loss * t / scale for n, t in zip(net, taken, strict=True)]))
    return balances
