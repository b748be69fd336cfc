"""One input at a time: at the low end, at the high end, all others as the scenario has them.

Both ends meet the same requests as the scenario itself (common random numbers), so that differences are paired over
replications (Law, "Simulation Modeling and Analysis", 5th ed., ch. 11.2). Left out, by construction: what inputs do
together; `morris` and `sobol` see that.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log

from paasim.metrics.intervals import ENOUGH_REPLICATIONS, half_width
from paasim.study.point import Outcome
from paasim.study.sensitivity.inputs import Input
from paasim.study.sensitivity.measure import Measure
from paasim.study.sensitivity.schema import Interval, Moved, OneAtATime, Shape

Values = Sequence[float | None]


def one_at_a_time(
    inputs: Sequence[Input], base: Outcome, ends: Sequence[tuple[Outcome, Outcome]], measure: Measure
) -> list[OneAtATime]:
    """The effect of every input, largest swing first.

    Args:
        inputs: what was moved.
        base: the scenario as it is.
        ends: of each input, the outcomes at its low and its high end; replications as those of `base`.
        measure: what is asked about.
    """
    found = [_one(each, base, low, high, measure) for each, (low, high) in zip(inputs, ends, strict=True)]
    return sorted(found, key=lambda each: -(float("inf") if each.swing is None else each.swing))


def _one(each: Input, base: Outcome, low: Outcome, high: Outcome, measure: Measure) -> OneAtATime:
    at_low, at_high = _moved(low, base, measure), _moved(high, base, measure)
    values = [measure.value(outcome) for outcome in (low, base, high)]
    across = _paired(high, low, measure)
    shape = _shape(at_low, at_high, across)
    return OneAtATime(
        input=each.name,
        low=at_low,
        high=at_high,
        swing=_swing(values, shape),
        swing_ci95=_turned(across) if shape == "falls" else None if shape == "both ways" else across,
        elasticity=_elasticity(each, values[0], values[2]),
        shape=shape,
    )


def _swing(values: Values, shape: Shape) -> float | None:
    """From end to end; where it does not just rise or fall, from the smallest to the largest."""
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return None
    return abs(known[-1] - known[0]) if shape in ("rises", "falls") else max(known) - min(known)


def _turned(across: Interval | None) -> Interval | None:
    return None if across is None else (-across[1], -across[0])


def _moved(outcome: Outcome, base: Outcome, measure: Measure) -> Moved:
    value, reference = measure.value(outcome), measure.value(base)
    difference = None if value is None or reference is None else value - reference
    return Moved(
        value=value,
        difference=difference,
        ci95=_paired(outcome, base, measure),
        steady_state=outcome.variant.steady_state,
    )


def _paired(ours: Outcome, other: Outcome, measure: Measure) -> Interval | None:
    """Interval of the difference, around that of the pooled values; None with too few replications."""
    a, b = measure.value(ours), measure.value(other)
    pairs = zip(measure.each(ours), measure.each(other), strict=True)
    differences = [x - y for x, y in pairs if x is not None and y is not None]
    if a is None or b is None or len(differences) < ENOUGH_REPLICATIONS:
        return None
    half = half_width(differences) or 0.0
    return a - b - half, a - b + half


NOTHING = 1e-9
"""Differences, s or 1/s, up to which there is none: what is left of sums of floating-point numbers."""


def _shape(low: Moved, high: Moved, across: Interval | None) -> Shape:
    """How the metric follows the input, as far as the intervals say."""
    at_low, at_high = _sign(low.difference, low.ci95), _sign(high.difference, high.ci95)
    if low.difference is None and high.difference is None:
        return "cannot tell"
    if abs(low.difference or 0.0) < NOTHING and abs(high.difference or 0.0) < NOTHING:
        return "cannot tell" if low.difference is None or high.difference is None else "none"
    if at_low == at_high:
        if at_low:
            return "both ways"
        whole = _sign(None, across)
        return "cannot tell" if not whole else "rises" if whole > 0 else "falls"
    return "rises" if at_high > at_low else "falls"


def _sign(difference: float | None, interval: Interval | None) -> int:
    """1 or -1 where the difference is sure (or there is no interval to doubt it), else 0."""
    if interval is None:
        return 0 if not difference else 1 if difference > 0 else -1
    return 1 if interval[0] > 0 else -1 if interval[1] < 0 else 0


def _elasticity(each: Input, low: float | None, high: float | None) -> float | None:
    """Slope between the logarithms of the ends."""
    if low is None or high is None or min(low, high, each.low) <= 0:
        return None
    return log(high / low) / log(each.high / each.low)
