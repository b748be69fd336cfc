"""Max-min fair shares of a trunk and of unequal access links, by water-filling.

A flow of a device with access rate A and n busy flows gets min(A/n, w): w is the water level at which the trunk is
full, or without limit where the access links ask for less than the trunk has. All flows of one device have the same
path, so this is the max-min fair allocation (Bertsekas and Gallager, Data Networks, section 6.5.2).
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heappop, heappush
from math import inf
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from paasim.link.flow import Flow

if TYPE_CHECKING:
    from paasim.link.access import Access

_BACKLOG, _RATE, _RELEASED, _FLOW = range(4)
_by_share = itemgetter(0)
_Sleeper = tuple[float, int, int, Flow]


class Filling:
    """Any mix of access links, any number of flows per device; O(n) per change, O(n log n) where shares change."""

    __slots__ = ("_bound", "_busy", "_capacity", "_early", "_saved", "_sleeping", "_stale", "_t")

    def __init__(self, capacity: float, now: float) -> None:
        self._capacity = capacity
        self._t = now
        # Entries are lists of (ready and unsent bytes, rate, parts released, flow); rates hold as long as no flow
        # becomes busy or idle.
        self._busy: list[list[Any]] = []
        self._sleeping: list[_Sleeper] = []
        """(time at which it wakes, number, parts released before, flow)."""
        self._saved: tuple[float, list[list[Any]], list[_Sleeper], bool] | None = None
        self._early: list[Flow] = []
        self._bound = now
        self._stale = False
        """Whether a flow has become busy or idle since the rates were worked out."""

    def add(self, flow: Flow) -> float:
        """Take a new flow in; returns a time before which no flow finishes.

        A flow on an access link of its own only slows others down, and the earlier bound still holds. One that takes
        from its device's flows may speed the rest up, with what these leave of the trunk: then look ahead again.
        """
        device = flow.device
        meets = device is not None and (
            any(entry[_FLOW].device is device for entry in self._busy)
            or any(sleeper[3].device is device for sleeper in self._sleeping)
        )
        self.take(flow)
        if meets:
            return self.peek()
        alone = flow.finish(flow.cap)
        if alone < self._bound:
            self._bound = alone
        return self._bound

    def take(self, flow: Flow) -> None:
        """Take in a flow of another way of sharing, its state being that of now; shares are worked out by `peek`."""
        if flow.backlog > 0.0 or flow.released == flow.parts:
            self._busy.append([flow.backlog, 0.0, flow.released, flow])
            self._stale = True
        else:
            wakes = flow.first + flow.released * flow.period
            heappush(self._sleeping, (wakes, flow.number, flow.released, flow))

    def run(self, until: float, finished: list[Flow]) -> None:
        """Go on to `until`; flows whose last byte has left by then are appended to `finished`."""
        if self._saved is not None:
            if until >= self._t:
                finished += self._early
            else:
                self._t, self._busy, self._sleeping, self._stale = self._saved
            self._saved = None
        self._run(until, finished, False)

    def peek(self) -> float:
        """When the next flow finishes; look ahead for it (see `paasim.link.equal`)."""
        if not self._busy and not self._sleeping:
            self._bound = inf
            return inf
        self._saved = (self._t, [entry[:] for entry in self._busy], self._sleeping[:], self._stale)
        self._early = []
        self._run(inf, self._early, True)
        self._bound = self._t
        return self._t

    def _run(self, until: float, finished: list[Flow], to_first: bool) -> None:
        busy, sleeping = self._busy, self._sleeping
        while busy or sleeping:
            if self._stale:
                self._share_out()
            dry, entry = inf, None
            for candidate in busy:
                time = candidate[_BACKLOG] / candidate[_RATE]
                if time < dry:
                    dry, entry = time, candidate
            dry += self._t
            if sleeping and sleeping[0][0] < dry:
                if sleeping[0][0] > until:
                    break
                wakes, _, released, flow = heappop(sleeping)
                self._move(wakes)
                busy.append([flow.part, 0.0, released + 1, flow])
                self._stale = True
            elif entry is None or dry > until:
                break
            else:
                self._move(dry)
                flow, released = entry[_FLOW], entry[_RELEASED]
                ready = flow.ready(self._t)
                if ready > released:
                    entry[_BACKLOG], entry[_RELEASED] = (ready - released) * flow.part, ready
                    continue
                busy.remove(entry)
                self._stale = True
                if released < flow.parts:
                    heappush(sleeping, (flow.first + released * flow.period, flow.number, released, flow))
                else:
                    flow.left = self._t
                    finished.append(flow)
                    if to_first:
                        return
        self._move(until)

    def _move(self, time: float) -> None:
        passed = time - self._t
        if passed > 0.0:
            for entry in self._busy:
                left = entry[_BACKLOG] - entry[_RATE] * passed
                entry[_BACKLOG] = left if left > 0.0 else 0.0
            self._t = time

    def _share_out(self) -> None:
        """Give every busy flow its max-min fair rate."""
        self._stale = False
        per_device: dict[Access | None, int] = {}
        for entry in self._busy:
            device = entry[_FLOW].device
            per_device[device] = per_device.get(device, 0) + 1
        per_device[None] = 1
        shares = [(entry[_FLOW].cap / per_device[entry[_FLOW].device], entry) for entry in self._busy]
        shares.sort(key=_by_share)
        left, flows = self._capacity, len(shares)
        for share, entry in shares:
            level = left / flows
            rate = share if share < level else level
            entry[_RATE] = rate
            left -= rate
            flows -= 1

    def park(self, now: float) -> Iterator[Flow]:
        """Bring every flow's own state to `now`, to which the calendar must have run, and hand the flows out."""
        for backlog, _, released, flow in self._busy:
            flow.at, flow.backlog, flow.released = now, backlog, released
            yield flow
        for _, _, released, flow in self._sleeping:
            flow.at, flow.backlog, flow.released = now, 0.0, released
            yield flow
