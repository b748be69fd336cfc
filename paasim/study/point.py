"""A point of a study: one scenario, some of its replications, and what comes out of them, small enough to keep.

Sweeps, plans and sensitivity studies are all made of points. A point's outcome depends on nothing but the point: not on
who works it out, nor in which order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from paasim.core.spec import Spec
from paasim.metrics.replication import Replication
from paasim.metrics.statistics import summarize
from paasim.results.pooling import pool
from paasim.results.schema import MetricName, Variant
from paasim.scenario.scenario import Scenario


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
        variant=pool(each), replications=[facts(one, number) for one, number in zip(each, numbers, strict=True)]
    )


def facts(each: Replication, number: int) -> Facts:
    """The facts of one replication."""
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
    )


def evaluate(
    points: Sequence[Point], jobs: int | None = 1, *, progress: Callable[[int, int, str], None] | None = None
) -> list[Outcome]:
    """Work out points, in their order.

    Args:
        points: what to work out.
        jobs: processes; None = as many as pay.
        progress: told after every point.
    """
    from paasim.study.execute import execute

    return execute(points, jobs, progress, work)
