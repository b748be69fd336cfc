"""A path: what a transfer passes from one site to another, over one link or several, in the mesh.

It adds to the channels what holds end to end: the round trip (that of all links and of the device's last mile, half of
which every byte takes), jitter, and the transport, which opens a connection, starts slowly and has limits of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING

from paasim.core.kernel import Moment
from paasim.link.mesh.stream import Stream
from paasim.link.transport.terms import Terms, last_byte

if TYPE_CHECKING:
    from paasim.core.kernel import Environment
    from paasim.core.release import Feed, Release
    from paasim.link.mesh.channel import Channel
    from paasim.link.mesh.mesh import Mesh
    from paasim.link.transport.transport import TransportSpec

_MANY = 4096
"""Terms that are kept at most."""


class Tap:
    """The access link of one device in one direction, as paths use it."""

    __slots__ = ("channel", "jitter", "loss", "rtt", "used")

    def __init__(
        self, channel: Channel, rtt: float, loss: float = 0.0, jitter: Callable[[], float] | None = None
    ) -> None:
        self.channel = channel
        self.loss = loss
        """Share of packets that it loses."""
        self.jitter = jitter
        """Draws seconds that a message takes besides; None for none."""
        self.rtt = rtt
        """Seconds that it adds to the round trip."""
        self.used: dict[int, float] = {}
        """When a transfer last ended, by path."""


class Path:
    """From one site to another. Rates are bytes/s.

    Args:
        env: the clock.
        mesh: where its transfers run.
        number: which path it is, for connections that are kept.
        channels: of its links, in order; links that are not shared have none.
        rtt: round trip of all links, the last mile apart, s.
        cap: the least rate of its links that are not shared, which every transfer gets at most.
        transport: how senders fill it; None: at once, at its rate.
        loss: share of packets that are lost for other reasons than a full link.
        jitter: draws seconds that a transfer takes besides; None for none.
    """

    __slots__ = (
        "_cap",
        "_channels",
        "_env",
        "_jitter",
        "_known",
        "_last",
        "_loss",
        "_mesh",
        "_number",
        "_pending",
        "_rtt",
        "_transport",
        "is_constant",
    )

    def __init__(
        self,
        env: Environment,
        mesh: Mesh,
        number: int,
        channels: tuple[Channel, ...],
        rtt: float,
        cap: float = inf,
        transport: TransportSpec | None = None,
        loss: float = 0.0,
        jitter: Callable[[], float] | None = None,
    ) -> None:
        self._env = env
        self._mesh = mesh
        self._number = number
        self._channels = channels
        self._rtt = rtt
        self._cap = cap
        self._transport = transport
        self._loss = loss
        self._jitter = jitter
        self._last = -inf
        """When a transfer without last mile last ended."""
        self._known: dict[tuple[float, float, bool], Terms] = {}
        self._pending: set[Moment] = set()
        """Events of transfers whose connection is being set up."""
        self.is_constant = jitter is None and all(channel.curve is None for channel in channels)

    def transfer(
        self, size: float, release: Release | Feed, tap: Tap | None, weight: float, priority: int, restarts: bool
    ) -> Moment:
        """Send bytes as they become ready, through a device's access link if there is one.

        Returns:
            An event that happens when the last byte arrives; its value is when the first one left.
        """
        env = self._env
        event = Moment([])
        delay = self.delay(tap) + self._late(tap)
        if size <= 0.0 and isinstance(release, tuple):
            event._value = max(env.now, release.end)
            env.happen(event, event._value + delay)
            return event
        stream = Stream(size, release, self._channels)
        stream.delay, stream.cap, stream.weight = delay, self._cap, weight
        stream.priority, stream.restarts = priority, restarts
        if tap is not None:
            stream.tap = tap.channel
        if not isinstance(release, tuple):
            release.listener = lambda: self._mesh.more(stream)
        setup = 0.0
        if self._transport is not None:
            setup = self._agree(stream, tap)
            callbacks = event.callbacks
            assert callbacks is not None
            callbacks.append(lambda _: self._use(tap))
        if setup > 0.0:
            self._pending.add(event)
            env.call(env.now + setup, lambda _: self._start(event, stream))
        else:
            self._mesh.start(event, stream)
        return event

    def _agree(self, stream: Stream, tap: Tap | None) -> float:
        """Put a transfer on the terms of the transport; returns the seconds of its set-up."""
        terms = self._terms(tap)
        stream.cap = min(stream.cap, terms.cap)
        stream.weight *= terms.weight
        stream.slow_start(terms.window, terms.rounds, terms.round_trip)
        return terms.setup

    def _start(self, event: Moment, stream: Stream) -> None:
        """The connection is open, unless the transfer was given up."""
        if event in self._pending:
            self._pending.discard(event)
            self._mesh.start(event, stream)

    def cancel(self, event: Moment) -> float:
        """Give up a transfer.

        Returns:
            Bytes that were sent; infinite if all had left, and only the event is still to come.
        """
        if event in self._pending:
            self._pending.discard(event)
            return 0.0
        return self._mesh.cancel(event)

    def unsent(self, event: Moment) -> float:
        """Bytes of a transfer that are ready and have not left; 0 while its connection is being set up."""
        return self._mesh.unsent(event)

    def _terms(self, tap: Tap | None) -> Terms:
        """What the transport makes of a transfer that starts now."""
        transport = self._transport
        assert transport is not None
        rtt, loss, last = self._rtt, self._loss, self._last
        if tap is not None:
            rtt, last = rtt + tap.rtt, tap.used.get(self._number, -inf)
            loss = 1.0 - (1.0 - loss) * (1.0 - tap.loss)
        key = (rtt, max(self.rate(tap), 1.0), bool(transport.is_warm(self._env.now - last)))
        terms = self._known.get(key)
        if terms is None:
            if len(self._known) >= _MANY:
                self._known.clear()
            terms = self._known[key] = transport.terms(rtt, key[1], loss, key[2])
        return terms

    def _use(self, tap: Tap | None) -> None:
        if tap is None:
            self._last = self._env.now
        else:
            tap.used[self._number] = self._env.now

    def rate(self, tap: Tap | None) -> float:
        """Bytes per second of the narrowest channel now; of one that is down, when it is back."""
        now, narrowest = self._env.now, self._cap
        for channel in self._channels:
            narrowest = min(narrowest, channel.coming(now))
        return narrowest if tap is None else min(narrowest, tap.channel.coming(now))

    def delay(self, tap: Tap | None) -> float:
        """Half a round trip, s."""
        return (self._rtt if tap is None else self._rtt + tap.rtt) / 2.0

    def latency(self, size: float, tap: Tap | None, drawn: bool = True) -> float:
        """Seconds that a small message takes, not shared with others; infinite if it never gets through.

        With `drawn` it is sent, and draws its jitter; without, somebody only wants to know.

        Over a connection that is open and not limited by windows: an assumption, good for prompts and tokens.
        """
        now = self._env.now
        longest = size / self._cap
        for channel in self._channels:
            longest = max(longest, channel.takes(size, now))
        if tap is not None:
            longest = max(longest, tap.channel.takes(size, now))
        late = self._late(tap) if drawn else 0.0
        return self.delay(tap) + late + longest

    def _late(self, tap: Tap | None) -> float:
        """Seconds that a message takes besides, drawn anew each time."""
        late = 0.0 if self._jitter is None else self._jitter()
        return late if tap is None or tap.jitter is None else late + tap.jitter()

    def expected(self, size: float, tap: Tap | None, weight: float, event: Moment | None) -> float:
        """Seconds that `size` bytes would take if all under way kept sending at what they get now.

        One more transfer, or what is left of the one with this event. Capacities are taken to stay as they are.
        """
        self._mesh.sync()
        rate, terms = self._cap, Terms()
        if self._transport is not None:
            terms = self._terms(tap)
            rate, weight = min(rate, terms.cap), weight * terms.weight
        now, own = self._env.now, self._mesh.stream(event)
        for channel in self._channels:
            rate = min(rate, channel.share(now, weight, own))
        if tap is not None:
            rate = min(rate, tap.channel.share(now, weight, own))
        if rate <= 0.0:
            return inf
        return self.delay(tap) + (size / rate if event is not None else last_byte(size, rate, terms))
