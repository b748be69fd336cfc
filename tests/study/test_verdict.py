"""How sure a difference is, and how many replications would tell."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from paasim.study import spread
from paasim.study.spread import Spread, welch
from paasim.study.verdict import Found, judged


def test_the_number_that_tells_has_the_power_it_says() -> None:
    """Fresh replications of a known difference: about 80 % of such samples do tell."""
    rng = np.random.default_rng(5)
    true, deviation = 0.4, 1.0
    seen = Spread(deviation / np.sqrt(5), 4, 5)
    n = seen.enough(true)
    assert n is not None
    told = []
    for _ in range(1500):
        sample = rng.normal(true, deviation, n)
        told.append(judged(Found(10 + sample.mean(), 10, spread.paired(sample.tolist()))).verdict == "worse")
    assert np.mean(told) == pytest.approx(0.8, abs=0.035)


def test_it_is_the_sample_size_of_the_books() -> None:
    """Noncentral t: the power at n is at least 80 %, at n - 1 it is not (to within the usual approximation of one)."""
    for ratio in (0.2, 0.5, 1.0):
        n = Spread(1 / np.sqrt(3), 2, 3).enough(ratio)
        assert n is not None

        def power(size: int, ratio: float = ratio) -> float:
            limit = stats.t.ppf(0.975, size - 1)
            return float(stats.nct.sf(limit, size - 1, ratio * np.sqrt(size)))

        assert power(n + 1) >= 0.8
        assert power(n - 2) < 0.8


@pytest.mark.parametrize(("distance", "n"), [(0.0, None), (-1.0, None), (1e-9, None), (100.0, 6)])
def test_ends_of_the_number_that_tells(distance: float, n: int | None) -> None:
    assert Spread(1.0, 4, 5).enough(distance) == n


def test_a_tiny_difference_may_be_told_to_be_none() -> None:
    """A hundredth of the negligible margin apart: sooner shown to be negligible than shown to be there."""
    found = judged(Found(1 + 1e-5, 1.0, Spread(0.001, 9, 10)))
    assert found.verdict == "cannot tell"
    margin = Spread(0.001, 9, 10).enough(1e-3 - 1e-5)
    apart = Spread(0.001, 9, 10).enough(1e-5)
    assert margin is not None
    assert apart is None or apart > margin
    assert found.replications_needed == margin


def test_verdicts_for_all_variants_together_are_slower() -> None:
    just = Found(1.0, 0.0, Spread(0.4, 30, 31))
    alone, together = judged(just, 1), judged(just, 20)
    assert (alone.verdict, alone.jointly) == ("worse", "worse")
    assert (together.verdict, together.jointly) == ("worse", "cannot tell")
    assert alone.ci95 == together.ci95
    assert together.replications_needed is None
    assert judged(Found(1.0, 0.0, Spread(0.4, 30, 31), higher_is_better=True)).verdict == "better"


def test_welch_is_that_of_scipy() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(0, 1, 5), rng.normal(0.5, 3, 9)
    ours, other = spread.own(a.tolist()), spread.own(b.tolist())
    assert ours is not None
    assert other is not None
    both = welch(ours, other)
    known = stats.ttest_ind(a, b, equal_var=False).confidence_interval(0.95)
    assert (a.mean() - b.mean() - both.half(), a.mean() - b.mean() + both.half()) == pytest.approx(tuple(known))
    assert not both.is_paired


def test_what_stands_behind_an_interval() -> None:
    values = [1.0, 2.0, 4.0, 4.5]
    known = spread.paired(values)
    assert known is not None
    again = spread.from_interval(known.half(), 3, 4)
    assert again.error == pytest.approx(known.error)


def test_nothing_to_go_by() -> None:
    found = judged(Found(2.0, 1.0, None))
    assert (found.verdict, found.jointly, found.ci95, found.replications_needed) == (
        "cannot tell",
        "cannot tell",
        None,
        None,
    )
    assert judged(Found(1.0, 1.0, None)).verdict == "same"
    assert judged(Found(1.0, 0.0, None)).ratio is None
