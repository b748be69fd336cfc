"""More laws of the mesh: restarts after outages, bytes told by a feed, and very many streams at once."""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paasim.core.kernel import Environment, Moment
from paasim.core.release import Feed, Release
from paasim.link.mesh.channel import Channel
from paasim.link.mesh.mesh import Mesh
from paasim.link.mesh.stream import Stream
from tests.link.reference_mesh import Steps, Trip, simulate
from tests.link.test_mesh import graphs, trips
from tests.link.test_mesh_laws import Scene


class Restarting(Scene):
    """Whatever an outage interrupts begins anew."""

    def started(self, stream: Stream) -> None:
        stream.restarts = True


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(trips(), min_size=1, max_size=7), graphs())
def test_sent_is_received_and_lost_where_outages_undo_what_was_sent(
    some: list[Trip], channels: dict[str, Steps]
) -> None:
    scene = Restarting(some, channels)
    scene.env.run(until=1e6)
    assert len(scene.arrived) == len(some)
    for name, channel in scene.channels.items():
        through = [stream for stream in scene.streams if channel in stream.path]
        sent = sum(stream.size + stream.lost for stream in through)
        assert channel.bytes == pytest.approx(sent, rel=1e-9, abs=1e-6), name
        assert not channel.groups
    for stream in scene.streams:
        downs = sum(rate == 0.0 for channel in stream.path for rate in channels[channel.name].rates)
        assert 0.0 <= stream.lost <= downs * stream.size * (1 + 1e-9)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.lists(trips(), min_size=1, max_size=6), graphs(), st.data())
def test_a_feed_is_as_the_staircase_that_it_turns_out_to_be(
    some: list[Trip], channels: dict[str, Steps], data: st.DataObject
) -> None:
    env = Environment()
    mesh = Mesh(env)
    real = {name: Channel(name, s.rates[0], s.curve()) for name, s in channels.items()}
    finishes = [math.inf] * len(some)
    # Nothing is ready before the stream begins: a feed that was given bytes before has them at that moment.
    some = [replace(trip, release=trip.release._replace(head=0.0)) for trip in some]
    fed = [data.draw(st.booleans()) for _ in some]

    def one(i: int, trip: Trip) -> Generator[Any, Any, None]:
        yield env.timeout(trip.start)
        feed = Feed()
        stream = Stream(trip.size, feed if fed[i] else trip.release, tuple(real[name] for name in trip.path))
        stream.cap, stream.weight, stream.priority = trip.cap, trip.weight, trip.priority
        stream.slow_start(trip.window, trip.rounds, trip.round_trip)
        event = Moment([])
        if fed[i]:
            feed.listener = lambda: mesh.more(stream)
            env.process(give(trip, feed))
        mesh.start(event, stream)
        yield event
        finishes[i] = env.now

    def give(trip: Trip, feed: Feed) -> Generator[Any, Any, None]:
        release = trip.release
        for part in range(release.parts):
            ready = release.ready_at(part)
            if ready > env.now:
                yield env.timeout(ready - env.now)
            feed.give(trip.size / release.parts, part == release.parts - 1)

    for i, trip in enumerate(some):
        env.process(one(i, trip))
    env.run(until=1e6)
    for a, b in zip(finishes, simulate(some, channels).finishes, strict=True):
        assert math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)


def test_ten_thousand_streams_at_once() -> None:
    """All bytes in capacity's time, in the order of size over weight, on access links that never bind."""
    count, capacity = 10_000, 1e9
    rng = np.random.default_rng(5)
    sizes = rng.exponential(1e6, count).tolist()
    weights = rng.integers(1, 5, count).astype(float).tolist()
    env = Environment()
    mesh, trunk = Mesh(env), Channel("trunk", capacity)
    ends = [0.0] * count

    def end(i: int) -> Any:
        def note(_: Any) -> None:
            ends[i] = env.now

        return note

    for i in range(count):
        stream = Stream(sizes[i], Release(0.0, 0.0, 0.0, 1), (trunk,))
        stream.tap, stream.weight = Channel("access", 2 * capacity), weights[i]
        mesh.start(Moment([end(i)]), stream)
    env.run()
    mesh.sync()
    assert trunk.bytes == pytest.approx(sum(sizes), rel=1e-9)
    # Closed form: a stream of size s and weight w has left when every other has sent min(its size, s/w · its weight).
    keys = np.array(sizes) / np.array(weights)
    order = np.argsort(keys)
    sent_before = np.concatenate(([0.0], np.cumsum(np.array(sizes)[order])))[:-1]
    weights_left = np.cumsum(np.array(weights)[order][::-1])[::-1]
    expected = (sent_before + keys[order] * weights_left) / capacity
    assert np.array(ends)[order] == pytest.approx(expected, rel=1e-9)
