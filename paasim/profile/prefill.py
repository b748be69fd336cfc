"""How long a step of prompt tokens takes: form, times the residual of the table, on a monotone grid over N and Q."""

from __future__ import annotations

from math import sqrt

import numpy as np

from paasim.profile.form import PrefillForm
from paasim.profile.monotone import between_points, clean_points, monotone_grid
from paasim.profile.residual import Floats, LogResidual
from paasim.profile.spec import Calibration
from paasim.profile.surface import Surface, nodes
from paasim.profile.table import Points

STRETCH = 0.15
"""Weight of log(Q/N), the mean context, beside log N: how the residual changes with each. Found by cross-validation
over the tables of `profiles/`."""


def with_anchors(points: Points, decode: Points | None) -> Points:
    """The rows of the prefill table, and decode steps of one sequence as the steps of one new token that they are.

    They end the gap between no tokens and the smallest prompt that was measured. Left out is a step that takes longer
    than a larger one with as many pairs: one token reads a long context as slowly as many that share the reading.
    """
    if decode is None or np.any(points.tokens <= 1):
        return points
    alone = decode.take(decode.batch == 1)
    larger = points.pairs[None, :] >= alone.context[:, None]
    ceiling = np.where(larger, points.seconds[None, :], np.inf).min(axis=1, initial=np.inf)
    alone = alone.take(alone.seconds <= ceiling)
    return Points(
        np.concatenate((points.batch, alone.batch)),
        np.concatenate((points.new, np.ones(len(alone)))),
        np.concatenate((points.context, alone.context)),
        np.concatenate((points.seconds, alone.seconds)),
    )


class PrefillTime:
    """Seconds of a prefill step.

    Args:
        form: coefficients.
        points: the measured steps (with anchors); None: the form alone.
        calibration: from the table to steps in service.
    """

    def __init__(self, form: PrefillForm, points: Points | None, calibration: Calibration) -> None:
        scale = calibration.prompt or calibration.scale
        self._a = form.a * scale + calibration.overhead
        self._b, self._c = form.b * scale, form.c * scale
        self._w4 = (form.w * scale) ** 4
        self._surface: Surface | None = None
        if points is not None:
            self._box(points)
            self._surface = self._build(form, points, calibration)

    def time(self, n: float, q: float) -> float:
        """Seconds of a step of `n` new tokens that attend `q` pairs."""
        surface = self._surface
        if surface is None:
            return self._by_form(n, q)
        if n <= surface.x_end and q <= surface.y_end:
            return surface.at(n, q)
        # Never faster than at the edge of the box.
        return max(self._by_form(n, q), surface.at(min(n, surface.x_end), min(q, surface.y_end)))

    def outside(self, n: float, q: float) -> bool:
        """Whether the step lies outside what was measured; never so for a form without a table."""
        return self._surface is not None and (
            n > self.most_tokens or q > self.most_pairs or q > self.most_context * n or n < self.least_tokens
        )

    def _by_form(self, n: float, q: float) -> float:
        if self._w4:
            return self._a + sqrt(sqrt(self._w4 + (self._b * n) ** 4)) + self._c * q
        return self._a + self._b * n + self._c * q

    def _box(self, points: Points) -> None:
        n, q = points.tokens, points.pairs
        self.least_tokens = float(n.min())
        self.most_tokens = float(n.max())
        self.most_pairs = float(q.max())
        self.most_context = float((q / n).max())
        """Largest mean context of a new token, Q/N."""
        self._least_context = float((q / n).min())

    def _place(self, n: Floats, q: Floats) -> tuple[Floats, Floats]:
        n = np.maximum(n, 1.0)
        context = np.clip(q / n, self._least_context, self.most_context)
        return np.log(n), STRETCH * np.log(context)

    def _build(self, form: PrefillForm, points: Points, calibration: Calibration) -> Surface:
        n, q = points.tokens, points.pairs
        seconds = clean_points(points.seconds, n, q)
        places = np.stack(self._place(n, q), axis=1)
        residual = LogResidual(places, np.log(seconds / form.at(n, q)))
        xs = np.unique(np.concatenate([nodes(1, self.most_tokens), n]))
        ys = nodes(q.min(), self.most_pairs, per_octave=2)
        grid_n, grid_q = xs[:, None], ys[None, :]
        by_form = form.at(grid_n, grid_q)
        values = by_form * np.exp(residual(*self._place(grid_n, grid_q)))
        values = between_points(values, xs, ys, (n, q, seconds))
        inside = (grid_n >= self.least_tokens) & (grid_q <= self.most_context * grid_n)
        values = monotone_grid(values, by_form, inside)
        scale = calibration.prompt or calibration.scale
        return Surface(xs, ys, values * scale + calibration.overhead)
