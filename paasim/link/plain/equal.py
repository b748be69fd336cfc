"""Equal shares in virtual time: n busy flows each send at min(cap, C/n).

Virtual time V is the bytes that a flow busy since the beginning would have sent, so that V' = min(cap, C/n) and a flow
with b ready bytes runs dry when V has grown by b: one number per flow, untouched while other flows come and go, and
O(log n) per change (the idea of fair queueing's virtual clock: Demers, Keshav, Shenker, SIGCOMM 1989; for processor
sharing see Kleinrock, Queueing Systems II, chapter 4).

Flows that run dry between two parts are idle and sleep until the next part is ready. This calendar is a plain loop
inside the link, not events of the simulation.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heappop, heappush, heapreplace
from math import inf

from paasim.link.plain.flow import Flow

_Entry = tuple[float, int, int, Flow]


class Equal:
    """Flows with one common cap (or none), each alone on its access link; also the flows of one device there.

    Look-ahead: where the next change is not a finish, the state is kept aside, the calendar runs on to the first
    finish, and that state is taken over if nothing starts before; otherwise the kept state is the truth again.
    """

    __slots__ = ("_bounds", "_busy", "_cap", "_capacity", "_early", "_saved", "_sleeping", "_t", "_v", "bound")

    def __init__(self, capacity: float, cap: float, now: float) -> None:
        self._capacity = capacity
        self._cap = cap
        self._t = now
        self._v = 0.0
        self._busy: list[_Entry] = []
        """(V at which it runs dry, number, parts released up to there, flow)."""
        self._sleeping: list[_Entry] = []
        """(time at which it wakes, number, parts released before, flow)."""
        self._bounds: list[tuple[float, int]] = []
        """When each flow would finish if it were alone: no flow can do so earlier. Those in the past are dropped."""
        self.bound = inf
        """A time before which no flow finishes, however many start."""
        self._saved: tuple[float, float, list[_Entry], list[_Entry]] | None = None
        self._early: list[Flow] = []

    @property
    def is_empty(self) -> bool:
        """Whether it has no flows."""
        return not self._busy and not self._sleeping

    @property
    def is_whole(self) -> bool:
        """Whether the first flow to run dry has no more parts to come; asked where there is one flow."""
        return bool(self._busy) and self._busy[0][2] == self._busy[0][3].parts

    def restart(self, now: float) -> None:
        """Begin a busy period at `now`; no flow is left of the last one. Virtual time starts at zero for accuracy."""
        self._t, self._v, self.bound = now, 0.0, inf
        self._bounds.clear()

    def take(self, flow: Flow) -> None:
        """Take a flow in, its state being that of now."""
        if flow.backlog > 0.0 or flow.released == flow.parts:
            heappush(self._busy, (self._v + flow.backlog, flow.number, flow.released, flow))
        else:
            wakes = flow.first + flow.released * flow.period
            heappush(self._sleeping, (wakes, flow.number, flow.released, flow))
        alone = flow.finish(min(self._cap, self._capacity))
        heappush(self._bounds, (alone, flow.number))
        if alone < self.bound:
            self.bound = alone

    def add(self, flow: Flow) -> float:
        """Take a new flow in; returns a time before which no flow finishes.

        A new flow only slows the others down, so that the earlier bound still holds: nothing is worked out here.
        """
        self.take(flow)
        return self.bound

    def run(self, until: float, finished: list[Flow]) -> None:
        """Go on to `until`; flows whose last byte has left by then are appended to `finished`."""
        if self._saved is not None:
            if until >= self._t:
                finished += self._early
            else:
                self._t, self._v, self._busy, self._sleeping = self._saved
            self._saved = None
        self._run(until, finished, False)

    def peek(self) -> float:
        """A time before which no flow finishes; look ahead for it where a flow has outlived its bound."""
        bounds, t = self._bounds, self._t
        while bounds and bounds[0][0] <= t:
            heappop(bounds)
        busy, sleeping = self._busy, self._sleeping
        if busy and busy[0][2] == busy[0][3].parts:
            dry = t + (busy[0][0] - self._v) / min(self._cap, self._capacity / len(busy))
            if not sleeping or sleeping[0][0] >= dry:
                self.bound = dry
                return dry
        if len(busy) + len(sleeping) <= len(bounds):
            self.bound = bounds[0][0] if bounds else inf
            return self.bound
        self._saved = (t, self._v, busy[:], sleeping[:])
        self._early = []
        self._run(inf, self._early, True)
        self.bound = self._t
        return self.bound

    def _run(self, until: float, finished: list[Flow], to_first: bool) -> None:
        """The calendar: from change to change up to `until`, or to the first finish."""
        busy, sleeping, capacity, cap = self._busy, self._sleeping, self._capacity, self._cap
        alone = cap if cap < capacity else capacity
        t, v = self._t, self._v
        speed = alone
        while True:
            dry = inf
            if busy:
                speed = capacity / len(busy)
                if speed > cap:
                    speed = cap
                dry = t + (busy[0][0] - v) / speed
            if sleeping and sleeping[0][0] < dry:
                time = sleeping[0][0]
                if time > until:
                    break
                _, number, released, flow = heappop(sleeping)
                released += 1
                if time < t:
                    time = t
                if busy:
                    v += (time - t) * speed
                elif released < flow.parts:
                    # Alone on an empty link, and gone again before anyone else wakes: no need to become busy.
                    dry = time + flow.part / alone
                    wakes = flow.first + released * flow.period
                    if dry <= wakes and dry <= until and (not sleeping or dry <= sleeping[0][0]):
                        t = dry
                        heappush(sleeping, (wakes, number, released, flow))
                        continue
                t = time
                heappush(busy, (v + flow.part, number, released, flow))
            elif dry > until or not busy:
                break
            else:
                if dry > t:
                    t = dry
                v, number, released, flow = busy[0]
                if released < flow.parts:
                    ready = flow.parts if t >= flow.end else int((t - flow.first) // flow.period) + 1
                    if ready > released:
                        heapreplace(busy, (v + (ready - released) * flow.part, number, ready, flow))
                        continue
                    heappop(busy)
                    heappush(sleeping, (flow.first + released * flow.period, number, released, flow))
                else:
                    heappop(busy)
                    flow.left = t
                    finished.append(flow)
                    if to_first:
                        self._t, self._v = t, v
                        return
        if until > t:
            if busy:
                v += (until - t) * speed
            t = until
        self._t, self._v = t, v

    def park(self, now: float) -> Iterator[Flow]:
        """Bring every flow's own state to `now`, to which the calendar must have run, and hand the flows out."""
        for dry, _, released, flow in self._busy:
            flow.at, flow.backlog, flow.released = now, dry - self._v, released
            yield flow
        for _, _, released, flow in self._sleeping:
            flow.at, flow.backlog, flow.released = now, 0.0, released
            yield flow
