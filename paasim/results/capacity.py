"""The document of `paasim analyze --json`: bounds of a scenario and its variants, and what was simulated beside them.

Fields are added, never renamed or removed. Times are seconds, rates requests/s or bits/s. Null: no limit, or not known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any, Literal

from paasim.core.spec import Spec, document_schema
from paasim.results.manifest import version
from paasim.results.schema import Variant
from paasim.scenario.capacity import Analysis, Station
from paasim.scenario.capacity.search import Point
from paasim.scenario.capacity.throughput import KvThroughput

HOUR = 3600.0


class Rates(Spec):
    """What a station can carry."""

    passing: float | None
    """Requests/s that pass it when it is full."""
    scenario: float | None
    """Requests/s of the whole scenario when it is full."""


class StationBound(Spec):
    """A pool, a fleet, or one direction of a link or of last miles."""

    kind: str
    """`prefill`, `decode`, `mixed`, `device`, `link` or `access`."""
    servers: int
    share: float
    """Share of all requests that pass."""
    seconds_per_request: float
    """Seconds of one server that a request takes which passes."""
    carries: Rates
    """Over the law of lengths."""
    carries_by_means: Rates
    """If all requests of a route and class had its mean lengths."""
    utilisation: float | None
    """Offered rate over what it carries; null where the rate follows from the run."""
    why: str


class KvNeed(Spec):
    """KV caches that leave an engine, or pass a link."""

    bytes_per_request: float
    """Of a request whose cache passes."""
    instance: float | None
    """Bits/s that one full instance sends; null for links."""
    full: float | None
    """Bits/s where it is full: all instances at work, or the link filled."""
    at_load: float | None
    """Bits/s at the load given."""
    at_most: float | None
    """Bits/s at the rate at which the bottleneck is full."""
    at_most_by_means: float | None
    """The same with mean lengths."""
    bandwidth: float | None
    """Bits/s that a link has for payload; null for engines."""


class Throughput(Spec):
    """KV throughput at one prompt length: bytes over prefill time."""

    route: str
    prompt_tokens: int
    kv_bytes: float
    prefill: float
    bits_per_s: float


class Seen(Spec):
    """A station in a simulation, beside its bound."""

    by_bound: float
    """How full the bound says it is at the rate that was simulated."""
    utilisation: float | None
    """Share of the time at work; of a link, share of its rate used."""
    fill: float | None
    """Of servers that batch: the largest of the shares of slots, memory and prompt throughput in use."""


class Simulated(Spec):
    """A simulation beside the bounds."""

    requests_per_s: float
    steady_state: bool
    of_bound: float | None
    """Simulated rate over the bound; about 1 where the scenario is driven beyond it."""
    stations: dict[str, Seen]
    """By resource: a link's directions are one."""


class Bounds(Spec):
    """One variant."""

    offered: float | None
    """Requests/s that come; null where only a run can tell."""
    max_rate: float | None
    max_rate_by_means: float | None
    bottleneck: str | None
    bottleneck_by_means: str | None
    price_per_hour: float | None
    """Dollars for all pools and fleets; null where a price is missing."""
    requests_per_dollar: float | None
    """At the most that it carries."""
    stations: dict[str, StationBound]
    kv: dict[str, KvNeed]
    kv_throughput: list[Throughput]
    notes: list[str]
    simulated: Simulated | None = None


class Candidate(Spec):
    """One combination of a search."""

    settings: dict[str, Any]
    max_rate: float | None
    max_rate_by_means: float | None
    bottleneck: str | None


class Search(Spec):
    """All combinations of some settings."""

    variant: str
    by: Literal["exact", "mean"]
    """Which rate ranks them."""
    best: Candidate
    candidates: list[Candidate]
    """In the order of the values."""


class CapacityDocument(Spec):
    """What `paasim analyze --json` prints."""

    schema_version: Literal[1] = 1
    paasim_version: str
    scenario: str
    variants: dict[str, Bounds]
    search: Search | None = None


