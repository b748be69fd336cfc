"""The route with the fewest requests per instance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from paasim.core.request import RequestView
from paasim.core.units import Duration
from paasim.router.policy import Router, RouterSpec, RouteState, chosen
from paasim.router.staleness import Stale


class LeastLoadedSpec(RouterSpec):
    """The route with the fewest requests waiting or in service per instance; ties go to the first named."""

    kind: Literal["least-loaded"] = "least-loaded"
    routes: tuple[str, ...] = ()
    """Names of the routes; none means all of the scenario's."""
    staleness: Duration = 0.0
    """Age that the state it looks at may have: it is read anew only when older than this."""

    def routes_named(self) -> Sequence[str]:
        """The routes to choose from."""
        return self.routes

    def build(self, routes: Sequence[RouteState]) -> Router:
        """Make the policy."""
        return _LeastLoaded(routes, chosen(routes, self.routes), self.staleness)


class _LeastLoaded:
    def __init__(self, routes: Sequence[RouteState], positions: Sequence[int], staleness: float) -> None:
        self._positions = positions
        self._loads = Stale(lambda: [routes[i].queued() for i in positions], staleness)

    def choose(self, request: RequestView, now: float) -> int:
        loads = self._loads.at(now)
        return self._positions[loads.index(min(loads))]
