"""Short prompts here, long prompts there: the length threshold of Prefill-as-a-Service."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from paasim.core.request import RequestView
from paasim.router.policy import Router, RouterSpec, RouteState, position


class ThresholdSpec(RouterSpec):
    """Prompts of at most `prompt_tokens` take one route, longer ones another.

    Source of the rule: Prefill-as-a-Service, arXiv 2604.15039, section 3.3 (l > t goes to the remote prefill cluster).
    """

    kind: Literal["threshold"] = "threshold"
    prompt_tokens: int = Field(ge=0)
    """The threshold t in tokens; a prompt of exactly t tokens counts as short."""
    below: str
    """Route of prompts with at most `prompt_tokens` tokens."""
    above: str
    """Route of longer prompts."""

    def routes_named(self) -> Sequence[str]:
        """Both routes."""
        return (self.below, self.above)

    def build(self, routes: Sequence[RouteState]) -> Router:
        """Make the policy."""
        return _Threshold(self.prompt_tokens, position(routes, self.below), position(routes, self.above))


class _Threshold:
    def __init__(self, tokens: int, below: int, above: int) -> None:
        self._tokens, self._below, self._above = tokens, below, above

    def choose(self, request: RequestView, now: float) -> int:
        return self._above if request.prompt_tokens > self._tokens else self._below
