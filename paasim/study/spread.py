"""How sure a difference is: its standard error, an interval at any level, and how many replications would tell.

* *Paired* differences, one per replication: Student's t with n - 1 degrees of freedom (Law, "Simulation Modeling and
  Analysis", 5th ed., ch. 10.2.1).
* *Unpaired*: Welch's interval, with the degrees of freedom of Welch and Satterthwaite (Law, ch. 10.2.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, inf, sqrt

import numpy as np

from paasim.metrics.intervals import LEVEL, student

POWER = 0.8
"""Chance that the replications which are said to tell will tell, if the true difference is the one that was seen."""
MOST = 1_000_000
"""More replications than this are as good as none."""


@dataclass(frozen=True)
class Spread:
    """The standard error of a difference."""

    error: float
    freedom: float
    """Degrees of freedom of the t law."""
    replications: int
    """Behind it, on each side."""
    is_paired: bool = True

    def half(self, level: float = LEVEL) -> float:
        """Half-width of the interval."""
        return student(0.5 + level / 2, self.freedom) * self.error

    def enough(self, distance: float) -> int | None:
        """How many replications would tell, with a chance of `POWER`, that a difference is this far from a limit.

        The usual sample size for a difference of means: (t of the level + t of the power) · s / √n ≤ distance, with the
        standard deviation s of one replication's difference taken as it was seen (Chow, Shao, Wang and Lokhnygina,
        "Sample Size Calculations in Clinical Research", 3rd ed., ch. 3). An estimate: s itself is known only roughly.

        Returns:
            A number above `replications`, or None if none up to a million would do.
        """
        if distance <= 0:
            return None
        deviation, sides = self.error * sqrt(self.replications), 1 if self.is_paired else 2
        n = max(ceil((student(0.5 + LEVEL / 2, inf) + student(POWER, inf)) ** 2 * (deviation / distance) ** 2), 3)
        while n <= MOST:
            freedom = sides * (n - 1)
            if (student(0.5 + LEVEL / 2, freedom) + student(POWER, freedom)) * deviation / sqrt(n) <= distance:
                return max(n, self.replications + 1)
            n += max(1, n // 1000)
        return None


def paired(differences: Sequence[float]) -> Spread | None:
    """From one difference per replication; None for fewer than two."""
    n = len(differences)
    return None if n < 2 else Spread(float(np.std(differences, ddof=1)) / sqrt(n), n - 1, n)


def own(values: Sequence[float]) -> Spread | None:
    """Of a statistic of one side alone, from its value in each replication."""
    return paired(values)


def from_interval(half: float, freedom: int, replications: int) -> Spread:
    """What stands behind an interval at the usual level."""
    return Spread(half / student(0.5 + LEVEL / 2, freedom), freedom, replications)


def welch(ours: Spread, other: Spread) -> Spread:
    """Of the difference between two sides that have nothing in common."""
    a, b = ours.error**2, other.error**2
    weight = a**2 / ours.freedom + b**2 / other.freedom
    freedom = (a + b) ** 2 / weight if weight else ours.freedom + other.freedom
    return Spread(sqrt(a + b), freedom, min(ours.replications, other.replications), is_paired=False)
