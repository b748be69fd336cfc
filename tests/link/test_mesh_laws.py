"""What holds in the mesh at every moment, whatever the graph, the streams, the capacities and the outages."""

from __future__ import annotations

import math
from collections.abc import Generator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paasim.core.kernel import Environment, Moment
from paasim.core.release import Release
from paasim.link.mesh.channel import Channel
from paasim.link.mesh.mesh import Mesh
from paasim.link.mesh.stream import Stream
from tests.link.reference_mesh import Steps, Trip
from tests.link.test_mesh import graphs, times, trips

NEAR = 1e-9


class Scene:
    """A mesh at work, whose rates can be looked at."""

    def __init__(self, some: list[Trip], channels: dict[str, Steps]) -> None:
        self.env = Environment()
        self.mesh = Mesh(self.env)
        self.channels = {name: Channel(name, s.rates[0], s.curve()) for name, s in channels.items()}
        self.arrived: dict[int, float] = {}
        self.streams: list[Stream] = []
        for i, trip in enumerate(some):
            self.env.process(self._one(i, trip))

    def _one(self, i: int, trip: Trip) -> Generator[Any, Any, None]:
        yield self.env.timeout(trip.start)
        stream = Stream(trip.size, trip.release, tuple(self.channels[name] for name in trip.path))
        stream.cap, stream.weight, stream.priority = trip.cap, trip.weight, trip.priority
        stream.slow_start(trip.window, trip.rounds, trip.round_trip)
        self.started(stream)
        self.streams.append(stream)
        event = Moment([])
        self.mesh.start(event, stream)
        yield event
        self.arrived[i] = self.env.now

    def started(self, stream: Stream) -> None:
        """Called with every stream before it begins."""

    def busy(self) -> list[tuple[Stream, float]]:
        """Busy streams and their rates now."""
        self.mesh.sync()
        found = []
        for stream in self.streams:
            group = stream.group
            if group is not None and stream.event in self.mesh._streams:
                found.append((stream, min(stream.pace, stream.weight * group.level)))
        return found


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(trips(), min_size=1, max_size=8), graphs(), st.lists(times, min_size=1, max_size=8, unique=True))
def test_shares_are_max_min_and_within_capacity_and_no_link_idles(
    some: list[Trip], channels: dict[str, Steps], at: list[float]
) -> None:
    scene = Scene(some, channels)

    def look() -> Generator[Any, Any, None]:
        for time in sorted(at):
            yield scene.env.timeout(time - scene.env.now)
            check(scene)

    scene.env.process(look())
    scene.env.run(until=1e6)
    assert len(scene.arrived) == len(some)


def check(scene: Scene) -> None:
    busy = scene.busy()
    load = {channel: sum(rate for s, rate in busy if channel in s.path) for channel in scene.channels.values()}
    for channel, rate in load.items():
        assert rate <= channel.capacity * (1 + NEAR) + NEAR
        assert channel.rate == pytest.approx(rate, rel=1e-9, abs=1e-9)
    for stream, rate in busy:
        # It has all that it can take, or passes a full channel on which nobody of its rank has more per weight, and
        # nobody below its rank has anything: it could only gain at the cost of one that has no more.
        def binds(channel: Channel, stream: Stream = stream, rate: float = rate) -> bool:
            if load[channel] < channel.capacity * (1 - NEAR) - NEAR:
                return False
            rivals = [(s, r) for s, r in busy if channel in s.path]
            fair = all(
                r / s.weight <= rate / stream.weight * (1 + NEAR) + NEAR
                for s, r in rivals
                if s.priority == stream.priority
            )
            return fair and all(r <= NEAR for s, r in rivals if s.priority > stream.priority)

        assert rate >= stream.cap * (1 - NEAR) or any(binds(channel) for channel in stream.path)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.lists(trips(), min_size=1, max_size=8), graphs(), st.lists(times, min_size=2, max_size=8, unique=True))
