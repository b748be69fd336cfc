"""Speculative decoding: a token takes cost / accepted of a step."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from paasim.profile import load
from paasim.profile.service import Speculation
from paasim.profile.speculation import SpeculatingSteps

H100 = "h100-sxm/llama-3.1-8b/bf16/vllm/tp1"


def _drafts(tokens: float, cost: float = 1.0) -> Speculation:
    return Speculation(tokens_per_step=tokens, step_cost=cost, source="assumed")


def test_a_token_takes_its_share_of_a_step() -> None:
    plain = load(H100).steps()
    steps = SpeculatingSteps(plain, _drafts(2.5, 1.25))
    for b, s in ((1, 100.0), (7, 9e4), (600, 2e6)):
        assert steps.decode(b, s) == pytest.approx(plain.decode(b, s) / 2, rel=1e-12)
        assert steps.curve(b).at(s) == steps.decode(b, s)
    assert steps.prefill(700, 3e5) == plain.prefill(700, 3e5)
    assert steps.mixed(700, 3e5, 0, 0.0) == plain.prefill(700, 3e5)
    assert steps.mixed(0, 0.0, 5, 9e3) == steps.decode(5, 9e3)
    same = SpeculatingSteps(plain, _drafts(1.0))
    assert same.mixed(700, 3e5, 9, 9e4) == plain.mixed(700, 3e5, 9, 9e4)
    assert same.decode(9, 9e4) == plain.decode(9, 9e4)


@pytest.mark.parametrize("accepted", [2, 3, 5])
def test_an_answer_takes_as_long_as_in_whole_steps(accepted: int) -> None:
    """Against steps that yield several tokens at once: less than a step apart, whatever the length."""
    plain = load(H100).steps()
    steps = SpeculatingSteps(plain, _drafts(accepted, 1.2))
    for b, context, tokens in ((1, 900, 300), (16, 4000, 301), (64, 100, 7)):
        by_token = sum(steps.decode(b, float(b * (context + i))) for i in range(tokens))
        count = -(-tokens // accepted)
        by_step = sum(1.2 * plain.decode(b, float(b * (context + accepted * i))) for i in range(count))
        assert abs(by_token - by_step) < 1.2 * plain.decode(b, float(b * (context + tokens)))


@pytest.mark.parametrize(("tokens", "cost"), [(2.5, 1.2), (1.0, 1.4), (4.0, 1.0)])
def test_steps_stay_monotone(tokens: float, cost: float) -> None:
    steps = SpeculatingSteps(load(H100).steps(), _drafts(tokens, cost))
    rng = np.random.default_rng(11)
    for _ in range(300):
        n, b = int(np.exp(rng.uniform(0, 11))), int(np.exp(rng.uniform(0, 6)))
        q, s = float(np.exp(rng.uniform(0, 22))), float(np.exp(rng.uniform(0, 14)))
        by = rng.choice([1.001, 1.1, 2.0, 8.0])
        now = steps.mixed(n, q, b, s) * (1 - 1e-12)
        for more in ((max(n + 1, int(n * by)), q, b, s), (n, q * by, b, s), (n, q, b + 1, s), (n, q, b, s * by)):
            assert steps.mixed(*more) >= now
        assert now >= max(steps.prefill(n, q), steps.decode(b, s)) * (1 - 1e-11)


def test_bad_input() -> None:
    for fields in (
        {"tokens_per_step": 0.5, "source": "x"},
        {"tokens_per_step": 2.0},
        {"tokens_per_step": 2, "source": ""},
    ):
        with pytest.raises(ValidationError):
            Speculation.model_validate(fields)
