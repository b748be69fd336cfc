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
    return np.exp((floor + ceiling) / 2)


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
    low = np.where(inside, values, -np.inf)
    high = np.where(inside, values, np.inf)
    floor = np.maximum.accumulate(np.maximum.accumulate(low, axis=0), axis=1)
    ceiling = np.minimum.accumulate(np.minimum.accumulate(high[::-1, ::-1], axis=0), axis=1)[::-1, ::-1]
    return floor, ceiling
