"""The number that a study asks about: `ttft:p99`, `e2el:mean`, `goodput`, `attainment`, `throughput`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from paasim.core.errors import InputError, did_you_mean
from paasim.results.schema import MetricName
from paasim.study.point import Facts, Outcome

STATISTICS = ("mean", "p50", "p90", "p95", "p99")
RATES: Mapping[str, tuple[str, str, str, str]] = {
    "goodput": ("goodput", "goodput_per_s", "goodput_per_s", "/s"),
    "attainment": ("SLO attainment", "slo_attainment", "attainment", ""),
    "throughput": ("throughput", "requests_per_s", "requests_per_s", "/s"),
}
"""Title, field of `schema.Throughput`, field of `Facts`, unit; more of them is better."""


@dataclass(frozen=True)
class Measure:
    """One number of an outcome."""

    text: str
    """As the user writes it."""
    metric: str
    statistic: str = ""
    """Empty for a rate."""

    @classmethod
    def parse(cls, text: str) -> Measure:
        """Read `METRIC:STATISTIC`, or the name of a rate; a latency alone means its p99.

        Raises:
            InputError: if there is no such number.
        """
        metric, _, statistic = (part.strip().lower() for part in text.partition(":"))
        where = f"--metric {text}"
        if metric in RATES and not statistic:
            return cls(metric, metric)
        latencies = get_args(MetricName)
        if metric not in latencies:
            known = [*(f"{name}:p99" for name in latencies), *RATES]
            raise InputError.one(where, f"there is no metric '{text}'", did_you_mean(text, known))
        statistic = statistic or "p99"
        if statistic not in STATISTICS:
            raise InputError.one(where, f"there is no statistic '{statistic}'", f"one of {', '.join(STATISTICS)}")
        return cls(f"{metric}:{statistic}", metric, statistic)

    @property
    def title(self) -> str:
        """For people: `p99 TTFT`."""
        if not self.statistic:
            return RATES[self.metric][0]
        return f"{'mean' if self.statistic == 'mean' else self.statistic} {self.metric.upper()}"

    @property
    def unit(self) -> str:
        """`s`, `/s`, or empty for a share."""
        return "s" if self.statistic else RATES[self.metric][3]

    @property
    def less_is_better(self) -> bool:
        """True of latencies."""
        return bool(self.statistic)

    @property
    def needs_limits(self) -> bool:
        """Whether it counts requests that meet limits on latency."""
        return self.metric in ("goodput", "attainment")

    def value(self, outcome: Outcome) -> float | None:
        """Its value over all replications, as `result.json` has it; None where nothing was measured."""
        if not self.statistic:
            found: float | None = getattr(outcome.variant.throughput, RATES[self.metric][1])
            return found
        metrics = {str(name): metric for name, metric in outcome.variant.metrics.items()}
        return float(getattr(metrics[self.metric], self.statistic)) if self.metric in metrics else None

    def each(self, outcome: Outcome) -> Sequence[float | None]:
        """Its value in each replication."""
        return [self._of(facts) for facts in outcome.replications]

    def _of(self, facts: Facts) -> float | None:
        if not self.statistic:
            found: float | None = getattr(facts, RATES[self.metric][2])
            return found
        metrics = {str(name): metric for name, metric in facts.metrics.items()}
        return float(getattr(metrics[self.metric], self.statistic)) if self.metric in metrics else None
