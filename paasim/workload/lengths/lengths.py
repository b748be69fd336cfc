"""What every kind of lengths offers, and the way a length is written."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field, model_validator

from paasim.core.spec import Spec
from paasim.workload.draw import CHUNK
from paasim.workload.files import MOST_TOKENS
from paasim.workload.lengths.laws import Fixed, Floats, Geometric, Law, TruncatedLogNormal


class LengthsSpec(Spec):
    """Base of all kinds of lengths."""

    def laws(self, base: Path | None = None) -> tuple[Law, Law]:
        """The independent laws of prompt and output; kinds that draw them together override `columns`."""
        raise TypeError(f"{type(self).__name__} draws prompts and outputs together")

    def columns(self, rng: np.random.Generator, base: Path | None = None) -> Iterator[tuple[list[int], list[int]]]:
        """Chunks of prompt and output lengths in tokens, without end.

        Prompts and outputs have generators of their own, both derived from `rng`: another output law leaves the
        prompts as they were.
        """
        prompts, outputs = rng.spawn(2)
        prompt, output = self.laws(base)
        while True:
            yield prompt.sample(prompts, CHUNK).tolist(), output.sample(outputs, CHUNK).tolist()

    def draws(self, rng: np.random.Generator, base: Path | None = None) -> Iterator[tuple[int, int]]:
        """(prompt, output) lengths in tokens, without end."""
        return chain.from_iterable(zip(*columns, strict=True) for columns in self.columns(rng, base))

    @property
    def has_law(self) -> bool:
        """Whether `at` and `rank` are known; kinds of others may have draws alone."""
        kind = type(self)
        return kind.laws is not LengthsSpec.laws or (
            kind.at is not LengthsSpec.at and kind.rank is not LengthsSpec.rank
        )

    def at(self, ranks: Floats, levels: Floats, base: Path | None = None) -> tuple[Floats, Floats]:
        """Prompts at these ranks, and outputs at these levels among requests with such prompts, for integrals, tokens.

        Kinds that draw prompts and outputs together override it.
        """
        prompt, output = self.laws(base)
        return prompt.quantile(ranks), output.quantile(levels)

    def rank(self, prompt: float, base: Path | None = None) -> float:
        """P(prompt length <= `prompt`); kinds that have no law of the prompt override it."""
        return self.laws(base)[0].rank(prompt)

    def means(self, base: Path | None = None) -> tuple[float, float]:
        """Mean prompt and output lengths of what is drawn, tokens."""
        prompt, output = self.laws(base)
        return prompt.mean, output.mean

    def longest(self, base: Path | None = None) -> int | None:
        """The longest prompt that can be drawn, tokens; None where there is no bound."""
        return self.laws(base)[0].most

    def about(self) -> str:
        """A few words for `paasim scenario explain`."""
        prompt, output = self.means()
        return f"prompts of {prompt:,.0f} and answers of {output:,.0f} tokens on average"


class LengthSpec(Spec):
    """How long prompts, or outputs, are.

    `{fixed: 512}` (or just `512`) is always that; `{mean: 300}` alone is memoryless (exponential, in whole tokens);
    `{mean or mu, sigma, min, max}` is log-normal between `min` and `max`. There `mean` is that of the lengths that
    are drawn, *after* truncation, while `mu` is the mean logarithm *before* it, as papers state it.
    """

    fixed: int | None = Field(default=None, ge=1, le=MOST_TOKENS)
    """Always this many tokens."""
    mean: float | None = Field(default=None, ge=1, le=MOST_TOKENS)
    """Mean of the lengths that are drawn, tokens."""
    mu: float | None = Field(default=None, ge=-50, le=50)
    """Mean of the natural logarithm of the length, before truncation."""
    sigma: float | None = Field(default=None, gt=0, le=10)
    """Standard deviation of the natural logarithm of the length, before truncation."""
    min: int | None = Field(default=None, ge=1, le=MOST_TOKENS)
    """Shortest length of a log-normal law; 1 if left out."""
    max: int | None = Field(default=None, ge=1, le=MOST_TOKENS)
    """Longest length of a log-normal law; none if left out."""

    @model_validator(mode="before")
    @classmethod
    def _number(cls, value: Any) -> Any:
        """A bare number is that many tokens."""
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return {"fixed": value} if is_number else value

    @model_validator(mode="after")
    def _one_law(self) -> LengthSpec:
        given = [name for name in ("fixed", "mean", "mu") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"give one of 'fixed', 'mean' and 'mu', not {' and '.join(given) or 'none of them'}")
        shaped = [name for name in ("sigma", "min", "max") if getattr(self, name) is not None]
        if self.sigma is None and (shaped or self.mu is not None):
            raise ValueError(f"'{(shaped or ['mu'])[0]}' belongs to a log-normal law; give 'sigma' too")
        if self.fixed is not None and shaped:
            raise ValueError("a fixed length has no 'sigma', 'min' or 'max'")
        if self.max is not None and self.max <= (self.min or 1):
            raise ValueError(f"'max' {self.max} must be more than 'min' {self.min or 1}")
        self.law()
        return self

    @property
    def is_lognormal(self) -> bool:
        """Whether it is log-normal, not fixed or memoryless."""
        return self.sigma is not None

    def law(self) -> Law:
        """The law that is written."""
        if self.fixed is not None:
            return Fixed(self.fixed)
        if self.sigma is None:
            return Geometric(self.mean or 1.0)
        low = self.min or 1
        if self.mean is not None:
            return TruncatedLogNormal.with_mean(self.mean, self.sigma, low, self.max)
        return TruncatedLogNormal(self.mu or 0.0, self.sigma, low, self.max)
