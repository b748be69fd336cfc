"""Small scenarios with exact requests: a trace, some pools at one site, linear step times."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

MODEL = "llama-3.1-8b"
LINEAR = {"form": {"prefill": {"b": "1 ms"}, "decode": {"a": "10 ms"}}}
"""1 ms per prompt token; 10 ms per decode step."""

Request = tuple[float, int, int]
"""(arrival in s, prompt, output)."""


def trace(folder: Path, requests: list[Request], blocks: list[list[int]] | None = None) -> dict[str, str]:
    """A Mooncake trace of these requests; without blocks, no two share a prefix."""
    free = iter(range(1_000_000))
    with (folder / "trace.jsonl").open("w") as file:
        for i, (arrival, prompt, output) in enumerate(requests):
            ids = blocks[i] if blocks else [next(free) for _ in range(-(-prompt // 512))]
            row = {"timestamp": arrival * 1000, "input_length": prompt, "output_length": output, "hash_ids": ids}
            file.write(json.dumps(row) + "\n")
    return {"kind": "mooncake", "path": str(folder / "trace.jsonl")}


def pool(role: str, **more: Any) -> dict[str, Any]:
    return {"role": role, "profile": LINEAR, **more}


def scene(workload: dict[str, Any], pools: dict[str, Any], routes: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A scenario with one site, `here`, and its routes in turn."""
    given = {"sites": {"here": {"pools": pools}}, "router": {"kind": "round-robin"}} | more
    run_of = {"replications": 1, "warmup": "0 %"}
    return {"name": "small", "model": MODEL, "workload": workload, "routes": routes, "run": run_of, **given}
