"""Reads one's own serving runs: a CSV with a line per run of a closed loop.

Columns: `prompt`, `output` (tokens asked for), `concurrency`, `ttft_ms`, `tpot_ms` (means); where lengths are drawn
evenly from a share of what is asked for up to it, `range_ratio` (as `--random-range-ratio` of benchmark clients).
"""

from __future__ import annotations

import csv
from pathlib import Path

from paasim.core.errors import InputError, Problem
from paasim.study.serving import MeasuredRun

COLUMNS = ("prompt", "output", "concurrency", "ttft_ms", "tpot_ms")
TODO = f"give a CSV with the columns {','.join(COLUMNS)}, or silicon_sample.csv"


def read(path: Path, *, profile: str, model: str, hardware: str, engine: str) -> list[MeasuredRun]:
    """Read the runs of one profile.

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
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError.one(str(path), f"cannot be read: {error}", TODO) from None
    missing = [name for name in COLUMNS if not rows or name not in rows[0]]
    if missing:
        raise InputError.one(str(path), f"has no column '{missing[0]}'" if rows else "has no runs", TODO)
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
        raise ValueError(f"{name} '{row[name]}' is not a whole number")
    return int(value)


def _positive(row: dict[str, str], name: str) -> float:
    try:
        value = float(row[name])
    except (TypeError, ValueError):
        raise ValueError(f"{name} '{row[name]}' is not a number") from None
    if not 0 < value < float("inf"):
        raise ValueError(f"{name} '{row[name]}' is not more than zero")
    return value
