"""Reads `silicon_sample.csv`: serving runs that NVIDIA's aiconfigurator collected, mostly from public InferenceX.

https://github.com/ai-dynamo/aiconfigurator, `aic-core/src/aiconfigurator_core/systems/silicon_sample.csv`. A run is
kept where a profile of its model, GPU, precision and width is at hand; every other row is counted with a reason. What
the columns do not say was looked up in the launch scripts, change log and history of InferenceX
(https://github.com/SemiAnalysisAI/InferenceX, `benchmarks/`, `perf-changelog.yaml`, `configs/nvidia-master.yaml`):
lengths are drawn from 80 to 100 % of what is asked for, some runs predict several tokens a step or hold prompts back.
The other runs are aiconfigurator's own; their lengths are taken as 90 to 110 %, since equal ones keep in step.

Two traps: TP and EP are multiplied in some rows (`tp_size` 64 with `moe_ep_size` 8 is one node of 8 GPUs; copies of the
run elsewhere in the file say so), and `batch_size` is per attention replica: concurrency is in the source text.
"""

from __future__ import annotations

import csv
import gzip
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, TextIO, cast

from paasim.core.errors import InputError
from paasim.study.serving import MeasuredRun

Record = dict[str, str]


class Key(NamedTuple):
    """What a profile was measured on."""

    hardware: str
    model: str
    dtype: str
    engine: str
    tp: int


MODELS: Mapping[str, str] = {
    "Qwen/Qwen3-235B-A22B-FP8": "qwen3-235b-a22b",
    "Qwen/Qwen3-32B": "qwen3-32b",
    "nvidia/Qwen3-32B-NVFP4": "qwen3-32b",
    "deepseek-ai/DeepSeek-R1": "deepseek-v3",
    "deepseek-ai/DeepSeek-V3": "deepseek-v3",
    "nvidia/DeepSeek-R1-NVFP4": "deepseek-v3",
    "nvidia/DeepSeek-V3.1-NVFP4": "deepseek-v3",
    "meta-llama/Llama-3.1-8B-Instruct": "llama-3.1-8b",
    "nvidia/Llama-3.1-8B-Instruct-FP8": "llama-3.1-8b",
    "meta-llama/Llama-3.1-70B": "llama-3.1-70b",
    "openai/gpt-oss-120b": "gpt-oss-120b",
    "moonshotai/Kimi-K2.5": "kimi-k2.5",
}
"""`model_path` -> name in profiles. DeepSeek R1 and V3 are one architecture, and copies of a run bear either name."""
BLOCK_SCALED = ("deepseek-v3", "qwen3-235b-a22b")
"""Models whose fp8 weights are scaled by block, whatever `gemm_quant_mode` says."""
NODE = 8
"""GPUs of an HGX node."""
FIRST_MTP = "2026-01-14"
"""Day of InferenceX's first multi-token prediction runs (pull request 392)."""
REQUIRED = ("backend", "model_path", "system", "mode", "isl", "osl", "silicon_ttft_ms", "silicon_tpot_ms")


@dataclass
class Silicon:
    """The runs of a file."""

    runs: list[MeasuredRun] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)
    """Rows left out, by reason."""


def recognises(path: Path) -> bool:
    """Whether the file has the columns."""
    with _open(path) as file:
        return set(REQUIRED) <= set(file.readline().strip().split(","))


def read(path: Path, tables: Mapping[Key, str]) -> Silicon:
    """Read the runs for which there is a profile.

    Args:
        path: the CSV, gzip or not.
        tables: profiles at hand, by what they were measured on: names or paths.

    Raises:
        InputError: if the file is not what it should be.
    """
    try:
        with _open(path) as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError.one(str(path), f"cannot be read: {error}", "give silicon_sample.csv or .csv.gz") from None
    missing = [name for name in REQUIRED if not rows or name not in rows[0]]
    if missing:
        raise InputError.one(str(path), f"has no column {missing[0]}", "give silicon_sample.csv or .csv.gz")
    found, richest = Silicon(), _richest(rows)
    for number, row in enumerate(rows):
        try:
            run = "copy of another row" if richest[_same(row)] != number else _run(row, tables)
        except (ValueError, KeyError) as error:
            raise InputError.one(f"{path}:{number + 2}", f"is not a run: {error}", "correct or drop the row") from None
        if isinstance(run, MeasuredRun):
            found.runs.append(run)
        else:
            found.dropped[run] += 1
    return found


def _run(row: Record, tables: Mapping[Key, str]) -> MeasuredRun | str:
    """The run of a row, or why it is left out."""
    hardware, model = row["system"].replace("_", "-"), MODELS.get(row["model_path"], "")
    if not any(key.hardware == hardware for key in tables):
        return "no profile of this GPU"
    if not any(key.model == model for key in tables):
        return "no profile of this model"
    public, split = _is_public(row), row["mode"] == "disagg"
    if model == "deepseek-v3" and public and not split and _predicts_tokens(row):
        return "multi-token prediction, or not known whether"
    concurrency = _concurrency(row)
    if isinstance(concurrency, str):
        return concurrency
    roles = ("prefill_", "decode_") if split else ("",)
    workers = [_number(row, f"{role}num_workers") if role else 1.0 for role in roles]
    if not all(workers):
        return "disaggregated, number of workers not stated"
    if any(_replicas(row, role) > 1 for role in roles):
        return "attention data parallelism: no profile"
    names = [_table(row, hardware, model, _width(row, role), tables) for role in roles]
    if not all(name.startswith("=") for name in names):
        return next(name for name in names if not name.startswith("="))
    shortest, longest = (0.8, 1.0) if public else (0.9, 1.1)
    return MeasuredRun(
        engine=row["backend"],
        model=model,
        hardware=hardware,
        profile=names[-1][1:],
        prompt=int(row["isl"]),
        output=int(row["osl"]),
        concurrency=concurrency,
        ttft=float(row["silicon_ttft_ms"]) / 1e3,
        tpot=float(row["silicon_tpot_ms"]) / 1e3,
        shortest=shortest,
        longest=longest,
        campaign="" if public else "aiconfigurator",
        version=row["backend_version"],
        date=_date(row),
        held=_held_back(row, model, concurrency) if public and not split else "",
        prefill=names[0][1:] if split else "",
        prefill_workers=int(workers[0] or 1),
        decode_workers=int(workers[-1] or 1),
        name=model,
    )


