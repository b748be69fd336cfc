"""The maximum load from fresh replications, with a 95 % interval.

The search chose its loads by looking at its replications, so these say nothing unbiased about the load it ended at.
New ones are measured at a few loads around it. Each gives, for every objective and as a function of load, how much of
its limit is used: mean over limit, or misses over those that are allowed. Let u(x) be the mean over replications and
s(x) its standard error. Then

* the estimate is where u(x) = 1,
* the interval are all loads x that a t-test of "all of the limit is used at x" does not reject:
  |log u(x)| <= t s(x) / u(x).

At the true maximum the expected u is one, so it is left out exactly as often as Student's interval misses: 5 times in
100 where the mean of the replications is near normal, which long runs make it (inverting a test: Casella & Berger,
"Statistical Inference", 2nd ed., section 9.2.1; two stages on independent data: Stein, Annals of Mathematical
Statistics 16, 1945). Misses come in clusters, so their share is skewed, and a calm sample has a small mean and a small
spread at once; on the logarithm their spread is about the same whatever their mean, and the interval keeps its promise
(`benchmarks/plan_coverage.py`). Nothing is stopped because it looks good.

Of several objectives the maximum is the least. The lower end is that of the objective that ends first, so it fails in
at most 2.5 % for the one that really limits; the upper end could be pulled down by any of them, so each one's t has
its share of the 2.5 %.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from paasim.metrics.intervals import LEVEL, half_width, student
from paasim.study.plan.max_rate.bench import UNSTEADY, Bench, Trial

WIDEST = 0.2
"""How far from the estimate the next loads are at most, relative."""
PAD, NARROWEST = 0.3, 0.002
"""How far outside the ends that are expected: a share of their distance, and at least so much of the load."""
MOST_LOADS = 9
"""Loads that are measured to find both ends of the interval."""
SPARE = 1.5
"""Requests beyond those that the tolerance seems to need, since the spread is known roughly."""

Curve = Callable[[Trial], float]


@dataclass(frozen=True)
class Confirmed:
    """What the fresh replications say.

    Attributes:
        factor: the load at which the objectives are just met.
        low, high: the ends of its 95 % interval.
        trials: the loads that were measured, in ascending order.
        is_whole: whether both ends lie between loads that were measured.
    """

    factor: float
    low: float
    high: float
    trials: list[Trial]
    is_whole: bool

    @property
    def precision(self) -> float:
        """Half the width of the interval over the estimate."""
        return (self.high - self.low) / 2 / self.factor if self.factor else 0.0

    @property
    def at(self) -> Trial:
        """The measured load nearest to the estimate."""
        return min(self.trials, key=lambda trial: abs(trial.factor - self.factor))


def spread(estimate: Trial, slope: float, replications: int) -> float:
    """Half-width of the interval, relative, that so many replications like those of the estimate would give."""
    if len(estimate.margins) < 2 or not slope:
        return 0.0
    # the same standard deviation, with the t and the number of the replications to come
    deviation = float(np.std(estimate.margins[:, estimate.worst], ddof=1) / estimate.used[estimate.worst])
    return _t(replications, 1 - LEVEL) * deviation / sqrt(replications) / slope


def needed(requests: int, spread: float, tolerance: float, most: int) -> int:
    """Requests per replication that bring the half-width down to the tolerance; it goes as one over their root."""
    return int(min(max(requests, requests * (spread / tolerance) ** 2 * SPARE), most))


def confirm(bench: Bench, estimate: float, slope: float, requests: int, numbers: range) -> Confirmed:
    """Measure loads around an estimate with fresh replications, and invert the test.

    The first load is the estimate; its margins say where the ends of the interval should be, and the next loads lie a
    little outside them. The replications are the same at every load, so it does not matter for the test how loads
    are chosen.

    Args:
        bench: where loads are measured.
        estimate: the load that the search found.
        slope: by how much the slack falls there per relative load.
        requests: in each replication.
        numbers: the replications, none of which the search used.
    """
    curves = _curves(len(numbers), len(bench.objectives))
    first = bench.trial(bench.snapped(estimate), requests, numbers, is_fresh=True)
    _, low, high = (_clipped(curve(first) / slope) if slope else 0.0 for curve in curves)
    step = max((high - low) * PAD, NARROWEST)
    wanted = {bench.snapped(first.factor * (1 + by)) for by in (low - step, high + step)} - {first.factor}
    trials = sorted([first, *bench.trials(sorted(wanted), requests, numbers, is_fresh=True)], key=_factor)
    while len(trials) < MOST_LOADS:
        step *= 2
        further = bench.snapped(_further(trials, curves, step))
        if further in [each.factor for each in trials]:
            break
        trials = sorted([*trials, *bench.trials([further], requests, numbers, is_fresh=True)], key=_factor)
    middle, low, high = (_root(trials, curve) for curve in curves)
    is_whole = not any(_missing(trials, curve) for curve in curves)
    return Confirmed(middle, min(low, middle), max(high, middle), trials, is_whole)


def _clipped(distance: float) -> float:
    return min(max(distance, -WIDEST), WIDEST)


def _curves(replications: int, objectives: int) -> tuple[Curve, Curve, Curve]:
    """The slack of a load: as estimated, as little as it may be, and as much."""
    down, up = _t(replications, 1 - LEVEL), _t(replications, (1 - LEVEL) / objectives)

    def curve(times: float) -> Curve:
        def at(trial: Trial) -> float:
            errors = np.std(trial.margins, axis=0, ddof=1) / sqrt(replications) / trial.used
            least = float(np.min(times * errors - np.log(trial.used)))
            return least if trial.steady else min(least, UNSTEADY)

        return at

    return curve(0.0), curve(-down), curve(up)


def _t(replications: int, misses: float) -> float:
    """Student's t that is exceeded on either side together in so many cases."""
    return student(1 - misses / 2, replications - 1)


