"""The forms of step time: few coefficients, none negative, so that no step gets faster when it holds more.

A step holds N new prompt tokens with Q = sum of new * (prefix + new / 2), and B decoding sequences with S = sum of
their contexts. The shapes are the roofline's: reading the weights is a floor (w), work per token adds to it (b),
attention is linear in the token pairs it looks at (c, d). Compare the published linear fits of DistServe (OSDI'24,
https://github.com/LLMServe/DistServe) and Splitwise (ISCA'24, https://arxiv.org/abs/2311.18677).
Coefficients are times: `b: 20 us` is the time that one more token adds.
"""

from __future__ import annotations

from typing import Any

from paasim.core.spec import Spec
from paasim.core.units import Duration

Number = Any
"""A float, or a NumPy array of them."""

SATURATION = (0.97, 0.8)
"""Share of a mixture-of-experts layer's experts that one more token leaves untouched, roughly, for many and for few
experts: B tokens read the weights of a share 1 - r^B of them."""


class PrefillForm(Spec):
    """Prefill: `a + (w^4 + (b N)^4)^(1/4) + c Q`, a smooth maximum of reading the weights and computing the tokens."""

    a: Duration = 0.0
    """Time of a step whatever it holds."""
    w: Duration = 0.0
    """Floor: the time to read the weights."""
    b: Duration = 0.0
    """Time per new token."""
    c: Duration = 0.0
    """Time per attended pair of tokens."""

    def at(self, n: Number, q: Number) -> Number:
        """Seconds of a step with `n` new tokens and `q` attended pairs (floats or arrays)."""
        work = self.b * n if not self.w else (self.w**4 + (self.b * n) ** 4) ** 0.25
        return self.a + work + self.c * q


class DecodeForm(Spec):
    """Decode: `a + b B + c S + d (1 - 0.97^B) + e (1 - 0.8^B)`; d and e are for mixture-of-experts models."""

    a: Duration = 0.0
    """Time of a step whatever it holds."""
    b: Duration = 0.0
    """Time per sequence."""
    c: Duration = 0.0
    """Time per token of context."""
    d: Duration = 0.0
    """Time to read the experts that only a large batch needs."""
    e: Duration = 0.0
    """Time to read the experts that a small batch needs already."""

    def at(self, b: Number, s: Number) -> Number:
        """Seconds of a step of `b` sequences with total context `s` (floats or arrays)."""
        slow, fast = SATURATION
        experts = self.d * (1 - slow**b) + self.e * (1 - fast**b)
        return self.a + self.b * b + self.c * s + experts


class MixedForm(Spec):
    """A step with prompt tokens and decoding sequences: `a + b (N + B) + c S + d Q`.

    It never takes less than its prompt tokens alone, or its sequences alone, would take.
    """

    a: Duration = 0.0
    """Time of a step whatever it holds."""
    b: Duration = 0.0
    """Time per token, new or decoding."""
    c: Duration = 0.0
    """Time per token of context of the decoding sequences."""
    d: Duration = 0.0
    """Time per attended pair of the prompt tokens."""

    def tokens(self, n: Number, b: Number) -> Number:
        """Seconds of the part that only counts tokens, without attention."""
        return self.a + self.b * (n + b)


class Forms(Spec):
    """The forms of a profile: a phase that is missing cannot be run on it (mixed has a rule of its own)."""

    prefill: PrefillForm | None = None
    """Steps of prompt tokens."""
    decode: DecodeForm | None = None
    """Steps of decoding sequences."""
    mixed: MixedForm | None = None
    """Steps of both; if missing, `prefill(N, Q) + decode(B, S) - decode(1, 0)`."""
