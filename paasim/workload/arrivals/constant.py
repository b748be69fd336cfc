"""Evenly spaced arrivals."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Literal

import numpy as np

from paasim.core.units import Rate
from paasim.workload.arrivals.arrivals import ArrivalsSpec


class ConstantArrivals(ArrivalsSpec):
    """One request every 1 / rate seconds, the first at time zero."""

    kind: Literal["constant"] = "constant"
    rate: Rate
    """Arrivals, such as `2 /s`."""

    def times(self, rng: np.random.Generator, base: Path | None = None) -> Iterator[float]:
        """Arrival times i / rate, s, without end: each from its number, so that no error builds up."""
        rate = self.rate
        return (i / rate for i in count())
