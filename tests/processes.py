"""Real processes for tests: who works for whom, and whether they are still there."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest


def children(pid: int) -> list[int]:
    """The processes that a process has started, by whichever of its threads."""
    here = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    if not here.exists():
        pytest.skip("needs /proc to see the workers")
    found: list[int] = []
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += map(int, listed.read_text().split())
        except OSError:  # a thread that has ended
            continue
    return found


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and is not yet buried does not, once its last thread has."""
    return any(_runs(thread) for thread in Path(f"/proc/{pid}/task").glob("*/stat"))


def _runs(thread: Path) -> bool:
    try:
        return thread.read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:  # it has ended
        return False


def wait_until(is_so: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
    """Wait for something that will be so before long."""
    end = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > end:
            pytest.fail(f"still not so after {seconds:g} s: {what}")
        time.sleep(0.02)


def wait_for_workers(pid: int, count: int) -> list[int]:
    """Until a process has so many children; they are returned."""
    wait_until(lambda: len(children(pid)) >= count, f"{count} workers of {pid}")
    return children(pid)
