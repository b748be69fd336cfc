"""`slowdown` of a pool and `prompt_scale` of lengths: factors on what profiles and traces say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from paasim.scenario import checks, load
from paasim.scenario.ends import ends
from paasim.scenario.loader import changed
from paasim.scenario.parts import Parts
from paasim.workload.lengths.bundled import BundledLengths

POOL = "sites.cloud.pools.prefill"


def steps(*changes: str, name: str = "quickstart") -> Any:
    scenario = changed(load(name), changes)
    return Parts.of(scenario).sound().steps(next(iter(ends(scenario))))


@pytest.mark.parametrize("calibration", ["{scale: 1.2, overhead: 3 ms}", "{scale: 0.9, prompt: 1.5, request: 5 ms}"])
def test_every_step_takes_so_many_times_as_long(calibration: str) -> None:
    plain = steps(f"{POOL}.calibration={calibration}")
    slow = steps(f"{POOL}.calibration={calibration}", f"{POOL}.slowdown=1.5")
    assert slow.prefill(3000, 4.5e6) == pytest.approx(1.5 * plain.prefill(3000, 4.5e6))
    assert slow.decode(4, 9000.0) == pytest.approx(1.5 * plain.decode(4, 9000.0))
    assert slow.mixed(512, 2e6, 4, 9000.0) == pytest.approx(1.5 * plain.mixed(512, 2e6, 4, 9000.0))
    assert slow.request == plain.request


def test_a_width_between_two_is_slowed_too() -> None:
    name = "h200-sxm/llama-3.1-70b/fp8/vllm/tp"
    between = f"{POOL}.profile={{between: [{name}2, {name}4], tp: 3}}"
    plain, slow = (steps(between, f"{POOL}.slowdown={factor}") for factor in (1, 2))
    assert slow.prefill(2000, 2e6) == pytest.approx(2 * plain.prefill(2000, 2e6))


def test_it_is_said() -> None:
    scenario = changed(load("quickstart"), [f"{POOL}.slowdown=4", f"{POOL}.calibration={{scale: 2}}"])
    said = [str(problem) for problem in checks.check(scenario)]
    assert any("every step takes 4 times what its profile says" in text for text in said)
    assert not any("no factor between kernels and an engine" in text for text in said)


def test_lengths_by_quantiles_are_stretched() -> None:
    plain = BundledLengths(name="azure-conversation")
    longer = BundledLengths(name="azure-conversation", prompt_scale=1.5, output_scale=0.5)
    assert longer.means() == pytest.approx((1.5 * plain.means()[0], 0.5 * plain.means()[1]))
    first, second = (next(each.columns(np.random.default_rng(1))) for each in (plain, longer))
    np.testing.assert_allclose(second[0], 1.5 * np.array(first[0]), atol=1.01)
    assert min(second[1]) >= 1
