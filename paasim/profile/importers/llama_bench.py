"""Benchmark tables of llama.cpp: `llama-bench` and `llama-batched-bench`, in any of their forms.

`llama-bench`: the Markdown table (also inside a document), CSV with its columns, and `-o json` or `-o jsonl`;
`ppN @ dD` processes a prompt of N tokens after D cached ones, `tgN @ dD` generates N tokens after D.
`llama-batched-bench`: its Markdown or CSV table; B prompts of PP tokens each, then TG tokens for each of them. The
first row of such a table is cold and left out.
See https://github.com/ggml-org/llama.cpp/tree/master/tools (llama-bench, batched-bench).
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

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
    text_of,
)
from paasim.profile.table import Row, Table

_TEST = re.compile(r"(pp|tg)\s*(\d+)(?:\s*@\s*d\s*(\d+))?$")
_RATE = re.compile(r"([\d.]+)(?:\s*±\s*([\d.]+))?$")
SETUP = (
    *("device", "gpu_info", "model", "model_type", "backend", "backends", "build", "build_number", "section"),
    *("fa", "flash_attn", "n_batch", "type_k", "use_mmap", "file"),
)
"""Columns in which all rows of one profile must agree."""


def read(path: Path, select: Select) -> Imported:
    """Read the tables of a file.

    Args:
        path: Markdown, CSV, JSON or JSON lines, possibly `.gz`.
        select: column -> text that it must hold; in Markdown also `section`, the heading above the table. `batch=many`
            takes only batches of two or more from `llama-batched-bench`.

    Raises:
        InputError: if there is no such table, or the rows left are of more than one set-up.
    """
    wanted = dict(select)
    many = wanted.pop("batch", "") == "many"
    records = list(_records(path))
    if not records:
        raise InputError.one(str(path), "holds no table of llama-bench or llama-batched-bench", "check the file")
    left = chosen(records, wanted, path)
    _check_one_setup(left, path)
    rows = [row for record in left for row in _rows(record, path)]
    if many:
        rows = [row for row in rows if row.batch > 1]
    if not rows:
        raise InputError.one(str(path), "the selected rows hold no prompt or generation test", "widen the selection")
    builds = [build for r in left if (build := r.get("build") or r.get("build_number"))]
    header = {"engine": "llama.cpp"} | ({"version": builds[0]} if builds else {})
    return Imported(Table(merged(rows)), header)


def merged(rows: Iterable[Row]) -> list[Row]:
    """Rows of the same step as one row of their mean."""
    groups: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.phase, row.batch, row.new_tokens, row.context_tokens), []).append(row)
    return [each[0] if len(each) == 1 else _mean(each) for each in groups.values()]


def _mean(rows: list[Row]) -> Row:
    return replace(rows[0], latency=sum(row.latency for row in rows) / len(rows), std=None, n=len(rows))


def _check_one_setup(records: list[Record], path: Path) -> None:
    for column in SETUP:
        values = {record[column] for record in records if record.get(column)}
        if len(values) > 1:
            some = ", ".join(sorted(values)[:6])
            todo = f"select one of {some} (--select {column}=...)"
            raise InputError.one(str(path), f"the rows are of {len(values)} kinds of {column}", todo)


def _records(path: Path) -> Iterator[Record]:
    """Every row of every table in the file."""
    text = text_of(path)
    start = text.lstrip()[:1]
    if start == "[" or start == "{":
        yield from _json_records(text, path)
    elif any(line.lstrip().startswith("|") for line in text.splitlines()):
        yield from _markdown_records(text)
    else:
        for record in csv.DictReader(text.splitlines()):
            yield {key: value or "" for key, value in record.items() if key}


def _json_records(text: str, path: Path) -> Iterator[Record]:
    try:
        documents = json.loads(text) if text.lstrip().startswith("[") else None
    except json.JSONDecodeError as error:
        raise InputError.one(f"{path}:{error.lineno}", f"is not JSON: {error.msg}", "correct the file") from None
    if documents is None:
        documents = []
        for line_number, line in enumerate(text.splitlines(), start=1):
            try:
                documents += [json.loads(line)] if line.strip() else []
            except json.JSONDecodeError as error:
                raise InputError.one(f"{path}:{line_number}", f"is not JSON: {error.msg}", "is it cut?") from None
    for document in documents:
        if isinstance(document, dict):
            yield {key: str(value) for key, value in document.items() if not isinstance(value, list)}


def _markdown_records(text: str) -> Iterator[Record]:
    section = ""
    names: list[str] = []
    for line in text.splitlines():
        if line.startswith("#"):
            section = line.lstrip("#").strip()
        if not line.lstrip().startswith("|"):
            names = []
            continue
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not names:
            names = cells
        elif set(line) - set("|-: "):
            yield dict(zip(names, cells, strict=False)) | {"section": section}


def _rows(record: Record, path: Path) -> Iterator[Row]:
    if "test" in record and "t/s" in record:
        test, rate = _TEST.match(record["test"].strip()), _RATE.match(record["t/s"].strip())
        if test and rate and float(rate[1]) > 0:
            make = prefill_row if test[1] == "pp" else decode_row
            yield make(float(test[2]), float(test[3] or 0), float(rate[1]), float(rate[2]) if rate[2] else None)
    elif "avg_ns" in record:
        yield from _native_row(record, path)
    elif "T_PP s" in record and "B" in record:
        yield from _batched_rows(record, path)


def _native_row(record: Record, path: Path) -> Iterator[Row]:
    prompt, made = number(record, "n_prompt", path) or 0, number(record, "n_gen", path) or 0
    depth, spent = number(record, "n_depth", path) or 0, (number(record, "avg_ns", path) or 0) / 1e9
    if not spent or (prompt and made):
        return
    tokens = prompt or made
    rate = tokens / spent
    std = (number(record, "stddev_ns", path) or 0) / 1e9 / spent * rate
    yield (prefill_row if prompt else decode_row)(tokens, depth, rate, std)


def _batched_rows(record: Record, path: Path) -> Iterator[Row]:
    prompt, made, batch = (int(number(record, name, path) or 0) for name in ("PP", "TG", "B"))
    if batch == 1 and prompt <= 512:
        return
    prefill, decode = number(record, "T_PP s", path), number(record, "T_TG s", path)
    if prefill and prompt:
        yield Row("prefill", batch, prompt, 0, prefill)
    if decode and made:
        yield Row("decode", batch, 1, prompt + made / 2, decode / made)


def _recognises(path: Path, head: str) -> bool:
    is_table = "| test" in head and "t/s |" in head
    return (
        is_table
        or ("T_PP s" in head and "T_TG s" in head)
        or has_columns(head, "test", "t/s")
        or ('"n_prompt"' in head and '"avg_ns"' in head)
        or has_columns(head, "n_prompt", "avg_ns")
    )


FORMAT = Format("llama-bench", "llama-bench and llama-batched-bench tables", _recognises, read)
