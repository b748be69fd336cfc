"""Calibrations of serving engines: what to add to step times by kernels, as measured serving runs say.

The shipped ones stand in `profiles/calibrations/`, one YAML file each, made by `benchmarks/serving.py`. They apply only
where a scenario asks for one (`calibration: vllm` on a pool), never by themselves.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from paasim.core.errors import InputError, did_you_mean
from paasim.core.paths import bundled, expand
from paasim.core.spec import Spec
from paasim.profile.spec import Calibration

FOLDER = "calibrations"
PLAUSIBLE = (0.3, 3.0)
"""Factors between kernels and an engine that a server explains; the shipped ones lie between 0.88 and 1.4."""


class Misfit(Spec):
    """Relative errors of simulated serving on runs that the fit had not seen."""

    rows: int = Field(ge=0)
    """Runs."""
    median: float = Field(ge=0)
    """Median of the absolute error."""
    p90: float = Field(ge=0)
    """Its 90th percentile."""


class Misfits(Spec):
    """Errors by metric."""

    tpot: Misfit | None = None
    """Of time per output token."""
    ttft: Misfit | None = None
    """Of time to first token, where concurrency is at most 64."""


class CalibrationFile(Spec):
    """A calibration with where it comes from: `profiles/calibrations/NAME.yaml`, or a file of one's own."""

    engine: str
    """Serving engine."""
    versions: str = ""
    """Releases of the engine that served the runs."""
    calibration: Calibration
    """What to apply."""
    batching: dict[str, str | int] = Field(default_factory=dict)
    """How the engine filled its steps in the simulations it was fitted with, as a pool writes it; empty: not stated."""
    runs: int = Field(default=0, ge=0)
    """Runs it was fitted to."""
    source: str = ""
    """Where the runs were published, as a URL."""
    licence: str = ""
    """Licence of the source."""
    date: str = ""
    """When they were measured, from and to."""
    how: str = ""
    """How it was made."""
    before: Misfits | None = None
    """Errors without it."""
    after: Misfits | None = None
    """Errors with it, on runs held out."""


def implausible(calibration: Calibration) -> list[str]:
    """The factors that no server explains, in words."""
    low, high = PLAUSIBLE
    factors = (("scale", calibration.scale), ("prompt", calibration.prompt))
    return [f"{name} {value:g}" for name, value in factors if value is not None and not low <= value <= high]


def names() -> list[str]:
    """Names of the shipped calibrations, sorted."""
    return sorted(path.stem for path in (bundled("profiles") / FOLDER).glob("*.yaml"))


def load(name: str, base: Path | None = None) -> CalibrationFile:
    """A shipped calibration by name, or one from a YAML file (relative to `base`).

    Raises:
        InputError: if there is none, or the file is wrong.
    """
    if name.endswith((".yaml", ".yml")):
        path = expand(name, base)
        if not path.is_file():
            raise InputError.one("", f"calibration file '{path}' does not exist", "check the path")
        return _read(path)
    if name not in names():
        todo = did_you_mean(name, names()) + "; or give a YAML file, made by `paasim profile calibrate`"
        raise InputError.one("", f"calibration '{name}' is unknown", todo)
    return _read(bundled("profiles") / FOLDER / f"{name}.yaml")


def write(file: CalibrationFile, path: Path) -> None:
    """Write a calibration."""
    import yaml

    path.parent.mkdir(parents=True, exist_ok=True)
    fields = file.model_dump(mode="json", exclude_defaults=True)
    path.write_text(yaml.safe_dump(fields, sort_keys=False, allow_unicode=True, width=112), encoding="utf-8")


def _read(path: Path) -> CalibrationFile:
    import yaml

    try:
        data: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError.one(str(path), f"is not YAML: {error}".splitlines()[0], "correct the file") from None
    try:
        return CalibrationFile.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "file"
        what = f"{where}: {first['msg'].removeprefix('Value error, ')}"
        raise InputError.one(str(path), what, "see profiles/calibrations/vllm.yaml for the form") from None
