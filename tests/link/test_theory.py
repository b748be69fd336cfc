"""A shared link is an M/G/1 processor-sharing queue (Kleinrock, Queueing Systems II, chapter 4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

from paasim.core.kernel import Environment
from paasim.core.streams import Streams
from tests.link.drive import shared, whole

Draw = Callable[[np.random.Generator, int], np.ndarray]
N, LOAD = 20_000, 0.5


def two_sizes(rng: np.random.Generator, n: int) -> np.ndarray:
    """Mean 1, squared coefficient of variation 3: nine in ten are small."""
    return np.where(rng.random(n) < 0.9, 1 - 1 / np.sqrt(4.5), 1 + 9 / np.sqrt(4.5))


def mean_time(sizes: Draw, replication: int) -> float:
    rng = Streams(7, replication).get("test")
    env = Environment()
    link = shared(env, 1.0)
    gaps, work = rng.exponential(1 / LOAD, N).tolist(), sizes(rng, N).tolist()
    total = 0.0

    def add(start: float) -> Callable[[Any], None]:
        def done(_: Any) -> None:
            nonlocal total
            total += env.now - start

        return done

    def source() -> Any:
        for gap, size in zip(gaps, work, strict=True):
            yield env.timeout(gap)
            link.transfer(size, whole(env.now), True).callbacks.append(add(env.now))  # type: ignore[union-attr]

    env.process(source())
    env.run()
    assert link.totals(env.now)["flows"] == pytest.approx(total)  # Little's law
    return total / N


@pytest.mark.long
@pytest.mark.parametrize(
    "sizes", [lambda rng, n: rng.exponential(1.0, n), two_sizes], ids=["exponential", "hyper-deterministic"]
)
def test_mean_time_is_that_of_processor_sharing_whatever_the_law_of_sizes(sizes: Draw) -> None:
    means = [mean_time(sizes, replication) for replication in range(16)]
    low, high = stats.t.interval(0.99, len(means) - 1, np.mean(means), stats.sem(means))
    expected = 1 / (1 - LOAD)
    assert low <= expected <= high
    assert (high - low) / 2 <= 0.02 * expected
