"""Routes in turn, whatever their state."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from typing import Literal

from paasim.core.request import RequestView
from paasim.router.policy import Router, RouterSpec, RouteState, chosen


class RoundRobinSpec(RouterSpec):
    """Routes take turns."""

    kind: Literal["round-robin"] = "round-robin"
    routes: tuple[str, ...] = ()
    """Names of the routes; none means all of the scenario's."""

    def routes_named(self) -> Sequence[str]:
        """The routes that take turns."""
        return self.routes

    def build(self, routes: Sequence[RouteState]) -> Router:
        """Make the policy."""
        return _RoundRobin(chosen(routes, self.routes))


class _RoundRobin:
    def __init__(self, positions: Sequence[int]) -> None:
        self._turn = cycle(positions)

    def choose(self, request: RequestView, now: float) -> int:
        return next(self._turn)
