"""What a sensitivity study is to do, worked out and checked before anything is simulated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from paasim.core.errors import InputError, did_you_mean
from paasim.scenario.loader import BASE, changed
from paasim.scenario.scenario import Scenario
from paasim.study.execute import limits_of
from paasim.study.sensitivity import morris, profile_error, sobol, survival
from paasim.study.sensitivity.asked import asked
from paasim.study.sensitivity.found import found, used_ends
from paasim.study.sensitivity.inputs import Input
from paasim.study.sensitivity.measure import Measure
from paasim.study.sensitivity.schema import Method

SPREAD = 0.2
"""How far an input may be off where nothing else is said."""
METHODS = ("oat", "morris", "sobol")


@dataclass(frozen=True)
class Options:
    """What a user may choose."""

    over: Sequence[str] = ()
    """`PATH=LOW..HIGH` texts; the inputs that the scenario has by itself if empty."""
    spread: float = SPREAD
    """How far those may be off."""
    profile_error: bool = True
    """Whether the profiles are inputs too, and whether the answer survives their error is asked."""
    method: Method = "oat"
    metric: str = "ttft:p99"
    samples: int | None = None
    """Trajectories (Morris) or base samples (Sobol)."""
    profile_samples: int = survival.SAMPLES
    """Samples of the profiles' errors; 0: do not ask whether the answer survives."""
    variant: str = BASE
    """The variant whose inputs are moved."""
    variants: Sequence[str] = ()
    """Those among which the best is to survive; all if empty."""
    replications: int | None = None
    """Of every point; as the scenario says if None."""


@dataclass(frozen=True)
class Plan:
    """What is to be done."""

    scenario: Scenario
    """The variant whose inputs are moved, without variants."""
    options: Options
    measure: Measure
    inputs: Sequence[Input]
    left_out: Mapping[str, str]
    replications: int
    samples: int | None
    trial: survival.Trial | None
    warnings: Sequence[str] = field(default_factory=tuple)

    @property
    def points(self) -> int:
        """Most points that it takes; those that come twice are simulated once."""
        k, n = len(self.inputs), self.samples or 0
        method = {"oat": 2 * k, "morris": morris.points(k, n), "sobol": sobol.points(k, n)}[self.options.method]
        return 1 + method + (len(self.trial.points) if self.trial else 0)

    @property
    def runs(self) -> int:
        """The same in single runs."""
        return self.points * self.replications


def plan(scenario: Scenario, options: Options) -> Plan:
    """Work out inputs and samples.

    Args:
        scenario: with its variants.
        options: what the user chose.

    Raises:
        InputError: for an unknown method, metric or variant, or an input that does not fit the scenario.
    """
    if options.method not in METHODS:
        raise InputError.one(f"--method {options.method}", "no such method", did_you_mean(options.method, METHODS))
    measure = Measure.parse(options.metric)
    named = {BASE: scenario, **scenario.variants}
    _require_known([options.variant], named, "--variant")
    _require_known(options.variants, named, "--variants")
    own = changed(named[options.variant], [])
    if measure.needs_limits and not any(limits_of(own, list(own.classes))):
        what = f"there is no {measure.title} without limits"
        raise InputError.one(f"--metric {measure.text}", what, "give the scenario some: --set 'slo={ttft: 2 s}'")
    inputs, left_out = _inputs(own, options)
    if not inputs:
        raise InputError.one("", "there is nothing to move", "name inputs: --over PATH=LOW..HIGH")
    samples, warnings = _samples(options)
    times = own.run.replications if options.replications is None else options.replications
    trial = None
    if options.profile_error and options.profile_samples:
        wanted = list(options.variants) or list(named)
        compared = {name: changed(named[name], []) for name in wanted}
        trial = survival.trial(compared, options.profile_samples, times, own.run.seed)
    return Plan(own, options, measure, inputs, left_out, times, samples, trial, warnings)


def _require_known(names: Sequence[str], known: Mapping[str, Scenario], option: str) -> None:
    for name in names:
        if name not in known:
            raise InputError.one(f"{option} {name}", f"there is no variant '{name}'", did_you_mean(name, known))


def _inputs(scenario: Scenario, options: Options) -> tuple[list[Input], dict[str, str]]:
    """What is moved, and what would be but does not fit."""
    if options.over:
        inputs, left_out = [asked(text, scenario) for text in options.over], dict[str, str]()
        for each in inputs:
            _try(scenario, each)
    else:
        inputs, left_out = found(scenario, options.spread)
        for each in list(inputs):
            reason = _unfit(scenario, each)
            if reason:
                inputs.remove(each)
                left_out[each.name] = reason
    if options.profile_error:
        taken = {setting.path for each in inputs for setting in each.settings}
        errors = profile_error.inputs(profile_error.suspects(scenario, used_ends(scenario)))
        inputs += [each for each in errors if not taken & {setting.path for setting in each.settings}]
    return inputs, left_out


def _unfit(scenario: Scenario, each: Input) -> str:
    """Why an input that was found cannot be moved; empty if it can."""
    if each.changes(each.low) == each.changes(each.high):
        return "whole numbers so small do not move by so little"
    try:
        _try(scenario, each)
    except InputError as error:
        return error.problems[0].what
    return ""


def _try(scenario: Scenario, each: Input) -> None:
    """Raise an InputError if the scenario cannot be at one of the ends."""
    for value in (each.low, each.high):
        changed(scenario, each.changes(value))


def _samples(options: Options) -> tuple[int | None, list[str]]:
    if options.method == "oat":
        if options.samples is not None:
            raise InputError.one("--samples", "one at a time takes none", "leave it out, or choose --method morris")
        return None, []
    if options.method == "morris":
        wanted = options.samples or morris.TRAJECTORIES
        if wanted < 2:
            raise InputError.one("--samples", "one trajectory says nothing of how effects vary", "take 4 or more")
        return wanted, []
    wanted = options.samples or sobol.SAMPLES
    taken = sobol.rounded(wanted)
    return taken, [] if taken == wanted else [f"{taken} base samples instead of {wanted}: a power of two is needed"]
