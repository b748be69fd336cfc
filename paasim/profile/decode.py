"""How long a decode step takes: for each batch size a curve that is piecewise linear in total context.

That it *is* piecewise linear, by definition, lets the engine sum many steps in closed form. All curves share their
knots, which stand as far apart as linear interpolation stays within a tenth of a percent of form times residual, so
that curves of neighbouring batch sizes never cross.
"""

from __future__ import annotations

from bisect import bisect_right
from math import inf

import numpy as np

from paasim.profile.form import DecodeForm
from paasim.profile.monotone import between_points, clean_points, monotone_grid
from paasim.profile.prefill import PrefillTime
from paasim.profile.residual import Floats, LogResidual
from paasim.profile.spec import Calibration
from paasim.profile.surface import nodes
from paasim.profile.table import Points

STRETCH = 4.0
"""Weight of log B beside log S: how the residual changes with each. Found by cross-validation over the tables of
`profiles/`: kernels are picked by batch size."""
TOLERANCE = 5e-4
"""Largest relative distance of a left-out node from the line between its neighbours."""
BEYOND = 2.0
"""The last knot, where the form alone takes over, as a multiple of the largest measured S."""


class DecodeCurve:
    """Seconds of a step of a fixed number of sequences over their total context S.

    Attributes:
        knots: ascending from 0.0.
        values: seconds at the knots.
        slopes: seconds per token after each knot; the last segment has no end.
        segments: the same as (knot, value, slope, next knot or infinity), for those who ask in a hurry.
    """

    __slots__ = ("knots", "segments", "slopes", "values")

    def __init__(self, knots: list[float], values: list[float], last_slope: float) -> None:
        self.knots = knots
        self.values = values
        self.slopes = [
            (v1 - v0) / (s1 - s0) for s0, s1, v0, v1 in zip(knots[:-1], knots[1:], values[:-1], values[1:], strict=True)
        ]
        self.slopes.append(last_slope)
        self.segments = list(zip(knots, values, self.slopes, [*knots[1:], inf], strict=True))

    def at(self, s: float) -> float:
        """Seconds of a step with total context `s`."""
        j = bisect_right(self.knots, s) - 1
        return self.values[j] + self.slopes[j] * (s - self.knots[j])


class DecodeTime:
    """Seconds of a decode step.

    Args:
        form: coefficients; c is per token of attended context.
        points: the measured steps; None: the form alone.
        calibration: from the table to steps in service.
        prefill: steps of prompt tokens, which say how steps grow beyond the largest batch of the table; None: the form.
    """

    def __init__(
        self, form: DecodeForm, points: Points | None, calibration: Calibration, prefill: PrefillTime | None = None
    ) -> None:
        self._form, self._calibration, self._prefill = form, calibration, prefill
        self._last_slope = form.c * calibration.scale
        self._curves: dict[int, DecodeCurve] = {}
        self._points = points
        if points is not None:
            self.most_batch = float(points.batch.max())
            self.most_total = float(points.total.max())
            self.most_context = float(points.seen.max())
            self._batches, self._knots, self._values = self._build(points)

    def time(self, b: int, s: float) -> float:
        """Seconds of a step of `b` sequences with total context `s`."""
        return (self._curves.get(b) or self.curve(b)).at(s)

    def curve(self, b: int) -> DecodeCurve:
        """The curve of `b` sequences (made once)."""
        curve = self._curves.get(b)
        if curve is None:
            curve = self._curves[b] = self._make(b)
        return curve

    def outside(self, b: int, s: float) -> bool:
        """Whether the step lies outside what was measured; never so for a form without a table."""
        return self._points is not None and (b > self.most_batch or s > self.most_total or s > self.most_context * b)

    def _make(self, b: int) -> DecodeCurve:
        scale, overhead = self._calibration.scale, self._calibration.overhead
        if self._points is None:
            return DecodeCurve([0.0], [float(self._form.at(b, 0.0)) * scale + overhead], self._last_slope)
        row = int(np.searchsorted(self._batches, b, side="right")) - 1
        if row + 1 < len(self._batches):
            low, high = self._batches[row : row + 2]
            share = (b - low) / (high - low)
            values = (1 - share) * self._values[row] + share * self._values[row + 1]
        elif b <= self.most_batch:
            values = self._values[-1]
        elif self._prefill is None:
            # Never faster than at the edge of the box.
            values = np.maximum(self._values[-1], self._form.at(b, self._knots))
        else:
            prompt = self._calibration.prompt or scale  # by which the prefill steps are scaled
            values = self._values[-1] + self._growth(self._prefill, b) / prompt
        return DecodeCurve(self._knots.tolist(), (values * scale + overhead).tolist(), self._last_slope)

    def _growth(self, prefill: PrefillTime, b: int) -> float:
        """What a step of `b` sequences takes more than one of the largest measured batch.

        Both multiply the weights (and, of a mixture of experts, read those that their tokens need) as prefill steps of
        as many tokens do, and those are measured for far more tokens than decode steps are for sequences.
        """
        edge = self.most_batch
        return max(0.0, prefill.time(float(b), b / 2) - prefill.time(edge, edge / 2))

    def _build(self, points: Points) -> tuple[Floats, Floats, Floats]:
        # The grid is logarithmic: an empty context counts as the mean one of a single token that follows nothing.
        b, s = points.batch, np.maximum(points.total, 0.5)
        seconds = clean_points(points.seconds, b, s)
        places = np.stack([STRETCH * np.log(b), np.log(s)], axis=1)
        residual = LogResidual(places, np.log(seconds / self._form.at(b, s)))
        batches = np.unique(np.concatenate([nodes(1, self.most_batch).round(), b]))
        knots = np.unique(np.concatenate([nodes(s.min(), BEYOND * self.most_total), s]))
        grid_b, grid_s = batches[:, None], knots[None, :]
        # A context shorter than any that was measured counts as inside: its attention takes next to nothing.
        held = np.clip(grid_s, s.min(), self.most_total)
        by_form = self._form.at(grid_b, grid_s)
        values = by_form * np.exp(residual(STRETCH * np.log(np.maximum(grid_b, 1.0)), np.log(held)))
        values = between_points(values, batches, knots, (b, s, seconds))
        inside = (grid_b >= b.min()) & (grid_s <= self.most_total) & (grid_s <= self.most_context * grid_b)
        values = monotone_grid(values, by_form, inside)
        kept = _thin(knots, values)
        return batches, knots[kept], values[:, kept]


def _thin(knots: Floats, values: Floats) -> list[int]:
    """Positions of the knots that are needed for every row to stay within the tolerance."""
    kept, last = [0], len(knots) - 1
    while kept[-1] < last:
        start = kept[-1]
        end = start + 1
        while end < last and _is_straight(knots, values, start, end + 1):
            end += 1
        kept.append(end)
    return kept


def _is_straight(knots: Floats, values: Floats, start: int, end: int) -> bool:
    between = slice(start + 1, end)
    share = (knots[between] - knots[start]) / (knots[end] - knots[start])
    line = values[:, [start]] + share * (values[:, [end]] - values[:, [start]])
    return bool(np.all(np.abs(line - values[:, between]) <= TOLERANCE * values[:, between]))