def _missing(trials: Sequence[Trial], curve: Curve) -> int:
    """1: the curve crosses zero above all loads that were measured; -1: below; 0: between them."""
    values = [curve(trial) for trial in trials]
    return -1 if values[0] < 0 else 1 if values[-1] >= 0 else 0


def _further(trials: Sequence[Trial], curves: Sequence[Curve], step: float) -> float:
    """The next load beyond those that were measured; one of them if none is needed."""
    sides = {_missing(trials, curve) for curve in curves}
    if -1 in sides:
        return trials[0].factor * (1 - min(step, 0.5))
    return trials[-1].factor * (1 + step) if 1 in sides else trials[0].factor


def _root(trials: Sequence[Trial], curve: Curve) -> float:
    """Where a curve, straight between loads, last crosses zero downwards; the nearest end if it does not."""
    values = [curve(trial) for trial in trials]
    if values[-1] >= 0:
        return trials[-1].factor
    for i in range(len(trials) - 1, 0, -1):
        if values[i - 1] >= 0:
            a, b = trials[i - 1].factor, trials[i].factor
            return a + (b - a) * values[i - 1] / (values[i - 1] - values[i])
    return trials[0].factor


def _factor(trial: Trial) -> float:
    return trial.factor


def drift(bench: Bench, found: Confirmed) -> float:
    """By how much the maximum, relative, would look higher in runs of half the length; 0 where that may be chance.

    The same replications cut short are compared with themselves. A queue that still fills up looks better the shorter
    one looks, and then a maximum means little.
    """
    whole = found.at
    numbers = [each.replication for each in whole.facts]
    short = bench.trial(whole.factor, max(1, whole.requests // 2), numbers, is_fresh=True)
    worst = whole.worst
    gains = (short.margins[:, worst] - whole.margins[:, worst]) / whole.used[worst]
    half, first, last = half_width(gains), found.trials[0], found.trials[-1]
    rise = float(np.log(last.used / first.used)[worst])
    if half is None or float(gains.mean()) <= half or rise <= 0:
        return 0.0
    return float(gains.mean()) / rise * float(np.log(last.factor / first.factor))
