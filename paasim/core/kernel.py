"""SimPy's environment with less work per event, and the same order of events.

SimPy orders events by (time, priority, order of scheduling). That stays; what is written anew here is what runs for
every event of a simulation:

* `Environment.run`: the loop in one place, instead of a call of `step` for each event;
* timers: a callback in a list of one, the least that the queue can hold and that can be told from another;
* `Moment`: an event at a set time, in two slots (SimPy's `Timeout` does the same with more);
* `Signal`: an event that happens at once when it is told to, without a turn through the queue;
* `spawn`: runs a generator as a process that nobody waits for, without events for its beginning and its end.

All of them work with SimPy's own processes and events.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from heapq import heappop, heappush
from math import inf
from typing import Any

import simpy

NORMAL, LAST = 1, 2
"""Priorities: as any SimPy event; after everything else at that moment (a step boundary must see all that arrives)."""

Callback = Callable[[Any], None]
Timer = list[Any]
"""One callback, called with the timer itself, so that it can tell whether it was overtaken by a newer one."""


class Moment:
    """An event at a set time; it never fails."""

    __slots__ = ("_value", "callbacks")
    _ok = True

    def __init__(self, callbacks: list[Callback], value: Any = None) -> None:
        self.callbacks: list[Callback] | None = callbacks
        self._value = value


class Signal:
    """An event that happens the moment it is fired: whoever waits for it goes on at once."""

    __slots__ = ("_value", "callbacks")
    _ok = True

    def __init__(self) -> None:
        self.callbacks: list[Callback] | None = []
        self._value: Any = None

    def fire(self, value: Any = None) -> None:
        """Let it happen."""
        self._value = value
        callbacks, self.callbacks = self.callbacks, None
        if callbacks:
            for callback in callbacks:
                callback(self)


class Race:
    """Waits for a moment, but only until another: `won` has the moment's value, or -1 if the time was up before."""

    __slots__ = ("_env", "won")

    def __init__(self, env: Environment, moment: Moment) -> None:
        self._env = env
        self.won = Signal()
        if moment.callbacks is not None:
            moment.callbacks.append(self._on_moment)

    def end_at(self, time: float) -> None:
        """Wait until `time` at most."""
        self._env.call(time, self._on_time)

    def _on_moment(self, moment: Moment) -> None:
        if self.won.callbacks is not None:
            self.won.fire(moment._value)

    def _on_time(self, _: Timer) -> None:
        if self.won.callbacks is not None:
            self.won.fire(-1.0)


_NOW = Moment([])


class _Course:
    """A generator on its way from one event that it waits for to the next."""

    __slots__ = ("_send",)

    def __init__(self, steps: Generator[Any, Any, Any]) -> None:
        self._send = steps.send

    def go_on(self, event: Any) -> None:
        value = event._value
        while True:
            try:
                awaited = self._send(value)
            except StopIteration:
                return
            callbacks = awaited.callbacks
            if callbacks is not None:
                callbacks.append(self.go_on)
                return
            value = awaited._value  # it has happened already


def spawn(steps: Generator[Any, Any, Any]) -> None:
    """Run a generator that yields events; its first part runs now."""
    _Course(steps).go_on(_NOW)


class Environment(simpy.Environment):
    """A SimPy environment that runs faster and does nothing else differently."""

    now: float = 0.0
    """The present, s. An attribute here, where SimPy has a property, which costs a call each time."""

    def __init__(self) -> None:
        super().__init__()
        self.heap: list[Any] = self._queue
        """SimPy's queue: (time, priority, number, event)."""
        self.number = self._eid.__next__

    @property
    def _now(self) -> float:
        """What SimPy's own events read and set."""
        return self.now

    @_now.setter
    def _now(self, time: float) -> None:
        self.now = time

    def call(self, at: float, callback: Callback, priority: int = NORMAL) -> Timer:
        """Call `callback` at time `at` (now, if that is past); returns the timer, for comparison."""
        timer = [callback]
        heappush(self.heap, (at if at > self.now else self.now, priority, self.number(), timer))
        return timer

    def happen(self, moment: Moment, at: float) -> None:
        """Let an event that was made before happen at time `at` (now, if that is past)."""
        heappush(self.heap, (at if at > self.now else self.now, NORMAL, self.number(), moment))

    def pause(self, delay: float) -> Moment:
        """An event in `delay` seconds, to be waited for."""
        moment = Moment([])
        at = self.now + delay if delay > 0.0 else self.now
        heappush(self.heap, (at, NORMAL, self.number(), moment))
        return moment

    def is_last(self) -> bool:
        """Whether nothing else is scheduled at this very moment."""
        queue = self.heap
        return not queue or queue[0][0] > self.now

    def run(self, until: Any = None) -> Any:
        """Run until nothing is left, until a time (events at that very time do not happen), or until an event.

        Raises:
            ValueError: if the time lies in the past.
        """
        if until is not None and not isinstance(until, (int, float)):
            return super().run(until)
        end = inf if until is None else float(until)
        if end < self.now:
            raise ValueError(f"until ({end}) must not be less than the current simulation time ({self.now})")
        if end < inf:
            self.call(end, self._stop, -1)
        queue = self.heap
        self._running = True
        while queue and self._running:
            self.now, _, _, event = heappop(queue)
            if event.__class__ is list:
                event[0](event)
                continue
            callbacks, event.callbacks = event.callbacks, None
            for callback in callbacks:
                callback(event)
            if not event._ok and not hasattr(event, "_defused"):
                raise event._value
        return None

    def _stop(self, _: Timer) -> None:
        self._running = False
