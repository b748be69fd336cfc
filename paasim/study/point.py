"""A point of a study: one scenario, some of its replications, and what comes out of them, small enough to keep.

Sweeps, plans and sensitivity studies are all made of points. A point's outcome depends on nothing but the point: not on
who works it out, nor in which order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from pydantic import Field

from paasim.core.spec import Spec
from paasim.metrics.replication import Replication
from paasim.metrics.statistics import summarize
from paasim.results.pooling import pool
from paasim.results.schema import MetricName, Variant
from paasim.scenario.scenario import Scenario

if TYPE_CHECKING:
    from paasim.study.execute import Progress

Limit = tuple[MetricName, float]
"""A latency and the most that it may be, s."""


@dataclass(frozen=True)
class Point:
    """One scenario and which of its replications to do."""

    label: str
    """For people: `bandwidth 10 Gbps, cloud`."""
    scenario: Scenario
    """Without variants; what differs between points is in here."""
    first: int = 0
    """The first replication; the same number meets the same requests at every point with the same workload."""
    count: int = 1
    """How many replications, one after the other."""
    limits: tuple[Limit, ...] = ()
    """Of which latencies to say what share keeps a limit (`Facts.kept`)."""


class Kept(Spec):
    """How many requests keep a limit on a latency."""

    metric: MetricName
    limit: float
    """s."""
    share: float | None
    """Of the requests that count and have this latency, those that never completed among them: they miss every limit.
    Of ITL, of the gaps. Null where there is none."""


class Statistics(Spec):
    """A latency in one replication, s."""

    mean: float
    p50: float
    p90: float
    p95: float
    p99: float


class Facts(Spec):
    """What one replication came to, where points are compared replication by replication."""

    replication: int
    metrics: dict[MetricName, Statistics]
    """Metrics that at least one measured request has."""
    attainment: float | None
    """Share of the requests that count which met every limit; null without limits."""
    requests_per_s: float
    output_tokens_per_s: float
    goodput_per_s: float | None
    arrived: int
    completed: int
    measured: int
    """Requests that count and were completed."""
    unbounded: bool
    """Whether queues grew as long as requests arrived."""
    lost: int = 0
    """Requests that count and were not completed: dropped, or still under way at the end."""
    kept: list[Kept] = Field(default_factory=list)
    """The limits that the point asks about, in its order."""


class Outcome(Spec):
    """What a point came to."""

    variant: Variant
    """All of its replications pooled, as in `result.json`."""
    replications: list[Facts]
    """The same, one by one."""


def work(point: Point) -> Outcome:
    """Simulate a point.

    Raises:
        InputError: if the scenario names something that is not there.
    """
    from paasim.study.execute import Unit
    from paasim.study.execute import work as replicate

    numbers = range(point.first, point.first + point.count)
    each = [replicate(Unit(point.label, point.scenario, number)) for number in numbers]
    return Outcome(
        variant=pool(each),
        replications=[facts(one, number, point.limits) for one, number in zip(each, numbers, strict=True)],
    )


def facts(each: Replication, number: int, limits: Sequence[Limit] = ()) -> Facts:
    """The facts of one replication, and what share of its requests keeps each limit."""
    metrics: dict[MetricName, Statistics] = {}
    for name in ("ttft", "ttst", "tpot", "itl", "e2el", "queue"):
        found = each.gaps.summary() if name == "itl" else summarize(each.values[name])
        if found is not None:
            metrics[name] = Statistics(mean=found.mean, p50=found.p50, p90=found.p90, p95=found.p95, p99=found.p99)
    return Facts(
        replication=number,
        metrics=metrics,
        attainment=each.attainment,
        requests_per_s=each.rates.requests,
        output_tokens_per_s=each.rates.output_tokens,
        goodput_per_s=each.rates.good,
        arrived=each.counts.arrived,
        completed=each.counts.completed,
        measured=int(each.measured.sum()),
        unbounded=each.trend.unbounded,
        lost=_lost(each),
        kept=[Kept(metric=metric, limit=most, share=_kept(each, metric, most)) for metric, most in limits],
    )


def _lost(each: Replication) -> int:
    return int(each.window.counted.sum()) - int(each.measured.sum())


def _kept(each: Replication, metric: MetricName, most: float) -> float | None:
    if metric == "itl":
        return each.gaps.share_within(most)
    values = each.values[metric]
    n = int(np.count_nonzero(~np.isnan(values))) + _lost(each)
    return int(np.count_nonzero(values <= most)) / n if n else None


class Keeper(Protocol):
    """Where outcomes are kept, so that no point is worked out twice."""

    def key(self, point: Point) -> str:
        """What a point's outcome depends on, as a name."""

    def get(self, key: str) -> Outcome | None:
        """What was kept under a name."""

    def put(self, key: str, outcome: Outcome) -> None:
        """Keep an outcome."""


def evaluate(
    points: Sequence[Point],
    jobs: int | None = 1,
    *,
    store: Keeper | None = None,
    progress: Progress | None = None,
) -> list[Outcome]:
    """Work out points, in their order.

    Args:
        points: what to work out.
        jobs: processes; None = as many as pay.
        store: where outcomes are looked up first, and kept.
        progress: told after every point.
    """
    from paasim.study.execute import execute

    known = [store.get(store.key(point)) if store else None for point in points]
    todo = [point for point, outcome in zip(points, known, strict=True) if outcome is None]
    made = execute(todo, jobs, progress, work)
    if store:
        for point, outcome in zip(todo, made, strict=True):
            store.put(store.key(point), outcome)
    fresh = iter(made)
    return [next(fresh) if outcome is None else outcome for outcome in known]
