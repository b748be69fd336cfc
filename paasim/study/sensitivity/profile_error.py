"""How wrong a profile may be: the band of a factor on all of its step times, and where the band comes from.

A profile states how well it predicts rows of its own table that it was not made from; a calibration states how far
simulated serving was off on runs that its fit had not seen. Where neither says, or where the kernels that a table was
composed of are not yet an engine in service, the band is what this project found on published runs
(docs/fidelity.md). One factor stands for all steps of a profile: an error that is the same everywhere moves an answer
more than errors that go either way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from paasim.core.errors import InputError
from paasim.engine.pool import EngineSpec
from paasim.profile import calibrations
from paasim.profile.profile import Profile
from paasim.profile.spec import PHASES, ProfileSpec, Provenance
from paasim.scenario.ends import End
from paasim.scenario.parts import Parts
from paasim.scenario.scenario import Scenario
from paasim.study.sensitivity.inputs import Input, Setting

Band = tuple[float, str]
"""Largest relative error that is thought of, and why."""

LEAST: Mapping[Provenance, Band] = {
    "measured": (0.05, "at least 5 % between two machines of a kind (assumed)"),
    "composed": (0.31, "kernel times alone miss the TPOT of nine in ten published runs by less (docs/fidelity.md)"),
    "fitted": (0.15, "published coefficients (assumed)"),
    "estimated": (
        0.4,
        "an estimate: rooflines were 20 to 25 % off, mixtures of experts more (docs/fidelity.md; assumed)",
    ),
}
"""By provenance, what is reckoned with even where the table itself is met better."""
THIN: Band = (0.1, "a table of too few rows to hold any out (docs/fidelity.md)")
OWN: Band = (0.14, "profiles calibrated by runs of their own missed the TPOT of nine in ten others by less")
MOST = 0.9


@dataclass(frozen=True)
class Suspect:
    """A profile as some pools use it."""

    key: str
    """Tells profiles and calibrations apart."""
    profile: Profile
    band: Band
    ends: tuple[End, ...]

    def settings(self) -> list[Setting]:
        """What makes its steps slower by a factor, in all pools and fleets that use it."""
        return [_slowdown(end) for end in self.ends]


def suspects(scenario: Scenario, used: Mapping[str, End]) -> dict[str, Suspect]:
    """The profiles behind some pools and fleets of a scenario, by key, in their order.

    Raises:
        InputError: if a profile cannot be had.
    """
    parts = Parts.of(scenario).sound()
    found: dict[str, Suspect] = {}
    for name, end in used.items():
        profile = parts.profiles[name]
        calibration = "" if end.spec.calibration is None else f" with {_named(end.spec)}"
        key = f"{profile.id}{calibration}" if profile.id != "inline" else f"{name} (inline)"
        if key in found:
            known = found[key]
            found[key] = Suspect(key, profile, known.band, (*known.ends, end))
        else:
            found[key] = Suspect(key, profile, band(end.spec, profile.spec, scenario), (end,))
    return found


def inputs(suspected: Mapping[str, Suspect]) -> list[Input]:
    """Each suspect as an input: a factor on its step times."""
    hardware = [each.profile.spec.hardware for each in suspected.values()]
    found = []
    for key, each in suspected.items():
        own = each.profile.spec.hardware
        name = f"step times of {own if hardware.count(own) == 1 and own != 'unnamed' else key}"
        error, why = each.band
        settings = tuple(each.settings())
        found.append(Input(name, 1 - error, 1 + error, settings, f"{key}: {why}", "profile error"))
    return found


def band(spec: EngineSpec, profile: ProfileSpec, scenario: Scenario) -> Band:
    """How wrong the step times of a pool may be.

    Args:
        spec: the pool or fleet, with its calibration.
        profile: header of its profile.
        scenario: whose folder paths of calibrations start from.
    """
    stated = _stated(profile)
    if isinstance(spec.calibration, str):
        least = _misfit(spec.calibration, scenario)
    elif spec.calibration is not None:
        least = OWN
    elif profile.provenance == "measured" and stated is None:
        least = THIN
    else:
        least = LEAST[profile.provenance]
    error, why = least if stated is None or stated[0] < least[0] else stated
    return min(error, MOST), why


def _stated(profile: ProfileSpec) -> Band | None:
    """The largest 95th percentile of the errors on rows held out, over the phases."""
    errors = [getattr(profile.error, phase) for phase in PHASES] if profile.error is not None else []
    known = [each.p95 for each in errors if each is not None and each.p95 is not None]
    return (max(known), "95th percentile of the profile's own errors on rows held out") if known else None


def _misfit(name: str, scenario: Scenario) -> Band:
    """What a calibration file says of the runs that its fit had not seen."""
    try:
        after = calibrations.load(name, scenario.base).after
    except InputError:
        after = None
    if after is None or after.tpot is None:
        return OWN
    return after.tpot.p90, f"calibration {name}: nine in ten runs that its fit had not seen are nearer in TPOT"


def _named(spec: EngineSpec) -> str:
    return spec.calibration if isinstance(spec.calibration, str) else "a calibration of its own"


def _slowdown(end: End) -> Setting:
    own = end.spec.slowdown
    return Setting(".".join((*end.path, "slowdown")), lambda factor: f"{own * factor:.12g}")
