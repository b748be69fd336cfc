"""Profiles, models and step times by name, loaded once per process.

Fitting a table takes a good part of a second, and the same profile is asked for by checks, by every variant and by
every replication. A file that has changed since is read again.
"""

from __future__ import annotations

import functools
from pathlib import Path

from paasim import model as models
from paasim import profile as profiles
from paasim.core.errors import InputError
from paasim.core.paths import expand
from paasim.engine.pool import EngineSpec
from paasim.model.model import Model
from paasim.profile import calibrations
from paasim.profile.profile import Profile
from paasim.profile.service import Speculation
from paasim.profile.spec import BetweenSpec, Calibration, ProfileSpec
from paasim.profile.speculation import SpeculatingSteps
from paasim.profile.steps import StepTime


def profile(name: str | BetweenSpec | ProfileSpec, base: Path | None = None) -> Profile:
    """A profile by name, by path or written inline; as `paasim.profile.load`.

    Raises:
        InputError: if there is no such profile or its files are wrong.
    """
    return _profile(name, base, _stamp(name, base) if isinstance(name, str) else None)


def engine_profile(spec: EngineSpec, base: Path | None = None) -> Profile:
    """The profile of a pool or fleet, with the calibration and the slowdown that it asks for.

    Raises:
        InputError: if there is no such profile or calibration, or its files are wrong.
    """
    found = profile(spec.profile, base)
    if spec.calibration is not None:
        stamp = _stamp(spec.calibration, base) if isinstance(spec.calibration, str) else None
        found = _calibrated(found, spec.calibration, base, stamp)
    return found if spec.slowdown == 1 else _slowed(found, spec.slowdown)


def model(name: str, base: Path | None = None) -> Model:
    """A model by name or by path; as `paasim.model.load`.

    Raises:
        InputError: if there is no such model or its file is wrong.
    """
    return _model(name, base, _stamp(name, base))


@functools.lru_cache(maxsize=256)
def steps(profile: Profile, model: Model, speculation: Speculation | None = None) -> StepTime:
    """Step times of a profile for a model: with sliding windows, what a sequence adds to S is the model's affair.

    Args:
        profile: the hardware.
        model: what it serves.
        speculation: speculative decoding; None: as the profile says.
    """
    has_windows = any(window for window, _ in model.windows)
    plain = profile.steps(model.attended if has_windows or model.state_bytes else None)
    drafts = speculation or profile.spec.speculation
    return plain if drafts is None else SpeculatingSteps(plain, drafts)


@functools.lru_cache(maxsize=256)
def _profile(name: str | BetweenSpec | ProfileSpec, base: Path | None, stamp: int | None) -> Profile:
    return profiles.load(name, base)


@functools.lru_cache(maxsize=256)
def _calibrated(found: Profile, wanted: str | Calibration, base: Path | None, stamp: int | None) -> Profile:
    return found.calibrated(calibrations.load(wanted, base).calibration if isinstance(wanted, str) else wanted)


@functools.lru_cache(maxsize=32)
def _slowed(found: Profile, factor: float) -> Profile:
    return found.slowed(factor)


@functools.lru_cache(maxsize=256)
def _model(name: str, base: Path | None, stamp: int | None) -> Model:
    return models.load(name, base)


def _stamp(name: str, base: Path | None) -> int | None:
    """When a file was last changed; None for bundled names and for what is not there."""
    try:
        return expand(name, base).stat().st_mtime_ns
    except (OSError, InputError):
        return None
