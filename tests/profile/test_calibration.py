"""What a calibration does to step times."""

from __future__ import annotations

from itertools import product

import pytest

from paasim.profile import load
from paasim.profile.profile import Profile
from paasim.profile.service import Speculation
from paasim.profile.spec import BetweenSpec, Calibration
from paasim.profile.speculation import SpeculatingSteps
from paasim.study.calibration.calibrate import calibration_of

TABLE = "h100-sxm/llama-3.1-8b/bf16/vllm/tp1"
FORMS = {"form": {"prefill": {"a": "5 ms", "b": "20 us"}, "decode": {"a": "10 ms", "c": "5 ns"}}}
STEPS = [(n, n * n / 2, b, 2000.0 * b) for n, b in product((1, 64, 2048), (1, 16, 128))]


@pytest.fixture(params=["table", "forms"])
def profile(request: pytest.FixtureRequest) -> Profile:
    return load(TABLE) if request.param == "table" else load(FORMS)


def test_scale_and_overhead_are_affine(profile: Profile) -> None:
    bare, steps = profile.steps(), profile.calibrated(calibration_of(1.5, 2e-3, None, 0.0)).steps()
    for n, q, b, s in STEPS:
        assert steps.prefill(n, q) == pytest.approx(1.5 * bare.prefill(n, q) + 2e-3)
        assert steps.decode(b, s) == pytest.approx(1.5 * bare.decode(b, s) + 2e-3)


def test_an_equal_factor_for_prompts_changes_nothing(profile: Profile) -> None:
    """Without an overhead, which mixed steps made of two parts would count twice where both are scaled alike."""
    tied = profile.calibrated(calibration_of(1.2, 0.0, None, 0.0)).steps()
    apart = profile.calibrated(calibration_of(1.2, 0.0, 1.2, 0.0)).steps()
    for n, q, b, s in STEPS:
        assert apart.prefill(n, q) == pytest.approx(tied.prefill(n, q))
        assert apart.mixed(n, q, b, s) == pytest.approx(tied.mixed(n, q, b, s), rel=1e-9)


def test_prompt_tokens_scale_apart(profile: Profile) -> None:
    bare, steps = profile.steps(), profile.calibrated(calibration_of(1.0, 1e-3, 2.0, 0.0)).steps()
    for n, q, b, s in STEPS:
        assert steps.prefill(n, q) == pytest.approx(2 * bare.prefill(n, q) + 1e-3)
        decode, mixed = bare.decode(b, s), bare.mixed(n, q, b, s)
        wanted = max(steps.prefill(n, q), decode + 1e-3 + 2 * (mixed - decode))
        assert steps.mixed(n, q, b, s) == pytest.approx(wanted)
        assert steps.mixed(n, q, b, s) >= steps.decode(b, s)


def test_the_original_keeps_its_own(profile: Profile) -> None:
    before = profile.steps().prefill(512, 512 * 256.0)
    other = profile.calibrated(calibration_of(2.0, 0.0, None, 0.1))
    assert profile.steps().prefill(512, 512 * 256.0) == before
    assert (profile.steps().request, other.steps().request) == (0.0, 0.1)
    assert other.digest() != profile.digest()


def test_a_width_between_two_is_calibrated_as_they_are() -> None:
    ids = tuple(f"h200-sxm/llama-3.1-70b/fp8/vllm/tp{tp}" for tp in (2, 4))
    between = load(BetweenSpec(between=ids, tp=3))
    wanted = Calibration(scale=1.2, overhead="1 ms", prompt=1.5, request="30 ms")
    plain, changed = between.steps(), between.calibrated(wanted).steps()
    assert changed.request == pytest.approx(0.03)
    assert changed.decode(8, 20_000.0) == pytest.approx(1.2 * plain.decode(8, 20_000.0) + 0.001)
    assert changed.prefill(2048, 2048**2 / 2) == pytest.approx(1.5 * plain.prefill(2048, 2048**2 / 2) + 0.001)


def test_drafts_leave_the_delay_of_a_request(profile: Profile) -> None:
    steps = profile.calibrated(Calibration(request="30 ms")).steps()
    drafts = Speculation(tokens_per_step=2.0, source="assumed")
    assert SpeculatingSteps(steps, drafts).request == 0.03


def test_growth_beyond_the_largest_batch_scales_as_decoding_does(profile: Profile) -> None:
    plain = profile.steps()
    changed = profile.calibrated(Calibration(scale=1.2, prompt=1.5)).steps()
    assert changed.decode(5000, 1e6) == pytest.approx(1.2 * plain.decode(5000, 1e6))