def document(
    name: str,
    found: Mapping[str, Analysis],
    throughputs: Mapping[str, Sequence[KvThroughput]],
    simulated: Mapping[str, Variant],
    search: Search | None,
) -> CapacityDocument:
    """All of it.

    Args:
        name: title of the scenario.
        found: bounds by variant.
        throughputs: KV throughput by variant.
        simulated: what was simulated, by variant.
        search: what a search found.
    """
    variants = {
        each: _bounds(analysis, throughputs.get(each, ()), simulated.get(each)) for each, analysis in found.items()
    }
    return CapacityDocument(paasim_version=version(), scenario=name, variants=variants, search=search)


def ranked(points: Sequence[Point], variant: str, *, by_means: bool) -> Search:
    """A search as a document; the best is the first of those that carry most."""
    made = [_candidate(point) for point in points]
    best = max(range(len(points)), key=lambda i: points[i].rate(by_means))
    return Search(variant=variant, by="mean" if by_means else "exact", best=made[best], candidates=made)


def _candidate(point: Point) -> Candidate:
    found = point.analysis
    return Candidate(
        settings=point.settings,
        max_rate=_finite(found.max_rate),
        max_rate_by_means=_finite(found.by_means),
        bottleneck=_name(found.bottleneck),
    )


def _bounds(found: Analysis, throughputs: Sequence[KvThroughput], simulated: Variant | None) -> Bounds:
    return Bounds(
        offered=found.offered,
        max_rate=_finite(found.max_rate),
        max_rate_by_means=_finite(found.by_means),
        bottleneck=_name(found.bottleneck),
        bottleneck_by_means=_name(found.bottleneck_by_means),
        price_per_hour=found.price,
        requests_per_dollar=_finite(found.max_rate * HOUR / found.price) if found.price else None,
        stations={station.name: _station(station, found.offered) for station in found.stations},
        kv={station.name: _kv(station, found) for station in found.stations if station.kv_bytes},
        kv_throughput=[
            Throughput(
                route=each.route,
                prompt_tokens=each.prompt,
                kv_bytes=each.size,
                prefill=each.seconds,
                bits_per_s=each.bits,
            )
            for each in throughputs
        ],
        notes=found.notes,
        simulated=None if simulated is None else _simulated(found, simulated),
    )


def _station(station: Station, offered: float | None) -> StationBound:
    return StationBound(
        kind=station.kind,
        servers=station.servers,
        share=station.share,
        seconds_per_request=station.seconds,
        carries=_rates(station.max_rate, station.share),
        carries_by_means=_rates(station.by_means, station.share),
        utilisation=None if offered is None else station.utilisation,
        why=station.why,
    )


def _rates(rate: float, share: float) -> Rates:
    return Rates(passing=_finite(rate * share), scenario=_finite(rate))


def _kv(station: Station, found: Analysis) -> KvNeed:
    full = _finite(station.full_bits)
    return KvNeed(
        bytes_per_request=station.kv_bytes / station.share,
        instance=None if station.is_link or full is None else full / station.servers,
        full=full,
        at_load=None if found.offered is None else station.kv_bits(found.offered),
        at_most=_finite(station.kv_bits(found.max_rate)),
        at_most_by_means=_finite(8 * station.kv_bytes_by_means * found.by_means),
        bandwidth=station.bandwidth,
    )


def _simulated(found: Analysis, variant: Variant) -> Simulated:
    rate = variant.throughput.requests_per_s
    seen: dict[str, Seen] = {}
    for station in found.stations:
        used = variant.resources.get(station.resource)
        if used is None or not isfinite(station.max_rate) or (station.is_link and not station.kv_bytes):
            continue
        by_bound = rate / station.max_rate
        if station.resource not in seen or by_bound > seen[station.resource].by_bound:
            seen[station.resource] = Seen(by_bound=by_bound, utilisation=used.utilisation, fill=used.fill)
    of_bound = rate / found.max_rate if isfinite(found.max_rate) else None
    return Simulated(requests_per_s=rate, steady_state=variant.steady_state, of_bound=of_bound, stations=seen)


def _name(station: Station | None) -> str | None:
    return station.name if station is not None and isfinite(station.max_rate) else None


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None


def capacity_schema() -> dict[str, Any]:
    """The JSON schema of the document."""
    return document_schema(CapacityDocument, "paasim capacity bounds")
