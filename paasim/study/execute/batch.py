"""Doing units that must all succeed: replications of runs and comparisons, measurements to calibrate against."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from paasim.study.execute.crew import cores
from paasim.study.execute.drive import drive
from paasim.study.execute.processes import Processes

Progress = Callable[[int, int, str], None]
"""Called with units done, units in all, and what was done last."""

WORTH_WORKERS = 4.0
"""Seconds of work left from which more processes pay: one takes about a second to start."""


class Labelled(Protocol):
    """Something to do."""

    @property
    def label(self) -> str:
        """For people."""


W = TypeVar("W", bound=Labelled)
R = TypeVar("R")


def execute(
    units: Sequence[W],
    jobs: int | None,
    progress: Progress | None,
    work: Callable[[W], R],
) -> list[R]:
    """Do all units and give their results in the same order; the first failure ends it.

    Args:
        units: what to do.
        jobs: processes; 1 = only this one; None = more than this one if there is work for them.
        progress: told after every unit.
        work: what to do with a unit.
    """
    found: dict[int, R] = {}
    done = 0

    def finished(number: int, result: R | BaseException) -> None:
        nonlocal done
        if isinstance(result, BaseException):
            raise result
        found[number] = result
        done += 1
        if progress:
            progress(done, len(units), units[number].label)

    left = list(range(len(units)))
    while left and (jobs == 1 or jobs is None):
        began = time.perf_counter()
        number = left.pop(0)
        finished(number, work(units[number]))
        if jobs is None and (time.perf_counter() - began) * len(left) > WORTH_WORKERS and cores() > 1:
            break
    if left:
        crew = Processes(min(jobs or cores(), len(left)))
        drive(work, [units[number] for number in left], crew, lambda n, result: finished(left[n], result))
    return [found[number] for number in range(len(units))]
