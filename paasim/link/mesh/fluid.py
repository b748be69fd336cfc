"""Streams over channels, exactly fair at every moment, as a calendar without a clock of its own.

Shares are max-min over all channels of all paths (see `paasim.link.mesh.levels`), and worked out again whenever a
stream becomes busy or idle, or a capacity changes. Between such moments nothing happens and every rate is constant, so
that the calendar's steps are exact.

Left out: packets and their queues, losses one by one, unfairness between round-trip times.
"""

from __future__ import annotations

from heapq import heappop, heappush
from math import inf
from typing import TYPE_CHECKING

from paasim.link.mesh.group import Group
from paasim.link.mesh.levels import fill
from paasim.link.mesh.stream import Stream

if TYPE_CHECKING:
    from paasim.link.mesh.channel import Channel


class Fluid:
    """Whoever uses it calls `run` up to the present before anything else, and sees to what has `finished`."""

    __slots__ = (
        "_at",
        "_changes",
        "_channels",
        "_dry",
        "_groups",
        "_number",
        "_order",
        "_sleeping",
        "_stale",
        "_streams",
        "finished",
    )

    def __init__(self) -> None:
        self._groups: dict[tuple[int, tuple[Channel, ...]], Group] = {}
        self._order: list[Group] = []
        """Groups with busy streams, by priority."""
        self._channels: dict[Channel, int] = {}
        """Channels that groups with busy streams pass, and how many."""
        self._streams: dict[Stream, None] = {}
        """Streams under way, in the order in which they came."""
        self._sleeping: list[tuple[float, int, int, Stream]] = []
        """(when more may leave, number, stamp, stream)."""
        self._changes: list[tuple[float, int, Channel]] = []
        """(when the capacity changes, number, channel)."""
        self._dry: list[Stream] = []
        self._number = 0
        self._at = 0.0
        self._stale = False
        """Whether rates have to be worked out again."""
        self.finished: list[Stream] = []
        """Streams whose last byte has left; to be taken out."""

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way."""
        return not self._streams

    # ---- streams come and go --------------------------------------------------------------------------------------

    def start(self, stream: Stream, now: float) -> None:
        """Let a stream begin now, or go on from a backlog that it has."""
        self._number += 1
        stream.number = self._number
        self._at = now
        self._streams[stream] = None
        for channel in stream.path:
            self._enter(channel, now)
        if stream.tap is not None:
            self._join(stream, stream.tap, now)
        if stream.backlog > 0.0:
            self._join_group(stream, now)
        else:
            self._wake(stream, now)

    def more(self, stream: Stream, now: float) -> None:
        """A feed has more bytes for a stream, or has ended."""
        if stream in self._streams and stream.group is None:
            self._wake(stream, now)

    def cancel(self, stream: Stream, now: float) -> None:
        """Take a stream out; its state is that of now."""
        if stream.group is not None:
            self._leave_group(stream, now)
        stream.stamp += 1
        self._forget(stream, now)

    def settle(self, now: float) -> None:
        """Bring every channel's totals to the present."""
        self._fill(now)
        for channel in self._channels:
            channel.settle(now)

    # ---- the calendar ---------------------------------------------------------------------------------------------

    def next(self) -> float:
        """When something happens next, if nothing starts before; no stream finishes earlier."""
        self._fill(self._at)
        return self._next()

    def run(self, until: float) -> None:
        """From change to change up to `until`."""
        self._fill(self._at)
        while True:
            time = self._next()
            if time > until:
                break
            self._happen(time if time > self._at else self._at)
        self._at = until

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
        self._fill(now)

    def _fill(self, now: float) -> None:
        """Work out rates again, if something has changed."""
        if self._stale:
            self._stale = False
            fill(self._order, list(self._channels), now)

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
        stream.left = now
        self.finished.append(stream)

    def _forget(self, stream: Stream, now: float) -> None:
        del self._streams[stream]
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
            # Groups are dropped when they are empty, so that this is where one comes to be.
            group = self._groups[key] = Group(stream.priority, path, now)
            self._order.append(group)
            self._order.sort(key=_by_priority)
            for channel in path:
                channel.groups.append(group)
                self._channels[channel] = self._channels.get(channel, 0) + 1
        if stream.first < 0.0:
            stream.first = now
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
        if channel.streams == 1 and channel.curve is not None:
            channel.renew(now)
            self._watch(channel, now)

    def _exit(self, channel: Channel, now: float) -> None:
        channel.settle(now)
        channel.streams -= 1

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
        was_down, lone = channel.capacity <= 0.0, channel.lone
        touched = self._broken(channel) if was_down and channel.next_rate(now) > 0.0 else []
        if lone is not None and lone.group is not None and lone not in touched:
            touched.insert(0, lone)
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
        through = [s for s in self._streams if channel is s.tap or channel in s.path]
        return [stream for stream in through if stream.restarts]


def _by_priority(group: Group) -> int:
    return group.priority
