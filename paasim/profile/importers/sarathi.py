"""Batch times of Sarathi-Serve: the tables beside its OSDI 2024 paper.

From `osdi-experiments/` of https://github.com/microsoft/sarathi-serve (Apache-2.0), branch `osdi-sarathi-serve`.

*Batches* (figure 2, table 2): `batch_num_prefill_tokens` new tokens and `batch_num_decode_tokens` sequences in one
step. The time is the one per token times the tokens, in ms, since the column of whole batches is in seconds in one
table and in milliseconds in the other. The context of the decoding sequences is not in the file; the published runs of
figure 2 decode after 1,020 prompt tokens (`--select context=N` says another). The first batch of a run is cold and left
out.

*Chunking* (figure 9): a prompt of `prefill_length` tokens in chunks of `chunk_size`, `prefill_execution_time` ms in
all. A prompt of one chunk is one step; one of k chunks gives the mean step, a chunk after (k - 1) / 2 others: exact for
a step time that is affine in the prefix.
"""

from __future__ import annotations

import math
from pathlib import Path

from paasim.core.errors import InputError, quoted
from paasim.profile.importers.formats import Format
from paasim.profile.importers.imported import (
    LINE,
    Imported,
    Record,
    Select,
    chosen,
    count,
    has_columns,
    lined_records_of,
    merged,
    number,
)
from paasim.profile.table import Row, Table

BATCHES = ("batch_num_tokens", "batch_num_decode_tokens", "batch_num_prefill_tokens", "batch_size")
PER_TOKEN = ("operation_time_per_token", "per_token_time")
"""The column of ms per token has one of these names."""
CHUNKS = ("prefill_length", "chunk_size", "prefill_execution_time")
CONTEXT = 1022.0
"""Mean context of the sequences in the published decode runs: 1,020 prompt tokens and 4 generated ones."""


def read(path: Path, select: Select) -> Imported:
    """Read the steps.

    Args:
        path: the CSV file.
        select: column -> text that it must hold; `context` is the context of decoding sequences.

    Raises:
        InputError: if the columns are of neither form, or a row cannot be used (with its line).
    """
    wanted = dict(select)
    given = wanted.pop("context", "")
    context = number({"context": given}, "context", "--select") if given else None
    records = lined_records_of(path, ())
    known = set(records[0]) if records else set()
    if set(CHUNKS) <= known:
        rows = [_chunked(record) for record in chosen(records, wanted, path)]
        return Imported(Table(merged(rows)), {}, ["a prompt in k chunks gives its mean step, after (k - 1) / 2 chunks"])
    if not set(BATCHES) <= known or not known & set(PER_TOKEN):
        what = "has the columns of no known table of Sarathi-Serve"
        raise InputError.one(f"{path}:1", what, f"it needs {', '.join(CHUNKS)}, or {', '.join(BATCHES)}")
    return _batches(chosen(records, wanted, path), CONTEXT if context is None else context, bool(given), path)


def _batches(records: list[Record], context: float, is_given: bool, path: Path) -> Imported:
    cold = [record for record in records if _is_first(record)]
    rows = [_step(record, context) for record in records if not _is_first(record)]
    notes = [f"left out the first batch of the run, which is cold ({_tokens(record)} tokens)" for record in cold]
    if not rows:
        raise InputError.one(str(path), "holds no batch but the first, which is cold", "measure more batches")
    if any(row.phase != "prefill" for row in rows) and not is_given:
        what = f"decoding sequences are taken to have {context:g} tokens of context, as in the runs of figure 2"
        notes.append(f"{what}; another: --select context=N")
    return Imported(Table(merged(rows)), {}, notes)


def _is_first(record: Record) -> bool:
    return number(record, "Batch Id", record[LINE]) == 0 and bool(record.get("Batch Id"))


def _tokens(record: Record) -> int:
    return count(record, "batch_num_tokens", record[LINE])


def _step(record: Record, context: float) -> Row:
    prompt, decoding = (count(record, f"batch_num_{kind}_tokens", record[LINE], 0) for kind in ("prefill", "decode"))
    sequences = count(record, "batch_size", record[LINE])
    column = next(name for name in PER_TOKEN if name in record)
    seconds = _need(record, column) * _tokens(record) / 1e3
    if not decoding:
        if prompt % sequences:
            raise InputError.one(record[LINE], "the prompts of the batch differ in length", "select other rows")
        return Row("prefill", sequences, prompt // sequences, 0, seconds)
    if not prompt:
        return Row("decode", decoding, 1, context, seconds)
    return Row("mixed", decoding, prompt, context, seconds)


def _chunked(record: Record) -> Row:
    length, chunk = (count(record, name, record[LINE]) for name in CHUNKS[:2])
    spent = _need(record, CHUNKS[2])
    chunks = math.ceil(length / chunk)
    size = length / chunks
    return Row("prefill", 1, round(size), (chunks - 1) / 2 * size, spent / 1e3 / chunks)


def _need(record: Record, column: str) -> float:
    value = number(record, column, record[LINE])
    if not value:
        raise InputError.one(
            record[LINE], f"{column} {quoted(record.get(column, ''))} is not above zero", "is the file cut?"
        )
    return value


def _recognises(path: Path, head: str) -> bool:
    batches = has_columns(head, *BATCHES) and any(has_columns(head, name) for name in PER_TOKEN)
    return batches or has_columns(head, *CHUNKS)


FORMAT = Format("sarathi", "Sarathi-Serve's batch and chunking tables", _recognises, read)
