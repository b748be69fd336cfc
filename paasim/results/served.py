"""Measured serving: what a benchmark of a real engine found, in one form whatever tool wrote the file.

A `Served` is one run: what is known of its set-up, and its requests, from which every metric is worked out anew with
paasim's definitions (`paasim.metrics`), because tools give one name several meanings. Where a file holds only figures,
they are kept under the name that paasim has for what they measure, and a warning says that nothing can be recomputed.

Left out: what the server said of itself (queue lengths, cache use), and the texts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from math import inf, nan
from pathlib import Path
from typing import NamedTuple

import numpy as np

from paasim.core.recorder import Floats
from paasim.metrics.definitions import METRICS
from paasim.metrics.statistics import Summary, summarize

RECOMPUTED = ("ttft", "ttst", "tpot", "itl", "e2el")
"""Metrics that requests give: `METRICS` without `queue`, which a client cannot see, and `itl`."""
STATED = (*RECOMPUTED, "ntpot")
"""Metrics that a file may state; `ntpot` is E2EL / n, normalized time per output token, which nothing here predicts."""
TYPICAL = "typical"
"""The statistic of a figure that is a mean or a median, its source does not say which."""

Statistics = Mapping[str, Mapping[str, float]]
"""Metric -> statistic (`mean`, `std`, `min`, `max`, `p50`, `p99.9`, `typical`) -> s."""


@dataclass(frozen=True)
class Layout:
    """How an engine is spread over GPUs; None where it is not stated."""

    tp: int | None = None
    """Tensor-parallel width of attention."""
    pp: int | None = None
    """Pipeline stages."""
    ep: int | None = None
    """Expert-parallel width."""
    dp: int | None = None
    """Data-parallel width of attention within an instance."""
    moe_tp: int | None = None
    """Tensor-parallel width of the experts."""
    instances: int | None = None
    """Engines of this layout."""
    batch: int | None = None
    """Largest batch of one data-parallel rank."""

    @property
    def gpus(self) -> int | None:
        """GPUs of one instance: tp x pp x dp, of what is stated; None if tp is not."""
        return None if self.tp is None else self.tp * (self.pp or 1) * (self.dp or 1)


@dataclass(frozen=True)
class Setup:
    """What was measured, as far as the file tells: empty or None where it does not."""

    engine: str = ""
    version: str = ""
    model: str = ""
    hardware: str = ""
    precision: str = ""
    gpus: int | None = None
    """GPUs of the whole system."""
    mode: str = ""
    """`aggregated`: prefill and decode on the same engines; `disaggregated`."""
    layout: Layout = Layout()
    """Of the engines that do both."""
    prefill: Layout = Layout()
    decode: Layout = Layout()
    speculation: str = ""
    """Speculative decoding; empty is not stated, not off."""
    concurrency: int | None = None
    """Closed loop: requests under way at once at most."""
    request_rate: float | None = None
    """Open loop: requests per second as asked for; infinite if all were sent at once."""
    isl: float | None = None
    """Prompt length, tokens: the mean, or what was asked for where lengths are drawn from a range of that."""
    osl: float | None = None
    """Output length, tokens, likewise."""
    shortest: float | None = None
    """Lengths were drawn evenly from this share of `isl` and `osl`, where the benchmark is known to do so."""
    longest: float | None = None
    """To this share."""
    clock: str = "sent"
    """When a request's clock starts: when it was `sent`, or when it was `scheduled` to be."""
    campaign: str = ""
    """Who ran the benchmark, where runs of several stand in one file: their clients and flags differ."""
    date: str = ""
    source: str = ""

    @property
    def load(self) -> str:
        """How requests were offered, in words; empty if it is not stated."""
        limit = "" if self.concurrency is None else f"{self.concurrency} at once"
        if self.request_rate is None:
            return f"closed loop, {limit}" if limit else ""
        if self.request_rate == inf:
            return f"closed loop, {limit}" if limit else "all sent at once"
        return f"open loop, {self.request_rate:g} /s" + (f", at most {limit}" if limit else "")


