"""How far a sweep is: a bar on a terminal; elsewhere, as in the log of a batch system, a line now and then."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from paasim.cli import console

if TYPE_CHECKING:
    from paasim.study.execute.evaluate import Tally, Watch

EVERY = 30.0
"""Seconds between two lines of a log."""


@contextmanager
def progress() -> Iterator[Watch]:
    """What tells the user on stderr."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    stderr = console.err()
    if not stderr.is_terminal:
        yield _lines()
        return
    columns = (TextColumn("points"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=stderr, transient=True) as bar:
        task = bar.add_task("", total=None)

        def tell(tally: Tally) -> None:
            bar.update(task, completed=_ended(tally), total=tally.total, description=state(tally))

        yield tell


def state(tally: Tally) -> str:
    """`12 failed, 300 from the store, 4.2 min left`."""
    from paasim.report.words import seconds

    parts = [f"{tally.failed:,} failed"] if tally.failed else []
    parts += [f"{tally.cached:,} from the store"] if tally.cached else []
    parts += [f"{seconds(tally.seconds_left)} left"] if _ended(tally) < tally.total else []
    return ", ".join(parts)


def _ended(tally: Tally) -> int:
    return tally.cached + tally.done + tally.failed


def _lines() -> Watch:
    told = time.monotonic()

    def tell(tally: Tally) -> None:
        nonlocal told
        if time.monotonic() - told >= EVERY:
            told = time.monotonic()
            console.note(f"{_ended(tally):,} of {tally.total:,} points; {state(tally)}")

    return tell
