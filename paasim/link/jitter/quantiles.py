"""Jitter by its quantiles."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

import numpy as np
from pydantic import model_validator

from paasim.core.units import Duration
from paasim.link.jitter.jitter import JitterSpec

NAMES = {"p10": 0.1, "p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p999": 0.999}


class QuantileJitter(JitterSpec):
    """Delays by their quantiles, straight between those that are given; zero at the low end.

    Beyond the highest quantile it stays there, so that the rarest delays are left out.
    """

    kind: Literal["quantiles"] = "quantiles"
    p10: Duration | None = None
    """Delay that a tenth of transfers do not exceed."""
    p50: Duration | None = None
    """Median delay."""
    p90: Duration | None = None
    """Delay that nine tenths of transfers do not exceed."""
    p95: Duration | None = None
    """Delay that 95 % of transfers do not exceed."""
    p99: Duration | None = None
    """Delay that 99 % of transfers do not exceed."""
    p999: Duration | None = None
    """Delay that 99.9 % of transfers do not exceed."""

    @model_validator(mode="after")
    def _rises(self) -> QuantileJitter:
        given = [(name, getattr(self, name)) for name in NAMES if getattr(self, name) is not None]
        if not given:
            raise ValueError(f"needs one of {', '.join(NAMES)}; write e.g. {{p50: 1 ms, p99: 20 ms}}")
        for (low, less), (high, more) in pairwise(given):
            if more < less:
                raise ValueError(f"'{high}' is less than '{low}'; quantiles must not fall")
        return self

    def points(self) -> tuple[list[float], list[float]]:
        """Probabilities from 0 to 1, and the delays there."""
        given = [(p, getattr(self, name)) for name, p in NAMES.items() if getattr(self, name) is not None]
        return [0.0, *(p for p, _ in given), 1.0], [0.0, *(delay for _, delay in given), given[-1][1]]

    def sample(self, rng: np.random.Generator, count: int) -> list[float]:
        """Delays of so many transfers, seconds."""
        found: list[float] = np.interp(rng.random(count), *self.points()).tolist()
        return found

    def mean(self) -> float:
        """Mean delay, seconds: the quantile function is piecewise linear, so the trapezoid rule is exact."""
        grid, delays = self.points()
        return sum((b - a) * (x + y) / 2 for (a, b), (x, y) in zip(pairwise(grid), pairwise(delays), strict=True))
