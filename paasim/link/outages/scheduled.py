"""Outages at given times."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
from pydantic import ConfigDict, Field

from paasim.core.spec import Spec
from paasim.core.units import Duration, PositiveDuration
from paasim.link.outages.outages import OutagesSpec


class Outage(Spec):
    """One outage."""

    model_config = ConfigDict(populate_by_name=True)

    at: Duration
    """When it begins, from the start of the run."""
    lasts: PositiveDuration = Field(alias="for")
    """How long it lasts."""


class ScheduledOutages(OutagesSpec):
    """Outages at given times: `[{at: 60 s, for: 10 s}, ...]`."""

    kind: Literal["scheduled"] = "scheduled"
    times_out: list[Outage] = Field(alias="list", min_length=1)
    """The outages; they may overlap."""

    model_config = ConfigDict(populate_by_name=True)

    def times(self, rng: np.random.Generator) -> Iterator[tuple[float, float]]:
        """The list, in order."""
        return iter(sorted((outage.at, outage.lasts) for outage in self.times_out))
