"""How the requests of a scenario spread over its routes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from paasim.router.fixed import FixedSpec
from paasim.router.threshold import ThresholdSpec
from paasim.scenario.classes import RequestClassSpec
from paasim.scenario.scenario import Scenario
from paasim.workload.population import Population, population


@dataclass(frozen=True)
class Flow:
    """The requests of one class on one route: how many come per second, and how long they are."""

    route: str
    klass: str
    rate: float
    """Requests per second; 0 where a closed loop makes them."""
    weight: float
    """Share of all requests; closed loops count by their users, and not at all beside open ones."""
    people: Population
    """The lengths of those that take the route."""

    def of_mean_lengths(self) -> Flow:
        """As many requests that all have its mean lengths, as papers reckon."""
        return replace(self, people=self.people.as_mean)


def flows(scenario: Scenario) -> list[Flow]:
    """How requests spread over routes.

    Where the router decides by the state of the system, they are taken to spread evenly over the routes that it may
    choose (`is_spread_known`).

    Raises:
        InputError: if a trace is missing or wrong.
    """
    made = []
    run = scenario.run
    for name, workload in scenario.classes.items():
        people = population(workload, scenario.base, run.requests, run.duration)
        made.append((name, workload, people, _rate(workload, people)))
    offered = sum(rate for *_, rate in made)
    users = sum(_users(workload) for _, workload, *_ in made)
    found = []
    for name, workload, people, rate in made:
        weight = rate / offered if offered else _users(workload) / users if users else 1 / len(made)
        for route, share, part in _spread(scenario, people):
            found.append(Flow(route, name, rate * share, weight * share, part))
    return found


def offered_rate(scenario: Scenario) -> float | None:
    """Requests per second that come by themselves; None where only a run can tell, as in closed loops."""
    return sum(flow.rate for flow in flows(scenario)) or None


def is_spread_known(scenario: Scenario) -> bool:
    """Whether the router's choice follows from the request alone, so that the load of each route is known."""
    return isinstance(scenario.router, (FixedSpec, ThresholdSpec)) or len(scenario.routes) == 1


def _rate(workload: RequestClassSpec, people: Population) -> float:
    """Requests per second of a class; 0 for a closed loop."""
    if workload.closed_loop is not None:
        return 0.0
    rate = workload.arrivals.rate if workload.arrivals is not None else None
    return (people.rate or 0.0) if rate is None else rate


def _users(workload: RequestClassSpec) -> float:
    return workload.closed_loop.users if workload.closed_loop is not None else 0.0


def _spread(scenario: Scenario, people: Population) -> list[tuple[str, float, Population]]:
    """(route, share of the requests, those that take it)."""
    router = scenario.router
    if isinstance(router, FixedSpec):
        return [(router.route, 1.0, people)]
    if isinstance(router, ThresholdSpec):
        share, below, above = people.cut(router.prompt_tokens)
        both = ((router.below, share, below), (router.above, 1.0 - share, above))
        return [(route, part, some) for route, part, some in both if some is not None]
    names = router.routes_named() or list(scenario.routes)
    return [(name, 1.0 / len(names), people) for name in names]
