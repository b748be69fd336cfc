"""The mesh agrees with brute force on random graphs, streams, capacities, windows and outages, and keeps the laws."""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paasim.core.kernel import Environment, Moment
from paasim.core.release import Release
from paasim.link.mesh.channel import Channel
from paasim.link.mesh.mesh import Mesh
from paasim.link.mesh.stream import Stream
from tests.link.reference_mesh import Run, Steps, Trip, simulate

NAMES = ("a", "b", "c", "d")
grid = st.integers(0, 40).map(lambda i: i / 4)  # many coincidences
times = st.one_of(grid, st.floats(0, 10))
rates = st.sampled_from([0.0, 5.0, 20.0, 25.0, 40.0, 100.0])


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, Steps]:
    found = {}
    for name in NAMES:
        later = sorted(set(draw(st.lists(times.filter(bool), max_size=3))))
        values = [draw(rates) for _ in later]
        # In the end there is capacity, so that everything ends.
        found[name] = Steps([0.0, *later, 60.0], [draw(rates), *values, draw(st.sampled_from([20.0, 100.0]))])
    return found


@st.composite
def trips(draw: st.DrawFn, plain: bool = False) -> Trip:
    start = draw(times)
    release = Release(
        start + draw(st.sampled_from([0.0, 0.0, -2.0, 1.5])),
        draw(times) / 4,
        draw(times) / 8,
        draw(st.sampled_from([1, 2, 4, 16])),
        draw(st.sampled_from([0.0, 0.0, 0.3, 1.0])),
    )
    size = draw(st.one_of(st.integers(1, 40).map(lambda n: n * 25.0), st.floats(0.5, 800)))
    path = tuple(draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True)))
    trip = Trip(start, size, release, path)
    if not plain:
        trip.cap = draw(st.sampled_from([math.inf, math.inf, 5.0, 12.5, 30.0]))
        trip.weight = draw(st.sampled_from([1.0, 1.0, 2.0, 4.0]))
        trip.priority = draw(st.sampled_from([0, 0, 1]))
        trip.rounds = draw(st.sampled_from([0, 0, 3, 5]))
        trip.window, trip.round_trip = (10.0, 0.25) if trip.rounds else (math.inf, 0.0)
    return trip


def drive(
    some: Sequence[Trip], channels: Mapping[str, Steps], taps: bool = False
) -> tuple[list[float], dict[str, Channel]]:
    """When each trip's last byte leaves the mesh; with `taps` channel `d` is the access link of a device."""
    env = Environment()
    mesh = Mesh(env)
    real = {name: Channel(name, steps.rates[0], steps.curve()) for name, steps in channels.items()}
    finishes = [math.inf] * len(some)

    def one(i: int, trip: Trip) -> Generator[Any, Any, None]:
        yield env.timeout(trip.start)
        inner = tuple(real[name] for name in trip.path if not (taps and name == "d"))
        stream = Stream(trip.size, trip.release, inner)
        if taps and "d" in trip.path:
            stream.tap = real["d"]
        stream.cap, stream.weight, stream.priority = trip.cap, trip.weight, trip.priority
        stream.slow_start(trip.window, trip.rounds, trip.round_trip)
        event = Moment([])
        mesh.start(event, stream)
        yield event
        finishes[i] = env.now

    for i, trip in enumerate(some):
        env.process(one(i, trip))
    env.run(until=1e6)
    mesh.sync()
    return finishes, real


def agree(some: Sequence[Trip], channels: Mapping[str, Steps], taps: bool = False) -> Run:
    fast, real = drive(some, channels, taps)
    slow = simulate(some, channels)
    for a, b in zip(fast, slow.finishes, strict=True):
        assert math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9), (fast, slow.finishes)
    for name, channel in real.items():
        sent = sum(trip.size for trip in some if name in trip.path)
        if not (taps and name == "d"):
            assert channel.bytes == pytest.approx(sent, rel=1e-9, abs=1e-6)
            assert channel.bytes == pytest.approx(slow.bytes[name], rel=1e-9, abs=1e-6)
    return slow


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(trips(), min_size=1, max_size=7), graphs())
def test_random_graphs(some: list[Trip], channels: dict[str, Steps]) -> None:
    agree(some, channels)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(trips(), min_size=1, max_size=7), graphs())
def test_access_links(some: list[Trip], channels: dict[str, Steps]) -> None:
    some = [trip for trip in some if trip.path != ("d",)] or [Trip(0.0, 10.0, Release(0.0, 0.0, 0.0, 1), ("a", "d"))]
    agree(some, channels, taps=True)
