"""Descriptive statistics with the conventions of the field.

Percentiles are linear between order statistics (`numpy.percentile`, as vLLM and inference-perf; guidellm takes the
inverse CDF and differs with few requests). The standard deviation is the population's (`numpy.std`, as vLLM).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from paasim.core.recorder import Floats

PERCENTILES: tuple[int, ...] = (50, 90, 95, 99)

ENOUGH_BEYOND = 10
"""Fewest observations beyond a percentile for it to be more than a few outliers: a p99 needs 1,000 requests.

A mild rule of thumb; MLPerf asks for far more (https://github.com/mlcommons/inference_policies): about 24,000 for a
p90 and 270,000 for a p99.
"""


@dataclass(frozen=True)
class Summary:
    """Statistics of `n` values, in their unit."""

    n: int
    mean: float
    std: float
    p50: float
    p90: float
    p95: float
    p99: float
    max: float


def summarize(values: Floats) -> Summary | None:
    """Statistics of the values that are not NaN; None if there are none."""
    values = values[~np.isnan(values)]
    if not len(values):
        return None
    p50, p90, p95, p99 = np.percentile(values, PERCENTILES)
    spread = float(np.std(values))
    return Summary(
        len(values), float(np.mean(values)), spread, float(p50), float(p90), float(p95), float(p99), float(values.max())
    )


def enough_for(percentile: float, n: int) -> bool:
    """Whether `n` values carry this percentile (0 to 100): at least `ENOUGH_BEYOND` of them lie beyond it."""
    return n * (100 - percentile) / 100 >= ENOUGH_BEYOND
