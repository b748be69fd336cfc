"""What a reader must know before trusting the numbers of a variant, in plain sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from paasim.metrics.bottleneck import SATURATED
from paasim.metrics.intervals import ENOUGH_REPLICATIONS
from paasim.metrics.replication import Replication
from paasim.metrics.statistics import enough_for
from paasim.results.schema import Metric, MetricName

NOTABLE = 0.01
"""Share of requests from which an exception is worth a sentence."""


def cautions(
    replications: Sequence[Replication], metrics: Mapping[MetricName, Metric], *, unbounded: bool
) -> list[str]:
    """The warnings of a variant, gravest first."""
    return [
        *_steadiness(replications, unbounded),
        *_outcomes(replications),
        *_extrapolation(replications),
        *_samples(replications, metrics),
    ]


def _steadiness(replications: Sequence[Replication], unbounded: bool) -> Iterator[str]:
    if unbounded:
        share = max(each.trend.share for each in replications)
        yield (
            f"no steady state: up to {share:.0%} of the arrivals in the second half of the window stayed behind; "
            "the means depend on the length of the run"
        )
    for name in dict.fromkeys(name for each in replications for name in each.growing):
        growth = max(each.growing.get(name, 0.0) for each in replications)
        if growth >= 1:
            yield f"{name} is saturated (at least {SATURATED:.0%} busy) and its queue grew by {growth:.0f} requests"
    if any(each.window.warmup_capped for each in replications):
        yield "the warm-up rule found no steady part in the first half of the run: make the run longer"


def _outcomes(replications: Sequence[Replication]) -> Iterator[str]:
    arrived = sum(each.counts.arrived for each in replications)
    unfinished = sum(each.counts.unfinished for each in replications)
    if not arrived:
        yield "no request arrived"
        return
    if unfinished > NOTABLE * arrived:
        yield (
            f"{unfinished / arrived:.1%} of the requests were unfinished when the run ended; latencies are over "
            "completed requests and so look better than they are"
        )
    for reason in sorted({reason for each in replications for reason in each.counts.dropped}):
        n = sum(each.counts.dropped.get(reason, 0) for each in replications)
        yield f"{n} of {arrived} requests were dropped: {reason}"


def _extrapolation(replications: Sequence[Replication]) -> Iterator[str]:
    measured = sum(int(each.measured.sum()) for each in replications)
    outside = sum(each.extrapolated for each in replications)
    if outside > NOTABLE * measured:
        yield f"{outside / measured:.0%} of the requests touched steps outside what their profile measured"


def _samples(replications: Sequence[Replication], metrics: Mapping[MetricName, Metric]) -> Iterator[str]:
    few = [name for name, metric in metrics.items() if name != "itl" and not enough_for(99, metric.n)]
    if few:
        least = min(metrics[name].n for name in few)
        yield f"p99 of {', '.join(few)} rests on few requests ({least}; 1,000 or more are needed for a firm one)"
    if len(replications) < ENOUGH_REPLICATIONS and metrics:
        n = "one replication" if len(replications) == 1 else f"{len(replications)} replications"
        yield f"{n}: intervals are from batches of requests, or missing; {ENOUGH_REPLICATIONS} or more give firm ones"
