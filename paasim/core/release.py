"""When the bytes of a KV cache become ready to send."""

from __future__ import annotations

from typing import NamedTuple


class Release(NamedTuple):
    """A staircase of ready bytes: all that streaming plans and pipelined codecs tell a link.

    A fraction `head` of the bytes is ready at `start`; the rest in `parts` equal parts, of which part i (from 0) is
    ready at `start + first + i * period`. A whole transfer is `Release(t, 0, 0, 1)`.
    """

    start: float
    """Absolute time, s."""
    first: float
    """From `start` to the first part, s."""
    period: float
    """From one part to the next, s."""
    parts: int
    head: float = 0.0
    """Fraction in [0, 1] that is ready at once."""

    def ready_at(self, part: int) -> float:
        """Absolute time at which part `part` (from 0) is ready, s."""
        return self.start + self.first + part * self.period

    @property
    def end(self) -> float:
        """Absolute time at which everything is ready, s."""
        return self.ready_at(self.parts - 1)
