"""Several replications of one variant made into one `Variant` document.

Point estimates are pooled: mean and percentiles of all requests of all replications together. Intervals come from how
the same statistic differs between replications, or between batches of requests where there are fewer than three. Rates
and levels are means over replications.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import cast

import numpy as np
import numpy.typing as npt

from paasim.core.recorder import Floats
from paasim.metrics.bottleneck import bottleneck, load
from paasim.metrics.cost import HOUR, Bill
from paasim.metrics.definitions import METRICS
from paasim.metrics.intervals import (
    ENOUGH_REPLICATIONS,
    Interval,
    mean_over_batches,
    over_replications,
    p99_over_batches,
)
from paasim.metrics.itl import Gaps
from paasim.metrics.levels import Usage
from paasim.metrics.replication import Replication
from paasim.metrics.statistics import Summary, summarize
from paasim.results import schema
from paasim.results.cautions import cautions, unsettled

MILLION = 1e6


def pool(replications: Sequence[Replication]) -> schema.Variant:
    """The document of one variant from its replications (at least one)."""
    usages = [_mean_usage(each) for each in _by_resource(replications).values()]
    busiest = bottleneck(usages)
    metrics = _metrics(replications)
    measured = sum(int(each.measured.sum()) for each in replications)
    return schema.Variant(
        requests=_requests(replications),
        metrics=metrics,
        throughput=_throughput(replications),
        ttft_parts=_parts([each.ttft_parts for each in replications], metrics.get("ttft")),
        ttst_parts=_parts([each.ttst_parts for each in replications], metrics.get("ttst")),
        resources={used.name: _resource(used) for used in usages},
        cost=_cost(replications),
        energy=_energy(replications),
        extrapolated_fraction=sum(each.extrapolated for each in replications) / max(measured, 1),
        bottleneck=busiest.name if busiest else None,
        routes=_routes(replications),
        steady_state=not (_unbounded(replications) or unsettled(replications)),
        window=(_mean(each.window.start for each in replications), _mean(each.window.end for each in replications)),
        warnings=cautions(replications, metrics, unbounded=_unbounded(replications)),
    )


def _unbounded(replications: Sequence[Replication]) -> bool:
    """Whether most replications look as if they grow without bound."""
    return sum(each.trend.unbounded for each in replications) * 2 > len(replications)


def _metrics(replications: Sequence[Replication]) -> dict[schema.MetricName, schema.Metric]:
    found: dict[schema.MetricName, schema.Metric] = {}
    for name in ("ttft", "ttst", "tpot", "itl", "e2el", "queue"):
        metric = _gaps(replications) if name == "itl" else _metric([each.values[name] for each in replications])
        if metric is not None:
            found[name] = metric
    return found


def _metric(series: Sequence[Floats]) -> schema.Metric | None:
    """One latency, from its values in each replication."""
    pooled = summarize(np.concatenate(series))
    if pooled is None:
        return None
    if len(series) >= ENOUGH_REPLICATIONS:
        return _with_replications(pooled, [summarize(values) for values in series])
    known = [values[~np.isnan(values)] for values in series]
    mean, p99 = mean_over_batches(*known), p99_over_batches(*known)
    return _document(pooled, mean, p99, "batch means" if mean else "none")


def _gaps(replications: Sequence[Replication]) -> schema.Metric | None:
    several = [each.gaps for each in replications]
    pooled = Gaps.join(several).summary()
    if pooled is None:
        return None
    if len(several) >= ENOUGH_REPLICATIONS:
        return _with_replications(pooled, [gaps.summary() for gaps in several])
    return _document(pooled, None, None, "none")


def _with_replications(pooled: Summary, each: Sequence[Summary | None]) -> schema.Metric:
    known = [summary for summary in each if summary is not None]
    mean = over_replications(pooled.mean, [summary.mean for summary in known])
    p99 = over_replications(pooled.p99, [summary.p99 for summary in known])
    return _document(pooled, mean, p99, "replications" if mean else "none")


def _document(
    summary: Summary, mean: Interval | None, p99: Interval | None, method: schema.IntervalMethod
) -> schema.Metric:
    intervals = schema.Intervals(mean=_not_below_zero(mean), p99=_not_below_zero(p99), method=method)
    return schema.Metric(**asdict(summary), ci95=intervals)


def _not_below_zero(interval: Interval | None) -> Interval | None:
    """A latency is never negative, so neither is its mean."""
    return interval and (max(interval[0], 0.0), interval[1])


def _requests(replications: Sequence[Replication]) -> schema.Requests:
    counts = [each.counts for each in replications]
    reasons = sorted({reason for count in counts for reason in count.dropped})
    return schema.Requests(
        arrived=sum(count.arrived for count in counts),
        completed=sum(count.completed for count in counts),
        unfinished=sum(count.unfinished for count in counts),
        dropped={reason: sum(count.dropped.get(reason, 0) for count in counts) for reason in reasons},
        measured=sum(int(each.measured.sum()) for each in replications),
    )


def _throughput(replications: Sequence[Replication]) -> schema.Throughput:
    return schema.Throughput(
        requests_per_s=_mean(each.rates.requests for each in replications),
        output_tokens_per_s=_mean(each.rates.output_tokens for each in replications),
        total_tokens_per_s=_mean(each.rates.total_tokens for each in replications),
        goodput_per_s=_mean_known(each.rates.good for each in replications),
        slo_attainment=_mean_known(each.attainment for each in replications),
    )


def _parts(sums: Sequence[Mapping[str, float]], metric: schema.Metric | None) -> dict[str, float]:
    """Means over all requests, from sums per replication."""
    n = metric.n if metric else 1
    return {name: sum(each[name] for each in sums) / n for name in sums[0]}


def _by_resource(replications: Sequence[Replication]) -> dict[str, list[Usage]]:
    by_name: dict[str, list[Usage]] = {}
    for each in replications:
        for used in each.usages:
            by_name.setdefault(used.name, []).append(used)
    return by_name


def _mean_usage(usages: Sequence[Usage]) -> Usage:
    def mean(value: Callable[[Usage], float | None]) -> float | None:
        return _mean_known(value(used) for used in usages)

    first = usages[0]
    return Usage(
        name=first.name,
        kind=first.kind,
        servers=first.servers,
        length=_mean(used.length for used in usages),
        utilisation=mean(lambda used: used.utilisation),
        queue_mean=mean(lambda used: used.queue_mean),
        running_mean=mean(lambda used: used.running_mean),
        kv_tokens_mean=mean(lambda used: used.kv_tokens_mean),
        kv_utilisation=mean(lambda used: used.kv_utilisation),
        fill=mean(lambda used: used.fill),
        queue_growth=mean(lambda used: used.queue_growth),
        bytes=mean(lambda used: used.bytes),
        tokens=mean(lambda used: used.tokens),
    )


def _resource(used: Usage) -> schema.Resource:
    values = asdict(used) | {"load": load(used)}
    return schema.Resource(**{name: values[name] for name in schema.Resource.model_fields if name in values})


def _cost(replications: Sequence[Replication]) -> schema.Cost | None:
    bills = [each.cost for each in replications if each.cost is not None]
    if not bills:
        return None
    rate, by_resource = _rates_of(bills)
    output = _mean(each.rates.output_tokens for each in replications)
    total = _mean(each.rates.total_tokens for each in replications)
    known = not any(bill.unpriced for bill in bills)
    return schema.Cost(
        per_hour=rate * HOUR if known else None,
        per_million_output_tokens=rate / output * MILLION if known and output else None,
        per_million_total_tokens=rate / total * MILLION if known and total else None,
        by_resource_per_hour={name: value * HOUR for name, value in by_resource.items()},
    )


def _energy(replications: Sequence[Replication]) -> schema.Energy | None:
    bills = [each.energy for each in replications if each.energy is not None]
    if not bills:
        return None
    rate, by_resource = _rates_of(bills)
    output = _mean(each.rates.output_tokens for each in replications)
    per_token = rate / output if output else None
    return schema.Energy(watts=rate, per_output_token=per_token, by_resource_watts=by_resource)


def _rates_of(bills: Sequence[Bill]) -> tuple[float, dict[str, float]]:
    """Amounts per second, in all and by resource; mean over replications."""
    names = list(dict.fromkeys(name for bill in bills for name in bill.by_resource))
    by_resource = {
        name: _mean(bill.by_resource.get(name, 0.0) / bill.seconds if bill.seconds else 0.0 for bill in bills)
        for name in names
    }
    return _mean(bill.rate for bill in bills), by_resource


def _routes(replications: Sequence[Replication]) -> dict[str, schema.Route]:
    """The metrics of each route that at least one measured request took."""
    routes: dict[str, schema.Route] = {}
    for number, name in enumerate(replications[0].records.routes):
        rows = [each.records.requests["route"][each.measured] == number for each in replications]
        n = sum(int(mask.sum()) for mask in rows)
        if not n:
            continue
        metrics = {
            metric: _metric([each.values[metric][mask] for each, mask in zip(replications, rows, strict=True)])
            for metric in METRICS
        }
        routes[name] = schema.Route(
            requests=n,
            ships_kv=any(_ships(each, mask) for each, mask in zip(replications, rows, strict=True)),
            first_token="decode" if replications[0].records.first_token[number] == "decode" else "prefill",
            levels=_levels(replications, rows),
            metrics={cast("schema.MetricName", key): value for key, value in metrics.items() if value is not None},
        )
    return routes


def _levels(replications: Sequence[Replication], rows: Sequence[npt.NDArray[np.bool_]]) -> dict[str, int] | None:
    """How many of these measured requests had which level of an adaptive codec; None if none had any."""
    names = replications[0].records.levels
    counts: dict[str, int] = {}
    for each, mask in zip(replications, rows, strict=True):
        used = each.records.requests["kv_level"][each.measured][mask]
        for level in used[used >= 0].astype(np.int64).tolist():
            counts[names[level]] = counts.get(names[level], 0) + 1
    return {name: counts[name] for name in names if name in counts} or None


def _ships(each: Replication, rows: npt.NDArray[np.bool_]) -> bool:
    """Whether any of these measured requests decoded elsewhere than it prefilled."""
    start, goal = (each.records.requests[f"{end}_instance"][each.measured][rows] for end in ("prefill", "decode"))
    return bool(np.any((goal >= 0) & (start != goal)))


def _mean(values: Iterable[float]) -> float:
    return float(np.mean(list(values)))


def _mean_known(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
