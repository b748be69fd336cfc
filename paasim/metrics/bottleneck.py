"""Which resource limits the throughput: the one with the highest utilisation.

As load grows, the resource with the highest utilisation is the first to saturate (Denning & Buzen, "The operational
analysis of queueing network models", 1978, https://doi.org/10.1145/356733.356735).
"""

from __future__ import annotations

from collections.abc import Iterable

from paasim.metrics.levels import Usage

SATURATED = 0.98
"""Utilisation from which a resource is called saturated."""


def bottleneck(usages: Iterable[Usage]) -> Usage | None:
    """The busiest resource; the first by name among equals; None if nothing did any work."""
    busy = [used for used in usages if used.utilisation]
    return min(busy, key=lambda used: (-(used.utilisation or 0.0), used.name), default=None)
