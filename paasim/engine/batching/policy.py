"""What a batching policy is: it picks the prompt tokens that the next step holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from paasim.core.spec import Spec

if TYPE_CHECKING:
    from collections import deque

    from paasim.core.request import Request


class Counted(Protocol):
    """Decoding sequences, as far as a policy looks at them."""

    @property
    def count(self) -> int:
        """How many there are."""


class Desk(Protocol):
    """What a policy sees of an engine, and may ask of it."""

    @property
    def waiting(self) -> deque[Request]:
        """Requests whose prompt is still to be computed."""

    @property
    def partial(self) -> list[Request]:
        """Prompts that were begun and are not finished."""

    @property
    def decoding(self) -> Counted:
        """The sequences that decode."""

    def new_tokens(self, request: Request) -> int:
        """Tokens that a waiting prompt would have to compute, its cached prefix left out."""

    def admit(self, request: Request) -> bool:
        """Give a waiting prompt a slot and KV memory; False if either is missing."""


class Batching(Protocol):
    """A batching policy at work in one instance."""

    mixes: bool
    """Whether decoding sequences share a step with prompt tokens (else they wait while prompts are computed)."""
    patience: float
    """How long an idle instance waits for a batch to fill, s."""
    whole: bool
    """Whether a prompt is always computed in one step."""

    def pick(self, instance: Desk) -> list[tuple[Request, int]]:
        """The prompts of the next step, each with its number of new tokens; empty for none.

        It takes from `instance.partial` (prompts that were begun) and `instance.waiting`, and admits through
        `instance.admit`, which says no when KV memory or sequence slots are missing.
        """

    def is_full(self, instance: Desk) -> bool:
        """Whether waiting longer could add nothing to the next step."""


class BatchingSpec(Spec):
    """Base of every batching policy."""

    def build(self) -> Batching:
        """Make the policy for one instance."""
        raise TypeError(f"{type(self).__name__} does not say how to build its policy")
