"""The load at which objectives are just met: bracketing, then bisection, on the same replications at every load.

Where both ends of the bracket have a slack to go by, the next load is where the straight line between them crosses
zero, kept off the ends; else, and whenever that halves too little, the geometric middle. A load whose verdict is clear
after a few replications gets no more of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

import numpy as np

from paasim.metrics.intervals import half_width
from paasim.study.plan.max_rate.bench import Bench, Trial

STEP = 1.5
"""Factor between loads while there is no bracket yet."""
MOST_STEPS = 24
"""Loads that are tried to find a bracket: a factor of 17,000 upwards."""
PATIENCE = 3
"""Steps down after which the next load is next to none, to see whether any load is low enough."""
IDLE = 100.0
"""The first load over one at which requests hardly meet."""
SURE = 0.99
"""Confidence with which a verdict is clear before all replications are done."""
FEW = 3
"""Replications after which a verdict may be clear."""
STRAIGHT = 2.0
"""Slacks beyond this say which side a load is on, not how far."""
OFF_THE_ENDS = 0.15
"""Share of the bracket that the next load is kept off either end."""


@dataclass(frozen=True)
class Bracket:
    """Two loads with the maximum between them.

    Attributes:
        low: the highest load at which all is met; None if there is none.
        high: the lowest load at which something is missed; None if there is none.
    """

    low: Trial | None
    high: Trial | None

    @property
    def estimate(self) -> float:
        """Where the straight line between both ends crosses zero; the end that is there if the other is missing."""
        if self.low is None or self.high is None:
            end = self.low or self.high
            return end.factor if end else 0.0
        a, b = self.low, self.high
        if not b.steady:
            return a.factor
        return a.factor + (b.factor - a.factor) * a.slack / (a.slack - b.slack)

    @property
    def slope(self) -> float:
        """By how much the slack of the objective that ends it falls per relative load; 0 where that is not known."""
        if self.low is None or self.high is None:
            return 0.0
        rise = float(np.log(self.high.used / self.low.used)[self.high.worst])
        return max(rise, 0.0) / float(np.log(self.high.factor / self.low.factor))

    @property
    def is_unsteady(self) -> bool:
        """Whether it is not an objective that ends it: queues grow before any is missed."""
        return self.high is not None and not self.high.steady and float(self.high.used.max()) <= 1


def search(
    bench: Bench, start: float, requests: int, replications: int, tolerance: float, step: float = STEP
) -> Bracket:
    """Find the load at which the objectives are just met.

    Args:
        bench: where loads are measured.
        start: the load to try first.
        requests: in each run.
        replications: most of them per load; the first ones, counted from 0.
        tolerance: how near both ends come, relative.
        step: factor between the first loads.
    """
    found = _bracket(_measure(bench, requests, replications), start, step)
    return narrowed(bench, found, requests, replications, tolerance)


def narrowed(bench: Bench, found: Bracket, requests: int, replications: int, tolerance: float) -> Bracket:
    """Bring both ends of a bracket closer together; as in `search`."""
    measure, (low, high) = _measure(bench, requests, replications), (found.low, found.high)
    straight = True
    while low and high and high.factor > low.factor * (1 + tolerance):
        width = high.factor / low.factor
        middle = bench.snapped(_between(low, high, straight))
        if middle in (low.factor, high.factor):
            break
        at = measure(middle)
        low, high = (at, high) if at.met else (low, at)
        straight = high.factor / low.factor <= sqrt(width)
    return Bracket(low, high)


def _measure(bench: Bench, requests: int, replications: int) -> Callable[[float], Trial]:
    return lambda factor: judged(bench, bench.snapped(factor), requests, replications)


def judged(bench: Bench, factor: float, requests: int, replications: int) -> Trial:
    """Measure a load with as many replications as it takes to be sure of the verdict, at most `replications`."""
    trial = bench.trial(factor, requests, range(min(FEW, replications)))
    return trial if _is_clear(trial) else bench.trial(factor, requests, range(replications))


def _is_clear(trial: Trial) -> bool:
    """Whether more replications would hardly change the verdict."""
    for column in trial.margins.T:
        half = half_width(column, SURE)
        if half is None or abs(float(column.mean())) <= half:
            return False
    return True


def _bracket(measure: Callable[[float], Trial], start: float, step: float) -> Bracket:
    """Two loads on either side; ever longer steps away from the first, and far down at once if that is not enough."""
    at = measure(start)
    low, high = (at, None) if at.met else (None, at)
    for i in range(MOST_STEPS):
        if low is not None and high is not None:
            break
        lower = start / IDLE if i == PATIENCE else at.factor / step
        at = measure(at.factor * step if high is None else lower)
        end = low or high
        if (end is not None and at.factor == end.factor) or (not at.met and at.factor <= start / IDLE):
            return Bracket(low, at)
        low, high = (at, high) if at.met else (low, at)
        step = min(step * sqrt(step), STEP)
    return Bracket(low, high)


def _between(low: Trial, high: Trial, straight: bool) -> float:
    """The next load: on the straight line between both ends where that can be trusted, else the geometric middle."""
    if straight and high.steady and low.slack <= STRAIGHT and high.slack >= -STRAIGHT:
        share = low.slack / (low.slack - high.slack) if low.slack else 0.5
        share = min(max(share, OFF_THE_ENDS), 1 - OFF_THE_ENDS)
        return low.factor + (high.factor - low.factor) * share
    return sqrt(low.factor * high.factor)
