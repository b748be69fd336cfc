"""A measured serving run, and the same run simulated: a closed loop of users against one engine, or two pools.

What a benchmark client does: `concurrency` users at once, each asking again as soon as it has its answer, ten requests
per user, means over all of them, the first burst included. The engine batches as its kind does by default, with the
token budget that the published runs gave it. Left out: the client's own time, lengths that a tokenizer makes differ
from what was asked for, runs that stop early.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from paasim.core.errors import InputError
from paasim.profile.spec import Calibration
from paasim.scenario.loader import from_dict
from paasim.scenario.scenario import Scenario

TURNS = 10
"""Requests per user, as InferenceX asks for (`--num-prompts $((CONC * 10))`), and NVIDIA's guides for their client."""
MOST_REQUESTS = 640
"""Requests that are simulated at most, unless four turns of every user are more."""
BATCHING: Mapping[str, dict[str, Any]] = {
    "vllm": {"kind": "chunked", "chunk": 8192},
    "sglang": {"kind": "token-budget", "max_tokens": 32768},
    "trtllm": {"kind": "chunked", "chunk": 16384},
}
"""How an engine fills a step: vLLM and TensorRT-LLM mix prompts with decoding sequences, SGLang computes prompts apart.

Budgets are those of InferenceX's launch scripts (https://github.com/SemiAnalysisAI/InferenceX, `benchmarks/`, to
March 2026): `max-num-batched-tokens: 8192`, `--chunked-prefill-size 32768`, `--max_num_tokens 16384`.
"""
FABRIC = {"between": ["here", "here"], "bandwidth": "3200 Gbps", "rtt": "20 us"}
"""Between prefill and decode pools: eight 400 Gbit/s adapters, as an HGX node has; hardly matters."""


@dataclass(frozen=True)
class MeasuredRun:
    """One measured run of a closed loop."""

    engine: str
    """`vllm`, `sglang` or `trtllm`."""
    model: str
    """Name in the model catalogue."""
    hardware: str
    """GPU, as profiles name it."""
    profile: str
    """Profile of the engine, or of the decode pool: a name or a path."""
    prompt: int
    """Prompt tokens that were asked for."""
    output: int
    """Output tokens that were asked for."""
    concurrency: int
    """Requests under way at a time."""
    ttft: float
    """Mean time to first token, s."""
    tpot: float
    """Mean time per output token, s."""
    shortest: float = 1.0
    """Lengths are drawn evenly from this share of what was asked for."""
    longest: float = 1.0
    """To this share."""
    campaign: str = ""
    """Who ran it, where that tells runs with other settings apart."""
    version: str = ""
    """Version of the engine, where it is stated."""
    date: str = ""
    """When it was measured, where it is stated: `YYYY-MM-DD`."""
    held: str = ""
    """Why its TTFT cannot be compared; empty if it can."""
    name: str = ""
    """Model as results name it, where its KV cache is taken from another."""
    prefill: str = ""
    """Profile of the prefill pool, of a disaggregated run."""
    prefill_workers: int = 1
    """Instances of the prefill pool."""
    decode_workers: int = 1
    """Instances of the decode pool, or of the whole engine."""

    @property
    def setup(self) -> str:
        """Runs that one calibration is for: an engine, as one campaign ran it."""
        return f"{self.engine}-{self.campaign}" if self.campaign else self.engine

    @property
    def pair(self) -> str:
        """Model and GPU."""
        return f"{self.title} on {self.hardware}"

    @property
    def title(self) -> str:
        """Model, as tables name it."""
        return self.name or self.model


def scenario(run: MeasuredRun, calibration: Calibration | None = None) -> Scenario:
    """The run as a scenario.

    Args:
        run: what was measured.
        calibration: of all its engines; none: kernel times alone.

    Raises:
        InputError: if its profile or model cannot be had.
    """
    applied = {} if calibration is None else {"calibration": calibration}
    common: dict[str, Any] = {"max_seqs": run.concurrency, **applied}
    if run.prefill:
        whole = {"kind": "token-budget", "max_tokens": BATCHING["sglang"]["max_tokens"]}
        pools = {
            "prefill": {"role": "prefill", "profile": run.prefill, "instances": run.prefill_workers, **common}
            | {"batching": whole, "balance": "shared-queue"},
            "decode": {"role": "decode", "profile": run.profile, "instances": run.decode_workers, **common},
        }
    else:
        batching = BATCHING.get(run.engine, BATCHING["vllm"])
        pools = {"engine": {"role": "mixed", "profile": run.profile, "batching": batching, **common}}
        pools["engine"]["instances"] = run.decode_workers
    names = list(pools)
    return from_dict(
        {
            "name": "A measured serving run",
            "question": "How near does the simulation come?",
            "model": run.model,
            "workload": {
                "arrivals": {"kind": "closed-loop", "users": run.concurrency},
                "lengths": {
                    "kind": "uniform",
                    "prompt": _lengths(run, run.prompt),
                    "output": _lengths(run, run.output),
                },
            },
            "sites": {"here": {"pools": pools}},
            "network": {"links": {"fabric": FABRIC}} if run.prefill else {},
            "routes": {"only": {"prefill": f"here.{names[0]}", "decode": f"here.{names[-1]}"}},
            "router": {"kind": "fixed", "route": "only"},
            "run": {"requests": requests(run.concurrency), "warmup": "0 s", "replications": 1},
        }
    )


def requests(concurrency: int) -> int:
    """How many requests to simulate of a run."""
    return min(TURNS * concurrency, max(4 * concurrency, MOST_REQUESTS))


def serve(run: MeasuredRun, calibration: Calibration | None = None) -> tuple[float, float]:
    """Simulate the run: mean TTFT and mean TPOT, s.

    Raises:
        InputError: as for `scenario`; or if no request of it is answered.
    """
    from paasim.metrics.definitions import tpot, ttft
    from paasim.simulate import simulate_once

    columns = simulate_once(scenario(run, calibration)).requests
    if not np.isfinite(ttft(columns)).any():
        sizes = f"{run.prompt:,} + {run.output:,} tokens, {run.concurrency} at once"
        todo = f"does it fit into the memory and context of {run.profile}? leave the run out, or take another profile"
        raise InputError.one("", f"of the run of {sizes}, no request is answered", todo)
    return float(np.nanmean(ttft(columns))), float(np.nanmean(tpot(columns)))


def _lengths(run: MeasuredRun, tokens: int) -> dict[str, int]:
    return {"min": max(1, int(tokens * run.shortest)), "max": max(1, round(tokens * run.longest))}
