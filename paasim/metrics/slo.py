"""Service levels: which requests meet all of their limits, attainment, goodput.

As in vLLM's `--goodput` and DistServe (https://arxiv.org/abs/2401.09670): a request is good if it is completed and
*every* limit holds (`<=`). A request of one token has no TPOT and meets any limit on it. Attainment is the share of
good requests among all that arrived, so a dropped or unfinished request misses; goodput is good requests per second.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from paasim.core.recorder import Records
from paasim.core.request import COMPLETED
from paasim.metrics.definitions import METRICS

Limits = Mapping[str, float]
"""Metric name -> largest value allowed per request, s."""


def good(records: Records, limits: Sequence[Limits]) -> npt.NDArray[np.bool_]:
    """Whether each request is completed and meets every limit of its class.

    Args:
        records: of one replication.
        limits: per request class (`Records.classes`), or a single mapping for all.
    """
    columns = records.requests
    met: npt.NDArray[np.bool_] = columns["outcome"] == COMPLETED
    values = {name: METRICS[name](columns) for name in sorted({name for each in limits for name in each})}
    for number, each in enumerate(limits):
        of_class = slice(None) if len(limits) == 1 else columns["class"] == number
        for name, most in each.items():
            met[of_class] &= ~(values[name][of_class] > most)
    return met
