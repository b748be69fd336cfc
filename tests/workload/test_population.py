"""Populations: integrals over laws of lengths against their closed forms, cuts, and sequences."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paasim.workload.lengths.lengths import LengthsSpec
from paasim.workload.population import mixed, population, sequence
from paasim.workload.spec import WorkloadSpec

LOGNORMAL = {"mu": 9.9, "sigma": 1.0, "min": 128, "max": 131_072}
KINDS: dict[str, dict[str, Any]] = {
    "fixed": {"kind": "fixed", "prompt": 1000, "output": 10},
    "uniform": {"kind": "uniform", "prompt": {"min": 1, "max": 10}, "output": {"min": 100, "max": 1000}},
    "exponential": {"kind": "exponential", "prompt": {"mean": 2000}, "output": {"mean": 3}},
    "lognormal": {"kind": "lognormal", "prompt": LOGNORMAL, "output": {"mean": 300, "sigma": 1.5}},
    "long tail": {"kind": "lognormal", "prompt": {"mean": 8000, "sigma": 2.0}, "output": {"mean": 300}},
    "empirical": {"kind": "empirical", "prompt": [10, 500, 900, 4000], "output": [1, 50, 400]},
    "bundled": {"kind": "bundled", "name": "mooncake-conversation"},
}


def spec(kind: str) -> WorkloadSpec:
    return WorkloadSpec.model_validate({"arrivals": {"kind": "poisson", "rate": "1 /s"}, "lengths": KINDS[kind]})


@pytest.mark.parametrize("kind", KINDS)
def test_means_are_those_of_the_law(kind: str) -> None:
    people, workload = population(spec(kind)), spec(kind)
    assert (people.mean_prompt, people.mean_output) == pytest.approx(workload.means(), rel=3e-4)
    assert people.weights.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("kind", KINDS)
def test_second_moments_are_those_of_draws(kind: str) -> None:
    """Products as well, so that what outputs have to do with prompts is kept: within four standard errors."""
    people = population(spec(kind))
    lengths = spec(kind).lengths
    assert lengths is not None
    draws = lengths.draws(np.random.default_rng(1))
    drawn = np.array([next(draws) for _ in range(100_000)], float)
    for ours, theirs in (
        (np.minimum(people.prompts, 50_000.0) ** 2, np.minimum(drawn[:, 0], 50_000.0) ** 2),
        (np.minimum(people.prompts, 50_000.0) * np.minimum(people.outputs, 2000.0),
         np.minimum(drawn[:, 0], 50_000.0) * np.minimum(drawn[:, 1], 2000.0)),
    ):  # fmt: skip
        error = np.std(theirs) / len(theirs) ** 0.5
        assert people.mean(ours) == pytest.approx(np.mean(theirs), abs=4 * error + 1e-3 * np.mean(theirs))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("at", [5, 1000, 19_400])
def test_a_cut_is_exact(kind: str, at: int) -> None:
    """The share below is that of draws, all below is below, and both parts together have the mean of the whole."""
    people = population(spec(kind))
    share, below, above = people.cut(at)
    lengths = spec(kind).lengths
    assert lengths is not None
    draws = lengths.draws(np.random.default_rng(2))
    drawn = np.array([next(draws)[0] for _ in range(40_000)])
    assert share == pytest.approx(np.mean(drawn <= at), abs=0.011)
    assert (below is None, above is None) == (share == 0.0, share == 1.0)
    parts = [(w, each) for w, each in ((share, below), (1.0 - share, above)) if each is not None]
    assert sum(w * each.mean_prompt for w, each in parts) == pytest.approx(people.mean_prompt, rel=1e-3)
    assert below is None or below.prompts.max() <= at + 0.5
    assert above is None or above.prompts.min() >= at + 0.5 - 1e-6


@pytest.mark.parametrize("kind", KINDS)
def test_a_sequence_keeps_the_means(kind: str) -> None:
    people = population(spec(kind))
    rows = np.array(sequence(people, 4096), float)
    assert rows.mean(axis=0) == pytest.approx((people.mean_prompt, people.mean_output), rel=0.02)
    assert abs(np.corrcoef(rows[1:, 0], rows[:-1, 0])[0, 1]) < 0.06 if rows[:, 0].std() else True


def test_the_share_of_the_paper() -> None:
    """49.57 % above 19,400 tokens, 45,046 tokens on average; 10,224 below (Prefill-as-a-Service, arXiv 2604.15039)."""
    share, below, above = population(spec("lognormal")).cut(19_400)
    assert below is not None
    assert above is not None
    assert 1 - share == pytest.approx(0.4957, abs=5e-5)
    assert (above.mean_prompt, below.mean_prompt) == pytest.approx((45_046, 10_224), rel=1e-4)


def test_rows_of_a_trace(tmp_path: Any) -> None:
    lines = [f"2023-11-16 18:00:{second:02d}.0,{100 * second + 1},{second + 1}" for second in range(0, 40, 4)]
    file = tmp_path / "trace.csv"
    file.write_text("\n".join(["TIMESTAMP,ContextTokens,GeneratedTokens", *lines]))
    workload = WorkloadSpec.model_validate({"kind": "azure", "path": str(file), "speed": 2})
    people = population(workload)
    assert people.rate == pytest.approx(0.5)
    assert people.prompts.tolist() == [400 * i + 1 for i in range(10)]
    assert sequence(people, 100) == [(400 * i + 1, 4 * i + 1) for i in range(10)]
    assert population(workload, requests=3).prompts.tolist() == [1, 401, 801]
    assert population(workload, duration=4.0).prompts.tolist() == [1, 401, 801]
    share, below, above = people.cut(401)
    assert share == pytest.approx(0.2)
    assert below is not None
    assert above is not None
    assert (below.mean_prompt, above.mean_prompt) == pytest.approx((201, 2201))
    file.write_text("\n".join(["TIMESTAMP,ContextTokens,GeneratedTokens", *lines[:2]]))
    assert len(population(workload).prompts) == 2  # a file that has changed is read again


def test_populations_together() -> None:
    both = mixed([(1.0, population(spec("fixed"))), (3.0, population(spec("empirical")))])
    assert both.mean_prompt == pytest.approx((1000 + 3 * population(spec("empirical")).mean_prompt) / 4)
    assert both.weights.sum() == pytest.approx(1.0)


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")  # it is in no union here
def test_lengths_that_have_draws_alone() -> None:
    """A kind of somebody else's without a law: many draws stand for it."""

    class Odd(LengthsSpec):
        kind: str = "odd"

        def columns(self, rng: np.random.Generator, base: Path | None = None) -> Iterator[tuple[list[int], list[int]]]:
            while True:
                yield rng.integers(100, 301, 500).tolist(), [7] * 500

    assert not Odd().has_law
    plain = spec("fixed")
    people = population(plain.model_copy(update={"lengths": Odd()}))
    assert (people.mean_prompt, people.mean_output) == pytest.approx((200, 7), rel=0.01)
    assert people.cut(150)[0] == pytest.approx(51 / 201, abs=0.02)
