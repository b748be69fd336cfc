"""One flow: bytes that become ready in a staircase, and what becomes of them at a constant rate, in closed form.

Models a flow as a fluid: it sends at its share of the link whenever bytes are ready and unsent, and is idle otherwise.
Leaves out packets, headers and transport: a size is payload.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from paasim.core.release import Release

if TYPE_CHECKING:
    from paasim.core.kernel import Moment
    from paasim.link.access import Access


class Flow:
    """A transfer while its bytes leave. Slots, not a dataclass: one is made per transfer, in the hot loop.

    The state is (`at`, `backlog`, `released`): at that moment `backlog` bytes are ready and unsent, and parts 0 to
    `released - 1` have been released. Whoever shares out the link keeps it (see `paasim.link.plain.direction`).
    """

    __slots__ = (
        "at",
        "backlog",
        "cap",
        "delay",
        "device",
        "end",
        "event",
        "first",
        "left",
        "number",
        "part",
        "parts",
        "period",
        "released",
        "size",
        "started",
    )

    def __init__(self, event: Moment, size: float, release: Release, cap: float, device: Access | None) -> None:
        start, first, period, parts, head = release
        self.event = event
        self.size = size
        self.cap = cap
        """Bytes per second that it gets at most."""
        self.device = device
        """Whose access link it shares with the other flows of that device; None if no access link can bind it."""
        self.first = start + first
        if period <= 0.0 or parts == 1:
            parts, period = 1, 1.0  # one part: its period is without meaning, and must not be divided by when 0
        self.period = period
        self.parts = parts
        self.part = (size - head * size) / parts
        self.end = self.first + (parts - 1) * period
        self.backlog = head * size
        if self.part <= 0.0:
            self.end, self.backlog, self.part = start, size, 0.0
        self.delay = self.at = self.started = self.left = 0.0
        self.number = self.released = 0

    def begin(self, now: float) -> None:
        """Start to send at `now`, which is not before the release's start if it has a head: count what is ready."""
        self.at = self.started = now
        released = self.ready(now)
        self.released = released
        self.backlog += released * self.part

    def ready(self, time: float) -> int:
        """How many parts are ready at `time`."""
        if time >= self.end:
            return self.parts
        if time < self.first:
            return 0
        return min(int((time - self.first) // self.period) + 1, self.parts)

    def unsent(self) -> float:
        """Bytes still to send, ready or not, at the moment of the state."""
        return self.backlog + (self.parts - self.released) * self.part

    def finish(self, rate: float) -> float:
        """When the last byte leaves if it sends at `rate` bytes/s from its state on.

        The last byte cannot leave before any part j, once ready, and all later ones have been sent; the latest of
        these bounds is met. They are linear in j, so only the first and the last part matter:
        `max(t + unsent/r, ready(k) + rest/r, ready(l-1) + part/r)`.
        For l equal layers over a prefill of T this is DESIGN's `max(T + S/(l r), T/l + S/r)`.
        """
        rest = self.parts - self.released
        if not rest:
            return self.at + self.backlog / rate
        later = rest * self.part
        return max(
            self.at + (self.backlog + later) / rate,
            self.first + self.released * self.period + later / rate,
            self.end + self.part / rate,
        )

    def advance(self, time: float, rate: float) -> None:
        """Move the state to `time`, sending at `rate` bytes/s.

        The backlog of a queue with constant rate (Reich 1958): the largest, over all earlier moments, of what was
        released since less what could be sent since; again only the first and the last part can be the largest.
        """
        sent = rate * (time - self.at)
        released = self.ready(time)
        backlog = self.backlog - sent
        if released > self.released:
            gained = (released - self.released) * self.part
            backlog = max(
                backlog + gained,
                gained - rate * (time - self.first - self.released * self.period),
                self.part - rate * (time - self.first - (released - 1) * self.period),
            )
            self.released = released
        self.backlog = backlog if backlog > 0.0 else 0.0
        self.at = time
