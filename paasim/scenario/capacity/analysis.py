"""The bounds of a scenario: what each station can carry, and which is full first.

Before any run: service times come from the profiles over the whole law of lengths (`paasim.workload.population`), steps
are filled by the batching policy's own rule (`saturated.py`), decoding runs at the largest batch that slots and KV
memory allow (`decoding.py`), and bytes go over what each link has for them: its rate, or the mean of one that changes,
less the background traffic that does not yield. Transports change what a transfer takes, not what a link carries.

Left out: prefix-cache hits that depend on the run, the pull-back of closed loops, users who
give up, imbalance between instances. Codecs take time, not the time of an engine, as in the simulator.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf

from paasim.scenario.capacity.carried import Carried, carried, kv_bytes
from paasim.scenario.capacity.spread import Flow, flows, is_spread_known
from paasim.scenario.capacity.station import Station
from paasim.scenario.capacity.work import Work, leaves_hits_out, prefix_of, work
from paasim.scenario.parts import Parts
from paasim.scenario.scenario import Scenario

TEXT = 0.01
"""Share of a link up to which text is next to nothing."""


@dataclass(frozen=True)
class Analysis:
    """What a scenario can carry."""

    stations: list[Station]
    """Every station that requests pass, in the order of the scenario: engines, then links."""
    offered: float | None
    """Requests per second that come; None where only a run can tell."""
    bottleneck: Station | None
    """The station that is full first; None if no request passes any."""
    max_rate: float
    """Requests per second at which it is full."""
    by_means: float
    """The same if all requests of a flow had its mean lengths."""
    price: float | None
    """Dollars per hour of all pools and fleets that requests pass; None where a price is missing."""
    notes: list[str]
    """What was assumed, in sentences."""

    @property
    def telling(self) -> list[Station]:
        """The stations without links that text alone passes, where it is next to nothing."""
        return [
            station
            for station in self.stations
            if station.kv_bytes or not station.is_link or self.max_rate > TEXT * station.max_rate
        ]

    @property
    def bottleneck_by_means(self) -> Station | None:
        """The station that would be full first with mean lengths."""
        return min(self.stations, key=lambda station: station.by_means, default=None)

    def station(self, name: str) -> Station:
        """The station of this name."""
        return next(each for each in self.stations if each.name == name)


def analyze(scenario: Scenario, parts: Parts | None = None) -> Analysis:
    """The bounds of a scenario, without its variants; a few milliseconds, some hundred where mixed engines are packed.

    Args:
        scenario: which has been checked.
        parts: its profiles and models, if they are at hand.

    Raises:
        InputError: if something that it names cannot be had.
    """
    parts = (parts or Parts.of(scenario)).sound()
    coming = flows(scenario)
    offered = sum(flow.rate for flow in coming) or None
    exact = _found(scenario, parts, coming, offered)
    rough = _found(scenario, parts, [flow.of_mean_lengths() for flow in coming], offered)
    made = [_with_means(station, rough) for station in exact.values()]
    first = min(made, key=lambda station: station.max_rate, default=None)
    return Analysis(
        made,
        offered,
        first,
        first.max_rate if first is not None else inf,
        min((station.by_means for station in made), default=inf),
        _price(parts, made),
        list(_notes(scenario, parts, coming)),
    )


def _found(scenario: Scenario, parts: Parts, coming: list[Flow], offered: float | None) -> dict[str, Station]:
    sizes = [
        kv_bytes(scenario, parts, flow, prefix_of(scenario, parts, parts.ends[route.decode], flow.klass))
        if (route := scenario.routes[flow.route]).ships_kv
        else 0.0
        for flow in coming
    ]
    found = {}
    for name, end in parts.ends.items():
        asked = work(scenario, parts, end, coming)
        if asked is None:
            continue
        sent = sum(
            flow.weight * size
            for flow, size in zip(coming, sizes, strict=True)
            if scenario.routes[flow.route].prefill == name
        )
        found[name] = _engine(name, end.path, end.count, asked, sent, offered)
    for name, passing in carried(scenario, parts, coming, sizes).items():
        found[name] = _link(name, passing, offered)
    return found


def _engine(name: str, path: tuple[str, ...], servers: int, asked: Work, sent: float, offered: float | None) -> Station:
    rate = servers / asked.seconds if asked.seconds else inf
    used = (offered or 0.0) / rate
    return Station(name, asked.kind, path, servers, asked.share, asked.seconds, rate, used, asked.why, kv_bytes=sent)


def _link(name: str, passing: Carried, offered: float | None) -> Station:
    leg, size = passing.leg, passing.kv + passing.text
    demand = size / leg.room if leg.is_shared else 0.0
    rate = leg.servers / demand if demand else inf
    what = "KV cache" if passing.kv else "text"
    why = f"{_bytes(size / passing.share)} of {what} per request"
    if leg.background:
        why += f", beside {leg.background / leg.rate:.0%} that others take"
    if not leg.is_shared:
        why += ", each at the whole rate"
    kind = "access" if leg.is_access else "link"
    path = ("network", "links", leg.link)
    used = (offered or 0.0) / rate
    return Station(
        name,
        kind,
        path,
        leg.servers,
        passing.share,
        demand,
        rate,
        used,
        why,
        kv_bytes=passing.kv,
        bandwidth=8 * leg.room,
    )


def _with_means(station: Station, rough: dict[str, Station]) -> Station:
    other = rough[station.name]
    return replace(station, by_means=other.max_rate, kv_bytes_by_means=other.kv_bytes)


def _price(parts: Parts, made: Sequence[Station]) -> float | None:
    total = 0.0
    for station in made:
        end = parts.ends.get(station.name)
        if end is None:
            continue
        each = end.spec.price if end.spec.price is not None else parts.profiles[end.name].spec.price
        if each is None:
            return None
        total += each * end.count
    return total


def _notes(scenario: Scenario, parts: Parts, coming: Sequence[Flow]) -> list[str]:
    told = []
    if not is_spread_known(scenario):
        told.append("the router looks at the state of the system: requests are taken to spread evenly over its routes")
    closed = [name for name, workload in scenario.classes.items() if workload.closed_loop is not None]
    if closed and len(closed) < len(scenario.classes):
        told.append(f"closed loops ({', '.join(closed)}) are left out, since their rate follows from the run")
    for name, end in parts.ends.items():
        ways = [(flow, scenario.routes[flow.route]) for flow in coming]
        klasses = {flow.klass for flow, route in ways if name in (route.prefill, route.decode)}
        if any(leaves_hits_out(scenario, parts, end, klass) for klass in klasses):
            told.append(f"hits of the prefix cache of {name} are left out: it may carry more")
    return told


def _bytes(number: float) -> str:
    """Bytes in words: `2.94 GB`."""
    factor, unit = next(((f, u) for f, u in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")) if number >= f), (1.0, "B"))
    return f"{number / factor:.3g} {unit}"
