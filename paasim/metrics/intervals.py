"""95 % confidence intervals: over replications, or over batches within one.

* *Replications* are independent by construction: Student's t over one value per replication (Law, "Simulation
  Modeling and Analysis", 5th ed., ch. 9.4).
* *Batch means* for fewer than three replications, where Student's t says next to nothing: neighbouring requests are
  correlated, so each series is cut into a few long batches whose means are close to independent (Law, ch. 9.5.3). The
  same with a percentile per batch, where batches are long enough to have one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf, sqrt

import numpy as np

from paasim.core.recorder import Floats

LEVEL = 0.95
BATCHES = 20
ENOUGH_REPLICATIONS = 3
"""From here on intervals are over replications."""
SMALLEST_BATCH = 10
"""Fewest values in a batch for batch means."""

Interval = tuple[float, float]


def half_width(values: Sequence[float] | Floats, level: float = LEVEL) -> float | None:
    """Half-width of Student's interval for the mean of independent values; None for fewer than two."""
    n = len(values)
    if n < 2:
        return None
    return student(0.5 + level / 2, n - 1) * float(np.std(values, ddof=1)) / sqrt(n)


def student(probability: float, freedom: float) -> float:
    """Quantile of Student's t law; of the normal law at infinite freedom."""
    from scipy.special import ndtri, stdtrit

    return float(ndtri(probability) if freedom == inf else stdtrit(freedom, probability))


def over_replications(estimate: float, values: Sequence[float], level: float = LEVEL) -> Interval | None:
    """Interval around an estimate pooled over replications, from the spread of the same statistic between them.

    Args:
        estimate: the pooled value, which the interval is centred on.
        values: the statistic of each replication.
        level: confidence level.
    """
    half = half_width(values, level)
    return None if half is None else (estimate - half, estimate + half)


def over_batches(
    series: Sequence[Floats],
    statistic: Callable[[Floats], float],
    batches: int = BATCHES,
    smallest: int = SMALLEST_BATCH,
    level: float = LEVEL,
) -> Interval | None:
    """Interval of a statistic of long series, from its values on consecutive batches of each.

    Args:
        series: one per replication, in order of time, without NaN.
        statistic: such as `numpy.mean`; the interval is centred on its value for all of them together.
        batches: number of batches in all, equal within a series; the remainder at a series' front is left out.
        smallest: fewest values per batch; None is returned if a series is too short.
        level: confidence level.
    """
    each = batches // len(series)
    values = []
    for one in series:
        length = len(one) // each
        if length < smallest:
            return None
        values += [statistic(batch) for batch in one[len(one) - length * each :].reshape(each, length)]
    half = half_width(values, level)
    centre = statistic(np.concatenate(series))
    return None if half is None else (centre - half, centre + half)


def mean_over_batches(*series: Floats) -> Interval | None:
    """Batch-means interval of the mean; None for fewer than 200 values."""
    return over_batches(series, lambda batch: float(np.mean(batch)))


def p99_over_batches(*series: Floats) -> Interval | None:
    """Interval of the 99th percentile from ten batches of at least 1,000 values; None for a shorter series."""
    return over_batches(series, lambda batch: float(np.percentile(batch, 99)), batches=10, smallest=1_000)