class Answer(NamedTuple):
    """One request and how it was answered. Times in s."""

    request_id: str
    start: float
    """Since the first request of the run."""
    prompt_tokens: int | None
    output_tokens: int | None
    ttft: float | None
    """First token - start; None if the answer was not streamed."""
    e2el: float | None
    """Last token - start."""
    itl: tuple[float, ...] = ()
    """Every gap between pieces of the answer, if the file holds them; a piece may carry several tokens."""
    ok: bool = True
    error: str = ""
    """Why it failed, on one line."""
    waited: float | None = None
    """Time in the client's own queue before it was sent; in none of the latencies."""


class Figure(NamedTuple):
    """A value, s, and which statistic it is."""

    value: float
    statistic: str


@dataclass
class Served:
    """One run of a benchmark."""

    name: str
    """What tells it apart in its file."""
    setup: Setup = Setup()
    requests: Sequence[Answer] = ()
    stated: Statistics = field(default_factory=dict)
    """The file's own figures, under paasim's names."""
    rates: Mapping[str, float] = field(default_factory=dict)
    """The file's own `requests_per_s`, `output_tokens_per_s`, `total_tokens_per_s`."""
    completed: int | None = None
    failed: int | None = None
    """Also those that were cut off."""
    duration: float | None = None
    """Of the measurement, s."""
    warnings: list[str] = field(default_factory=list)
    unusable: str = ""
    """Why a simulation cannot be held against this run; empty if it can."""
    held: str = ""
    """Why its TTFT is not that of its engine alone, and cannot be compared: what the server does; empty if it can."""

    @property
    def answered(self) -> list[Answer]:
        """The requests that did not fail."""
        return [each for each in self.requests if each.ok]

    def values(self, metric: str) -> Floats:
        """A metric of every answered request (`itl`: of every gap), s; NaN where a request has none."""
        if metric == "itl":
            return np.array([gap for each in self.answered for gap in each.itl], dtype=np.float64)
        return METRICS[metric](self._columns())

    def _columns(self) -> dict[str, Floats]:
        """The answered requests as the columns that the metrics are defined on."""
        rows = self.answered
        start = _floats([each.start for each in rows])
        first = start + _floats([each.ttft for each in rows])
        return {
            "arrival": start,
            "first_token": first,
            "second_token": first + _floats([each.itl[0] if each.itl else None for each in rows]),
            "last_token": start + _floats([each.e2el for each in rows]),
            "output_tokens": _floats([each.output_tokens for each in rows]),
        }

    def recomputed(self) -> dict[str, Summary]:
        """Every metric that the requests give."""
        if not self.answered:
            return {}
        found = {metric: summarize(self.values(metric)) for metric in RECOMPUTED}
        return {metric: summary for metric, summary in found.items() if summary is not None}

    def typical(self, metric: str) -> Figure | None:
        """The median if it can be had, else what comes nearest to it."""
        if metric in (mine := self.recomputed()):
            return Figure(mine[metric].p50, "p50")
        stated = self.stated.get(metric, {})
        return next((Figure(stated[name], name) for name in ("p50", TYPICAL, "mean") if name in stated), None)

    def throughput(self) -> dict[str, float]:
        """`requests_per_s`, `output_tokens_per_s`, `total_tokens_per_s`: recomputed if all requests are there."""
        rows, seconds = self.answered, self.duration or self._span()
        if not rows or not seconds or (self.completed is not None and self.completed > len(rows)):
            return dict(self.rates)
        made, sent = sum(row.output_tokens or 0 for row in rows), sum(row.prompt_tokens or 0 for row in rows)
        counts = {"requests_per_s": len(rows), "output_tokens_per_s": made, "total_tokens_per_s": made + sent}
        return {name: count / seconds for name, count in counts.items() if count}

    def _span(self) -> float:
        """From the first request sent to the last token of all, s."""
        return max((each.start + (each.e2el or 0.0) for each in self.answered), default=0.0)


def read(path: Path | str, format: str = "") -> list[Served]:
    """Read every run of a file (or folder) that a serving benchmark wrote.

    Args:
        path: the file; `.gz` is unzipped.
        format: its name, as in `paasim.results.readers.formats`; recognised by content if empty.

    Raises:
        InputError: if it is of no known format, or damaged.
    """
    from paasim.results.readers import formats

    return formats.read(Path(path), format)


def field_names(of: type[Setup] | type[Layout]) -> list[str]:
    """The names of the facts, in order."""
    return [each.name for each in fields(of)]


def _floats(values: Sequence[float | None]) -> Floats:
    return np.array([nan if value is None else value for value in values], dtype=np.float64)
