"""How much slower or faster than its profile an instance is at a moment: noise, and heat.

Noise: each step with prompt tokens, and each run of decode steps, takes a log-normal factor of mean 1. Heat: 0 after a
long rest, towards 1 at work, as `dh/dt = (work - h) / time constant`, which is solved exactly between the moments at
which work begins or ends. A factor stands for a whole step or run; runs are cut so short that heat hardly moves in one.
"""

from __future__ import annotations

from math import exp, inf
from typing import Any

CHUNK = 256
"""Random numbers that are drawn at once."""
SHORT = 0.02
"""Longest run of decode steps, as a share of the time constant of heat."""


class Pace:
    """The pace of one instance.

    Args:
        sigma: standard deviation of the logarithm of the noise; 0: none.
        rng: a NumPy generator of its own, for the noise; None if there is none.
        constant: time constant of heat, s; 0: no heat.
        prompt: factor on steps with prompt tokens when cool and when hot.
        decode: the same for decode steps.
    """

    def __init__(
        self, sigma: float, rng: Any, constant: float, prompt: tuple[float, float], decode: tuple[float, float]
    ) -> None:
        self._sigma = sigma
        self._rng = rng
        self._drawn: list[float] = []
        self._constant = constant
        self._prompt_cool, self._prompt_more = prompt[0], prompt[1] - prompt[0]
        self._decode_cool, self._decode_more = decode[0], decode[1] - decode[0]
        self.heat = 0.0
        """Heat at the last moment that was asked for, 0 to 1."""
        self._since = 0.0
        self._at_work = False
        self.longest = SHORT * constant if constant else inf
        """Longest run of decode steps, s; it has one step at least."""

    def prompt(self, start: float) -> float:
        """Factor on a step with prompt tokens that starts at `start`."""
        factor = self._noise()
        if self._constant:
            self._pass(start)
            self._at_work = True
            factor *= self._prompt_cool + self._prompt_more * self.heat
        return factor

    def decode(self, start: float) -> float:
        """Factor on a run of decode steps that starts at `start`."""
        factor = self._noise()
        if self._constant:
            self._pass(start)
            self._at_work = True
            factor *= self._decode_cool + self._decode_more * self.heat
        return factor

    def rest(self, now: float) -> None:
        """Work ends now."""
        if self._constant:
            self._pass(now)
        self._at_work = False

    def _pass(self, now: float) -> None:
        """Let the time to `now` go by, at work or at rest."""
        elapsed = now - self._since
        if elapsed > 0.0:
            goal = 1.0 if self._at_work else 0.0
            self.heat = goal + (self.heat - goal) * exp(-elapsed / self._constant)
            self._since = now

    def _noise(self) -> float:
        sigma = self._sigma
        if not sigma:
            return 1.0
        if not self._drawn:
            self._drawn = self._rng.standard_normal(CHUNK).tolist()
        normal: float = self._drawn.pop()
        return exp(sigma * normal - sigma * sigma / 2)
