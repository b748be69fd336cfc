"""Pooled inter-token gaps against the same gaps written out one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paasim.metrics import itl
from paasim.metrics.itl import Gaps, pooled
from paasim.metrics.window import Window
from tests.handmade import make_records

QS = (0.0, 1.0, 25.0, 50.0, 90.0, 99.0, 100.0)
FIRST = st.one_of(st.sampled_from([0.01, 0.02, 0.025]), st.floats(1e-3, 0.5))
GROWTH = st.one_of(st.sampled_from([0.0, 1e-3, -1e-5, 1e-20]), st.floats(0, 1e-2))
RUN = st.tuples(st.just(0.0), FIRST, GROWTH, st.integers(0, 40), st.integers(0, 9))


def expanded(gaps: Gaps) -> np.ndarray:
    """Every gap as a value of its own."""
    rows = zip(gaps.first, gaps.growth, gaps.steps, gaps.weight, strict=True)
    return np.concatenate([np.repeat(a + np.arange(k) * g, w) for a, g, k, w in rows])


@settings(max_examples=150, deadline=None)
@given(st.lists(RUN, min_size=1, max_size=30), st.sampled_from([1, 2_000_000]))
def test_statistics_equal_those_of_expanded_tokens(runs: list[tuple[float, ...]], most: int) -> None:
    gaps = Gaps.of_runs(make_records([], gaps=runs, arrivals_end=0.0).gaps)
    if not len(gaps.first):
        assert gaps.summary() is None
        return
    values = expanded(gaps)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(itl, "_MOST_CANDIDATES", most)  # 1: always narrow down by bisection
        np.testing.assert_allclose(gaps.percentiles(QS), np.percentile(values, QS), rtol=1e-14)
    assert gaps.count == len(values)
    assert gaps.mean() == pytest.approx(values.mean(), rel=1e-12)
    assert gaps.std() == pytest.approx(values.std(), rel=1e-6, abs=1e-12)
    assert gaps.largest() == values.max()


ROWS = [
    {"arrival": 0.0, "route": 0, "first_token": 9.0, "second_token": 12.0},
    {"arrival": 0.0, "route": 1, "first_token": 11.0, "second_token": 12.0},
    {"arrival": 0.0, "route": 0, "first_token": 9.0},
]


def test_the_gap_after_a_first_token_from_prefill_is_its_ttst() -> None:
    records = make_records(ROWS, [(10.0, 1.0, 0.0, 5, 2)], first_token=["prefill", "decode"])
    gaps = pooled(records, Window(0.0, 20.0, np.ones(3, bool)))
    assert sorted(expanded(gaps)) == [1.0] * 10 + [3.0]


def test_only_runs_that_begin_in_the_window_count() -> None:
    runs = [(0.0, 1.0, 0.0, 3, 1), (5.0, 2.0, 0.0, 3, 1)]
    records = make_records([{"arrival": 0.0}], runs)
    assert pooled(records, Window(4.0, 9.0, np.ones(1, bool))).mean() == 2.0
    assert pooled(records, Window(6.0, 9.0, np.ones(1, bool))).summary() is None
