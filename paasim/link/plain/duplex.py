"""A full-duplex link: two directions that do not touch each other."""

from __future__ import annotations

from math import inf

from paasim.core.kernel import Environment, Moment
from paasim.core.release import Feed, Release
from paasim.link.access import Access
from paasim.link.plain.direction import Direction
from paasim.link.plain.pieces import Pieces


class DuplexLink:
    """Two directions and a round trip, s. Rates are bytes/s; `forward` is from the first site of `between`."""

    __slots__ = ("_backward", "_env", "_forward", "_pieces", "name", "rtt")

    def __init__(self, env: Environment, name: str, rates: tuple[float, float], rtt: float, shared: bool) -> None:
        self._env = env
        self._pieces: dict[Moment, Pieces] = {}
        """Transfers under way whose bytes become ready as they come, by their event."""
        self.name = name
        self.rtt = rtt
        self._forward = Direction(env, rates[0], shared)
        self._backward = Direction(env, rates[1], shared)

    def transfer(self, size: float, release: Release | Feed, forward: bool, access: Access | None = None) -> Moment:
        """Send bytes as they become ready, through the access link of a device if there is one.

        Args:
            size: bytes in all; with a feed they are not known before it is closed, and this is not looked at.
            release: when they become ready: a staircase known beforehand, or a feed.
            forward: which way.
            access: of the device at one end.

        Returns:
            An event that fires when the last byte arrives (half a round trip after it left); its value is the time
            at which the first byte left.
        """
        way = self._forward if forward else self._backward
        if access is None:
            rate, delay = way.capacity, self.rtt / 2
        else:
            rate = access.forward if forward else access.backward
            delay = (self.rtt + access.rtt) / 2
        if not isinstance(release, Feed):
            return way.send(size, release, rate, access, delay)
        pieces = Pieces(self._env, way, release, rate, access, delay)
        event, callbacks = pieces.event, pieces.event.callbacks
        assert callbacks is not None
        self._pieces[event] = pieces
        callbacks.append(self._forget)
        return event

    def _forget(self, event: Moment) -> None:
        self._pieces.pop(event, None)

    def cancel(self, event: Moment, forward: bool) -> float:
        """Give up the transfer with this event, which will not happen.

        Returns:
            Bytes that were sent; infinite if all had left, and only the event is still to come.
        """
        pieces = self._pieces.pop(event, None)
        if pieces is not None:
            return pieces.cancel()
        size, sent = (self._forward if forward else self._backward).cancel(event)
        return sent if size else inf

    def latency(self, size: float, forward: bool, access: Access | None = None) -> float:
        """Seconds that a small message takes: half a round trip and `size` over the rate of the path.

        For prompt text and tokens: their flows are so short that they are not shared with others. This is an
        assumption, good where `size` is far below what the link carries per round trip.
        """
        rate = (self._forward if forward else self._backward).capacity
        if access is None:
            return self.rtt / 2 + size / rate
        return (self.rtt + access.rtt) / 2 + size / min(rate, access.forward if forward else access.backward)

    def unsent(self, event: Moment) -> float:
        """Bytes of a transfer under way that are ready and have not left; asked of transfers told by a feed only."""
        pieces = self._pieces.get(event)
        return 0.0 if pieces is None else pieces.unsent

    def share(self, forward: bool, access: Access | None = None, event: Moment | None = None) -> float:
        """Bytes/s that one more flow would get now, if all flows under way kept sending. For routers and codecs.

        With the event of a transfer under way: what it would get if it kept sending.
        """
        way = self._forward if forward else self._backward
        pieces = self._pieces.get(event) if event is not None else None
        own = pieces is not None and pieces.is_sending
        if access is None:
            return way.share(way.capacity, None, own)
        return way.share(access.forward if forward else access.backward, access, own)

    def totals(self, now: float) -> dict[str, float]:
        """What was carried up to `now`, the present.

        `busy` (seconds of full capacity used, which is bytes over capacity), `bytes`, the same `_backward`, and
        `flows` (time integral of the number of transfers under way, both directions).
        """
        sent, flows = self._forward.totals(now)
        sent_back, flows_back = self._backward.totals(now)
        return {
            "busy": sent / self._forward.capacity,
            "bytes": sent,
            "busy_backward": sent_back / self._backward.capacity,
            "bytes_backward": sent_back,
            "flows": flows + flows_back,
        }
