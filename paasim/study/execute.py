"""Work units (one replication of one variant) and the processes that do them.

A unit is self-contained and a replication's random streams depend only on seed and number, so results are the same on
any number of workers and in any order of completion. Workers are spawned, not forked: safe with threads, everywhere.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import active_children, get_context
from typing import Protocol, TypeVar

from paasim.metrics.replication import Replication, measure
from paasim.metrics.slo import Limits
from paasim.metrics.warmup import Warmup
from paasim.scenario.run import Share
from paasim.scenario.scenario import Scenario

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


@dataclass(frozen=True)
class Unit:
    """One replication of one variant."""

    variant: str
    scenario: Scenario
    replication: int

    @property
    def label(self) -> str:
        """For people, counted from 1."""
        return f"{self.variant} #{self.replication + 1}"


def work(unit: Unit) -> Replication:
    """Simulate and measure one unit."""
    from paasim.simulate import simulate_once

    records = simulate_once(unit.scenario, unit.replication)
    return measure(records, warmup_of(unit.scenario), limits_of(unit.scenario, records.classes))


def execute(
    units: Sequence[W],
    jobs: int | None,
    progress: Progress | None,
    work: Callable[[W], R],
) -> list[R]:
    """Do all units and give their results in the same order.

    Args:
        units: what to do.
        jobs: processes; 1 = only this one; None = more than this one if there is work for them.
        progress: told after every unit.
        work: what to do with a unit.
    """
    found: dict[int, R] = {}
    done = 0

    def finished(number: int, result: R) -> None:
        nonlocal done
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
        _in_processes(units, left, min(jobs or cores(), len(left)), finished, work)
    return [found[number] for number in range(len(units))]


def _in_processes(
    units: Sequence[W],
    left: Sequence[int],
    jobs: int,
    finished: Callable[[int, R], None],
    work: Callable[[W], R],
) -> None:
    others = set(active_children())
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_ignore_interrupts) as pool:
        try:
            with _interrupts_ignored():  # processes start here, and ignore Ctrl-C from their first moment on
                futures: dict[Future[R], int] = {pool.submit(work, units[number]): number for number in left}
            for future in as_completed(futures):
                finished(futures.pop(future), future.result())
        except KeyboardInterrupt:
            for process in set(active_children()) - others:  # nobody waits for what they are at
                process.terminate()
            pool.shutdown(cancel_futures=True)
            raise
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _ignore_interrupts() -> None:
    """In a worker: Ctrl-C goes to all processes of a terminal, and only the first one deals with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Ignore Ctrl-C for a moment; new processes inherit that. Only the main thread may do so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def warmup_of(scenario: Scenario) -> Warmup:
    """The scenario's warm-up as the metrics understand it."""
    asked = scenario.run.warmup
    if asked == "auto":
        return Warmup(auto=True)
    return Warmup(share=float(asked)) if isinstance(asked, Share) else Warmup(duration=float(asked))


def limits_of(scenario: Scenario, classes: Sequence[str]) -> list[Limits]:
    """Latency limits by request class: a class's own, else the scenario's."""

    def limits(name: str) -> Limits:
        own = scenario.classes[name].slo if name in scenario.classes else None
        slo = own or scenario.slo
        return {key: most for key in ("ttft", "tpot", "e2el") if (most := getattr(slo, key)) is not None}

    return [limits(name) for name in classes]
