"""What the requests of one flow ask of one engine: prompt tokens, decode steps, memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from paasim.workload.population import Population

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Prefix:
    """What every prompt shares with others, where a cache is sure to have it."""

    block: int
    """Tokens per block."""
    most: int
    """Tokens of the shared prefix, in whole blocks."""

    def found(self, prompts: Floats, whole: bool = False) -> Floats:
        """Cached tokens of prompts: whole blocks; the last token has to be computed, unless the `whole` may be had."""
        return np.minimum((prompts - (0 if whole else 1)) // self.block * self.block, self.most)


@dataclass(frozen=True)
class Load:
    """The requests of one flow at one engine."""

    weight: float
    """Share of all requests of the scenario."""
    people: Population
    computes: bool
    """Whether their prompts are computed here."""
    decodes: bool
    """Whether their answers are made here."""
    decode_first: bool
    """Whether the first token is made in a decode step of its own."""
    prefix: Prefix | None = None
    """What the prefix cache has of each prompt."""
    hold: float = 0.0
    """Mean seconds for which a prompt's blocks are held here besides: while its KV is on the way."""

    @property
    def cached(self) -> Floats:
        """Tokens that need not be computed, per request."""
        prompts = self.people.prompts
        return np.zeros_like(prompts) if self.prefix is None else self.prefix.found(prompts)

    @property
    def steps(self) -> Floats:
        """Decode steps per request."""
        return self.people.outputs - (0.0 if self.decode_first else 1.0)

    @property
    def first_context(self) -> Floats:
        """Context that the first decode step attends, per request."""
        return self.people.prompts + (0.0 if self.decode_first else 1.0)
