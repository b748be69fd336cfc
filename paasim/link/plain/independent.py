"""Devices that do not meet: a lone flow, or access links that together ask for no more than the trunk has."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heappop, heappush
from math import inf
from typing import TYPE_CHECKING

from paasim.link.plain.equal import Equal
from paasim.link.plain.flow import Flow

if TYPE_CHECKING:
    from paasim.link.access import Access


class Independent:
    """A flow that is alone on its device sends at its cap: a closed form, one heap entry. Others share their device."""

    __slots__ = ("_alone", "_crowds", "_heap")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Flow]] = []
        self._alone: dict[Access, Flow] = {}
        """Flows in the heap by their device."""
        self._crowds: dict[Access, Equal] = {}
        """Devices that have had several flows at once, until they have none."""

    def take(self, flow: Flow) -> None:
        """Take a flow in, its state being that of now."""
        if flow.device is None:
            heappush(self._heap, (flow.finish(flow.cap), flow.number, flow))
        else:
            self._take_at(flow.device, flow)

    def _take_at(self, device: Access, flow: Flow) -> None:
        crowd = self._crowds.get(device)
        if crowd is None and device not in self._alone:
            self._alone[device] = flow
            heappush(self._heap, (flow.finish(flow.cap), flow.number, flow))
            return
        if crowd is None:
            other = self._alone.pop(device)
            self._heap = [entry for entry in self._heap if entry[2] is not other]
            self._heap.sort()
            other.advance(flow.at, other.cap)
            crowd = self._crowds[device] = Equal(flow.cap, flow.cap, flow.at)
            crowd.take(other)
        crowd.take(flow)

    def add(self, flow: Flow) -> float:
        """Take a new flow in; returns a time before which no flow finishes."""
        self.take(flow)
        first = self._heap[0][0] if self._heap else inf
        for crowd in self._crowds.values():
            first = min(first, crowd.bound)
        return first

    def run(self, until: float, finished: list[Flow]) -> None:
        """Go on to `until`; flows whose last byte has left by then are appended to `finished`."""
        while self._heap and self._heap[0][0] <= until:
            left, _, flow = heappop(self._heap)
            flow.left = left
            finished.append(flow)
            if flow.device is not None:
                del self._alone[flow.device]
        if self._crowds:
            for device, crowd in list(self._crowds.items()):
                crowd.run(until, finished)
                if crowd.is_empty:
                    del self._crowds[device]

    def peek(self) -> float:
        """A time before which no flow finishes."""
        first = self._heap[0][0] if self._heap else inf
        for crowd in self._crowds.values():
            first = min(first, crowd.peek())
        return first

    def park(self, now: float) -> Iterator[Flow]:
        """Bring every flow's own state to `now`, to which `run` must have gone, and show the flows."""
        for _, _, flow in self._heap:
            flow.advance(now, flow.cap)
            yield flow
        for crowd in self._crowds.values():
            yield from crowd.park(now)
