"""Simulated open loops against runs of vLLM that inference-perf measured: short prompts at many requests per second.

Usage: python benchmarks/open_loop.py --data "$PAASIM_DATA"

Prints the table of docs/fidelity.md. The runs: Llama-3-8B-Instruct on one H100, vLLM 0.11.0, a shared prefix of 128
tokens, 64 output tokens, at most 128 sequences; https://github.com/kubernetes-sigs/inference-perf,
`demos/kubecon-na-2025/vllm`. Rates beyond what the server kept up with are left out. Nothing is fitted to them.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from paasim.results import served
from paasim.scenario.loader import from_dict
from paasim.simulate import simulate_once

RUNS = Path("profiles", "measured_e2e", "inference_perf_kubecon2025", "vllm")
PREFIX = 128
"""Tokens that all prompts share."""
KEEPS_UP = 0.5
"""Mean TTFT, s, from which the server is overloaded."""


def simulated(run: served.Served, calibration: str | None) -> tuple[float, float]:
    """Mean TTFT and TPOT, s, of the same load: Poisson arrivals, the mean lengths of the run."""
    prompt, output = round(run.setup.isl or 0), round(run.setup.osl or 0)
    rate = run.rates["requests_per_s"]
    pool: dict[str, Any] = {
        "role": "mixed",
        "profile": "h100-sxm/llama-3.1-8b/bf16/vllm/tp1",
        "max_seqs": 128,
        "prefix_cache": True,
        "batching": {"kind": "chunked", "chunk": 8192},
    }
    scenario = from_dict(
        {
            "name": "Open loop",
            "question": "How near is a simulated open loop?",
            "model": "llama-3.1-8b",
            "workload": {
                "arrivals": {"kind": "poisson", "rate": f"{rate} /s"},
                "lengths": {"kind": "fixed", "prompt": prompt, "output": output},
                "prefixes": {"kind": "shared", "groups": 1, "tokens": PREFIX, "block": 16},
            },
            "sites": {"here": {"pools": {"whole": pool | ({"calibration": calibration} if calibration else {})}}},
            "routes": {"whole": {"prefill": "here.whole", "decode": "here.whole"}},
            "router": {"kind": "fixed", "route": "whole"},
            "run": {"requests": max(200, round(rate * 60)), "replications": 1, "warmup": "0 s"},
        }
    )
    stamps = simulate_once(scenario).requests
    first = stamps["first_token"]
    return float((first - stamps["arrival"]).mean()), float((stamps["last_token"] - first).mean()) / (output - 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds profiles/measured_e2e")
    runs = served.read(parser.parse_args().data / RUNS)
    print("| requests per s | TTFT, measured | kernels alone | `vllm` | TPOT, measured | kernels alone | `vllm` |")
    print("|---|---|---|---|---|---|---|")
    for run in runs:
        ttft, tpot = run.typical("ttft"), run.typical("tpot")
        if ttft is None or tpot is None or run.stated["ttft"].get("mean", ttft.value) > KEEPS_UP:
            continue
        bare, calibrated = simulated(run, None), simulated(run, "vllm")
        cells = [run.stated["ttft"]["mean"], bare[0], calibrated[0], run.stated["tpot"]["mean"], bare[1], calibrated[1]]
        print(f"| {run.rates['requests_per_s']:.1f} | " + " | ".join(f"{cell * 1e3:.1f} ms" for cell in cells) + " |")


if __name__ == "__main__":
    main()
