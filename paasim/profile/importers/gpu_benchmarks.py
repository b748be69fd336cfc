"""The table of github.com/XiongjieDai/GPU-Benchmarks-on-LLM-Inference: LLaMA 3 with llama.cpp on many GPUs.

Columns `GPU, Model, tg 512, ..., pp 512, ...`: tokens/s generating or processing that many tokens; OOM where it did not
fit. Rates of `tg N` are averages over contexts of 0 to N.
"""

from __future__ import annotations

import re
from pathlib import Path

from paasim.core.errors import InputError
from paasim.profile.importers.formats import Format
from paasim.profile.importers.imported import (
    Imported,
    Select,
    chosen,
    decode_row,
    has_columns,
    number,
    prefill_row,
    records_of,
)
from paasim.profile.table import Table

_TEST = re.compile(r"(pp|tg) (\d+)$")


def read(path: Path, select: Select) -> Imported:
    """Read one line of the table.

    Args:
        path: the CSV file.
        select: `GPU` and `Model`, such as `GPU: =4090 24GB`, `Model: 8B Q4_K_M`.

    Raises:
        InputError: if not exactly one line is left.
    """
    left = chosen(records_of(path, ("GPU", "Model")), select, path)
    if len(left) != 1:
        some = ", ".join(f"{r['GPU']} / {r['Model']}" for r in left[:6])
        raise InputError.one(str(path), f"{len(left)} lines match: {some}", "select one GPU and Model")
    rows = []
    for column in left[0]:
        test = _TEST.match(column)
        if test is None or left[0][column] == "OOM":
            continue
        rate = number(left[0], column, path)
        if rate:
            rows.append((prefill_row if test[1] == "pp" else decode_row)(float(test[2]), 0.0, rate))
    return Imported(Table(rows), {"engine": "llama.cpp", "version": "2024-05"})


def _recognises(path: Path, head: str) -> bool:
    return has_columns(head, "GPU", "Model", "tg 1024")


FORMAT = Format("gpu-benchmarks", "the GPU-Benchmarks-on-LLM-Inference table", _recognises, read)
