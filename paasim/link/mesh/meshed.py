"""A link in the mesh: its two channels, and what they have carried."""

from __future__ import annotations

from paasim.link.mesh.channel import Channel
from paasim.link.mesh.mesh import Mesh


class MeshedLink:
    """Two directions that do not touch each other.

    Args:
        name: of the link.
        mesh: what it is part of.
        rates: bytes per second forward and backward that count as full.
        channels: forward and backward.
    """

    __slots__ = ("_channels", "_mesh", "_rates", "name")

    def __init__(self, name: str, mesh: Mesh, rates: tuple[float, float], channels: tuple[Channel, Channel]) -> None:
        self.name = name
        self._mesh = mesh
        self._rates = rates
        self._channels = channels

    def totals(self, now: float) -> dict[str, float]:
        """As `paasim.link.plain.duplex.DuplexLink.totals`; full is what a changing capacity was at each moment."""
        self._mesh.sync()
        forward, backward = self._channels
        forward.settle(now)
        backward.settle(now)
        return {
            "busy": _busy(forward, self._rates[0]),
            "bytes": forward.bytes,
            "busy_backward": _busy(backward, self._rates[1]),
            "bytes_backward": backward.bytes,
            "flows": forward.flow_seconds + backward.flow_seconds,
        }


def _busy(channel: Channel, rate: float) -> float:
    """Seconds of full capacity used."""
    return channel.busy if channel.is_shared else channel.bytes / rate
