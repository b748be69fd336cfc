"""The Pareto front: candidates than which no other is cheaper, faster and serves more at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

SAME = 0.005
"""Relative difference in goodput up to which two candidates count as equal: what ends within a window is chance."""


class Figures(NamedTuple):
    """What a front is over."""

    cost: float
    """$/h."""
    ttft: float
    """p99, s."""
    goodput: float
    """Requests/s that keep their limits."""


def front(figures: Sequence[Figures]) -> list[bool]:
    """Whether each stands on the front; of equals, the first."""
    return [
        not any(_beats(other, each, position < number) for position, other in enumerate(figures) if position != number)
        for number, each in enumerate(figures)
    ]


def _beats(other: Figures, each: Figures, is_first: bool) -> bool:
    """Whether another is nowhere worse, and somewhere better or the same and first."""
    as_good = other.goodput >= each.goodput * (1 - SAME)
    if not (other.cost <= each.cost and other.ttft <= each.ttft and as_good):
        return False
    better = other.cost < each.cost or other.ttft < each.ttft or other.goodput > each.goodput * (1 + SAME)
    return better or is_first
