"""A curve with outages cut out of it."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

from paasim.link.curve import Curve


def paused(curve: Curve, outages: Iterator[tuple[float, float]]) -> Curve:
    """The curve with a rate of zero during outages, and as it is between them.

    Args:
        curve: capacity over time; if it is made as needed, it is used up.
        outages: (start, length) in seconds, in order of their starts; they may overlap.
    """
    return Curve.made(_interrupted(curve.hand_over(), outages))


def _interrupted(
    pieces: Iterator[tuple[float, float]], outages: Iterator[tuple[float, float]]
) -> Iterator[tuple[float, float]]:
    """Pieces with a rate of zero during outages."""
    at = 0.0
    down, up = _following(outages, 0.0)
    for lasts, rate in pieces:
        end = at + lasts
        while at < end:
            if up <= at:
                down, up = _following(outages, up)
                continue
            if down > at:
                until = min(end, down)
                yield until - at, rate
            else:
                until = min(end, up)
                yield until - at, 0.0
            at = until


def _following(outages: Iterator[tuple[float, float]], after: float) -> tuple[float, float]:
    """Start and end of the next outage that ends after a moment; infinite if there is none."""
    for start, lasts in outages:
        if start + lasts > after:
            return start, start + lasts
    return inf, inf
