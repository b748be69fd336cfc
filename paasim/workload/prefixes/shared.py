"""Shared system prompts: every prompt begins like those of its group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from paasim.workload.prefixes.prefixes import Namer, PrefixesSpec


class SharedPrefixes(PrefixesSpec):
    """Each prompt begins with the shared prefix of one of `groups`, such as the system prompt of an application.

    The prefix is part of the prompt length that `lengths` draws, so that switching it on changes no length; a prompt
    shorter than the prefix is all prefix. Only whole blocks are shared. Everything after the prefix is new.
    """

    kind: Literal["shared"] = "shared"
    groups: int = Field(default=1, ge=1, le=10_000_000)
    """How many different prefixes there are."""
    tokens: int = Field(ge=1, le=100_000_000)
    """Length of each."""
    block: int = Field(default=512, ge=1, le=1_000_000)
    """Tokens per block: what prefix caches compare. 512 as in the Mooncake traces; smaller is finer and slower."""
    skew: float = Field(default=0.0, ge=0, le=10)
    """Popularity of the i-th group is in proportion to 1 / i^skew (Zipf); 0 = all alike."""

    @model_validator(mode="after")
    def _something_is_shared(self) -> SharedPrefixes:
        if self.tokens < self.block:
            raise ValueError(f"{self.tokens} tokens do not fill a block of {self.block}: nothing would be shared")
        return self

    @property
    def block_tokens(self) -> int:
        """Tokens per block."""
        return self.block

    def namer(self, rng: np.random.Generator, first_block: int = 0) -> Namer:
        """Names blocks: those of a group first, then new ones."""
        block, whole = self.block, self.tokens // self.block
        heads = [list(range(at, at + whole)) for at in range(first_block, first_block + self.groups * whole, whole)]
        free = first_block + self.groups * whole
        popularity = np.cumsum(np.arange(1, self.groups + 1, dtype=float) ** -self.skew)
        popularity /= popularity[-1]

        def name(prompts: list[int]) -> list[Sequence[int]]:
            nonlocal free
            groups = np.searchsorted(popularity, rng.random(len(prompts)), side="right").tolist()
            lengths = np.asarray(prompts)
            shared = np.minimum(lengths // block, whole)
            own = -(-lengths // block) - shared
            ends = free + np.cumsum(own)
            spans = zip(groups, shared.tolist(), (ends - own).tolist(), ends.tolist(), strict=True)
            free = int(ends[-1])
            return [[*heads[group][:count], *range(start, end)] for group, count, start, end in spans]

        return name
