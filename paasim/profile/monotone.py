"""Monotone clean-up: no step is faster than one that holds less.

Measurements are not quite monotone (noise, kernels that switch). A value is replaced by the middle between the largest
value at or below its place and the smallest at or above it: of all monotone functions this one has the least largest
change (isotonic regression in the supremum norm, e.g. Barlow et al., Statistical Inference under Order Restrictions).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
SAME = 1e-9
"""Relative difference below which two places count as one."""


def clean_points(values: Floats, *places: Floats) -> Floats:
    """Monotone values at scattered places.

    Args:
        values: shape (k,), above zero; their logarithms are moved, so that the change is relative.
        places: coordinates, each of shape (k,); a place is at or below another if all of its coordinates are.
    """
    at = np.stack(places, axis=1)
    below = np.all(at[:, None, :] <= at[None, :, :] * (1 + SAME), axis=2)
    logs = np.log(values)
    floor = np.where(below, logs[:, None], -np.inf).max(axis=0)
    ceiling = np.where(below.T, logs[:, None], np.inf).min(axis=0)
    return np.asarray(np.exp((floor + ceiling) / 2))


def between_points(grid: Floats, xs: Floats, ys: Floats, points: tuple[Floats, Floats, Floats]) -> Floats:
    """A grid kept between the points at or below each node and those at or above it.

    Where an interpolation overshoots, this bends it back, not the measured points.

    Args:
        grid: values on the nodes, shape (x, y).
        xs: nodes along x, ascending.
        ys: nodes along y, ascending.
        points: x, y and value of monotone points.
    """
    x, y, values = points
    floor, ceiling = np.full_like(grid, -np.inf), np.full_like(grid, np.inf)
    first = (np.searchsorted(xs, x * (1 - SAME)), np.searchsorted(ys, y * (1 - SAME)))
    last = (np.searchsorted(xs, x * (1 + SAME), "right") - 1, np.searchsorted(ys, y * (1 + SAME), "right") - 1)
    np.maximum.at(floor, first, values)
    np.minimum.at(ceiling, last, values)
    return np.clip(grid, _upward(floor), _downward(ceiling))


def monotone_grid(values: Floats, form: Floats, inside: npt.NDArray[np.bool_]) -> Floats:
    """A grid that is monotone along both axes: the cleaned `values` inside the box, the form outside.

    Outside, the form is kept between what is inside at or below a node and what is inside at or above it, so that no
    step gets faster on its way out of the box, or into it.

    Args:
        values: on grid nodes, shape (x, y); only those inside count.
        form: monotone along both axes, same shape.
        inside: whether a node lies in the measured box, same shape.
    """
    floor, ceiling = _envelopes(values, inside)
    middle = np.zeros_like(values)
    middle[inside] = (floor[inside] + ceiling[inside]) / 2
    floor, ceiling = _envelopes(middle, inside)
    return np.clip(form, floor, ceiling)


def _envelopes(values: Floats, inside: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """For each node the largest inside value at or below it and the smallest at or above it (else -+infinity)."""
    return _upward(np.where(inside, values, -np.inf)), _downward(np.where(inside, values, np.inf))


def _upward(grid: Floats) -> Floats:
    """The largest value at or below each node."""
    return np.maximum.accumulate(np.maximum.accumulate(grid, axis=0), axis=1)


def _downward(grid: Floats) -> Floats:
    """The smallest value at or above each node."""
    return np.minimum.accumulate(np.minimum.accumulate(grid[::-1, ::-1], axis=0), axis=1)[::-1, ::-1]
