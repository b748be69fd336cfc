"""A full-duplex link: two directions that do not touch each other."""

from __future__ import annotations

from paasim.core.kernel import Environment, Moment
from paasim.core.release import Release
from paasim.link.access import Access
from paasim.link.direction import Direction


class DuplexLink:
    """Two directions and a round trip. See `paasim.link.link.Link` for what it offers."""

    __slots__ = ("_backward", "_forward", "name", "rtt")

    def __init__(self, env: Environment, name: str, rates: tuple[float, float], rtt: float, shared: bool) -> None:
        self.name = name
        self.rtt = rtt
        self._forward = Direction(env, rates[0], shared)
        self._backward = Direction(env, rates[1], shared)

    def transfer(self, size: float, release: Release, forward: bool, access: Access | None = None) -> Moment:
        """Send `size` bytes as they become ready; the event fires when the last byte arrives."""
        way = self._forward if forward else self._backward
        if access is None:
            return way.send(size, release, way.capacity, None, self.rtt / 2)
        rate = access.forward if forward else access.backward
        return way.send(size, release, rate, access, (self.rtt + access.rtt) / 2)

    def latency(self, size: float, forward: bool, access: Access | None = None) -> float:
        """Seconds that a small message takes, not shared with others."""
        rate = (self._forward if forward else self._backward).capacity
        if access is None:
            return self.rtt / 2 + size / rate
        return (self.rtt + access.rtt) / 2 + size / min(rate, access.forward if forward else access.backward)

    def share(self, forward: bool, access: Access | None = None) -> float:
        """Bytes/s that one more flow would get now."""
        way = self._forward if forward else self._backward
        if access is None:
            return way.share(way.capacity, None)
        return way.share(access.forward if forward else access.backward, access)

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
