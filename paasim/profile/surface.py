"""A function of two quantities on a grid, linear along each between nodes: fast to ask, monotone if its nodes are."""

from __future__ import annotations

from bisect import bisect_right

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def nodes(least: float, most: float, per_octave: int = 4) -> Floats:
    """Grid nodes from 0 over `least` or below to `most`, `per_octave` to each doubling, powers of two among them."""
    low = int(np.floor(np.log2(max(least, 1.0))))
    high = int(np.ceil(np.log2(max(most, 1.0))))
    steps = 1 + np.arange(per_octave) / per_octave
    grid = (2.0 ** np.arange(low, high + 1)[:, None] * steps).ravel()
    return np.unique(np.concatenate([[0.0], grid[grid < most], [most]]))


class Surface:
    """Bilinear interpolation.

    Args:
        xs: nodes, ascending from 0, shape (x,).
        ys: the same for the other quantity, shape (y,).
        values: at the nodes, shape (x, y).
    """

    __slots__ = ("_cells", "_xs", "_ys", "x_end", "y_end")

    def __init__(self, xs: Floats, ys: Floats, values: Floats) -> None:
        self._xs: list[float] = xs.tolist()
        self._ys: list[float] = ys.tolist()
        self.x_end: float = self._xs[-1]
        self.y_end: float = self._ys[-1]
        # The last node has a cell of its own, flat, so that the far edge needs no special case.
        padded = np.pad(values, ((0, 1), (0, 1)), mode="edge")
        dx = np.append(np.diff(xs), 1.0)[:, None]
        dy = np.append(np.diff(ys), 1.0)[None, :]
        along_x = (padded[1:, :-1] - values) / dx
        along_y = (padded[:-1, 1:] - values) / dy
        twist = (padded[1:, 1:] - padded[1:, :-1] - padded[:-1, 1:] + values) / (dx * dy)
        corners_x, corners_y = np.broadcast_arrays(xs[:, None], ys[None, :])
        parts = (corners_x, corners_y, values, along_x, along_y, twist)
        self._cells = [list(zip(*(part[i].tolist() for part in parts), strict=True)) for i in range(len(xs))]

    def at(self, x: float, y: float) -> float:
        """The value at (x, y), 0 <= x <= x_end and 0 <= y <= y_end."""
        cell = self._cells[bisect_right(self._xs, x) - 1][bisect_right(self._ys, y) - 1]
        x0, y0, value, along_x, along_y, twist = cell
        y -= y0
        return value + (x - x0) * (along_x + twist * y) + along_y * y  # type: ignore[no-any-return]
