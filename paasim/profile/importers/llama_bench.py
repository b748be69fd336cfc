"""Benchmark tables of llama.cpp: `llama-bench` and `llama-batched-bench`, in any of their forms.

`llama-bench`: the Markdown table (also inside a document), CSV with its columns, and `-o csv`, `json` or `jsonl`;
`ppN @ dD` processes a prompt of N tokens after D cached ones, `tgN @ dD` generates N tokens after D; tests that do
both are left out. `llama-batched-bench`: its Markdown or CSV table; B prompts of PP tokens each (one for all, if it is
shared), then TG tokens for each. The first row of such a table is cold and left out.
See https://github.com/ggml-org/llama.cpp/tree/master/tools (llama-bench, batched-bench).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from paasim.core.errors import InputError
from paasim.profile.importers.formats import Format
from paasim.profile.importers.imported import (
    LINE,
    Imported,
    Record,
    Select,
    chosen,
    decode_row,
    has_columns,
    merged,
    number,
    prefill_row,
    require_one,
)
from paasim.profile.importers.llama_tables import TABLE, tables_of
from paasim.profile.table import Row, Table

_TEST = re.compile(r"(pp|tg)\s*(\d+)(?:\s*@\s*d\s*(\d+))?$")
_RATE = re.compile(r"(\d+(?:\.\d+)?)(?:\s*±\s*(\d+(?:\.\d+)?))?$")
SETUP = (
    *("device", "section", "gpu_info", "model", "model_type", "backend", "backends", "build", "build_number"),
    *("source_file", "fa", "flash_attn", "n_batch", "n_ubatch", "type_k", "use_mmap", "mmap", "settings", "file"),
)
"""Columns in which all rows of one profile must agree."""
COLD = "the first row of each table of llama-batched-bench, which is cold"
NO_STEP = "tests that are no single phase, or have no rate"


def read(path: Path, select: Select) -> Imported:
    """Read the tables of a file.

    Args:
        path: Markdown, CSV, JSON or JSON lines, possibly `.gz`.
        select: column -> text that it must hold; in Markdown also `section`, the heading above the table. `batch=many`
            takes only batches of two or more from `llama-batched-bench`.

    Raises:
        InputError: if there is no such table, a row cannot be read, or the rows left are of more than one set-up.
    """
    left, many = _left(path, select)
    require_one(left, SETUP, path)
    left_out: Counter[str] = Counter()
    rows = [row for record in left for row in _rows(record, left_out)]
    if many:
        rows = [row for row in rows if row.batch > 1]
    if not rows:
        raise InputError.one(str(path), "the selected rows hold no prompt or generation test", "widen the selection")
    builds = [build for r in left if (build := r.get("build") or r.get("build_number"))]
    header = {"engine": "llama.cpp"} | ({"version": builds[0]} if builds else {})
    notes = [f"left out {count} rows: {why}" for why, count in left_out.items()]
    if any(row.phase == "decode" for row in rows):
        notes.append("decode steps stand at the mean context of their test, depth + half of the generated tokens")
    return Imported(Table(merged(rows)), header, notes)


def _left(path: Path, select: Select) -> tuple[list[Record], bool]:
    """The selected rows, and whether only batches of two or more are wanted."""
    wanted = dict(select)
    many = wanted.pop("batch", "") == "many"
    records = list(tables_of(path))
    if not any(_is_bench(record) for record in records):
        raise InputError.one(str(path), "holds no table of llama-bench or llama-batched-bench", "check the file")
    _mark_cold(records)
    return [r for r in chosen(records, wanted, path) if _is_bench(r)], many


def _is_bench(record: Record) -> bool:
    return ("test" in record and "t/s" in record) or "avg_ns" in record or ("T_PP s" in record and "B" in record)


def _mark_cold(records: list[Record]) -> None:
    seen = set()
    for record in records:
        if "T_PP s" in record and record.get(TABLE) not in seen:
            seen.add(record.get(TABLE))
            record["cold"] = "1"


def _rows(record: Record, left_out: Counter[str]) -> Iterator[Row]:
    """The steps of one row; why there are none is counted in `left_out`."""
    if "T_PP s" in record:
        if "cold" in record:
            left_out[COLD] += 1
        else:
            yield from _batched_rows(record)
        return
    row = _native_row(record) if "avg_ns" in record else _printed_row(record)
    if row is None:
        left_out[NO_STEP] += 1
    else:
        yield row


def _printed_row(record: Record) -> Row | None:
    test, rate = _TEST.match(record["test"].strip()), _RATE.match(record["t/s"].strip())
    if test is None or rate is None or not float(test[2]) * float(rate[1]):
        return None
    make = prefill_row if test[1] == "pp" else decode_row
    return make(float(test[2]), float(test[3] or 0), float(rate[1]), float(rate[2]) if rate[2] else None)


def _native_row(record: Record) -> Row | None:
    where = record[LINE]
    prompt, made = number(record, "n_prompt", where) or 0, number(record, "n_gen", where) or 0
    depth, spent = number(record, "n_depth", where) or 0, (number(record, "avg_ns", where) or 0) / 1e9
    if not spent or bool(prompt) == bool(made):
        return None
    rate = (prompt or made) / spent
    std = (number(record, "stddev_ns", where) or 0) / 1e9 / spent * rate
    return (prefill_row if prompt else decode_row)(prompt or made, depth, rate, std)


def _batched_rows(record: Record) -> Iterator[Row]:
    where = record[LINE]
    prompt, made, batch, kept = (int(number(record, name, where) or 0) for name in ("PP", "TG", "B", "N_KV"))
    prefill, decode = number(record, "T_PP s", where), number(record, "T_TG s", where)
    is_shared = batch > 1 and kept == prompt + batch * made
    if prefill and prompt and batch:
        yield Row("prefill", 1 if is_shared else batch, prompt, 0, prefill)
    if decode and made and batch:
        yield Row("decode", batch, 1, prompt + made / 2, decode / made)


_TABLE = re.compile(r"\|\s*test\s*\|\s*t/s\s*\|")
"""In the heading of the Markdown table."""


def _recognises(path: Path, head: str) -> bool:
    return (
        _TABLE.search(head) is not None
        or ("T_PP s" in head and "T_TG s" in head)
        or has_columns(head, "test", "t/s")
        or ('"n_prompt"' in head and '"avg_ns"' in head)
        or has_columns(head, "n_prompt", "avg_ns")
    )


def _configurations(path: Path, select: Select) -> list[dict[str, str]]:
    """One selection per set-up: split by each column in which what is left differs."""
    groups: list[tuple[dict[str, str], list[Record]]] = [({}, _left(path, select)[0])]
    for column in SETUP:
        split = []
        for key, records in groups:
            values = dict.fromkeys(record.get(column, "") for record in records)
            if len([value for value in values if value]) < 2:
                split.append((key, records))
                continue
            split += [({**key, column: f"={v}"}, [r for r in records if r.get(column, "") == v]) for v in values]
        groups = split
    return [key for key, _ in groups]


FORMAT = Format("llama-bench", "llama-bench and llama-batched-bench tables", _recognises, read, _configurations)
