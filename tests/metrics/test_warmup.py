"""Warm-up rules, and the window that they open."""

from __future__ import annotations

import numpy as np
import pytest

from paasim.metrics.warmup import Warmup, mser5, truncate
from paasim.metrics.window import window_of
from tests.handmade import make_records, simulated


def test_mser5_finds_the_end_of_a_transient() -> None:
    rng = np.random.default_rng(1)
    series = rng.normal(1.0, 0.1, 5000)
    series[:800] += np.linspace(5, 0, 800)
    dropped, capped = mser5(series)
    assert 700 <= dropped <= 900
    assert not capped


def test_mser5_drops_little_of_a_steady_series() -> None:
    dropped, capped = mser5(np.random.default_rng(2).normal(1.0, 0.1, 5000))
    assert dropped < 500
    assert not capped


def test_mser5_is_capped_at_half_and_says_so() -> None:
    assert mser5(np.linspace(1.0, 0.0, 1000) ** 2) == (500, True)
    assert mser5(np.arange(99.0)) == (0, False)


@pytest.mark.parametrize(
    ("rule", "until"), [(Warmup(duration=3.0), 4.0), (Warmup(share=0.5), 6.0), (Warmup(auto=True), 1.0)]
)
def test_rules(rule: Warmup, until: float) -> None:
    arrival = np.arange(1.0, 11.0)
    assert truncate(arrival, np.ones(10), rule).until == until


def test_window_closes_with_the_last_arrival() -> None:
    records = simulated(2000)
    window = window_of(records, Warmup(share=0.1))
    assert window.end == records.arrivals_end < records.end
    assert window.counted.sum() == 1800


def test_window_of_a_lone_request_or_a_burst_is_the_whole_run() -> None:
    row = {"arrival": 5.0, "first_token": 6.0, "last_token": 9.0}
    window = window_of(make_records([row, row]), Warmup(auto=True))
    assert (window.start, window.end) == (5.0, 9.0)


def test_without_warm_up_the_window_begins_with_the_run() -> None:
    records = make_records([{"arrival": 5.0, "first_token": 6.0, "last_token": 9.0}])
    assert window_of(records, Warmup()).start == 0.0
