"""How long points take: what earlier ones took, else in proportion to their requests."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from paasim.scenario.scenario import Scenario
from paasim.study.point import Point

FILE = "times.jsonl"
GUESS = 2e-4
"""Seconds per request before anything is known; only which points are longer depends on it."""
TRACE = 10_000.0
"""Requests that a trace is taken to have, where it is not limited."""
NO_END = 600.0
"""Seconds that a run is taken to last, where nothing says so."""
ANSWER = 10.0
"""Seconds between the requests of a user in a closed loop, besides thinking."""


def requests(scenario: Scenario) -> float:
    """About how many requests a replication has."""
    run = scenario.run
    if run.requests is not None:
        return float(run.requests)
    seconds = run.duration or run.max_time or NO_END
    total = 0.0
    for each in scenario.classes.values():
        if each.closed_loop is not None:
            total += seconds * each.closed_loop.users / (each.closed_loop.think + ANSWER)
        elif each.trace is not None:
            total += each.trace.limit or TRACE
        elif each.arrivals is not None:
            total += seconds * each.arrivals.rate if each.arrivals.rate else TRACE
    return max(total, 1.0)


def size(point: Point) -> float:
    """About how many requests a point has."""
    return requests(point.scenario) * point.count


class Times:
    """What points took, kept in a file beside their outcomes.

    Args:
        folder: that of the store; None: nothing is kept.
    """

    def __init__(self, folder: Path | None) -> None:
        self._file = folder / FILE if folder is not None else None
        self._known: dict[str, float] = {}
        self._paces: list[float] = []
        for question, requests, seconds in self._read():
            self._known[question] = seconds
            self._paces.append(seconds / requests)

    @property
    def is_known(self) -> bool:
        """Whether any point has been timed."""
        return bool(self._paces)

    @property
    def pace(self) -> float:
        """Seconds per request, the median so far; a guess if nothing is known."""
        return median(self._paces) if self._paces else GUESS

    def expect(self, question: str, size: float) -> float:
        """Seconds that a point will take: what it took the last time, else by its size."""
        return self._known.get(question, self.pace * size)

    def learn(self, question: str, size: float, seconds: float) -> None:
        """Note what a point took; a note that cannot be written is no reason to stop."""
        self._known[question] = seconds
        self._paces.append(seconds / size)
        if self._file is None:
            return
        line = json.dumps([question, size, round(seconds, 6)]) + "\n"
        try:
            handle = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            try:
                os.write(handle, line.encode())  # one write, so that lines of several processes stay whole
            finally:
                os.close(handle)
        except OSError:
            self._file = None

    def _read(self) -> Iterator[tuple[str, float, float]]:
        """The lines that can be read."""
        try:
            lines = self._file.read_text(encoding="utf-8").splitlines() if self._file is not None else []
        except (OSError, UnicodeDecodeError):
            return
        for line in lines:
            try:
                question, requests, seconds = json.loads(line)
                yield str(question), max(float(requests), 1.0), float(seconds)
            except (ValueError, TypeError):
                continue
