"""What every kind of arrivals offers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from paasim.core.spec import Spec


class ArrivalsSpec(Spec):
    """Base of all kinds of arrivals."""

    if TYPE_CHECKING:
        # A field in most kinds, so it must not exist here at run time.
        @property
        def rate(self) -> float | None:
            """Mean arrivals per second, None where only a run can tell."""

    @property
    def is_open(self) -> bool:
        """Whether arrivals come by themselves; otherwise users wait for their answer first."""
        return True

    def times(self, rng: np.random.Generator, base: Path | None = None) -> Iterator[float]:
        """Arrival times in seconds from the start, never decreasing.

        Args:
            rng: the stream of the class's arrivals.
            base: folder that relative paths start from.
        """
        raise TypeError(f"{type(self).__name__} has no arrival times of its own")


def gaps_to_times(gaps: Iterator[np.ndarray[tuple[int], np.dtype[np.float64]]]) -> Iterator[float]:
    """Add up chunks of inter-arrival times (s) to arrival times, given out as Python floats."""
    now = 0.0
    for chunk in gaps:
        chunk[0] += now
        times = np.cumsum(chunk)
        now = float(times[-1])
        yield from times.tolist()
