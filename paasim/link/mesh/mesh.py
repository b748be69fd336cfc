"""The mesh: links that paths share, at work in the simulation.

All that happens in it is worked out by `paasim.link.mesh.fluid`; the simulation sees one timer and, per transfer, the
arrival of its last byte. `paasim.link.plain.direction` does the same for plain links at less cost.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from paasim.core.kernel import Moment, Timer
from paasim.link.mesh.fluid import Fluid
from paasim.link.mesh.stream import Stream

if TYPE_CHECKING:
    from paasim.core.kernel import Environment


class Mesh:
    """Channels that paths join, directly or over others."""

    __slots__ = ("_env", "_fluid", "_streams", "_timer", "_timer_at")

    def __init__(self, env: Environment) -> None:
        self._env = env
        self._fluid = Fluid()
        self._streams: dict[Moment, Stream] = {}
        """Streams under way by the event of their arrival."""
        self._timer: Timer | None = None
        self._timer_at = inf

    def start(self, event: Moment, stream: Stream) -> None:
        """Let a stream begin now; `event` is the arrival of its last byte, its value when the first one left."""
        now = self._env.now
        self._run(now)
        self._streams[event] = stream
        stream.event = event
        stream.begun = now
        self._fluid.start(stream, now)
        self._settle()

    def more(self, stream: Stream) -> None:
        """A feed has more bytes for a stream, or has ended."""
        now = self._env.now
        self._run(now)
        self._fluid.more(stream, now)
        self._settle()

    def cancel(self, event: Moment) -> float:
        """Take back the stream whose arrival is `event`, which will not happen.

        Returns:
            The bytes that it has sent; infinite if all have left, and only the event is still to come.
        """
        now = self._env.now
        self._run(now)
        stream = self._streams.pop(event, None)
        if stream is None:
            return inf
        self._fluid.cancel(stream, now)
        self._settle()
        return stream.sent

    def stream(self, event: Moment | None) -> Stream | None:
        """The stream under way whose arrival is `event`; None if there is none."""
        return None if event is None else self._streams.get(event)

    def unsent(self, event: Moment) -> float:
        """Bytes of a stream under way that are ready and have not left."""
        self.sync()
        stream = self._streams.get(event)
        return 0.0 if stream is None else stream.waiting(self._env.now)

    def sync(self) -> None:
        """Bring every channel's totals to the present."""
        now = self._env.now
        self._run(now)
        self._settle()
        self._fluid.settle(now)

    def _run(self, until: float) -> None:
        self._fluid.run(until)
        if self._fluid.finished:
            self._see_off()

    def _see_off(self) -> None:
        finished = self._fluid.finished
        for stream in finished:
            event = stream.event
            assert event is not None
            del self._streams[event]
            # Where there was nothing to send, the first byte is as the last.
            event._value = stream.first if stream.first >= 0.0 else stream.left
            self._env.happen(event, stream.left + stream.delay)
        finished.clear()

    def _settle(self) -> None:
        """After a change from outside: see off what is done already, and set the timer at what happens next."""
        if self._fluid.finished:
            self._see_off()
        time = inf if self._fluid.is_idle else self._fluid.next()
        if time < self._timer_at:
            self._timer_at = time
            self._timer = self._env.call(time, self._fire)

    def _fire(self, event: Timer) -> None:
        if event is not self._timer:
            return  # overtaken by an earlier one
        time = self._timer_at
        self._timer, self._timer_at = None, inf
        # The clock may be a rounding error short of the time that it was set for: go by the latter.
        self._run(time)
        self._settle()
