"""Single stations of queueing theory, written in the public YAML, and the interval of their simulated mean."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy import stats

import paasim
from paasim.core.recorder import Records
from paasim.simulate import simulate_once

QUEUE = """
name: {name}
model: llama-3.1-8b
workload:
  arrivals: {{kind: poisson, rate: {rate} /s}}
  lengths: {lengths}
sites:
  here:
    pools:
      server:
        role: mixed
        instances: {servers}
        balance: shared-queue
        batching: {{kind: one-at-a-time}}
        profile: {{form: {{prefill: {{b: 10 us}}, decode: {{a: 1 ms}}}}}}
routes:
  only: {{prefill: here.server, decode: here.server}}
router: {{kind: fixed, route: only}}
run: {{requests: {requests}, replications: {replications}, seed: 11, warmup: 5 %}}
"""
"""A queue with one token of output: service is the prefill, 10 us per prompt token."""

LINK = """
name: {name}
model: llama-2-7b
workload:
  arrivals: {{kind: poisson, rate: {rate} /s}}
  lengths: {lengths}
sites:
  a:
    pools:
      prefill: {{role: prefill, batching: {{kind: one-at-a-time}}, profile: {{form: {{prefill: {{b: 1 ns}}}}}}}}
  b:
    pools:
      decode: {{role: decode, max_seqs: 100000, profile: {{form: {{decode: {{a: 1 us}}}}}}}}
network:
  links:
    wire: {{between: [a, b], bandwidth: {bandwidth}, rtt: 0 s}}
routes:
  only: {{prefill: a.prefill, decode: b.decode, first_token: decode}}
router: {{kind: fixed, route: only}}
run: {{requests: {requests}, replications: {replications}, seed: 12, warmup: 5 %}}
"""
"""A shared link: prefill and decode take next to no time, the KV cache is the job."""


def run(text: str, folder: Path) -> list[Records]:
    """All replications of a scenario written as text."""
    path = folder / "scenario.yaml"
    path.write_text(text)
    scenario = paasim.load(str(path))
    return [simulate_once(scenario, i) for i in range(scenario.run.replications)]


def sojourn(records: Records, start: str = "arrival", end: str = "finish") -> float:
    """Mean time from one stamp to another, the first 5 % of requests left out."""
    times = records.requests[end] - records.requests[start]
    return float(np.mean(times[len(times) // 20 :]))


def check(values: list[float], theory: float, half_width: float = 0.02) -> None:
    """The 99 % interval over replications holds the theory, and is at most `half_width` of it on each side."""
    n = len(values)
    mean = float(np.mean(values))
    half = float(stats.t.ppf(0.995, n - 1) * np.std(values, ddof=1) / np.sqrt(n))
    assert half <= half_width * theory, f"interval too wide: {mean} +- {half}, theory {theory}"
    assert abs(mean - theory) <= half, f"{mean} +- {half} misses {theory}"
