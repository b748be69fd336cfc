"""Flows that do not meet: a lone flow, or flows whose access links together ask for no more than the trunk has."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heappop, heappush
from math import inf

from paasim.link.flow import Flow


class Independent:
    """Every flow sends at its own cap; each finish is a closed form, one heap entry per flow."""

    __slots__ = ("_heap",)

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Flow]] = []

    def take(self, flow: Flow) -> None:
        """Take a flow in, its state being that of now."""
        heappush(self._heap, (flow.finish(flow.cap), flow.number, flow))

    def add(self, flow: Flow) -> float:
        """Take a new flow in; returns when the next flow finishes."""
        heappush(self._heap, (flow.finish(flow.cap), flow.number, flow))
        return self._heap[0][0]

    def run(self, until: float, finished: list[Flow]) -> None:
        """Go on to `until`; flows whose last byte has left by then are appended to `finished`."""
        heap = self._heap
        while heap and heap[0][0] <= until:
            left, _, flow = heappop(heap)
            flow.left = left
            finished.append(flow)

    def peek(self) -> float:
        """When the next flow finishes."""
        return self._heap[0][0] if self._heap else inf

    def park(self, now: float) -> Iterator[Flow]:
        """Bring every flow's own state to `now` and hand the flows out."""
        for _, _, flow in self._heap:
            flow.advance(now, flow.cap)
            yield flow
