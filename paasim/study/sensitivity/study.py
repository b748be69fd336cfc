"""Do a sensitivity study: simulate what the plan asks for, and work out effects."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from paasim.core.errors import InputError
from paasim.core.recorder import Floats
from paasim.metrics.intervals import ENOUGH_REPLICATIONS
from paasim.results.manifest import version
from paasim.scenario.loader import changed
from paasim.scenario.scenario import Scenario
from paasim.study import point
from paasim.study.execute import Progress, cores
from paasim.study.point import Outcome, Point
from paasim.study.sensitivity.morris import morris
from paasim.study.sensitivity.oat import one_at_a_time
from paasim.study.sensitivity.plan import Options, Plan, plan
from paasim.study.sensitivity.schema import InputRange, OneAtATime, Study
from paasim.study.sensitivity.sobol import sobol
from paasim.study.sensitivity.survival import survival

MINOR = 0.1
"""Swings below this share of the largest are not worth a warning."""
Evaluate = Callable[..., Sequence[Outcome]]
"""As `paasim.study.point.evaluate`."""
Tell = Callable[[float], None]
"""Told how many seconds the rest will take, once that is known."""


@dataclass(frozen=True)
class Sample:
    """A point that was simulated for the study."""

    label: str
    values: tuple[float | None, ...]
    """Of the inputs, in their order; None: as the scenario has it."""
    value: float | None
    """The metric."""
    steady_state: bool


@dataclass(frozen=True)
class Sensitivity:
    """A study and the points behind it."""

    document: Study
    samples: Sequence[Sample]
    """Without those of the profiles' errors."""

    def to_json(self) -> str:
        """The document as text: same study, same bytes."""
        return self.document.to_json()


def sensitivity(
    scenario: Scenario, *, jobs: int | None = 1, progress: Progress | None = None, **options: object
) -> Sensitivity:
    """Which inputs of a scenario move a metric most, and whether its answer survives the error of its profiles.

    Args:
        scenario: with its variants.
        jobs: processes, as in `paasim.simulate`.
        progress: told after every point.
        options: as `paasim.study.sensitivity.plan.Options` has them: `over`, `spread`, `method`, `metric`, ...

    Raises:
        InputError: if an option is wrong or does not fit the scenario, or nothing was measured where it must be.
    """
    return carry_out(plan(scenario, Options(**options)), jobs, progress)  # type: ignore[arg-type]


def carry_out(
    plan: Plan,
    jobs: int | None = 1,
    progress: Progress | None = None,
    tell: Tell | None = None,
    evaluate: Evaluate = point.evaluate,
) -> Sensitivity:
    """Do what a plan says; arguments as in `sensitivity`.

    Args:
        plan: what to do.
        jobs: processes.
        progress: told after every point.
        tell: told, after the first point, how long the rest is expected to take.
        evaluate: works out points.

    Raises:
        InputError: as `sensitivity`.
    """
    bench = _Bench(plan, jobs, progress, evaluate)
    began = time.perf_counter()
    (base,) = bench.outcomes([Point("as it is", plan.scenario, count=plan.replications)])
    if tell is not None:
        workers = min(jobs or cores(), cores())
        tell((time.perf_counter() - began) * (plan.points - 1) / workers)
    document = Study(
        paasim_version=version(),
        scenario=plan.scenario.expanded(),
        variant=plan.options.variant,
        metric=plan.measure.text,
        title=plan.measure.title,
        unit=plan.measure.unit,
        seed=plan.scenario.run.seed,
        replications=plan.replications,
        method=plan.options.method,
        runs=0,
        samples=plan.samples,
        value=plan.measure.value(base),
        inputs=[InputRange.of(each) for each in plan.inputs],
        left_out=dict(plan.left_out),
    )
    effects = _effects(plan, base, bench)
    survives = None
    if plan.trial is not None:
        survives = survival(plan.trial, bench.outcomes(plan.trial.points), plan.measure)
    warnings = [*plan.warnings, *_warnings(plan, base, bench), *_chance(plan, effects.get("oat"))]
    more = {**effects, "survival": survives, "runs": bench.runs, "warnings": warnings}
    return Sensitivity(document.model_copy(update=more), bench.samples)


def _effects(plan: Plan, base: Outcome, bench: _Bench) -> dict[str, Any]:
    """The field of the method, by its name."""
    names, seed = [each.name for each in plan.inputs], plan.scenario.run.seed
    if plan.options.method == "morris":
        return {"morris": morris(names, plan.samples or 0, bench.respond, seed)}
    if plan.options.method == "sobol":
        return {"sobol": sobol(names, plan.samples or 0, bench.respond, seed)}
    rows = [
        tuple(value if j == i else None for j in range(len(names)))
        for i, each in enumerate(plan.inputs)
        for value in (each.low, each.high)
    ]
    found = bench.at(rows)
    return {"oat": one_at_a_time(plan.inputs, base, list(zip(found[::2], found[1::2], strict=True)), plan.measure)}


