"""The pieces of a joint plan, worked on as tasks of any study are: on processes of this machine or on a cluster."""

from __future__ import annotations

from collections.abc import Sequence

from lodestone.errors import StoppedError
from lodestone.progress import ShouldStop
from lodestone.solve.decomposition.apart import Spread
from lodestone.solve.decomposition.piece import Answer, Piece
from lodestone.studies.parallel.solves import HERE, Where, run_tasks
from lodestone.studies.parallel.tasks import Failure, Value, value_of


def spread_over(where: Where = HERE) -> Spread:
    """What works on pieces there. A piece that was stopped, or whose worker was lost, has no answer."""

    def spread(pieces: Sequence[Piece], should_stop: ShouldStop) -> list[Answer | None]:
        return [_answer(value) for value in run_tasks(pieces, where, None, should_stop)]

    return spread


def _answer(value: Value) -> Answer | None:
    """Raises what makes the whole impossible."""
    if isinstance(value, Failure) and value.exit_code == StoppedError.exit_code:
        return None
    answer: Answer | None = value_of(value)
    return answer
