"""Outages at random times."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
from pydantic import ConfigDict, Field

from paasim.core.units import PositiveDuration
from paasim.link.outages.outages import OutagesSpec


class RandomOutages(OutagesSpec):
    """Outages that come by chance: time up and time down in turn, `{every: 5 min, for: 10 s}`.

    The run begins with the link up. With exponential times up it is as if it had been up for long.
    """

    kind: Literal["random"] = "random"
    every: PositiveDuration
    """Mean time from the end of an outage to the next."""
    lasts: PositiveDuration = Field(alias="for")
    """Mean length of an outage."""
    times_up: Literal["exponential", "fixed"] = "exponential"
    """Law of the times between outages."""
    lengths: Literal["exponential", "fixed"] = "exponential"
    """Law of their lengths."""

    model_config = ConfigDict(populate_by_name=True)

    def times(self, rng: np.random.Generator) -> Iterator[tuple[float, float]]:
        """Outages without end."""
        at = 0.0
        while True:
            up, down = rng.standard_exponential(2).tolist()
            at += self.every * (up if self.times_up == "exponential" else 1.0)
            length = self.lasts * (down if self.lengths == "exponential" else 1.0)
            yield at, length
            at += length

    def share(self) -> float:
        """Mean time down over mean time of a round."""
        return self.lasts / (self.every + self.lasts)
