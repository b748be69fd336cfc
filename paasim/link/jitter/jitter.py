"""What every law of jitter offers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from paasim.core.spec import Spec

CHUNK = 256
"""Delays that are drawn at once."""


class JitterSpec(Spec):
    """Base of all laws of jitter: a delay of zero or more seconds, drawn anew for each transfer, added one way.

    Transfers may overtake one another by it. Left out: that delays of transfers soon after each other are alike.
    """

    def sample(self, rng: np.random.Generator, count: int) -> list[float]:
        """Delays of so many transfers, seconds."""
        raise TypeError(f"{type(self).__name__} does not say how long its delays are")

    def mean(self) -> float:
        """Mean delay, seconds."""
        raise TypeError(f"{type(self).__name__} does not say what its mean is")

    def build(self, rng: np.random.Generator) -> Callable[[], float]:
        """A source of delays: each call gives that of one more transfer.

        Args:
            rng: a stream of its own.
        """
        return self._delays(rng).__next__

    def _delays(self, rng: np.random.Generator) -> Iterator[float]:
        while True:
            yield from self.sample(rng, CHUNK)
