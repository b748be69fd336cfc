"""A group: busy streams with one path and one priority, whose fair rates are min(limit, weight · level).

Their common level is worked out by `paasim.link.mesh.levels`. Streams below it are held at their own limits, the others
are open: these send in proportion to their weights, in virtual time v, the bytes that an open stream of weight 1 would
have sent (v' = level; Demers, Keshav, Shenker, SIGCOMM 1989). A change of level touches only the streams that it
overtakes.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from heapq import heappop, heappush
from math import inf
from typing import TYPE_CHECKING

from paasim.link.mesh.stream import FRESH, HELD, IDLE, OPEN, Stream

if TYPE_CHECKING:
    from paasim.link.mesh.channel import Channel

_Entry = tuple[float, int, int, Stream]
"""(when the stream runs dry, in time or in virtual time; its number; its stamp; the stream)."""
_LAST = 1 << 62
"""Above every number of a stream."""
RENEW = 1000
"""Changes after which sums are worked out anew."""


class Group:
    """Slots: levels are worked out at every change of the mesh."""

    __slots__ = (
        "_at",
        "_below",
        "_changes",
        "_fresh",
        "_held",
        "_held_rate",
        "_open",
        "_open_weight",
        "_order",
        "_paces",
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
        # Beside `_order`, and what the first `_below` of it ask for together; summed anew now and then for accuracy.
        self._paces: list[float] = []
        self._weights: list[float] = []
        self._held_rate = 0.0
        self._open_weight = 0.0
        self._changes = 0

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
        entry = (stream.key, stream.number, stream)
        i = bisect_left(self._order, entry)
        self._order.insert(i, entry)
        self._paces.insert(i, stream.pace)
        self._weights.insert(i, stream.weight)
        self.weight += stream.weight
        if stream.key <= self.level and stream.key < inf:
            self._below += 1
            self._held_rate += stream.pace
        else:
            self._open_weight += stream.weight
        self._fresh.append(stream)

    def remove(self, stream: Stream, now: float) -> None:
        """Let a stream go; its backlog is brought to `now`."""
        self.advance(now)
        stream.backlog, stream.since = stream.unsent(now), now
        i = bisect_left(self._order, (stream.key, stream.number))
        del self._order[i], self._paces[i], self._weights[i]
        self.weight -= stream.weight
        if i < self._below:
            self._below -= 1
            self._held_rate -= stream.pace
        else:
            self._open_weight -= stream.weight
        if stream.mode == FRESH:
            self._fresh.remove(stream)
        stream.mode = IDLE
        stream.stamp += 1
        stream.group = None
        self._changes += 1
        if self._changes >= RENEW or not self._order:
            self._renew()

    def _renew(self) -> None:
        """Sum anew what is otherwise kept up by differences."""
        below = self._below
        self._held_rate, self._open_weight = sum(self._paces[:below]), sum(self._weights[below:])
        self.weight = sum(self._weights)
        self._changes = 0

    def again(self, stream: Stream, now: float) -> None:
        """Place a stream that ran dry and has a new backlog: no rate changes."""
        if stream.mode != FRESH:
            self.advance(now)
            self._enter(stream, stream.mode, now)

    def streams(self) -> list[Stream]:
        """All its streams."""
        return [entry[2] for entry in self._order]

    # ---- demand ---------------------------------------------------------------------------------------------------

    def demand(self, level: float) -> tuple[float, float]:
        """What its streams ask for at a level: bytes per second of the held ones, and weights of the open ones."""
        i, below = bisect_right(self._order, (level, _LAST)), self._below
        if i > below:
            return (
                self._held_rate + sum(self._paces[below:i]),
                self._open_weight - sum(self._weights[below:i]) if i < len(self._order) else 0.0,
            )
        if i < below:
            return (
                self._held_rate - sum(self._paces[i:below]) if i else 0.0,
                self._open_weight + sum(self._weights[i:below]),
            )
        return self._held_rate, self._open_weight if i < len(self._order) else 0.0

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
            after = bisect_right(self._order, (level, _LAST))
            # Streams that the level has overtaken change their clock: they ran on the old one up to now.
            for _, _, stream in self._order[min(before, after) : max(before, after)]:
                if stream.mode != FRESH:
                    stream.backlog = stream.unsent(now)
                    self._enter(stream, HELD if after > before else OPEN, now)
            self._held_rate, self._open_weight = self.demand(level)
            self._below, self.level = after, level
        for stream in self._fresh:
            self._enter(stream, HELD if stream.key <= level else OPEN, now)
        self._fresh.clear()
        weight = self._open_weight
        self.rate = self._held_rate + level * weight if weight > 0.0 else self._held_rate

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
            stream = heappop(held if held and held[0][0] <= until else self._open)[3]
            stream.backlog = 0.0
            stream.stamp += 1
            into.append(stream)
