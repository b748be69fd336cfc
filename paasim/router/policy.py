"""What a routing policy is, and the state of the world that it may look at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from paasim.core.request import RequestView
from paasim.core.spec import Spec


class RouteState(Protocol):
    """What a router may see of one route; `staleness` seconds old where the router says so."""

    name: str

    def queued(self) -> float:
        """Requests waiting or in service at the route's prefill and decode pools, per instance."""

    def pool_wait(self) -> float:
        """Seconds that a new request would wait in the queues of the route's pools; 0 where devices do the work."""

    def device_wait(self, request: RequestView) -> float:
        """Seconds of work that stand before it at the user's own device, if the route uses it."""

    def prefill_time(self, request: RequestView) -> float:
        """Seconds that the prompt's prefill would take alone, its cached prefix left out."""

    def transfer_time(self, request: RequestView) -> float:
        """Seconds that prompt and KV would be on the way, at the present share of the path."""


class Router(Protocol):
    """A routing policy at work."""

    def choose(self, request: RequestView, now: float) -> int:
        """The position of the chosen route in the scenario's routes."""


class RouterSpec(Spec):
    """Base of every routing policy."""

    def routes_named(self) -> Sequence[str]:
        """Names of the routes that it may choose; empty means all of the scenario's."""
        return ()

    def build(self, routes: Sequence[RouteState]) -> Router:
        """Make the policy over the scenario's routes, in their order."""
        raise TypeError(f"{type(self).__name__} does not say how to build its policy")


def position(routes: Sequence[RouteState], name: str) -> int:
    """Where a route of this name stands; the scenario's checks have made sure that it does."""
    return next(i for i, route in enumerate(routes) if route.name == name)


def chosen(routes: Sequence[RouteState], names: Sequence[str]) -> list[int]:
    """Positions of the named routes, or of all where no name is given."""
    return [position(routes, name) for name in names] if names else list(range(len(routes)))
