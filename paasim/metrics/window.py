"""Which requests and which stretch of time count.

Requests count by arrival: those that arrived in [start, last arrival]. Rates and levels (throughput, utilisation,
queue lengths) are taken over a window of time. It opens at the end of the warm-up and closes with the last arrival,
since the drain after it is not steady state; unless the arrivals span less time than a typical request takes (a
lone request, a burst), where it closes with the run.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from paasim.core.recorder import Floats, Records
from paasim.core.request import COMPLETED
from paasim.metrics.definitions import e2el, ttft
from paasim.metrics.warmup import Warmup, truncate


@dataclass(frozen=True)
class Window:
    """The measured part of a replication, s, and the requests that count."""

    start: float
    end: float
    counted: npt.NDArray[np.bool_]
    """Per request: arrived in the window."""
    warmup_capped: bool = False
    """Whether the warm-up rule found no steady part in the first half."""

    @property
    def length(self) -> float:
        """How long it is, s."""
        return self.end - self.start

    def holds(self, times: Floats) -> npt.NDArray[np.bool_]:
        """Which of these times lie in the window (NaN does not)."""
        return (times >= self.start) & (times <= self.end)


def window_of(records: Records, rule: Warmup) -> Window:
    """The window of a replication under a warm-up rule."""
    columns = records.requests
    arrival = columns["arrival"]
    cut = truncate(arrival, ttft(columns), rule)
    start = cut.until if rule.auto or rule.duration > 0 or rule.share > 0 else 0.0
    done = columns["outcome"] == COMPLETED
    typical = float(np.median(e2el(columns)[done])) if done.any() else 0.0
    end = records.arrivals_end if records.arrivals_end - start > typical else records.end
    return Window(start, max(end, start), arrival >= start, cut.capped)
