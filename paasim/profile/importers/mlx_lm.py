"""The benchmark table of mlx-lm: one prompt of 2,048 tokens and 128 generated ones per model and precision.

Columns `model, precision, prompt_2048_tok_s, generation_128_tok_s, memory_GB, device`, from
https://github.com/ml-explore/mlx-lm (`mlx_lm/BENCHMARKS.md`). A skull stands where the model did not fit. `memory_GB`
is the peak of the run, weights, cache and buffers together, and is not taken over.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from paasim.core.errors import InputError
from paasim.profile.importers.formats import Format
from paasim.profile.importers.imported import (
    Imported,
    Record,
    Select,
    chosen,
    decode_row,
    has_columns,
    number,
    prefill_row,
    records_of,
)
from paasim.profile.table import Table

COLUMNS = ("model", "precision", "prompt_2048_tok_s", "generation_128_tok_s", "device")
PROMPT, MADE = 2048, 128
MODELS = {"Qwen/Qwen3-4B-Instruct-2507": "qwen3-4b", "Qwen/Qwen3-30B-A3B-Instruct-2507": "qwen3-30b-a3b"}
"""Names there -> models of the catalogue with the same layers."""
_DEVICE = re.compile(r"(\d+)\s?GB (.+)$")


def read(path: Path, select: Select) -> Imported:
    """Read one line.

    Args:
        path: the CSV file.
        select: column -> text, such as `model: 4B`, `precision: =q4`.

    Raises:
        InputError: if not exactly one line is left, or the model did not fit.
    """
    left = chosen(records_of(path, COLUMNS), select, path)
    if len(left) != 1:
        some = ", ".join(f"{r['model']} / {r['precision']}" for r in left[:6])
        raise InputError.one(str(path), f"{len(left)} lines match: {some}", "select one model and precision")
    record = left[0]
    if not re.match(r"\d", record[COLUMNS[2]]):
        raise InputError.one(str(path), f"{record['model']} in {record['precision']} did not fit", "select another")
    prompt, made = (number(record, name, path) for name in COLUMNS[2:4])
    if not prompt or not made:
        raise InputError.one(str(path), f"{record['model']} has no rates", "select another line")
    rows = [prefill_row(PROMPT, 0.0, prompt), decode_row(MADE, PROMPT, made)]
    return Imported(Table(rows), _header(record))


def _header(record: Record) -> dict[str, Any]:
    device = _DEVICE.match(record["device"])
    hardware = (device[2] if device else record["device"]).lower().replace(" ", "-")
    model = MODELS.get(record["model"], record["model"].split("/")[-1].lower())
    dtype = record["precision"].replace(" ", "-")
    return {
        "id": f"{hardware}/{model}/{dtype}/mlx-lm/tp1",
        "hardware": hardware,
        "place": "device",
        "model": model,
        "dtype": dtype,
        "engine": "mlx-lm",
        "provenance": "measured",
        "source": record.get("source") or "https://github.com/ml-explore/mlx-lm",
        "licence": "MIT",
        "note": f"Measured with {record['model'].split('/')[-1]}, one prompt of {PROMPT} tokens, {MADE} generated.",
        "memory": {"device_bytes": f"{device[1]} GB"} if device else {},
        "limits": {"max_seqs": 1},
    }


def _recognises(path: Path, head: str) -> bool:
    return has_columns(head, *COLUMNS)


FORMAT = Format("mlx-lm", "the mlx-lm benchmark table", _recognises, read)
