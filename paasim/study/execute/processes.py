"""A pool of processes on this machine: threads that each have a helper (`paasim.study.execute.helper`).

Unlike `concurrent.futures.ProcessPoolExecutor`, which breaks as a whole, it knows what each process works on: a death
is that of one task, the others go on, and a task may have a time limit.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from paasim.study.execute.crew import Crew
from paasim.study.execute.helper import Helper

P = ParamSpec("P")
R = TypeVar("R")

TASKS = "paasim.study.execute.task"
"""What processes import when they are started ahead of their tasks."""


class Processes(Crew):
    """Processes of this machine.

    Args:
        jobs: how many.
        timeout: seconds that a task may take; None: no limit.
    """

    def __init__(self, jobs: int, timeout: float | None = None) -> None:
        self.workers = jobs
        self.timeout = timeout
        self._threads = ThreadPoolExecutor(jobs, thread_name_prefix="paasim")
        self._mine = threading.local()
        self._helpers = [Helper() for _ in range(jobs)]
        self._spare = list(self._helpers)

    def start(self) -> None:
        """Start the processes, which takes them a second, while this one still prepares their tasks."""
        for helper in self._spare:
            helper.begin(TASKS)

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Do a task in one of the processes; `fn` is a function of a module."""
        return self._threads.submit(self._call, fn, args, kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let the processes end when they have done their tasks."""
        self._threads.shutdown(wait=wait, cancel_futures=cancel_futures)
        for helper in self._helpers if wait else ():
            helper.close()

    def abandon(self) -> None:
        """Stop the processes at once."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for helper in self._helpers:
            helper.kill()
        self.shutdown()

    def _call(self, fn: Callable[..., R], args: Any, kwargs: Any) -> R:
        helper = getattr(self._mine, "helper", None)
        if helper is None:
            helper = self._mine.helper = self._spare.pop()
        return helper.call(self.timeout, fn, *args, **kwargs)
