"""DistServe's published fits: `profile_data/*.json` of https://github.com/LLMServe/DistServe (Apache-2.0; OSDI 2024).

Per model and tensor-parallel width, coefficients in milliseconds. Prefill takes `a + b sum(n) + c sum(n^2)` over the
prompts of a batch: our form, with N = sum(n) and Q = sum(n^2) / 2. Decode takes `a + b S + c B`, with one set of
coefficients below `decoding_large_small_bs_threshold` sequences and another from there on, which no single form of ours
can hold. So the formulas are sampled, and the samples are the table: `fitted`, never `measured`. The files do not state
where the formulas hold; samples go to the 2,048 positions of OPT, to twice the threshold in sequences, and to the KV
capacity that `max_num_tokens.csv` beside the file states.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from paasim.core.errors import InputError, quoted, shortened
from paasim.profile.importers.formats import Format
from paasim.profile.importers.imported import (
    LINE,
    Imported,
    Select,
    Summary,
    chosen,
    count,
    has_columns,
    json_of,
    lined_records_of,
    number,
    records_of,
    text_of,
)
from paasim.profile.table import Row, Table

THRESHOLD = "decoding_large_small_bs_threshold"
PHASES = ("prefill", "decoding_smallbs", "decoding_largebs")
CAPACITY = "max_num_tokens.csv"
CAPACITY_COLUMNS = ("model", "tp", "pp", "max_num_tokens")
POSITIONS = 2048
"""Longest context of the OPT models (https://huggingface.co/facebook/opt-13b/blob/main/config.json)."""
LARGEST = 1e6
"""Of a coefficient, ms."""
MOST_SEQUENCES = 4096
"""Of the threshold between small batches and large ones."""
LARGEST_PREFILL = 8192
"""Prompt tokens of the largest batch that is sampled."""
SOURCE = "https://github.com/LLMServe/DistServe/tree/main/simdistserve/estimators/profile_data"
NOTE = (
    "Samples of published linear fits (A100-80GB), not measurements; where the fits hold is not stated. "
    "The decode fits for small and large batches do not meet at {at} sequences: they differ by {jump:.0%} at worst."
)

Coefficients = tuple[float, float, float]


def read(path: Path, select: Select) -> Imported:
    """Read one model and width.

    Args:
        path: the JSON file, or `max_num_tokens.csv`, which has no times.
        select: `model` and `tp`, enough to leave one (`=1`: exactly).

    Raises:
        InputError: if the file is not of the form, or several are left.
    """
    if path.name.endswith((".csv", ".csv.gz")):
        return _capacities(path, select)
    fits = _fits(path)
    keys = _keys(fits, path, select)
    if len(keys) != 1:
        raise InputError.one(str(path), f"holds {len(keys)} configurations", "say which model and tp (--select)")
    model, tp = keys[0]["model"], keys[0]["tp"]
    where = f"{path}: {shortened(model)}: tp {shortened(tp)}"
    width = count({"tp": tp}, "tp", where)
    prefill, small, large = (_coefficients(fits[model][tp], name, where) for name in PHASES)
    threshold = fits[model][tp].get(THRESHOLD)
    if not isinstance(threshold, int) or not 1 <= threshold <= MOST_SEQUENCES:
        what = f"{THRESHOLD} {quoted(threshold)} is not a number of sequences up to {MOST_SEQUENCES:,}"
        raise InputError.one(where, what, "correct the file")
    capacity = _capacity(path, model, tp)
    rows = [_prefill(prefill, batch, n) for batch, n in _prompts(capacity)]
    rows += [_decode(small if b < threshold else large, b, context) for b, context in _batches(threshold, capacity)]
    note = NOTE.format(at=threshold, jump=_jump(small, large, threshold, capacity))
    header = _header(model, width, capacity, note)
    return Imported(Table(rows), header, [f"{len(rows)} rows are sampled from 9 published coefficients", note])


def _fits(path: Path) -> dict[str, dict[str, Any]]:
    fits = json_of(text_of(path), path)
    if not isinstance(fits, dict) or not all(isinstance(each, dict) for each in fits.values()) or not fits:
        raise InputError.one(str(path), "is not a profile of DistServe", 'it needs {"model": {"tp": {"prefill": ...}}}')
    return fits


def _keys(fits: dict[str, dict[str, Any]], path: Path, select: Select) -> list[dict[str, str]]:
    return chosen([{"model": model, "tp": tp} for model, each in fits.items() for tp in each], select, path)


def _coefficients(fit: Any, name: str, where: str) -> Coefficients:
    values = fit.get(name) if isinstance(fit, dict) else None
    numbers = [v for v in values if isinstance(v, int | float)] if isinstance(values, list) else []
    if len(numbers) != 3 or not all(0 <= v <= LARGEST for v in numbers):
        what = f"{name} is not three times of zero to {LARGEST:g} ms: {quoted(values)}"
        raise InputError.one(where, what, "correct the file")
    a, b, c = (value / 1e3 for value in numbers)
    return a, b, c


def _prompts(capacity: int | None) -> list[tuple[int, int]]:
    """Batches and prompt lengths to sample."""
    most = min(LARGEST_PREFILL, capacity or LARGEST_PREFILL)
    lengths = [2**i for i in range(4, POSITIONS.bit_length())]
    return [(batch, n) for batch in (1, 4, 16) for n in lengths if batch * n <= most]


def _batches(threshold: int, capacity: int | None) -> list[tuple[int, int]]:
    """Batches and contexts to sample."""
    counts = {2**i for i in range(threshold.bit_length())} | {threshold - 1, threshold, 2 * threshold}
    contexts = [2**i for i in range(4, POSITIONS.bit_length())]
    return [(b, c) for b in sorted(counts - {0}) for c in contexts if not capacity or b * c <= capacity]


def _prefill(fit: Coefficients, batch: int, n: int) -> Row:
    a, b, c = fit
    return Row("prefill", batch, n, 0, a + b * batch * n + c * batch * n * n)


def _decode(fit: Coefficients, batch: int, context: int) -> Row:
    a, b, c = fit
    return Row("decode", batch, 1, context, a + b * batch * context + c * batch)


def _jump(small: Coefficients, large: Coefficients, threshold: int, capacity: int | None) -> float:
    """Largest relative difference of the two fits at the threshold, over the contexts that are sampled."""
    contexts = [context for batch, context in _batches(threshold, capacity) if batch == threshold]
    pairs = [[_decode(fit, threshold, context).latency for fit in (small, large)] for context in contexts]
    return max((abs(large / small - 1) for small, large in pairs), default=0.0)


def _capacity(path: Path, model: str, tp: str) -> int | None:
    """KV tokens that fit, from the file beside it."""
    beside = path.parent / CAPACITY
    if not beside.is_file():
        return None
    for record in lined_records_of(beside, CAPACITY_COLUMNS):
        if (record["model"], record["tp"], record["pp"]) == (model, tp, "1"):
            return int(number(record, "max_num_tokens", record[LINE]) or 0) or None
    return None


def _header(model: str, tp: int, capacity: int | None, note: str) -> dict[str, Any]:
    name = model.split("/")[-1].lower()
    return {
        "id": f"a100-sxm/{name}/fp16/distserve/tp{tp}",
        "hardware": "a100-sxm",
        "model": name,
        "dtype": "fp16",
        "engine": "distserve",
        "tp": tp,
        "provenance": "fitted",
        "source": SOURCE,
        "licence": "Apache-2.0",
        "date": "2024",
        "note": note,
        "memory": {"device_bytes": "80 GB"} | ({"kv_capacity_tokens": capacity} if capacity else {}),
        "limits": {"max_context": POSITIONS},
    }


def _capacities(path: Path, select: Select) -> Imported:
    rows = chosen(records_of(path, CAPACITY_COLUMNS), select, path)
    found = [tuple(record[column] for column in CAPACITY_COLUMNS) for record in rows]
    reason = "KV capacities without times; give the JSON file beside it, which is read together with this one"
    summary = Summary("KV cache that fits, in tokens", CAPACITY_COLUMNS, found, reason)
    return Imported(Table(), {}, [], summary)


def _recognises(path: Path, head: str) -> bool:
    return (f'"{THRESHOLD}"' in head and '"prefill"' in head) or has_columns(head, *CAPACITY_COLUMNS)


def _configurations(path: Path, select: Select) -> list[dict[str, str]]:
    if path.name.endswith((".csv", ".csv.gz")):
        return [dict(select)]
    return [{name: f"={value}" for name, value in key.items()} for key in _keys(_fits(path), path, select)]


FORMAT = Format("distserve", "DistServe's fitted profiles (JSON)", _recognises, read, _configurations)
