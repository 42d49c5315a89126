"""What the ranks work on together: the order, the vector of what futures have in common, and each future alone."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from lodestone.progress import OnProgress, ShouldStop
from lodestone.rules.build import build
from lodestone.solve.decomposition.order import Order
from lodestone.solve.decomposition.shared import THRESHOLD, Key, alone, in_common, stretches
from lodestone.solve.effort import Search


@dataclass(frozen=True)
class Task:
    """What is hedged, since when, and who watches and may stop it."""

    order: Order
    started: float
    on_progress: OnProgress
    should_stop: ShouldStop

    @property
    def seconds_left(self) -> float:
        """Of the time limit."""
        return max(0.0, self.order.time_limit - (time.monotonic() - self.started))

    def effort(self, should_stop: ShouldStop | None = None) -> Search:
        """Of one solve: the gaps of all of them together must leave room for the one asked for."""
        asked = should_stop or self.should_stop
        return Search(self.order.gap / 4, max(self.seconds_left, 0.1), should_stop=asked)


@dataclass(frozen=True)
class Known:
    """A future planned for alone: its cost, the proved bound, what it has in common with others, values by column."""

    cost: float
    bound: float
    proved: bool
    common: np.ndarray
    values: np.ndarray


@dataclass(frozen=True)
class Common:
    """The vector of what is in common, as the futures that pass every shared node have it."""

    keys: list[Key]
    worth: np.ndarray
    size: np.ndarray
    whole: np.ndarray
    share: np.ndarray  # how likely a future has the number
    passed: dict[str, dict[int, int]]  # future -> the shared nodes it passes, with the ends of their stretches

    @property
    def agreed(self) -> int:
        """How many of the numbers, which come first, are decisions: all but the threshold."""
        return sum(key != THRESHOLD for key in self.keys)

    def rounded(self, mean: np.ndarray) -> np.ndarray:
        """What comes closest to a mean: decisions rounded, and a contract's volume the mean of those that sign it."""
        x = np.where(self.whole, np.round(mean), mean)
        place = {key: i for i, key in enumerate(self.keys)}
        for key, i in place.items():
            if key[0] == "volume":
                signed = mean[place["sign", *key[1:]]]
                x[i] = mean[i] / signed if round(signed) else 0.0
        return np.asarray(x)

    @property
    def whole_way(self) -> list[str]:
        """Futures that pass every shared node."""
        most = max(map(len, self.passed.values()))
        return [name for name, nodes in self.passed.items() if len(nodes) == most]

    @property
    def reference(self) -> str:
        """The future whose years the others are given where they share them."""
        return self.whole_way[0]


def what_is_common(order: Order) -> Common:
    """From the model of a future that passes every shared node."""
    tree, ends = order.tree, stretches(order.tree)
    passed = {name: {n: ends[n] for n in tree.path[leaf] if n in ends} for name, leaf in tree.leaf_of.items()}
    longest = max(passed, key=lambda name: len(passed[name]))
    parts = list(in_common(build(alone(tree, tree.leaf_of[longest])), passed[longest]))
    keys, worth = [part.key for part in parts], [part.worth for part in parts]
    size, whole = [part.size for part in parts], [part.whole for part in parts]
    if order.base.risk_weight > 0:
        keys, worth = [*keys, THRESHOLD], [*worth, order.base.risk_weight]
        size, whole = [*size, 0.0], [*whole, False]
    likely = {name: tree.probability[leaf] for name, leaf in tree.leaf_of.items()}
    share = [sum(likely[f] for f, nodes in passed.items() if key == THRESHOLD or int(key[1]) in nodes) for key in keys]
    return Common(keys, np.array(worth), np.array(size), np.array(whole, dtype=bool), np.array(share), passed)
