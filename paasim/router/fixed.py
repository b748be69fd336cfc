"""Every request takes one route."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from paasim.core.request import RequestView
from paasim.router.policy import Router, RouterSpec, RouteState, position


class FixedSpec(RouterSpec):
    """Every request takes the same route."""

    kind: Literal["fixed"] = "fixed"
    route: str
    """Name of the route."""

    def routes_named(self) -> Sequence[str]:
        """The one route."""
        return (self.route,)

    def build(self, routes: Sequence[RouteState]) -> Router:
        """Make the policy."""
        return _Fixed(position(routes, self.route))


class _Fixed:
    def __init__(self, route: int) -> None:
        self._route = route

    def choose(self, request: RequestView, now: float) -> int:
        return self._route
