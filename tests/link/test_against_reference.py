"""The fast ways of sharing agree with a brute-force fluid reference."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paasim.core.release import Release
from tests.link.drive import finishes
from tests.link.reference import Job, simulate

RATE = 100.0
grid = st.integers(0, 40).map(lambda i: i / 4)  # many coincidences
free = st.floats(0, 10)
times = st.one_of(grid, free)


@st.composite
def jobs(draw: st.DrawFn, devices: int) -> Job:
    start = draw(times)
    release = Release(
        start + draw(st.sampled_from([0.0, 0.0, -2.0, 1.5])),
        draw(times) / 4,
        draw(times) / 8,
        draw(st.sampled_from([1, 2, 4, 32])),
        draw(st.sampled_from([0.0, 0.0, 0.3, 1.0])),
    )
    size = draw(st.one_of(st.integers(1, 40).map(lambda n: n * 25.0), st.floats(0.5, 800)))
    return Job(start, size, release, draw(st.integers(0, devices - 1)) if devices else None)


def agree(some: list[Job], access: dict[int, float], probe: list[float]) -> None:
    fast = finishes(some, RATE, access, probe)
    slow = simulate(some, RATE, access)
    for a, b in zip(fast, slow, strict=True):
        assert math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(jobs(0), min_size=1, max_size=6), st.lists(times, max_size=3))
def test_one_link(some: list[Job], probe: list[float]) -> None:
    agree(some, {}, probe)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(jobs(6), min_size=1, max_size=7), st.sampled_from([10.0, 25.0, 40.0, 100.0, 300.0]))
def test_equal_access_links(some: list[Job], limit: float) -> None:
    agree(some, dict.fromkeys(range(6), limit), [])


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    st.lists(st.one_of(jobs(4), jobs(0)), min_size=1, max_size=8),
    st.lists(st.sampled_from([5.0, 20.0, 25.0, 40.0, 60.0, 500.0]), min_size=4, max_size=4),
    st.lists(times, max_size=3),
)
def test_unequal_access_links(some: list[Job], limits: list[float], probe: list[float]) -> None:
    agree(some, dict(enumerate(limits)), probe)


@pytest.mark.parametrize("limit", [3.0, 30.0])
def test_many_flows(limit: float) -> None:
    some = [
        Job(i * 0.37, 60.0 + 7 * (i % 11), Release(i * 0.37, 0.1, 0.05 * (i % 3), 8, 0.1 * (i % 2)), i % 13)
        for i in range(60)
    ]
    agree(some, {d: limit * (1 + d % 2) for d in range(13)}, [])
