"""Simulated requests per CPU second on the reference scenario, beside a bare SimPy process timed in the same run.

Usage: python benchmarks/speed.py [REQUESTS ...]     (default 10000 100000 1000000)

Each size runs in a fresh process, so that its peak memory is its own. The yardstick is a SimPy process with five
time-outs per request, which is what a simulator that does nothing at all would cost.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import simpy

SCENARIO = Path(__file__).with_name("reference.yaml")
YARDSTICK_REQUESTS = 50_000


def bare(requests: int) -> float:
    """CPU seconds per request of a SimPy process with five time-outs."""
    env = simpy.Environment()

    def five() -> Iterator[Any]:
        for _ in range(5):
            yield env.timeout(1.0)

    def arrivals() -> Iterator[Any]:
        for _ in range(requests):
            env.process(five())
            yield env.timeout(0.1)

    env.process(arrivals())
    start = time.process_time()
    env.run()
    return (time.process_time() - start) / requests


def one(requests: int) -> dict[str, float]:
    """Run the reference scenario once with so many requests; figures of the run."""
    import paasim
    from paasim.results.manifest import is_compiled
    from paasim.simulate import simulate_once

    scenario = paasim.load(str(SCENARIO), [f"run.requests={requests}"])
    simulate_once(paasim.load(str(SCENARIO), ["run.requests=200"]))  # warm the caches of code and profiles
    # The yardstick is timed before and after, since shared machines change their speed.
    before = bare(YARDSTICK_REQUESTS)
    start = time.process_time()
    records = simulate_once(scenario)
    seconds = time.process_time() - start
    yardstick = (before + bare(YARDSTICK_REQUESTS)) / 2
    loads = {r.name: r.totals["busy"][-1] / r.servers / records.end for r in records.resources}
    return {
        "requests": requests,
        "compiled": is_compiled(),
        "per_cpu_second": requests / seconds,
        "microseconds": seconds / requests * 1e6,
        "times_bare_simpy": seconds / requests / yardstick,
        "bare_per_cpu_second": 1 / yardstick,
        "events_per_request": records.events / requests,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        **{f"load of {name}": load for name, load in loads.items()},
    }


def main() -> None:
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(one(int(sys.argv[2]))))
        return
    if not all(text.isdigit() for text in sys.argv[1:]):
        sys.exit(__doc__)
    for size in [int(text) for text in sys.argv[1:]] or [10_000, 100_000, 1_000_000]:
        out = subprocess.run(
            [sys.executable, __file__, "--one", str(size)], check=True, capture_output=True, text=True
        ).stdout
        figures = json.loads(out)
        print(f"{size:,} requests, " + ("compiled" if figures["compiled"] else "plain Python"))
        for name, value in figures.items():
            if name not in ("requests", "compiled"):
                print(f"  {name:28s} {value:12,.2f}")


if __name__ == "__main__":
    main()
