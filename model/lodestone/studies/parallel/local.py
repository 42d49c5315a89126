"""Tasks in processes of this machine; one whose worker is killed is tried once more."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from lodestone.errors import StoppedError
from lodestone.progress import ShouldStop
from lodestone.studies.parallel.tasks import NOT_BEGUN, Failure, OnNews, Task, Tell, Value, attempt, sparing
from lodestone.studies.parallel.workers import Crew

TRIES = 2  # of a task whose worker is killed


def on_this_machine(tasks: Sequence[Task], processes: int, hear: OnNews, should_stop: ShouldStop) -> list[Value]:
    """As run_tasks."""
    return _Study(tasks, processes, hear, should_stop).run()


def one_after_another(tasks: Sequence[Task], hear: OnNews, should_stop: ShouldStop) -> list[Value]:
    """As run_tasks, in this process: for scripts, which other processes would have to import."""
    values = []
    for place, task in enumerate(tasks):
        tell = partial(hear, place)
        stopped = Failure(StoppedError.exit_code, NOT_BEGUN)
        values.append(stopped if should_stop() else _work(task, tell, should_stop))
        hear(place, values[-1])
    return values


class _Study:
    """The tasks on a crew of processes of this machine."""

    def __init__(self, tasks: Sequence[Task], processes: int, hear: OnNews, should_stop: ShouldStop) -> None:
        self.tasks = tasks
        self.processes = min(processes, len(tasks))
        self.hear = hear
        self.should_stop = should_stop
        self.values: dict[int, Value] = {}
        self.tries = dict.fromkeys(range(len(tasks)), 0)
        self.waiting = list(range(len(tasks)))

    def run(self) -> list[Value]:
        with Crew(_work, self.processes) as crew:
            while len(self.values) < len(self.tasks):
                if self.should_stop():
                    self._stop(crew)
                for event in crew.events(self._next):
                    if event.kind == "news":
                        self.hear(event.place, event.news)
                    elif event.kind == "value":
                        self._finish(event.place, event.news)
                    else:
                        self._lost(event.place)
        return [self.values[i] for i in range(len(self.tasks))]

    def _next(self) -> tuple[int, Task] | None:
        if not self.waiting:
            return None
        place = self.waiting.pop(0)
        return place, self.tasks[place]

    def _stop(self, crew: Crew) -> None:
        crew.ask_to_stop()
        while self.waiting:
            self._finish(self.waiting.pop(0), Failure(StoppedError.exit_code, NOT_BEGUN))

    def _lost(self, place: int) -> None:
        self.tries[place] += 1
        if self.tries[place] < TRIES and not self.should_stop():
            self.waiting.insert(0, place)
        else:
            times = "" if self.tries[place] == 1 else f" {self.tries[place]} times"
            memory = "; if memory is short, use fewer --jobs" if self.tries[place] >= TRIES else ""
            message = f"its worker process ended without an answer{times} (killed?){memory}"
            self._finish(place, Failure(StoppedError.exit_code, message))

    def _finish(self, place: int, value: Value) -> None:
        self.values[place] = value
        self.hear(place, value)


def _work(task: Task, tell: Tell, should_stop: ShouldStop) -> Value:
    """In a worker: the whole of a task."""
    return attempt(lambda: task.finish(task.run(sparing(tell), should_stop)))
