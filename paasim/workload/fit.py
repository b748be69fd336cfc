"""Fitting: from the requests of a trace to a small table of quantiles, and the header that says where it is from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from paasim.core.errors import InputError
from paasim.workload.files import Table, lines
from paasim.workload.formats import open_trace
from paasim.workload.lengths.table import QuantileTable
from paasim.workload.summary import Summary, summarise

GRID = np.concatenate([np.linspace(0, 0.99, 100), [0.995, 0.999, 1.0]])
"""Probabilities of the quantiles: every percent, and finer in the tail, which carries much of the mean."""


def fit(prompts: list[int], outputs: list[int], bins: int) -> QuantileTable:
    """Quantiles of prompts, and of outputs within `bins` equal groups of prompt rank.

    Raises:
        InputError: if there are fewer than ten requests per bin.
    """
    if len(prompts) < 10 * bins:
        what = f"{len(prompts)} requests are too few for {bins} bins of ten or more"
        raise InputError.one("--bins", what, f"use at most {len(prompts) // 10} bins, or a longer trace")
    order = np.argsort(np.asarray(prompts), kind="stable")
    groups = np.array_split(np.asarray(outputs, dtype=float)[order], bins)
    by_bin = np.stack([np.quantile(group, GRID) for group in groups])
    return QuantileTable(GRID, np.quantile(np.asarray(prompts, dtype=float), GRID), by_bin)


def read_lengths(path: Path, name: str | None = None) -> tuple[list[int], list[int], Summary | None]:
    """The lengths in a trace, or in a CSV of `num_prefill_tokens` and `num_decode_tokens` without arrivals.

    Returns:
        Prompts, outputs, and a summary of the trace, None where there are no arrivals.
    """
    _, header = next(lines(path), (1, ""))
    columns = header.split(",")
    if name is None and "num_prefill_tokens" in columns and "arrived_at" not in columns:
        table = Table(path)
        prompt, output = table.column("num_prefill_tokens"), table.column("num_decode_tokens")
        pairs = [(row.tokens(prompt, "num_prefill_tokens"), row.tokens(output, "num_decode_tokens")) for row in table]
        table.not_empty(bool(pairs))
        return [pair[0] for pair in pairs], [pair[1] for pair in pairs], None
    trace = open_trace(path, name)
    draws = list(trace.requests())
    return [draw[1] for draw in draws], [draw[2] for draw in draws], summarise(draws, trace.block_tokens)


def header(name: str, prompts: list[int], outputs: list[int], summary: Summary | None) -> dict[str, Any]:
    """What the YAML beside a table says of the trace that it was fitted to; lengths in tokens, rate per second."""
    facts: dict[str, Any] = {
        "id": name,
        "provenance": "fitted",
        "method": f"{len(GRID)} quantiles of prompts, and of outputs in equal bins of prompt rank (paasim trace fit)",
        "requests": len(prompts),
        "mean_prompt": round(float(np.mean(prompts)), 1),
        "mean_output": round(float(np.mean(outputs)), 1),
    }
    if summary is not None:
        facts["rate"] = round(summary.rate, 4) if summary.rate else None
        facts["cv_of_gaps"] = round(summary.cv, 3) if summary.cv else None
        if summary.sharing is not None:
            facts["prefix_sharing"] = {
                "block_tokens": int(summary.sharing["block_tokens"]),
                "repeated_share": round(summary.sharing["repeated_share"], 3),
                "hit_share": round(summary.sharing["hit_share"], 3),
            }
    return facts
