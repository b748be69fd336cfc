"""A path: what a transfer passes from one site to another, over one link or several, in the mesh.

It adds to the channels what holds end to end: the round trip (that of all links and of the device's last mile, half of
which every byte takes), jitter, and the transport, which opens a connection, starts slowly and has limits of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING

from paasim.core.kernel import Moment
from paasim.link.stream import Stream

if TYPE_CHECKING:
    from paasim.core.kernel import Environment
    from paasim.core.release import Feed, Release
    from paasim.link.channel import Channel
    from paasim.link.mesh import Mesh
    from paasim.link.transport.transport import Terms

Transport = Callable[[float, float, bool], "Terms"]
"""(round trip, rate of the narrowest channel, whether the connection is warm) -> what a transport makes of a transfer."""
_MANY = 4096
"""Terms that are kept at most."""


class Tap:
    """The access link of one device in one direction, as paths use it."""

    __slots__ = ("channel", "rtt", "used")

    def __init__(self, channel: Channel, rtt: float) -> None:
        self.channel = channel
        self.rtt = rtt
        """Seconds that it adds to the round trip."""
        self.used: dict[int, float] = {}
        """When a transfer last ended, by path."""


class Path:
    """From one site to another. Rates are bytes/s."""

    __slots__ = (
        "_env",
        "_jitter",
        "_known",
        "_last",
        "_mesh",
        "_reuse",
        "_transport",
        "cap",
        "channels",
        "number",
        "rtt",
    )

    def __init__(
        self,
        env: Environment,
        mesh: Mesh,
        number: int,
        channels: tuple[Channel, ...],
        rtt: float,
        cap: float,
        transport: Transport | None,
        reuse: float,
        jitter: Callable[[], float] | None,
    ) -> None:
        self._env = env
        self._mesh = mesh
        self.number = number
        self.channels = channels
        self.rtt = rtt
        """Round trip of all links, the last mile apart, s."""
        self.cap = cap
        """Bytes per second that every transfer gets at most: links that are not shared."""
        self._transport = transport
        self._reuse = reuse
        """Seconds for which a connection stays warm after a transfer; 0: every transfer opens a new one."""
        self._jitter = jitter
        self._last = -inf
        self._known: dict[tuple[float, float, bool], Terms] = {}

    def transfer(
        self, size: float, release: Release | Feed, tap: Tap | None, weight: float, priority: int, restarts: bool
    ) -> Moment:
        """Send bytes as they become ready, through a device's access link if there is one.

        Returns:
            An event that happens when the last byte arrives; its value is when the first one left.
        """
        env = self._env
        event = Moment([])
        delay = self.delay(tap) + (self._jitter() if self._jitter is not None else 0.0)
        if size <= 0.0 and isinstance(release, tuple):
            event._value = max(env.now, release.end)
            env.happen(event, event._value + delay)
            return event
        stream = Stream(event, size, release, self.channels)
        stream.delay, stream.cap, stream.priority, stream.restarts = delay, self.cap, priority, restarts
        stream.weight = weight
        if tap is not None:
            stream.tap = tap.channel
        setup = 0.0
        if self._transport is not None:
            terms = self._terms(tap)
            stream.cap = min(stream.cap, terms.cap)
            stream.weight *= terms.weight
            stream.slow_start(terms.window, terms.rounds, terms.round_trip)
            setup = terms.setup
            event.callbacks.append(lambda _: self._use(tap))  # type: ignore[union-attr]
        if not isinstance(release, tuple):
            release.listener = lambda: self._mesh.more(stream)
        if setup > 0.0:
            env.call(env.now + setup, lambda _: self._mesh.start(stream))
        else:
            self._mesh.start(stream)
        return event

    def cancel(self, event: Moment) -> float:
        """Give up a transfer; returns the bytes that it has sent."""
        return self._mesh.cancel(event)

    def _terms(self, tap: Tap | None) -> Terms:
        rtt, rate, now = self.rtt, self.rate(tap), self._env.now
        last = self._last
        if tap is not None:
            rtt += tap.rtt
            last = tap.used.get(self.number, -inf)
        key = (rtt, rate, now - last <= self._reuse)
        terms = self._known.get(key)
        if terms is None:
            if len(self._known) >= _MANY:
                self._known.clear()
            assert self._transport is not None
            terms = self._known[key] = self._transport(*key)
        return terms

    def _use(self, tap: Tap | None) -> None:
        if tap is None:
            self._last = self._env.now
        else:
            tap.used[self.number] = self._env.now

    def rate(self, tap: Tap | None) -> float:
        """Bytes per second of the narrowest channel now."""
        now = self._env.now
        narrowest = self.cap
        for channel in self.channels:
            narrowest = min(narrowest, channel.next_rate(now))
        return narrowest if tap is None else min(narrowest, tap.channel.next_rate(now))

    def delay(self, tap: Tap | None) -> float:
        """Half a round trip, s."""
        return (self.rtt if tap is None else self.rtt + tap.rtt) / 2.0

    def latency(self, size: float, tap: Tap | None) -> float:
        """Seconds that a small message takes, not shared with others; infinite if it never gets through."""
        now = self._env.now
        longest = size / self.cap
        for channel in self.channels:
            longest = max(longest, channel.takes(size, now))
        if tap is not None:
            longest = max(longest, tap.channel.takes(size, now))
        return self.delay(tap) + longest

    def share(self, tap: Tap | None, weight: float) -> float:
        """Bytes per second that one more transfer would get now, at least, if all under way kept sending."""
        self._mesh.sync()
        rate = self.cap
        if self._transport is not None:
            terms = self._terms(tap)
            rate, weight = min(rate, terms.cap), weight * terms.weight
        for channel in self.channels:
            rate = min(rate, channel.share(weight))
        return rate if tap is None else min(rate, tap.channel.share(weight))
