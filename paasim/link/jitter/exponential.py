"""Exponential jitter."""

from __future__ import annotations

from typing import Literal

import numpy as np

from paasim.core.units import PositiveDuration
from paasim.link.jitter.jitter import JitterSpec


class ExponentialJitter(JitterSpec):
    """Exponential delays: as of a queue that is passed on the way (M/M/1)."""

    kind: Literal["exponential"] = "exponential"
    delay: PositiveDuration
    """Mean delay."""

    def sample(self, rng: np.random.Generator, count: int) -> list[float]:
        """Delays of so many transfers, seconds."""
        found: list[float] = (self.delay * rng.standard_exponential(count)).tolist()
        return found

    def mean(self) -> float:
        """Mean delay, seconds."""
        return self.delay
