"""Whole prompts up to a budget of tokens, optionally waiting a little for the batch to fill."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from paasim.core.units import Duration
from paasim.engine.batching.policy import Batching, BatchingSpec

if TYPE_CHECKING:
    from paasim.core.request import Request
    from paasim.engine.batching.policy import Desk


class TokenBudgetSpec(BatchingSpec):
    """A step holds whole prompts, first come first served, up to `max_tokens` new tokens; a longer prompt goes alone.

    Decoding sequences wait for the step (prefill first). With a `window`, an idle instance waits up to that long for
    more prompts, unless the budget is reached before.
    """

    kind: Literal["token-budget"] = "token-budget"
    max_tokens: int = Field(default=8192, gt=0)
    """New prompt tokens per step; prefix-cache hits do not count."""
    max_prompts: int | None = Field(default=None, gt=0)
    """Prompts per step, where the engine limits them."""
    window: Duration = 0.0
    """Longest wait of the first prompt for others to join it."""

    def build(self) -> Batching:
        """Make the policy."""
        return _TokenBudget(self.max_tokens, self.max_prompts or 1 << 60, self.window)


class _TokenBudget:
    mixes = False
    whole = True

    def __init__(self, max_tokens: int, max_prompts: int, window: float) -> None:
        self._max_tokens, self._max_prompts = max_tokens, max_prompts
        self.patience = window

    def pick(self, instance: Desk) -> list[tuple[Request, int]]:
        batch: list[tuple[Request, int]] = []
        left = self._max_tokens
        waiting = instance.waiting
        while waiting and len(batch) < self._max_prompts:
            request = waiting[0]
            # The budget counts what the prefix cache does not have; the first prompt may exceed it.
            if (batch and instance.new_tokens(request) > left) or not instance.admit(request):
                break
            waiting.popleft()
            batch.append((request, request.todo))
            left -= request.todo
            if left <= 0:
                break
        return batch

    def is_full(self, instance: Desk) -> bool:
        tokens = 0
        for count, request in enumerate(instance.waiting, 1):
            tokens += request.prompt
            if tokens >= self._max_tokens or count >= self._max_prompts:
                return True
        return False
