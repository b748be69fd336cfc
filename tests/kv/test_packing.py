"""Transfers that follow a prefill of several steps, against every part followed one by one."""

from __future__ import annotations

from collections.abc import Generator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paasim.core.kernel import Environment, spawn
from paasim.core.release import Feed, Progress
from paasim.core.request import Request
from paasim.kv.codec.ratio import RatioSpec
from paasim.kv.packing import Packer
from tests.link.drive import shared

Steps = list[tuple[float, int]]
"""(seconds, prompt tokens) of each prefill step, one after the other from time 0."""

steps_ = st.lists(st.tuples(st.floats(0.0, 5.0), st.integers(1, 50)), min_size=1, max_size=8)
rates_ = st.sampled_from([None, 0.3, 4.0, 50.0])


def codec(encode: float | None, decode: float | None, pipelined: bool = True, ratio: float = 2.0) -> RatioSpec:
    """A codec with rates in bytes per second."""
    given = {"encode": encode, "decode": decode}
    rates = {name: f"{rate * 8!r} bps" for name, rate in given.items() if rate is not None}
    return RatioSpec.model_validate({"ratio": ratio, "pipelined": pipelined, **rates})


def bounds(steps: Steps, held: int) -> tuple[list[float], list[int]]:
    times, tokens = [0.0], [held]
    for seconds, new in steps:
        times.append(times[-1] + seconds)
        tokens.append(tokens[-1] + new)
    return times, tokens


def moved(
    steps: Steps, rate: float, *, held: int = 0, parts: int = 1, pieces: int = 1, levels: Any = None, room: float = 0.0
) -> tuple[float, float, float]:
    """(last part packed, last byte here, last part unpacked); one byte per token; the transfer begins at `room`."""
    env = Environment()
    link = shared(env, rate)
    times, tokens = bounds(steps, held)
    request = Request(0, 0, 0.0, tokens[-1], 1)
    progress = Progress()
    found: list[float] = []

    def engine() -> Generator[Any, Any, None]:
        for (start, end), (before, after) in zip(pairwise(times), pairwise(tokens), strict=True):
            progress.step(start, end, before, after)
            yield env.pause(end - env.now)

    def mover() -> Generator[Any, Any, None]:
        yield env.pause(room)
        one = levels or [codec(None, None)]
        packer = Packer(
            env,
            request,
            progress,
            float,
            parts=parts,
            pieces=pieces,
            number_bytes=2.0,
            levels=one,
            choose=None,
            pipelined=one[0].is_pipelined,
        )
        sent = link.transfer(0.0, packer.feed, True)
        packer.start()
        yield sent
        found.extend((packer.end, env.now, env.now + packer.decode_tail(env.now)))
        assert packer.feed.ready == pytest.approx(tokens[-1] / 2.0)
        assert request.kv_bytes == packer.feed.ready

    spawn(engine())
    spawn(mover())
    env.run()
    assert link.totals(env.now)["bytes"] == pytest.approx(tokens[-1] / 2.0)
    return found[0], found[1], found[2]


def reference(
    steps: Steps, rate: float, *, held: int, parts: int, pieces: int, one: RatioSpec, room: float
) -> tuple[float, float, float]:
    """The same, with the codecs and the link as machines that take one job after the other."""
    times, tokens = bounds(steps, held)
    jobs = [(0.0, float(held))] if held else []
    for (start, end), (before, after) in zip(pairwise(times), pairwise(tokens), strict=True):
        jobs += [(start + (end - start) * i / parts, (after - before) / parts) for i in range(1, parts + 1)]
    if not one.pipelined:
        jobs = [(times[-1], float(tokens[-1]))]
    packed = out = unpacked = -1.0
    for ready, size in jobs:
        packed = max(packed, ready) + one.encode_seconds(size, 2.0)
        begun = max(out, packed, room)
        wire = one.wire_bytes(size, 2.0)
        out = begun + wire / rate
        work = one.decode_seconds(size, 2.0)
        if not one.pipelined:
            unpacked = out + work
            continue
        for i in range(1, pieces + 1):
            unpacked = max(unpacked, begun + (out - begun) * i / pieces) + work / pieces
    return packed, out, unpacked


@given(
    steps_,
    st.sampled_from([0.5, 5.0, 100.0]),
    st.integers(0, 40),
    st.sampled_from([(1, 1), (1, 4), (3, 1)]),
    rates_,
    rates_,
    st.booleans(),
    st.sampled_from([0.0, 0.0, 3.0, 20.0]),
)
def test_codecs_and_link_are_machines_in_a_row(
    steps: Steps,
    rate: float,
    held: int,
    cut: tuple[int, int],
    encode: float | None,
    decode: float | None,
    pipelined: bool,
    room: float,
) -> None:
    parts, pieces = cut
    one = codec(encode, decode, pipelined)
    got = moved(steps, rate, held=held, parts=parts, pieces=pieces, levels=[one], room=room)
    want = reference(steps, rate, held=held, parts=parts, pieces=pieces, one=one, room=room)
    assert got == pytest.approx(want, rel=1e-9, abs=1e-9)


@given(steps_, st.sampled_from([0.5, 5.0, 100.0]), rates_, rates_)
def test_parts_come_no_later_than_the_whole(
    steps: Steps, rate: float, encode: float | None, decode: float | None
) -> None:
    """Each split of a lone transfer is as early as a coarser one, in all of its stages."""
    one = codec(encode, decode)
    together = [(sum(seconds for seconds, _ in steps), sum(new for _, new in steps))]
    whole = reference(together, rate, held=0, parts=1, pieces=4, one=one, room=0.0)
    chunks = moved(steps, rate, pieces=4, levels=[one])
    layers = moved(steps, rate, parts=4, levels=[one])
    assert all(a <= b + 1e-9 for a, b in zip(chunks, whole, strict=True))
    assert all(a <= b + 1e-9 for a, b in zip(layers[:2], chunks[:2], strict=True))


def test_a_feed_that_was_full_before_anyone_listened_is_sent_at_once() -> None:
    env = Environment()
    link = shared(env, 10.0, rtt=2.0)
    feed = Feed()
    feed.give(30.0)
    feed.give(20.0, last=True)
    done: list[float] = []

    def mover() -> Generator[Any, Any, None]:
        done.append((yield link.transfer(0.0, feed, True)))
        done.append(env.now)

    spawn(mover())
    env.run()
    assert done == [0.0, 6.0]
