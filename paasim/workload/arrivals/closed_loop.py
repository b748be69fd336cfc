"""A closed loop: a fixed number of users, each of whom waits for an answer, thinks, and sends the next request."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat
from typing import Literal

import numpy as np
from pydantic import Field

from paasim.core.units import Duration
from paasim.workload.arrivals.arrivals import ArrivalsSpec
from paasim.workload.draw import CHUNK


class ClosedLoopArrivals(ArrivalsSpec):
    """A fixed number of users, each with one request under way at a time and a pause between two.

    Load follows from how fast the system answers, so that variants meet the same lengths and think times but not the
    same arrival times.
    """

    kind: Literal["closed-loop"] = "closed-loop"
    users: int = Field(ge=1, le=10_000_000)
    """How many users there are."""
    think: Duration = 0.0
    """Mean pause between the end of an answer and the user's next request."""
    think_time: Literal["fixed", "exponential"] = "fixed"
    """The law of the pause."""
    ramp: Duration = 0.0
    """Users start evenly spread over this time; all at time zero if left out."""

    @property
    def rate(self) -> float | None:
        """Not known before a run."""
        return None

    @property
    def is_open(self) -> bool:
        """Users wait for their answers."""
        return False

    def starts(self) -> list[float]:
        """When each user sends the first request, s, in order."""
        return [self.ramp * user / self.users for user in range(self.users)]

    def thinks(self, rng: np.random.Generator) -> Iterator[float]:
        """Pauses, s, without end, in the order in which they are asked for."""
        if self.think_time == "fixed" or self.think == 0:
            return repeat(self.think)
        return (pause for _ in repeat(None) for pause in rng.exponential(self.think, CHUNK).tolist())
