"""Levels of a pool or fleet as time integrals, at two additions per change.

The integral of a level n(t) up to `now` is `n * now - sum of t_i * change_i` over its changes so far: the second term
is kept as `moment`. Changes may be entered a little ahead of time (a step boundary that is already known).
"""

from __future__ import annotations


class Meter:
    """Counts of one pool, link or fleet, shared by its instances (which change the fields directly)."""

    __slots__ = (
        "busy",
        "busy_moment",
        "finished",
        "prompt_tokens",
        "queue",
        "queue_moment",
        "running",
        "running_moment",
        "steps",
        "tokens",
    )

    def __init__(self) -> None:
        self.queue = self.running = self.busy = 0
        self.queue_moment = self.running_moment = self.busy_moment = 0.0
        self.tokens = self.prompt_tokens = self.steps = self.finished = 0

    def totals(self, now: float) -> dict[str, float]:
        """Integrals and counts up to `now` (names as in `paasim.core.recorder.Levels`)."""
        return {
            "busy": self.busy * now - self.busy_moment,
            "queue": self.queue * now - self.queue_moment,
            "running": self.running * now - self.running_moment,
            "tokens": float(self.tokens + self.prompt_tokens),
            "prompt_tokens": float(self.prompt_tokens),
            "steps": float(self.steps),
        }
