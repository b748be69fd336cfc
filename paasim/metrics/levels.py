"""Time-weighted means of resources: utilisation, queue length, KV memory in use, bytes moved.

A level is recorded as its cumulative time integral, so its mean over a window is a difference over the window's
length. Between samples the integral is taken as linear. A link is two ways that do not touch each other: its bytes are
those of both, its utilisation is that of the busier one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf

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
    fill: float | None
    """Of servers that batch: the largest of the shares of KV memory, of batch slots, and of prompt throughput in use;
    one sequence keeps such a server at work, so that only this says how much more it could take."""
    queue_growth: float | None
    """How much longer the mean queue is in the last quarter of the window than in the first, requests."""
    bytes: float | None
    """Payload bytes sent in the window, either way."""
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

    def share(total: str, limit: str) -> float | None:
        used, most = mean(total, level.servers), level.capacity.get(limit, inf)
        return used / most if used is not None and 0 < most < inf else None

    kv = share("kv_tokens", "kv_tokens")
    shares = (kv, share("running", "max_seqs"), share("prompt_tokens", "prompt_tokens_per_s"))
    batches = 1 < level.capacity.get("max_seqs", 0.0) < inf
    ways = [mean(total, level.servers) for total in ("busy", "busy_backward")]
    sent = [amount(level, total, window.start, window.end) for total in ("bytes", "bytes_backward")]
    return Usage(
        name=level.name,
        kind=level.kind,
        servers=level.servers,
        length=length,
        utilisation=_most(ways),
        queue_mean=mean("queue"),
        running_mean=mean("running"),
        kv_tokens_mean=mean("kv_tokens"),
        kv_utilisation=kv,
        fill=_most(shares) if batches else None,
        queue_growth=_queue_growth(level, window),
        bytes=None if sent[0] is None else sent[0] + (sent[1] or 0.0),
        tokens=amount(level, "tokens", window.start, window.end),
    )


def _queue_growth(level: Levels, window: Window) -> float | None:
    quarter = window.length / 4
    if quarter <= 0:
        return None
    first = amount(level, "queue", window.start, window.start + quarter)
    last = amount(level, "queue", window.end - quarter, window.end)
    return None if first is None or last is None else (last - first) / quarter


def _most(values: Iterable[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)
