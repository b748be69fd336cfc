"""From a scenario to the wired world of one run. Everything is made here once; nothing looks anything up later."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from paasim.core.kernel import Environment
from paasim.core.recorder import Recorder
from paasim.core.request import Request
from paasim.core.streams import Streams
from paasim.engine.group import Fleet, Pool
from paasim.engine.pool import FleetSpec
from paasim.scenario import lookup
from paasim.scenario.ends import End, ends
from paasim.scenario.engines import make_group
from paasim.scenario.way import Way
from paasim.scenario.wiring import Wiring
from paasim.scenario.world import SAMPLES, Resource, World
from paasim.workload.source import BLOCKS_PER_CLASS, open_loop

if TYPE_CHECKING:
    from collections.abc import Sequence

    from paasim.scenario.scenario import Scenario


def build(scenario: Scenario, streams: Streams) -> World:
    """Wire one replication of a scenario.

    Raises:
        InputError: if a model, profile or trace cannot be had, or two sites are not joined by a link of their own.
    """
    env = Environment()
    run = scenario.run
    horizon = run.duration if run.duration is not None else inf
    most = run.requests if run.requests is not None else inf
    world = World(env, Recorder(), horizon=horizon, most=most, period=_period(scenario))
    world.classes = list(scenario.classes)
    known = ends(scenario)
    needed = dict.fromkeys(name for route in scenario.routes.values() for name in (route.prefill, route.decode))
    groups = {name: make_group(scenario, world, known[name], streams) for name in needed}
    wiring = Wiring(env, scenario, known, streams)
    world.resources = [Resource(g.name, g.kind, g.servers, g.capacity, g.totals) for g in groups.values()]
    world.ways = _ways(env, scenario, known, groups, wiring)
    world.resources += wiring.resources()
    for way in world.ways:
        if way.leveling is not None:
            way.leveling.first = len(world.levels)
            world.levels += way.leveling.names
        if not way.stays and isinstance(way.decode, Pool):
            for instance in way.decode.instances:
                instance.takes_kv = True
    world.router = scenario.router.build(world.ways)
    named = scenario.router.routes_named() or list(scenario.routes)
    if len(named) == 1:
        world.only_way = list(scenario.routes).index(named[0])
    _bring_requests(scenario, streams, world, known)
    return world


def _period(scenario: Scenario) -> float:
    """How often to sample levels, s: as often as gives `SAMPLES` of them, or a guess that the world corrects."""
    run = scenario.run
    if run.duration is not None:
        return run.duration / SAMPLES
    rates = [spec.arrivals.rate for spec in scenario.classes.values() if spec.arrivals is not None]
    rate = sum(rate for rate in rates if rate)
    return run.requests / rate / SAMPLES if run.requests and rate else 1.0


# ---- routes -------------------------------------------------------------------------------------------------------


def _ways(
    env: Environment,
    scenario: Scenario,
    known: dict[str, End],
    groups: dict[str, Pool | Fleet],
    wiring: Wiring,
) -> list[Way]:
    """The routes at work."""
    limits = [spec.slo or scenario.slo for spec in scenario.classes.values()]
    origins = [origin(scenario, known, position) for position in range(len(scenario.classes))]
    ways = []
    for number, (name, route) in enumerate(scenario.routes.items()):
        start, goal = known[route.prefill], known[route.decode]
        users = [site if site is not None else goal.site for site in origins]
        ways.append(
            Way(
                number,
                name,
                route,
                env=env,
                prefill=groups[route.prefill],
                decode=groups[route.decode],
                model=lookup.model(start.spec.model or scenario.model, scenario.base),
                kv=wiring.kv_hop(start.site, goal.site, name) if route.ships_kv else None,
                up=[wiring.hop(site, start.site) for site in users],
                from_prefill=[wiring.hop(start.site, site) for site in users],
                from_decode=[wiring.hop(goal.site, site) for site in users],
                limits=[inf if limit.ttft is None else limit.ttft for limit in limits],
            )
        )
    return ways


def origin(scenario: Scenario, known: dict[str, End], position: int) -> str | None:
    """The site where the users of a request class are: as it says, else where the devices are, else unknown."""
    spec = list(scenario.classes.values())[position]
    if spec.origin is not None:
        return spec.origin
    fleets = [end.site for end in known.values() if end.is_fleet]
    return fleets[0] if fleets else None


# ---- requests --------------------------------------------------------------------------------------------------------


def _bring_requests(scenario: Scenario, streams: Streams, world: World, known: dict[str, End]) -> None:
    """Attach the request streams: one for all open loops together, one per user of a closed loop."""
    run, classes = scenario.run, scenario.classes
    devices = [_devices(scenario, streams, known, i, name) for i, name in enumerate(classes)]
    if any(spec.closed_loop is None for spec in classes.values()):
        world.sources.append(_open(scenario, streams, devices, None if run.requests is None else run.requests))
    for position, (name, spec) in enumerate(classes.items()):
        if spec.closed_loop is None:
            continue
        bodies = spec.bodies(streams, name, scenario.base, position * BLOCKS_PER_CLASS)
        thinks = spec.thinks(streams, name)
        turns = (
            (think, Request(-1, position, 0.0, prompt, output, blocks, device, spec.priority))
            for think, (prompt, output, blocks), device in zip(thinks, bodies, devices[position], strict=False)
        )
        world.users += [(start, turns) for start in spec.closed_loop.starts()]
    world.sources_left = len(world.sources) + len(world.users)


def _open(
    scenario: Scenario, streams: Streams, devices: Sequence[Iterator[int]], requests: int | None
) -> Iterator[Request]:
    priorities = [spec.priority for spec in scenario.classes.values()]
    flow = open_loop(scenario.classes, streams, scenario.base, requests, scenario.run.duration)
    for arrival, klass, prompt, output, blocks in flow:
        yield Request(-1, klass, arrival, prompt, output, blocks, next(devices[klass]), priorities[klass])


def _devices(scenario: Scenario, streams: Streams, known: dict[str, End], position: int, name: str) -> Iterator[int]:
    """Which device of the users' site each request comes from, without end; -1 where there is no fleet there."""
    site = origin(scenario, known, position)
    end = known.get(site) if site is not None else None
    if end is None or not isinstance(end.spec, FleetSpec):
        return repeat(-1)
    return _uniform(streams.get(f"workload.{name}.devices"), end.spec.devices)


def _uniform(rng: np.random.Generator, devices: int) -> Iterator[int]:
    while True:
        yield from rng.integers(devices, size=4096).tolist()
