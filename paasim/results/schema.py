"""The contract of `result.json`, version 1. Scripts rely on it: fields are added, never renamed or removed.

Times are seconds, rates per second, amounts bytes, dollars or joules. What does not exist is null or absent, never NaN.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from paasim.core.spec import Spec, document_schema

SCHEMA_VERSION: Literal[1] = 1

Interval = tuple[float, float]
MetricName = Literal["ttft", "ttst", "tpot", "itl", "e2el", "queue"]
IntervalMethod = Literal["replications", "batch means", "none"]
Verdict = Literal["better", "worse", "same", "cannot tell"]
Pairing = Literal["requests", "lengths", "none"]
"""`requests`: the same ones, at the same times; `lengths`: the same lengths in the same order at other times (another
load, or a closed loop); `none`: nothing in common, so that intervals are Welch's."""


class Intervals(Spec):
    """95 % confidence intervals."""

    mean: Interval | None = None
    """Of the mean."""
    p99: Interval | None = None
    """Of the 99th percentile."""
    method: IntervalMethod = "none"
    """`replications`: Student's t over three or more; `batch means`: over batches of requests; `none`: too few."""


class Metric(Spec):
    """Statistics of a latency over the completed requests that count (of ITL: over all gaps between tokens)."""

    unit: Literal["s"] = "s"
    """Unit of every value."""
    n: int
    """Number of values, over all replications."""
    mean: float
    std: float
    """Population standard deviation."""
    p50: float
    """Percentiles are linear between order statistics."""
    p90: float
    p95: float
    p99: float
    max: float
    ci95: Intervals = Field(default_factory=Intervals)
    """How sure the mean and the p99 are."""


class Requests(Spec):
    """How requests ended, over all replications, warm-up included; arrived = completed + unfinished + dropped."""

    arrived: int
    completed: int
    unfinished: int
    """Still under way when the run ended."""
    dropped: dict[str, int]
    """By reason."""
    measured: int
    """Completed after the warm-up: those that the metrics are over. Zero: there is nothing to go by."""


class Throughput(Spec):
    """What came out per second of the measured window, mean over replications."""

    requests_per_s: float
    output_tokens_per_s: float
    total_tokens_per_s: float
    """Prompt and output tokens."""
    goodput_per_s: float | None
    """Requests that met every limit; null without limits."""
    slo_attainment: float | None
    """Share of all requests that count which met every limit; null without limits."""


class Resource(Spec):
    """How a pool, fleet or link was used: time-weighted means over the window, mean over replications."""

    kind: str
    """`pool`, `fleet`, `link`, or `access`: the access links of a fleet's devices."""
    servers: int
    """Instances, devices, access links; 1 for a link."""
    utilisation: float | None
    """Share of the servers' time at work; of a link, share of its capacity used, in the busier direction."""
    queue_mean: float | None
    """Mean number of requests waiting."""
    running_mean: float | None
    """Mean number of requests in service."""
    kv_tokens_mean: float | None
    """Mean KV memory in use, tokens."""
    kv_utilisation: float | None
    """The same as a share of what fits."""
    fill: float | None
    """Of servers that batch: the largest of the shares of KV memory, slots and prompt throughput in use; else null."""
    load: float
    """How near it is to its limit: fill where it batches and keeps up, else utilisation; the bottleneck has most."""
    bytes: float | None
    """Payload bytes sent in the window, either way."""
    tokens: float | None
    """Tokens computed in the window."""
    max_rate: float | None = None
    """Requests/s of the whole scenario at which it is full, by its bound (docs/capacity.md); null where it has none."""


class Cost(Spec):
    """Dollars for the resources in use, mean over replications; absent where no price is given."""

    unit: Literal["$"] = "$"
    per_hour: float | None
    """Null where a pool or fleet that was used has no price."""
    per_million_output_tokens: float | None
    """Null where no token came out, or a price is missing."""
    per_million_total_tokens: float | None
    by_resource_per_hour: dict[str, float]


class Energy(Spec):
    """Joules of the resources in use, mean over replications; a lower bound without idle power."""

    unit: Literal["J"] = "J"
    watts: float
    """Mean power."""
    per_output_token: float | None
    """Null where no token came out."""
    by_resource_watts: dict[str, float]


