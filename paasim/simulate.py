"""Scenario -> wired world -> run -> records. The life of a request is `life`, from top to bottom.

The model only records facts here: no metric is worked out, nothing is printed, no file is opened.
"""

from __future__ import annotations

import gc
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from paasim.core.kernel import spawn
from paasim.core.request import COMPLETED, DROPPED, Request
from paasim.core.streams import Streams
from paasim.scenario.builder import build

if TYPE_CHECKING:
    from paasim.core.kernel import Moment, Signal
    from paasim.core.recorder import Records
    from paasim.scenario.scenario import Scenario
    from paasim.scenario.way import Way
    from paasim.scenario.world import World

NEVER_FITS = "kv-memory"
"""Reason of a drop: prompt and output together are longer than the KV memory of the engine that would serve them."""

Life = Generator["Moment | Signal", Any, None]


def simulate_once(scenario: Scenario, replication: int = 0) -> Records:
    """Run one replication of a scenario.

    Args:
        scenario: what to run; its variants are scenarios of their own.
        replication: which one; it and the scenario's seed decide every random draw.

    Raises:
        InputError: if the scenario names something that is not there.
    """
    world = build(scenario, Streams(scenario.run.seed, replication))
    env, run = world.env, scenario.run
    for source in world.sources:
        spawn(arrive(world, source))
    for start, turns in world.users:
        spawn(user(world, start, turns))
    spawn(sample(world))
    stop = run.max_time if run.drain or run.duration is None else min(run.duration, run.max_time or run.duration)
    with _no_collector():
        env.run(until=stop)
    return world.records()


@contextmanager
def _no_collector() -> Iterator[None]:
    """Switch the cyclic garbage collector off: requests leave no cycles behind, and it would look at all of them."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def life(world: World, r: Request) -> Life:
    """A request from its arrival to its last token: choose a route, send the prompt up, prefill, move, decode."""
    env = world.env
    way = world.ways[world.choose(r)]
    r.route = way.number
    if not way.fits(r):
        world.end(r, DROPPED, NEVER_FITS)
        return
    uplink = way.uplink(r)
    if uplink:
        yield env.pause(uplink)
    r.uplink_end = env.now
    if way.request:
        yield env.pause(way.request)
    engine = way.prefill.pick(r)
    # The side that emits the first token leaves one decode step less to do.
    r.left = r.output if way.decode_first else r.output - 1
    if way.stays:
        r.stays = True
        yield engine.submit(r)
    else:
        r.streamed = way.streams and r.left > 0
        yield engine.submit(r)
        if r.left:
            yield from move(world, way, r)
            yield r.decoder.decode(r)
        else:
            # Its only token came from the prefill side: no KV has to move.
            r.prefiller.release(r)
            r.finish = r.prefill_end
    way.deliver(r)
    world.end(r, COMPLETED)


def move(world: World, way: Way, r: Request) -> Life:
    """A KV cache from the prefill engine to the decode engine: room, encode, transfer, decode of the codec, hand-over.

    Where the route streams, this begins with the last prefill step and the transfer overlaps it.
    """
    env = world.env
    began, computed = env.now, r.prompt - r.todo
    decoder = way.decode.pick(r)
    room = decoder.reserve(r)
    if room is not None:
        yield room
    size, release = way.plan(r, began, computed)
    r.kv_bytes = size
    r.encode_end = release.end if way.has_codec else r.prefill_end
    r.transfer_start = env.now
    sent = way.send(r, size, release)
    if sent is not None:
        r.transfer_start = yield sent
    elif r.encode_end > env.now:
        yield env.pause(r.encode_end - env.now)
        r.transfer_start = env.now
    r.transfer_end = env.now
    r.prefiller.release(r)
    r.codec_end = r.transfer_end + way.decode_codec(r)
    r.handover_end = r.codec_end + way.handover
    if r.handover_end > env.now:
        yield env.pause(r.handover_end - env.now)


def arrive(world: World, source: Iterator[Request]) -> Life:
    """Requests of an open loop: each starts its life at its time, whatever becomes of the others."""
    env = world.env
    r = next(source, None)
    if r is not None:
        yield env.pause(r.arrival - env.now)
    while r is not None:
        # The next arrival is scheduled first, so that whoever looks can see whether it comes at this very moment.
        following = next(source, None)
        pause = None if following is None else env.pause(following.arrival - env.now)
        world.begin(r)
        spawn(life(world, r))
        if pause is not None:
            yield pause
        r = following
    world.sources_left -= 1


def user(world: World, start: float, turns: Iterator[tuple[float, Request]]) -> Life:
    """A user of a closed loop: asks, waits for the whole answer, thinks, and asks again."""
    env = world.env
    pause = start
    for think, r in turns:
        yield env.pause(pause)
        if not world.is_open():
            break
        pause = think
        r.arrival = env.now
        world.begin(r)
        yield from life(world, r)
    world.sources_left -= 1


def sample(world: World) -> Life:
    """Levels of every resource at even times, for time lines and for means over any window."""
    while world.is_running():
        world.sample()
        if not world.env.heap:
            return  # engines that wait for each other's memory: what is under way stays unfinished
        yield world.env.pause(world.sample_period)
