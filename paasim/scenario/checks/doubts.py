"""Warnings: what makes the answer of a run mean something else than the user may think."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from paasim.core.streams import Streams
from paasim.engine.batching.policy import BatchingSpec
from paasim.link.outages.random import RandomOutages
from paasim.profile import calibrations
from paasim.scenario.builder import origin
from paasim.scenario.capacity import analyze, flows, is_spread_known
from paasim.scenario.checks.fits import SELDOM, too_long
from paasim.scenario.checks.place import Found, PartCheck, at
from paasim.scenario.ends import path_between
from paasim.scenario.parts import Parts
from paasim.scenario.scenario import Scenario

SAMPLE = 2000
"""Requests of each class that are drawn to see whether replications differ."""


def model_differs(scenario: Scenario, parts: Parts) -> Found:
    """A profile measured with another model tells how fast that one is."""
    for name, end in parts.ends.items():
        measured, served = parts.profiles[name].spec.model, parts.models[name].id
        if measured != served:
            what = f"the profile is of model '{measured}', but the requests are for '{served}'"
            yield at(scenario, (*end.path, "profile"), what, "times are those of the profile's model")


def calibration_fits_the_profile(scenario: Scenario, parts: Parts) -> Found:
    """The shipped calibrations stand between kernel times and an engine; what was measured end to end needs none."""
    for name, end in parts.ends.items():
        wanted, profile = end.spec.calibration, parts.profiles[name].spec
        if not isinstance(wanted, str) or wanted not in calibrations.names():
            continue
        engine, todo = calibrations.load(wanted).engine, "leave the calibration out, or fit one of your own"
        if profile.provenance in ("measured", "fitted"):
            what = f"calibration '{wanted}' is for composed profiles, but this one is {profile.provenance}"
            yield at(scenario, (*end.path, "calibration"), what, todo)
        elif profile.engine not in (engine, "unstated"):
            what = f"calibration '{wanted}' is of {engine}, but the profile is of {profile.engine}"
            yield at(scenario, (*end.path, "calibration"), what, todo)


def calibration_fits_the_batching(scenario: Scenario, parts: Parts) -> Found:
    """A calibration is good for steps filled as those were that it was fitted with, where a pool computes prompts."""
    for end in parts.ends.values():
        wanted = end.spec.calibration
        if not isinstance(wanted, str) or end.spec.role not in ("prefill", "mixed"):
            continue
        fitted, own = calibrations.load(wanted, scenario.base).batching, _written(end.spec.batching_or_default())
        if fitted and fitted != {key: own.get(key) for key in fitted}:
            what = f"calibration '{wanted}' was fitted with batching {_inline(fitted)}, but the pool has {_inline(own)}"
            todo = f"write batching: {_inline(fitted)}, or fit one of your own"
            yield at(scenario, (*end.path, "calibration"), what, todo)


def _written(batching: BatchingSpec) -> dict[str, Any]:
    """A batching policy as a pool writes it."""
    return batching.model_dump(mode="json", exclude_none=True)


def _inline(fields: Mapping[str, Any]) -> str:
    return "{" + ", ".join(f"{key}: {value}" for key, value in fields.items()) + "}"


def calibration_is_plausible(scenario: Scenario, parts: Parts) -> Found:
    """A factor far from one is a slip, in the scenario or in the profile: no engine is so far from its kernels."""
    low, high = calibrations.PLAUSIBLE
    for name, end in parts.ends.items():
        key = "profile" if end.spec.calibration is None else "calibration"
        for factor in calibrations.implausible(parts.profiles[name].spec.calibration):
            what = f"the calibration's {factor} is no factor between kernels and an engine ({low:g} to {high:g})"
            yield at(scenario, (*end.path, key), what, "all times follow it: check the figure")


def load_is_above_capacity(scenario: Scenario, parts: Parts) -> Found:
    """No pool, device or link is offered more than it can carry."""
    if not is_spread_known(scenario):
        return
    for station in analyze(scenario, parts).stations:
        if station.utilisation > 1:
            what = f"offered load is {station.utilisation:.0%} of the capacity ({station.why})"
            yield at(scenario, station.path, what, "queues will grow without bound: lower the rate or add capacity")


def some_requests_are_too_long(scenario: Scenario, parts: Parts) -> Found:
    """Every request fits into the KV memory of the engines on its route."""
    for end, route, share, room in too_long(scenario, parts):
        if share < 1.0:
            what = f"{share:.2%} of the requests on '{route}' do not fit into the KV memory ({room:,.0f} tokens)"
            yield at(scenario, end.path, what, "they will be dropped: use more memory or shorter prompts")


def prompts_are_within_the_context(scenario: Scenario, parts: Parts) -> Found:
    """No prompt is longer than its model, or the engine that serves it, takes."""
    for flow in flows(scenario):
        route = scenario.routes[flow.route]
        for name in dict.fromkeys((route.prefill, route.decode)):
            end = parts.ends[name]
            most = parts.context_tokens(end)
            share = flow.people.share(flow.people.prompts > most)
            if share > SELDOM:
                what = f"{share:.2%} of the prompts on '{flow.route}' are beyond the context limit ({most:,.0f} tokens)"
                yield at(scenario, end.path, what, "a real engine refuses them: use shorter prompts or another model")


def replications_differ(scenario: Scenario, parts: Parts) -> Found:
    """Replications are of use where something is random: lengths, arrivals, think times, or who of a fleet asks."""
    times = scenario.run.replications
    if times == 1 or any(_is_random(scenario, parts, i, name) for i, name in enumerate(scenario.classes)):
        return
    what = f"all {times} replications are the same, since nothing in the scenario is random"
    yield at(scenario, ("run", "replications"), what, "write replications: 1; intervals over them say nothing")


def _is_random(scenario: Scenario, parts: Parts, position: int, name: str) -> bool:
    """Whether the requests of a class, or the devices that they come from, change with the replication."""
    users = parts.ends.get(origin(scenario, parts.ends, position) or "")
    if users is not None and users.count > 1:
        return True
    first, second = (_drawn(scenario, name, replication) for replication in (0, 1))
    return any(a != b for a, b in zip(first, second, strict=False))


def _drawn(scenario: Scenario, name: str, replication: int) -> Iterator[object]:
    """What the first requests of a class are made of in a replication."""
    workload, streams = scenario.classes[name], Streams(scenario.run.seed, replication)
    if workload.trace is not None:
        return iter(())
    if workload.closed_loop is None:
        return islice(workload.source(streams, name, scenario.base), SAMPLE)
    bodies = workload.bodies(streams, name, scenario.base)
    return islice(zip(bodies, workload.thinks(streams, name), strict=False), SAMPLE)


def kv_moves_over_a_link(scenario: Scenario, parts: Parts) -> Found:
    """A KV cache that moves within a site takes a link of that site."""
    for name, route in scenario.routes.items():
        site = parts.ends[route.prefill].site
        if not route.ships_kv or site != parts.ends[route.decode].site:
            continue
        if not path_between(scenario.network.links, site, site):
            what = f"its KV cache moves in no time, since no link joins '{site}' to itself"
            todo = f"add one under network.links, such as fabric: {{between: [{site}, {site}], ...}}"
            yield at(scenario, ("routes", name), what, todo)


def pools_are_used(scenario: Scenario, parts: Parts) -> Found:
    """Every pool and fleet is on a route."""
    used = {end for route in scenario.routes.values() for end in (route.prefill, route.decode)}
    for name, end in parts.ends.items():
        if name not in used:
            yield at(scenario, end.path, "is on no route", "name it in a route or leave it out")


def first_token_differs(scenario: Scenario) -> Found:
    """Routes that are compared agree on who emits the first token, else TTFT and TPOT are not like for like."""
    rules: dict[str, list[str]] = {}
    for each in (scenario, *scenario.fitting.values()):
        for name, route in each.routes.items():
            if route.ships_kv:
                rules.setdefault(route.first_token, []).append(name)
    if len(rules) > 1:
        told = "; ".join(f"{rule}: {', '.join(dict.fromkeys(names))}" for rule, names in sorted(rules.items()))
        what = f"routes differ in first_token ({told})"
        yield at(scenario, ("routes",), what, "TTFT, TTST and TPOT of such routes are not like for like; E2EL is")


def restarts_have_an_end(scenario: Scenario, parts: Parts) -> Found:
    """A transfer that begins anew after each outage may need longer than a link is ever up."""
    for name, route in scenario.routes.items():
        kv, links = route.kv, scenario.network.links
        if not route.ships_kv or kv.after_outage == "resume" or kv.timeout is not None or scenario.run.max_time:
            continue
        path = path_between(links, parts.ends[route.prefill].site, parts.ends[route.decode].site) or []
        if any(isinstance(links[link].outages, RandomOutages) for link in path):
            what = "its transfers begin anew after each outage: those that never fit between two never end"
            yield at(scenario, ("routes", name, "kv", "after_outage"), what, "set kv.timeout, or run.max_time")


DOUBTS: tuple[PartCheck, ...] = (
    model_differs,
    calibration_fits_the_profile,
    calibration_fits_the_batching,
    calibration_is_plausible,
    load_is_above_capacity,
    some_requests_are_too_long,
    prompts_are_within_the_context,
    replications_differ,
    kv_moves_over_a_link,
    pools_are_used,
    restarts_have_an_end,
)
