"""Tables made with NVIDIA's `aiconfigurator-core`: step times composed from measured kernels.

Expects a folder with `prefill.csv[.gz]`, `decode.csv[.gz]`, and where there are any `mixed.csv[.gz]` and `memory.csv`,
with the columns `hardware, model, dtype, engine, engine_version, tp, ep` and those of each phase. Mixed rows were made
with prompts of `decode_context_tokens` tokens, cut into chunks. Pure GPU time: no scheduler, sampling or HTTP.
See https://github.com/ai-dynamo/aiconfigurator.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from paasim.core.errors import InputError
from paasim.profile.importers.formats import Format
from paasim.profile.importers.imported import Imported, Record, Select, has_columns, records_of
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


def read(path: Path, select: Select) -> Imported:
    """Read one configuration.

    Args:
        path: the folder, or one of its files.
        select: exact values of id columns, such as hardware, model, dtype, engine, tp; enough to leave one.

    Raises:
        InputError: if none or several configurations are left, or a file is not readable.
    """
    folder = path if path.is_dir() else path.parent
    rows: list[Row] = []
    fractions: dict[str, float] = {}
    keys: set[tuple[str, ...]] = set()
    for phase in ("prefill", "decode", "mixed"):
        records = [r for r in _records(folder, phase) if all(r.get(k) == str(v) for k, v in select.items())]
        keys |= {tuple(record[name] for name in ID) for record in records}
        rows += [_row(record, phase) for record in records]
        shares = [float(r["measured_fraction"]) for r in records if r.get("measured_fraction")]
        if shares:
            fractions[phase] = round(sum(shares) / len(shares), 3)
    if len(keys) != 1:
        raise InputError.one(str(folder), f"{len(keys)} configurations match {dict(select)}", _hint(keys))
    key = dict(zip(ID, keys.pop(), strict=True))
    return Imported(Table(rows), _header(folder, key, fractions, rows))


def _hint(keys: set[tuple[str, ...]]) -> str:
    if not keys:
        return "check the names against the id columns of the files"
    differ = [name for i, name in enumerate(ID) if len({key[i] for key in keys}) > 1]
    return f"say also which {', '.join(differ)}"


@functools.lru_cache(maxsize=8)
def _records(folder: Path, phase: str) -> tuple[Record, ...]:
    columns = (*ID, *PHASE_COLUMNS[phase]) if phase in PHASE_COLUMNS else ID
    for name in (f"{phase}.csv.gz", f"{phase}.csv"):
        if (folder / name).is_file():
            return tuple(records_of(folder / name, columns))
    if phase in ("mixed", "memory"):
        return ()
    raise InputError.one(str(folder), f"has no {phase}.csv or {phase}.csv.gz", "give the folder of the tables")


def _row(record: Record, phase: str) -> Row:
    batch, new, *context = PHASE_COLUMNS[phase][:-1]
    seconds = float(record["latency_ms"]) / 1e3
    if phase == "decode":
        return Row(phase, int(record[batch]), 1, float(record[new]), seconds)
    return Row(phase, int(record[batch]), int(record[new]), float(record[context[0]]), seconds)


def _header(folder: Path, key: Record, fractions: dict[str, float], rows: list[Row]) -> dict[str, Any]:
    tp = int(key["tp"])
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
        "ep": int(key["ep"]),
        "provenance": "composed",
        "measured_fraction": {phase: share for phase, share in fractions.items() if phase != "mixed"},
        "source": SOURCE,
        "licence": "Apache-2.0",
        "limits": {"max_context": int(max(r.context_tokens + r.new_tokens * (r.phase == "prefill") for r in rows))},
    }
    memory = next((m for m in _records(folder, "memory") if all(m[name] == key[name] for name in ID)), None)
    if memory is not None:
        header["memory"] = {
            "device_bytes": f"{memory['gpu_memory_bytes']} B",
            "weight_bytes": f"{int(memory['weights_bytes_per_gpu']) * tp} B",
            "kv_bytes_per_token": f"{int(memory['kv_bytes_per_token_per_gpu']) * tp} B",
            "kv_capacity_tokens": int(memory["kv_capacity_tokens"]),
        }
    return header


def _recognises(path: Path, head: str) -> bool:
    if path.is_dir():
        return any(name.startswith("prefill.csv") for name in head.splitlines())
    return has_columns(head, *ID, "latency_ms")


FORMAT = Format("aiconfigurator", "aiconfigurator step tables (a folder)", _recognises, read)
