"""Chunked prefill: every step holds all decoding sequences and fills up with prompt tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from paasim.engine.batching.policy import Batching, BatchingSpec

if TYPE_CHECKING:
    from paasim.core.request import Request
    from paasim.engine.batching.policy import Desk


class ChunkedSpec(BatchingSpec):
    """A step holds every decoding sequence and as many prompt tokens as the budget leaves, first come first served.

    Source of the rule: Sarathi-Serve, OSDI 2024 (arXiv 2403.02310), and vLLM's chunked prefill: decodes first, then
    prompts that were begun, then new ones; one prompt may be spread over many steps.
    """

    kind: Literal["chunked"] = "chunked"
    chunk: int = Field(default=2048, gt=0)
    """Token budget of a step: decoding sequences plus new prompt tokens."""

    def build(self) -> Batching:
        """Make the policy."""
        return _Chunked(self.chunk)


class _Chunked:
    mixes = True
    patience = 0.0
    whole = False

    def __init__(self, chunk: int) -> None:
        self._chunk = chunk

    def pick(self, instance: Desk) -> list[tuple[Request, int]]:
        batch: list[tuple[Request, int]] = []
        # At least one token, so that prompts advance even where decodes alone reach the budget.
        left = max(self._chunk - instance.decoding.count, 1)
        for request in instance.partial:
            new = min(request.todo, left)
            batch.append((request, new))
            left -= new
            if left <= 0:
                return batch
        waiting = instance.waiting
        while waiting and left > 0 and instance.admit(waiting[0]):
            request = waiting.popleft()
            new = min(request.todo, left)
            batch.append((request, new))
            left -= new
        return batch

    def is_full(self, instance: Desk) -> bool:
        return bool(instance.waiting)
