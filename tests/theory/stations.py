"""Single stations of queueing theory, written in the public YAML, and the interval of their simulated mean."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import yaml
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
run: {{requests: {requests}, replications: {replications}, seed: 21, warmup: 5 %}}
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
run: {{requests: {requests}, replications: {replications}, seed: 21, warmup: 5 %}}
"""
"""A shared link: prefill and decode take next to no time, the KV cache is the job."""

TANDEM = """
name: tandem
model: llama-3.1-8b
workload:
  arrivals: {{kind: poisson, rate: {rate} /s}}
  lengths: {{kind: exponential, prompt: {{mean: {prompt}}}, output: {{mean: {output}}}}}
sites:
  here:
    pools:
      prefill: {{role: prefill, batching: {{kind: one-at-a-time}}, profile: {{form: {{prefill: {{b: 10 us}}}}}}}}
      decode: {{role: decode, max_seqs: 1, profile: {{form: {{decode: {{a: 1 ms}}}}}}}}
routes:
  only: {{prefill: here.prefill, decode: here.decode, first_token: decode}}
router: {{kind: fixed, route: only}}
run: {{requests: {requests}, replications: {replications}, seed: 21, warmup: 5 %}}
"""
"""Two queues in a row: the prompt is served at 10 us per token, then the answer at 1 ms per token."""

TWO_CLASSES = """
name: two classes
model: llama-3.1-8b
workloads:
  short: {{arrivals: {{kind: poisson, rate: 8 /s}}, lengths: {{kind: exponential, prompt: {{mean: 10000}}, output: 1}}}}
  long: {{arrivals: {{kind: poisson, rate: 2 /s}}, lengths: {{kind: fixed, prompt: 30000, output: 1}}}}
sites:
  here:
    pools:
      server:
        role: mixed
        instances: 3
        balance: shared-queue
        batching: {{kind: one-at-a-time}}
        profile: {{form: {{prefill: {{b: 10 us}}, decode: {{a: 1 ms}}}}}}
routes:
  only: {{prefill: here.server, decode: here.server}}
router: {{kind: fixed, route: only}}
run: {{requests: {requests}, replications: {replications}, seed: 21, warmup: 5 %}}
"""
"""Three servers and one queue for two classes: exponential services of 0.1 s, and services of exactly 0.3 s."""


def queue(servers: int, rate: float, lengths: str, requests: int = 2_000) -> dict[str, Any]:
    """`QUEUE` as plain data."""
    text = QUEUE.format(name="queue", servers=servers, rate=rate, lengths=lengths, requests=requests, replications=3)
    data: dict[str, Any] = yaml.safe_load(text)
    return data


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


def interval(values: list[float]) -> tuple[float, float]:
    """Mean over replications, and the half-width of its 99 % interval."""
    n = len(values)
    return float(np.mean(values)), float(stats.t.ppf(0.995, n - 1) * np.std(values, ddof=1) / np.sqrt(n))


def check(values: list[float], theory: float, half_width: float = 0.02) -> None:
    """The 99 % interval over replications holds the theory, and is at most `half_width` of it on each side."""
    mean, half = interval(values)
    assert half <= half_width * theory, f"interval too wide: {mean} +- {half}, theory {theory}"
    assert abs(mean - theory) <= half, f"{mean} +- {half} misses {theory}"
