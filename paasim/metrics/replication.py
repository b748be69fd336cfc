"""One replication, measured: the values that count, its resources, its rates and its warnings.

This is the bridge from `Records` to results: everything here is about a single replication; pooling over replications
is the business of `paasim.results`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from paasim.core.recorder import Floats, Records
from paasim.core.request import COMPLETED, DROPPED, UNFINISHED
from paasim.metrics.bottleneck import SATURATED
from paasim.metrics.context import too_long
from paasim.metrics.cost import Bill, cost, energy
from paasim.metrics.definitions import METRICS
from paasim.metrics.itl import Gaps, pooled
from paasim.metrics.levels import Usage, usage
from paasim.metrics.parts import ttft_parts, ttst_parts
from paasim.metrics.slo import Limits, good
from paasim.metrics.steady import Trend, trend
from paasim.metrics.warmup import Warmup
from paasim.metrics.window import Window, window_of


@dataclass(frozen=True)
class Counts:
    """How requests ended. Everything that arrived in the run, warm-up included: nothing is lost from sight."""

    arrived: int
    completed: int
    unfinished: int
    dropped: Mapping[str, int]
    """By reason."""


@dataclass(frozen=True)
class Rates:
    """What came out per second of the window."""

    requests: float
    output_tokens: float
    total_tokens: float
    """Prompt and output tokens."""
    good: float | None
    """Good requests; None without limits."""


@dataclass(frozen=True)
class Replication:
    """The measured facts of one replication."""

    records: Records
    window: Window
    measured: npt.NDArray[np.bool_]
    """Per request: counts and is completed; latencies are over these."""
    values: Mapping[str, Floats]
    """Metric -> its values over the measured requests, in order of arrival, s; NaN where a request has none."""
    gaps: Gaps
    counts: Counts
    rates: Rates
    attainment: float | None
    """Share of good requests among those that count; None without limits."""
    ttft_parts: Mapping[str, float]
    """Sum of each part over the measured requests, s."""
    ttst_parts: Mapping[str, float]
    """The same over those that have a second token, s."""
    usages: list[Usage]
    cost: Bill | None
    energy: Bill | None
    extrapolated: int
    """Measured requests with a step outside the profile's measured box."""
    trend: Trend
    growing: Mapping[str, float] = field(default_factory=dict)
    """Saturated resources -> how much their queue grew over the window, requests."""
    too_long: Mapping[str, tuple[int, float]] = field(default_factory=dict)
    """Pools and fleets -> prompts beyond their context limit, and that limit in tokens."""


def measure(records: Records, warmup: Warmup, limits: Sequence[Limits] = ()) -> Replication:
    """Work out one replication.

    Args:
        records: what the simulator recorded.
        warmup: what is cut off at the start.
        limits: latency limits, one mapping for all requests or one per class; empty for none.
    """
    columns = records.requests
    window = window_of(records, warmup)
    measured = window.counted & (columns["outcome"] == COMPLETED)
    met = good(records, limits) if any(limits) else None
    usages = [usage(level, window) for level in records.resources]
    second = measured & ~np.isnan(columns["second_token"])
    return Replication(
        records=records,
        window=window,
        measured=measured,
        values={name: metric(columns)[measured] for name, metric in METRICS.items()},
        gaps=pooled(records, window),
        counts=count(records),
        rates=_rates(records, window, met),
        attainment=None if met is None or not window.counted.any() else float(np.mean(met[window.counted])),
        ttft_parts=_sums(ttft_parts(columns, records.first_token), measured),
        ttst_parts=_sums(ttst_parts(columns, records.first_token), second),
        usages=usages,
        cost=cost(records.resources, usages),
        energy=energy(records.resources, usages),
        extrapolated=int(np.count_nonzero(columns["extrapolated"][measured])),
        trend=trend(records, window),
        growing={used.name: used.queue_growth or 0.0 for used in usages if (used.utilisation or 0.0) >= SATURATED},
        too_long=too_long(records),
    )


def count(records: Records) -> Counts:
    """How the requests of a replication ended; arrived = completed + unfinished + dropped."""
    outcome, reason = records.requests["outcome"], records.requests["reason"]
    dropped = outcome == DROPPED
    by_reason = {
        name: int(np.count_nonzero(dropped & (reason == number))) for number, name in enumerate(records.reasons)
    }
    unnamed = int(np.count_nonzero(dropped & (reason < 0)))
    return Counts(
        arrived=len(outcome),
        completed=int(np.count_nonzero(outcome == COMPLETED)),
        unfinished=int(np.count_nonzero(outcome == UNFINISHED)),
        dropped={name: n for name, n in by_reason.items() if n} | ({"unknown": unnamed} if unnamed else {}),
    )


def _rates(records: Records, window: Window, met: npt.NDArray[np.bool_] | None) -> Rates:
    """Rates of what was completed within the window, whenever it arrived."""
    columns = records.requests
    done = (columns["outcome"] == COMPLETED) & window.holds(columns["last_token"])
    seconds = window.length if window.length > 0 else np.inf
    output = float(columns["output_tokens"][done].sum())
    return Rates(
        requests=float(np.count_nonzero(done)) / seconds,
        output_tokens=output / seconds,
        total_tokens=(output + float(columns["prompt_tokens"][done].sum())) / seconds,
        good=None if met is None else float(np.count_nonzero(met & done)) / seconds,
    )


def _sums(parts: Mapping[str, Floats], rows: npt.NDArray[np.bool_]) -> dict[str, float]:
    return {name: float(values[rows].sum()) for name, values in parts.items()}
