"""How long a step takes that holds prompt tokens beside decoding sequences (continuous batching, chunked prefill).

With a mixed table: tokens(N, B) + c S + d Q, where tokens is a monotone grid made from `a + b (N + B)` and the table's
residual, and c and d are those of the decode and prefill forms. Without: `prefill(N, Q) + decode(B, S) - decode(1, 0)`,
so that the weights are read once. Either way a step never takes less than its prompt tokens alone, or its sequences
alone; with no sequences it is the one, with no prompt tokens the other.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from paasim.profile.decode import DecodeTime
from paasim.profile.form import MixedForm
from paasim.profile.monotone import clean_points, monotone_grid
from paasim.profile.prefill import PrefillTime
from paasim.profile.residual import Floats, LogResidual
from paasim.profile.spec import Calibration
from paasim.profile.surface import Surface, nodes
from paasim.profile.table import Points

STRETCH = 0.2
"""Weight of log B beside log N: how the residual changes with each. Found by cross-validation over the tables of
`profiles/`."""


class BesideTime(ABC):
    """Seconds of a step that may hold prompt tokens beside sequences: what every way to tell them has in common.

    Args:
        prefill: steps of prompt tokens.
        decode: steps of sequences.
    """

    def __init__(self, prefill: PrefillTime, decode: DecodeTime) -> None:
        self._prefill, self._decode = prefill.time, decode.time

    def time(self, n: int, q: float, b: int, s: float) -> float:
        """Seconds of a step of `n` new tokens attending `q` pairs, beside `b` sequences of total context `s`."""
        if not b:
            return self._prefill(n, q)
        decode = self._decode(b, s)
        return self._both(n, q, b, s, self._prefill(n, q), decode) if n else decode

    @abstractmethod
    def _both(self, n: int, q: float, b: int, s: float, prefill: float, decode: float) -> float:
        """Seconds where there are both; `prefill` and `decode` are those of either alone."""


class MixedTime(BesideTime):
    """Seconds of a mixed step by a table or a form, or by the rule without.

    Args:
        prefill: steps of prompt tokens.
        decode: steps of sequences.
        form: coefficients; None: the rule without a table.
        points: the measured mixed steps; None: the form alone.
        calibration: from the table to steps in service.
    """

    def __init__(
        self,
        prefill: PrefillTime,
        decode: DecodeTime,
        form: MixedForm | None,
        points: Points | None,
        calibration: Calibration,
    ) -> None:
        super().__init__(prefill, decode)
        self._alone = decode.time(1, 0.0)
        self._has_form = form is not None
        form = form or MixedForm()
        scale = calibration.scale
        self._a, self._b = form.a * scale + calibration.overhead, form.b * scale
        self._c, self._d = form.c * scale, form.d * scale
        self._surface: Surface | None = None
        if self._has_form and points is not None:
            self._surface = self._build(form, points, decode, calibration)

    def _both(self, n: int, q: float, b: int, s: float, prefill: float, decode: float) -> float:
        if not self._has_form:
            return decode + max(0.0, prefill - self._alone)
        return max(prefill, decode, self._tokens(n, b) + self._c * s + self._d * q)

    def _tokens(self, n: int, b: int) -> float:
        by_form, surface = self._a + self._b * (n + b), self._surface
        if surface is None:
            return by_form
        if n <= surface.x_end and b <= surface.y_end:
            return surface.at(n, b)
        return max(by_form, surface.at(min(n, surface.x_end), min(b, surface.y_end)))

    def _build(self, form: MixedForm, points: Points, decode: DecodeTime, calibration: Calibration) -> Surface:
        context, seen = float(np.median(points.context)), float(np.median(points.seen))
        n, b, seconds = points.new, points.batch, points.seconds
        s, q = points.total, points.mixed_pairs
        # A step of one new token is a decode step of one sequence more.
        batches = np.unique(b)
        alone = np.array([decode.time(int(k) + 1, (k + 1) * seen) for k in batches])
        n, b = np.append(n, np.ones_like(batches)), np.append(b, batches)
        s, q = np.append(s, batches * seen), np.append(q, np.full_like(batches, context))
        seconds = np.append(seconds, (alone - calibration.overhead) / calibration.scale)
        seconds = clean_points(seconds, n, q, b, s)
        residual = LogResidual(_place(n, b), np.log(seconds / (form.tokens(n, b) + form.c * s + form.d * q)))
        xs, ys = nodes(1, n.max()), np.unique(nodes(1, b.max()).round())
        grid_n, grid_b = xs[:, None], ys[None, :]
        attention = form.c * grid_b * seen + form.d * grid_n * context / 2
        tokens = form.tokens(grid_n, grid_b)
        spread = _place(np.maximum(grid_n, 1.0), np.maximum(grid_b, 1.0))
        values = (tokens + attention) * np.exp(residual(spread[..., 0], spread[..., 1])) - attention
        values = monotone_grid(values, tokens, (grid_n >= 1) & (grid_b >= 1))
        return Surface(xs, ys, values * calibration.scale + calibration.overhead)


class ApartTime(BesideTime):
    """Mixed steps whose prompt tokens are scaled by a factor of their own: decode + factor * (mixed - decode).

    Args:
        prefill: steps of prompt tokens, calibrated.
        decode: steps of sequences, calibrated.
        plain_decode: the same by the table alone.
        plain: mixed steps by the table alone.
        factor: on what the prompt tokens add.
    """

    def __init__(
        self, prefill: PrefillTime, decode: DecodeTime, plain_decode: DecodeTime, plain: MixedTime, factor: float
    ) -> None:
        super().__init__(prefill, decode)
        self._factor, self._plain_decode, self._plain = factor, plain_decode.time, plain.time

    def _both(self, n: int, q: float, b: int, s: float, prefill: float, decode: float) -> float:
        added = max(0.0, self._plain(n, q, b, s) - self._plain_decode(b, s))
        return max(prefill, decode + self._factor * added)


def _place(n: Floats, b: Floats) -> Floats:
    n, b = np.broadcast_arrays(n, b)
    return np.stack([np.log(n), STRETCH * np.log(b)], axis=-1)