def test_no_more_than_capacity_in_any_interval_and_all_bytes_arrive(
    some: list[Trip], channels: dict[str, Steps], at: list[float]
) -> None:
    scene = Scene(some, channels)
    seen: list[tuple[float, dict[str, float]]] = []

    def look() -> Generator[Any, Any, None]:
        for time in sorted(at):
            yield scene.env.timeout(time - scene.env.now)
            scene.mesh.sync()
            seen.append((time, {name: channel.bytes for name, channel in scene.channels.items()}))

    scene.env.process(look())
    scene.env.run(until=1e6)
    for (a, before), (b, after) in pairwise(seen):
        for name, steps in channels.items():
            cuts = [a, *(t for t in steps.times if a < t < b), b]
            room = sum(steps.rate(x) * (y - x) for x, y in pairwise(cuts))
            assert -NEAR <= after[name] - before[name] <= room * (1 + NEAR) + 1e-6
    for name, channel in scene.channels.items():
        assert channel.bytes == pytest.approx(sum(t.size for t in some if name in t.path), rel=1e-9, abs=1e-6)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.lists(trips(), min_size=2, max_size=7), graphs(), times)
def test_what_is_given_up_is_as_if_it_had_ended_there(
    some: list[Trip], channels: dict[str, Steps], when: float
) -> None:
    scene = Scene(some, channels)
    sent: list[float] = []

    def give_up() -> Generator[Any, Any, None]:
        yield scene.env.timeout(when)
        if scene.streams:
            sent.append(scene.mesh.cancel(event_of(scene.streams[0])))

    scene.env.process(give_up())
    scene.env.run(until=1e6)
    gone = scene.streams[0]
    # A stream that had not all left is taken back with what it has sent; everybody else arrives.
    if sent and sent[0] < math.inf:
        assert len(scene.arrived) == len(some) - 1
        assert -NEAR <= sent[0] <= gone.size * (1 + NEAR)
    else:
        assert len(scene.arrived) == len(some)
    for name, channel in scene.channels.items():
        expected = sum(s.size for s in scene.streams if channel in s.path and s is not gone)
        if channel in gone.path:
            expected += sent[0] if sent and sent[0] < math.inf else gone.size
        assert channel.bytes == pytest.approx(expected, rel=1e-9, abs=1e-6), name
        assert not channel.groups


def event_of(stream: Stream) -> Moment:
    event = stream.event
    assert event is not None
    return event


def lone(path: list[Channel], size: float, release: Release, **more: Any) -> float:
    env = Environment()
    stream = Stream(size, release, tuple(path))
    for name, value in more.items():
        setattr(stream, name, value)
    done: list[float] = []
    event = Moment([lambda _: done.append(env.now)])
    Mesh(env).start(event, stream)
    env.run(until=1e6)
    return done[0] if done else math.inf


def test_a_channel_of_no_capacity_waits_for_ever_and_loses_nothing() -> None:
    assert lone([Channel("dead", 0.0)], 100.0, Release(0.0, 0.0, 0.0, 1)) == math.inf


def test_an_outage_pauses_a_stream_or_makes_it_begin_anew() -> None:
    down = Steps([0.0, 5.0, 8.0], [10.0, 0.0, 10.0])
    whole = Release(0.0, 0.0, 0.0, 1)
    assert lone([Channel("c", 10.0, down.curve())], 100.0, whole) == pytest.approx(13.0)
    again = lone([Channel("c", 10.0, down.curve())], 100.0, whole, restarts=True)
    assert again == pytest.approx(18.0)


def test_background_flows_take_a_share_each() -> None:
    assert lone([Channel("c", 100.0, greedy=3.0)], 100.0, Release(0.0, 0.0, 0.0, 1)) == pytest.approx(4.0)
    assert lone([Channel("c", 100.0, greedy=3.0)], 100.0, Release(0.0, 0.0, 0.0, 1), weight=2.0) == pytest.approx(2.5)


def test_higher_priority_goes_first() -> None:
    env = Environment()
    mesh = Mesh(env)
    channel = Channel("c", 10.0)
    ends: dict[str, float] = {}

    def send(name: str, size: float, priority: int, at: float) -> Generator[Any, Any, None]:
        yield env.timeout(at)
        stream = Stream(size, Release(at, 0.0, 0.0, 1), (channel,))
        stream.priority = priority
        event = Moment([])
        mesh.start(event, stream)
        yield event
        ends[name] = env.now

    env.process(send("bulk", 100.0, 1, 0.0))
    env.process(send("first", 20.0, 0, 3.0))
    env.run()
    assert ends == {"first": pytest.approx(5.0), "bulk": pytest.approx(12.0)}
