"""What the requests put on links and last miles, each direction by itself: KV caches, prompts as text, tokens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from paasim.model.model import Model
from paasim.scenario.builder import origin
from paasim.scenario.capacity.load import Prefix
from paasim.scenario.capacity.spread import Flow
from paasim.scenario.capacity.tabulated import Tabulated, span
from paasim.scenario.hop import TOKEN_BYTES
from paasim.scenario.legs import Leg, Place, Users, legs
from paasim.scenario.parts import Parts
from paasim.scenario.scenario import Scenario
from paasim.scenario.way import PROMPT_BYTES_PER_TOKEN
from paasim.workload.population import Population

Floats = npt.NDArray[np.float64]


@dataclass
class Carried:
    """The bytes that pass one direction of a link or last mile, per request of the scenario."""

    leg: Leg
    share: float = 0.0
    """Share of all requests whose KV cache passes; of all that pass, where no cache does."""
    kv: float = 0.0
    """Bytes of KV caches on the wire."""
    text: float = 0.0
    """Bytes of prompts and streamed tokens."""


def kv_bytes(scenario: Scenario, parts: Parts, flow: Flow, prefix: Prefix | None = None) -> float:
    """Mean bytes that a request of the flow puts on the wire, after the codec.

    Args:
        scenario: where the route is.
        parts: its models.
        flow: its requests; those without a second token send nothing where the first comes from the prefill side.
        prefix: what the receiver's cache has of each prompt.
    """
    route = scenario.routes[flow.route]
    model = parts.models[route.prefill]
    size = _mean_size(model, flow.people, prefix, route.first_token == "prefill")
    return route.kv.wire_bytes(size, model.kv_dtype)


@lru_cache(maxsize=1024)
def _mean_size(model: Model, people: Population, prefix: Prefix | None, ends_at_one: bool) -> float:
    """Mean bytes of the KV caches that are sent, before the codec."""
    if prefix is None:
        found = sizes(model, people.prompts)
    else:
        pairs = zip(people.prompts.tolist(), prefix.found(people.prompts, True).tolist(), strict=True)
        found = np.array([model.sent_bytes(prompt, cached) for prompt, cached in pairs])
    if ends_at_one:
        found = np.where(people.outputs > 1, found, 0.0)
    return people.mean(found)


def sizes(model: Model, prompts: Floats) -> Floats:
    """Bytes of the KV caches of prompts, before the codec."""
    return _sizes(model, span(float(prompts.max()))).at(prompts)


@lru_cache(maxsize=256)
def _sizes(model: Model, most: float) -> Tabulated:
    return Tabulated(model.sent_bytes, most)


def carried(scenario: Scenario, parts: Parts, coming: list[Flow], sent: list[float]) -> dict[str, Carried]:
    """Every direction of every link and last mile that requests pass, by name.

    Args:
        scenario: what is looked at.
        parts: its ends.
        coming: its flows.
        sent: bytes of KV per request of each flow; 0 where it sends none.
    """
    found: dict[str, Carried] = {}
    for flow, size in zip(coming, sent, strict=True):
        for leg, text in _text(scenario, parts, flow):
            there = found.setdefault(leg.station, Carried(leg))
            there.text += flow.weight * text
            there.share += 0.0 if there.kv else flow.weight
        route = scenario.routes[flow.route]
        if not route.ships_kv:
            continue
        for leg in legs(scenario.network.links, parts.ends[route.prefill], parts.ends[route.decode], scenario.base):
            there = found.setdefault(leg.station, Carried(leg))
            there.share = flow.weight + (there.share if there.kv else 0.0)
            there.kv += flow.weight * size
    return found


def _text(scenario: Scenario, parts: Parts, flow: Flow) -> Iterator[tuple[Leg, float]]:
    """(leg, mean bytes) of a flow's prompt on its way up, and of the tokens on their way to the user."""
    route = scenario.routes[flow.route]
    start, goal = parts.ends[route.prefill], parts.ends[route.decode]
    site = origin(scenario, parts.ends, list(scenario.classes).index(flow.klass)) or goal.site
    users: Place = parts.ends.get(site, Users(site))
    links, base = scenario.network.links, scenario.base
    outputs = flow.people.mean_output
    from_prefill = 1.0 if route.first_token == "prefill" and route.ships_kv else 0.0
    ways: tuple[tuple[Place, Place, float], ...] = (
        (users, start, PROMPT_BYTES_PER_TOKEN * flow.people.mean_prompt),
        (start, users, TOKEN_BYTES * from_prefill),
        (goal, users, TOKEN_BYTES * (outputs - from_prefill)),
    )
    for origin_of, to, size in ways:
        if origin_of.site != to.site and size:
            for leg in legs(links, origin_of, to, base):
                yield leg, size