class Route(Spec):
    """The share of one route."""

    requests: int
    """Completed requests that count."""
    ships_kv: bool
    """Whether a KV cache moved between two engines."""
    first_token: Literal["prefill", "decode"]
    """Which side emits the first token."""
    levels: dict[str, int] | None = None
    """Requests by the smallest level that an adaptive codec used for them, `text` where it sent none of their KV; null
    for a route without such a codec."""
    metrics: dict[MetricName, Metric]
    """Without ITL, whose gaps are recorded per engine and not per request."""


class Variant(Spec):
    """One variant, over all of its replications."""

    requests: Requests
    metrics: dict[MetricName, Metric]
    """Metrics that at least one request has."""
    throughput: Throughput
    ttft_parts: dict[str, float]
    """Mean exposed parts; they add up to the mean TTFT."""
    ttst_parts: dict[str, float]
    """Mean exposed parts between the first and the second token; they add up to the mean TTST."""
    resources: dict[str, Resource]
    cost: Cost | None
    """Null where nothing has a price."""
    energy: Energy | None
    """Null where nothing has a power."""
    extrapolated_fraction: float
    """Share of requests with a step outside the measured box of its profile."""
    bottleneck: str | None
    """The resource with the highest load."""
    routes: dict[str, Route]
    steady_state: bool
    """False: queues grow as long as requests arrive, most requests were unfinished, or none was measured."""
    window: Interval
    """The measured part of a replication, s from its start; mean over replications."""
    warnings: list[str]


class ByRequest(Spec):
    """Differences between the same requests under two variants."""

    n: int
    """Requests measured in both."""
    difference: float
    """Mean, s."""
    ci95: Interval | None
    """From batch means."""
    share_lower: float
    """Share of the requests that are faster than under the baseline."""


class Difference(Spec):
    """A metric's difference to the baseline: variant minus baseline."""

    difference: float
    ci95: Interval | None
    """Of this comparison alone. Over replications where there are at least three, else over batches of requests."""
    ratio: float | None
    """Variant over baseline; null where the baseline is zero."""
    verdict: Verdict
    """`same`: no difference, or an interval within 0.1 % of the baseline; `cannot tell`: it holds zero, or is none."""
    jointly: Verdict | None = None
    """The same with intervals that hold for all variants of this metric together (Bonferroni)."""
    replications_needed: int | None = None
    """Where it cannot tell: how many replications would, with a chance of 80 %, if the difference and its standard
    deviation are as they were seen; an estimate. Null where nothing says, or a million would not."""
    is_paired: bool = True
    """Whether the interval pairs what both sides have in common; else it is Welch's."""
    by_request: ByRequest | None = None
    """The same requests compared one by one; null for metrics that are not one value per request."""


class Setting(Spec):
    """Something that differs between two finished runs."""

    path: str
    """A dotted path of the scenario, or `profile NAME`, `version of NAME`."""
    value: str | None
    """In the variant; null where it is not there."""
    baseline: str | None
    """In what it is compared with."""


class Comparison(Spec):
    """Variants against a baseline, on the same requests (common random numbers) where there are any."""

    baseline: str
    differences: dict[str, dict[str, Difference]]
    """Variant -> metric -> difference: means under the metric's name, 99th percentiles as `p99_<metric>`."""
    against: dict[str, str] = Field(default_factory=dict)
    """Variant -> what it is compared with, where that is not the baseline: finished runs of several variants are
    compared variant by variant."""
    pairing: dict[str, Pairing] = Field(default_factory=dict)
    """Variant -> what it has in common with what it is compared with."""
    settings: dict[str, list[Setting]] = Field(default_factory=dict)
    """Of finished runs: variant -> the settings that differ."""
    warnings: list[str] = Field(default_factory=list)


class Document(Spec):
    """`result.json`."""

    schema_version: Literal[1] = SCHEMA_VERSION
    paasim_version: str
    scenario: dict[str, Any]
    """The scenario with every default filled in."""
    seed: int
    replications: int
    variants: dict[str, Variant]
    """A single run is one variant named `base`."""
    comparison: Comparison | None = None


def result_schema() -> dict[str, Any]:
    """The JSON schema of `result.json`."""
    return document_schema(Document, "paasim result")
