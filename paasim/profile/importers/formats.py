"""The known formats by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from paasim.core.errors import InputError, did_you_mean
from paasim.profile.importers import aiconfigurator, gpu_benchmarks, llama_bench, phone_runs
from paasim.profile.importers.imported import Imported, Select

FORMATS: dict[str, Callable[[Path, Select], Imported]] = {
    "aiconfigurator": aiconfigurator.read,
    "llama-bench": llama_bench.read,
    "gpu-benchmarks": gpu_benchmarks.read,
    "phone-runs": phone_runs.read,
}
"""Format -> its reader."""


def read(path: Path, format: str, select: Select) -> Imported:
    """Read measured steps from a file of a known format.

    Raises:
        InputError: if the format is unknown or the file is not of it.
    """
    if format not in FORMATS:
        raise InputError.one("", f"format '{format}' is unknown", did_you_mean(format, FORMATS))
    return FORMATS[format](path, select)
