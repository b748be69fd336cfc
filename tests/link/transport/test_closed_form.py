"""When the last byte leaves, against a simulation of slow start round by round."""

from __future__ import annotations

from math import ceil, inf, log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paasim.link.transport.bbr import BbrSpec
from paasim.link.transport.tcp import TcpSpec
from paasim.link.transport.terms import Terms, last_byte, rounds_to_fill

MB = 1e6
sizes = st.floats(1.0, 1e11)
rates = st.floats(1e3, 1e11)
windows = st.floats(100.0, 1e9)
trips = st.floats(1e-5, 0.5)


def round_by_round(size: float, rate: float, terms: Terms) -> float:
    """When the last byte leaves: a fluid that may send `window · 2**k` bytes more from the start of round k on."""
    speed = min(rate, terms.cap)
    left, ready, now = size, 0.0, terms.setup
    for k in range(terms.rounds):
        ready += min(terms.window * 2**k, left - ready)
        if ready == left and left <= speed * terms.round_trip:
            return now + left / speed
        sent = min(ready, speed * terms.round_trip)
        left, ready, now = left - sent, ready - sent, now + terms.round_trip
        if left <= 0.0:
            return now
    return now + left / speed


@given(sizes, rates, windows, st.integers(0, 40), trips, st.floats(0, 1), st.one_of(st.just(inf), rates))
def test_the_closed_form_is_what_the_rounds_give(
    size: float, rate: float, window: float, rounds: int, trip: float, setup: float, cap: float
) -> None:
    """Also for rates below those that the terms were made for, where a round's bytes do not all leave in it.

    Between sizes a hair smaller and larger: where a size fills its rounds exactly, one byte more waits for another.
    """
    terms = Terms(setup, window, rounds, trip, cap)
    least, most = (round_by_round(size * (1 + hair), rate, terms) for hair in (-1e-9, 1e-9))
    assert least * (1 - 1e-9) <= last_byte(size, rate, terms) <= most * (1 + 1e-9)


@given(windows, st.floats(1.0, 1e13))
def test_rounds_to_fill_are_the_fewest(window: float, target: float) -> None:
    rounds = rounds_to_fill(window, target)
    assert window * 2**rounds >= target
    assert rounds == 0 or window * 2 ** (rounds - 1) < target


@pytest.mark.parametrize("power", range(6))
def test_connections_save_their_logarithm_in_rounds(power: int) -> None:
    """Over a path of 2**20 windows."""
    one = TcpSpec(initial_window="10000 B")
    many = TcpSpec(initial_window="10000 B", connections=2**power)
    rate = 1e4 * 2**20 / 0.03
    assert one.terms(0.03, rate, 0.0).rounds == 20
    assert many.terms(0.03, rate, 0.0).rounds == 20 - power
    assert many.terms(0.03, rate, 0.0).weight == 2**power


def test_a_small_transfer_of_a_cold_connection() -> None:
    """Handshake, then 1 + 2 + 4 windows in three rounds of which the last is not waited for."""
    terms = TcpSpec().terms(0.1, 1e9, 0.0)
    assert terms == Terms(0.1, 14600.0, 13, 0.1, inf, 1.0, "")
    assert last_byte(7 * 14600, 1e9, terms) == pytest.approx(0.1 + 2 * 0.1 + 4 * 14600 / 1e9)
    assert last_byte(14600, 1e9, terms) == pytest.approx(0.1 + 14600 / 1e9)
    assert last_byte(0, 1e9, terms) == 0.0


def test_a_warm_connection_is_the_rate_alone() -> None:
    kept = TcpSpec(reuse="10 s")
    assert [kept.is_warm(idle) for idle in (0.0, 10.0, 10.1, inf)] == [True, True, False, False]
    assert [TcpSpec(reuse="always").is_warm(idle) for idle in (0.0, 1e6, inf)] == [True, True, False]
    assert not TcpSpec().is_warm(0.0)
    assert last_byte(1e9, 1e8, kept.terms(0.1, 1e8, 0.0, warm=True)) == pytest.approx(10.0)
    restarted = TcpSpec(reuse="10 s", after_idle="restart").terms(0.1, 1e8, 0.0, warm=True)
    cold = kept.terms(0.1, 1e8, 0.0)
    assert restarted == cold._replace(setup=0.0)


@pytest.mark.parametrize(("handshake", "trips"), [("fast-open", 0), ("tcp", 1), ("tls", 2), ("tls-1.2", 3)])
def test_handshakes(handshake: str, trips: int) -> None:
    spec = BbrSpec.model_validate({"handshake": handshake})
    assert spec.terms(0.04, 1e9, 0.0).setup == pytest.approx(trips * 0.04)


TABLE = (
    (100e9, 30e-3, (0.30, 0.39, 0.49)),
    (100e9, 2e-3, (0.020, 0.027, 0.099)),
    (10e9, 30e-3, (0.30, 0.39, 1.11)),
    (1e9, 15e-3, (0.17, 0.89, 8.1)),
    (300e6, 45e-3, (0.53, 2.93, 26.9)),
    (30e6, 70e-3, (2.9, 26.9, 267)),
)
"""The table of times that a cold window takes for 10 MB, 100 MB and 1 GB: bit/s, s, s."""


@pytest.mark.parametrize(("bandwidth", "rtt", "printed"), TABLE)
def test_the_table_of_fill_times(bandwidth: float, rtt: float, printed: tuple[float, ...]) -> None:
    """Its formula with our window gives each printed figure to its last digit but one.

    It counts the round of the last byte whole where slow start is not over, and part of a round for `log2(BDP/IW)`
    where it is; ours says when the last byte leaves, so it may be up to a round trip earlier, or one later.
    """
    rate = bandwidth / 8
    terms = TcpSpec(handshake="fast-open").terms(rtt, rate, 0.0)
    fill = log2(rate * rtt / terms.window)
    assert terms.rounds == ceil(fill)
    for size, shown in zip((10 * MB, 100 * MB, 1000 * MB), printed, strict=True):
        in_slow_start = terms.window * (2**fill - 1)
        theirs = rtt * fill + (size - in_slow_start) / rate
        if size <= in_slow_start:
            theirs = rtt * ceil(log2(1 + size / terms.window))
        digits = len(f"{shown:g}".replace(".", "").lstrip("0"))
        assert theirs == pytest.approx(shown, rel=0.51 * 10 ** (1 - digits) / float(f"{shown:e}".split("e")[0]))
        assert theirs - rtt <= last_byte(size, rate, terms) <= theirs + rtt
