"""Differences between variants that met the same requests.

Pairing takes out what both have in common, so that a difference shows with far fewer replications (Law, "Simulation
Modeling and Analysis", 5th ed., ch. 11.2). Two pairings: by replication, with Student's t on the differences of a
statistic; and request by request, with batch means, since neighbouring requests are correlated.

In a closed loop the next request waits for an answer, so that variants share lengths and think times, not arrivals.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np

from paasim.core.recorder import Floats
from paasim.metrics.definitions import METRICS
from paasim.metrics.intervals import ENOUGH_REPLICATIONS, Interval, half_width, mean_over_batches
from paasim.metrics.replication import Replication
from paasim.metrics.statistics import summarize
from paasim.results.result import Result
from paasim.results.schema import ByRequest, Comparison, Difference, Variant

ROUNDING = 1e-9
"""Relative differences up to this come from the rounding of sums, and are none."""
NEGLIGIBLE = 1e-3
"""Relative differences that are surely below this are not worth a word (an equivalence test: Schuirmann, 1987)."""

Statistic = Callable[[Replication], float | None]

RATES: Mapping[str, Statistic] = {
    "requests_per_s": lambda each: each.rates.requests,
    "goodput_per_s": lambda each: each.rates.good,
    "slo_attainment": lambda each: each.attainment,
}
"""Fields of `schema.Throughput` that are compared; more of them is better."""


def paired(result: Result, baseline: str, *, closed_loop: bool = False) -> Comparison:
    """Compare all variants of a result with one of them."""
    base = result.replications[baseline]
    differences = {
        name: _differences(each, base, result.variants[name], result.variants[baseline])
        for name, each in result.replications.items()
        if name != baseline
    }
    warnings = [*_first_token_warnings(result), *_unsteady_warnings(result)]
    if closed_loop:
        warnings.append("closed loop: variants share lengths and think times, but not the times of arrival")
    return Comparison(baseline=baseline, differences=differences, warnings=warnings)


def _differences(
    ours: Sequence[Replication], base: Sequence[Replication], variant: Variant, other: Variant
) -> dict[str, Difference]:
    """Every difference that both variants have the numbers for."""
    found: dict[str, Difference] = {}
    for name, metric in variant.metrics.items():
        reference = other.metrics.get(name)
        if reference is None:
            continue
        by_request = _by_request(ours, base, name) if name in METRICS else None
        half = _over_replications(ours, base, partial(_mean, metric=name))
        if half is None and by_request is not None and by_request.ci95 is not None:
            half = by_request.difference - by_request.ci95[0]
        found[name] = _difference(metric.mean, reference.mean, half, by_request=by_request)
        half = _over_replications(ours, base, partial(_p99, metric=name))
        found[f"p99_{name}"] = _difference(metric.p99, reference.p99, half)
    for rate, statistic in RATES.items():
        value, against = getattr(variant.throughput, rate), getattr(other.throughput, rate)
        if value is not None and against is not None:
            half = _over_replications(ours, base, statistic)
            found[rate] = _difference(value, against, half, higher_is_better=True)
    return found


def _difference(
    value: float,
    reference: float,
    half: float | None,
    *,
    higher_is_better: bool = False,
    by_request: ByRequest | None = None,
) -> Difference:
    difference, scale = value - reference, abs(reference)
    if abs(difference) + (half or 0.0) <= ROUNDING * scale:
        difference, half = 0.0, None if half is None else 0.0
    interval: Interval | None = None if half is None else (difference - half, difference + half)
    verdict = "cannot tell"
    if abs(difference) + (half or 0.0) <= (ROUNDING if half is None else NEGLIGIBLE) * scale:
        verdict = "same"
    elif interval is not None and not interval[0] <= 0 <= interval[1]:
        verdict = "better" if (difference > 0) == higher_is_better else "worse"
    return Difference.model_validate(
        {
            "difference": difference,
            "ci95": interval,
            "ratio": value / reference if reference else None,
            "verdict": verdict,
            "by_request": by_request,
        }
    )


def _over_replications(ours: Sequence[Replication], base: Sequence[Replication], of: Statistic) -> float | None:
    """Half-width of the interval of a difference, from one difference per replication."""
    if len(ours) < ENOUGH_REPLICATIONS:
        return None
    pairs = [(of(a), of(b)) for a, b in zip(ours, base, strict=True)]
    return half_width([a - b for a, b in pairs if a is not None and b is not None])


def _by_request(ours: Sequence[Replication], base: Sequence[Replication], metric: str) -> ByRequest | None:
    """The same requests under both variants; None if there is none."""
    matched = [_matched(a, b, metric) for a, b in zip(ours, base, strict=True)]
    differences = np.concatenate(matched)
    if not len(differences):
        return None
    return ByRequest(
        n=len(differences),
        difference=float(differences.mean()),
        ci95=mean_over_batches(*matched),
        share_lower=float(np.mean(differences < 0)),
    )


def _matched(ours: Replication, base: Replication, metric: str) -> Floats:
    """Differences of the requests measured in both, matched by index, in order of index."""
    index_a, index_b = (each.records.requests["index"][each.measured] for each in (ours, base))
    _, a, b = np.intersect1d(index_a, index_b, assume_unique=True, return_indices=True)
    differences: Floats = ours.values[metric][a] - base.values[metric][b]
    return differences[~np.isnan(differences)]


def _mean(each: Replication, metric: str) -> float | None:
    if metric == "itl":
        return each.gaps.mean() if len(each.gaps.first) else None
    values = each.values[metric]
    return float(np.nanmean(values)) if not np.isnan(values).all() else None


def _p99(each: Replication, metric: str) -> float | None:
    if metric == "itl":
        return each.gaps.percentiles([99])[0] if len(each.gaps.first) else None
    summary = summarize(each.values[metric])
    return summary.p99 if summary else None


def _first_token_warnings(result: Result) -> list[str]:
    """Say so where only some TTFTs leave out a wait for the KV cache: they end before it, since prefill emits.

    A route that ships no KV has no such wait, whoever emits: it compares with one whose TTFT holds the wait.
    """
    early = {
        (name, route): each.ships_kv and each.first_token == "prefill"
        for name, variant in result.variants.items()
        for route, each in variant.routes.items()
    }
    if all(early.values()) or not any(early.values()):
        return []
    said = ", ".join(f"{route} in {name}" for (name, route), is_early in early.items() if is_early)
    return [
        f"TTFT does not mean the same everywhere: on some routes ({said}) the prefill side emits the first token, so "
        "that the wait for the KV cache is in TTST, TPOT and the largest ITL; compare TTFT + TTST, or E2EL"
    ]


def _unsteady_warnings(result: Result) -> list[str]:
    unsteady = [name for name, variant in result.variants.items() if not variant.steady_state]
    return (
        [f"no steady state in {', '.join(unsteady)}: differences depend on the length of the run"] if unsteady else []
    )
