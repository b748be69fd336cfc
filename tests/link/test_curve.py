"""Capacity over time: the two questions are each other's inverse, and both are what adding up pieces gives."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, cycle, islice
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paasim.link.curve import Curve
from paasim.link.outages.pauses import paused

FORMS = ("held", "loop", "made", "made from a loop")
durations = st.floats(0.01, 10.0)
rates = st.one_of(st.just(0.0), st.floats(1e4, 1e9))
pieces = st.lists(st.tuples(durations, rates), min_size=1, max_size=8)
moments = st.floats(0.0, 60.0)


def build(form: str, parts: list[tuple[float, float]], offset: float = 0.0) -> Curve:
    times, at = [], 0.0
    for lasts, _ in parts:
        times.append(at)
        at += lasts
    each = [rate for _, rate in parts]
    if form == "held":
        return Curve(times, each)
    if form == "made":
        return Curve.made(iter(parts))
    loop = Curve(times, each, at, offset)
    return loop if form == "loop" else Curve.made(loop.hand_over())


def plain(form: str, parts: list[tuple[float, float]]) -> Iterator[tuple[float, float, float]]:
    """(start, end, rate), told one by one: the reference."""
    at = 0.0
    for number, (lasts, rate) in enumerate(parts if form in ("held", "made") else cycle(parts), 1):
        end = inf if form in ("held", "made") and number == len(parts) else at + lasts
        yield at, end, rate
        at = end


def added_up(form: str, parts: list[tuple[float, float]], start: float, end: float) -> float:
    total = 0.0
    for low, high, rate in plain(form, parts):
        if low >= end:
            break
        total += rate * max(min(high, end) - max(low, start), 0.0)
    return total


@given(st.sampled_from(FORMS), pieces, moments, moments)
def test_carried_is_the_sum_of_pieces(form: str, parts: list[tuple[float, float]], one: float, other: float) -> None:
    start, end = sorted((one, other))
    found = build(form, parts).carried(start, end)
    assert found == pytest.approx(added_up(form, parts, start, end), rel=1e-9, abs=1e-3)


@given(st.sampled_from(FORMS), pieces, moments, st.floats(1.0, 1e6))
def test_reach_is_inverse_to_carried(form: str, parts: list[tuple[float, float]], start: float, size: float) -> None:
    curve = build(form, parts)
    end = curve.reach(start, size)
    if end == inf:
        assert parts[-1][1] == 0.0 if form in ("held", "made") else all(rate == 0.0 for _, rate in parts)
        return
    assert end > start
    assert curve.carried(start, end) == pytest.approx(size, rel=1e-9, abs=1e-3)
    assert curve.carried(start, end - 1e-5) < size - 0.09  # and not earlier: bytes flow just before


@given(st.sampled_from(FORMS), pieces, moments, st.floats(0.0, 30.0), st.floats(0.0, 30.0))
def test_carried_adds_up(form: str, parts: list[tuple[float, float]], start: float, one: float, two: float) -> None:
    curve = build(form, parts)
    whole = curve.carried(start, start + one + two)
    split = curve.carried(start, start + one) + curve.carried(start + one, start + one + two)
    assert split == pytest.approx(whole, rel=1e-9, abs=1e-3)


@given(st.sampled_from(FORMS), pieces, st.floats(0.0, 5.0))
def test_changes_are_all_found_and_nothing_else(form: str, parts: list[tuple[float, float]], offset: float) -> None:
    curve = build(form, parts, offset if form == "loop" else 0.0)
    time = 0.0
    for _ in range(40):
        later = curve.next_change(time)
        assert later > time
        if later == inf:
            break
        assert curve.rate(later) != curve.rate(time)
        assert curve.rate((time + later) / 2) == curve.rate(time)
        time = later


@given(pieces, st.floats(0.0, 100.0), moments)
def test_a_loop_may_begin_anywhere(parts: list[tuple[float, float]], offset: float, time: float) -> None:
    loop, turned = build("loop", parts), build("loop", parts).turned(offset)
    ahead = loop.carried(offset, offset + time)
    assert turned.carried(0.0, time) == pytest.approx(ahead, rel=1e-9, abs=1e-3 + 1e-6 * ahead)


@given(st.sampled_from(FORMS), pieces, st.floats(1.0, 1e9), st.floats(0.1, 10.0), moments)
def test_clipped_and_scaled(form: str, parts: list[tuple[float, float]], limit: float, by: float, time: float) -> None:
    assert build(form, parts).clip(limit).rate(time) == min(build(form, parts).rate(time), limit)
    assert build(form, parts).scaled(by).carried(0.0, time) == pytest.approx(
        by * build(form, parts).carried(0.0, time), rel=1e-9
    )


@given(st.sampled_from(FORMS), pieces, st.lists(st.tuples(durations, durations), max_size=6), moments)
def test_nothing_passes_in_an_outage(
    form: str, parts: list[tuple[float, float]], gaps: list[tuple[float, float]], time: float
) -> None:
    outages, at = [], 0.0
    for after, lasts in gaps:
        at += after
        outages.append((at, lasts))  # they may overlap
    curve = paused(build(form, parts), iter(outages))
    is_out = any(start <= time < start + lasts for start, lasts in outages)
    assert curve.rate(time) == (0.0 if is_out else pytest.approx(build(form, parts).rate(time)))


@given(pieces, moments, st.floats(1.0, 1e6))
def test_what_is_forgotten_is_not_missed(parts: list[tuple[float, float]], time: float, size: float) -> None:
    fresh, used = build("made from a loop", parts), build("made from a loop", parts)
    used.forget(time)
    assert used.rate(time) == fresh.rate(time)
    assert used.reach(time, size) == pytest.approx(fresh.reach(time, size), rel=1e-9)
    assert used.carried(time, time + 7.0) == pytest.approx(fresh.carried(time, time + 7.0), rel=1e-9, abs=1e-3)


def test_nothing_for_ever() -> None:
    assert Curve.constant(0.0).reach(1.0, 1.0) == inf
    assert Curve([0.0], [0.0], 5.0).reach(1.0, 1.0) == inf
    assert Curve([0.0, 1.0], [8.0, 0.0]).reach(0.0, 8.0) == 1.0
    assert Curve([0.0, 1.0], [8.0, 0.0]).reach(0.0, 8.1) == inf
    assert Curve.made((1.0, 0.0) for _ in count()).reach(0.0, 1.0) == inf
    assert Curve.made((1.0, 5.0) for _ in count()).next_change(0.0) == inf
    with pytest.raises(ValueError, match="a piece to begin with"):
        Curve.made(iter(()))


def test_the_last_byte_of_a_round_belongs_to_it() -> None:
    loop = Curve([0.0, 1.0], [8.0, 0.0], 10.0)
    assert loop.reach(0.0, 8.0) == 1.0
    assert loop.reach(0.0, 16.0) == 11.0
    assert loop.reach(5.0, 8e6) == 999_999 * 10.0 + 11.0
    assert loop.reach(3.0, 0.0) == 3.0


def test_pieces_are_those_from_time_zero_on() -> None:
    loop = Curve([0.0, 2.0], [1.0, 3.0], 5.0, 1.0)
    assert list(islice(loop.pieces(), 4)) == [(1.0, 1.0), (3.0, 3.0), (2.0, 1.0), (3.0, 3.0)]
    assert list(Curve([0.0, 2.0], [1.0, 3.0]).pieces()) == [(2.0, 1.0), (inf, 3.0)]
    assert list(Curve([0.0, 2.0], [1.0, 3.0]).turned(1.5).pieces()) == [(0.5, 1.0), (inf, 3.0)]


def test_only_as_much_is_made_as_is_asked_for() -> None:
    asked = []

    def pieces_made() -> Iterator[tuple[float, float]]:
        for number in count():
            asked.append(number)
            yield 1.0, float(number % 3)

    curve = Curve.made(pieces_made())
    curve.rate(4.5)
    assert len(asked) <= 6
    assert curve.reach(0.0, 3e4) == pytest.approx(3e4)
