"""Prompts longer than the model, or its engine, takes: served here all the same, refused by a real engine."""

from __future__ import annotations

import numpy as np

from paasim.core.recorder import Records


def too_long(records: Records) -> dict[str, tuple[int, float]]:
    """Pools and fleets that served prompts beyond their context limit.

    Returns:
        By name of the resource: how many, and the limit (`max_context`) in tokens.
    """
    columns = records.requests
    places = np.array([name.rpartition("[")[0] for name in records.instances] + [""])  # instance -1 reads the last
    ends = [places[columns[end].astype(np.int64)] for end in ("prefill_instance", "decode_instance")]
    found = {}
    for level in records.resources:
        limit = level.capacity.get("max_context", np.inf)
        beyond = columns["prompt_tokens"] > limit
        if not beyond.any():
            continue
        count = int(np.count_nonzero(beyond & ((ends[0] == level.name) | (ends[1] == level.name))))
        if count:
            found[level.name] = count, limit
    return found
