"""What every kind of capacity over time offers."""

from __future__ import annotations

from math import inf
from pathlib import Path

import numpy as np

from paasim.core.spec import Spec
from paasim.link.curve import Curve


class CapacitySpec(Spec):
    """Base of all kinds of capacity over time, of one direction of a link."""

    def build(self, rng: np.random.Generator, limit: float | None = None, base: Path | None = None) -> Curve:
        """The rate over time of one link, or of one device's access link.

        Args:
            rng: the stream of that link.
            limit: bytes/s that it never exceeds, such as the link's own bandwidth.
            base: folder that relative paths start from.

        Raises:
            InputError: if a file that it needs is missing or wrong.
        """
        curve = self.curve(rng, base)
        return curve if limit is None or limit == inf else curve.clip(limit)

    def curve(self, rng: np.random.Generator, base: Path | None = None) -> Curve:
        """The rate over time, without a limit."""
        raise TypeError(f"{type(self).__name__} does not say how its rate changes")

    def mean(self, base: Path | None = None) -> float:
        """Mean rate in the long run, bytes/s, without a limit."""
        raise TypeError(f"{type(self).__name__} does not say what its mean rate is")
