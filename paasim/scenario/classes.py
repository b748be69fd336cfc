"""A request class of a scenario: what comes, and what is promised to it."""

from __future__ import annotations

from paasim.scenario.slo import SloSpec
from paasim.workload.spec import WorkloadSpec


class RequestClassSpec(WorkloadSpec):
    """A workload with limits of its own.

    Arrivals and lengths (and prefixes if prompts have something in common), or a recorded trace.
    """

    slo: SloSpec | None = None
    """Limits on latency for this class, instead of the scenario's."""
