"""Small spaces whose optimum can be had by simulating candidates one after the other."""

from __future__ import annotations

from typing import Any

from paasim.scenario.loader import from_dict
from paasim.scenario.scenario import Scenario

PREFILL, DECODE, LINK = "sites.far.pools.prefill", "sites.near.pools.decode", "network.links.wan"
PRICES = {"gpus": {"slow-gpu": "2 $/h", "fast-gpu": "3.6 $/h"}, "bandwidth": {"wan": "0.05 $/h"}}


def profile(hardware: str, per_token: str) -> dict[str, Any]:
    return {
        "hardware": hardware,
        "form": {"prefill": {"b": per_token}, "decode": {"a": "10 ms"}, "mixed": {"a": "10 ms", "b": per_token}},
    }


SLOW, FAST = profile("slow-gpu", "100 us"), profile("fast-gpu", "50 us")


def scenario(plan: dict[str, Any], **more: Any) -> Scenario:
    """Ten requests a second prefilled far away; what is shorter than a threshold stays near."""
    data: dict[str, Any] = {
        "name": "small plan",
        "model": "llama-3.1-8b",
        "workload": {
            "arrivals": {"kind": "gamma", "rate": "10 /s", "cv": 0.6},
            "lengths": {"kind": "lognormal", "prompt": {"mean": 2000, "sigma": 0.4}, "output": {"mean": 50}},
        },
        "sites": {
            "far": {"pools": {"prefill": {"role": "prefill", "instances": 3, "profile": SLOW}}},
            "near": {
                "pools": {
                    "decode": {"role": "decode", "instances": 3, "profile": SLOW, "max_seqs": 4},
                    "whole": {"role": "mixed", "instances": 1, "profile": SLOW},
                }
            },
        },
        "network": {"links": {"wan": {"between": ["far", "near"], "bandwidth": "40 Gbps", "rtt": "10 ms"}}},
        "routes": {
            "remote": {"prefill": "far.prefill", "decode": "near.decode", "first_token": "decode"},
            "local": {"prefill": "near.whole", "decode": "near.whole", "first_token": "decode"},
        },
        "router": {"kind": "fixed", "route": "remote"},
        "run": {"requests": 200, "warmup": "10 %", "replications": 4, "seed": 3},
        "plan": {"prices": PRICES, **plan},
    }
    return from_dict(data | more)


def splits(**more: Any) -> Scenario:
    """64 candidates: instances x instances x bandwidth."""
    over = {
        f"{PREFILL}.instances": "1..4",
        f"{DECODE}.instances": [1, 2, 3, 4],
        f"{LINK}.bandwidth": ["20 Gbps", "30 Gbps", "40 Gbps", "80 Gbps"],
    }
    return scenario({"over": over, "slo": ["ttft:p90=1500ms"]}, **more)


def thresholds() -> Scenario:
    """72 candidates: instances x instances x bandwidth x threshold."""
    over = {
        f"{PREFILL}.instances": "1..4",
        "sites.near.pools.whole.instances": "1..3",
        f"{LINK}.bandwidth": ["10 Gbps", "20 Gbps", "40 Gbps"],
        "router.prompt_tokens": [1000, 2000],
    }
    router = {"kind": "threshold", "prompt_tokens": 1000, "below": "local", "above": "remote"}
    return scenario({"over": over, "slo": ["ttft:p90=1200ms"]}, router=router)


def hardware() -> Scenario:
    """90 candidates: hardware x instances x instances x bandwidth."""
    over = {
        f"{PREFILL}.instances": "1..5",
        f"{DECODE}.instances": "1..3",
        f"{LINK}.bandwidth": ["30 Gbps", "40 Gbps", "80 Gbps"],
    }
    together = {"gpu": {"slow": {f"{PREFILL}.profile": SLOW}, "fast": {f"{PREFILL}.profile": FAST}}}
    return scenario({"over": over, "together": together, "slo": ["ttft:p95=1s", "e2el:p90=4s"]})
