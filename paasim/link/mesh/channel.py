"""A channel: what one direction of a link, or of a device's access link, carries in the mesh.

Its capacity may change over time (see `paasim.link.curve`). Background flows always have something to send: each takes
a share as one stream of the lowest priority that is there.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from paasim.link.curve import Curve
    from paasim.link.mesh.group import Group
    from paasim.link.mesh.stream import Stream


class Channel:
    """Bytes per second, what passes them now, and what has passed. Compared by identity."""

    __slots__ = (
        "_at",
        "armed",
        "busy",
        "bytes",
        "capacity",
        "curve",
        "flow_seconds",
        "greedy",
        "groups",
        "is_shared",
        "last",
        "lone",
        "name",
        "rate",
        "room",
        "streams",
    )

    def __init__(self, name: str, capacity: float, curve: Curve | None = None, greedy: float = 0.0) -> None:
        self.name = name
        self.curve = curve
        self.capacity = capacity if curve is None else curve.rate(0.0)
        """Bytes per second now, while streams are under way."""
        self.greedy = greedy
        """Background flows: how many full shares they take."""
        self.groups: list[Group] = []
        """Groups with busy streams whose path holds the channel."""
        self.streams: int = 0
        """Streams under way, busy or not."""
        self.lone: Stream | None = None
        """Of an access link: the only stream under way, which it bounds without being a channel of its path."""
        self.armed = False
        """Whether the next change of capacity is in the mesh's calendar."""
        self.rate = 0.0
        """Bytes per second that streams send now, background apart."""
        self.room = 0.0
        """While shares are worked out: bytes per second not given away yet."""
        self.is_shared = capacity < inf
        """Whether streams share it; if not, it only counts what passes."""
        self.last: int = 0
        """While shares are worked out: the lowest priority (the largest number) of its groups."""
        self.bytes = 0.0
        self.busy = 0.0
        """Time integral of rate over capacity, s."""
        self.flow_seconds = 0.0
        """Time integral of the number of streams under way."""
        self._at = 0.0

    def settle(self, now: float) -> None:
        """Count what has passed up to `now`, at the rates since the last time."""
        passed = now - self._at
        if passed > 0.0:
            if self.rate > 0.0:
                self.bytes += self.rate * passed
                if self.capacity > 0.0:
                    self.busy += self.rate / self.capacity * passed
            if self.streams:
                self.flow_seconds += self.streams * passed
            self._at = now

    def next_change(self, now: float) -> float:
        """When the capacity changes next; infinite if never."""
        return inf if self.curve is None else self.curve.next_change(now)

    def next_rate(self, now: float) -> float:
        """Bytes per second from `now` on."""
        return self.capacity if self.curve is None else self.curve.rate(now)

    def renew(self, now: float) -> None:
        """Take the capacity that is in force from `now` on."""
        if self.curve is not None:
            self.settle(now)
            self.capacity = self.curve.rate(now)

    def takes(self, size: float, now: float) -> float:
        """Seconds that `size` bytes take from `now` if nothing else passes; infinite if they never pass."""
        if self.curve is not None:
            return self.curve.reach(now, size) - now if size > 0.0 else 0.0
        if self.capacity > 0.0:
            return size / self.capacity
        return inf if size > 0.0 else 0.0

    def share(self, now: float, weight: float, own: Stream | None = None) -> float:
        """Bytes per second that a flow of a weight would get now, at least: what is free, or an even share.

        Args:
            now: the present, s; totals and rates are those of now.
            weight: its connections.
            own: the stream under way that it is, if it is no other flow.
        """
        capacity, others, used = self.next_rate(now), self.greedy, self.rate
        for group in self.groups:
            others += group.weight
        lone = self.lone
        if lone is not None and lone is not own and lone.group is not None:
            others += lone.weight
            used += lone.rate
        if own is not None and own.group is not None and own is not lone:
            others = max(others - own.weight, 0.0)
            used -= own.rate
        even = capacity * weight / (weight + others)
        return max(even, capacity - used) if self.greedy <= 0.0 else even

    def coming(self, now: float) -> float:
        """Bytes per second now; while nothing passes, what comes next."""
        rate = self.next_rate(now)
        if rate <= 0.0 and self.curve is not None:
            change = self.curve.next_change(now)
            return self.curve.rate(change) if change < inf else 0.0
        return rate
