"""Time-outs that come after everything else that happens at their moment.

An engine's step boundary must see all that arrives at that very moment, whichever was scheduled first. SimPy orders
events by (time, priority, order of scheduling), so boundaries are scheduled with the lowest priority.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from simpy.events import Event

if TYPE_CHECKING:
    from simpy import Environment

LAST: Any = 2
"""Priority after SimPy's URGENT (0) and NORMAL (1)."""


def call_last(env: Environment, delay: float, callback: Callable[[Event], None]) -> Event:
    """Call `callback` after `delay` seconds, as the last thing at that moment; returns the event, for comparison."""
    event = Event(env)
    event._ok = True
    event._value = None
    event.callbacks.append(callback)  # type: ignore[union-attr]
    env.schedule(event, LAST, delay if delay > 0 else 0.0)
    return event
