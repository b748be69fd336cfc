"""Figures as the reasons of a plan say them."""

from __future__ import annotations

from paasim.core.units import TIME
from paasim.study.plan.objective import Objective


def seconds(value: float) -> str:
    """A time with three digits in the tidiest unit: `5.1 s`."""
    return TIME.format(float(f"{value:.3g}"))


def missed(objective: Objective, value: float | None) -> str:
    """`p99 TTFT is 5.1 s, limit 4 s`, or `91.3 % of requests within their limits, wanted 95 %`."""
    if objective.metric is None:
        found = "no request" if value is None else f"{100 * value:.3g} % of requests"
        return f"{found} within their limits, wanted {100 * objective.limit:g} %"
    name, limit = f"{objective.statistic} {objective.metric.upper()}", seconds(objective.limit)
    return f"{name} is over its limit of {limit}" if value is None else f"{name} is {seconds(value)}, limit {limit}"
