"""Objectives: what a plan has to keep, as `ttft:p99=800 ms`, and how far inside it a replication is.

A percentile is judged by shares: p99 of TTFT is at most 800 ms where at least 99 % of the requests have a TTFT of at
most 800 ms. That is the same statement about a long run, but the share of one replication is an unbiased estimate (a
percentile of few correlated requests is not), and requests that were dropped or never completed have their place in
it: they count as infinitely late. For the same reason a mean is missed as soon as a single request that counts is
lost.

A request without the latency in question (TPOT of an answer of one token) does not count for a percentile or a mean of
it, and meets every limit where attainment is asked for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

from paasim.core.errors import InputError, Problem, did_you_mean
from paasim.core.percent import share
from paasim.core.units import TIME
from paasim.results.schema import MetricName
from paasim.scenario.scenario import Scenario
from paasim.study.point import Facts, Limit, Outcome

ATTAINMENT = "attainment"
EXAMPLE = "write e.g. --slo ttft:p99=800ms, --slo tpot:mean='30 ms', or --slo attainment=95%"
LOST = -1.0
"""Margin of a mean to which lost requests count as infinitely late, and of anything where nothing was measured."""


@dataclass(frozen=True)
class Objective:
    """A limit on one statistic of one latency, or the share of requests that keep the scenario's limits.

    Attributes:
        metric: as in `result.json`; None for attainment.
        percent: the percentile, 0 to 100; None for the mean and for attainment.
        limit: the most that the statistic may be, s; of attainment the least share.
    """

    metric: MetricName | None
    percent: float | None
    limit: float

    @classmethod
    def parse(cls, text: str) -> Objective:
        """Read `METRIC:STATISTIC=LIMIT`, such as `ttft:p99=800ms` or `e2el:mean=10 s`, or `attainment=95%`.

        Raises:
            InputError: that says what is wrong with it, and shows the right form.
        """
        name, equals, value = (part.strip() for part in text.partition("="))
        if not equals or not name or not value:
            raise InputError.one(f"--slo {text}", "is not of the form METRIC:STATISTIC=LIMIT", EXAMPLE)
        if name == ATTAINMENT:
            return cls(None, None, _share(text, value))
        metric, colon, statistic = (part.strip() for part in name.partition(":"))
        known: dict[str, MetricName] = {each: each for each in get_args(MetricName)}
        if metric not in known:
            what = f"there is no latency '{metric}'"
            raise InputError.one(f"--slo {text}", what, did_you_mean(metric, [*known, ATTAINMENT]))
        if not colon:
            raise InputError.one(f"--slo {text}", f"does not say which statistic of {metric}", EXAMPLE)
        return cls(known[metric], _percentile(text, statistic), _limit(text, value))

    @classmethod
    def of(cls, scenario: Scenario) -> Objective:
        """What the scenario's slo block asks for: a share of requests that keep all of their limits.

        Raises:
            InputError: if neither the scenario nor a class of it has a limit.
        """
        if not _has_limits(scenario):
            where = scenario.where("slo") or "slo"
            raise InputError.one(where, "the scenario has no limits under 'slo'", f"add some, or {EXAMPLE}")
        return cls(None, None, scenario.slo.attainment)

    @property
    def limits(self) -> tuple[Limit, ...]:
        """What a point has to be asked about, so that `margin` can tell."""
        return () if self.metric is None or self.percent is None else ((self.metric, self.limit),)

    @property
    def share(self) -> float | None:
        """The share of requests that has to keep the limit; None for a mean."""
        return self.limit if self.metric is None else None if self.percent is None else self.percent / 100

    @property
    def key(self) -> str:
        """As `parse` reads it: `ttft:p99=800 ms`."""
        if self.metric is None:
            return f"{ATTAINMENT}={100 * self.limit:g}%"
        return f"{self.metric}:{self.statistic}={TIME.format(self.limit)}"

    @property
    def statistic(self) -> str:
        """`mean`, `p99`, or `attainment`."""
        if self.metric is None:
            return ATTAINMENT
        return "mean" if self.percent is None else f"p{self.percent:g}"

    def __str__(self) -> str:
        """For people: `p99 TTFT ≤ 800 ms`."""
        if self.metric is None:
            return f"{100 * self.limit:g} % of requests within their limits"
        limit = f"{1e3 * self.limit:g} ms" if self.limit < 1 else f"{self.limit:g} s"
        return f"{self.statistic} {self.metric.upper()} ≤ {limit}"

    def value(self, facts: Facts) -> float | None:
        """The statistic itself, s (of attainment, the share); of the completed requests; None where it is not known."""
        if self.metric is None:
            return facts.attainment
        found = facts.metrics.get(self.metric)
        return None if found is None else getattr(found, self.statistic, None)

    def kept(self, facts: Facts) -> float | None:
        """The share of requests that keep the limit; None for a mean, and where nothing counts.

        Raises:
            ValueError: if the point was not asked for it (`Point.limits`).
        """
        if self.metric is None:
            return facts.attainment
        if self.percent is None:
            return None
        for each in facts.kept:
            if (each.metric, each.limit) == (self.metric, self.limit):
                return each.share
        raise ValueError(f"the point was not asked about {self.key}: give it the objective's limits")

    def margin(self, facts: Facts) -> float:
        """How far inside a replication is, relative: 0.2 is 20 % below the limit, or 20 % fewer misses than allowed.

        Negative outside. Linear in the mean, or in the share, so that the mean over replications is the margin of all
        of them together.

        Raises:
            InputError: if requests count, but none has this latency.
        """
        if self.metric is not None and facts.measured and self.metric not in facts.metrics:
            what = f"no request has a {self.metric.upper()}, which needs answers of two tokens or more"
            raise InputError.one(f"--slo {self.key}", what, "leave the objective out, or choose another")
        if self.share is not None:
            kept = self.kept(facts)
            return LOST if kept is None else (kept - self.share) / ((1 - self.share) or 1.0)
        mean = self.value(facts)
        return LOST if mean is None or facts.lost else (self.limit - mean) / self.limit

    def met(self, outcome: Outcome) -> bool:
        """Whether all replications together keep it, in a steady state."""
        margins = [self.margin(each) for each in outcome.replications]
        return outcome.variant.steady_state and math.fsum(margins) >= 0


def objectives(scenario: Scenario, texts: Sequence[str] = ()) -> list[Objective]:
    """What a plan has to keep: what the user asks for, else what the scenario's slo block says.

    Raises:
        InputError: with everything that is wrong, or if nothing is asked for.
    """
    problems: list[Problem] = []
    found: list[Objective] = []
    for text in texts:
        try:
            found.append(Objective.parse(text))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    if any(each.metric is None for each in found) and not _has_limits(scenario):
        what = "the scenario has no limits under 'slo' that requests could attain"
        raise InputError.one(scenario.where("slo") or "slo", what, "add some, such as slo: {ttft: 2 s}")
    return list(dict.fromkeys(found)) or [Objective.of(scenario)]


def _has_limits(scenario: Scenario) -> bool:
    from paasim.study.execute import limits_of

    return any(limits_of(scenario, list(scenario.classes)))


def _percentile(text: str, statistic: str) -> float | None:
    if statistic == "mean":
        return None
    try:
        value = float(statistic.removeprefix("p")) if statistic.startswith("p") else math.nan
    except ValueError:
        value = math.nan
    if not 0 < value < 100:
        what = f"'{statistic}' is neither 'mean' nor a percentile from p1 to p99.99"
        raise InputError.one(f"--slo {text}", what, EXAMPLE)
    return value


def _limit(text: str, value: str) -> float:
    try:
        limit = TIME.parse(value)
    except ValueError as error:
        raise InputError.one(f"--slo {text}", str(error), EXAMPLE) from None
    if limit <= 0:
        raise InputError.one(f"--slo {text}", "the limit must be more than zero", EXAMPLE)
    return limit


def _share(text: str, value: str) -> float:
    found = share(value)
    if found is None or not 0 < found <= 1:
        raise InputError.one(f"--slo {text}", f"'{value}' is not a share above 0 and up to 100 %", EXAMPLE)
    return found
