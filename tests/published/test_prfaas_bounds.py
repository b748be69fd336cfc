"""The analytical rows of Prefill-as-a-Service (arXiv 2604.15039) as `paasim analyze` gives them.

Equations 1 to 8 of the paper replace all requests of a route by one of their mean length: `by_means`. The exact form
goes over the whole law of lengths; where both are known it lies a few per cent below, since prefill time is convex.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

import paasim
from paasim.cli import app
from paasim.scenario import from_dict
from paasim.scenario.capacity import Analysis, analyze
from paasim.scenario.capacity.throughput import throughputs
from paasim.scenario.loader import changed, chosen
from paasim.scenario.parts import Parts

PAPER = paasim.load("prfaas-paper")
TABLE_5 = {
    1000: (190.8, 0.44, 3.61),
    8000: (308.9, 0.72, 3.59),
    32000: (701.3, 1.84, 3.19),
    128000: (2316.3, 7.40, 2.62),
}
"""Tokens -> KV cache in MiB, prefill in s, KV throughput in Gbps."""
TABLE_3 = {"MiniMax-M2.5": 59.93, "Qwen3-235B": 33.35, "Ring-2.5-1T": 2.59}
"""KV throughput at 32K, Gbps, 8 H200."""
EGRESS = {"MiniMax-M2.5": 3.8, "Qwen3-235B": 2.1, "Ring-2.5-1T": 0.17}
"""Tbps that 512 H200 send (section 2.3)."""
TABLE_6 = {
    "base": (3.24, {"h200.prefill": 1.61, "h20.prefill": 1.64, "h20.decode": 3.91}),
    "homogeneous": (2.11, {"h20.prefill": 2.11, "h20.decode": 2.35}),
    "naive-heterogeneous": (2.45, {"h200.prefill": 2.45, "h20.decode": 6.25}),
}
"""Variant -> requests/s in all, and those of each station."""
PREFILL, DECODE = "sites.h20.pools.prefill.instances", "sites.h20.pools.decode.instances"


def bounds(variant: str) -> Analysis:
    return analyze(PAPER if variant == "base" else chosen(PAPER, variant))


def run(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    assert app.run(["analyze", "prfaas-paper", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def cluster(folder: Any, size: float, seconds: float, instances: int, prompt: int) -> dict[str, Any]:
    """A prefill cluster whose prompts of one length all take so long and leave so many bytes."""
    stated = {"kind": "stated", "layers": 1, "fixed": f"{size:.12g} B"}
    model = {"id": "stated", "name": "stated", "source": "a table of the paper", "layers": [stated]}
    (folder / "model.yaml").write_text(yaml.safe_dump(model))
    pools = {
        "prefill": {
            "role": "prefill",
            "instances": instances,
            "profile": {"form": {"prefill": {"a": f"{seconds:.12g} s"}}, "tp": 8},
            "batching": {"kind": "one-at-a-time"},
        }
    }
    decode = {"decode": {"role": "decode", "profile": {"form": {"decode": {"a": "1 us"}}}, "max_seqs": 100_000}}
    return {
        "name": "cluster",
        "model": str(folder / "model.yaml"),
        "workload": {
            "arrivals": {"kind": "poisson", "rate": "1 /s"},
            "lengths": {"kind": "fixed", "prompt": prompt, "output": 2},
        },
        "sites": {"far": {"pools": pools}, "near": {"pools": decode}},
        "network": {"links": {"wan": {"between": ["far", "near"], "bandwidth": "100 Tbps", "rtt": "0 s"}}},
        "routes": {"remote": {"prefill": "far.prefill", "decode": "near.decode"}},
        "router": {"kind": "fixed", "route": "remote"},
    }


@pytest.mark.parametrize("tokens", TABLE_5)
def test_a1_kv_throughput_from_the_table(tokens: int, tmp_path: Any) -> None:
    """Equation 1 on Table 5, within 1 %."""
    mebibytes, seconds, published = TABLE_5[tokens]
    scenario = from_dict(cluster(tmp_path, mebibytes * 2**20, seconds, 1, tokens))
    (found,) = throughputs(scenario, Parts.of(scenario), [tokens])
    assert found.bits / 1e9 == pytest.approx(published, rel=0.01)


def test_a1_kv_throughput_of_the_scenario(capsys: pytest.CaptureFixture[str]) -> None:
    """The forms fitted to Table 5 that the scenario runs on are within 2.5 % of it."""
    told = run(capsys, "--variant", "base", "--prompt", ",".join(map(str, TABLE_5)))
    rows = [row for row in told["variants"]["base"]["kv_throughput"] if row["route"] == "prfaas"]
    assert len(rows) == len(TABLE_5)
    for row in rows:
        assert row["bits_per_s"] / 1e9 == pytest.approx(TABLE_5[row["prompt_tokens"]][2], rel=0.025)


@pytest.mark.parametrize("model", TABLE_3)
def test_a2_egress_of_a_cluster(model: str, tmp_path: Any) -> None:
    """Equation 2: 512 GPUs are 64 instances, which send 64 times what one does; within 3 %."""
    size = 5e9
    data = cluster(tmp_path, size, 8 * size / (TABLE_3[model] * 1e9), 512 // 8, 32_000)
    station = analyze(from_dict(data)).station("far.prefill")
    assert station.full_bits / 1e12 == pytest.approx(EGRESS[model], rel=0.03)


@pytest.mark.parametrize(("gpus", "low", "high"), [(512, 0.0, 0.1), (10_000, 1.8 * 0.97, 1.8 * 1.03)])
def test_a2_long_prompts(gpus: int, low: float, high: float, tmp_path: Any) -> None:
    """Ring-2.5-1T at 128K, 1.46 Gbps per instance: less than 100 Gbps of 512 GPUs, 1.8 Tbps of 10,000."""
    size = 5e9
    data = cluster(tmp_path, size, 8 * size / 1.46e9, gpus // 8, 128_000)
    assert low < analyze(from_dict(data)).station("far.prefill").full_bits / 1e12 < high


def test_a3_workload() -> None:
    """27K tokens on average; 49.6 % of the prompts are above the threshold, 44K to 45K tokens on average."""
    (long,) = (flow for flow in paasim.scenario.capacity.flows(PAPER) if flow.route == "prfaas")
    (short,) = (flow for flow in paasim.scenario.capacity.flows(PAPER) if flow.route == "pd")
    mean = long.weight * long.people.mean_prompt + short.weight * short.people.mean_prompt
    assert mean == pytest.approx(27_000, rel=0.02)
    assert long.weight == pytest.approx(0.496, rel=0.01)
    assert 44_000 < long.people.mean_prompt < 45_100


@pytest.mark.parametrize("variant", TABLE_6)
def test_a4_a5_a6_rates(variant: str) -> None:
    """Θ of every station within 1 % (decoding: 0.3 %), and Λ_max within 1 %, with mean lengths."""
    most, stations = TABLE_6[variant]
    found = bounds(variant)
    assert found.by_means == pytest.approx(most, rel=0.01)
    for name, published in stations.items():
        station = found.station(name)
        tolerance = 0.003 if station.kind == "decode" else 0.01
        assert station.by_means * station.share == pytest.approx(published, rel=tolerance)


def test_a4_egress() -> None:
    """The H200 cluster is bound by compute; about 13 Gbps leave it, within 5 %."""
    found = bounds("base")
    station, link = found.station("h200.prefill"), found.station("vpc")
    assert station.by_means < link.by_means
    assert 8 * link.kv_bytes_by_means * station.by_means / 1e9 == pytest.approx(13, rel=0.05)


def test_a6_ratios() -> None:
    """1.54 and 1.16 times what H20 alone carries."""
    rates = {variant: bounds(variant).by_means for variant in TABLE_6}
    assert rates["base"] / rates["homogeneous"] == pytest.approx(1.54, rel=0.01)
    assert rates["naive-heterogeneous"] / rates["homogeneous"] == pytest.approx(1.16, rel=0.01)


def test_the_exact_form_lies_a_little_below() -> None:
    """Over the law of lengths: 3.17, 2.03 and 2.38; the mean prefill time is that of the paper's mean TTFT, 4.44 s."""
    exact = {variant: bounds(variant).max_rate for variant in TABLE_6}
    assert exact == pytest.approx({"base": 3.170, "homogeneous": 2.025, "naive-heterogeneous": 2.379}, rel=1e-3)
    assert bounds("homogeneous").station("h20.prefill").seconds == pytest.approx(4.44, rel=0.005)
    assert exact["base"] / exact["homogeneous"] == pytest.approx(1.54, rel=0.02)


