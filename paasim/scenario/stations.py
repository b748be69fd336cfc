"""Offered load: what share of each pool's, fleet's and link's capacity the requests ask for.

An estimate from means, before any run: service times come from the profiles at the sampled lengths, each prompt alone
in its step (batches are a little faster), decoding at the largest batch that slots and KV memory allow, and KV bytes
over what each link of the path has for them: its rate, or the mean of one that changes, less the background traffic
that does not yield. Transports change what a transfer takes, not what a link carries. Left out: prefix-cache hits,
preemption, and the pull-back of closed loops. Where the router decides by the state of the system, requests are taken
to spread evenly over its routes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from paasim.core.streams import Streams
from paasim.router.fixed import FixedSpec
from paasim.router.threshold import ThresholdSpec
from paasim.scenario.classes import RequestClassSpec
from paasim.scenario.ends import End
from paasim.scenario.legs import legs
from paasim.scenario.parts import Parts
from paasim.scenario.scenario import Scenario

SAMPLE = 2000
"""Requests that are drawn of each class."""


@dataclass(frozen=True)
class Flow:
    """The requests of one class on one route: how many come per second, and how long they are."""

    route: str
    klass: str
    rate: float
    """Requests per second."""
    lengths: list[tuple[int, int]]
    """Sampled (prompt, output) tokens of those that take the route."""

    def mean_prompt(self) -> float:
        """Mean prompt length in tokens."""
        return sum(prompt for prompt, _ in self.lengths) / len(self.lengths)

    def mean_output(self) -> float:
        """Mean output length in tokens."""
        return sum(output for _, output in self.lengths) / len(self.lengths)


@dataclass(frozen=True)
class Station:
    """A place where requests queue, and how busy they would keep it."""

    name: str
    """`site.pool`, a site for its fleet, a link, or `last mile of SITE`."""
    path: tuple[str, ...]
    """Where it stands in the scenario."""
    utilisation: float
    """Offered work per second over capacity; above 1 the queue grows without bound."""
    why: str
    """The numbers behind it."""


def flows(scenario: Scenario) -> list[Flow]:
    """How requests spread over routes; those of a closed loop have rate 0, since their rate follows from the run."""
    found: list[Flow] = []
    for name, workload in scenario.classes.items():
        lengths, rate = _sample(scenario, name, workload)
        chosen: dict[str, list[tuple[int, int]]] = {}
        weights: dict[str, float] = {}
        for prompt, output in lengths:
            for route, share in _shares(scenario, prompt).items():
                chosen.setdefault(route, []).append((prompt, output))
                weights[route] = weights.get(route, 0.0) + share / len(lengths)
        found += [Flow(route, name, rate * weights[route], chosen[route]) for route in chosen]
    return found


def is_spread_known(scenario: Scenario) -> bool:
    """Whether the router's choice follows from the request alone, so that the load of each route is known."""
    return isinstance(scenario.router, (FixedSpec, ThresholdSpec)) or len(scenario.routes) == 1


def stations(scenario: Scenario, parts: Parts) -> list[Station]:
    """Every pool, fleet and link that requests pass, with its offered load, in the order of the scenario."""
    busy: dict[str, list[tuple[float, str]]] = {}
    for flow in flows(scenario):
        if not flow.rate:
            continue
        for name, load, why in _loads(scenario, parts, flow):
            busy.setdefault(name, []).append((load, why))
    places: dict[str, tuple[str, ...]] = {name: end.path for name, end in parts.ends.items()}
    for route in scenario.routes.values():
        for leg in legs(scenario.network.links, parts.ends[route.prefill], parts.ends[route.decode], scenario.base):
            places[leg.name] = ("network", "links", leg.link)
    return [
        Station(name, path, sum(load for load, _ in busy[name]), "; ".join(dict.fromkeys(why for _, why in busy[name])))
        for name, path in places.items()
        if name in busy
    ]


def _sample(scenario: Scenario, name: str, workload: RequestClassSpec) -> tuple[list[tuple[int, int]], float]:
    """Lengths of the first requests of a class, and its rate (0 for a closed loop)."""
    streams = Streams(scenario.run.seed)
    if workload.closed_loop is not None:
        bodies = islice(workload.bodies(streams, name, scenario.base), SAMPLE)
        return [(prompt, output) for prompt, output, _ in bodies], 0.0
    drawn = list(islice(workload.source(streams, name, scenario.base), SAMPLE))
    rate = workload.arrivals.rate if workload.arrivals is not None else None
    if rate is None:
        span = drawn[-1][0] - drawn[0][0] if drawn else 0.0
        rate = (len(drawn) - 1) / span if span > 0 else 0.0
    return [(prompt, output) for _, prompt, output, _ in drawn], rate


def _shares(scenario: Scenario, prompt: int) -> dict[str, float]:
    """The share of requests with this prompt length that take each route."""
    router = scenario.router
    if isinstance(router, FixedSpec):
        return {router.route: 1.0}
    if isinstance(router, ThresholdSpec):
        return {router.above if prompt > router.prompt_tokens else router.below: 1.0}
    names = router.routes_named() or list(scenario.routes)
    return {name: 1.0 / len(names) for name in names}


def _loads(scenario: Scenario, parts: Parts, flow: Flow) -> Iterator[tuple[str, float, str]]:
    """(station, utilisation, why) for every station that a flow passes."""
    route = scenario.routes[flow.route]
    start, goal = parts.ends[route.prefill], parts.ends[route.decode]
    prefill = _prefill_seconds(parts, start, flow)
    yield start.name, flow.rate * prefill / start.count, f"{prefill:.3g} s of prefill per request"
    decode, batch = _decode_seconds(parts, goal, flow)
    why = f"{decode:.3g} s of decoding per request in batches of {batch}"
    yield goal.name, flow.rate * decode / goal.count, why
    if not route.ships_kv:
        return
    size = kv_bytes(scenario, parts, flow)
    for leg in legs(scenario.network.links, start, goal, scenario.base):
        if leg.is_shared:
            why = f"{size / 1e6:.4g} MB of KV cache per request"
            if leg.background:
                why += f", beside {leg.background / leg.rate:.0%} that others take"
            yield leg.name, flow.rate * size / leg.room / leg.servers, why


def kv_bytes(scenario: Scenario, parts: Parts, flow: Flow) -> float:
    """Mean bytes that a request of the flow puts on the wire, after the codec."""
    route = scenario.routes[flow.route]
    model = parts.models[route.prefill]
    size = sum(model.sent_bytes(prompt) for prompt, _ in flow.lengths) / len(flow.lengths)
    return route.kv.wire_bytes(size, model.kv_dtype)


def _prefill_seconds(parts: Parts, end: End, flow: Flow) -> float:
    steps = parts.steps(end.name)
    return sum(steps.prefill(prompt, prompt * prompt / 2) for prompt, _ in flow.lengths) / len(flow.lengths)


def _decode_seconds(parts: Parts, end: End, flow: Flow) -> tuple[float, int]:
    """Seconds of an instance that one request's decoding takes at the largest batch, and that batch."""
    model = parts.models[end.name]
    steps = parts.steps(end.name)
    output = flow.mean_output()
    context = flow.mean_prompt() + output / 2
    batch = parts.most_sequences(end, flow.mean_prompt() + output)
    return output * steps.decode(batch, batch * model.attended(context)) / batch, batch
