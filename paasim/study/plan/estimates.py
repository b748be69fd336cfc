"""What a plan for least cost asks before any run: how full stations are, what links carry, what lone prompts take.

The only module of it that reads `paasim.scenario.stations`.
"""

from __future__ import annotations

from itertools import islice

import numpy as np

from paasim.core.streams import Streams
from paasim.router.threshold import ThresholdSpec
from paasim.scenario.legs import legs
from paasim.scenario.parts import Parts
from paasim.scenario.scenario import Scenario
from paasim.scenario.stations import Flow, flows, kv_bytes, stations

Place = tuple[str, ...]


def fullness(scenario: Scenario) -> list[tuple[str, Place, float]]:
    """(station, where it stands, offered load over capacity) of all stations whose load is known before a run.

    What a prefix cache saves is not: a pool that has one, and the links to it, are left out where prompts share
    anything. Empty in a closed loop.
    """
    if any(each.closed_loop is not None for each in scenario.classes.values()):
        return []
    parts = Parts.of(scenario).sound()
    doubted = _doubted(scenario, parts)
    found = stations(scenario, parts)
    return [(each.name, each.path, each.utilisation) for each in found if each.path not in doubted]


def kv_rates(scenario: Scenario) -> dict[str, float] | None:
    """Bytes/s of KV caches that each link carries, hits at the receiver not counted; None in a closed loop."""
    found: dict[str, float] = {}
    parts = Parts.of(scenario).sound()
    for flow in flows(scenario):
        route = scenario.routes[flow.route]
        if not route.ships_kv:
            continue
        if not flow.rate:
            return None
        size = kv_bytes(scenario, parts, flow)
        for leg in legs(scenario.network.links, parts.ends[route.prefill], parts.ends[route.decode], scenario.base):
            if not leg.is_access:
                found[leg.link] = found.get(leg.link, 0.0) + flow.rate * size
    return found


def lone_prefill(scenario: Scenario, percent: float | None) -> float:
    """Seconds of prefill of a prompt in an empty system, at a percentile over prompts (None: mean): less than any TTFT.

    Zero for prompts that a prefix cache may shorten.
    """
    parts = Parts.of(scenario).sound()
    shares = any(each.block_tokens is not None for each in scenario.classes.values())
    times: list[float] = []
    weights: list[float] = []
    for flow in flows(scenario):
        end = parts.ends[scenario.routes[flow.route].prefill]
        steps = parts.steps(end.name)
        spared = shares and end.spec.prefix_cache
        prompts = _prompts(scenario, flow)
        times += [0.0 if spared else steps.prefill(n, n * n / 2) for n in prompts]
        weights += [(flow.rate or 1.0) / len(prompts)] * len(prompts)
    if percent is None:
        return float(np.average(times, weights=weights))
    order = np.argsort(times)
    share = np.cumsum(np.array(weights)[order]) / sum(weights)
    return float(np.array(times)[order][min(int(np.searchsorted(share, percent / 100)), len(times) - 1)])


def _prompts(scenario: Scenario, flow: Flow) -> list[int]:
    """Prompt lengths of a flow: of a file all of them, since its tail is not in its beginning; else a sample."""
    workload = scenario.classes[flow.klass]
    if not workload.is_finite:
        return [prompt for prompt, _ in flow.lengths]
    drawn = workload.source(Streams(scenario.run.seed), flow.klass, scenario.base)
    prompts = [prompt for _, prompt, *_ in islice(drawn, scenario.run.requests)]
    router = scenario.router
    if not isinstance(router, ThresholdSpec):
        return prompts
    if flow.route == router.below:
        return [prompt for prompt in prompts if prompt <= router.prompt_tokens]
    return [prompt for prompt in prompts if prompt > router.prompt_tokens]


def _doubted(scenario: Scenario, parts: Parts) -> set[Place]:
    """Places whose load prefix caches may lessen."""
    if all(each.block_tokens is None for each in scenario.classes.values()):
        return set()
    caching = {name for name, end in parts.ends.items() if end.spec.prefix_cache}
    found: set[Place] = {parts.ends[name].path for name in caching}
    for route in scenario.routes.values():
        if route.decode in caching:
            way = legs(scenario.network.links, parts.ends[route.prefill], parts.ends[route.decode], scenario.base)
            found |= {("network", "links", leg.link) for leg in way}
    return found