@dataclass
class _Bench:
    """Simulates points, equal ones once, and keeps a row of each."""

    plan: Plan
    jobs: int | None
    progress: Progress | None
    evaluate: Evaluate
    samples: list[Sample] = field(default_factory=list)
    runs: int = 0
    _known: dict[str, Outcome] = field(default_factory=dict)
    _done: int = 0

    def outcomes(self, points: Sequence[Point]) -> list[Outcome]:
        """What the points come to, in their order."""
        keys = [each.scenario.model_dump_json() for each in points]
        new = {key: each for key, each in zip(keys, points, strict=True) if key not in self._known}
        found = self.evaluate(list(new.values()), self.jobs, progress=self._progress(len(points) - len(new)))
        self._known.update(zip(new, found, strict=True))
        self._done += len(points)
        self.runs += sum(each.count for each in new.values())
        return [self._known[key] for key in keys]

    def at(self, rows: Sequence[tuple[float | None, ...]]) -> list[Outcome]:
        """The scenario with its inputs at these values; None: as it is."""
        labels = [self._label(number, row) for number, row in enumerate(rows, start=1)]
        points = [
            Point(label, changed(self.plan.scenario, self._changes(row)), count=self.plan.replications)
            for label, row in zip(labels, rows, strict=True)
        ]
        found = self.outcomes(points)
        self.samples += [
            Sample(label, row, self.plan.measure.value(outcome), outcome.variant.steady_state)
            for label, row, outcome in zip(labels, rows, found, strict=True)
        ]
        return found

    def respond(self, shares: Floats) -> Floats:
        """The metric at samples in [0, 1].

        Raises:
            InputError: where nothing was measured: the methods need every value.
        """
        rows = [
            tuple(each.at(share) for each, share in zip(self.plan.inputs, row, strict=True)) for row in shares.tolist()
        ]
        values = [self.plan.measure.value(outcome) for outcome in self.at(rows)]
        if None in values:
            row = rows[values.index(None)]
            where = ", ".join(each.changes(value)[0] for each, value in zip(self.plan.inputs, row, strict=True))
            what = f"there is no {self.plan.measure.title} at {where}"
            raise InputError.one(f"--metric {self.plan.measure.text}", what, "narrow the ranges, or make runs longer")
        return np.array(values, dtype=float)

    def _changes(self, row: tuple[float | None, ...]) -> list[str]:
        pairs = zip(self.plan.inputs, row, strict=True)
        return [text for each, value in pairs if value is not None for text in each.changes(value)]

    def _label(self, number: int, row: tuple[float | None, ...]) -> str:
        moved = [(each, value) for each, value in zip(self.plan.inputs, row, strict=True) if value is not None]
        return f"{moved[0][0].name} {moved[0][0].words(moved[0][1])}" if len(moved) == 1 else f"sample {number}"

    def _progress(self, skipped: int) -> Progress | None:
        if self.progress is None:
            return None
        tell, before = self.progress, self._done + skipped
        return lambda done, total, label: tell(before + done, self.plan.points, label)


def _warnings(plan: Plan, base: Outcome, bench: _Bench) -> list[str]:
    """What a reader must know before trusting the effects."""
    found = [f"the scenario as it is: {warning}" for warning in base.variant.warnings]
    unsteady = [each.label for each in bench.samples if not each.steady_state]
    if unsteady:
        which = f"{unsteady[0]}{', ...' if len(unsteady) > 1 else ''}"
        what = f"no steady state in {len(unsteady)} of {len(bench.samples)} points ({which})"
        found.append(f"{what}: there the {plan.measure.title} depends on the length of the run")
    if plan.options.method == "oat" and plan.replications < ENOUGH_REPLICATIONS:
        found.append(f"{plan.replications} replications: no intervals; {ENOUGH_REPLICATIONS} or more give them")
    return found


def _chance(plan: Plan, effects: Sequence[OneAtATime] | None) -> list[str]:
    """Say so where an input that is named first may be so by chance."""
    worth_it = MINOR * max((each.swing or 0.0 for each in effects or ()), default=0.0)
    unsure = [
        each.input
        for each in effects or ()
        if (each.swing or 0.0) > worth_it and each.swing_ci95 is not None and each.swing_ci95[0] <= 0
    ]
    if not unsure:
        return []
    what = (
        f"with {plan.replications} replications the swing of {', '.join(unsure)} may be chance: its interval holds zero"
    )
    return [f"{what}; more of them tell (--replications)"]
