"""What was measured at the points of the grid, and the table that comes out of it."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

from paasim.profile.measure.grid import Decode, Point, Prefill
from paasim.profile.table import Row, Table

FAR = 5.0
"""Robust standard deviations from the median, beyond which a repeat is an outlier."""
ENOUGH = 4
"""Repeats from which outliers can be told."""
TO_SIGMA = 1.4826
"""From the median absolute deviation to the standard deviation of a normal law."""


@dataclass
class Samples:
    """Repeats of one point."""

    seconds: list[float] = field(default_factory=list)
    """TTFT of prompts, step time of streams."""
    new: list[int] = field(default_factory=list)
    """Prompt tokens that were computed."""
    context: list[float] = field(default_factory=list)
    """Tokens of context (see `paasim.profile.table`)."""

    def add(self, seconds: float, new: int, context: float) -> None:
        """Keep one repeat."""
        self.seconds.append(seconds)
        self.new.append(new)
        self.context.append(context)

    def kept(self) -> list[float]:
        """The repeats without outliers."""
        return kept(self.seconds)


def kept(values: Sequence[float]) -> list[float]:
    """Values that are no outliers by the median absolute deviation."""
    if len(values) < ENOUGH:
        return list(values)
    middle = statistics.median(values)
    spread = TO_SIGMA * statistics.median(abs(value - middle) for value in values)
    # Repeats can agree to the last microsecond: a thousandth of the value is never an outlier.
    limit = FAR * max(spread, 1e-3 * middle)
    return [value for value in values if abs(value - middle) <= limit]


def table(samples: dict[Point, Samples], overhead: float) -> Table:
    """The rows of all points that have repeats; the overhead comes off the times of prompts."""
    rows = []
    for point, found in samples.items():
        if not found.seconds:
            continue
        values = found.kept()
        std = statistics.stdev(values) if len(values) > 1 else None
        seconds, context = statistics.median(values), round(statistics.median(found.context), 1)
        if isinstance(point, Prefill) and seconds > overhead:
            new = round(statistics.median(found.new))
            rows.append(Row("prefill", 1, new, context, seconds - overhead, std, len(values)))
        elif isinstance(point, Decode):
            rows.append(Row("decode", point.batch, 1, context, seconds, std, len(values)))
    made = Table(rows)
    made.sort()
    return made
