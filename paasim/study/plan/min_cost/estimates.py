"""What a plan for least cost asks before any run: how full stations are, what links carry, what lone prompts take.

The only module of it that reads the bounds (`paasim.scenario.capacity`).
"""

from __future__ import annotations

import numpy as np

from paasim.scenario.capacity import analyze, flows
from paasim.scenario.legs import legs
from paasim.scenario.parts import Parts
from paasim.scenario.scenario import Scenario

Place = tuple[str, ...]


def fullness(scenario: Scenario) -> list[tuple[str, Place, float]]:
    """(station, where it stands, offered load over capacity) of all stations whose load is known before a run.

    What a prefix cache saves is not: a pool that has one, and the links to it, are left out where prompts share
    anything. Empty in a closed loop.
    """
    parts = Parts.of(scenario).sound()
    found = analyze(scenario, parts)
    if found.offered is None:
        return []
    doubted = _doubted(scenario, parts)
    return [(each.name, each.path, each.utilisation) for each in found.stations if each.path not in doubted]


def kv_rates(scenario: Scenario) -> dict[str, float] | None:
    """Bytes/s of KV caches that each link carries, both ways together; None in a closed loop."""
    bounds = analyze(scenario)
    if bounds.offered is None:
        return None
    found: dict[str, float] = {}
    for station in bounds.stations:
        if station.kind == "link":
            link = station.path[-1]
            found[link] = found.get(link, 0.0) + bounds.offered * station.kv_bytes
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
        times += [0.0 if spared else steps.prefill(n, n * n / 2) for n in map(round, flow.people.prompts)]
        weights += (flow.weight * flow.people.weights).tolist()
    if percent is None:
        return float(np.average(times, weights=weights))
    order = np.argsort(times)
    share = np.cumsum(np.array(weights)[order]) / sum(weights)
    return float(np.array(times)[order][min(int(np.searchsorted(share, percent / 100)), len(times) - 1)])


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
