"""One process of several under mpiexec: the first leads, the others wait for work.

Started by the command (`launch`), all ranks are these: `python -m mpi4py -m ...rank FOLDER`. The first
finds the task in the folder and leaves there how far they are, and at the end what was found, or what went wrong.
Where the user starts them, `mpiexec -n 8 lodestone solve W --joint --decompose`, the first rank is the command, and the
others follow. A rank that fails takes all others with it.
"""

from __future__ import annotations

import io
import pickle
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager, redirect_stdout
from pathlib import Path

from mpi4py import MPI

from lodestone.errors import LodestoneError, StoppedError, in_words
from lodestone.progress import OnProgress, Progress, ShouldStop
from lodestone.solve.decomposition.launch import ERROR, FOUND, PROGRESS, STOP, TASK, put
from lodestone.solve.decomposition.order import Found, Order
from lodestone.solve.decomposition.task import Task
from lodestone.system.scratch import is_abandoned, scratch
from lodestone.system.signals import leave_to_leader

TELL_EVERY_S = 0.2
OnError = Callable[[LodestoneError], None]

_world = MPI.COMM_WORLD
_led = False


def is_first() -> bool:
    """Whether this process leads."""
    return bool(_world.rank == 0)


def size() -> int:
    """How many processes there are."""
    return int(_world.size)


def lead(order: Order, on_progress: OnProgress | None, should_stop: ShouldStop | None) -> Found:
    """The first rank: what all found together. What goes wrong in any rank ends them all, with a message."""
    global _led
    _led = True
    _world.bcast(order)
    found = _hedge(order, on_progress or (lambda progress: None), should_stop or (lambda: False), _say)
    assert found is not None
    return found


def follow() -> None:
    """Every other rank: its part, if the first has one for it. The first, which leads, says when it is to end."""
    leave_to_leader()
    order: Order | None = _world.bcast(None)
    if order is not None:
        _hedge(order, lambda progress: None, lambda: False, _say)


@contextmanager
def leading() -> Iterator[None]:
    """Ends the other ranks when the first fails before it has work for them."""
    try:
        yield
    except BaseException:
        if not _led:
            _world.bcast(None)
        raise


def _hedge(order: Order, on_progress: OnProgress, should_stop: ShouldStop, on_error: OnError) -> Found | None:
    ended = 1
    try:
        with redirect_stdout(io.StringIO()):
            with scratch() as folder, chdir(folder):  # mpi-sppy leaves a log where it is imported
                from lodestone.solve.decomposition.hedging import hedge
            found = hedge(Task(order, time.monotonic(), on_progress, should_stop))
        ended = 0
        return found
    except LodestoneError as error:
        on_error(error)
        ended = error.exit_code
        raise
    except KeyboardInterrupt:
        ended = StoppedError.exit_code
        on_error(StoppedError("stopped, no plan was written"))
        raise
    except OSError as error:  # a full disk
        ended = LodestoneError.exit_code
        on_error(LodestoneError(in_words(error)))
        raise
    finally:
        if ended:  # the others wait for this one: whatever went wrong ends them too
            if ended == 1:
                traceback.print_exc()
            _world.Abort(ended)


def _say(error: LodestoneError) -> None:
    print(f"Error: {error}", file=sys.stderr, flush=True)


def main(folder: Path) -> None:
    """Work on the task that lies in a folder, as one of the processes."""
    leave_to_leader()  # to the command, that is: it asks through the folder
    order: Order = _world.bcast(pickle.loads((folder / TASK).read_bytes()) if is_first() else None)
    told, best = 0.0, None

    def tell(progress: Progress) -> None:
        nonlocal told, best
        if time.monotonic() - told >= TELL_EVERY_S or progress.best != best:
            told, best = time.monotonic(), progress.best
            put(folder / PROGRESS, progress)

    def should_stop() -> bool:
        return (folder / STOP).exists() or is_abandoned(folder)  # nobody waits for what is found

    found = _hedge(order, tell, should_stop, lambda error: put(folder / ERROR, error))
    if found is not None:
        put(folder / FOUND, found)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
