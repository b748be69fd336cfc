"""What the requests ask of each pool and fleet: seconds of one server per request of the scenario."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import floor, inf

from paasim.core.errors import InputError
from paasim.model.dtypes import BYTES
from paasim.scenario.capacity.carried import sizes
from paasim.scenario.capacity.decoding import Full, alone, full
from paasim.scenario.capacity.engine import Engine, computed_alone, engine_of
from paasim.scenario.capacity.load import Load, Prefix
from paasim.scenario.capacity.saturated import packed
from paasim.scenario.capacity.spread import Flow
from paasim.scenario.ends import End
from paasim.scenario.legs import legs
from paasim.scenario.parts import Parts
from paasim.scenario.routes import RouteSpec
from paasim.scenario.scenario import Scenario
from paasim.workload.prefixes.shared import SharedPrefixes

SURE = 0.5
"""Share of the KV memory up to which shared prefixes are taken to be in it always."""


@dataclass(frozen=True)
class Work:
    """What one end is asked for."""

    kind: str
    share: float
    seconds: float
    why: str


def work(scenario: Scenario, parts: Parts, end: End, coming: list[Flow]) -> Work | None:
    """What an end is asked for; None if no request passes there."""
    engine = engine_of(parts, end)
    loads = [load for flow in coming if (load := _load(scenario, parts, end, engine, flow)) is not None]
    if not loads:
        return None
    share = sum(load.weight for load in loads)
    prompts = [load for load in loads if load.computes]
    answers = [load for load in loads if load.decodes]
    kind = "device" if end.is_fleet else "prefill" if not answers else "mixed" if prompts else "decode"
    if not prompts and engine.max_seqs > 1:
        seconds, why = _decoding(engine, answers)
    elif (engine.takes_one and not answers) or engine.max_seqs == 1:
        seconds, why = _one_by_one(engine, prompts, answers)
    else:
        seconds, why = _packed(engine, loads)
    held = 0.0 if answers else _held(engine, loads)
    if held > seconds:
        return Work(kind, share, held, f"its KV memory is full: {held / share:.3g} s of all of it per request")
    return Work(kind, share, seconds, why)


def prefix_of(scenario: Scenario, parts: Parts, end: End, klass: str) -> Prefix | None:
    """What the prefix cache of an end is sure to have of every prompt of a class: shared prefixes that fit easily."""
    shared = scenario.classes[klass].prefixes
    if not end.spec.prefix_cache or not isinstance(shared, SharedPrefixes) or parts.models[end.name].state_bytes:
        return None
    whole = shared.tokens // shared.block * shared.block
    if shared.groups * whole > SURE * parts.memory_tokens(end):
        return None
    return Prefix(shared.block, whole)


def leaves_hits_out(scenario: Scenario, parts: Parts, end: End, klass: str) -> bool:
    """Whether its prefix cache may have something of a prompt that is not known before a run."""
    may = end.spec.prefix_cache and scenario.classes[klass].block_tokens is not None
    return may and not parts.models[end.name].state_bytes and prefix_of(scenario, parts, end, klass) is None


def _load(scenario: Scenario, parts: Parts, end: End, engine: Engine, flow: Flow) -> Load | None:
    route = scenario.routes[flow.route]
    computes, decodes = route.prefill == end.name, route.decode == end.name
    if not computes and not decodes:
        return None
    # Where nothing limits memory, it does not matter how long blocks are held.
    hold = _hold(scenario, parts, route, flow, computes) if engine.blocks < inf and route.ships_kv else 0.0
    prefix = prefix_of(scenario, parts, end, flow.klass) if computes else None
    return Load(flow.weight, flow.people, computes, decodes, route.first_token == "decode", prefix, hold)


def _hold(scenario: Scenario, parts: Parts, route: RouteSpec, flow: Flow, at_sender: bool) -> float:
    """Mean seconds for which blocks are held for a cache on its way, if it is alone on its path.

    The sender's from the end of the prefill on, the receiver's from the moment at which it may leave.
    """
    start, goal = parts.ends[route.prefill], parts.ends[route.decode]
    path = legs(scenario.network.links, start, goal, scenario.base)
    model = parts.models[route.prefill]
    people, number = flow.people, BYTES[model.kv_dtype]
    # Long prompts hold more blocks, and hold them longer.
    bare = people.mean(people.prompts * sizes(model, people.prompts)) / people.mean_prompt
    sent = route.kv.wire_bytes(bare, model.kv_dtype)
    codec = route.kv.codec
    seconds = codec.seconds(bare, number, max((sent / leg.room for leg in path), default=0.0))
    trip = sum(leg.rtt for leg in path) / 2
    if route.kv.streams:
        computing = people.mean(engine_of(parts, start).steps.alone(people.prompts, 0 * people.prompts))
        seconds = max(seconds - computing, seconds / model.stream_layers) if at_sender else max(seconds, computing)
    return seconds + trip + (0.0 if at_sender else route.handover)


def _one_by_one(engine: Engine, prompts: list[Load], answers: list[Load]) -> tuple[float, str]:
    """One request, or one prompt, at a time."""
    share = sum(load.weight for load in {*prompts, *answers})
    steps = engine.steps
    computing = sum(load.weight * computed_alone(steps, load) for load in prompts)
    decoding = sum(load.weight * alone(steps, load) for load in answers)
    told = [f"{computing / share:.3g} s of prefill"] if prompts else []
    told += [f"{decoding / share:.3g} s of decoding"] if answers else []
    return computing + decoding, f"{' and '.join(told)} per request, one at a time"


def _decoding(engine: Engine, answers: list[Load]) -> tuple[float, str]:
    found, share = full(engine, tuple(answers)), sum(load.weight for load in answers)
    seconds, batch, limit = found.seconds, found.batch, ""
    if found.by_memory:
        limit = ", as many as its KV memory holds"
        if any(len(load.people.prompts) > 1 for load in answers):
            seconds, batch = _crowded(engine, answers, found)
    return seconds, f"{seconds / share:.3g} s of decoding per request in batches of {batch:.3g}{limit}"


def _crowded(engine: Engine, answers: list[Load], found: Full) -> tuple[float, float]:
    """Seconds per request of the scenario, and the mean batch, where uneven sequences fill the memory.

    Memory overflows for a while and is idle for another, and what is preempted is computed again, so that it is let
    work step by step, beside the caches that are on their way here.
    """
    free = floor(engine.blocks - found.coming)
    try:
        seen = packed(replace(engine, blocks=max(free, 1)), tuple(answers))
    except InputError:  # a profile without prefill: nothing is computed again
        return found.seconds, found.batch
    if not seen.seconds:
        return found.seconds, found.batch
    share = sum(load.weight for load in answers)
    return max(found.seconds, seen.seconds * share), min(found.batch, seen.batch)


def _packed(engine: Engine, loads: list[Load]) -> tuple[float, str]:
    found, share = packed(engine, tuple(loads)), sum(load.weight for load in loads)
    if not any(load.decodes for load in loads):
        return found.seconds * share, f"{found.seconds:.3g} s of prefill per request, {found.tokens:,.0f} tokens a step"
    beside = f"{found.batch:.3g} sequences beside {found.tokens:,.0f} prompt tokens a step"
    return found.seconds * share, f"{found.seconds:.3g} s per request, {beside}"


def _held(engine: Engine, prompts: list[Load]) -> float:
    """Seconds of all the memory of one instance that prompts take until their caches have left, by Little's law."""
    if engine.blocks == inf:
        return 0.0
    share = sum(load.weight for load in prompts)
    computing = share * packed(engine, tuple(prompts)).block_seconds
    leaving = sum(load.weight * load.people.mean(engine.blocks_of(load.people.prompts)) * load.hold for load in prompts)
    return (computing + leaving) / engine.blocks
