"""Log-normal lengths: the long tail of real prompts, from two or four numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from paasim.workload.lengths.laws import Law
from paasim.workload.lengths.lengths import LengthSpec, LengthsSpec


class LognormalLengths(LengthsSpec):
    """Truncated log-normal lengths; each part by `{mean, sigma, min, max}` or `{mu, sigma, min, max}`.

    `mean` is that of the lengths that are drawn, after truncation; `mu` and `sigma` are those of the logarithm before
    it. A part with `mean` alone is memoryless (exponential), a bare number is a constant. Prompt and output are
    independent.
    """

    kind: Literal["lognormal"] = "lognormal"
    prompt: LengthSpec
    """Prompt length, such as `{mean: 8000, sigma: 1.0, min: 128, max: 128000}`."""
    output: LengthSpec
    """Output length, such as `{mean: 300}`."""

    def laws(self, base: Path | None = None) -> tuple[Law, Law]:
        """The law of each part."""
        return self.prompt.law(), self.output.law()
