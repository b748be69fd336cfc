"""EXO Labs' DGX Spark with a Mac Studio (https://blog.exolabs.net/nvidia-dgx-spark): `scenarios/exo.yaml`.

Published totals: 4.34 s (Spark), 6.42 s (Mac), 2.32 s (together; the rounded sum 1.47 s + 0.85 s).
"""

from __future__ import annotations

import pytest

import paasim
from paasim.metrics.definitions import e2el
from paasim.profile import load as load_profile
from paasim.scenario import check
from paasim.simulate import simulate_once

KV_BYTES = 8192 * 131_072
"""Llama-3.1-8B in 16 bits: 2 · 8 heads · 128 · 2 bytes · 32 layers per token."""
LINE = 10e9 / 8
"""10 GbE in bytes per second."""
PREFILL, GENERATION = 1.47, 0.85
ROUND_TRIP = 0.2e-3


@pytest.fixture(scope="module")
def totals() -> dict[str, float]:
    """End-to-end latency of every variant, s; all requests of a variant are alike."""
    scenario = paasim.load("exo")
    found = {}
    for name, each in {"base": scenario, **scenario.variants}.items():
        latencies = e2el(simulate_once(each).requests)
        assert latencies == pytest.approx(latencies[0], rel=1e-9)
        found[name] = float(latencies[0])
    return found


@pytest.mark.parametrize(
    ("variant", "published", "tolerance"),
    [("base", 2.32, 0.015), ("base", 2.35, 0.002), ("serial", 3.18, 0.001), ("spark-alone", 4.34, 0.001),
     ("mac-alone", 6.42, 0.001)],
)  # fmt: skip
def test_totals(totals: dict[str, float], variant: str, published: float, tolerance: float) -> None:
    assert totals[variant] == pytest.approx(published, rel=tolerance)


def test_the_transfer_is_what_its_closed_form_says(totals: dict[str, float]) -> None:
    """By layer, a lone flow ends at max(T + S/(l·r), T/l + S/r); whole, at T + S/r. Half round trips come on top."""
    serial = PREFILL + KV_BYTES / LINE
    layers = max(PREFILL + KV_BYTES / LINE / 32, PREFILL / 32 + KV_BYTES / LINE)
    # The prompt's text goes up, the KV cache comes down: one round trip, and 32 KB of text at the rate of the line.
    rest = GENERATION + ROUND_TRIP + 8192 * 4 / LINE
    assert totals["serial"] == pytest.approx(serial + rest, abs=1e-5)
    assert totals["base"] == pytest.approx(layers + rest, abs=1e-5)


def test_the_whole_gain_is_the_publishers(totals: dict[str, float]) -> None:
    """2.8 times faster than the Mac alone, 1.9 times than the Spark alone, as published."""
    assert totals["mac-alone"] / totals["base"] == pytest.approx(2.8, abs=0.1)
    assert totals["spark-alone"] / totals["base"] == pytest.approx(1.9, abs=0.1)


def test_profiles_hold_the_published_times_alone() -> None:
    for name, prefill, generation in (("dgx-spark", 1.47, 2.87), ("m3-ultra", 5.57, 0.85)):
        profile = load_profile(f"{name}/llama-3.1-8b/fp16/exo/tp1")
        steps = profile.steps()
        assert profile.spec.provenance == "estimated"
        assert steps.prefill(8192, 8192**2 / 2) == pytest.approx(prefill, rel=1e-4)
        assert sum(steps.decode(1, 8192 + i) for i in range(32)) == pytest.approx(generation, rel=1e-4)


def test_the_scenario_has_nothing_to_warn_of() -> None:
    assert check(paasim.load("exo")) == []
