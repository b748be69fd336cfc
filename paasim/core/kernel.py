"""SimPy's environment with its event loop in one place: the same order of events, fewer calls per event.

`simpy.Environment.run` calls `step` for every event, which looks up everything anew. Here the loop is written out for
the two ways in which paasim runs: until nothing is left, or until a time. Everything else is SimPy's.
"""

from __future__ import annotations

from heapq import heappop
from math import inf
from typing import Any

import simpy


class Environment(simpy.Environment):
    """A SimPy environment that runs faster and does nothing else differently."""

    def run(self, until: Any = None) -> Any:
        """Run until nothing is left, until a time (events at that very time do not happen), or until an event.

        Raises:
            ValueError: if the time lies in the past.
        """
        if until is not None and not isinstance(until, (int, float)):
            return super().run(until)
        end = inf if until is None else float(until)
        if end < self._now:
            raise ValueError(f"until ({end}) must not be less than the current simulation time ({self._now})")
        queue = self._queue
        while queue and queue[0][0] < end:
            self._now, _, _, event = heappop(queue)
            callbacks, event.callbacks = event.callbacks, None  # type: ignore[assignment]
            for callback in callbacks:
                callback(event)
            if not event._ok and not hasattr(event, "_defused"):
                raise event._value  # type: ignore[misc]
        if end < inf:
            self._now = end
        return None
