"""Lengths by quantiles that the user gives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator

from paasim.core.paths import expand
from paasim.workload.files import MOST_TOKENS
from paasim.workload.lengths.lengths import LengthsSpec
from paasim.workload.lengths.table import Floats, QuantileTable, evenly, read_table

Quantiles = list[Annotated[float, Field(ge=1, le=MOST_TOKENS)]]


class EmpiricalLengths(LengthsSpec):
    """Lengths by quantiles: two lists at even steps of probability, or a table made by `paasim trace fit`.

    Lists run from the shortest to the longest, `prompt: [10, 500, 900, 4000]`, are linear between their points and
    independent of each other. A table keeps how outputs depend on prompts.
    """

    kind: Literal["empirical"] = "empirical"
    path: str | None = None
    """A table (CSV) of `paasim trace fit`."""
    prompt: Quantiles | None = Field(default=None, min_length=2)
    """Prompt quantiles, tokens."""
    output: Quantiles | None = Field(default=None, min_length=2)
    """Output quantiles, tokens."""

    @model_validator(mode="after")
    def _file_or_lists(self) -> EmpiricalLengths:
        lists = self.prompt is not None, self.output is not None
        if (self.path is not None) == any(lists) or (any(lists) and not all(lists)):
            raise ValueError("give either 'path', or both 'prompt' and 'output'")
        if self.path is None:
            self.table()
        return self

    def table(self, base: Path | None = None) -> QuantileTable:
        """The quantiles."""
        if self.path is not None:
            return read_table(expand(self.path, base))
        return evenly(self.prompt or [], self.output or [])

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
        return int(self.table(base).prompt[-1])

    def about(self) -> str:
        """A few words for `paasim scenario explain`."""
        return super().about() if self.path is None else f"lengths by the quantiles in {self.path}"
