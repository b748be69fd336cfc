"""What to know before trusting a run that was measured elsewhere; the same for every format."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from paasim.metrics.statistics import enough_for
from paasim.results.served import Served

AGREE = 0.02
"""Relative difference up to which a figure that is recomputed agrees with the file's own."""
PIECES = 0.95
"""Pieces of answers per output token below which gaps are not those between tokens."""


def caution(run: Served) -> None:
    """Count what the file does not count, and add the warnings that any run may need, each once."""
    if run.requests:
        run.completed = len(run.answered) if run.completed is None else run.completed
        run.failed = len(run.requests) - len(run.answered) if run.failed is None else run.failed
    for text in (*_of_summary(run), *_of_requests(run), *_disagreements(run)):
        if text not in run.warnings:
            run.warnings.append(text)
    if not run.unusable:
        run.unusable = _unusable(run)


def _unusable(run: Served) -> str:
    if run.completed == 0:
        return "no request was answered"
    if run.typical("ttft") is None and run.typical("tpot") is None and run.typical("e2el") is None:
        return "no latency is given"
    if not run.requests and run.setup.concurrency is None and run.setup.request_rate is None:
        return "neither concurrency nor request rate is stated"
    return ""


def _of_summary(run: Served) -> Iterator[str]:
    if not run.requests:
        yield "only summary figures: nothing can be recomputed with paasim's definitions"
    elif not run.answered:
        yield "no request was answered"
    elif run.completed is not None and run.completed > len(run.answered):
        yield f"the file keeps {len(run.answered)} of {run.completed} answered requests"
    if run.failed:
        yield f"{run.failed} of {run.failed + (run.completed or 0)} requests failed and count in no latency"


def _of_requests(run: Served) -> Iterator[str]:
    rows = run.answered
    if not rows:
        return
    if all(row.ttft is None for row in rows):
        yield "answers were not streamed: there is no TTFT and no TPOT"
    single = sum(row.output_tokens == 1 for row in rows)
    if single:
        yield f"{single} requests have one output token and so no TPOT"
    pieces = sum(1 + len(row.itl) for row in rows if row.itl)
    tokens = sum(row.output_tokens or 0 for row in rows if row.itl)
    if tokens and pieces < PIECES * tokens:
        each = tokens / pieces
        yield f"a piece of an answer holds {each:.2f} tokens on average: ITL is between pieces, TPOT between tokens"
    waited = [row.waited for row in rows if row.waited]
    if waited and np.mean(waited) > 0.001:
        yield f"requests waited {np.mean(waited):.3g} s on average in the client before they were sent; not in TTFT"
    if not enough_for(99, len(rows)):
        yield f"{len(rows)} requests are too few for a p99"


def _disagreements(run: Served) -> Iterator[str]:
    """Where the file's own figure is another one, though it has paasim's name."""
    for metric, mine in run.recomputed().items():
        for statistic in ("mean", "p50"):
            stated = run.stated.get(metric, {}).get(statistic)
            value = float(getattr(mine, statistic))
            if stated is not None and abs(stated - value) > AGREE * max(abs(value), 1e-4):
                name = f"{statistic} {metric.upper()}"
                yield f"the file says {name} {stated:.4g} s, its requests give {value:.4g} s (used here)"