@pytest.mark.parametrize("form", ["mean", "exact"])
def test_a7_threshold_and_split(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Of eight H20 instances three prefill; the threshold is 19.4K within 2 % in both forms."""
    threshold = "router.prompt_tokens=log(12000, 30000, 120)"
    split = (f"{PREFILL}=lin(1, 7, 7)", f"{DECODE}=lin(1, 7, 7)")
    words = [word for each in (threshold, *split) for word in ("--over", each)]
    total = ("--sum", f"{PREFILL}+{DECODE}=8")
    best = run(capsys, "--variant", "base", "--form", form, *words, *total)["search"]["best"]
    assert (best["settings"][PREFILL], best["settings"][DECODE]) == (3, 5)
    assert best["settings"]["router.prompt_tokens"] == pytest.approx(19_400, rel=0.02)


@pytest.mark.parametrize("form", ["mean", "exact"])
def test_a7_homogeneous_split(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = (
        "--over",
        f"{PREFILL}=lin(1, 11, 11)",
        "--over",
        f"{DECODE}=lin(1, 11, 11)",
        "--sum",
        f"{PREFILL}+{DECODE}=12",
    )
    best = run(capsys, "--variant", "homogeneous", "--form", form, *words)["search"]["best"]
    assert (best["settings"][PREFILL], best["settings"][DECODE]) == (9, 3)


def test_a8_price_ratio() -> None:
    """At twice the price of an H20, H200s for the long prompts carry 15 % more at equal cost."""
    prices = [f"sites.h200.pools.prefill.price={2 * 8} $/h"]
    prices += [f"sites.h20.pools.{pool}.price=8 $/h" for pool in ("prefill", "decode")]
    per_dollar = []
    for variant in ("base", "homogeneous"):
        found = analyze(changed(PAPER if variant == "base" else chosen(PAPER, variant), prices))
        assert found.price is not None
        per_dollar.append(found.by_means / found.price)
    assert per_dollar[0] / per_dollar[1] == pytest.approx(1.15, abs=0.01)
