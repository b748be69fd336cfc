"""Scenario -> wired world -> run -> records. The life of a request is `life`, from top to bottom.

The model only records facts here: no metric is worked out, nothing is printed, no file is opened.
"""

from __future__ import annotations

import gc
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from math import inf, nan
from typing import TYPE_CHECKING, Any, Final

from paasim.core.kernel import Race, Signal, spawn
from paasim.core.release import Progress
from paasim.core.request import COMPLETED, DROPPED, Request
from paasim.core.streams import Streams
from paasim.scenario.builder import build

if TYPE_CHECKING:
    from paasim.core.kernel import Moment
    from paasim.core.recorder import Records
    from paasim.scenario.scenario import Scenario
    from paasim.scenario.way import Way
    from paasim.scenario.world import World

NEVER_FITS = "kv-memory"
"""Reason of a drop: prompt and output together are longer than the KV memory of the engine that would serve them."""

TRANSFER_TIMEOUT = "transfer-timeout"
"""Reason of a drop: the KV had not come when the time for it was up."""

NO_NETWORK = "no-network"
"""Reason of a drop: the network stays down for ever, so that the prompt never arrives, or the answer never does."""

NOTHING: Final = 0
KV: Final = 1
TEXT: Final = 2
"""What came from the prefill engine."""

Life = Generator["Moment | Signal", Any, None]
Part = Generator["Moment | Signal", Any, int]
"""A part of a life that ends in one of the three."""


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
    if uplink == inf:
        world.end(r, DROPPED, NO_NETWORK)
        return
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
        if way.by_step and r.streamed:
            r.progress = Progress()
        yield engine.submit(r)
        if r.left:
            came = yield from move(world, way, r)
            if came == NOTHING:
                world.end(r, DROPPED, TRANSFER_TIMEOUT)
                return
            yield r.decoder.decode(r) if came == KV else r.decoder.recompute(r)
        else:
            # Its only token came from the prefill side: no KV has to move.
            r.prefiller.release(r)
            r.finish = r.prefill_end
    if way.deliver(r):
        world.end(r, COMPLETED)
    else:
        world.end(r, DROPPED, NO_NETWORK)


def move(world: World, way: Way, r: Request) -> Part:
    """A KV cache from the prefill engine to the decode engine: room, encode, transfer, decode of the codec, hand-over.

    Where the route streams, this begins with the first prefill step, and the transfer overlaps it. Returns what came.
    """
    env = world.env
    began, computed, progress = env.now, r.prompt - r.todo, r.progress
    decoder = way.decode.pick(r)
    if way.leveling is not None and way.prefers_text(r, decoder):
        yield from send_text(world, way, r)
        r.decoder = decoder
        return TEXT
    room = decoder.reserve(r)
    if room is not None:
        yield room
    if progress is not None:
        came = yield from send_by_step(world, way, r, progress)
    else:
        size, release = way.plan(r, began, computed)
        r.kv_bytes = size
        r.encode_end = release.end if way.has_codec else r.prefill_end
        r.transfer_start = env.now
        sent = way.send(r, size, release)
        came = KV
        if sent is None:
            if r.encode_end > env.now:
                yield env.pause(r.encode_end - env.now)
                r.transfer_start = env.now
        elif way.waits_on:
            r.transfer_start = yield sent
        else:
            race = Race(env, sent)
            race.end_at(max(release.end, env.now) + way.timeout)
            came = yield from await_kv(way, r, sent, race)
        r.transfer_end = env.now
        r.codec_end = r.transfer_end + way.decode_codec(r)
    r.prefiller.release(r)
    if came == NOTHING:
        r.transfer_end = r.codec_end = nan
        r.decoder.forget(r)
        return NOTHING
    r.handover_end = r.codec_end + way.handover
    if r.handover_end > env.now:
        yield env.pause(r.handover_end - env.now)
    return KV


def send_by_step(world: World, way: Way, r: Request, progress: Progress) -> Part:
    """The KV of a prompt that takes several prefill steps, which is sent as they end. Returns whether it came."""
    env = world.env
    packer, sent = way.send_by_step(r, progress)
    assert sent is not None  # what leaves while it is computed passes a link
    r.transfer_start = env.now
    race = Race(env, sent)
    if not way.waits_on:
        packer.on_end = lambda: race.end_at(env.now + way.timeout)
    packer.start()
    came = yield from await_kv(way, r, sent, race)
    r.encode_end = packer.end if way.has_codec else r.prefill_end
    r.transfer_end = env.now
    r.codec_end = r.transfer_end + packer.decode_tail(r.transfer_end - way.one_way(r))
    return came


def await_kv(way: Way, r: Request, sent: Moment, race: Race) -> Part:
    """The last byte, or the moment at which the transfer is given up. Returns which of them came."""
    begun = yield race.won
    if begun >= 0.0:
        r.transfer_start = begun
        return KV
    r.kv_bytes = min(way.cancel(sent), r.kv_bytes)
    return NOTHING


def send_text(world: World, way: Way, r: Request) -> Life:
    """The prompt's text in place of its KV; it leaves at once, and the prefill side is let go of when it is done."""
    env = world.env
    came = env.now + way.text_delay(r)
    r.transfer_start = env.now
    if r.streamed:
        # The end of its prefill was not waited for.
        r.streamed, r.progress = False, None
        r.waits = ended = Signal()
        yield ended
    r.prefiller.release(r)
    way.note_text(r)
    r.encode_end = r.prefill_end
    if came > env.now:
        yield env.pause(came - env.now)
    r.transfer_end = r.codec_end = r.handover_end = env.now


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
        if r.reason == NO_NETWORK and r.arrival == env.now and not think:
            break  # nor would it ever be otherwise, and the clock would stand still
    world.sources_left -= 1


def sample(world: World) -> Life:
    """Levels of every resource at even times, for time lines and for means over any window."""
    while world.is_running():
        world.sample()
        if not world.env.heap:
            return  # engines that wait for each other's memory: what is under way stays unfinished
        yield world.env.pause(world.sample_period)
