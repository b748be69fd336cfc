"""Every difference between two variants that both have the numbers for, paired where they met the same requests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from paasim.metrics.definitions import METRICS
from paasim.metrics.intervals import BATCHES, ENOUGH_REPLICATIONS, mean_over_batches
from paasim.results.schema import ByRequest, Interval, Metric, Variant
from paasim.study import spread
from paasim.study.observed import RATES, Observed, matched
from paasim.study.spread import Spread
from paasim.study.verdict import Found


@dataclass(frozen=True)
class Side:
    """A variant as it is compared."""

    variant: Variant
    replications: int
    observed: Sequence[Observed]
    """By replication; empty where only the document is left."""

    def statistic(self, name: str) -> list[float | None]:
        """Its value in each replication."""
        return [each.statistics.get(name) for each in self.observed]


def differences(ours: Side, base: Side, *, is_paired: bool) -> dict[str, Found]:
    """Differences by name: means under the metric's name, 99th percentiles as `p99_<metric>`, then rates."""
    found: dict[str, Found] = {}
    for name, metric in ours.variant.metrics.items():
        reference = base.variant.metrics.get(name)
        if reference is None:
            continue
        by_request = _by_request(ours, base, name) if is_paired and name in METRICS else None
        sure = _spread(ours, base, name, is_paired) or (by_request and _from_batches(by_request, ours.replications))
        sure = sure or _unpaired(ours, base, name, metric.ci95.mean, reference.ci95.mean, "mean")
        found[name] = Found(metric.mean, reference.mean, sure, by_request=by_request)
        sure = _spread(ours, base, f"p99_{name}", is_paired)
        sure = sure or _unpaired(ours, base, name, metric.ci95.p99, reference.ci95.p99, "p99")
        found[f"p99_{name}"] = Found(metric.p99, reference.p99, sure)
    for rate in RATES:
        value, against = getattr(ours.variant.throughput, rate), getattr(base.variant.throughput, rate)
        if value is not None and against is not None:
            found[rate] = Found(value, against, _spread(ours, base, rate, is_paired), higher_is_better=True)
    return found


def without_counterpart(ours: Variant, base: Variant, names: tuple[str, str]) -> Iterator[str]:
    """What only one of two variants has a number for, in words."""
    for one, other, name in ((ours, base, names[0]), (base, ours, names[1])):
        alone: list[str] = [metric for metric in one.metrics if metric not in other.metrics]
        alone += [
            rate
            for rate in RATES
            if getattr(one.throughput, rate) is not None and getattr(other.throughput, rate) is None
        ]
        if alone:
            yield f"only {name} has {', '.join(alone)}: nothing to compare with"


def _spread(ours: Side, base: Side, name: str, is_paired: bool) -> Spread | None:
    """From the replications of both; None with fewer than three, or where a side does not say."""
    a, b = ours.statistic(name), base.statistic(name)
    if is_paired:
        pairs = [(x, y) for x, y in zip(a, b, strict=True) if x is not None and y is not None]
        return spread.paired([x - y for x, y in pairs]) if len(a) >= ENOUGH_REPLICATIONS else None
    known = [[x for x in values if x is not None] for values in (a, b)]
    if min(map(len, known)) < ENOUGH_REPLICATIONS:
        return None
    each = [spread.own(values) for values in known]
    return spread.welch(each[0], each[1]) if each[0] is not None and each[1] is not None else None


def _unpaired(
    ours: Side, base: Side, name: str, interval: Interval | None, other: Interval | None, statistic: str
) -> Spread | None:
    """From the intervals that the documents give each side."""
    sides = []
    for side, ends in ((ours, interval), (base, other)):
        if ends is None:
            return None
        metric = {str(key): value for key, value in side.variant.metrics.items()}[name]
        sides.append(_behind(metric, ends[1] - getattr(metric, statistic), side.replications))
    return spread.welch(sides[0], sides[1])


def _behind(metric: Metric, half: float, replications: int) -> Spread:
    """The upper half of an interval says it: the lower may have been cut at zero."""
    freedom = replications - 1 if metric.ci95.method == "replications" else BATCHES - 1
    return spread.from_interval(half, max(freedom, 1), replications)


def _by_request(ours: Side, base: Side, metric: str) -> ByRequest | None:
    """The same requests under both variants; None if there is none."""
    series = [matched(a, b, metric) for a, b in zip(ours.observed, base.observed, strict=True)]
    all_of_them = np.concatenate(series) if series else np.empty(0)
    if not len(all_of_them):
        return None
    return ByRequest(
        n=len(all_of_them),
        difference=float(all_of_them.mean()),
        ci95=mean_over_batches(*series),
        share_lower=float(np.mean(all_of_them < 0)),
    )


def _from_batches(by_request: ByRequest, replications: int) -> Spread | None:
    """With fewer than three replications, batches of requests say how sure a mean is."""
    if by_request.ci95 is None or replications >= ENOUGH_REPLICATIONS:
        return None
    return spread.from_interval(by_request.difference - by_request.ci95[0], BATCHES - 1, replications)
