"""Service level objective: limits on latency per request, and how many requests must keep them."""

from __future__ import annotations

from pydantic import Field

from paasim.core.spec import Spec
from paasim.core.units import PositiveDuration


class SloSpec(Spec):
    """Limits that a request must keep to count as good, and the share of requests that must be good."""

    ttft: PositiveDuration | None = None
    """Longest time to first token."""
    tpot: PositiveDuration | None = None
    """Longest time per output token after the first."""
    e2el: PositiveDuration | None = None
    """Longest time from arrival to the last token."""
    attainment: float = Field(default=0.95, gt=0, le=1)
    """Share of requests that must keep all limits at once."""
