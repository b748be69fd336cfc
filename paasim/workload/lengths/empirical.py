"""Lengths by quantiles that the user gives."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from paasim.core.paths import expand
from paasim.workload.files import MOST_TOKENS
from paasim.workload.lengths.quantiles import QuantileLengths
from paasim.workload.lengths.table import QuantileTable, evenly, read_table

Quantiles = list[Annotated[float, Field(ge=1, le=MOST_TOKENS)]]


class EmpiricalLengths(QuantileLengths):
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

    def quantiles(self, base: Path | None = None) -> QuantileTable:
        """The quantiles of the file or the lists."""
        if self.path is not None:
            return read_table(expand(self.path, base))
        return evenly(self.prompt or [], self.output or [])

    def about(self) -> str:
        """A few words for `paasim scenario explain`."""
        return super().about() if self.path is None else f"lengths by the quantiles in {self.path}"
