"""Runs a scenario with an eye on every engine: what each step holds, and whether anybody waits for nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any
from unittest.mock import patch

from paasim.core.recorder import Records
from paasim.core.streams import Streams
from paasim.engine.group import Fleet
from paasim.engine.holder import IDLE, PATIENT, WAKING
from paasim.engine.instance import Instance
from paasim.scenario import builder, from_dict
from paasim.scenario.builder import build
from paasim.scenario.scenario import Scenario
from paasim.scenario.world import World

simulation = import_module("paasim.simulate")  # the package has a function of the same name

SAMPLES = 50
"""Levels are looked at this often in a run, or up to twice as often; fewer than in a real run, for speed."""
MOST_SAMPLES = 20_000
"""A run that is sampled more often than this hangs."""


@dataclass
class Seen:
    """What a watched run did."""

    scenario: Scenario
    records: Records
    world: World
    counts: Counter[str] = field(default_factory=Counter)


def run(scene: dict[str, Any]) -> Seen:
    """Run one replication, all engines watched."""
    scenario = from_dict(scene)
    counts: Counter[str] = Counter()
    built: list[World] = []

    def watched(scenario: Scenario, streams: Streams) -> World:
        world = build(scenario, streams)
        built.append(world)
        groups = {way.prefill.name: way.prefill for way in world.ways} | {w.decode.name: w.decode for w in world.ways}
        instances: list[Instance] = []
        for group in groups.values():
            if isinstance(group, Fleet):
                _watch_devices(group, instances, counts)
            else:
                for instance in group.instances:
                    _watch(instance, instances, counts)
        first = world.resources[0]

        def totals(now: float) -> Mapping[str, float]:
            counts["samples"] += 1
            assert counts["samples"] < MOST_SAMPLES, "the run does not end"
            for instance in instances:
                _look(instance)
            return first.totals(now)

        world.resources[0] = replace(first, totals=totals)
        return world

    with (
        patch.object(simulation, "build", watched),
        patch.object(builder, "SAMPLES", SAMPLES),
        patch("paasim.scenario.world.SAMPLES", SAMPLES),
    ):
        records = simulation.simulate_once(scenario)
    return Seen(scenario, records, built[0], counts)


def _watch_devices(fleet: Fleet, instances: list[Instance], counts: Counter[str]) -> None:
    make = fleet._make

    def made(*args: Any) -> Instance:
        device = make(*args)
        _watch(device, instances, counts)
        return device

    fleet._make = made  # type: ignore[assignment]


def _watch(instance: Instance, instances: list[Instance], counts: Counter[str]) -> None:
    instances.append(instance)
    instance._batching = Watched(instance._batching, counts)


class Watched:
    """A batching policy that is held to its own limits at every step."""

    def __init__(self, policy: Any, counts: Counter[str]) -> None:
        self._policy = policy
        self._counts = counts
        self.mixes, self.whole, self.patience = policy.mixes, policy.whole, policy.patience

    def is_full(self, instance: Instance) -> bool:
        return bool(self._policy.is_full(instance))

    def pick(self, instance: Instance) -> list[Any]:
        decoding = instance.decoding.count
        batch: list[Any] = self._policy.pick(instance)
        self._counts["batches"] += 1
        tokens = sum(new for _, new in batch)
        assert all(0 < new <= request.todo for request, new in batch)
        assert len({id(request) for request, _ in batch}) == len(batch)
        assert instance.seqs <= instance.max_seqs
        assert _free(instance) >= 0
        if not self.whole:
            assert tokens <= max(self._policy._chunk - decoding, 1)
        else:
            assert all(new == request.todo for request, new in batch)
        if hasattr(self._policy, "_max_tokens"):
            assert len(batch) <= self._policy._max_prompts
            assert tokens <= self._policy._max_tokens or len(batch) == 1
            self._counts["several prompts"] += len(batch) > 1
        elif self.whole:
            assert len(batch) <= 1
        self._counts["preempted again"] += sum(request.preemptions > 0 for request, _ in batch)
        self._counts["cache hits"] += sum(request.cached > 0 for request, _ in batch)
        if not batch and not decoding:
            _nothing_could_be_served(instance)
        return batch


def _free(instance: Instance) -> float:
    """Blocks that are free at a step boundary."""
    return instance.memory.capacity - instance.memory.pinned - instance.decoding.blocks_at(0)


def _look(instance: Instance) -> None:
    """KV memory holds, and nobody idles while somebody waits who could be served."""
    assert instance.memory.pinned <= instance.memory.capacity
    assert instance.kv_tokens(instance.env.now) <= instance.memory.capacity * instance.memory.block
    assert 0 <= instance.seqs <= instance.max_seqs
    if instance.state == IDLE:
        assert not instance.decoding.count
        assert not instance.partial
        _nothing_could_be_served(instance)


def _nothing_could_be_served(instance: Instance) -> None:
    has_slot = instance.seqs < instance.max_seqs
    assert not (instance.ready and has_slot), "KV is here, a slot is free, and nobody decodes"
    memory = instance.memory
    # In a pool with one queue, another instance may be about to take it, or be waiting for its batch to fill.
    is_seen_to = any(peer.state in (WAKING, PATIENT) for peer in instance.peers)
    if instance.waiting and has_slot and not is_seen_to:
        first = instance.waiting[0]
        wanted = memory.claim(first.blocks, first.prompt, first.todo)[3]
        assert wanted > _free(instance), "a prompt waits that could be computed"
    if instance.rooms and not instance.waiting:
        first = instance.rooms[0]
        context = first.prompt + first.output - first.left
        wanted = memory.claim(first.blocks, first.prompt, context)[3]
        assert wanted > _free(instance), "a request waits for room that is there"
