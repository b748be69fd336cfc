"""Lengths spread evenly between two numbers, as load generators draw them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from paasim.core.spec import Spec
from paasim.workload.files import MOST_TOKENS
from paasim.workload.lengths.laws import Law, Uniform
from paasim.workload.lengths.lengths import LengthsSpec


class Range(Spec):
    """From `min` to `max` tokens, both included."""

    min: int = Field(ge=1, le=MOST_TOKENS)
    """Shortest length."""
    max: int = Field(ge=1, le=MOST_TOKENS)
    """Longest length."""

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if self.max < self.min:
            raise ValueError(f"'max' {self.max} is less than 'min' {self.min}")
        return self


class UniformLengths(LengthsSpec):
    """Every whole length from `min` to `max` alike, as `--random-range-ratio` of benchmark clients draws them.

    With a ratio r, vLLM's first client and InferenceX draw from r · L to L
    (https://github.com/SemiAnalysisAI/InferenceX, `utils/bench_serving`).
    """

    kind: Literal["uniform"] = "uniform"
    prompt: Range
    """Prompt length, `{min: 820, max: 1024}`."""
    output: Range
    """Output length, likewise."""

    def laws(self, base: Path | None = None) -> tuple[Law, Law]:
        """The law of each part."""
        return Uniform(self.prompt.min, self.prompt.max), Uniform(self.output.min, self.output.max)
