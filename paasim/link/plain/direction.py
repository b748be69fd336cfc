"""One direction of a link: which way of sharing its flows need, and the few events that this costs.

A transfer costs one event of its own (the arrival of its last byte) and a share in one timer. The timer stands at a
time before which no flow can finish; a flow that starts moves it only if it would be earlier, and a timer that was
overtaken does nothing.

Ways of sharing, the cheapest that is exact: `Independent` while devices cannot touch each other, `Equal` while flows
have one cap and a device each, else `Filling`. Changing it hands over every flow's state, O(n).
"""

from __future__ import annotations

from collections.abc import Iterator
from math import inf
from typing import TYPE_CHECKING, Protocol

from paasim.core.kernel import Moment, Timer
from paasim.core.release import Release
from paasim.link.plain.equal import Equal
from paasim.link.plain.filling import Filling
from paasim.link.plain.flow import Flow
from paasim.link.plain.independent import Independent

if TYPE_CHECKING:
    from paasim.core.kernel import Environment
    from paasim.link.access import Access


class Sharing(Protocol):
    """A way of sharing the capacity among flows."""

    def take(self, flow: Flow) -> None:
        """Take a flow in, its state being that of now."""

    def add(self, flow: Flow) -> float:
        """Take a new flow in; returns a time before which no flow finishes."""

    def run(self, until: float, finished: list[Flow]) -> None:
        """Go on to `until`; flows whose last byte has left by then are appended to `finished`."""

    def peek(self) -> float:
        """A time before which no flow finishes if no other starts; infinite if there is none."""

    def park(self, now: float) -> Iterator[Flow]:
        """Bring every flow's own state to `now`, to which `run` must have gone, and show the flows.

        That is no harm to the way of sharing: it may go on.
        """


