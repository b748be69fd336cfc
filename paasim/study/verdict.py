"""From a difference and how sure it is to a verdict: better, worse, the same, or cannot tell and what would.

Each interval holds for its own comparison at 95 %. With several variants some will seem to differ by chance, so that
the verdict is also worked out with intervals that hold for all variants of one metric together (Bonferroni: each at
1 - 5 % / variants; Law, "Simulation Modeling and Analysis", 5th ed., ch. 10.3).
"""

from __future__ import annotations

from dataclasses import dataclass

from paasim.metrics.intervals import LEVEL
from paasim.results.schema import ByRequest, Difference, Verdict
from paasim.study.spread import Spread

ROUNDING = 1e-9
"""Relative differences up to this come from the rounding of sums, and are none."""
NEGLIGIBLE = 1e-3
"""Relative differences that are surely below this are not worth a word (an equivalence test: Schuirmann, 1987)."""


@dataclass(frozen=True)
class Found:
    """A difference before it is judged."""

    value: float
    reference: float
    spread: Spread | None
    """None: nothing says how sure it is."""
    higher_is_better: bool = False
    by_request: ByRequest | None = None


def judged(found: Found, comparisons: int = 1) -> Difference:
    """The difference with its verdicts.

    Args:
        found: the difference.
        comparisons: how many variants are compared with the baseline in this metric.
    """
    difference, scale = found.value - found.reference, abs(found.reference)
    half = None if found.spread is None else found.spread.half()
    if abs(difference) + (half or 0.0) <= ROUNDING * scale:
        difference, half = 0.0, None if half is None else 0.0
    jointly = None if found.spread is None or half == 0 else found.spread.half(1 - (1 - LEVEL) / comparisons)
    verdict = _verdict(difference, half, scale, found.higher_is_better)
    return Difference(
        difference=difference,
        ci95=None if half is None else (difference - half, difference + half),
        ratio=found.value / found.reference if found.reference else None,
        verdict=verdict,
        jointly=_verdict(difference, half if jointly is None else jointly, scale, found.higher_is_better),
        replications_needed=_needed(found.spread, difference, scale) if verdict == "cannot tell" else None,
        is_paired=found.spread is None or found.spread.is_paired,
        by_request=found.by_request,
    )


def _verdict(difference: float, half: float | None, scale: float, higher_is_better: bool) -> Verdict:
    if abs(difference) + (half or 0.0) <= (ROUNDING if half is None else NEGLIGIBLE) * scale:
        return "same"
    if half is not None and abs(difference) > half:
        return "better" if (difference > 0) == higher_is_better else "worse"
    return "cannot tell"


def _needed(spread: Spread | None, difference: float, scale: float) -> int | None:
    """Replications that would tell: that it is not zero, or that it is negligible, whichever comes sooner."""
    if spread is None:
        return None
    apart, negligible = spread.enough(abs(difference)), spread.enough(NEGLIGIBLE * scale - abs(difference))
    return min((n for n in (apart, negligible) if n is not None), default=None)
