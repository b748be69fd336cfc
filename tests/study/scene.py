"""A scenario that simulates in milliseconds, and points of it."""

from __future__ import annotations

from pathlib import Path

from paasim.scenario.loader import changed, load
from paasim.scenario.scenario import Scenario
from paasim.study.point import Point

TEXT = """\
name: tiny
model: llama-3.1-8b
workload:
  arrivals: {kind: poisson, rate: 2 /s}
  lengths: {kind: exponential, prompt: {mean: 1000}, output: {mean: 100}}
sites:
  cloud:
    pools:
      prefill: {role: prefill, instances: 2, profile: {model: llama-3.1-8b, form: {prefill: {b: 100 us}}}}
  homes:
    fleet:
      devices: 50
      profile: {model: llama-3.1-8b, form: {prefill: {b: 2 ms}, decode: {a: 20 ms}}}
network:
  links:
    internet: {between: [cloud, homes], bandwidth: 10 Gbps, rtt: 25 ms}
routes:
  paas: {prefill: cloud.prefill, decode: homes}
  local: {prefill: homes, decode: homes}
router: {kind: fixed, route: paas}
slo: {ttft: 2 s, attainment: 0.9}
run: {requests: 60, warmup: 10 %, replications: 2, seed: 7}
variants:
  alone: {router.route: local}
studies:
  links:
    vary: {network.links.internet.bandwidth: "1 Gbps, 10 Gbps"}
    zip: [{run.seed: [1, 2], workload.arrivals.rate: [1 /s, 2 /s]}]
    variants: [base, alone]
    replications: 1
"""

LINK = "network.links.internet.bandwidth"
RATE = "workload.arrivals.rate"


def write(folder: Path) -> Path:
    """The scenario in a file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tiny.yaml").write_text(TEXT)
    return folder / "tiny.yaml"


def tiny(folder: Path) -> Scenario:
    """The scenario, read from a file."""
    return load(write(folder))


def points(folder: Path, count: int, *changes: str, replications: int = 1) -> list[Point]:
    """Points that differ in the bandwidth of a link."""
    scenario = tiny(folder)
    return [
        Point(f"{i} Gbps", changed(scenario, [f"{LINK}={i} Gbps", *changes]), 0, replications)
        for i in range(1, count + 1)
    ]
