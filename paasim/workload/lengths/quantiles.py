"""What kinds of lengths that come from a table of quantiles have in common: drawing from it, and stretching it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from pydantic import Field

from paasim.workload.lengths.lengths import LengthsSpec
from paasim.workload.lengths.table import Floats, QuantileTable


class QuantileLengths(LengthsSpec):
    """Base of lengths by a table of quantiles."""

    prompt_scale: float = Field(default=1.0, gt=0, le=100)
    """Factor on every prompt: what if prompts were longer?"""
    output_scale: float = Field(default=1.0, gt=0, le=100)
    """Factor on every output."""

    def quantiles(self, base: Path | None = None) -> QuantileTable:
        """The quantiles as they stand in the table."""
        raise TypeError(f"{type(self).__name__} does not say where its table is")

    def table(self, base: Path | None = None) -> QuantileTable:
        """The quantiles of what is drawn."""
        return self.quantiles(base).scaled(self.prompt_scale, self.output_scale)

    def columns(self, rng: np.random.Generator, base: Path | None = None) -> Iterator[tuple[list[int], list[int]]]:
        """Chunks of lengths, without end."""
        return self.table(base).columns(rng)

    def at(self, ranks: Floats, levels: Floats, base: Path | None = None) -> tuple[Floats, Floats]:
        """Lengths at these ranks and levels of the table, tokens."""
        return self.table(base).at(ranks, levels)

    def rank(self, prompt: float, base: Path | None = None) -> float:
        """P(prompt length <= `prompt`)."""
        return self.table(base).rank(prompt)

    def means(self, base: Path | None = None) -> tuple[float, float]:
        """Mean lengths of the table."""
        return self.table(base).means()

    def longest(self, base: Path | None = None) -> int | None:
        """The last prompt quantile."""
        return round(float(self.table(base).prompt[-1]))
