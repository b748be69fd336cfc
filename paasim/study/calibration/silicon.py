"""The runs of aiconfigurator's `silicon_sample.csv` that can be simulated: those for which there is a profile.

The file and its traps are the affair of `paasim.results.readers.silicon_sample`. Here each of its runs is matched to a
profile of its model, GPU, precision and width, of its engine if possible; every other row is counted with a reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from paasim.results.readers import formats, silicon_sample
from paasim.results.readers.inferencex import PUBLIC
from paasim.results.served import Layout, Served, Setup
from paasim.study.calibration import runs
from paasim.study.calibration.serving import MeasuredRun


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
ENGINES = ("vllm", "sglang", "trtllm")


class Width(NamedTuple):
    """A tensor-parallel width that runs have and profiles lack."""

    model: str
    hardware: str
    dtype: str
    asked: int
    """GPUs that served the run."""
    measured: tuple[int, ...]
    """GPUs at which its precision was measured."""


@dataclass
class Silicon:
    """The runs of a file."""

    runs: list[MeasuredRun] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)
    """Rows left out, by reason."""
    widths: Counter[Width] = field(default_factory=Counter)
    """Of these, the rows that lack a profile at their width."""


class _NoRunError(Exception):
    """A row without a profile, or that no simulation can be held against."""

    def __init__(self, reason: str, width: Width | None = None) -> None:
        super().__init__(reason)
        self.reason, self.width = reason, width


def recognises(path: Path) -> bool:
    """Whether the file is `silicon_sample.csv`.

    Raises:
        InputError: if it cannot be read, or may be of several formats.
    """
    return formats.recognise(path) == silicon_sample.FORMAT


def read(path: Path, tables: Mapping[Key, str]) -> Silicon:
    """Read the runs for which there is a profile.

    Args:
        path: the CSV, gzip or not.
        tables: profiles at hand, by what they were measured on: names or paths.

    Raises:
        InputError: if the file is not what it should be.
    """
    found = Silicon()
    for served in formats.read(path, silicon_sample.FORMAT.name):
        try:
            found.runs.append(_run(served, tables))
        except _NoRunError as row:
            found.dropped[row.reason] += 1
            if row.width is not None:
                found.widths[row.width] += 1
    return found


def _run(served: Served, tables: Mapping[Key, str]) -> MeasuredRun:
    """The run of a row; raises _NoRunError where there is none."""
    s = served.setup
    hardware, model = s.hardware.replace("_", "-"), MODELS.get(s.model, "")
    run = runs.measured(served, engine=s.engine, model=model, hardware=hardware, profile="")
    if isinstance(run, str):
        raise _NoRunError(run)
    layouts = (s.prefill, s.decode) if s.mode == "disaggregated" else (s.layout,)
    names = [_profile(s, each, hardware, model, tables) for each in layouts]
    return replace(
        run,
        profile=names[-1],
        campaign="" if s.campaign == PUBLIC else s.campaign,
        prefill=names[0] if len(names) > 1 else "",
        prefill_workers=layouts[0].instances or 1,
        decode_workers=layouts[-1].instances or 1,
        name=model,
    )


def _profile(s: Setup, layout: Layout, hardware: str, model: str, tables: Mapping[Key, str]) -> str:
    """The profile of an engine, of the same kind if possible, else of another one; raises _NoRunError."""
    if not any(key.hardware == hardware for key in tables):
        raise _NoRunError("no profile of this GPU")
    if not any(key.model == model for key in tables):
        raise _NoRunError("no profile of this model")
    if layout.gpus != layout.tp:
        raise _NoRunError("attention data parallelism: no profile")
    dtypes, width = _dtypes(s.precision, model), layout.tp or 1
    for dtype in dtypes:
        for engine in (s.engine, *(each for each in ENGINES if each != s.engine)):
            name = tables.get(Key(hardware, model, dtype, engine, width))
            if name is not None:
                return name
    here = [key for key in tables if key.hardware == hardware and key.model == model]
    if not here:
        raise _NoRunError("no profile of this model on this GPU")
    measured = sorted({key.tp for key in here if key.dtype in dtypes})
    if not measured:
        raise _NoRunError("no profile at this precision")
    raise _NoRunError("no profile at this number of GPUs", Width(model, hardware, dtypes[0], width, tuple(measured)))


def _dtypes(precision: str, model: str) -> tuple[str, ...]:
    """Precisions of profiles that fit, best first."""
    if model == "gpt-oss-120b":
        return ("mxfp4",)
    if precision in ("fp8", "fp8_block"):
        return ("fp8-block",) if model in BLOCK_SCALED else ("fp8", "fp8-block")
    return ((precision or "bf16").replace("_", "-"),)
