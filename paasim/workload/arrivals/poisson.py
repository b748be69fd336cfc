"""Poisson arrivals: independent users, each of whom sends rarely."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat
from pathlib import Path
from typing import Literal

import numpy as np

from paasim.core.units import Rate
from paasim.workload.arrivals.arrivals import ArrivalsSpec, gaps_to_times
from paasim.workload.draw import CHUNK


class PoissonArrivals(ArrivalsSpec):
    """Memoryless arrivals: exponential gaps of mean 1 / rate."""

    kind: Literal["poisson"] = "poisson"
    rate: Rate
    """Mean arrivals, such as `2 /s`."""

    def times(self, rng: np.random.Generator, base: Path | None = None) -> Iterator[float]:
        """Arrival times, s, without end."""
        scale = 1 / self.rate
        return gaps_to_times(rng.exponential(scale, CHUNK) for _ in repeat(None))
