"""A tensor-parallel width between two measured ones."""

from __future__ import annotations

import numpy as np
import pytest

from paasim.core.errors import InputError
from paasim.profile import load
from paasim.profile.between import BetweenSteps, share_of_wider
from paasim.profile.form import DecodeForm, Forms, PrefillForm
from paasim.profile.steps import StepTime

STEM = "h200-sxm/llama-3.1-70b/fp8/vllm"
BETWEEN = {"between": [f"{STEM}/tp2", f"{STEM}/tp4"], "tp": 3}


def _parallel(tp: int) -> StepTime:
    """Steps that take x + y/tp."""
    prefill = PrefillForm.model_construct(a=2e-3, w=0.0, b=80e-6 / tp, c=1e-9 / tp)
    decode = DecodeForm.model_construct(a=2e-3 + 20e-3 / tp, b=10e-6, c=40e-9 / tp, d=0.0, e=0.0)
    return StepTime(f"tp{tp}", Forms(prefill=prefill, decode=decode))


def test_amdahls_law_is_met_exactly() -> None:
    for low, width, high in ((1, 2, 4), (2, 6, 8), (1, 3, 8)):
        steps, exact = BetweenSteps(_parallel(low), _parallel(high), share_of_wider(low, width, high)), _parallel(width)
        assert steps.prefill(700, 3e5) == pytest.approx(exact.prefill(700, 3e5), rel=1e-13)
        assert steps.decode(9, 9e4) == pytest.approx(exact.decode(9, 9e4), rel=1e-13)
        assert steps.mixed(700, 3e5, 9, 9e4) == pytest.approx(exact.mixed(700, 3e5, 9, 9e4), rel=1e-13)


def test_a_profile_between_two_is_a_profile() -> None:
    profile, low, high = load(BETWEEN), load(f"{STEM}/tp2"), load(f"{STEM}/tp4")
    spec, steps = profile.spec, profile.steps()
    assert spec.id == f"{STEM}/tp3"
    assert (spec.tp, spec.gpus, spec.provenance) == (3, 3, "estimated")
    assert "interpolated between" in spec.note
    assert spec.error is None
    assert spec.memory.weight_bytes is not None
    assert low.spec.memory.kv_capacity_tokens < spec.memory.kv_capacity_tokens < high.spec.memory.kv_capacity_tokens  # type: ignore[operator]
    assert profile.digest() != low.digest()
    rng = np.random.default_rng(5)
    for _ in range(200):
        n, b = int(np.exp(rng.uniform(0, 11))), int(np.exp(rng.uniform(0, 7)))
        q, s = float(np.exp(rng.uniform(0, 22))), float(np.exp(rng.uniform(0, 15)))
        ends = [sorted(of) for of in zip(*(_times(p.steps(), n, q, b, s) for p in (low, high)), strict=True)]
        for (least, most), value in zip(ends, _times(steps, n, q, b, s), strict=True):
            assert least * (1 - 1e-12) <= value <= most * (1 + 1e-12)
        assert steps.curve(b).at(s) == steps.decode(b, s)
    assert steps.mixed(0, 0.0, 5, 9e3) == steps.decode(5, 9e3)
    assert steps.mixed(700, 3e5, 0, 0.0) == steps.prefill(700, 3e5)
    assert steps.prefill_outside(10**7, 1e3)
    assert steps.decode_outside(10**5, 1e3)
    assert not steps.decode_outside(8, 8e3)


def _times(steps: StepTime, n: int, q: float, b: int, s: float) -> tuple[float, float, float]:
    return steps.prefill(n, q), steps.decode(b, s), steps.mixed(n, q, b, s)


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        ({**BETWEEN, "tp": 5}, "tp 5 does not lie between tp 2 and tp 4"),
        ({**BETWEEN, "between": [f"{STEM}/tp4", f"{STEM}/tp2"]}, "the narrower profile first"),
        ({**BETWEEN, "between": [f"{STEM}/tp2", "h200-sxm/llama-3.1-8b/bf16/vllm/tp2"]}, "differ in model"),
        ({**BETWEEN, "between": [f"{STEM}/tp2"]}, "between.1"),
        ({"between": BETWEEN["between"]}, "tp: Field required"),
        (f"{STEM}/tp3", r"interpolate: profile: \{between: \[.*tp2, .*tp4\], tp: 3\}"),
    ],
)
def test_bad_input(profile: object, said: str) -> None:
    with pytest.raises(InputError, match=said):
        load(profile)  # type: ignore[arg-type]
