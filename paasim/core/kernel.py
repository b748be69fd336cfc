"""SimPy's environment with less work per event, and the same order of events.

SimPy orders events by (time, priority, order of scheduling). That stays; what is written anew here is what runs for
every event of a simulation:

* `Environment.run`: the loop in one place, instead of a call of `step` for each event;
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


class Moment:
    """An event at a set time; it never fails and has no value."""

    __slots__ = ("callbacks",)
    _ok = True
    _value = None

    def __init__(self, callbacks: list[Callback]) -> None:
        self.callbacks: list[Callback] | None = callbacks


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
        for callback in callbacks or ():
            callback(self)


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
    _Course(steps).go_on(Moment)


class Environment(simpy.Environment):
    """A SimPy environment that runs faster and does nothing else differently."""

    now: float = 0.0  # type: ignore[assignment]
    """The present, s. An attribute here; SimPy has a property, which costs a call each time."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self._now

    def call(self, delay: float, callback: Callback, priority: int = NORMAL) -> Moment:
        """Call `callback` in `delay` seconds (at least 0); returns the event, for comparison."""
        moment = Moment([callback])
        at = self.now + delay if delay > 0.0 else self.now
        heappush(self._queue, (at, priority, next(self._eid), moment))  # type: ignore[arg-type]
        return moment

    def pause(self, delay: float) -> Moment:
        """An event in `delay` seconds, to be waited for."""
        moment = Moment([])
        at = self.now + delay if delay > 0.0 else self.now
        heappush(self._queue, (at, NORMAL, next(self._eid), moment))  # type: ignore[arg-type]
        return moment

    def is_last(self) -> bool:
        """Whether nothing else is scheduled at this very moment."""
        queue = self._queue
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
        queue = self._queue
        while queue and queue[0][0] < end:
            self._now, _, _, event = heappop(queue)
            self.now = self._now
            callbacks, event.callbacks = event.callbacks, None  # type: ignore[assignment]
            for callback in callbacks:
                callback(event)
            if not event._ok and not hasattr(event, "_defused"):
                raise event._value  # type: ignore[misc]
        if end < inf:
            self.now = self._now = end
        return None

    def step(self) -> None:
        """Process one event (what `run` does when it waits for an event)."""
        super().step()
        self.now = self._now
