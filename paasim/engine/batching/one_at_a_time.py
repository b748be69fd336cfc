"""One whole prompt per step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from paasim.engine.batching.policy import Batching, BatchingSpec

if TYPE_CHECKING:
    from paasim.core.request import Request
    from paasim.engine.batching.policy import Desk


class OneAtATimeSpec(BatchingSpec):
    """A step holds one whole prompt, first come first served; decoding sequences wait for it."""

    kind: Literal["one-at-a-time"] = "one-at-a-time"

    def build(self) -> Batching:
        """Make the policy."""
        return _OneAtATime()


class _OneAtATime:
    mixes = False
    patience = 0.0
    whole = True

    def pick(self, instance: Desk) -> list[tuple[Request, int]]:
        waiting = instance.waiting
        if waiting and instance.admit(waiting[0]):
            request = waiting.popleft()
            return [(request, request.todo)]
        return []

    def is_full(self, instance: Desk) -> bool:
        return bool(instance.waiting)
