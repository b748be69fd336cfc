"""Lengths that never vary."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from paasim.workload.files import MOST_TOKENS
from paasim.workload.lengths.laws import Fixed, Law
from paasim.workload.lengths.lengths import LengthsSpec


class FixedLengths(LengthsSpec):
    """Every prompt and every output has the same number of tokens."""

    kind: Literal["fixed"] = "fixed"
    prompt: int = Field(ge=1, le=MOST_TOKENS)
    """Tokens of each prompt."""
    output: int = Field(ge=1, le=MOST_TOKENS)
    """Tokens of each output."""

    def laws(self, base: Path | None = None) -> tuple[Law, Law]:
        """The two constants."""
        return Fixed(self.prompt), Fixed(self.output)
