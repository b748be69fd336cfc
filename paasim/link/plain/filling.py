"""Max-min fair shares of a trunk and of unequal access links, or of access links with several flows each.

What `paasim.link.mesh.fluid` does for a mesh, for the flows of one direction of a plain link: a flow of a device with
access rate A and n busy flows gets min(A/n, w), w being the level at which the trunk is full, or without limit where
access links ask for less than it has.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from paasim.core.release import Release
from paasim.link.mesh.channel import Channel
from paasim.link.mesh.fluid import Fluid
from paasim.link.mesh.stream import Stream
from paasim.link.plain.flow import Flow

if TYPE_CHECKING:
    from paasim.link.access import Access


class Filling:
    """Any mix of access links, any number of flows per device."""

    __slots__ = ("_devices", "_flows", "_fluid", "_trunk")

    def __init__(self, capacity: float) -> None:
        self._fluid = Fluid()
        self._trunk = (Channel("trunk", capacity),)
        self._devices: dict[Access, Channel] = {}
        self._flows: dict[Stream, Flow] = {}

    def take(self, flow: Flow) -> None:
        """Take a flow in, its state being that of now."""
        head = max(1.0 - flow.parts * flow.part / flow.size, 0.0)
        stream = Stream(flow.size, Release(flow.first, 0.0, flow.period, flow.parts, head), self._trunk)
        stream.resume(flow.released, flow.backlog)
        device = flow.device
        if device is not None:
            if device not in self._devices:
                self._devices[device] = Channel("access", flow.cap)
            stream.tap = self._devices[device]
        self._flows[stream] = flow
        self._fluid.start(stream, flow.at)

    def add(self, flow: Flow) -> float:
        """Take a new flow in; returns a time before which no flow finishes."""
        self.take(flow)
        return self._fluid.next()

    def run(self, until: float, finished: list[Flow]) -> None:
        """Go on to `until`; flows whose last byte has left by then are appended to `finished`."""
        self._fluid.run(until)
        for stream in self._fluid.finished:
            flow = self._flows.pop(stream)
            flow.left = stream.left
            finished.append(flow)
        self._fluid.finished.clear()

    def peek(self) -> float:
        """A time before which no flow finishes if no other starts."""
        return self._fluid.next()

    def park(self, now: float) -> Iterator[Flow]:
        """Bring every flow's own state to `now`, to which `run` must have gone, and show the flows."""
        for stream, flow in self._flows.items():
            if stream.group is not None:
                stream.group.advance(now)
            flow.at, flow.backlog = now, stream.unsent(now)
            flow.released = stream.made if flow.part > 0.0 else flow.parts  # all of it is head
            yield flow
