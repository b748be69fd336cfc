"""A measured figure and what the model gives for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np


class Row(NamedTuple):
    """One line of a table."""

    what: str
    measured: float
    predicted: float
    unit: str
    note: str = ""

    @property
    def error(self) -> float:
        """Predicted over measured, less one."""
        return self.predicted / self.measured - 1


def lines(rows: Iterable[Row], first: str = "transfer", note: str = "given") -> Iterator[str]:
    """Rows as a Markdown table: measured figures as published, predicted ones with three digits."""
    yield f"| {first} | measured | predicted | error | {note} |"
    yield "|---" * 5 + "|"
    for row in rows:
        measured, predicted = f"{row.measured:,.4g} {row.unit}", f"{_three(row.predicted)} {row.unit}"
        error = round(100 * row.error, 1) + 0.0
        yield f"| {row.what} | {measured} | {predicted} | {error:{'+' if error else ''}.1f} % | {row.note} |"


def _three(value: float) -> str:
    digits = max(0, 2 - int(np.floor(np.log10(abs(value)))))
    return f"{value:,.{digits}f}"


def others(values: Sequence[float], i: int) -> float:
    """The geometric mean of all values but the i-th."""
    return float(np.exp(np.mean(np.log([value for j, value in enumerate(values) if j != i]))))


def other_half(number: int, i: int) -> list[int]:
    """Every second one of `number` rows, so that the i-th is not among them."""
    return [j for j in range(number) if (j - i) % 2]


def affine(sizes: Sequence[float], times: Sequence[float]) -> tuple[float, float]:
    """Fixed time, and time per size: least squares of relative errors."""
    weights = 1 / np.array(times)
    found = np.linalg.lstsq(np.stack([weights, np.array(sizes) * weights], 1), np.ones(len(times)), rcond=None)[0]
    return float(found[0]), float(found[1])
