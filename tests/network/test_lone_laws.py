"""The closed form of a lone transfer against those of one part and of no windows; and its inverse."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paasim.core.kernel import Moment
from paasim.core.release import Release
from paasim.kv.schedule import released
from paasim.link.lone import departure, rate_to_keep_up
from paasim.link.plain.flow import Flow
from paasim.link.transport.terms import Terms, last_byte, rounds_to_fill

sizes = st.floats(1.0, 1e10)
rates = st.floats(1e3, 1e11)
times = st.floats(0.0, 100.0)
parts = st.lists(st.tuples(st.floats(0.0, 10.0), st.floats(1.0, 1e9)), min_size=1, max_size=30).map(sorted)


@st.composite
def transports(draw: st.DrawFn) -> Terms:
    """Terms whose rounds fill the path, as transports make them; or none."""
    trip, cap = draw(st.floats(1e-4, 1.0)), draw(st.one_of(st.just(inf), rates))
    window = draw(st.floats(1e3, 1e8))
    rounds = rounds_to_fill(window, min(1e11, cap) * trip)
    slow = draw(st.booleans()) and rounds > 0
    return Terms(draw(times), window if slow else inf, rounds if slow else 0, trip, cap)


@given(sizes, rates, transports())
def test_one_part_is_the_closed_form_of_a_whole_transfer(size: float, rate: float, terms: Terms) -> None:
    assert departure([(0.0, size)], terms.setup, rate, terms).left == pytest.approx(last_byte(size, rate, terms))


@given(sizes, rates, times, times, st.integers(1, 100), st.floats(0.0, 0.9))
def test_without_windows_it_is_the_closed_form_of_a_flow(
    size: float, rate: float, first: float, period: float, count: int, head: float
) -> None:
    release = Release(0.0, first, period, count, head)
    flow = Flow(Moment([]), size, release, rate, None)
    flow.begin(0.0)
    assert departure(released(release, size), 0.0, rate, Terms()).left == pytest.approx(flow.finish(rate))


@given(parts, transports(), st.floats(0.0, 20.0))
def test_the_rate_that_keeps_up_does_so_just_so(made: list[tuple[float, float]], terms: Terms, deadline: float) -> None:
    free = terms._replace(cap=inf)
    rate = rate_to_keep_up(made, deadline, terms.setup, free)
    if rate == inf:
        assert departure(made, terms.setup, 1e15, free).left >= deadline
        return
    filling = free._replace(rounds=rounds_to_fill(free.window, rate * free.round_trip) if free.rounds else 0)
    assert departure(made, terms.setup, rate * (1 + 1e-9), filling).left <= deadline * (1 + 1e-12) + 1e-9
    assert departure(made, terms.setup, rate * 0.99, filling).left > deadline


@given(parts, rates, transports())
def test_more_rate_never_slows_it_down_and_bytes_take_their_time(
    made: list[tuple[float, float]], rate: float, terms: Terms
) -> None:
    left = departure(made, terms.setup, rate, terms).left
    assert departure(made, terms.setup, 2 * rate, terms).left <= left
    assert left >= max(time for time, _ in made)
    assert left >= terms.setup + sum(size for _, size in made) / rate * (1 - 1e-12)
