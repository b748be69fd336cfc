"""What every kind of outages offers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from paasim.core.spec import Spec


class OutagesSpec(Spec):
    """Base of all kinds of outages of a link: both directions are out at once, and transfers wait."""

    def times(self, rng: np.random.Generator) -> Iterator[tuple[float, float]]:
        """(start, length) in seconds, in order of their starts."""
        raise TypeError(f"{type(self).__name__} does not say when its outages are")

    def share(self) -> float:
        """Share of time in outage in the long run."""
        return 0.0
