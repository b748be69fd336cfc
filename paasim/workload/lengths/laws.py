"""Laws of whole numbers of tokens, sampled in numpy chunks, each with its exact mean.

Every law takes one uniform (or one draw of its own) per value from one generator, so that the i-th request keeps its
place in the stream whatever the parameters are.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Protocol

import numpy as np
import numpy.typing as npt

Tokens = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_HALVINGS = 80
"""Steps of bisection: enough for every bit of a double."""


class Law(Protocol):
    """A law of token counts."""

    @property
    def mean(self) -> float:
        """Mean of what is drawn."""

    @property
    def most(self) -> int | None:
        """Largest value that can be drawn, None where there is no bound."""

    def sample(self, rng: np.random.Generator, size: int) -> Tokens:
        """Draw `size` values."""

    def quantile(self, ranks: Floats) -> Floats:
        """The lengths at these ranks, 0 < rank < 1, for integrals over the law; not rounded where it is continuous."""

    def rank(self, tokens: float) -> float:
        """P(length <= tokens)."""


class Fixed:
    """Always the same number."""

    def __init__(self, tokens: int) -> None:
        self.mean = float(tokens)
        self.most: int | None = tokens

    def sample(self, rng: np.random.Generator, size: int) -> Tokens:
        """The number, `size` times."""
        return np.full(size, self.most, dtype=np.int64)

    def quantile(self, ranks: Floats) -> Floats:
        """The number at every rank."""
        return np.full(ranks.shape, self.mean)

    def rank(self, tokens: float) -> float:
        """0 below the number, else 1."""
        return float(tokens >= self.mean)


class Uniform:
    """Every whole number from `low` to `high` alike."""

    def __init__(self, low: int, high: int) -> None:
        self.low, self._count = low, high - low + 1
        self.most: int | None = high
        self.mean = (low + high) / 2

    def sample(self, rng: np.random.Generator, size: int) -> Tokens:
        """Draw `size` values."""
        return self.low + np.floor(rng.random(size) * self._count).astype(np.int64)

    def quantile(self, ranks: Floats) -> Floats:
        """The whole numbers at these ranks."""
        return self.low + np.minimum(np.floor(ranks * self._count), self._count - 1)

    def rank(self, tokens: float) -> float:
        """Share of the whole numbers that are at most `tokens`."""
        return min(max(math.floor(tokens) - self.low + 1, 0) / self._count, 1.0)


class Geometric:
    """The memoryless law on 1, 2, 3, ...: what an exponential law is for whole numbers.

    P(n) = (1 − p)ⁿ⁻¹ · p with p = 1 / mean, so that the mean is exact; squared coefficient of variation 1 − p.
    """

    def __init__(self, mean: float) -> None:
        self.mean = mean
        self.most: int | None = None

    def sample(self, rng: np.random.Generator, size: int) -> Tokens:
        """Draw `size` values by inversion: 1 + ⌊ln U / ln(1 − p)⌋."""
        if self.mean <= 1.0:
            return np.ones(size, dtype=np.int64)
        uniform = 1.0 - rng.random(size)
        return 1 + np.floor(np.log(uniform) / math.log1p(-1 / self.mean)).astype(np.int64)

    def quantile(self, ranks: Floats) -> Floats:
        """The whole numbers at these ranks."""
        if self.mean <= 1.0:
            return np.ones_like(ranks)
        return 1 + np.floor(np.log1p(-ranks) / math.log1p(-1 / self.mean))

    def rank(self, tokens: float) -> float:
        """1 − (1 − p)^⌊tokens⌋."""
        if tokens < 1 or self.mean <= 1.0:
            return float(tokens >= 1)
        return -math.expm1(math.floor(tokens) * math.log1p(-1 / self.mean))


class TruncatedLogNormal:
    """A log-normal law cut to [low, high] by conditioning (not by clipping), rounded to whole tokens.

    With α = (ln low − μ)/σ, β = (ln high − μ)/σ and Φ the normal distribution function, the mean is
    exp(μ + σ²/2) · (Φ(β − σ) − Φ(α − σ)) / (Φ(β) − Φ(α)) (Johnson, Kotz and Balakrishnan, Continuous Univariate
    Distributions 1, 2nd ed., ch. 14). Rounding to the nearest token moves it by less than 0.01 tokens for widths of
    practical use (tested).
    """

    def __init__(self, mu: float, sigma: float, low: int, high: int | None) -> None:
        self.mu, self.sigma, self.low, self.most = mu, sigma, low, high
        self._a = (math.log(low) - mu) / sigma
        self._b = math.inf if high is None else (math.log(high) - mu) / sigma
        self.mean = truncated_mean(mu, sigma, low, high)

    @classmethod
    @lru_cache(maxsize=256)  # a study validates the same lengths a thousand times
    def with_mean(cls, mean: float, sigma: float, low: int, high: int | None) -> TruncatedLogNormal:
        """The law whose mean after truncation is `mean`; μ is found by bisection, as the mean grows with μ.

        Raises:
            ValueError: if no μ gives that mean.
        """
        if not low < mean < (math.inf if high is None else high):
            raise ValueError(f"mean {mean:g} does not lie between min {low} and max {high or 'infinity'}")
        reach = 30 * sigma
        below, above = math.log(low) - reach, (math.log(mean) if high is None else math.log(high)) + reach
        ends = truncated_mean(below, sigma, low, high), truncated_mean(above, sigma, low, high)
        if not ends[0] <= mean <= ends[1]:
            raise ValueError(f"no log-normal law of sigma {sigma:g} between min and max has mean {mean:g}")
        for _ in range(_HALVINGS):
            middle = (below + above) / 2
            if truncated_mean(middle, sigma, low, high) < mean:
                below = middle
            else:
                above = middle
        return cls((below + above) / 2, sigma, low, high)

    def sample(self, rng: np.random.Generator, size: int) -> Tokens:
        """Draw `size` values by inversion of the cut distribution function, in the tail that keeps its digits."""
        return np.rint(self.quantile(rng.random(size))).astype(np.int64)

    def quantile(self, ranks: Floats) -> Floats:
        """The lengths at these ranks, not rounded."""
        from scipy.special import ndtr, ndtri

        flip = self._a > 0
        a, b = (-self._b, -self._a) if flip else (self._a, self._b)
        low, high = ndtr(a), ndtr(b)
        normal = ndtri(low + (1.0 - ranks if flip else ranks) * (high - low))
        return np.clip(np.exp(self.mu + self.sigma * (-normal if flip else normal)), self.low, self.most)

    def rank(self, tokens: float) -> float:
        """P(length <= tokens), rounding to whole tokens counted."""
        if tokens < self.low or (self.most is not None and tokens >= self.most):
            return float(tokens >= self.low)
        at = (math.log(math.floor(tokens) + 0.5) - self.mu) / self.sigma
        mass = _between(self._a, self._b)
        return min(_between(self._a, at) / mass, 1.0) if mass else 0.0


def truncated_mean(mu: float, sigma: float, low: float, high: float | None) -> float:
    """Mean of a log-normal law conditioned on [low, high]; see `TruncatedLogNormal`."""
    a = (math.log(low) - mu) / sigma
    b = math.inf if high is None else (math.log(high) - mu) / sigma
    mass = _between(a, b)
    if mass == 0.0:  # so far out that all of it sits at the nearer bound
        return low if a > 0 else float(high or low)
    return math.exp(mu + sigma * sigma / 2 + math.log(max(_between(a - sigma, b - sigma), 5e-324)) - math.log(mass))


def _between(a: float, b: float) -> float:
    """Φ(b) − Φ(a), from the tail in which the two do not cancel."""
    if a > 0:
        a, b = -b, -a
    return 0.5 * (math.erfc(-b / math.sqrt(2)) - math.erfc(-a / math.sqrt(2)))
