"""How much of the start of a run is warm-up: by rule, by time, or by share of the requests.

The rule is MSER-5 (White, "An effective truncation heuristic for bias reduction in simulation output", 1997; White,
Cobb & Spratt, 2000): of the series x, here TTFT in order of arrival in means of five, drop the d first values that
minimise the squared standard error of the rest,

    MSER(d) = sum_{i > d} (x_i - mean_{> d})^2 / (n - d)^2,   d <= n / 2.

Applied when metrics are worked out, never in the model.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from paasim.core.recorder import Floats

BATCH = 5
FEWEST = 100
"""Requests below which the rule drops nothing: too few to tell warm-up from noise."""


@dataclass(frozen=True)
class Warmup:
    """What the user asked for: one of the three, or nothing (no warm-up)."""

    auto: bool = False
    duration: float = 0.0
    """s from the first arrival on; 0 = not by time."""
    share: float = 0.0
    """Share of the requests in [0, 1); 0 = not by share."""


@dataclass(frozen=True)
class Truncation:
    """Where the warm-up ends."""

    until: float
    """Requests that arrive before this time do not count, s."""
    capped: bool = False
    """Whether the rule ran into its cap: half of the run, or more, looks like warm-up."""


def truncate(arrival: Floats, ttft: Floats, rule: Warmup) -> Truncation:
    """Find the end of the warm-up.

    Args:
        arrival: arrival times in ascending order, s.
        ttft: time to first token of the same requests, s; NaN where it never came.
        rule: what was asked for.
    """
    if not len(arrival):
        return Truncation(0.0)
    if rule.auto:
        known = ~np.isnan(ttft)
        dropped, capped = mser5(ttft[known])
        return Truncation(float(arrival[known][dropped]) if dropped else float(arrival[0]), capped)
    if rule.duration > 0:
        return Truncation(float(arrival[0]) + rule.duration)
    return Truncation(float(arrival[int(rule.share * len(arrival))]))


def mser5(values: Floats) -> tuple[int, bool]:
    """How many leading values MSER-5 drops, and whether that is the most it may drop (half)."""
    n = len(values) // BATCH
    if len(values) < FEWEST:
        return 0, False
    x = values[: n * BATCH].reshape(n, BATCH).mean(axis=1)
    x = x - x.mean()  # sums of squares lose nothing to a large mean
    left = np.arange(n, 0, -1, dtype=np.float64)
    sums, squares = np.cumsum(x[::-1])[::-1], np.cumsum((x * x)[::-1])[::-1]
    score = (squares - sums * sums / left) / (left * left)
    most = n // 2
    best = int(np.argmin(score[: most + 1]))
    return best * BATCH, best == most
