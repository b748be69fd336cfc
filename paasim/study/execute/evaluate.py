"""Working out points: those that a store has are taken from there, equal ones are done once, the longest come first."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from paasim.core.errors import PaasimError
from paasim.metrics.replication import Replication
from paasim.study import fingerprint
from paasim.study.execute.batch import WORTH_WORKERS
from paasim.study.execute.crew import Crew, Inline, TimedOutError, WorkerDiedError, cores
from paasim.study.execute.drive import drive
from paasim.study.execute.processes import Processes
from paasim.study.execute.task import Done, Piece, Task, attempt
from paasim.study.expected import Times, size
from paasim.study.point import Outcome, Point, outcome
from paasim.study.store import Store


@dataclass(frozen=True)
class Failure:
    """A point that has no outcome."""

    label: str
    kind: Literal["failed", "timed out", "worker died"]
    reason: str
    error: BaseException = field(compare=False, repr=False)


@dataclass
class Tally:
    """How far a study is."""

    total: int
    cached: int = 0
    """Taken from the store, or equal to another point."""
    done: int = 0
    """Worked out now."""
    failed: int = 0
    label: str = ""
    """What ended last."""
    seconds_left: float = 0.0


Watch = Callable[[Tally], None]
"""Told how far a study is, when it begins and after every point."""


def evaluate(
    points: Sequence[Point],
    *,
    crew: Crew | None = None,
    store: Store | None = None,
    watch: Watch | None = None,
    timeout: float | None = None,
    jobs: int | None = None,
    questions: Sequence[str] | None = None,
) -> list[Outcome | Failure]:
    """Work out points.

    Args:
        points: what to work out.
        crew: who does it; if not given, this process or processes of this machine.
        store: where outcomes are kept; every one is put there when it is known.
        watch: told how far it is.
        timeout: seconds that a point may take, where no crew is given.
        jobs: processes, where no crew is given; None = as many as pay.
        questions: the hashes of the points (`paasim.study.fingerprint.question`), where they are known.

    Returns:
        One for each point, in their order.
    """
    study = _Study(points, questions or [fingerprint.question(point) for point in points], store, watch)
    while study.left and crew is None and jobs is None and timeout is None and study.seconds < WORTH_WORKERS:
        study.run(Inline(), most=1)  # each tells more about how long the rest takes
    if study.left:
        crew = crew or crew_for(study.replications, study.seconds, jobs, timeout)
        crew.start()
        study.run(crew)
    elif crew is not None:
        crew.abandon()
    return [study.found[question] for question in study.questions]


def crew_for(tasks: int, seconds: float, jobs: int | None, timeout: float | None = None) -> Crew:
    """Workers on this machine.

    Args:
        tasks: how many things there are to do.
        seconds: how long they will take one after the other, about.
        jobs: processes; None: as many as pay.
        timeout: seconds for each; only a process of its own can be stopped.
    """
    if jobs is None:
        jobs = cores() if seconds > WORTH_WORKERS else 1
    if jobs == 1 and timeout is None:
        return Inline()
    return Processes(max(1, min(jobs, tasks)), timeout)


class _Study:
    """The points of one call: what is known of them, and what is left. Points that ask the same are one."""

    def __init__(
        self, points: Sequence[Point], questions: Sequence[str], store: Store | None, watch: Watch | None
    ) -> None:
        self.questions, self.store, self.watch = questions, store, watch
        self.times = Times(store.folder if store is not None else None)
        self.found: dict[str, Outcome | Failure] = {}
        self.left: dict[str, Point] = {}
        for question, point in zip(questions, points, strict=True):
            if question in self.found or question in self.left:
                continue
            kept = store.get(fingerprint.sealed(question)) if store is not None else None
            if kept is not None:
                self.found[question] = kept
            else:
                self.left[question] = point
        self.pieces: dict[str, dict[int, Replication]] = defaultdict(dict)
        self.spent: dict[str, float] = defaultdict(float)
        self.tally = Tally(len(points), cached=len(points) - len(self.left))
        self.began = time.perf_counter()
        self.whole = self.ahead = self.seconds
        self.tell(1)

    @property
    def seconds(self) -> float:
        """How long the rest takes on one core, about."""
        return sum(self.times.expect(question, size(point)) for question, point in self.left.items())

    @property
    def replications(self) -> int:
        """Replications that are left."""
        return sum(point.count for point in self.left.values())

    def run(self, crew: Crew, most: int | None = None) -> None:
        """Work out what is left, the longest points first.

        Args:
            crew: who does it.
            most: only so many points; None: all.
        """
        expected = {question: self.times.expect(question, size(point)) for question, point in self.left.items()}
        tasks: list[tuple[str, Task]] = []
        for question in sorted(expected, key=lambda question: -expected[question])[:most]:
            point = self.left[question]
            key = fingerprint.sealed(question) if crew.is_remote else None
            in_parts = len(expected) < crew.workers and point.count > 1
            numbers = range(point.first, point.first + point.count) if in_parts else (None,)
            tasks += [(question, Task(point, number, key)) for number in numbers]

        def finished(number: int, result: Done | BaseException) -> None:
            question, task = tasks[number]
            if question in self.found:  # another replication of it has failed
                return
            ended = failure(task.point, result) if isinstance(result, BaseException) else self.join(question, *result)
            if ended is not None:
                self.keep(question, ended)
                self.ahead -= expected[question]
                self.tell(crew.workers)

        self.began, self.whole = time.perf_counter(), sum(expected.values())
        self.ahead = self.whole
        drive(attempt, [task for _, task in tasks], crew, finished)

    def join(self, question: str, seconds: float, result: Outcome | Piece) -> Outcome | None:
        """The outcome of a point; None as long as replications of it are missing."""
        self.spent[question] += seconds
        if isinstance(result, Outcome):
            return result
        point, parts = self.left[question], self.pieces[question]
        parts[result.number] = result.replication
        if len(parts) < point.count:
            return None
        return outcome([parts.pop(number) for number in sorted(parts)], point)

    def keep(self, question: str, ended: Outcome | Failure) -> None:
        """Note, and put into the store, how a point ended."""
        point = self.left.pop(question)
        self.found[question] = ended
        self.tally.label = point.label
        if isinstance(ended, Failure):
            self.tally.failed += 1
            return
        self.tally.done += 1
        if self.store is not None:
            self.store.put(fingerprint.sealed(question), ended)
        self.times.learn(question, size(point), self.spent[question])

    def tell(self, workers: int) -> None:
        """Say how far it is, and how long the rest will take: as foreseen, corrected by the pace since the start."""
        if self.watch is None:
            return
        done = self.whole - self.ahead
        pace = (time.perf_counter() - self.began) / done if done > 0 else 1 / workers
        self.tally.seconds_left = max(self.ahead, 0.0) * pace
        self.watch(self.tally)


def failure(point: Point, error: BaseException) -> Failure:
    """Why a point has no outcome.

    Raises:
        BaseException: the error itself, if it is no failure of the point.
    """
    if not isinstance(error, Exception):
        raise error
    text = " | ".join(str(error).splitlines())
    if isinstance(error, TimedOutError):
        return Failure(point.label, "timed out", text, error)
    if isinstance(error, WorkerDiedError):
        return Failure(point.label, "worker died", f"{text}, each time it was tried", error)
    return Failure(
        point.label, "failed", text if isinstance(error, PaasimError) else f"{type(error).__name__}: {text}", error
    )
