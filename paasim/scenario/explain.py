"""A scenario in plain words: what is where, how requests travel, what they weigh, and how busy they keep each place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import inf

from paasim.engine.pool import FleetSpec
from paasim.link.lone import departure
from paasim.scenario.capacity import analyze, flows, is_spread_known, kv_bytes
from paasim.scenario.ends import End
from paasim.scenario.legs import Leg
from paasim.scenario.outlook.course import Course
from paasim.scenario.parts import Parts
from paasim.scenario.routes import RouteSpec
from paasim.scenario.scenario import Scenario

SHORT = 2
"""Legs of a path that is told in one line."""


def lines(scenario: Scenario) -> Iterator[str]:
    """The explanation, line by line.

    Raises:
        InputError: if a profile or the model cannot be loaded.
    """
    parts = Parts.of(scenario).sound()
    yield scenario.name
    if scenario.question:
        yield f"Question: {scenario.question}"
    yield from _model(scenario, parts)
    yield from _requests(scenario)
    yield from _sites(scenario, parts)
    yield from _routes(scenario, parts)
    yield from _load(scenario, parts)
    yield from _run(scenario)


def size(number: float) -> str:
    """Bytes as people read them: `1.05 GB`."""
    return _scaled(number, (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3), ("B", 1.0)))


def bits(rate: float) -> str:
    """Bytes per second as people name the rate of a link: `10 Gbps`."""
    return _scaled(rate * 8, (("Tbps", 1e12), ("Gbps", 1e9), ("Mbps", 1e6), ("kbps", 1e3), ("bps", 1.0)))


def seconds(number: float) -> str:
    """A time as people read it: `840 ms`, `2.3 s`, `10 min`."""
    if number >= 120:
        return f"{number / 60:.3g} min"
    return _scaled(number, (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)))


def _scaled(number: float, units: Sequence[tuple[str, float]]) -> str:
    """A number with three digits in the largest unit of which it is at least one."""
    unit, factor = next(((unit, factor) for unit, factor in units if number >= factor), units[-1])
    return f"{number / factor:.3g} {unit}"


def _model(scenario: Scenario, parts: Parts) -> Iterator[str]:
    model = parts.models[next(iter(scenario.classes))]
    yield f"Model: {model.name} ({model.id}), {size(model.kv_bytes_per_token)} of KV cache per token"


def _requests(scenario: Scenario) -> Iterator[str]:
    yield ""
    yield "Requests"
    for name, workload in scenario.classes.items():
        yield f"  {name}: {workload.describe()}"


def _sites(scenario: Scenario, parts: Parts) -> Iterator[str]:
    yield ""
    yield "Sites"
    origins = {workload.origin for workload in scenario.classes.values()}
    for site in scenario.sites:
        here = [end for end in parts.ends.values() if end.site == site]
        yield f"  {site}" if here else f"  {site}: {'users only' if site in origins else 'no hardware'}"
        for end in here:
            yield f"    {_end(end, parts)}"


def _end(end: End, parts: Parts) -> str:
    spec = parts.profiles[end.name].spec
    what = "device" if isinstance(end.spec, FleetSpec) else f"{end.spec.role} instance"
    name = "fleet" if isinstance(end.spec, FleetSpec) else end.name.split(".", 1)[1]
    many = f"{end.count:,} {what}{'s' if end.count > 1 else ''}"
    gpus = f", {spec.gpus} GPUs each" if spec.gpus > 1 else ""
    return f"{name}: {many}{gpus}, profile {spec.id} ({spec.provenance})"


def _routes(scenario: Scenario, parts: Parts) -> Iterator[str]:
    yield ""
    yield "Routes"
    means = {flow.route: flow for flow in flows(scenario)}
    for name, route in scenario.routes.items():
        if not route.ships_kv:
            yield f"  {name}: all in {route.prefill}; no KV cache is sent"
            continue
        course = Course.of(scenario, parts, route)
        chain = _chain(course, route)
        over = "" if course.sender is None else f", {_transport(course)}"
        yield f"  {name}: {chain}{over}; first token from the {route.first_token} side"
        yield from _path(course)
        flow = means.get(name)
        if flow is not None:
            sent = kv_bytes(scenario, parts, flow)
            alone = f", {seconds(_alone(course, sent))} alone on the path" if course.legs else ""
            yield f"    {size(sent)} of KV cache per request (mean prompt {flow.people.mean_prompt:,.0f} tokens){alone}"


def _chain(course: Course, route: RouteSpec) -> str:
    """`cloud.prefill -> internet (10 Gbps, RTT 25 ms) -> homes`; a longer path by names alone."""
    middle = [leg.name if len(course.legs) > SHORT else f"{leg.name} ({_leg(leg)})" for leg in course.legs]
    return " -> ".join([route.prefill, *middle, route.decode])


def _path(course: Course) -> Iterator[str]:
    """A longer path leg by leg, and as a whole."""
    if len(course.legs) <= SHORT:
        return
    width = max(len(leg.name) for leg in course.legs)
    for leg in course.legs:
        yield f"    {leg.name:<{width}}  {_leg(leg)}"
    narrowest = min(course.legs, key=lambda leg: leg.room)
    yield f"    in all: RTT {seconds(course.rtt)}, {bits(course.line)} at most ({narrowest.name})"


def _leg(leg: Leg) -> str:
    """`10 Gbps, 2 Gbps of it taken by others, RTT 25 ms`."""
    taken = f", {bits(leg.background)} of it taken by others" if leg.background else ""
    shared = f", shared with {leg.others:g} transfers of others" if leg.others else ""
    each = "" if leg.is_shared else " to each transfer"
    mean = " on average" if leg.varies else ""
    return f"{bits(leg.rate)}{mean}{each}{taken}{shared}, RTT {seconds(leg.rtt)}"


def _transport(course: Course) -> str:
    """`by tcp over 8 connections`; with the loss that it minds."""
    kind, count = getattr(course.sender, "kind", "a transport"), getattr(course.sender, "connections", 1)
    if kind == "ideal":
        return "by an ideal transport"
    many = f" over {count} connections" if count > 1 else ""
    return f"by {kind}{many}{f' at a loss of {100 * course.loss:g} %' if course.loss else ''}"


def _alone(course: Course, sent: float) -> float:
    """Seconds that a transfer takes if it is alone, all of it ready at once, over a new connection."""
    terms = course.terms(False)
    return departure([(0.0, sent)], terms.setup, course.narrowest(terms)[0], terms).left + course.rtt / 2


def _load(scenario: Scenario, parts: Parts) -> Iterator[str]:
    found = analyze(scenario, parts)
    if found.offered is None or found.bottleneck is None:
        return
    yield ""
    spread = "" if is_spread_known(scenario) else ", if the router spreads requests evenly over its routes"
    yield f"Offered load{spread} (from profiles and lengths, no run)"
    for station in found.telling:
        if station.max_rate == inf:
            continue
        yield f"  {station.name}: {station.utilisation:.0%} ({station.why})"
    rate = f"{found.max_rate:.3g} requests/s"
    yield f"  in all: {rate} at most, then {found.bottleneck.name} is full (paasim analyze says more)"


def _run(scenario: Scenario) -> Iterator[str]:
    run, slo = scenario.run, scenario.slo
    end = f"{run.requests:,} requests" if run.requests else seconds(run.duration) if run.duration else "the whole trace"
    yield ""
    yield f"Run: {end}, {run.replications} replication{'s' if run.replications > 1 else ''}, seed {run.seed}"
    limits = [f"{key} {seconds(limit)}" for key in ("ttft", "tpot", "e2el") if (limit := getattr(slo, key))]
    if limits:
        yield f"SLO: {', '.join(limits)}, kept by at least {slo.attainment:.0%} of requests"
    if scenario.fitting:
        yield f"Variants: {', '.join(scenario.fitting)}"
