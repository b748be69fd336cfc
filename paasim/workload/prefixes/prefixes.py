"""What every kind of prefixes offers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from paasim.core.spec import Spec

Namer = Callable[[list[int]], list[Sequence[int]]]
"""From the prompt lengths of requests, in order, to the ids of the blocks of each."""


class PrefixesSpec(Spec):
    """Base of all kinds of prefixes."""

    @property
    def block_tokens(self) -> int:
        """Tokens per block."""
        raise TypeError(f"{type(self).__name__} does not say how many tokens a block has")

    def namer(self, rng: np.random.Generator, first_block: int = 0) -> Namer:
        """A function that names the blocks of requests, to be called on chunk after chunk of prompt lengths.

        Args:
            rng: the stream of the class's prefixes.
            first_block: ids start here, so that two workloads never share any.
        """
        raise TypeError(f"{type(self).__name__} does not say how to name blocks")
