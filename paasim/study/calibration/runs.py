"""Measured runs to simulate: from what benchmark clients write, or a CSV with a line per run.

Of clients, every form that `paasim.results.readers` knows. Lengths are drawn evenly, with the mean and the spread of
those that were served (prompts and answers by one ratio, the mean of theirs): figures alone tell no spread, unless the
benchmark is known to draw its lengths from a range.
Columns of the CSV: `prompt`, `output` (tokens asked for), `concurrency`, `ttft_ms`, `tpot_ms` (means); where lengths
are drawn evenly from a share of what is asked for up to it, `range_ratio` (as `--random-range-ratio` of clients).
"""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import numpy as np

from paasim.core.errors import InputError, Problem, quoted
from paasim.results.readers import formats
from paasim.results.served import Served
from paasim.study.calibration.serving import MeasuredRun

COLUMNS = ("prompt", "output", "concurrency", "ttft_ms", "tpot_ms")
RANGES = {
    "prompt": (1, 1e8),
    "output": (1, 1e7),
    "concurrency": (1, 1e6),
    "ttft_ms": (1e-3, 1e8),
    "tpot_ms": (1e-4, 1e6),
}
"""What a server can have done, widely taken; more is a slip or another unit."""
ADVICE = f"give the result file of a benchmark client (docs/measurements.md), or a CSV with {','.join(COLUMNS)}"
EVEN = 3.0**0.5
"""Half the width of an even distribution, in standard deviations."""
SHORTEST = 0.05
"""Share of the mean below which no length is drawn."""


def read(
    path: Path, *, profile: str, model: str, hardware: str, engine: str
) -> tuple[list[MeasuredRun], dict[str, int]]:
    """Read the runs of one profile, and count those that cannot be used, by reason.

    Args:
        path: the result of a benchmark client (a file or folder), or a CSV.
        profile: what served them: a name or a path.
        model: its model, by name or by path.
        hardware: its GPU.
        engine: how it fills its steps: `vllm`, `sglang` or `trtllm`.

    Raises:
        InputError: if it is neither, or holds wrong lines.
    """
    known = formats.recognise(path)
    if known is None:
        return table(path, profile=profile, model=model, hardware=hardware, engine=engine), {}
    runs: list[MeasuredRun] = []
    dropped: Counter[str] = Counter()
    for each in known.read(path):
        run = measured(each, engine=engine, model=model, hardware=hardware, profile=profile)
        if isinstance(run, str):
            dropped[run] += 1
        else:
            runs.append(run)
    return runs, dict(dropped)


def _unfit(served: Served) -> str:
    """Why a run cannot be simulated as a closed loop; empty if it can."""
    if served.unusable:
        return served.unusable
    if served.setup.concurrency is None:
        return "no closed loop" if served.setup.request_rate is not None else "its concurrency is not stated"
    if _mean(served, "ttft") is None or _mean(served, "tpot") is None:
        return "TTFT or TPOT is not stated"
    if not _lengths(served)[0] or not _lengths(served)[1]:
        return "its lengths are not stated"
    return ""


def measured(served: Served, *, engine: str, model: str, hardware: str, profile: str) -> MeasuredRun | str:
    """The run as the simulator takes it, or why it cannot be simulated as a closed loop.

    Args:
        served: what a benchmark found.
        engine: how it fills its steps: `vllm`, `sglang` or `trtllm`.
        model: its model, by name or by path.
        hardware: its GPU.
        profile: what served it: a name or a path.
    """
    if reason := _unfit(served):
        return reason
    prompt, output, shortest, longest = _lengths(served)
    users, ttft, tpot = served.setup.concurrency, _mean(served, "ttft"), _mean(served, "tpot")
    assert users is not None
    assert ttft is not None
    assert tpot is not None
    return MeasuredRun(
        engine=engine,
        model=model,
        hardware=hardware,
        profile=profile,
        prompt=round(prompt),
        output=max(2, round(output)),
        concurrency=users,
        ttft=ttft,
        tpot=tpot,
        shortest=shortest,
        longest=longest,
        version=served.setup.version,
        date=served.setup.date,
        held=served.held,
    )


def _mean(served: Served, metric: str) -> float | None:
    """The mean of a metric, s; what comes nearest to it where that is not stated."""
    if metric in (found := served.recomputed()):
        return found[metric].mean
    stated = served.stated.get(metric, {})
    typical = served.typical(metric)
    return stated.get("mean", None if typical is None else typical.value)


def _lengths(served: Served) -> tuple[float, float, float, float]:
    """Prompt and output tokens (0: not known), and from and to which share of them they are drawn."""
    rows, s = [row for row in served.answered if row.prompt_tokens and row.output_tokens], served.setup
    if not rows:
        return s.isl or 0.0, s.osl or 0.0, s.shortest or 1.0, s.longest or 1.0
    lengths = np.array([[row.prompt_tokens, row.output_tokens] for row in rows], dtype=np.float64)
    prompt, output = lengths.mean(axis=0).tolist()
    half = EVEN * float((lengths.std(axis=0) / lengths.mean(axis=0)).mean())
    return prompt, output, max(SHORTEST, 1.0 - half), 1.0 + half


def table(path: Path, *, profile: str, model: str, hardware: str, engine: str) -> list[MeasuredRun]:
    """Read the CSV.

    Args:
        path: the CSV.
        profile: what served them: a name or a path.
        model: its model, by name or by path.
        hardware: its GPU.
        engine: how it fills its steps: `vllm`, `sglang` or `trtllm`.

    Raises:
        InputError: with every line that is wrong.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except IsADirectoryError:
        raise InputError.one(str(path), "is a folder with no result of a benchmark client in it", ADVICE) from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError.one(str(path), f"cannot be read: {error}", ADVICE) from None
    missing = [name for name in COLUMNS if not rows or name not in rows[0]]
    if missing:
        raise InputError.one(str(path), f"has no column '{missing[0]}'" if rows else "has no runs", ADVICE)
    runs, problems = [], []
    for line, row in enumerate(rows, 2):
        try:
            prompt, output, users = (_count(row, name) for name in COLUMNS[:3])
            ttft, tpot = (_positive(row, name) / 1e3 for name in COLUMNS[3:])
            shortest = _positive(row, "range_ratio") if row.get("range_ratio") else 1.0
            runs.append(
                MeasuredRun(
                    engine, model, hardware, profile, prompt, output, users, ttft, tpot, shortest=min(shortest, 1.0)
                )
            )
        except ValueError as error:
            problems.append(Problem(f"{path}:{line}", str(error), "correct or drop the line"))
    if problems:
        raise InputError(problems)
    return runs


def _count(row: dict[str, str], name: str) -> int:
    value = _positive(row, name)
    if value != int(value):
        raise ValueError(f"{name} {quoted(row[name])} is not a whole number")
    return int(value)


def _positive(row: dict[str, str], name: str) -> float:
    try:
        value = float(row[name])
    except (TypeError, ValueError):
        raise ValueError(f"{name} {quoted(row[name] or '')} is not a number") from None
    if not 0 < value < float("inf"):
        raise ValueError(f"{name} {quoted(row[name])} is not more than zero")
    low, high = RANGES.get(name, (0.0, 1.0))
    if not low <= value <= high:
        raise ValueError(f"{name} {quoted(row[name])} is not between {low:g} and {high:g}")
    return value
