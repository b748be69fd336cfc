"""Whether the best variant stays the best while profiles are off."""

from __future__ import annotations

import pytest

from paasim.study.sensitivity.study import sensitivity
from tests.study.sensitivity.beds import queue, rivals

A, B = "step times of here.a (inline)", "step times of here.b (inline)"


def test_it_flips_just_where_the_other_is_faster() -> None:
    """1 s times a factor against 1.2 s times another, both from 0.6 to 1.4: the first is slower in 30.1 % of cases."""
    found = sensitivity(rivals(), metric="ttft:mean", profile_samples=64).document.survival
    assert found is not None
    assert (found.best, found.samples) == ("base", 64)
    assert found.stays + len(found.flips) == 64
    assert len(found.flips) / 64 == pytest.approx(0.301, abs=0.06)
    assert all(flip.factors[A] > 1.2 * flip.factors[B] and flip.best == "other" for flip in found.flips)
    assert all(flip.value == pytest.approx(1.2 * flip.factors[B]) for flip in found.flips)
    distances = [max(abs(factor - 1) for factor in flip.factors.values()) for flip in found.flips]
    assert distances == sorted(distances)
    base, other = found.variants["base"], found.variants["other"]
    assert base.best + other.best == 64
    assert (base.nominal, other.nominal) == (pytest.approx(1.0), pytest.approx(1.2))
    assert base.low == pytest.approx(0.6, abs=0.02)
    assert base.high == pytest.approx(1.4, abs=0.02)


def test_equal_points_are_simulated_once() -> None:
    """The scenario as it is is an end of the rate's range, and one of the variants."""
    study = sensitivity(rivals(), over=["workload.arrivals.rate=0.1 /s..0.2 /s"], profile_samples=8).document
    assert study.runs == 1 + 1 + 2 + 1 + 2 * 8  # as it is, rate, slowdown of a, the other variant, samples


def test_a_lone_scenario_gets_a_range() -> None:
    found = sensitivity(queue(requests=100, replications=1), profile_samples=4).document.survival
    assert found is not None
    assert list(found.variants) == ["base"]
    assert found.flips == []
    span = found.variants["base"]
    assert span.low is not None
    assert span.high is not None
    assert span.low < span.high


def test_more_is_better_of_rates() -> None:
    found = sensitivity(rivals(), metric="throughput", profile_samples=4).document.survival
    assert found is not None
    assert found.best == "base"
