"""State that is as old as a real router's view of the world would be."""

from __future__ import annotations

from collections.abc import Callable
from math import inf


class Stale:
    """Readings that are taken anew only when the last ones are older than `age` seconds (0: always fresh)."""

    def __init__(self, read: Callable[[], list[float]], age: float) -> None:
        self._read = read
        self._age = age
        self._taken = -inf
        self._values: list[float] = []

    def at(self, now: float) -> list[float]:
        """The readings as seen at time `now`."""
        if now - self._taken >= self._age:
            self._values = self._read()
            self._taken = now
        return self._values
