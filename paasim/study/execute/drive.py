"""The loop that drives every crew: a bounded number of tasks at hand, and none lost where a worker dies.

A task whose worker died is tried again: once among the others, since it may be somebody else's doing, then alone,
when all else is done, since it may need the whole memory. The third death is its own.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import TypeVar

from paasim.study.execute.crew import Crew, WorkerDiedError

T = TypeVar("T")
R = TypeVar("R")

AMONG_OTHERS = 2
"""Deaths after which a task is tried alone."""
MOST_DEATHS = 3
"""Deaths after which it is not tried again."""


def drive(
    work: Callable[[T], R],
    tasks: Sequence[T],
    crew: Crew,
    finished: Callable[[int, R | BaseException], None],
) -> None:
    """Do all tasks.

    Args:
        work: what to do with a task; a function of a module, for crews in other processes.
        tasks: in the order in which they are begun.
        crew: who does it; it is used up.
        finished: told, in this thread, the number of a task and what it gave or raised. What it raises ends the loop.
    """
    waiting, suspects = deque(range(len(tasks))), deque[int]()
    deaths: Counter[int] = Counter()
    flying: dict[Future[R], int] = {}

    def begin(number: int) -> None:
        flying[crew.submit(work, tasks[number])] = number

    def land(future: Future[R]) -> None:
        number, error = flying.pop(future), crew.error(future)
        if isinstance(error, WorkerDiedError):
            deaths[number] += 1
            if deaths[number] < AMONG_OTHERS:
                waiting.appendleft(number)
                return
            if deaths[number] < MOST_DEATHS:
                suspects.append(number)
                return
        finished(number, future.result() if error is None else error)

    with crew:
        while waiting or suspects or flying:
            while waiting and len(flying) < crew.at_hand:
                begin(waiting.popleft())
            if not flying:
                begin(suspects.popleft())
            for future in wait(flying, return_when=FIRST_COMPLETED).done:
                land(future)
