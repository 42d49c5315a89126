"""Starts the processes of a decomposition on this machine, shows how far they are, and brings back what they found.

Nothing of MPI is imported here: the ranks are other processes (`rank`), reached through a folder. One that is killed,
or dies, ends them all, and the run with a message.
"""

from __future__ import annotations

import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import lodestone
from lodestone.errors import LodestoneError, StoppedError, UsageError
from lodestone.progress import OnProgress, Progress, ShouldStop
from lodestone.solve.decomposition.order import Found, Order
from lodestone.system.scratch import scratch
from lodestone.system.signals import held_back

TASK, PROGRESS, FOUND, ERROR, STOP = "task", "progress", "found", "error", "stop"
POLL_S = 0.2
EXTRA = 'pip install "lodestone[mpi]"'


def inside_mpi() -> bool:
    """Whether mpiexec (of MPICH, Open MPI, Intel MPI) started this process beside others."""
    return any(int(os.environ.get(size, "1")) > 1 for size in ("PMI_SIZE", "OMPI_COMM_WORLD_SIZE"))


def mpiexec() -> str:
    """What starts the ranks: beside this Python, else on the PATH. Raises UsageError when something lacks."""
    missing = [package for package in ("mpisppy", "mpi4py") if find_spec(package) is None]
    if missing:
        raise UsageError(f"--decompose needs {' and '.join(missing)}: {EXTRA}")
    beside = os.pathsep.join((os.path.dirname(sys.executable), os.environ.get("PATH", "")))
    found = shutil.which("mpiexec", path=beside)
    if found is None:
        raise UsageError(f"--decompose needs mpiexec, which no folder of the PATH has: {EXTRA}, or install an MPI")
    return found


def run_ranks(order: Order, processes: int, on_progress: OnProgress | None, should_stop: ShouldStop | None) -> Found:
    """What the first rank found. Raises what a rank raised on purpose, StoppedError when one ended otherwise."""
    program = mpiexec()
    root = str(Path(lodestone.__file__).resolve().parents[1])
    paths = os.pathsep.join(part for part in (root, os.environ.get("PYTHONPATH", "")) if part)
    with scratch() as folder:
        put(folder / TASK, order)
        command = [
            program,
            "-n",
            str(processes),
            sys.executable,
            "-m",
            "mpi4py",
            "-m",
            "lodestone.solve.decomposition.rank",
            str(folder),
        ]
        # In a session of their own and deaf to signals, mpiexec too: this process is asked to end, and asks them.
        with open(folder / "log", "wb") as log, held_back():
            ranks = subprocess.Popen(
                command,
                cwd=folder,  # where mpi-sppy leaves its log
                env=os.environ | {"PYTHONPATH": paths},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            _wait(ranks, folder, on_progress, should_stop)
        finally:
            _end(ranks)

        if (folder / ERROR).exists():
            error: LodestoneError = pickle.loads((folder / ERROR).read_bytes())
            raise error
        if ranks.returncode != 0 or not (folder / FOUND).exists():
            raise StoppedError(f"a process of the decomposition ended before its time{_last_words(folder / 'log')}")
        found: Found = pickle.loads((folder / FOUND).read_bytes())
        return found


def put(path: Path, content: object) -> None:
    """Write a file whole: whoever reads it finds all of it or none."""
    part = path.with_name(f"{path.name}.{os.getpid()}")
    part.write_bytes(pickle.dumps(content))
    part.replace(path)


def _wait(
    ranks: subprocess.Popen[bytes], folder: Path, on_progress: OnProgress | None, should_stop: ShouldStop | None
) -> None:
    started = time.monotonic()
    running = True
    while running:  # once more after they ended: what was told last is heard too
        time.sleep(POLL_S)
        running = ranks.poll() is None
        if should_stop and should_stop():
            (folder / STOP).touch()
        if on_progress and (folder / PROGRESS).exists():
            on_progress(pickle.loads((folder / PROGRESS).read_bytes()))
        elif on_progress:
            on_progress(Progress("hedge", time.monotonic() - started))


def _end(ranks: subprocess.Popen[bytes]) -> None:
    if ranks.poll() is not None:
        return
    if os.name == "posix":  # mpiexec and what it has started
        os.killpg(ranks.pid, signal.SIGKILL)
    else:
        ranks.kill()
    ranks.wait()


def _last_words(log: Path) -> str:
    """The last lines that the ranks printed, without blank lines and rules."""
    lines = [line.strip(" =|") for line in log.read_text(errors="replace").splitlines()]
    said = [line for line in lines if any(c.isalpha() for c in line)]
    return f" ({' / '.join(said[-3:])})" if said else ""
