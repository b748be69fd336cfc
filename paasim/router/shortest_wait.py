"""The route with the shortest predicted time to the first decoded token."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from paasim.core.request import RequestView
from paasim.core.units import Duration
from paasim.router.policy import Router, RouterSpec, RouteState, chosen
from paasim.router.staleness import Stale


class ShortestWaitSpec(RouterSpec):
    """The route with the shortest predicted wait: prefill queue + prefill + transfer + decode queue.

    The prediction uses the profile and the present queues and link share, not the output length, which no router
    knows. The pools' queues may be `staleness` seconds old; the user's own device is always seen as it is.
    """

    kind: Literal["shortest-wait"] = "shortest-wait"
    routes: tuple[str, ...] = ()
    """Names of the routes; none means all of the scenario's."""
    staleness: Duration = 0.0
    """Age that the queue lengths it looks at may have."""

    def routes_named(self) -> Sequence[str]:
        """The routes to choose from."""
        return self.routes

    def build(self, routes: Sequence[RouteState]) -> Router:
        """Make the policy."""
        return _ShortestWait(routes, chosen(routes, self.routes), self.staleness)


class _ShortestWait:
    def __init__(self, routes: Sequence[RouteState], positions: Sequence[int], staleness: float) -> None:
        self._positions = positions
        self._routes = [routes[i] for i in positions]
        self._queues = Stale(lambda: [route.pool_wait() for route in self._routes], staleness)

    def choose(self, request: RequestView, now: float) -> int:
        queues = self._queues.at(now)
        waits = [
            queue + route.device_wait(request) + route.prefill_time(request) + route.transfer_time(request)
            for queue, route in zip(queues, self._routes, strict=True)
        ]
        return self._positions[waits.index(min(waits))]
