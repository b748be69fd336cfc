"""The latency metrics, one function each, over the request columns of `Records`.

Names and formulas follow vLLM's `bench serve` (https://docs.vllm.ai/en/latest/cli/bench/serve.html): other tools use
the same names for other things (guidellm's ITL is TPOT here). Clocks are the user's: tokens count when they arrive at
the user. A value that a request does not have (it never got there, or has too few tokens) is NaN.

Left out: anything below one token, such as network chunks that hold several tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from paasim.core.recorder import Floats
from paasim.metrics.parts import waiting

Columns = Mapping[str, Floats]


def ttft(columns: Columns) -> Floats:
    """Time to first token, s: first token at the user - arrival (vLLM `ttft`)."""
    return columns["first_token"] - columns["arrival"]


def ttst(columns: Columns) -> Floats:
    """Time to second token, s: second token - first token (aiperf `time_to_second_token`); NaN for one token.

    Where the prefill side emits the first token, this holds the wait for the KV cache.
    """
    return columns["second_token"] - columns["first_token"]


def e2el(columns: Columns) -> Floats:
    """End-to-end latency, s: last token - arrival (vLLM `e2el`)."""
    return columns["last_token"] - columns["arrival"]


def tpot(columns: Columns) -> Floats:
    """Time per output token, s: (E2EL - TTFT) / (n - 1) for n >= 2 output tokens, else NaN (vLLM `tpot`)."""
    after_first = columns["output_tokens"] - 1.0
    span = columns["last_token"] - columns["first_token"]
    return np.divide(span, after_first, out=np.full_like(span, np.nan), where=after_first >= 1.0)


def queue(columns: Columns) -> Floats:
    """Time spent waiting for an engine, s: for prefill to start, and to join a decode batch.

    As vLLM's `request_queue_time_seconds`, but over both engines of a route; only time in which nothing else of the
    request went on (`paasim.metrics.parts`).
    """
    return waiting(columns)


METRICS: Mapping[str, Callable[[Columns], Floats]] = {
    "ttft": ttft,
    "ttst": ttst,
    "tpot": tpot,
    "e2el": e2el,
    "queue": queue,
}
"""Metrics with one value per request; `itl` has one per gap and stands in `paasim.metrics.itl`."""

TITLES: Mapping[str, str] = {
    "ttft": "time to first token",
    "ttst": "time to second token",
    "tpot": "time per output token",
    "itl": "inter-token latency",
    "e2el": "end-to-end latency",
    "queue": "waiting for engines",
}
