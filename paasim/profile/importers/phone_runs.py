"""Logs of real use on phones and laptops: many runs, each with its own lengths, put into classes of like length.

Two public forms: the `*_combined.csv` of github.com/singhh5050/ios-llm-benchmarking-results (columns `Prefill_Tokens,
Prefill_Latency_ms, Decode_Tokens, Decode_Latency_ms`), where prompts follow one another and the phone gets warm, and
the runs and context sweeps of github.com/john-rocky/apple-silicon-llm-bench. Each class gives one row: the median.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from pathlib import Path

from paasim.core.errors import InputError
from paasim.profile.importers.formats import Format
from paasim.profile.importers.imported import (
    Imported,
    Record,
    Select,
    chosen,
    distinct,
    has_columns,
    number,
    records_of,
    require_one,
)
from paasim.profile.table import Row, Table

PER_OCTAVE = 2
"""Length classes per doubling."""
FEWEST = 5
"""Runs of a class below which the log of real use gives no row."""

SETUP = ("device_model_identifier", "model_id", "quantization", "model", "quant", "device", "runtime")
"""Columns in which all runs of one profile must agree."""

Step = tuple[str, float, float]
"""Phase, tokens (prompt or mean context), seconds."""


def read(path: Path, select: Select) -> Imported:
    """Read the runs of one device, engine and model.

    Args:
        path: the CSV file.
        select: column -> text that it must hold.

    Raises:
        InputError: if the columns are of no known form.
    """
    records = chosen(records_of(path, ()), select, path)
    known = {column for record in records for column in record}
    if any(set(columns) <= known for columns in FORMS):
        require_one(records, SETUP, path)
    if {"Prefill_Tokens", "Decode_Latency_ms"} <= known:
        steps, fewest = [step for r in records for step in _log(r, path)], FEWEST
    elif {"context_tokens", "decode_tps", "ttft_ms"} <= known:
        steps, fewest = [step for r in records for step in _sweep(r, path)], 1
    elif {"promptTokenCount", "promptTokensPerSecond"} <= known:
        steps, fewest = [step for r in records for step in _run(r, path)], 1
    else:
        raise InputError.one(f"{path}:1", "has the columns of no known form", "see the module's text")
    return Imported(Table(_classes(steps, fewest)))


def _log(r: Record, path: Path) -> Iterator[Step]:
    prompt, spent = number(r, "Prefill_Tokens", path), number(r, "Prefill_Latency_ms", path)
    made, decoding = number(r, "Decode_Tokens", path), number(r, "Decode_Latency_ms", path)
    if prompt and spent:
        yield "prefill", prompt, spent / 1e3
    if prompt and made and decoding and made >= 16:
        yield "decode", prompt + made / 2, decoding / made / 1e3


def _sweep(r: Record, path: Path) -> Iterator[Step]:
    context, rate, first = (number(r, name, path) for name in ("context_tokens", "decode_tps", "ttft_ms"))
    if context and rate and first:
        yield "prefill", context, first / 1e3
        yield "decode", context, 1 / rate


def _run(r: Record, path: Path) -> Iterator[Step]:
    prompt, made = number(r, "promptTokenCount", path), number(r, "generatedTokenCount", path)
    prefill, decode = number(r, "promptTokensPerSecond", path), number(r, "decodeTokensPerSecond", path)
    if prompt and prefill:
        yield "prefill", prompt, prompt / prefill
    if prompt and made and decode:
        yield "decode", prompt + made / 2, 1 / decode


def _classes(steps: list[Step], fewest: int) -> list[Row]:
    """One row per phase and length class: medians of length and time."""
    from math import floor, log2

    groups: dict[tuple[str, int], list[tuple[float, float]]] = {}
    for phase, tokens, seconds in steps:
        groups.setdefault((phase, floor(PER_OCTAVE * log2(tokens))), []).append((tokens, seconds))
    rows = []
    for (phase, _), members in sorted(groups.items()):
        if len(members) < fewest:
            continue
        tokens = round(statistics.median(t for t, _ in members))
        times = [s for _, s in members]
        spread = statistics.stdev(times) if len(times) > 1 else None
        new, context = (tokens, 0.0) if phase == "prefill" else (1, float(tokens))
        rows.append(Row(phase, 1, new, context, statistics.median(times), spread, len(members)))
    return rows


FORMS = (
    ("Prefill_Tokens", "Prefill_Latency_ms", "Decode_Tokens", "Decode_Latency_ms"),
    ("context_tokens", "decode_tps", "ttft_ms"),
    ("promptTokenCount", "promptTokensPerSecond"),
)
"""Columns of the public forms."""


def _recognises(path: Path, head: str) -> bool:
    return any(has_columns(head, *columns) for columns in FORMS)


def _configurations(path: Path, select: Select) -> list[dict[str, str]]:
    """One selection per device, model and runtime."""
    records = chosen(records_of(path, ()), select, path)
    known = {column for record in records for column in record}
    return distinct(records, tuple(column for column in SETUP if column in known))


FORMAT = Format("phone-runs", "runs logged on phones and laptops", _recognises, read, _configurations)
