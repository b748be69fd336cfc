"""Decode steps with speculative decoding or multi-token prediction.

What the engine counts as a step of a sequence is one token. With drafts, a real step takes `cost` times as long and
yields `accepted` tokens, so that a token takes k = cost / accepted of a plain step's time: every decode curve is the
plain one times k, and sums over many steps stay exact. Beside prompt tokens, what a step takes for the prompt is left
as it is and the rest is scaled.

Left out: tokens come evenly instead of in bursts of a step; acceptance does not vary from request to request; that
checking drafts costs more where a large batch already computes at its limit is for `step_cost` to say.
"""

from __future__ import annotations

from paasim.profile.decode import DecodeCurve
from paasim.profile.service import Speculation
from paasim.profile.steps import StepTime


class SpeculatingSteps(StepTime):
    """Step times with decode steps scaled to the time of one token.

    Args:
        plain: step times without drafts.
        speculation: tokens per step and cost of a step.
    """

    def __init__(self, plain: StepTime, speculation: Speculation) -> None:
        k = speculation.per_token
        curves = dict[int, DecodeCurve]()
        self.request = plain.request
        self.can_prefill, self.can_decode = plain.can_prefill, plain.can_decode
        self.prefill, self.prefill_outside = plain.prefill, plain.prefill_outside
        self.decode_outside = plain.decode_outside

        def curve(b: int) -> DecodeCurve:
            found = curves.get(b)
            if found is None:
                of = plain.curve(b)
                found = curves[b] = DecodeCurve(of.knots, [k * value for value in of.values], k * of.slopes[-1])
            return found

        def decode(b: int, s: float) -> float:
            return curve(b).at(s)

        def mixed(n: int, q: float, b: int, s: float) -> float:
            if not n:
                return decode(b, s)
            whole = plain.mixed(n, q, b, s)
            if not b:
                return whole
            if k >= 1:
                return whole + (k - 1) * plain.decode(b, s)
            # The prompt's share is what it adds to a step that reads the weights anyway.
            prompt = plain.prefill(n, q)
            return max(prompt, k * whole + (1 - k) * max(0.0, prompt - plain.decode(1, 0.0)))

        self.curve, self.decode, self.mixed = curve, decode, mixed
