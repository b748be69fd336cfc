"""Same seed, same bytes: in this process, and in another one with another order of hashes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from hypothesis import given, settings

from paasim.scenario import from_dict
from paasim.simulate import simulate_once
from tests.laws.digest import digest
from tests.laws.scenes import Scene, scenes


def test_two_runs_and_another_process_give_the_same_bytes(root: Path) -> None:
    drawn: list[Scene] = []
    digests: list[str] = []

    @settings(max_examples=12)
    @given(scenes())
    def run_twice(scene: Scene) -> None:
        scenario = from_dict(scene)
        first, second = (digest(simulate_once(scenario)) for _ in range(2))
        assert first == second
        drawn.append(scene)
        digests.append(first)

    run_twice()
    done = subprocess.run(
        [sys.executable, "-m", "tests.laws.digest"],
        input=json.dumps(drawn),
        capture_output=True,
        text=True,
        check=True,
        cwd=root,
        env={**os.environ, "PYTHONHASHSEED": "12345"},
    )
    assert done.stdout.split() == digests


def test_another_seed_or_replication_gives_other_bytes() -> None:
    scene = {
        "name": "seeds",
        "model": "llama-3.1-8b",
        "workload": {
            "arrivals": {"kind": "poisson", "rate": "5 /s"},
            "lengths": {"kind": "fixed", "prompt": 9, "output": 3},
        },
        "sites": {"here": {"pools": {"whole": {"role": "mixed", "profile": "h100-sxm/llama-3.1-8b/bf16/vllm/tp1"}}}},
        "routes": {"only": {"prefill": "here.whole", "decode": "here.whole"}},
        "router": {"kind": "fixed", "route": "only"},
        "run": {"requests": 20, "seed": 1},
    }
    first, other = (from_dict(scene | {"run": {"requests": 20, "seed": seed}}) for seed in (1, 2))
    digests = [digest(simulate_once(first)), digest(simulate_once(first, 1)), digest(simulate_once(other))]
    assert len(set(digests)) == 3
