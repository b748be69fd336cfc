"""Does the answer survive the error of the profiles? Which variant is best, with every profile off by some factor.

All variants meet the same factors and the same requests. Factors are drawn evenly from the bands of the profiles, as a
Latin hypercube (McKay, Beckman and Conover, 1979): every profile is tried in each part of its band.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from paasim.scenario.loader import changed
from paasim.scenario.scenario import Scenario
from paasim.study.point import Outcome, Point
from paasim.study.sensitivity import profile_error
from paasim.study.sensitivity.found import used_ends
from paasim.study.sensitivity.inputs import Input
from paasim.study.sensitivity.measure import Measure
from paasim.study.sensitivity.schema import Flip, InputRange, Span, Survival

SAMPLES = 16


@dataclass(frozen=True)
class Trial:
    """What is to be simulated: each variant as it is, then at every sample."""

    variants: Mapping[str, Scenario]
    inputs: Sequence[Input]
    factors: Sequence[tuple[float, ...]]
    """Of each sample, in the order of the inputs."""
    points: Sequence[Point]


def trial(variants: Mapping[str, Scenario], samples: int, replications: int, seed: int) -> Trial | None:
    """Plan the samples; None where no variant has a profile to doubt.

    Args:
        variants: the scenarios that are compared, by name.
        samples: how many.
        replications: of every point.
        seed: of the samples.

    Raises:
        InputError: if a profile cannot be had.
    """
    own = {name: profile_error.suspects(each, used_ends(each)) for name, each in variants.items()}
    known: dict[str, profile_error.Suspect] = {}
    for suspected in own.values():
        for key, suspect in suspected.items():
            known.setdefault(key, suspect)
    inputs = profile_error.inputs(known)
    if not inputs:
        return None
    factors = [
        tuple(each.at(share) for each, share in zip(inputs, row, strict=True))
        for row in _hypercube(samples, len(inputs), seed)
    ]
    points = [Point(name, each, count=replications) for name, each in variants.items()]
    for number, row in enumerate(factors, start=1):
        by_key = dict(zip(known, row, strict=True))
        for name, each in variants.items():
            texts = [
                setting.change(by_key[key]) for key, suspect in own[name].items() for setting in suspect.settings()
            ]
            points.append(Point(f"{name}, profile error {number}", changed(each, texts), count=replications))
    return Trial(variants, inputs, factors, points)


def survival(trial: Trial, outcomes: Sequence[Outcome], measure: Measure) -> Survival:
    """What came of it.

    Args:
        trial: as planned.
        outcomes: of its points.
        measure: what makes a variant the best.
    """
    names, width = list(trial.variants), len(trial.variants)
    values = [measure.value(outcome) for outcome in outcomes]
    rows = [values[start : start + width] for start in range(0, len(values), width)]
    nominal, sampled = rows[0], rows[1:]
    best = _best(nominal, measure)
    winners = [_best(row, measure) for row in sampled]
    flips = [
        (
            _distance(trial, factors),
            Flip(factors=_by_name(trial, factors), best=names[winner], value=row[winner] or 0.0),
        )
        for factors, row, winner in zip(trial.factors, sampled, winners, strict=True)
        if winner is not None and winner != best
    ]
    return Survival(
        inputs=[InputRange.of(each) for each in trial.inputs],
        samples=len(sampled),
        best=None if best is None else names[best],
        stays=sum(winner == best for winner in winners),
        variants={
            name: _span(nominal[i], [row[i] for row in sampled], sum(winner == i for winner in winners))
            for i, name in enumerate(names)
        },
        flips=[flip for _, flip in sorted(flips, key=lambda each: each[0])],
    )


def _hypercube(samples: int, dimensions: int, seed: int) -> list[list[float]]:
    """Samples in [0, 1], one in each of as many equal slices of every dimension."""
    rng = np.random.default_rng(seed)
    slices = np.stack([rng.permutation(samples) for _ in range(dimensions)], axis=1)
    rows: list[list[float]] = ((slices + rng.random((samples, dimensions))) / samples).tolist()
    return rows


def _best(row: Sequence[float | None], measure: Measure) -> int | None:
    known = [(value if measure.less_is_better else -value, i) for i, value in enumerate(row) if value is not None]
    return min(known)[1] if known else None


def _span(nominal: float | None, values: Sequence[float | None], best: int) -> Span:
    known = [value for value in values if value is not None]
    return Span(nominal=nominal, low=min(known, default=None), high=max(known, default=None), best=best)


def _by_name(trial: Trial, factors: Sequence[float]) -> dict[str, float]:
    return {each.name: factor for each, factor in zip(trial.inputs, factors, strict=True)}


def _distance(trial: Trial, factors: Sequence[float]) -> float:
    """How far a sample is from the profiles as they are: the farthest of its profiles, as a share of its band."""
    return max(abs(factor - 1) / (each.high - 1) for each, factor in zip(trial.inputs, factors, strict=True))
