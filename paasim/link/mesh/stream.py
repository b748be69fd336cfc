"""A stream: a transfer in the mesh, and the bytes that may have left by a moment.

Two staircases bound them: what has been made (a `Release` of equal parts, or a `Feed` that is told as it comes), and
what the transport's windows have let go: `window · 2**k` bytes in round trip k of slow start, without bound after its
last round (DESIGN "Slow start"; RFC 5681 section 3.1: the window doubles per round trip while every segment is
acknowledged). Assumption: the window grows with time, whether or not it was used (RFC 7661 is left out).
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from paasim.core.kernel import Moment
    from paasim.core.release import Feed, Release
    from paasim.link.mesh.channel import Channel
    from paasim.link.mesh.group import Group

IDLE, FRESH, HELD, OPEN = 0, 1, 2, 3
"""Not busy; busy and yet to be placed; busy at its own limit; busy at its group's level."""


class Stream:
    """Slots, not a dataclass: one is made per transfer, in the hot loop."""

    __slots__ = (
        "_feed",
        "_first",
        "_head",
        "_made",
        "_opens",
        "_part",
        "_parts",
        "_period",
        "_round",
        "_round_trip",
        "_rounds",
        "_window",
        "backlog",
        "begun",
        "cap",
        "claimed",
        "delay",
        "event",
        "first",
        "group",
        "key",
        "left",
        "lost",
        "mode",
        "number",
        "pace",
        "path",
        "priority",
        "restarts",
        "since",
        "size",
        "stamp",
        "tap",
        "weight",
    )

    def __init__(self, size: float, release: Release | Feed, path: tuple[Channel, ...]) -> None:
        self.event: Moment | None = None
        """The arrival of its last byte, in the mesh."""
        self.path = path
        """Channels that it passes, its device's access link apart."""
        self.size = size
        """Bytes; infinite as long as a feed is open."""
        self.cap = inf
        """Bytes per second at most: window, loss, end host."""
        self.weight = 1.0
        self.priority = 0
        self.tap: Channel | None = None
        """The access link of its device."""
        self.restarts = False
        """Whether an outage undoes what was sent."""
        self.delay = 0.0
        """From its last byte's leaving to its arrival, s."""
        self.number = 0
        self.begun = 0.0
        """When its windows began to open."""
        self.first = -1.0
        """When its first byte left; below zero before."""
        self.left = 0.0
        """When its last byte left."""
        self.group: Group | None = None
        self.mode: int = IDLE
        self.stamp = 0
        """Counts placements: entries of earlier ones in a heap are void."""
        self.key = inf
        """Its limit over its weight, by which its group sorts."""
        self.pace = inf
        """Its limit, as it was when it became busy or was last changed."""
        self.claimed = 0.0
        """Bytes that have left, the backlog counted in."""
        self.backlog = 0.0
        """Bytes ready and unsent at `since`."""
        self.since = 0.0
        """A moment; while the stream is open, its group's virtual time."""
        self.lost = 0.0
        """Bytes sent in vain before outages."""
        self._window = inf
        self._round_trip = 0.0
        self._rounds = self._round = 0
        self._take(release)

    def _take(self, release: Release | Feed) -> None:
        self._feed: Feed | None = None
        self._made = 0
        if not isinstance(release, tuple):
            self._feed = release
            self.size = inf
            self._first = self._period = self._part = self._head = 0.0
            self._parts = 0
            self._opens = -inf
            return
        start, first, period, parts, head = release
        if period <= 0.0 or parts == 1:
            parts, period = 1, 0.0
        self._head = head * self.size
        self._part = (self.size - self._head) / parts
        self._first, self._period, self._parts = start + first, period, parts
        if self._part <= 0.0:
            self._head, self._part, self._parts = self.size, 0.0, 0
        self._opens = start if self._head > 0.0 else -inf

    def slow_start(self, window: float, rounds: int, round_trip: float) -> None:
        """Bound what leaves by windows from `begun` on: `rounds` round trips, the first of `window` bytes."""
        if rounds > 0 and window < inf:
            self._window, self._rounds, self._round_trip = window, rounds, round_trip

    def again(self, now: float) -> None:
        """Begin anew: what was sent is lost, and windows start from the first; what was made stays made."""
        self.lost += self.claimed - self.backlog
        self.claimed = self.backlog = 0.0
        self.begun, self._round = now, 0

    def resume(self, made: int, backlog: float) -> None:
        """Go on where `made` parts of the release, and its head, have been made, and `backlog` bytes have not left."""
        self._made, self._opens = min(made, self._parts), -inf
        self.claimed, self.backlog = self._made_bytes(), backlog

    @property
    def made(self) -> int:
        """Parts that have been made, of those that were asked for."""
        return self._made

    @property
    def sent(self) -> float:
        """Bytes that have left, its state being that of now; those sent in vain too."""
        return self.lost + self.claimed - self.backlog

    @property
    def rate(self) -> float:
        """Bytes per second that it sends, its group having been placed; 0 while it is idle."""
        group = self.group
        if group is None or self.mode == FRESH:
            return 0.0
        return self.pace if self.mode == HELD else self.weight * group.level

    def limit(self) -> float:
        """Bytes per second that it gets at most, its device's other streams apart."""
        tap = self.tap
        return self.cap if tap is None or tap.lone is not self or self.cap < tap.capacity else tap.capacity

    def claim(self, now: float) -> bool:
        """Put what may leave by `now` into the backlog, which is used up; returns whether there is any."""
        made, let = self._made_by(now), self._let_by(now)
        if let < made:
            made = let
        if made <= self.claimed:
            return False
        self.backlog, self.claimed = made - self.claimed, made
        return True

    @property
    def is_done(self) -> bool:
        """Whether everything has left, the backlog being used up."""
        return self.claimed >= self.size

    def wakes(self) -> float:
        """When more may leave, everything that might having left; infinite if only a feed can tell.

        The staircase that binds decides; after it has risen the other one may.
        """
        if self._round < self._rounds:
            let = self._window * (2.0 ** (self._round + 1) - 1.0)
            if let < self._made_bytes():
                return self.begun + (self._round + 1) * self._round_trip
        if self._opens > -inf:
            return self._opens
        return self._first + self._made * self._period if self._made < self._parts else inf

    def _made_by(self, now: float) -> float:
        if self._opens <= now:
            self._opens = -inf
        while self._made < self._parts and self._first + self._made * self._period <= now:
            self._made += 1
        return self._made_bytes()

    def _made_bytes(self) -> float:
        feed = self._feed
        if feed is not None:
            if feed.closed:
                self.size = feed.ready
            return feed.ready
        if self._opens > -inf:
            return 0.0
        return self.size if self._made == self._parts else self._head + self._made * self._part

    def _let_by(self, now: float) -> float:
        while self._round < self._rounds and self.begun + (self._round + 1) * self._round_trip <= now:
            self._round += 1
        return inf if self._round >= self._rounds else self._window * (2.0 ** (self._round + 1) - 1.0)

    def waiting(self, now: float) -> float:
        """Bytes that have been made by `now` and have not left."""
        if self.group is not None:
            self.group.advance(now)
        return max(self._made_by(now) - self.claimed, 0.0) + self.unsent(now)

    def unsent(self, now: float) -> float:
        """Bytes of a backlog that are still there at `now`, its group's virtual time being that of now."""
        group = self.group
        if self.mode == HELD:
            left = self.backlog - self.pace * (now - self.since)
        elif self.mode == OPEN and group is not None:
            left = self.backlog - self.weight * (group.v - self.since)
        else:
            left = self.backlog
        return left if left > 0.0 else 0.0
