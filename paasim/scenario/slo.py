"""Service level objective: limits on latency per request, and how many requests must keep them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from paasim.core.percent import percent
from paasim.core.spec import Spec
from paasim.core.units import PositiveDuration


def _share(value: Any) -> Any:
    """Read `95 %`; what is not written in per cent is left to pydantic."""
    share = percent(value)
    return value if share is None else share


Attainment = Annotated[
    float,
    BeforeValidator(_share),
    WithJsonSchema(
        {
            "anyOf": [{"type": "number", "exclusiveMinimum": 0, "maximum": 1}, {"type": "string"}],
            "examples": [0.95, "95 %"],
        }
    ),
]
"""A share, more than 0 and at most 1; written as `0.95` or `95 %`."""


class SloSpec(Spec):
    """Limits that a request must keep to count as good, and the share of requests that must be good."""

    ttft: PositiveDuration | None = None
    """Longest time to first token."""
    tpot: PositiveDuration | None = None
    """Longest time per output token after the first."""
    e2el: PositiveDuration | None = None
    """Longest time from arrival to the last token."""
    attainment: Attainment = Field(default=0.95, gt=0, le=1)
    """Share of requests that must keep all limits at once; 0.95 or `95 %`."""
