"""A function of a token count, asked for at many counts at once."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, log2

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

FEW = 512
"""Up to so many different counts, the function itself is asked."""
KNOTS = 1025
"""Else it is tabulated, at counts a few per cent apart at most, and linear between: within 1e-4 of a parabola."""


def span(most: float) -> float:
    """The next power of two: so that functions that are asked for up to about the same counts share a table."""
    return float(2 ** ceil(log2(max(most, 2.0))))


class Tabulated:
    """A function of a token count from 1 to a largest one."""

    def __init__(self, function: Callable[[float], float], most: float) -> None:
        self._function = function
        # From half a token on, where the integrals of `sums` begin.
        self._x = np.unique(np.concatenate([np.geomspace(0.5, max(most, 2.0) + 1.0, KNOTS), np.arange(1.0, 33.0)]))
        self._y: Floats | None = None
        self._areas: Floats | None = None

    def at(self, counts: Floats) -> Floats:
        """Its values."""
        some = np.unique(counts[: FEW + 1]) if len(counts) > FEW else np.unique(counts)
        if len(counts) <= FEW or len(some) < FEW:
            different, where = np.unique(counts, return_inverse=True)
            if len(different) <= FEW:
                return np.array([self._function(float(count)) for count in different])[where]
        return np.interp(counts, self._x, self._values())

    def sums(self, first: Floats, terms: Floats) -> Floats:
        """Sums over `terms` whole counts from `first` on: integrals from half a token before to half a token after."""
        found: Floats = self._area(first + terms - 0.5) - self._area(first - 0.5)
        return np.where(terms > 0, found, 0.0)

    def _values(self) -> Floats:
        if self._y is None:
            self._y = np.array([self._function(x) for x in self._x.tolist()])
        return self._y

    def _area(self, counts: Floats) -> Floats:
        """The integral from the first knot to `counts`."""
        x, y = self._x, self._values()
        if self._areas is None:
            self._areas = np.concatenate([[0.0], np.cumsum((y[1:] + y[:-1]) / 2 * np.diff(x))])
        left = np.clip(np.searchsorted(x, counts, side="right") - 1, 0, len(x) - 2)
        past = counts - x[left]
        slope = (y[left + 1] - y[left]) / (x[left + 1] - x[left])
        found: Floats = self._areas[left] + past * (y[left] + slope * past / 2)
        return found
