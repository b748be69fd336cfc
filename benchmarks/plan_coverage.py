"""How often the 95 % interval of `paasim plan --max-rate` holds the true maximum, on queues whose answer is known.

Usage: python -m benchmarks.plan_coverage [SEEDS] [CASE]...      (from the root; 100 seeds: some minutes)

Every seed is a plan of its own, from the search to the confirmation. Printed: how many intervals of the seeds hold the
truth, how many miss it on either side, the error of the estimates and the half-width of the intervals.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import repeat

import numpy as np

from paasim.scenario.loader import changed, from_dict
from paasim.study.execute import cores
from paasim.study.plan.max_rate.find import Settings, find
from paasim.study.plan.objective import Objective
from tests.theory import waiting
from tests.theory.stations import queue

SERVICE = 0.1
"""Mean service time, s."""


@dataclass(frozen=True)
class Case:
    """A queue, an objective, and the rate at which it is just met."""

    name: str
    servers: int
    lengths: str
    slo: str
    law: Callable[[float], float]
    """Rate -> what the objective limits."""
    limit: float
    tolerance: float = 0.04

    @property
    def true(self) -> float:
        """The maximum rate, requests/s."""
        return waiting.rate_for(self.law, self.limit, self.servers, SERVICE)


CASES = {
    case.name: case
    for case in (
        Case(
            name="M/M/2, mean",
            servers=2,
            lengths="{kind: exponential, prompt: {mean: 10000}, output: 1}",
            slo="ttft:mean=200ms",
            law=partial(waiting.mmc_mean, 2, service=SERVICE),
            limit=0.2,
        ),
        Case(
            name="M/D/2, p95",
            servers=2,
            lengths="{kind: fixed, prompt: 10000, output: 1}",
            slo="ttft:p95=250ms",
            law=lambda rate: 1 - waiting.mdc_within(2, rate, SERVICE, 0.25 - SERVICE),
            limit=0.05,
        ),
    )
}


def one(name: str, seed: int) -> tuple[float, float, float]:
    """Estimate and interval of one plan, requests/s."""
    case = CASES[name]
    rate = 0.5 * case.servers / SERVICE
    scenario = changed(from_dict(queue(case.servers, rate, case.lengths)), [f"run.seed={seed}"])
    found = find(scenario, [Objective.parse(case.slo)], Settings(tolerance=case.tolerance)).confirmed
    assert found is not None
    return found.factor * rate, found.low * rate, found.high * rate


def main() -> None:
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    print("| queue, objective | true maximum | intervals that hold it | all above | all below | error | half-width |")
    print("|---|---|---|---|---|---|---|")
    began = time.perf_counter()
    true = {name: case.true for name, case in CASES.items() if name in (sys.argv[2:] or CASES)}
    with ProcessPoolExecutor(cores()) as pool:
        for name in true:
            found = np.array(list(pool.map(one, repeat(name), range(1, seeds + 1))))
            middle, low, high = found.T / true[name]
            cells = [
                f"{true[name]:.3f} /s",
                f"{int(np.sum((low <= 1) & (high >= 1)))} of {seeds}",
                f"{int(np.sum(low > 1))}",
                f"{int(np.sum(high < 1))}",
                f"{100 * np.mean(middle - 1):+.2f} % ± {100 * np.std(middle):.2f} %",
                f"{50 * np.mean(high - low):.1f} %",
            ]
            print(f"| {name} | " + " | ".join(cells) + " |", flush=True)
    print(f"{time.perf_counter() - began:.0f} s on {cores()} cores", file=sys.stderr)


if __name__ == "__main__":
    main()
