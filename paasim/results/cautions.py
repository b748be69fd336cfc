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
MOST = 0.5
"""Share of unfinished requests from which a run says nothing about a steady state."""


def cautions(
    replications: Sequence[Replication], metrics: Mapping[MetricName, Metric], *, unbounded: bool
) -> list[str]:
    """The warnings of a variant, gravest first."""
    return [
        *_nothing(replications),
        *_steadiness(replications, unbounded),
        *_outcomes(replications),
        *_extrapolation(replications),
        *_contexts(replications),
        *_samples(replications, metrics),
        *_prices(replications),
    ]


def unsettled(replications: Sequence[Replication]) -> bool:
    """Whether too little came to an end to speak of a steady state: nothing measured, or most requests unfinished."""
    return not any(each.measured.any() for each in replications) or _unfinished_share(replications) > MOST


def _unfinished_share(replications: Sequence[Replication]) -> float:
    unfinished = sum(each.counts.unfinished for each in replications)
    return unfinished / max(1, sum(each.counts.arrived for each in replications))


def _nothing(replications: Sequence[Replication]) -> Iterator[str]:
    if any(each.measured.any() for each in replications) or not any(each.counts.arrived for each in replications):
        return
    if not any(each.window.counted.any() for each in replications):
        yield "the warm-up leaves nothing to measure: shorten run.warmup, or make the run longer"
    elif any(each.counts.unfinished for each in replications):
        yield "nothing to measure: no request that counts was completed; make the run longer, or lower the load"
    else:
        yield "nothing to measure: no request that counts was completed"


def _steadiness(replications: Sequence[Replication], unbounded: bool) -> Iterator[str]:
    if unbounded:
        share = max(each.trend.share for each in replications)
        yield (
            f"no steady state: up to {share:.0%} of the arrivals in the second half of the window stayed behind; "
            "the means depend on the length of the run"
        )
    if (share := _unfinished_share(replications)) > MOST:
        yield f"no steady state: {share:.0%} of the requests were unfinished when the run ended; make the run longer"
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


def _contexts(replications: Sequence[Replication]) -> Iterator[str]:
    arrived = sum(each.counts.arrived for each in replications)
    for name in dict.fromkeys(name for each in replications for name in each.too_long):
        found = [each.too_long[name] for each in replications if name in each.too_long]
        count, limit = sum(count for count, _ in found), found[0][1]
        yield (
            f"{count} of {arrived} prompts are beyond the context limit of {name} ({limit:,.0f} tokens); "
            "a real engine refuses them"
        )


def _samples(replications: Sequence[Replication], metrics: Mapping[MetricName, Metric]) -> Iterator[str]:
    few = [name for name, metric in metrics.items() if name != "itl" and not enough_for(99, metric.n)]
    if few:
        least = min(metrics[name].n for name in few)
        yield f"p99 of {', '.join(few)} rests on few requests ({least}; 1,000 or more are needed for a firm one)"
    if len(replications) < ENOUGH_REPLICATIONS and metrics:
        n = "one replication" if len(replications) == 1 else f"{len(replications)} replications"
        yield f"{n}: intervals are from batches of requests, or missing; {ENOUGH_REPLICATIONS} or more give firm ones"


def _prices(replications: Sequence[Replication]) -> Iterator[str]:
    unpriced = dict.fromkeys(name for each in replications if each.cost for name in each.cost.unpriced)
    if unpriced:
        yield f"the cost is not known: no price is given for {', '.join(unpriced)} (price: 0 $/h if it costs nothing)"
