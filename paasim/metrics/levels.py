"""Time-weighted means of resources: utilisation, queue length, KV memory in use, bytes moved.

A level is recorded as its cumulative time integral, so its mean over a window is a difference over the window's
length. Between samples the integral is taken as linear.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from paasim.core.recorder import Levels
from paasim.metrics.window import Window


@dataclass(frozen=True)
class Usage:
    """How one resource was used in a window. None = not recorded for this kind of resource."""

    name: str
    kind: str
    servers: int
    length: float
    """Length of the window, s."""
    utilisation: float | None
    """Share of the servers' time at work, or of a link's capacity used."""
    queue_mean: float | None
    """Mean number of requests waiting."""
    running_mean: float | None
    """Mean number of requests in service."""
    kv_tokens_mean: float | None
    """Mean KV memory in use, tokens."""
    kv_utilisation: float | None
    """The same as a share of what fits."""
    bytes: float | None
    """Payload bytes sent in the window."""
    tokens: float | None
    """Tokens computed in the window."""

    @property
    def busy(self) -> float:
        """Server-seconds at work in the window."""
        return (self.utilisation or 0.0) * self.servers * self.length


def amount(level: Levels, total: str, start: float, end: float) -> float | None:
    """How much a cumulative total grew in [start, end]; None if it is not recorded."""
    if total not in level.totals or not len(level.times):
        return None
    before, after = np.interp((start, end), level.times, level.totals[total])
    return float(after - before)


def usage(level: Levels, window: Window) -> Usage:
    """Means and amounts of a resource over the window."""
    length = window.length

    def mean(total: str, per: float = 1.0) -> float | None:
        grown = amount(level, total, window.start, window.end)
        return None if grown is None or length <= 0 else grown / length / per

    kv_tokens, kv_capacity = mean("kv_tokens"), level.capacity.get("kv_tokens", 0.0)
    kv_limited = kv_tokens is not None and 0 < kv_capacity < float("inf")
    return Usage(
        name=level.name,
        kind=level.kind,
        servers=level.servers,
        length=length,
        utilisation=mean("busy", level.servers),
        queue_mean=mean("queue"),
        running_mean=mean("running"),
        kv_tokens_mean=kv_tokens,
        kv_utilisation=kv_tokens / (kv_capacity * level.servers) if kv_tokens is not None and kv_limited else None,
        bytes=amount(level, "bytes", window.start, window.end),
        tokens=amount(level, "tokens", window.start, window.end),
    )
