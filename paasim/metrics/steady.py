"""Is there a steady state? The number of requests in the system, its trend, and Little's law.

A queue whose arrivals exceed its capacity grows linearly: a share `1 - capacity / offered` of the arrivals stays
behind. So a run has no steady state if, over the second half of its window, the number in system rises in line with
time and the rise is a noticeable share of the arrivals. The thresholds are judgement. Of M/M/1 queues with 1,000
(3,000) requests, at 80 % load none is called unsteady, at 90 % 4 % (none), at 110 % 67 % (75 %), at 120 % 86 % (99 %).

References: Little, "A proof for the queuing formula L = lambda W", 1961.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from paasim.core.recorder import Floats, Records
from paasim.metrics.window import Window

POINTS = 50
LEAST_GROWTH = 10.0
"""Requests; a smaller rise is noise."""
LEAST_SHARE = 0.04
"""Of the arrivals in the same time."""
LEAST_CORRELATION = 0.7
"""Between the number in system and time."""


@dataclass(frozen=True)
class Trend:
    """The number in system over the second half of a window."""

    growth: float
    """Requests gained, from a straight line through the samples."""
    share: float
    """The same over the arrivals in that time."""
    correlation: float

    @property
    def unbounded(self) -> bool:
        """Whether the system looks as if it grows without bound."""
        return bool(self.growth > LEAST_GROWTH and self.share > LEAST_SHARE and self.correlation > LEAST_CORRELATION)


def departures(records: Records) -> Floats:
    """When each request left the system, s; infinity for one that never did."""
    columns = records.requests
    left = np.fmax(columns["last_token"], columns["finish"])
    left = np.where(np.isnan(left) & (columns["outcome"] != 0), columns["arrival"], left)  # turned away at once
    return np.where(np.isnan(left), np.inf, left)


def in_system(records: Records, times: Floats) -> Floats:
    """Number of requests in the system at each of the times."""
    came = np.searchsorted(records.requests["arrival"], times, side="right")
    went = np.searchsorted(np.sort(departures(records)), times, side="right")
    return (came - went).astype(np.float64)


def trend(records: Records, window: Window) -> Trend:
    """Trend of the number in system over the second half of the window, while requests still arrive."""
    end = min(window.end, records.arrivals_end)
    start = (window.start + end) / 2
    if end <= start:
        return Trend(0.0, 0.0, 0.0)
    times = np.linspace(start, end, POINTS)
    number = in_system(records, times)
    arrivals = np.count_nonzero((records.requests["arrival"] > start) & (records.requests["arrival"] <= end))
    if np.ptp(number) == 0 or arrivals == 0:
        return Trend(0.0, 0.0, 0.0)
    correlation = float(np.corrcoef(times, number)[0, 1])
    growth = float(np.polyfit(times - start, number, 1)[0]) * (end - start)
    return Trend(growth, growth / arrivals, correlation)


def littles_law(records: Records, start: float, end: float) -> tuple[float, float]:
    """Both sides of Little's law on [start, end]: mean number in system, and arrival rate x mean time in system.

    Equal as an identity where every request that arrived in the interval also left in it, and none was there before.
    """
    arrival, left = records.requests["arrival"], departures(records)
    here = np.clip(np.minimum(left, end) - np.maximum(arrival, start), 0.0, None)
    came = (arrival >= start) & (arrival <= end)
    number = float(here.sum()) / (end - start)
    if not came.any():
        return number, 0.0
    rate = np.count_nonzero(came) / (end - start)
    return number, rate * float(np.mean(left[came] - arrival[came]))
