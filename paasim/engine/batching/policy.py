"""What a batching policy is: it picks the prompt tokens that the next step holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from paasim.core.spec import Spec

if TYPE_CHECKING:
    from paasim.core.request import Request
    from paasim.engine.instance import Instance


class Batching(Protocol):
    """A batching policy at work in one instance."""

    mixes: bool
    """Whether decoding sequences share a step with prompt tokens (else they wait while prompts are computed)."""
    patience: float
    """How long an idle instance waits for a batch to fill, s."""
    whole: bool
    """Whether a prompt is always computed in one step."""

    def pick(self, instance: Instance) -> list[tuple[Request, int]]:
        """The prompts of the next step, each with its number of new tokens; empty for none.

        It takes from `instance.partial` (prompts that were begun) and `instance.waiting`, and admits through
        `instance.admit`, which says no when KV memory or sequence slots are missing.
        """

    def is_full(self, instance: Instance) -> bool:
        """Whether waiting longer could add nothing to the next step."""


class BatchingSpec(Spec):
    """Base of every batching policy."""

    def build(self) -> Batching:
        """Make the policy for one instance."""
        raise TypeError(f"{type(self).__name__} does not say how to build its policy")
