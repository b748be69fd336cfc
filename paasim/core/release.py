"""When the bytes of a KV cache become ready to send."""

from __future__ import annotations

from collections.abc import Callable
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


class Feed:
    """Bytes that become ready as they come, told by whoever makes them: a staircase that nobody knows beforehand.

    A link that sends it listens; what was given before it listened counts from then on.
    """

    __slots__ = ("closed", "listener", "ready")

    def __init__(self) -> None:
        self.ready = 0.0
        """Bytes so far."""
        self.closed = False
        """Whether that is all."""
        self.listener: Callable[[], None] | None = None
        """Called by `give` each time; set by the link."""

    def give(self, size: float, last: bool = False) -> None:
        """More bytes are ready now.

        Args:
            size: how many.
            last: whether no more will come.
        """
        self.ready += size
        if last:
            self.closed = True
        if self.listener is not None:
            self.listener()


class Progress:
    """The steps in which an engine computes a prompt; each is told when it starts, since its end is certain then.

    Made for a request whose KV leaves step by step; the engine forgets it when the last step has been told.
    """

    __slots__ = ("listener", "steps")

    def __init__(self) -> None:
        self.steps: list[tuple[float, float, int, int]] = []
        """(start in s, end in s, prompt tokens whose KV was there before, and after)."""
        self.listener: Callable[[], None] | None = None
        """Called by `step` each time; set by whoever packs the KV."""

    def step(self, start: float, end: float, before: int, after: int) -> None:
        """A step that computes tokens `before` to `after` of the prompt has started."""
        self.steps.append((start, end, before, after))
        if self.listener is not None:
            self.listener()
