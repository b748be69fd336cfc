"""What is sent to a worker: a point, or one of its replications where there are more workers than points."""

from __future__ import annotations

import time
from dataclasses import dataclass

from paasim.core.errors import InputError
from paasim.metrics.replication import Replication
from paasim.study import fingerprint
from paasim.study.execute.units import Unit, work
from paasim.study.point import Outcome, Point, outcome


@dataclass(frozen=True)
class Task:
    """A point to work out, or a part of it."""

    point: Point
    replication: int | None = None
    """The one to do; None: all of them, pooled."""
    key: str | None = None
    """The point's hash where the task was made, for a worker that may see other files; None: not to be compared."""


@dataclass(frozen=True)
class Piece:
    """One replication of a point."""

    number: int
    replication: Replication


Done = tuple[float, Outcome | Piece]
"""Seconds that it took, and what came out."""


def attempt(task: Task) -> Done:
    """Do a task.

    Raises:
        InputError: if the scenario cannot run, or this machine has other files than the one that asks.
    """
    began = time.perf_counter()
    point = task.point
    if task.key is not None and fingerprint.key(point) != task.key:
        todo = "give all machines the same paasim, and the same profiles, traces and other files at the same paths"
        raise InputError.one("", "a worker would work out something else than was asked for", todo)
    numbers = range(point.first, point.first + point.count) if task.replication is None else [task.replication]
    try:
        each = [work(Unit(point.label, point.scenario, number)) for number in numbers]
    except InputError:
        raise
    except Exception:
        _explain(point)
        raise
    result = outcome(each, point) if task.replication is None else Piece(task.replication, each[0])
    return time.perf_counter() - began, result


def _explain(point: Point) -> None:
    """Say in words what is wrong with a scenario that failed, if the checks know.

    Raises:
        InputError: if they do.
    """
    from paasim.scenario.checks import check

    check(point.scenario)
