"""A capacity process: a rate that keeps the distribution and the memory of measured ones.

Time goes in steps of equal length. Whether a step is an outage (a rate below a stated threshold) is told by a renewal
process: times up and times down in turn, drawn from lists of equally probable lengths. How high the rate is comes from
a Gaussian process through the quantile function of the measured rates, which is called ARTA, "autoregressive to
anything" (Cario and Nelson, Operations Research Letters 19, 1996, https://doi.org/10.1016/0167-6377(96)00017-X):

    z(t) = sqrt(level) Z + sum over i of sqrt(share_i) x_i(t),   x_i autoregressive with time constant tau_i
    rate = Q(Phi(z)),   Q the quantile function of the rates that are no outage, or of those that are

Q is linear in z between its points. Z is drawn once
per link or device: the level of its place, which stays. Left out: that outages are more likely where the rate is low.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

FARTHEST = 3.5
"""Standard score that stands for probabilities 0 and 1 in the quantile function (2 in 10,000)."""
CHUNK = 128
"""Steps that are drawn at once."""


@dataclass(frozen=True)
class Outages:
    """Times without capacity in turn with times with it."""

    up: tuple[float, ...]
    """Equally probable lengths of the times between outages, in steps, one or more; fractions are drawn up or down."""
    down: tuple[float, ...]
    """The same for outages."""

    @property
    def share(self) -> float:
        """Share of time in outage."""
        up, down = np.mean(self.up), np.mean(self.down)
        return float(down / (up + down))

    def turns(self, rng: np.random.Generator) -> Iterator[tuple[bool, int]]:
        """(whether it is an outage, steps), without end; as if it had gone on for ever before."""
        is_out = bool(rng.random() < self.share)
        lengths = self.down if is_out else self.up
        # Which interval a moment falls into is likelier the longer it is, and it may fall anywhere in it.
        pick = np.searchsorted(np.cumsum(lengths) / np.sum(lengths), rng.random())
        whole = math.floor(lengths[min(int(pick), len(lengths) - 1)] + rng.random())
        yield is_out, 1 + math.floor(rng.random() * whole)
        while True:
            is_out = not is_out
            lengths = self.down if is_out else self.up
            length = lengths[math.floor(rng.random() * len(lengths))]
            yield is_out, math.floor(length + rng.random())


class Part(NamedTuple):
    """An autoregressive part of z, of variance one before it is weighed.

    Order 1: x(t) = k x(t-1) + noise, k = exp(-step/time), correlation k^n at n steps. Order 2: the same once more on
    what came out, y(t) = k y(t-1) + c x(t), correlation k^n (1 + n (1 - k^2)/(1 + k^2)): it changes more smoothly.
    """

    time: float
    """Time constant, seconds."""
    share: float
    """Share of the variance of z."""
    order: int = 1

    def correlation(self, lags: Floats, step: float) -> Floats:
        """At lags in steps."""
        k = math.exp(-step / self.time)
        return k**lags * (1 + (lags * (1 - k * k) / (1 + k * k) if self.order == 2 else 0.0))

    def begin(self, rng: np.random.Generator, step: float) -> tuple[float, float]:
        """A state (x, y) as after a long time."""
        k = math.exp(-step / self.time)
        x, other = rng.standard_normal(2).tolist()
        q = 1 / math.sqrt(1 + k * k)
        return x, q * x + math.sqrt(1 - q * q) * other

    def run(
        self, state: tuple[float, float], noise: list[float], step: float
    ) -> tuple[tuple[float, float], list[float]]:
        """Go on by some steps; the new state, and the values."""
        x, y = state
        k = math.exp(-step / self.time)
        fresh = math.sqrt(1 - k * k)
        values = []
        if self.order == 1:
            for e in noise:
                x = k * x + fresh * e
                values.append(x)
        else:
            c = (1 - k * k) / math.sqrt(1 + k * k)
            for e in noise:
                x = k * x + fresh * e
                y = k * y + c * x
                values.append(y)
        return (x, y), values


@dataclass(frozen=True)
class Law:
    """The law of a rate over time. Rates in bytes/s."""

    step: float
    """Seconds; infinite where the rate stays as it was drawn."""
    grid: tuple[float, ...]
    """Probabilities, rising from 0 to 1."""
    rates: tuple[float, ...]
    """Quantiles at these of the rates outside outages, not falling."""
    level: float = 0.0
    """Share of the variance of z that stays for ever."""
    parts: tuple[Part, ...] = ()
    """What changes; the shares and `level` add up to one."""
    outages: Outages | None = None
    low: tuple[float, ...] = ()
    """Quantiles of the rates in outages."""

    @cached_property
    def scores(self) -> Floats:
        """Standard scores of the grid."""
        inner = [NormalDist().inv_cdf(p) for p in self.grid[1:-1]]
        return np.array([-FARTHEST, *inner, FARTHEST])

    def value(self, z: Floats) -> Floats:
        """The rate outside outages."""
        return np.interp(z, self.scores, self.rates)

    def value_in_outage(self, z: Floats) -> Floats:
        """The rate in an outage."""
        return np.interp(z, self.scores, self.low)

    @cached_property
    def mean(self) -> float:
        """Mean rate, bytes/s, by the midpoint rule over a fine grid of probabilities."""
        z = np.array([NormalDist().inv_cdf((i + 0.5) / 2000) for i in range(2000)])
        mean = float(self.value(z).mean())
        if self.outages is None:
            return mean
        share = self.outages.share
        return (1 - share) * mean + share * float(self.value_in_outage(z).mean())

    def pieces(self, rng: np.random.Generator) -> Iterator[tuple[float, float]]:
        """(duration, rate) of one link or device, without end; a single one if nothing changes."""
        rates, outages = rng.spawn(2)
        level = math.sqrt(self.level) * float(rates.standard_normal())
        if not self.parts and self.outages is None:
            yield math.inf, float(self.value(np.array(level)))
            return
        states = _states(self.outages.turns(outages)) if self.outages is not None else None
        for scores in self._scores(rates, level):
            values = self.value(scores)
            if states is not None:
                out = np.fromiter(states, dtype=bool, count=len(scores))
                if out.any():
                    values[out] = self.value_in_outage(scores[out])
            yield from zip(repeat(self.step), values.tolist(), strict=False)

    def _scores(self, rng: np.random.Generator, level: float) -> Iterator[Floats]:
        """Chunks of z."""
        states = [part.begin(rng, self.step) for part in self.parts]
        while True:
            total = np.full(CHUNK, level)
            noises = rng.standard_normal((len(self.parts), CHUNK)).tolist()
            for i, (part, noise) in enumerate(zip(self.parts, noises, strict=True)):
                states[i], values = part.run(states[i], noise, self.step)
                total += math.sqrt(part.share) * np.array(values)
            yield total


def _states(turns: Iterator[tuple[bool, int]]) -> Iterator[bool]:
    for is_out, steps in turns:
        yield from repeat(is_out, steps)
