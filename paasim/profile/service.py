"""What changes step times in service: drafts that are accepted, and heat. Both come with their source."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from paasim.core.spec import Spec
from paasim.core.units import PositiveDuration

Factor = Annotated[float, Field(gt=0, le=100)]


class Speculation(Spec):
    """Speculative decoding, or multi-token prediction: one step checks drafts and yields several tokens.

    A token takes `step_cost / tokens_per_step` of a plain decode step, on average (Leviathan et al., ICML 2023,
    https://arxiv.org/abs/2211.17192: improvement factor).
    """

    tokens_per_step: float = Field(ge=1, le=64)
    """Tokens that a step yields per sequence, on average: its own and the accepted drafts."""
    step_cost: float = Field(default=1.0, gt=0, le=64)
    """Time of a step with drafts (making and checking them), as a multiple of a plain decode step."""
    source: str = Field(min_length=1)
    """Where the figures come from; `assumed` if they are."""

    @property
    def per_token(self) -> float:
        """Time of a token as a multiple of a plain decode step."""
        return self.step_cost / self.tokens_per_step


class Thermal(Spec):
    """A device that slows down as it gets warm at work, and recovers at rest, by one law of cooling (Newton's).

    Its heat is 0 when it has rested for long and goes to 1 at work, at rest to 0, both with the same time constant:
    of a body with one heat capacity and one way for heat to leave.
    """

    prefill: tuple[Factor, Factor]
    """Factor on the time of steps with prompt tokens when cool and when hot; 1 is the profile's own time."""
    decode: tuple[Factor, Factor]
    """The same for decode steps."""
    time_constant: PositiveDuration
    """After this long at work, a cool device has done 63 % of its way to hot."""
    source: str = Field(min_length=1)
    """Where the figures come from; `assumed` if they are."""
