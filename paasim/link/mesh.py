"""Links as they are: streams over paths of several channels, exactly fair at every moment, whatever changes.

Shares are max-min over all channels of all paths (see `paasim.link.levels`), and worked out again whenever a stream
becomes busy or idle, or a capacity changes. Between such moments nothing happens and every rate is constant, so that
the calendar's steps are exact. It is kept inside the mesh; the simulation sees one timer and, per transfer, the arrival
of its last byte. `paasim.link.direction` does the same for plain links at less cost.

Left out: packets and their queues, losses one by one, unfairness between round-trip times.
"""

from __future__ import annotations

from heapq import heappop, heappush
from math import inf
from typing import TYPE_CHECKING

from paasim.core.kernel import Moment, Timer
from paasim.link.group import Group
from paasim.link.levels import fill
from paasim.link.stream import Stream

if TYPE_CHECKING:
    from paasim.core.kernel import Environment
    from paasim.link.channel import Channel


class Mesh:
    """Channels that paths join, directly or over others."""

    __slots__ = (
        "_at",
        "_changes",
        "_channels",
        "_count",
        "_dry",
        "_env",
        "_groups",
        "_number",
        "_order",
        "_sleeping",
        "_stale",
        "_streams",
        "_timer",
        "_timer_at",
    )

    def __init__(self, env: Environment) -> None:
        self._env = env
        self._groups: dict[tuple[int, tuple[Channel, ...]], Group] = {}
        self._order: list[Group] = []
        """Groups with busy streams, by priority."""
        self._channels: dict[Channel, int] = {}
        """Channels that groups with busy streams pass, and how many."""
        self._streams: dict[Moment, Stream] = {}
        """Streams under way by the event of their arrival."""
        self._sleeping: list[tuple[float, int, int, Stream]] = []
        """(when more may leave, number, stamp, stream)."""
        self._changes: list[tuple[float, int, Channel]] = []
        """(when the capacity changes, number, channel)."""
        self._dry: list[Stream] = []
        self._number = self._count = 0
        self._at = 0.0
        self._stale = False
        """Whether rates have to be worked out again."""
        self._timer: Timer | None = None
        self._timer_at = inf

    # ---- what paths call ------------------------------------------------------------------------------------------

    def start(self, stream: Stream) -> None:
        """Let a stream begin now. Its event is the arrival of its last byte, its value when the first one left."""
        now = self._env.now
        self._run(now)
        self._number += 1
        stream.number = self._number
        stream.begun = now
        self._streams[stream.event] = stream
        for channel in stream.path:
            self._enter(channel, now)
        tap = stream.tap
        if tap is not None:
            self._join(stream, tap, now)
        self._wake(stream, now)
        self._settle(now)

    def more(self, stream: Stream) -> None:
        """A feed has more bytes for a stream, or has ended."""
        now = self._env.now
        self._run(now)
        if stream.event in self._streams and stream.group is None:
            self._wake(stream, now)
        self._settle(now)

    def cancel(self, event: Moment) -> float:
        """Take back the stream whose arrival is `event`, which will not happen.

        Returns:
            The bytes that it has sent; infinite if all have left, and only the event is still to come.
        """
        now = self._env.now
        self._run(now)
        stream = self._streams.get(event)
        if stream is None:
            return inf
        if stream.group is not None:
            self._leave_group(stream, now)
        stream.stamp += 1
        self._forget(stream, now)
        self._settle(now)
        return stream.lost + stream.claimed - stream.backlog

    def unsent(self, event: Moment) -> float:
        """Bytes of a stream under way that are ready and have not left."""
        now = self._env.now
        self.sync()
        stream = self._streams.get(event)
        return 0.0 if stream is None else stream.waiting(now)

    def sync(self) -> None:
        """Bring every channel's totals to the present."""
        now = self._env.now
        self._run(now)
        self._settle(now)
        for channel in self._channels:
            channel.settle(now)

    # ---- the calendar ---------------------------------------------------------------------------------------------

    def _next(self) -> float:
        """When something happens next, if nothing starts before."""
        time = inf
        for group in self._order:
            dry = group.next_dry()
            if dry < time:
                time = dry
        sleeping = self._sleeping
        while sleeping and sleeping[0][2] != sleeping[0][3].stamp:
            heappop(sleeping)
        if sleeping and sleeping[0][0] < time:
            time = sleeping[0][0]
        if self._changes and self._changes[0][0] < time:
            time = self._changes[0][0]
        return time

    def _run(self, until: float) -> None:
        """From change to change up to `until`."""
        while True:
            time = self._next()
            if time > until:
                break
            self._happen(time if time > self._at else self._at)
        self._at = until

    def _happen(self, now: float) -> None:
        """Everything that happens at one moment, then new rates."""
        self._at = now
        dry = self._dry
        for group in self._order:
            group.take_dry(now, dry)
        for stream in dry:
            self._go_on(stream, now)
        dry.clear()
        sleeping = self._sleeping
        while sleeping and sleeping[0][0] <= now:
            _, _, stamp, stream = heappop(sleeping)
            if stamp == stream.stamp:
                self._wake(stream, now)
        while self._changes and self._changes[0][0] <= now:
            self._change(heappop(self._changes)[2], now)
        if self._stale:
            self._fill(now)

    def _fill(self, now: float) -> None:
        self._stale = False
        fill(self._order, list(self._channels), now)

    def _settle(self, now: float) -> None:
        """After a change from outside: new rates, and the timer at what happens next."""
        if self._stale:
            self._fill(now)
        self._arm()

    def _arm(self) -> None:
        time = self._next() if self._count else inf
        if time < self._timer_at or (time < inf and self._timer is None):
            self._timer_at = time
            self._timer = self._env.call(time, self._fire)

    def _fire(self, event: Timer) -> None:
        if event is not self._timer:
            return  # overtaken by an earlier one
        time = self._timer_at
        self._timer, self._timer_at = None, inf
        # The clock may be a rounding error short of the time that it was set for: go by the latter.
        self._run(time)
        self._arm()

    # ---- streams --------------------------------------------------------------------------------------------------

    def _wake(self, stream: Stream, now: float) -> None:
        """An idle stream: more may leave, or it is done, or it sleeps on."""
        if stream.claim(now):
            self._join_group(stream, now)
        elif stream.is_done:
            self._finish(stream, now)
        else:
            self._sleep(stream)

    def _go_on(self, stream: Stream, now: float) -> None:
        """A busy stream has sent its backlog."""
        group = stream.group
        if group is None:
            return
        if stream.claim(now):
            group.again(stream, now)
            return
        self._leave_group(stream, now)
        if stream.is_done:
            self._finish(stream, now)
        else:
            self._sleep(stream)

    def _sleep(self, stream: Stream) -> None:
        stream.stamp += 1
        wakes = stream.wakes()
        if wakes < inf:
            heappush(self._sleeping, (wakes, stream.number, stream.stamp, stream))

    def _finish(self, stream: Stream, now: float) -> None:
        self._forget(stream, now)
        if stream.event._value is None:
            stream.event._value = now  # there was nothing to send
        self._env.happen(stream.event, now + stream.delay)

    def _forget(self, stream: Stream, now: float) -> None:
        del self._streams[stream.event]
        for channel in stream.path:
            self._exit(channel, now)
        tap = stream.tap
        if tap is not None:
            if tap.lone is stream:
                tap.lone = None
            self._exit(tap, now)

    def _join_group(self, stream: Stream, now: float) -> None:
        path = stream.path
        tap = stream.tap
        if tap is not None and tap.lone is not stream:
            path = (*path, tap)
        key = (stream.priority, path)
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = Group(stream.priority, path, now)
        if group.is_empty:
            self._order.append(group)
            self._order.sort(key=_by_priority)
            for channel in path:
                channel.groups.append(group)
                self._channels[channel] = self._channels.get(channel, 0) + 1
        if stream.event._value is None:
            stream.event._value = now
        group.add(stream, now)
        self._stale = True

    def _leave_group(self, stream: Stream, now: float) -> None:
        group = stream.group
        assert group is not None
        group.remove(stream, now)
        self._stale = True
        if group.is_empty:
            self._order.remove(group)
            del self._groups[(group.priority, group.path)]
            for channel in group.path:
                channel.settle(now)
                channel.groups.remove(group)
                self._channels[channel] -= 1
                if not self._channels[channel]:
                    del self._channels[channel]
                    channel.rate = 0.0

    # ---- channels -------------------------------------------------------------------------------------------------

    def _enter(self, channel: Channel, now: float) -> None:
        channel.settle(now)
        channel.streams += 1
        self._count += 1
        if channel.streams == 1 and channel.curve is not None:
            channel.renew(now)
            self._watch(channel, now)

    def _exit(self, channel: Channel, now: float) -> None:
        channel.settle(now)
        channel.streams -= 1
        self._count -= 1

    def _join(self, stream: Stream, tap: Channel, now: float) -> None:
        """Put a stream on its device's access link: a limit of its own if it is alone there, else a channel."""
        self._enter(tap, now)
        other, tap.lone = tap.lone, None
        if tap.streams == 1:
            tap.lone = stream
        elif other is not None and other.group is not None:
            self._leave_group(other, now)
            self._join_group(other, now)

    def _watch(self, channel: Channel, now: float) -> None:
        if not channel.armed:
            time = channel.next_change(now)
            if time < inf:
                channel.armed = True
                self._number += 1
                heappush(self._changes, (time, self._number, channel))

    def _change(self, channel: Channel, now: float) -> None:
        """The capacity of a channel changes."""
        channel.armed = False
        if not channel.streams:
            return
        touched = [channel.lone] if channel.lone is not None and channel.lone.group is not None else []
        was_down = channel.capacity <= 0.0
        touched += self._broken(channel) if was_down and channel.next_rate(now) > 0.0 else []
        for stream in touched:
            if stream.group is not None:
                self._leave_group(stream, now)
        channel.renew(now)
        for stream in touched:
            if was_down and stream.restarts:
                stream.again(now)
            if stream.backlog > 0.0:
                self._join_group(stream, now)
            else:
                self._wake(stream, now)
        self._stale = True
        self._watch(channel, now)

    def _broken(self, channel: Channel) -> list[Stream]:
        """The streams that do not survive that a channel was down: they begin anew when it is back."""
        through = [s for s in self._streams.values() if channel is s.tap or channel in s.path]
        return [stream for stream in through if stream.restarts and stream is not channel.lone]


def _by_priority(group: Group) -> int:
    return group.priority
