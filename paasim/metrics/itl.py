"""Inter-token latency, pooled over all gaps of all requests, exact without storing one value per token.

vLLM's `itl` counts each gap between two tokens of a request once. The simulator records *runs*: `steps` decode steps,
the j-th (from 0) taking `first + j * growth` seconds and giving each of `sequences` sequences one token. So a run is
an arithmetic progression of gaps, each with weight `sequences`; moments are closed forms, and percentiles are the
order statistics of this weighted multiset, found by narrowing down to the few gaps near the rank.

A run counts only sequences that had a token at the same engine before. Where the prefill side emits the first token,
the gap to the second is TTST of the request (it holds the wait for the KV cache) and is added from its stamps; where
the decode side does, its first step gives the first token and ends no gap.

Left out: the downlink between later tokens, which shifts all of them alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from paasim.core.recorder import Floats, Records
from paasim.metrics.definitions import ttst
from paasim.metrics.parts import from_decoder
from paasim.metrics.statistics import PERCENTILES, Summary
from paasim.metrics.window import Window

Counts = npt.NDArray[np.int64]

_MOST_CANDIDATES = 2_000_000
"""Gaps that may be listed one by one at the end of a search; a limit on memory, not on exactness."""


@dataclass(frozen=True)
class Gaps:
    """A weighted multiset of gaps: for each row `first + j * growth` for j = 0 .. steps - 1, each `weight` times.

    All arrays have shape (rows,); `growth` is zero or more.
    """

    first: Floats
    growth: Floats
    steps: Counts
    weight: Counts

    @classmethod
    def of_runs(cls, columns: Mapping[str, Floats]) -> Gaps:
        """The gaps of decode runs (`GAP_COLUMNS`)."""
        first, growth = columns["first"], columns["growth"]
        steps = columns["steps"].astype(np.int64)
        falling = growth < 0
        if falling.any():  # the same gaps, counted from the last
            first = np.where(falling, first + (steps - 1) * growth, first)
            growth = np.abs(growth)
        growth = np.where(first + (steps - 1) * growth == first, 0.0, growth)  # growth below the floats' resolution
        weight = columns["sequences"].astype(np.int64)
        some = (steps > 0) & (weight > 0)
        if not some.all():
            first, growth, steps, weight = first[some], growth[some], steps[some], weight[some]
        return cls(first, growth, steps, weight)

    @classmethod
    def of_values(cls, values: Floats) -> Gaps:
        """One gap per value (NaN left out)."""
        values = values[~np.isnan(values)]
        ones = np.ones(len(values), dtype=np.int64)
        return cls(values, np.zeros(len(values)), ones, ones)

    @classmethod
    def join(cls, several: Sequence[Gaps]) -> Gaps:
        """All gaps together."""
        return cls(
            np.concatenate([g.first for g in several]),
            np.concatenate([g.growth for g in several]),
            np.concatenate([g.steps for g in several]),
            np.concatenate([g.weight for g in several]),
        )

    @property
    def count(self) -> int:
        """Number of gaps."""
        return int(np.sum(self.steps * self.weight))

    def mean(self) -> float:
        """Mean gap, s: sum of w (k a + g k(k-1)/2) over sum of w k."""
        k = self.steps.astype(np.float64)
        return float(np.sum(self.weight * (k * self.first + self.growth * k * (k - 1) / 2)) / self.count)

    def std(self) -> float:
        """Population standard deviation, s (as `numpy.std`), from sums of squares about the mean."""
        k = self.steps.astype(np.float64)
        a, g = self.first - self.mean(), self.growth
        squares = k * a * a + a * g * k * (k - 1) + g * g * (k - 1) * k * (2 * k - 1) / 6
        return float(np.sqrt(max(0.0, np.sum(self.weight * squares) / self.count)))

    def largest(self) -> float:
        """The longest gap, s."""
        return float(np.max(self.first + (self.steps - 1) * self.growth))

    def percentiles(self, qs: Sequence[float] = PERCENTILES) -> list[float]:
        """The percentiles (0 to 100), s, linear as in `numpy.percentile` of all gaps written out."""
        ranks = np.asarray(qs, dtype=np.float64) / 100 * (self.count - 1)
        below = np.floor(ranks).astype(np.int64)
        found = self._order_statistics(below)
        return [low + (high - low) * float(r - b) for (low, high), r, b in zip(found, ranks, below, strict=True)]

    def share_within(self, limit: float) -> float | None:
        """Share of the gaps that are at most so long, s; None without gaps."""
        if not len(self.first):
            return None
        return int(np.sum(self._index_of(limit, after=True) * self.weight)) / self.count

    def summary(self) -> Summary | None:
        """Mean, std, percentiles and maximum; None without gaps."""
        if not len(self.first):
            return None
        p50, p90, p95, p99 = self.percentiles()
        return Summary(self.count, self.mean(), self.std(), p50, p90, p95, p99, self.largest())

    def _order_statistics(self, ranks: Counts) -> list[tuple[float, float]]:
        """For each rank (from 0, ascending order) the gaps at `rank` and `rank + 1`; the last one twice at the end."""
        last = self.first + (self.steps - 1) * self.growth
        weights = self.steps * self.weight
        next_ranks = np.minimum(ranks + 1, self.count - 1)
        # Moving every gap of a row down to its first, or up to its last, moves order statistics the same way.
        lows, highs = _weighted(self.first, weights, ranks), _weighted(last, weights, next_ranks)
        found = []
        for low, high, rank, next_rank in zip(lows, highs, ranks, next_ranks, strict=True):
            below = np.sum(weights[last < low])
            near = (last >= low) & (self.first <= high)
            rows = Gaps(self.first[near], self.growth[near], self.steps[near], self.weight[near])
            found.append(rows._search(float(low), float(high), int(rank - below), int(next_rank - below)))
        return found

    def _search(self, low: float, high: float, rank: int, next_rank: int) -> tuple[float, float]:
        """Order statistics known to lie in [low, high]; ranks count from this multiset's smallest gap."""
        while True:
            begin, end = self._index_of(low, after=False), self._index_of(high, after=True)
            if int(np.sum(end - begin)) <= max(_MOST_CANDIDATES, 2 * len(self.first)):
                break
            middle = low + (high - low) / 2
            if middle in (low, high):
                break
            up_to_middle = int(np.sum(self._index_of(middle, after=True) * self.weight))
            if up_to_middle > next_rank:
                high = middle
            elif up_to_middle <= rank:
                low = middle
            else:  # the two ranks lie on both sides of the middle: look for each on its own
                return self._search(low, middle, rank, rank)[0], self._search(middle, high, next_rank, next_rank)[0]
        values, weights = self._listed(begin, end)
        ranks = np.array([rank, next_rank]) - int(np.sum(begin * self.weight))
        order = np.argsort(values, kind="stable")
        found = order[np.searchsorted(np.cumsum(weights[order]), ranks, side="right")]
        return float(values[found[0]]), float(values[found[1]])

    def _index_of(self, value: float, *, after: bool) -> Counts:
        """Per row, how many of its gaps are < value (<= value with `after`), by the very floats that gaps have."""
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            guess = np.nan_to_num((value - self.first) / self.growth, nan=0.0)
        index = np.clip(guess, 0, self.steps).astype(np.int64)

        def inside(j: Counts) -> npt.NDArray[np.bool_]:
            gap = self.first + j * self.growth
            return (gap <= value) if after else (gap < value)

        while (grow := (index < self.steps) & inside(index)).any():
            index[grow & (self.growth > 0)] += 1
            flat = grow & (self.growth == 0)
            index[flat] = self.steps[flat]
        while (shrink := (index > 0) & ~inside(index - 1)).any():
            index[shrink & (self.growth > 0)] -= 1
            index[shrink & (self.growth == 0)] = 0
        return index

    def _listed(self, begin: Counts, end: Counts) -> tuple[Floats, Counts]:
        """The gaps begin .. end - 1 of every row with their weights; equal gaps of a row stay one entry."""
        flat = self.growth == 0
        count = np.where(flat, np.minimum(end - begin, 1), end - begin)
        row = np.repeat(np.arange(len(count)), count)
        offset = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
        weight = np.where(flat, self.weight * (end - begin), self.weight)
        return self.first[row] + (begin[row] + offset) * self.growth[row], weight[row]


def pooled(records: Records, window: Window) -> Gaps:
    """All inter-token gaps of a replication that began in the window (of a run: whose first step did)."""
    columns = records.requests
    inside = window.holds(records.gaps["start"])
    runs = Gaps.of_runs({name: values[inside] for name, values in records.gaps.items()})
    from_prefill = window.holds(columns["first_token"]) & ~from_decoder(columns, records.first_token)
    return Gaps.join([runs, Gaps.of_values(ttst(columns)[from_prefill])])


def _weighted(values: Floats, weights: Counts, ranks: Counts) -> Floats:
    """The values at `ranks` (from 0) when each value is written `weights` times in ascending order."""
    order = np.argsort(values, kind="stable")
    return values[order[np.searchsorted(np.cumsum(weights[order]), ranks, side="right")]]
