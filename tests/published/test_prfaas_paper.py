"""The case study of Prefill-as-a-Service (arXiv 2604.15039, section 4): `scenarios/prfaas-paper.yaml`.

Noise is kept out in two steps: every simulated TTFT is compared with its closed form request by request, and the closed
forms are integrated over the law of lengths. What was simulated is then also held against the paper as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from math import log

import numpy as np
import numpy.typing as npt
import pytest
from scipy.special import ndtr, ndtri

import paasim
from paasim.metrics.definitions import ttft
from paasim.metrics.parts import ttft_parts
from paasim.model import load as load_model
from paasim.profile import load as load_profile
from paasim.scenario import check
from paasim.scenario.scenario import Scenario
from paasim.simulate import simulate_once

Floats = npt.NDArray[np.float64]

TABLE_5 = {
    1000: (190.8, 0.44, 3.61),
    8000: (308.9, 0.72, 3.59),
    32000: (701.3, 1.84, 3.19),
    128000: (2316.3, 7.40, 2.62),
}
"""Tokens -> KV cache in MiB, prefill in s, KV throughput in Gbps."""
TABLE_6 = {"base": (2.22, 3.51), "homogeneous": (4.44, 9.73), "naive-heterogeneous": (1.74, 3.51)}
"""Variant -> mean and P90 of TTFT, s."""
THRESHOLD, OUTPUT, STEP = 19_400, 1024, 0.025
VPC = 100e9 / 8
REQUESTS = 30_000

MODEL = load_model("prfaas-1t")
H200 = load_profile("prfaas-h200/prfaas-1t/bf16/vllm/tp8").steps()
H20 = load_profile("prfaas-h20/prfaas-1t/bf16/vllm/tp8").steps()


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return paasim.load("prfaas-paper", [f"run.requests={REQUESTS}", "run.replications=1"])


def law(points: int = 400_000) -> Floats:
    """Equally likely prompt lengths of the log-normal law (9.90, 1.00) on [128, 131072]: midpoints of its quantiles."""
    low, high = (ndtr((log(bound) - 9.90) / 1.00) for bound in (128, 131_072))
    ranks = (np.arange(points) + 0.5) / points
    return np.exp(9.90 + ndtri(low + ranks * (high - low)))


def remote(lengths: Floats) -> Floats:
    """TTFT of prompts prefilled on the H200, s: prefill, whole transfer over the VPC."""
    return np.array([H200.prefill(n, n * n / 2) + MODEL.sent_bytes(n) / VPC for n in lengths.tolist()])


def local(lengths: Floats) -> Floats:
    """TTFT of prompts prefilled on the H20, s: RDMA is taken to be free."""
    return np.array([H20.prefill(n, n * n / 2) for n in lengths.tolist()])


def selective(lengths: Floats) -> Floats:
    """TTFT with the threshold, s."""
    return np.where(lengths > THRESHOLD, remote(lengths), local(lengths))


TTFT: dict[str, Callable[[Floats], Floats]] = {
    "base": selective,
    "homogeneous": local,
    "naive-heterogeneous": remote,
}


# ---- TTFT (Table 6) --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("variant", TABLE_6)
def test_simulated_ttft(scenario: Scenario, variant: str) -> None:
    records = simulate_once({"base": scenario, **scenario.variants}[variant])
    times = ttft(records.requests)
    mean, p90 = TABLE_6[variant]
    assert np.mean(times) == pytest.approx(mean, rel=0.015)
    assert np.percentile(times, 90) == pytest.approx(p90, rel=0.015)
    # Request by request: prefill and transfer in closed form, then the decoder's first step. What is left is the
    # prompt's text, the last layer over RDMA and, once in a while, the wait for the end of a running step.
    rest = times - TTFT[variant](records.requests["prompt_tokens"]) - STEP
    assert np.all(rest > -1e-9)
    assert np.quantile(rest, 0.95) < 1e-3
    assert np.mean(rest) < 1e-3
    # The load is near zero: nobody waits for an engine.
    waits = ttft_parts(records.requests, records.first_token)
    assert np.mean(waits["prefill_queue"] + waits["decode_queue"]) < 1e-4


@pytest.mark.parametrize("variant", TABLE_6)
def test_closed_form_without_noise(variant: str) -> None:
    """Prefill and transfer alone meet the paper within 0.5 %; with the decoder's first step within 1.5 %."""
    mean, p90 = TABLE_6[variant]
    times = TTFT[variant](law(40_000))
    assert np.mean(times) == pytest.approx(mean, rel=0.005)
    assert np.percentile(times, 90) == pytest.approx(p90, rel=0.005)
    assert np.mean(times) + STEP == pytest.approx(mean, rel=0.015)
    assert np.percentile(times, 90) + STEP == pytest.approx(p90, rel=0.015)


def test_the_scenario_has_nothing_to_warn_of() -> None:
    assert check(paasim.load("prfaas-paper")) == []


# ---- what goes into the analytical rows (their bounds: test_prfaas_bounds.py) ----------------------------------------


@pytest.mark.parametrize("tokens", TABLE_5)
def test_kv_throughput(tokens: int) -> None:
    """Φ_kv = S_kv / T_prefill: within 1 % from Table 5 itself, and within 2.5 % from the forms fitted to it."""
    mebibytes, seconds, throughput = TABLE_5[tokens]
    assert mebibytes * 2**20 * 8 / seconds / 1e9 == pytest.approx(throughput, rel=0.01)
    size, time = MODEL.sent_bytes(tokens), H200.prefill(tokens, tokens**2 / 2)
    assert size / 2**20 == pytest.approx(mebibytes, abs=6.5)
    assert time == pytest.approx(seconds, abs=0.0125)
    assert size * 8 / time / 1e9 == pytest.approx(throughput, rel=0.025)


@pytest.mark.parametrize(
    ("tokens", "kimi", "qwen"),
    [(1024, 1.03, 41.49), (2048, 1.90, 49.96), (4096, 3.59, 56.25), (8192, 5.62, 56.42), (16384, 5.81, 53.80),
     (32768, 5.82, None), (65536, 5.65, None), (131072, 5.25, None)],
)  # fmt: skip
def test_kv_throughput_of_measured_profiles(tokens: int, kimi: float, qwen: float | None) -> None:
    """Φ_kv of public models on 8 H100, measured (https://github.com/HarshavardhanK/Mooncake), within 1 %.

    The published sizes leave out the linear-attention state.
    """
    for name, published in (("kimi-linear-48b", kimi), ("qwen2.5-72b", qwen)):
        if published is not None:
            model, steps = load_model(name), load_profile(f"h100-sxm/{name}/bf16/sglang/tp8").steps()
            size = model.sent_bytes(tokens) - model.state_bytes
            assert size * 8 / steps.prefill(tokens, tokens**2 / 2) / 1e9 == pytest.approx(published, rel=0.01)


def test_workload(scenario: Scenario) -> None:
    """A3: 27K tokens on average, 49.6 % of the prompts above the threshold, which have 44 to 45K tokens on average."""
    lengths = law()
    spec = scenario.classes["requests"].lengths
    assert spec is not None
    assert spec.means() == (pytest.approx(np.mean(lengths), rel=1e-4), OUTPUT)
    assert np.mean(lengths) == pytest.approx(27_000, rel=0.02)
    assert np.mean(lengths > THRESHOLD) == pytest.approx(0.496, abs=0.001)
    assert 44_000 < np.mean(lengths[lengths > THRESHOLD]) < 45_100
