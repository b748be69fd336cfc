"""What counts about a rate that changes: how high, how spread, how long it stays, how often there is none.

All of it is of rates averaged over bins of one second, over all traces together: longer traces count for more. The
autocorrelation at a lag takes the mean and the variance of all bins, and pairs within one trace; it therefore holds
what traces differ in, besides what changes within them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from pydantic import Field

from paasim.core.spec import Spec

if TYPE_CHECKING:
    from paasim.link.network.law import Law
    from paasim.link.network.trace import Trace

Floats = npt.NDArray[np.float64]

BIN = 1.0
"""Seconds."""
LAGS = (1, 5, 10)
"""Bins at which the autocorrelation is stated."""

NEAR = {"mean": 0.05, "p10": 0.15, "p50": 0.15, "p90": 0.15, "outage_share": 0.25, "outage_length": 0.25}
"""Relative differences up to which a process is said to keep a statistic of its traces."""
NEAR_CORRELATION = 0.1
"""The same for autocorrelations, a plain difference."""


class Statistics(Spec):
    """What is compared between traces and a process; rates in Mbit/s, times in seconds."""

    traces: int = Field(ge=0)
    """How many traces, or how many times the process was drawn."""
    seconds: float
    """How long they are together; 0 where rates have no time."""
    mean: float
    p10: float
    p50: float
    p90: float
    acf1: float | None = None
    """Autocorrelation at 1 s; none where rates do not change."""
    acf5: float | None = None
    acf10: float | None = None
    outage_share: float = 0.0
    """Share of bins below the threshold."""
    outage_length: float | None = None
    """Mean length of runs of such bins, seconds; none without outages."""


def binned(trace: Trace, width: float = BIN) -> Floats:
    """Mean rates of a trace in bins, bytes/s; the rest that fills no bin is left out."""
    edges = np.append(np.array(trace.times), trace.length)
    sums = np.append(0.0, np.cumsum(np.diff(edges) * np.array(trace.rates)))
    count = int(trace.length / width + 1e-9)
    found: Floats = np.diff(np.interp(np.arange(count + 1) * width, edges, sums)) / width
    return found


def of(rows: Sequence[Floats], threshold: float, changes: bool = True) -> Statistics:
    """The statistics of rates in bytes/s, one row per trace.

    Args:
        rows: rates in bins.
        threshold: rates below it, in bytes/s, count as an outage.
        changes: whether the rows are series in time; else each is a sample of rates that do not change.
    """
    everything = np.concatenate(list(rows)) * 8e-6
    low, mid, high = np.quantile(everything, (0.1, 0.5, 0.9))
    found = {"mean": everything.mean(), "p10": low, "p50": mid, "p90": high}
    lengths = np.concatenate([runs(row < threshold)[1] for row in rows])
    if changes:
        found |= {f"acf{lag}": value for lag, value in zip(LAGS, autocorrelation(rows, LAGS), strict=True)}
    found["outage_share"] = float(np.mean(everything < threshold * 8e-6))
    if len(lengths) and changes:
        found["outage_length"] = BIN * lengths.mean()
    return Statistics(
        traces=len(rows) if changes else len(everything),
        seconds=len(everything) * BIN if changes else 0.0,
        **{name: float(f"{value:.4g}") for name, value in found.items()},
    )


def strays(process: Statistics, traces: Statistics) -> list[str]:
    """Names of the statistics of the traces that a process does not keep."""
    found = [name for name, most in NEAR.items() if _off(process, traces, name) > most * abs(_known(traces, name))]
    return found + [f"acf{lag}" for lag in LAGS if _off(process, traces, f"acf{lag}") > NEAR_CORRELATION]


def _known(of: Statistics, name: str) -> float:
    return getattr(of, name) or 0.0


def _off(one: Statistics, other: Statistics, name: str) -> float:
    return abs(_known(one, name) - _known(other, name))


def autocorrelation(rows: Iterable[Floats], lags: Sequence[int]) -> list[float]:
    """Pooled autocorrelation: mean product of deviations from the mean of all, over pairs within a row."""
    rows = list(rows)
    everything = np.concatenate(rows)
    mean, variance = everything.mean(), everything.var()
    found = []
    for lag in lags:
        pairs = [(row[:-lag] - mean) @ (row[lag:] - mean) for row in rows if len(row) > lag]
        count = sum(max(len(row) - lag, 0) for row in rows)
        found.append(float(sum(pairs)) / (count * variance) if count and variance else 0.0)
    return found


def runs(marked: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Lengths of the runs of unmarked and of marked bins, in order."""
    edges = np.flatnonzero(np.diff(marked)) + 1
    lengths = np.diff(np.concatenate([[0], edges, [len(marked)]]))
    first = bool(len(marked) and marked[0])
    return lengths[int(first) :: 2], lengths[int(not first) :: 2]


def simulated(law: Law, count: int, seconds: float, seed: int = 1) -> list[Floats]:
    """Rates of a process in bins, bytes/s: `count` links or devices, each for so many seconds."""
    streams = np.random.Generator(np.random.PCG64(seed)).spawn(count)
    if not np.isfinite(law.step):
        return [np.array([next(law.pieces(rng))[1] for rng in streams])]
    steps = int(np.ceil(seconds / law.step))
    edges = np.arange(steps + 1) * law.step
    bins = np.arange(int(seconds / BIN + 1e-9) + 1) * BIN
    rows = []
    for rng in streams:
        rates = np.fromiter((rate for _, rate in islice(law.pieces(rng), steps)), float, steps)
        rows.append(np.diff(np.interp(bins, edges, np.append(0.0, np.cumsum(rates * law.step)))) / BIN)
    return rows
