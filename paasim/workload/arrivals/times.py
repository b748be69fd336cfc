"""Arrival times from a column of a CSV file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field

from paasim.core.paths import expand
from paasim.workload.arrivals.arrivals import ArrivalsSpec
from paasim.workload.files import Table


class TimesArrivals(ArrivalsSpec):
    """Recorded arrival times: a column of numbers in a CSV file, plain or .gz; the run ends with the file."""

    kind: Literal["times"] = "times"
    path: str
    """The CSV file; may name `${PAASIM_DATA}`."""
    column: str = "arrived_at"
    """The column that holds the times, counted from any origin."""
    unit: Literal["s", "ms", "us"] = "s"
    """Unit of the column."""
    speed: float = Field(default=1.0, gt=0, le=1e6)
    """Replay this many times faster than recorded."""

    @property
    def rate(self) -> float | None:
        """Not known before the file is read."""
        return None

    def times(self, rng: np.random.Generator, base: Path | None = None) -> Iterator[float]:
        """Arrival times, s, from zero.

        Raises:
            InputError: naming file and line, if the file cannot be read or times are missing or go backwards.
        """
        scale = {"s": 1.0, "ms": 1e-3, "us": 1e-6}[self.unit] / self.speed
        table = Table(expand(self.path, base))
        column = table.column(self.column)
        first: float | None = None
        last = float("-inf")
        for row in table:
            at = row.number(column, self.column)
            row.in_order(last, at)
            first = at if first is None else first
            last = at
            yield (at - first) * scale
        table.not_empty(first is not None)
