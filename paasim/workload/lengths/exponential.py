"""Memoryless lengths, for comparison with queueing theory."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import field_validator

from paasim.workload.lengths.laws import Law
from paasim.workload.lengths.lengths import LengthSpec, LengthsSpec


class ExponentialLengths(LengthsSpec):
    """Memoryless lengths, `{mean: 2000}`, in whole tokens: a geometric law of exactly that mean.

    Either part may be constant instead, `{fixed: 1}`. The squared coefficient of variation is 1 − 1/mean, so take
    means of thousands of tokens to stand for the exponential law of theory.
    """

    kind: Literal["exponential"] = "exponential"
    prompt: LengthSpec
    """Prompt length: `{mean: 2000}` or `{fixed: 2000}`."""
    output: LengthSpec
    """Output length, likewise."""

    @field_validator("prompt", "output", mode="before")
    @classmethod
    def _no_bare_numbers(cls, value: object) -> object:
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value != 1:
            raise ValueError(f"{value} could be a mean or a constant: write {{mean: {value}}} or {{fixed: {value}}}")
        return value

    @field_validator("prompt", "output")
    @classmethod
    def _no_lognormal(cls, value: LengthSpec) -> LengthSpec:
        if value.is_lognormal:
            raise ValueError("'sigma' belongs to kind: lognormal")
        return value

    def laws(self, base: Path | None = None) -> tuple[Law, Law]:
        """The law of each part."""
        return self.prompt.law(), self.output.law()
