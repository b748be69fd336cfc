"""A group: busy streams with one path and one priority, whose fair rates are min(limit, weight · level).

Their common level is worked out by `paasim.link.levels`. Streams below it are held at their own limits, the others are
open: these send in proportion to their weights, in virtual time v, the bytes that an open stream of weight 1 would have
sent (v' = level; Demers, Keshav, Shenker, SIGCOMM 1989). A change of level touches only the streams that it overtakes.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from heapq import heappop, heappush
from itertools import accumulate
from math import inf
from typing import TYPE_CHECKING

from paasim.link.stream import FRESH, HELD, IDLE, OPEN, Stream

if TYPE_CHECKING:
    from paasim.link.channel import Channel

_Entry = tuple[float, int, int, Stream]
"""(when the stream runs dry, in time or in virtual time; its number; its stamp; the stream)."""
_LAST = 1 << 62
"""Above every number of a stream."""


class Group:
    """Slots: levels are worked out at every change of the mesh."""

    __slots__ = (
        "_at",
        "_below",
        "_fresh",
        "_held",
        "_limits",
        "_open",
        "_order",
        "_stale",
        "_weights",
        "frozen",
        "level",
        "path",
        "priority",
        "rate",
        "top",
        "v",
        "weight",
    )

    def __init__(self, priority: int, path: tuple[Channel, ...], now: float) -> None:
        self.priority = priority
        self.path = path
        self.level = inf
        """Bytes per second and weight that an open stream gets."""
        self.top = inf
        """While levels are worked out: the level at which a channel is full that no other group passes."""
        self.frozen = False
        """While levels are worked out: whether its own is known."""
        self.weight = 0.0
        """Weights of its streams together."""
        self.rate = 0.0
        """Bytes per second of its streams together."""
        self.v = 0.0
        """Virtual time, bytes per weight."""
        self._at = now
        self._order: list[tuple[float, int, Stream]] = []
        self._below = 0
        """How many of them have limits up to the level."""
        self._fresh: list[Stream] = []
        self._held: list[_Entry] = []
        self._open: list[_Entry] = []
        self._limits: list[float] = [0.0]
        self._weights: list[float] = [0.0]
        self._stale = False

    @property
    def is_empty(self) -> bool:
        """Whether it has no streams."""
        return not self._order

    # ---- streams --------------------------------------------------------------------------------------------------

    def add(self, stream: Stream, now: float) -> None:
        """Take in a stream with a backlog; `place` gives it a rate."""
        self.advance(now)
        stream.group = self
        stream.mode = FRESH
        stream.pace = stream.limit()
        stream.key = stream.pace / stream.weight
        insort(self._order, (stream.key, stream.number, stream))
        if stream.key <= self.level:
            self._below += 1
        self._fresh.append(stream)
        self._changed(stream.weight)

    def remove(self, stream: Stream, now: float) -> None:
        """Let a stream go; its backlog is brought to `now`."""
        self.advance(now)
        stream.backlog, stream.since = stream.unsent(now), now
        i = bisect_left(self._order, (stream.key, stream.number))
        del self._order[i]
        if i < self._below:
            self._below -= 1
        if stream.mode == FRESH:
            self._fresh.remove(stream)
        stream.mode = IDLE
        stream.stamp += 1
        stream.group = None
        self._changed(-stream.weight)

    def again(self, stream: Stream, now: float) -> None:
        """Place a stream that ran dry and has a new backlog: no rate changes."""
        if stream.mode != FRESH:
            self.advance(now)
            self._enter(stream, stream.mode, now)

    def streams(self) -> list[Stream]:
        """All its streams."""
        return [entry[2] for entry in self._order]

    def _changed(self, weight: float) -> None:
        self._stale = True
        self.weight = self.weight + weight if self._order else 0.0

    # ---- demand ---------------------------------------------------------------------------------------------------

    def demand(self, level: float) -> tuple[float, float]:
        """What its streams ask for at a level: bytes per second of the held ones, and weights of the open ones."""
        if self._stale:
            self._limits = list(accumulate((entry[2].pace for entry in self._order), initial=0.0))
            self._weights = list(accumulate((entry[2].weight for entry in self._order), initial=0.0))
            self._stale = False
        i = bisect_right(self._order, (level, _LAST))
        return self._limits[i], self._weights[-1] - self._weights[i]

    # ---- rates ----------------------------------------------------------------------------------------------------

    def advance(self, now: float) -> None:
        """Move virtual time to `now`."""
        passed = now - self._at
        if passed > 0.0:
            if self.level < inf:
                self.v += self.level * passed
            self._at = now

    def place(self, level: float, now: float) -> None:
        """Give the streams their rates at a level, from `now` on."""
        self.advance(now)
        before = self._below
        if level != self.level:
            self._below = after = bisect_right(self._order, (level, _LAST))
            # Streams that the level has overtaken change their clock: they ran on the old one up to now.
            for _, _, stream in self._order[min(before, after) : max(before, after)]:
                if stream.mode != FRESH:
                    stream.backlog = stream.unsent(now)
                    self._enter(stream, HELD if after > before else OPEN, now)
            self.level = level
        for stream in self._fresh:
            self._enter(stream, HELD if stream.key <= level else OPEN, now)
        self._fresh.clear()
        held, weight = self.demand(level)
        self.rate = held + level * weight if weight > 0.0 else held

    def _enter(self, stream: Stream, mode: int, now: float) -> None:
        stream.mode = mode
        stream.stamp += 1
        if mode == HELD:
            stream.since = now
            dry = now + stream.backlog / stream.pace if stream.pace > 0.0 else inf
            if dry < inf:
                heappush(self._held, (dry, stream.number, stream.stamp, stream))
        else:
            stream.since = self.v
            heappush(self._open, (self.v + stream.backlog / stream.weight, stream.number, stream.stamp, stream))

    # ---- what runs dry --------------------------------------------------------------------------------------------

    def next_dry(self) -> float:
        """When the next stream has sent its backlog."""
        held, opened = self._held, self._open
        while held and held[0][2] != held[0][3].stamp:
            heappop(held)
        while opened and opened[0][2] != opened[0][3].stamp:
            heappop(opened)
        dry = held[0][0] if held else inf
        if opened and self.level > 0.0:
            time = self._at + (opened[0][0] - self.v) / self.level
            if time < dry:
                dry = time
        return dry

    def take_dry(self, until: float, into: list[Stream]) -> None:
        """Take out of the calendar all streams that run dry by `until`; they stay in the group."""
        while self.next_dry() <= until:
            held = self._held
            if held and held[0][0] <= until:
                stream = heappop(held)[3]
            else:
                stream = heappop(self._open)[3]
            stream.backlog = 0.0
            stream.stamp += 1
            into.append(stream)
