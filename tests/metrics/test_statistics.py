"""Statistics and intervals: conventions, and coverage on series with a known mean."""

from __future__ import annotations

import numpy as np
import pytest

from paasim.metrics import intervals
from paasim.metrics.statistics import enough_for, summarize


def test_summary_is_linear_and_leaves_nan_out() -> None:
    summary = summarize(np.array([1.0, np.nan, 2.0, 3.0, 4.0]))
    assert summary is not None
    assert (summary.n, summary.mean, summary.p50, summary.max) == (4, 2.5, 2.5, 4.0)
    assert summary.p90 == pytest.approx(3.7)
    assert summary.std == pytest.approx(np.std([1, 2, 3, 4]))
    assert summarize(np.array([np.nan])) is None


@pytest.mark.parametrize(("percentile", "n", "enough"), [(99, 999, False), (99, 1000, True), (50, 20, True)])
def test_percentiles_need_observations_beyond_them(percentile: float, n: int, enough: bool) -> None:
    assert enough_for(percentile, n) is enough


def test_students_interval_by_hand() -> None:
    # t(0.975, 2) = 4.303; s = 1; n = 3.
    assert intervals.half_width([1.0, 2.0, 3.0]) == pytest.approx(4.30265 / np.sqrt(3), rel=1e-5)
    assert intervals.half_width([1.0]) is None
    assert intervals.over_replications(2.5, [2.0, 2.0]) == (2.5, 2.5)


def test_replication_intervals_cover_as_often_as_they_claim() -> None:
    rng = np.random.default_rng(5)
    halves = [(sample.mean(), intervals.half_width(sample)) for sample in rng.normal(3.0, 1.0, (2000, 5))]
    covered = np.mean([abs(mean - 3.0) <= half for mean, half in halves])
    assert covered == pytest.approx(0.95, abs=0.015)


def test_batch_means_cover_correlated_series() -> None:
    rng = np.random.default_rng(6)
    covered = 0
    for _ in range(200):
        noise = rng.normal(size=4000)
        series = np.empty(4000)
        series[0] = noise[0]
        for i in range(1, 4000):
            series[i] = 0.8 * series[i - 1] + noise[i]
        low, high = intervals.mean_over_batches(series) or (1.0, 1.0)
        covered += low <= 0 <= high
    assert covered / 200 > 0.88  # taken as independent, the values would cover in about half of the cases


def test_short_series_get_no_interval() -> None:
    assert intervals.mean_over_batches(np.arange(199.0)) is None
    assert intervals.p99_over_batches(np.arange(9_999.0)) is None
    assert intervals.p99_over_batches(np.arange(10_000.0)) is not None
    assert intervals.mean_over_batches(np.arange(100.0), np.arange(99.0)) is None


def test_batches_never_span_two_replications() -> None:
    low, high = intervals.mean_over_batches(np.zeros(500), np.ones(500)) or (0.0, 0.0)
    assert (low + high) / 2 == 0.5
    assert high - low == pytest.approx(2 * 2.093 * np.std([0] * 10 + [1] * 10, ddof=1) / np.sqrt(20), rel=1e-3)