def _table(row: Record, hardware: str, model: str, width: int, tables: Mapping[Key, str]) -> str:
    """`=` and the profile, or why there is none; of the same engine if possible, else of another one."""
    dtypes = _dtypes(row, model)
    others = [engine for engine in ("vllm", "sglang", "trtllm") if engine != row["backend"]]
    for dtype in dtypes:
        for engine in (row["backend"], *others):
            name = tables.get(Key(hardware, model, dtype, engine, width))
            if name is not None:
                return f"={name}"
    here = [key for key in tables if key.hardware == hardware and key.model == model]
    if not here:
        return "no profile of this model on this GPU"
    has_dtype = any(key.dtype in dtypes for key in here)
    return "no profile at this number of GPUs" if has_dtype else "no profile at this precision"


def _dtypes(row: Record, model: str) -> tuple[str, ...]:
    """Precisions of profiles that fit, best first."""
    mode = row["gemm_quant_mode"] or row["precision"] or "bf16"
    if model == "gpt-oss-120b":
        return ("mxfp4",)
    if mode in ("fp8", "fp8_block"):
        return ("fp8-block",) if model in BLOCK_SCALED else ("fp8", "fp8-block")
    return (mode.replace("_", "-"),)


def _width(row: Record, role: str) -> int:
    """Tensor-parallel GPUs; where TP and EP were multiplied, EP is the width."""
    tp, ep = int(_number(row, f"{role}tp_size") or 1), int(_number(row, f"{role}moe_ep_size") or 0)
    doubled = not role and tp > NODE and ep == int(_number(row, "moe_tp_size") or 0)
    return ep if doubled else tp


def _replicas(row: Record, role: str) -> int:
    return int(_number(row, f"{role}attention_dp_size") or 1)


def _concurrency(row: Record) -> int | str:
    found = re.search(r"silicon_concurrency=(\d+)", row["silicon_data_source"])
    if found is None:
        return "concurrency not stated"
    concurrency, batch = int(found[1]), _number(row, "batch_size")
    # Without a replica count, a batch size that differs leaves open what was served by how many.
    if row["mode"] == "agg" and batch and batch != concurrency and not _number(row, "attention_dp_size"):
        return "concurrency and batch size disagree"
    return concurrency


def _is_public(row: Record) -> bool:
    """Whether it is an InferenceX run; the rest are aiconfigurator's own."""
    source = row["silicon_data_source"]
    return source.startswith(("source_file=20", "db-dump")) or "gap-analysis" in source


def _predicts_tokens(row: Record) -> bool:
    """Whether a DeepSeek run used multi-token prediction, or one cannot know: by the images of InferenceX's history."""
    version, date = row["backend_version"], _date(row)
    if row["backend"] == "trtllm":
        return version == "1.2.0rc6.post3" or (version == "1.1.0rc2.post2" and not "" < date < FIRST_MTP)
    return row["system"] == "b200_sxm" and version not in ("", "0.5.6")


def _held_back(row: Record, model: str, concurrency: int) -> str:
    """Why a run's TTFT is not that of its engine alone; empty if it is."""
    b200, even = row["system"] == "b200_sxm", row["isl"] == row["osl"] == "1024"
    if model == "deepseek-v3" and b200 and row["backend"] == "sglang":
        return "polls for requests every 10 to 30 steps (--scheduler-recv-interval)"
    delays = model == "llama-3.1-70b" and _width(row, "") < NODE
    delays |= model == "deepseek-v3" and b200 and row["backend_version"].startswith("1.2.0rc6") and concurrency >= 64
    if row["backend"] == "trtllm" and even and delays:
        return "holds prompts back (batch_wait_timeout_iters)"
    return ""


def _date(row: Record) -> str:
    found = re.search(r"measured=([\d-]{10})", row["silicon_data_source"])
    return found[1] if found else ""


def _number(row: Record, name: str) -> float | None:
    return float(row[name]) if row.get(name) else None


def _same(row: Record) -> tuple[object, ...]:
    """Equal for copies of one run."""
    times = (round(float(row["silicon_ttft_ms"]), 2), round(float(row["silicon_tpot_ms"]), 2))
    return (row["mode"], row["backend"], row["system"], row["isl"], row["osl"], *times)


def _richest(rows: list[Record]) -> dict[tuple[object, ...], int]:
    """Of the copies of each run, the one with the most fields filled in, the first of equals."""
    best: dict[tuple[object, ...], int] = {}
    for number, row in enumerate(rows):
        known = best.setdefault(_same(row), number)
        if _filled(row) > _filled(rows[known]):
            best[_same(row)] = number
    return best


def _filled(row: Record) -> int:
    return sum(bool(value) for value in row.values())


def _open(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return cast("TextIO", gzip.open(path, "rt", encoding="utf-8"))
    return path.open(encoding="utf-8")
