"""Which resource limits the throughput: the one nearest to its limit.

As load grows, the resource with the highest utilisation is the first to saturate (Denning & Buzen, "The operational
analysis of queueing network models", 1978, https://doi.org/10.1145/356733.356735). A server that batches is at work
from its first sequence on: there the largest of the shares of KV memory, batch slots and prompt throughput in use
stands in, unless the queue shows that it cannot keep up. A pool that prefills and decodes is nearer to its limit than
any of these alone says.
"""

from __future__ import annotations

from collections.abc import Iterable

from paasim.metrics.levels import Usage

SATURATED = 0.98
"""Utilisation from which a growing queue means that the resource cannot keep up."""
GROWTH = 10.0
"""Requests by which the queue of such a resource grows if it is no noise; judgement, as in `paasim.metrics.steady`."""


def load(used: Usage) -> float:
    """How near a resource is to its limit: its fill where it batches and keeps up, else its utilisation."""
    utilisation = used.utilisation or 0.0
    keeps_up = utilisation < SATURATED or (used.queue_growth or 0.0) <= GROWTH
    return utilisation if used.fill is None or not keeps_up else used.fill


def bottleneck(usages: Iterable[Usage]) -> Usage | None:
    """The resource with the highest load; the first by name among equals; None if nothing did any work."""
    busy = [used for used in usages if load(used)]
    return min(busy, key=lambda used: (-load(used), used.name), default=None)
