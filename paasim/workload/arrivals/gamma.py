"""Gamma arrivals: as bursty or as regular as wanted, by one number."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from paasim.core.units import Rate
from paasim.workload.arrivals.arrivals import ArrivalsSpec, gaps_to_times
from paasim.workload.draw import CHUNK


class GammaArrivals(ArrivalsSpec):
    """Gamma-distributed gaps of mean 1 / rate: bursty for cv > 1, Poisson at 1, regular below.

    Give either `cv`, the coefficient of variation of the gaps, or `burstiness`, their shape parameter k as in
    `vllm bench serve --burstiness` (https://docs.vllm.ai): cv = 1 / √k.
    """

    kind: Literal["gamma"] = "gamma"
    rate: Rate
    """Mean arrivals, such as `2 /s`."""
    cv: float | None = Field(default=None, gt=0, le=100)
    """Coefficient of variation of the gaps between arrivals."""
    burstiness: float | None = Field(default=None, gt=0, le=1e6)
    """Shape of the gamma law; below 1 is bursty."""

    @model_validator(mode="after")
    def _one_of_two(self) -> GammaArrivals:
        if (self.cv is None) == (self.burstiness is None):
            raise ValueError("give either 'cv' or 'burstiness', such as cv: 2")
        return self

    @property
    def shape(self) -> float:
        """The gamma law's shape, k."""
        return self.burstiness if self.burstiness is not None else (self.cv or 1.0) ** -2

    def times(self, rng: np.random.Generator, base: Path | None = None) -> Iterator[float]:
        """Arrival times, s, without end."""
        shape = self.shape
        scale = 1 / (self.rate * shape)
        return gaps_to_times(rng.gamma(shape, scale, CHUNK) for _ in repeat(None))
