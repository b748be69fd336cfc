"""A full-duplex link: two directions that do not touch each other."""

from __future__ import annotations

from math import inf

from paasim.core.kernel import Environment, Moment
from paasim.core.release import Feed, Release
from paasim.link.access import Access
from paasim.link.direction import Direction
from paasim.link.pieces import Pieces


class DuplexLink:
    """Two directions and a round trip. See `paasim.link.link.Link` for what it offers."""

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
        """Send `size` bytes as they become ready; the event fires when the last byte arrives."""
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
        """Give a transfer up; returns the bytes that were sent, infinite if all had left: then its event happens."""
        pieces = self._pieces.pop(event, None)
        if pieces is not None:
            return pieces.cancel()
        size, sent = (self._forward if forward else self._backward).cancel(event)
        return sent if size else inf

    def latency(self, size: float, forward: bool, access: Access | None = None) -> float:
        """Seconds that a small message takes, not shared with others."""
        rate = (self._forward if forward else self._backward).capacity
        if access is None:
            return self.rtt / 2 + size / rate
        return (self.rtt + access.rtt) / 2 + size / min(rate, access.forward if forward else access.backward)

    def unsent(self, event: Moment) -> float:
        """Bytes of a transfer under way that are ready and have not left; only of one that is told by a feed."""
        pieces = self._pieces.get(event)
        return 0.0 if pieces is None else pieces.unsent

    def share(self, forward: bool, access: Access | None = None, event: Moment | None = None) -> float:
        """Bytes/s that one more flow would get now, or the transfer of this event if it goes on."""
        way = self._forward if forward else self._backward
        pieces = self._pieces.get(event) if event is not None else None
        own = pieces is not None and pieces.is_sending
        if access is None:
            return way.share(way.capacity, None, own)
        return way.share(access.forward if forward else access.backward, access, own)

    def totals(self, now: float) -> dict[str, float]:
        """Cumulative busy seconds and bytes each way, and flow-seconds."""
        sent, flows = self._forward.totals(now)
        sent_back, flows_back = self._backward.totals(now)
        return {
            "busy": sent / self._forward.capacity,
            "bytes": sent,
            "busy_backward": sent_back / self._backward.capacity,
            "bytes_backward": sent_back,
            "flows": flows + flows_back,
        }
