"""Vidur's measurements of parts of a step, https://github.com/microsoft/vidur `data/profiling` (MIT): summaries only.

*Operators* (`compute/<gpu>/<model>/mlp.csv`): milliseconds of the non-attention operators of one layer, by tokens and
tensor-parallel width. *Collectives* (`network/<node>/all_reduce.csv`, `send_recv.csv`): milliseconds by bytes and
workers. No step time can be made of them: the attention tables (`attention.csv`), and with them what context costs, are
not in them, and nothing is invented in their place. What they do tell is printed: time per layer, time per message.
"""

from __future__ import annotations

import statistics
from pathlib import Path

from paasim.core.errors import InputError, quoted
from paasim.profile.importers.formats import Format
from paasim.profile.importers.imported import (
    LINE,
    Imported,
    Record,
    Select,
    Summary,
    chosen,
    has_columns,
    lined_records_of,
    number,
)
from paasim.profile.table import Table

LAYER = {
    "input_layernorm": 1,
    "attn_pre_proj": 1,
    "attn_rope": 1,
    "attn_post_proj": 1,
    "post_attention_layernorm": 1,
    "mlp_up_proj": 1,
    "mlp_act": 1,
    "mlp_down_proj": 1,
    "add": 2,
}
"""Operators of a layer and how often each runs in it; two residual additions."""
OPERATORS = ("num_tokens", "num_tensor_parallel_workers", "time_stats.mlp_up_proj.median")
COLLECTIVES = ("collective", "size", "num_workers", "devices_per_node")
NO_ATTENTION = (
    "times of the operators of one layer but attention: without what context costs there is no step time; "
    "the attention table (attention.csv) would be needed as well"
)
NO_STEP = "times of a collective between GPUs: they are part of a step, not a step"


def read(path: Path, select: Select) -> Imported:
    """Summarise a file.

    Args:
        path: the CSV file, possibly `.gz`.
        select: column -> text that it must hold.

    Raises:
        InputError: if the columns are of neither form, or a row cannot be used.
    """
    records = lined_records_of(path, ())
    known = set(records[0]) if records else set()
    left = chosen(records, select, path) if records else []
    if set(OPERATORS) <= known:
        return Imported(Table(), {}, [], _operators(left))
    if set(COLLECTIVES) <= known:
        return Imported(Table(), {}, [], _collectives(left))
    raise InputError.one(f"{path}:1", "has no rows of operators or collectives of vidur", "is the file cut?")


def _operators(records: list[Record]) -> Summary:
    groups: dict[tuple[int, int], list[float]] = {}
    for record in records:
        tokens, width = (int(_need(record, name)) for name in OPERATORS[:2])
        spent = sum(times * _need(record, f"time_stats.{name}.median") for name, times in LAYER.items())
        groups.setdefault((width, tokens), []).append(spent)
    shown = sorted(key for key in groups if key[1] & (key[1] - 1) == 0)
    rows: list[tuple[str, ...]] = []
    for width, tokens in shown:
        spent = statistics.median(groups[width, tokens])
        rows.append((str(width), f"{tokens:,}", f"{spent:.4g}", f"{1e3 * spent / tokens:.4g}"))
    title = f"one layer without attention, {len(records)} rows (powers of two are shown)"
    return Summary(title, ("tp", "tokens", "ms", "us per token"), rows, NO_ATTENTION)


def _collectives(records: list[Record]) -> Summary:
    groups: dict[tuple[str, int, int], dict[float, list[float]]] = {}
    for record in records:
        name = record["collective"]
        workers, per_node = (int(_need(record, column)) for column in COLLECTIVES[2:])
        by_size = groups.setdefault((name, workers, per_node), {})
        by_size.setdefault(_need(record, "size"), []).append(_need(record, f"time_stats.{name}.median") / 1e3)
    rows: list[tuple[str, ...]] = []
    for (name, workers, per_node), by_size in sorted(groups.items()):
        for size in _some(sorted(by_size)):
            seconds = statistics.median(by_size[size])
            rate = f"{size / seconds / 1e9:.4g}"
            rows.append((name, str(workers), str(per_node), f"{size:,.0f}", f"{1e6 * seconds:.4g}", rate))
    columns = ("collective", "GPUs", "per node", "bytes", "us", "GB/s of payload")
    return Summary(f"collectives, {len(records)} rows (some sizes are shown)", columns, rows, NO_STEP)


def _some(sizes: list[float]) -> list[float]:
    """The smallest size of each factor of four, and the largest."""
    shown = [sizes[0]]
    for size in sizes:
        if size >= 4 * shown[-1]:
            shown.append(size)
    return shown if shown[-1] == sizes[-1] else [*shown, sizes[-1]]


def _need(record: Record, column: str) -> float:
    value = number(record, column, record[LINE])
    if not value:
        raise InputError.one(
            record[LINE], f"{column} {quoted(record.get(column, ''))} is not above zero", "is the file cut?"
        )
    return value


def _recognises(path: Path, head: str) -> bool:
    return has_columns(head, *OPERATORS) or has_columns(head, *COLLECTIVES)


FORMAT = Format("vidur", "vidur's operator and collective times (a summary, no profile)", _recognises, read)
