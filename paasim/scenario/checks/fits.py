"""Errors in what the names stand for: traces, profiles and memory."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

from paasim.core.errors import InputError, Problem
from paasim.core.streams import Streams
from paasim.kv.codec.adaptive import AdaptiveSpec
from paasim.scenario.capacity import flows
from paasim.scenario.checks.place import Found, PartCheck, at
from paasim.scenario.ends import End
from paasim.scenario.engines import thermal_of
from paasim.scenario.parts import Parts
from paasim.scenario.scenario import Scenario

SELDOM = 1 / 2000
"""Share of the requests up to which what befalls them is not worth a warning."""


def workload_can_be_read(scenario: Scenario) -> Found:
    """Traces exist and start with sound lines."""
    for name, workload in scenario.classes.items():
        path = ("workload",) if scenario.workload is not None else ("workloads", name)
        if workload.closed_loop is not None:
            continue
        try:
            next(iter(workload.source(Streams(scenario.run.seed), f"check.{name}", scenario.base)), None)
        except InputError as error:
            for each in error.problems:
                where = each.where or scenario.where(*path)
                yield Problem(where, f"{scenario.label}{'.'.join(path)}: {each.what}", each.todo)


def profiles_cover_phases(scenario: Scenario, parts: Parts) -> Found:
    """A profile has the phases that the routes ask of it."""
    for name, end in parts.ends.items():
        steps = parts.steps(name)
        asked = [
            ("prefill", steps.can_prefill, any(route.prefill == name for route in scenario.routes.values())),
            ("decode", steps.can_decode, any(route.decode == name for route in scenario.routes.values())),
        ]
        for phase, can, wanted in asked:
            if wanted and not can:
                what = f"profile {parts.profiles[name].spec.id} has no {phase} measurements, but a route needs them"
                yield at(scenario, (*end.path, "profile"), what, "choose another profile (`paasim profile list`)")


def text_can_be_computed(scenario: Scenario, parts: Parts) -> Found:
    """Where a codec may send the text in place of the KV, the decoder can compute a prompt."""
    for name, route in scenario.routes.items():
        codec = route.kv.codec
        if not route.ships_kv or not isinstance(codec, AdaptiveSpec) or not codec.text:
            continue
        if not parts.steps(route.decode).can_prefill:
            profile = parts.profiles[route.decode].spec.id
            what = f"the decoder would compute prompts, but its profile {profile} has no prefill measurements"
            todo = "leave text out, or choose another profile (`paasim profile list`)"
            yield at(scenario, ("routes", name, "kv", "codec", "text"), what, todo)


def weights_fit_memory(scenario: Scenario, parts: Parts) -> Found:
    """The weights fit into the memory of an instance, or of a device."""
    for name, end in parts.ends.items():
        weights, memory = _weights_and_memory(parts, name)
        if weights > memory:
            what = f"the weights ({weights / 2**30:.3g} GiB) do not fit into the memory ({memory / 2**30:.3g} GiB)"
            yield at(scenario, end.path, what, "use more GPUs per instance, a smaller dtype or a smaller model")


def some_request_fits_memory(scenario: Scenario, parts: Parts) -> Found:
    """Beside the weights, at least some requests of each route fit into the KV memory."""
    for end, route, share, room in too_long(scenario, parts):
        weights, memory = _weights_and_memory(parts, end.name)
        if share == 1.0 and weights <= memory:
            what = f"no request of the route '{route}' fits into the KV memory ({room:,.0f} tokens)"
            yield at(scenario, end.path, what, "use more memory or shorter prompts")


def _weights_and_memory(parts: Parts, name: str) -> tuple[float, float]:
    """Bytes of the weights, and of the memory of all GPUs of an instance (infinite where it is not stated)."""
    spec = parts.profiles[name].spec
    weights = spec.memory.weight_bytes or parts.models[name].weight_bytes() or 0.0
    return weights, spec.memory.device_bytes * spec.gpus if spec.memory.device_bytes else inf


def too_long(scenario: Scenario, parts: Parts) -> Iterator[tuple[End, str, float, float]]:
    """(end, route, share of the route's requests that its KV memory cannot hold, room in tokens), where any."""
    for flow in flows(scenario):
        route = scenario.routes[flow.route]
        for name in dict.fromkeys((route.prefill, route.decode)):
            end = parts.ends[name]
            room = parts.memory_tokens(end)
            share = flow.people.share(flow.people.prompts + flow.people.outputs > room)
            if share > SELDOM:
                yield end, flow.route, share, room


def heat_is_known(scenario: Scenario, parts: Parts) -> Found:
    """Where an engine gets warm as its profile says, the profile says how."""
    for name, end in parts.ends.items():
        try:
            thermal_of(end.spec, parts.profiles[name])
        except InputError as error:
            for each in error.problems:
                yield at(scenario, (*end.path, "thermal"), each.what, each.todo)


FITS: tuple[PartCheck, ...] = (
    profiles_cover_phases,
    text_can_be_computed,
    heat_is_known,
    weights_fit_memory,
    some_request_fits_memory,
)
