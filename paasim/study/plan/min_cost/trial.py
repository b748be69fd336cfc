"""Candidates under simulation: replications one by one, and when they are enough to tell.

All candidates meet the same requests in replications of the same number (common random numbers). A candidate is judged
by its mean margin over replications, the margin of a replication being that of the limit which it keeps least.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf, sqrt
from statistics import fmean, stdev

from paasim.metrics.intervals import half_width
from paasim.scenario.scenario import Scenario
from paasim.study.plan.min_cost.space import Candidate
from paasim.study.plan.objective import Objective
from paasim.study.point import Facts, Outcome

START = 2
"""Replications before a candidate is judged at all."""
CLEAR = 0.02
"""Mean margin that tells without all replications (of a percentile: over the misses allowed), if also ..."""
SURE = 2.0
"""... this many standard errors from zero."""


@dataclass
class Trial:
    """What is known of one candidate from simulation."""

    candidate: Candidate
    scenario: Scenario
    objectives: Sequence[Objective]
    searched: list[Outcome] = field(default_factory=list)
    """Of the search, whose replications begin at the first."""
    fresh: list[Outcome] = field(default_factory=list)
    """Of the confirmation, whose replications the search has not seen."""

    @property
    def outcomes(self) -> list[Outcome]:
        """The fresh replications, or else those of the search: what the figures are taken from."""
        return self.fresh or self.searched

    @property
    def margin(self) -> float:
        """Mean margin over those."""
        return mean_margin(self.objectives, self.outcomes)

    @property
    def worst(self) -> Objective:
        """The objective that is kept least."""
        return min(self.objectives, key=lambda each: mean_margin([each], self.outcomes))

    @property
    def is_stable(self) -> bool:
        """Whether queues stayed bounded."""
        return stable(each_fact(self.outcomes))

    def value(self, objective: Objective) -> float | None:
        """Mean over replications of what an objective is about; None if nothing was measured."""
        found = [value for facts in each_fact(self.outcomes) if (value := objective.value(facts)) is not None]
        return fmean(found) if found else None

    def interval(self, objective: Objective) -> tuple[float, float] | None:
        """Student's 95 % interval of the same; None for fewer than two replications."""
        found = [value for facts in each_fact(self.outcomes) if (value := objective.value(facts)) is not None]
        half = half_width(found)
        return None if half is None else (fmean(found) - half, fmean(found) + half)

    @property
    def done(self) -> int:
        """Replications of the search."""
        return len(each_fact(self.searched))

    def is_decided(self, most: int) -> bool:
        """Whether the search needs no more replications of it."""
        margins = [least_margin(self.objectives, facts) for facts in each_fact(self.searched)]
        if len(margins) >= most:
            return True
        if len(margins) < START:
            return False
        if all(facts.unbounded for facts in each_fact(self.searched)):
            return True
        mean, error = fmean(margins), stdev(margins) / sqrt(len(margins))
        return abs(mean) > max(CLEAR, SURE * error)


def each_fact(outcomes: Sequence[Outcome]) -> list[Facts]:
    """The replications of outcomes."""
    return [facts for outcome in outcomes for facts in outcome.replications]


def least_margin(objectives: Sequence[Objective], facts: Facts) -> float:
    """The margin of the objective that a replication keeps least."""
    return min(each.margin(facts) for each in objectives)


def mean_margin(objectives: Sequence[Objective], outcomes: Sequence[Outcome]) -> float:
    """Mean over replications of the least margin; minus infinity where queues grow, or there is none."""
    facts = each_fact(outcomes)
    return fmean(least_margin(objectives, each) for each in facts) if facts and stable(facts) else -inf


def stable(facts: Sequence[Facts]) -> bool:
    """Whether queues stayed bounded in most replications: in a short one they may seem to grow by chance."""
    return 2 * sum(each.unbounded for each in facts) <= len(facts)
