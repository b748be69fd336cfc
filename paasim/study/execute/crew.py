"""Who does the work: executors of `concurrent.futures` that know how many tasks to keep at hand, and how a worker ends.

A crew is this process (`Inline`), processes of this machine (`paasim.study.execute.processes`) or a cluster
(`paasim.study.execute.cluster`). What drives them (`paasim.study.execute.drive`) need not know which.
"""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Callable
from concurrent.futures import Executor, Future
from types import TracebackType
from typing import Any, Literal, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class WorkerDiedError(Exception):
    """The process that worked on a task ended before it had an answer."""


class TimedOutError(Exception):
    """A task was stopped because it took longer than it may."""


class Crew(Executor):
    """An executor for tasks that take a while. Used once, in a `with` block: an exception in it drops all work."""

    workers: int
    """Tasks that are worked on at once."""
    is_remote = False
    """Whether workers may see other files than this process."""

    @property
    def at_hand(self) -> int:
        """Tasks to have submitted at a time: enough that no worker waits for the next one, few enough to keep order."""
        return 2 * self.workers

    def start(self) -> None:
        """Get ready, where that can fail.

        Raises:
            InputError: if it cannot work as the user asked.
        """

    @abstractmethod
    def abandon(self) -> None:
        """Stop at once, also what is being worked on."""

    def error(self, future: Future[Any]) -> BaseException | None:
        """What a finished task raised; `WorkerDiedError` where its worker is gone."""
        return future.exception()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Literal[False]:
        """Wait for the tasks, or drop them after an exception."""
        if kind is None:
            self.shutdown()
        else:
            self.abandon()
        return False


class Inline(Crew):
    """This process: a task is done when it has been submitted."""

    workers = 1

    @property
    def at_hand(self) -> int:
        """One: it is done at once."""
        return 1

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Do a task here and now."""
        future: Future[R] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future

    def abandon(self) -> None:
        """There is nothing to stop."""


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