class Direction:
    """Flows one way. With `shared=False` every flow sends at its cap whatever the others do."""

    __slots__ = (
        "_at",
        "_caps",
        "_count",
        "_crowded",
        "_devices",
        "_env",
        "_finished",
        "_later",
        "_number",
        "_sharing",
        "_sum",
        "_timer",
        "_timer_at",
        "bytes",
        "capacity",
        "flow_seconds",
        "shared",
    )

    def __init__(self, env: Environment, capacity: float, shared: bool = True) -> None:
        self._env = env
        self.capacity = capacity
        """Bytes per second."""
        self.shared = shared
        self.bytes = 0.0
        """Bytes of the flows that have finished."""
        self.flow_seconds = 0.0
        """Time integral of the number of flows, those that have finished only."""
        self._sharing: Sharing = Independent()
        self._timer: Timer | None = None
        self._timer_at = self._at = inf
        self._finished: list[Flow] = []
        self._later: list[Flow] = []
        """Flows whose bytes are ready from a later moment on."""
        self._number = self._count = 0
        # What decides the way of sharing: how many flows have which cap, how many each device has, the rate that
        # devices ask for together, and how many flows there are beyond one per device.
        self._caps: dict[float, int] = {}
        self._devices: dict[Access, int] = {}
        self._sum = 0.0
        self._crowded = 0

    def send(self, size: float, release: Release, rate: float, device: Access | None, delay: float) -> Moment:
        """Start a flow that gets at most `rate` bytes/s together with the other flows of its device.

        Returns:
            The event of the last byte's arrival, `delay` after it leaves; its value is when the first byte left.
        """
        env = self._env
        now = env.now
        event = Moment([])
        start, first, _, _, head = release
        if size <= 0.0:
            # Nothing to send: it is there when its end would have been ready.
            event._value = max(now, release.end)
            env.happen(event, event._value + delay)
            return event
        if rate >= self.capacity:
            rate, device = self.capacity, None  # such an access link never binds
        elif not self.shared:
            device = None
        flow = Flow(event, size, release, rate, device)
        flow.delay = delay
        ready = start if head > 0.0 else start + first
        event._value = ready if ready > now else now
        if start > now and head > 0.0:
            self._later.append(flow)
            env.call(start, lambda _: self._start_later(flow))
        else:
            self._start(flow)
        return event

    def cancel(self, event: Moment) -> tuple[float, float]:
        """Take out the flow with this event, which will not happen; the others share what it leaves.

        Returns:
            Its size, and the bytes that it had sent; (0, 0) if all of them had left: then the event happens.
        """
        now = self._env.now
        self._run(now)
        for flow in self._later:
            if flow.event is event:
                self._later.remove(flow)
                return flow.size, 0.0
        flows = list(self._sharing.park(now))
        gone = next((flow for flow in flows if flow.event is event), None)
        if gone is None:
            return 0.0, 0.0
        sent = gone.size - gone.unsent()
        self._count_out(gone, now, sent)
        sharing = self._sharing
        if isinstance(sharing, Independent):
            self._sharing = Independent()
        elif isinstance(sharing, Equal):
            self._sharing = Equal(self.capacity, next(iter(self._caps), self.capacity), now)
        else:
            self._sharing = Filling(self.capacity)
        for flow in flows:
            if flow is not gone:
                self._sharing.take(flow)
        self._narrow(now)
        self._arm(self._sharing.peek())
        return gone.size, sent

    def unsent(self, event: Moment) -> float:
        """Bytes that the flow with this event still has to send."""
        now = self._env.now
        self._run(now)
        return sum(flow.unsent() for flow in self._sharing.park(now) if flow.event is event)

    def share(self, rate: float, device: Access | None, own: bool = False) -> float:
        """Bytes per second that one more flow would get now, at least, if all flows under way were busy.

        Args:
            rate: of its access link.
            device: whose it is.
            own: whether it is no more flow, but one of those under way.
        """
        rate = min(rate, self.capacity)
        if not self.shared:
            return rate
        flows, used = self._count + 1, self._sum
        at_device = 1 + self._devices.get(device, 0) if device is not None else 1
        if own:
            flows -= 1
            at_device -= 1 if device is not None else 0
            if at_device == 1:
                used -= rate
        return min(rate / at_device, max(self.capacity - used, self.capacity / flows))

    def totals(self, now: float) -> tuple[float, float]:
        """Bytes sent, and time integral of the number of flows under way, up to `now` (the present)."""
        self._run(now)
        sent, seconds = self.bytes, self.flow_seconds
        for flow in self._sharing.park(now):
            sent += flow.size - flow.unsent()
            seconds += now - flow.started
        return sent, seconds

    def _start_later(self, flow: Flow) -> None:
        """Start a flow whose moment has come, unless it was cancelled."""
        if flow in self._later:
            self._later.remove(flow)
            self._start(flow)

    def _start(self, flow: Flow) -> None:
        now = self._env.now
        self._number += 1
        flow.number = self._number
        flow.begin(now)
        if self._count:
            self._run(now)
        self._count += 1
        if flow.device is not None or self._caps:
            self._note(flow, 1)
        else:
            self._sum += flow.cap
        if self._count == 1:
            # Whole flows are as cheap in virtual time as in a closed form, and the next one need not change anything.
            if isinstance(self._sharing, Equal) and flow.released == flow.parts and flow.device is None:
                self._sharing.restart(now)
            elif not isinstance(self._sharing, Independent):
                self._sharing = Independent()
        elif self.shared:
            self._widen(now)
        self._arm(self._sharing.add(flow))

    def _run(self, time: float) -> None:
        """Let the flows go on to `time`, and see off those that finish."""
        finished = self._finished
        self._sharing.run(time, finished)
        if not finished:
            return
        env = self._env
        for flow in finished:
            env.happen(flow.event, flow.left + flow.delay)
            self._count_out(flow, flow.left, flow.size)
        finished.clear()
        self._narrow(time)

    def _count_out(self, flow: Flow, left: float, sent: float) -> None:
        """Count a flow that has left, or was given up, at `left`."""
        self.bytes += sent
        self.flow_seconds += left - flow.started
        self._count -= 1
        if self._caps:
            self._note(flow, -1)
        else:
            self._sum -= flow.cap

    # The way of sharing.

    def _note(self, flow: Flow, change: int) -> None:
        """Count a flow in or out, by cap and by device. Done from the first capped flow on, until there are none."""
        caps, devices, device = self._caps, self._devices, flow.device
        if not caps and self._count > 1:
            caps[self.capacity] = self._count - 1
        caps[flow.cap] = caps.get(flow.cap, 0) + change
        if not caps[flow.cap]:
            del caps[flow.cap]
        if device is not None:
            before = devices.get(device, 0)
            devices[device] = before + change
            if before + change == 0:
                del devices[device]
            if before and before + change:
                self._crowded += change
                return  # the device's rate is counted already, or still
        self._sum += change * flow.cap

    def _widen(self, now: float) -> None:
        """Before a flow is added (it is counted already): change to a way of sharing that can hold it."""
        sharing = self._sharing
        alike = not self._crowded and len(self._caps) <= 1
        if isinstance(sharing, Independent):
            if self._sum <= self.capacity:
                return
            if alike:
                cap = next(iter(self._caps), self.capacity)
                self._change(Equal(self.capacity, cap, now), now)
                return
        if not alike and not isinstance(sharing, Filling):
            self._change(Filling(self.capacity), now)

    def _narrow(self, now: float) -> None:
        """After flows have left: change to a cheaper way of sharing, if it will last."""
        sharing = self._sharing
        if not self._count:
            self._sum, self._crowded = 0.0, 0
            if self._caps:
                self._caps.clear()
                self._devices.clear()
                self._sharing = Independent()
        elif not isinstance(sharing, Independent) and (
            (self._count == 1 and not (isinstance(sharing, Equal) and sharing.is_whole))
            or self._sum <= 0.75 * self.capacity
        ):
            self._change(Independent(), now)

    def _change(self, sharing: Sharing, now: float) -> None:
        for flow in self._sharing.park(now):
            sharing.take(flow)
        self._sharing = sharing

    # The timer.

    def _arm(self, at: float) -> None:
        """See to it that the timer fires at `at` or before."""
        self._at = at
        if at < self._timer_at:
            self._timer_at = at
            self._timer = self._env.call(at, self._fire)

    def _fire(self, event: Timer) -> None:
        if event is not self._timer:
            return  # overtaken by an earlier one
        time = self._timer_at
        self._timer, self._timer_at = None, inf
        if time >= self._at:
            # The clock may be a rounding error short of the time that it was set for: go by the latter.
            self._run(time)
            self._at = self._sharing.peek()
        if self._at < inf:
            self._arm(self._at)
