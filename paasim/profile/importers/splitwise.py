"""Splitwise's measurements: `data/perf_model.csv` of https://github.com/Mutinifni/splitwise-sim (MIT; ISCA 2024).

One row per run: `batch_size` prompts of `prompt_size` tokens took `prompt_time` ms, then each of `token_size` steps
took `token_time` ms on average. Repeats become one row with mean, standard deviation and number. A decode step
stands at the mean context of its run, prompt_size + token_size / 2: exact for a step time that is affine in context.

Left out, and said: batches that failed (faster by half than a smaller batch of the same prompt: part of it never ran).
Hardware whose name ends in `-pcap` (a power cap) is no measurement: its prompt times are 1.3 times the uncapped ones.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from paasim.core.errors import InputError
from paasim.profile.importers.formats import Format
from paasim.profile.importers.imported import (
    LINE,
    Imported,
    Record,
    Select,
    chosen,
    count,
    distinct,
    has_columns,
    lined_records_of,
    number,
    repeated,
)
from paasim.profile.table import Row, Table

ID = ("model", "hardware", "tensor_parallel")
COLUMNS = (*ID, "prompt_size", "batch_size", "token_size", "prompt_time", "token_time")
FAILED = 0.5
"""A batch that takes less than this share of what a smaller batch of the same prompt takes has failed."""
SOURCE = "https://github.com/Mutinifni/splitwise-sim/blob/main/data/perf_model.csv"
MODELS = {"llama2-70b": "llama-2-70b"}
"""Names in the file -> names of the model catalogue."""
HARDWARE = {"a100-80gb": "a100-sxm", "h100-80gb": "h100-sxm"}
"""Names in the file -> ours: the paper's machines are a DGX-A100 and a DGX-H100."""

Size = tuple[int, int, int]
"""Batch, prompt tokens, generated tokens."""


def read(path: Path, select: Select) -> Imported:
    """Read one configuration.

    Args:
        path: the CSV file.
        select: `model`, `hardware` and `tensor_parallel` (`=h100-80gb`: exactly), enough to leave one.

    Raises:
        InputError: if several configurations are left, or a row cannot be used (with its line).
    """
    left = _left(path, select)
    keys = distinct(left, ID)
    if len(keys) != 1:
        differ = ", ".join(column for column in ID if len({key[column] for key in keys}) > 1)
        raise InputError.one(str(path), f"holds {len(keys)} configurations", f"say which {differ} (--select)")
    runs: dict[Size, list[Record]] = {}
    for record in left:
        runs.setdefault(_size(record), []).append(record)
    notes = []
    for size in _failed(runs):
        prompts = f"{size[0]} prompts of {size[1]} tokens"
        notes.append(f"left out {len(runs.pop(size))} runs of {prompts}: faster than a smaller batch, so they failed")
    rows = [*_prefill(runs), *_decode(runs)]
    notes.append("decode steps stand at the mean context of their run, prompt + half of the generated tokens")
    header = _header(left[0])
    if "note" in header:
        notes.append(header["note"])
    return Imported(Table(rows), header, notes)


def _left(path: Path, select: Select) -> list[Record]:
    return chosen(lined_records_of(path, COLUMNS), select, path)


def _size(record: Record) -> Size:
    batch, prompt, made = (count(record, name, record[LINE]) for name in ("batch_size", "prompt_size", "token_size"))
    return batch, prompt, made


def _times(records: list[Record], column: str) -> list[float]:
    """Seconds of the runs that have them (some have no token time)."""
    return [value / 1e3 for record in records if (value := number(record, column, record[LINE]))]


def _failed(runs: dict[Size, list[Record]]) -> list[Size]:
    """Sizes that were faster by half than a smaller batch of the same prompt."""
    times = {size: sum(found) / len(found) for size, each in runs.items() if (found := _times(each, "prompt_time"))}
    return [
        size
        for size, seconds in times.items()
        if any(s[1] == size[1] and s[0] < size[0] and seconds < FAILED * other for s, other in times.items())
    ]


def _prefill(runs: dict[Size, list[Record]]) -> list[Row]:
    groups: dict[tuple[int, int], list[float]] = {}
    for (batch, prompt, _), records in runs.items():
        groups.setdefault((batch, prompt), []).extend(_times(records, "prompt_time"))
    return [repeated("prefill", batch, prompt, 0, times) for (batch, prompt), times in groups.items() if times]


def _decode(runs: dict[Size, list[Record]]) -> list[Row]:
    groups: dict[tuple[int, float], list[float]] = {}
    for (batch, prompt, made), records in runs.items():
        groups.setdefault((batch, prompt + made / 2), []).extend(_times(records, "token_time"))
    return [repeated("decode", batch, 1, context, times) for (batch, context), times in groups.items() if times]


def _header(record: Record) -> dict[str, Any]:
    name, tp = record["hardware"], count(record, "tensor_parallel", record[LINE])
    hardware, model = HARDWARE.get(name, name), MODELS.get(record["model"], record["model"])
    header: dict[str, Any] = {
        "id": f"{hardware}/{model}/fp16/vllm/tp{tp}",
        "hardware": hardware,
        "model": model,
        "dtype": "fp16",
        "engine": "vllm",
        "tp": tp,
        "provenance": "measured",
        "source": SOURCE,
        "licence": "MIT",
        "date": "2023-11",
    }
    if name.endswith("-pcap"):
        header["provenance"] = "estimated"
        header["note"] = "Not measured: the prompt times of the uncapped GPU times 1.3, its token times unchanged."
    return header


def _recognises(path: Path, head: str) -> bool:
    return has_columns(head, *COLUMNS)


def _configurations(path: Path, select: Select) -> list[dict[str, str]]:
    return distinct(_left(path, select), ID)


FORMAT = Format("splitwise", "splitwise-sim's perf_model.csv", _recognises, read, _configurations)
