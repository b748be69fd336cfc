"""How long a scenario runs, how often, and with which seed."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator

from paasim.core.percent import percent
from paasim.core.spec import Spec
from paasim.core.units import TIME, PositiveDuration


class Share(float):
    """A share of a whole, 0 to 1; written as `10 %`. Its own type, so that it is not taken for seconds."""


def _warmup(value: object) -> Any:
    """Read `auto`, a share such as `10 %`, or a duration.

    Raises:
        ValueError: for anything else.
    """
    if value == "auto" or isinstance(value, Share):
        return value
    if (share := percent(value)) is not None:
        if share >= 1:
            raise ValueError(f"'{value}' leaves nothing to measure; write e.g. '10 %'")
        return Share(share)
    try:
        seconds = TIME.parse(value)
    except ValueError as error:
        raise ValueError(f"{error}; or 'auto', or a share such as '10 %'") from None
    if seconds < 0:
        raise ValueError("is negative; it must be zero or more")
    return seconds


def _warmup_text(value: float | str) -> str:
    if isinstance(value, str):
        return value
    return f"{value * 100:.15g} %" if isinstance(value, Share) else TIME.format(value)


Warmup = Annotated[
    Any,
    BeforeValidator(_warmup),
    PlainSerializer(_warmup_text),
    WithJsonSchema({"type": "string", "examples": ["auto", "30 s", "10 %"]}),
]
"""The text `auto`, seconds (a float), or a `Share` of the run."""


class RunSpec(Spec):
    """How long, how often and with which seed."""

    duration: PositiveDuration | None = None
    """Requests arrive for this long; then the run drains, or stops, as `drain` says."""
    requests: int | None = Field(default=None, gt=0, le=1_000_000_000)
    """Requests that arrive, where the run ends by number and not by time."""
    warmup: Warmup = "auto"
    """What is cut off the start before means are taken: `auto`, a time, or a share of the run such as `10 %`."""
    replications: int = Field(default=3, gt=0, le=10_000)
    """Independent repetitions; intervals need at least two."""
    seed: int = Field(default=1, ge=0, lt=2**63)
    """Same seed, same requests and same result."""
    drain: bool = True
    """Whether requests that are under way when the last one has arrived are served to their end, or cut off."""
    max_time: PositiveDuration | None = None
    """Simulated time at which a run that does not drain is stopped; what is under way then counts as unfinished."""

    @model_validator(mode="after")
    def _one_end(self) -> Self:
        if self.duration is not None and self.requests is not None:
            raise ValueError("has both 'duration' and 'requests'; keep one of them")
        if not self.drain and self.duration is None and self.max_time is None:
            raise ValueError("'drain: false' needs 'duration' or 'max_time', to say when the run is cut off")
        return self

    @model_validator(mode="after")
    def _something_to_measure(self) -> Self:
        if self.duration is None or isinstance(self.warmup, (str, Share)) or self.warmup < self.duration:
            return self
        warmup, duration = TIME.format(self.warmup), TIME.format(self.duration)
        what = f"the warm-up of {warmup} leaves nothing of a duration of {duration} to measure"
        raise ValueError(f"{what}; shorten 'warmup' or lengthen 'duration', or write 'warmup: auto'")
