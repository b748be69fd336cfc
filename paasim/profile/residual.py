"""The log residual: what the form leaves over at measured points, interpolated between them.

A table is not a full grid (memory ends it, measurements are missing), so the interpolation works on scattered points:
r(x) = m + sum_i w_i |x - x_i|, the linear radial basis function, which passes through every point and has no
overshoot to speak of (e.g. Wendland, Scattered Data Approximation, ch. 6). Coordinates are logarithms, stretched so
that distance means "how unlike": residuals follow the kernels that an engine picks by tokens or batch, and hardly
change with context.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


class LogResidual:
    """log(measured / form) as a function of place.

    Args:
        places: shape (k, 2), stretched logarithms; equal places must have equal residuals.
        residuals: shape (k,).
    """

    def __init__(self, places: Floats, residuals: Floats) -> None:
        self._places, first = np.unique(places.round(9), axis=0, return_index=True)
        residuals = residuals[first]
        k = len(residuals)
        system = np.zeros((k + 1, k + 1))
        system[:k, :k] = _distances(self._places, self._places)
        system[:k, k] = system[k, :k] = 1.0
        self._weights = np.linalg.solve(system, np.append(residuals, 0.0))
        self._least, self._most = residuals.min(), residuals.max()

    def __call__(self, x: Floats, y: Floats) -> Floats:
        """The residual on the grid of stretched logarithms x and y (shapes that broadcast), within those measured."""
        x, y = np.broadcast_arrays(x, y)
        places = np.stack([x.ravel(), y.ravel()], axis=1)
        # Not a matrix product: for one this small, threads cost more than they save.
        values = np.einsum("ij,j->i", _distances(places, self._places), self._weights[:-1]) + self._weights[-1]
        return np.asarray(np.clip(values, self._least, self._most).reshape(x.shape), dtype=np.float64)


def _distances(a: Floats, b: Floats) -> Floats:
    squares = np.square(a[:, None, 0] - b[None, :, 0])
    squares += np.square(a[:, None, 1] - b[None, :, 1])
    return np.asarray(np.sqrt(squares, out=squares))
