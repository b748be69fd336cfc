"""Tables made with NVIDIA's `aiconfigurator-core`: step times composed from measured kernels.

A folder with `prefill.csv[.gz]`, `decode.csv[.gz]`, `mixed.csv[.gz]` and `memory.csv`, as far as they are there, or one
file of them under any name (then only its phase); with the columns `hardware, model, dtype, engine, engine_version, tp,
ep` and those of each phase. Mixed rows were made with prompts of `decode_context_tokens` tokens, cut into chunks. Pure
GPU time: no scheduler, sampling or HTTP.
See https://github.com/ai-dynamo/aiconfigurator.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from paasim.core.errors import InputError
from paasim.profile.importers.formats import Format
from paasim.profile.importers.imported import (
    LINE,
    Imported,
    Record,
    Select,
    count,
    has_columns,
    lined_records_of,
    number,
)
from paasim.profile.table import Row, Table

ID = ("hardware", "model", "dtype", "engine", "engine_version", "tp", "ep")
MODELS = {
    "meta-llama/Meta-Llama-3.1-8B": "llama-3.1-8b",
    "meta-llama/Meta-Llama-3.1-70B": "llama-3.1-70b",
    "Qwen/Qwen3-8B": "qwen3-8b",
    "Qwen/Qwen3-32B": "qwen3-32b",
    "Qwen/Qwen3-32B-FP8": "qwen3-32b",
    "Qwen/Qwen3-30B-A3B": "qwen3-30b-a3b",
    "Qwen/Qwen3-235B-A22B-FP8": "qwen3-235b-a22b",
    "deepseek-ai/DeepSeek-V3": "deepseek-v3",
    "openai/gpt-oss-120b": "gpt-oss-120b",
    "moonshotai/Kimi-K2.5": "kimi-k2.5",
    "nvidia/Kimi-K2.5-NVFP4": "kimi-k2.5",
}
"""Model ids of the tables -> names of the model catalogue; others keep the last part of theirs, in lower case."""
SOURCE = "https://github.com/ai-dynamo/aiconfigurator"
PHASE_COLUMNS = {
    "prefill": ("batch", "prompt_tokens", "prefix_tokens", "latency_ms"),
    "decode": ("batch", "context_tokens", "latency_ms"),
    "mixed": ("decode_batch", "prefill_chunk_tokens", "decode_context_tokens", "latency_ms"),
}


MEMORY_COLUMNS = ("gpu_memory_bytes", "weights_bytes_per_gpu", "kv_bytes_per_token_per_gpu", "kv_capacity_tokens")


def read(path: Path, select: Select) -> Imported:
    """Read one configuration.

    Args:
        path: the folder, or one file of a phase; `memory.csv` is looked for beside it.
        select: exact values of id columns, such as hardware, model, dtype, engine, tp; enough to leave one.

    Raises:
        InputError: if none or several configurations are left, or a file is not readable.
    """
    left = _left(path, select)
    keys = {_key(record) for records in left.values() for record in records}
    if len(keys) != 1:
        raise InputError.one(str(path), f"{len(keys)} configurations match {dict(select)}", _hint(keys))
    rows = [_row(record, phase) for phase, records in left.items() for record in records]
    fractions: dict[str, float] = {}
    for phase, records in left.items():
        shares = [share for r in records if (share := number(r, "measured_fraction", r[LINE])) is not None]
        if shares:
            fractions[phase] = round(sum(shares) / len(shares), 3)
    folder = path if path.is_dir() else path.parent
    notes = ["pure GPU time: no scheduler, sampling or HTTP"]
    missing = [phase for phase in ("prefill", "decode") if not left.get(phase)]
    if missing:
        notes.append(f"no {' and no '.join(missing)} rows: the profile cannot {' or '.join(missing)}")
    return Imported(Table(rows), _header(folder, dict(zip(ID, keys.pop(), strict=True)), fractions, rows), notes)


def _left(path: Path, select: Select) -> dict[str, list[Record]]:
    """The selected rows, by phase."""
    for name in select:
        if name not in ID:
            raise InputError.one(str(path), f"has no column '{name}' to select by", f"it has {', '.join(ID)}")
    wanted = {name: value.removeprefix("=") for name, value in select.items()}
    tables = _tables(path)
    return {
        phase: [r for r in records if all(r[name] == value for name, value in wanted.items())]
        for phase, records in tables.items()
    }


def _key(record: Record) -> tuple[str, ...]:
    return tuple(record[name] for name in ID)


def _tables(path: Path) -> dict[str, tuple[Record, ...]]:
    """The rows of a folder, or of one file, by phase."""
    if path.is_dir():
        found = {phase: _records(path, phase) for phase in PHASE_COLUMNS}
        if not any(found.values()):
            todo = "give the folder of prefill.csv, decode.csv and mixed.csv, or one of them"
            raise InputError.one(str(path), "has no table of steps", todo)
        _records(path, "memory")  # a damaged one is told before anything is selected
        return {phase: records for phase, records in found.items() if records}
    records = tuple(lined_records_of(path, ID))
    known = set(records[0]) if records else set()
    for phase, columns in PHASE_COLUMNS.items():
        if set(columns) <= known:
            for record in records:
                _require_sound(record, columns)
            return {phase: records}
    needed = "; or ".join(", ".join(columns) for columns in PHASE_COLUMNS.values())
    raise InputError.one(f"{path}:1", "has no rows with the columns of a phase", f"it needs {needed}")


def _hint(keys: set[tuple[str, ...]]) -> str:
    if not keys:
        return "check the names against the id columns of the files"
    differ = [name for i, name in enumerate(ID) if len({key[i] for key in keys}) > 1]
    return f"say also which {', '.join(differ)}"


def _records(folder: Path, phase: str) -> tuple[Record, ...]:
    """The rows of a file of the folder; none if it is not there."""
    for name in (f"{phase}.csv.gz", f"{phase}.csv"):
        if (path := folder / name).is_file():
            return _sound(path, phase, path.stat().st_mtime_ns, path.stat().st_size)
    return ()


@functools.lru_cache(maxsize=8)
def _sound(path: Path, phase: str, changed: int, size: int) -> tuple[Record, ...]:
    """The rows of a file, read again when it has changed.

    Raises:
        InputError: for the first row that is cut, or holds no number where one is needed; so that no such row is listed
            as a configuration of its own.
    """
    columns = PHASE_COLUMNS.get(phase, MEMORY_COLUMNS)
    records = tuple(lined_records_of(path, (*ID, *columns)))
    for record in records:
        _require_sound(record, columns)
    return records


def _require_sound(record: Record, columns: tuple[str, ...]) -> None:
    for name in ID:
        if not record[name]:
            raise InputError.one(record[LINE], f"{name} is empty", "is the file cut?")
    for name in ("tp", "ep"):
        count(record, name, record[LINE])
    for name in columns:
        _need(record, name)


def _row(record: Record, phase: str) -> Row:
    batch, new, *context = (_need(record, name) for name in PHASE_COLUMNS[phase][:-1])
    seconds = _need(record, "latency_ms") / 1e3
    if not seconds * batch * new:
        raise InputError.one(record[LINE], "holds a step of no tokens or no time", "correct or remove the row")
    if phase == "decode":
        return Row(phase, int(batch), 1, new, seconds)
    return Row(phase, int(batch), int(new), context[0], seconds)


def _need(record: Record, column: str) -> float:
    value = number(record, column, record[LINE])
    if value is None:
        raise InputError.one(record[LINE], f"{column} is empty", "is the file cut?")
    return value


def _header(folder: Path, key: Record, fractions: dict[str, float], rows: list[Row]) -> dict[str, Any]:
    tp, ep = int(key["tp"]), int(key["ep"])
    hardware, dtype = key["hardware"].replace("_", "-"), key["dtype"].replace("_", "-")
    model = MODELS.get(key["model"], key["model"].split("/")[-1].lower())
    header: dict[str, Any] = {
        "id": f"{hardware}/{model}/{dtype}/{key['engine']}/tp{tp}",
        "hardware": hardware,
        "place": "datacenter",
        "model": model,
        "dtype": dtype,
        "engine": key["engine"],
        "version": key["engine_version"],
        "tp": tp,
        "ep": ep,
        "provenance": "composed",
        "measured_fraction": {phase: share for phase, share in fractions.items() if phase != "mixed"},
        "source": SOURCE,
        "licence": "Apache-2.0",
        "limits": {"max_context": int(max(r.context_tokens + r.new_tokens * (r.phase == "prefill") for r in rows))},
    }
    memory = next((m for m in _records(folder, "memory") if all(m[name] == key[name] for name in ID)), None)
    if memory is not None:
        device, weights, kv, capacity = (count(memory, name, memory[LINE]) for name in MEMORY_COLUMNS)
        header["memory"] = {
            "device_bytes": f"{device} B",
            "weight_bytes": f"{weights * tp} B",
            "kv_bytes_per_token": f"{kv * tp} B",
            "kv_capacity_tokens": capacity,
        }
    return header


def _recognises(path: Path, head: str) -> bool:
    if path.is_dir():
        return any(name.startswith(("prefill.csv", "decode.csv")) for name in head.splitlines())
    return has_columns(head, *ID, "latency_ms")


def _configurations(path: Path, select: Select) -> list[dict[str, str]]:
    keys = dict.fromkeys(_key(record) for records in _left(path, select).values() for record in records)
    return [{name: f"={value}" for name, value in zip(ID, key, strict=True)} for key in keys]


FORMAT = Format(
    "aiconfigurator", "aiconfigurator step tables, a folder or one file", _recognises, read, _configurations
)
