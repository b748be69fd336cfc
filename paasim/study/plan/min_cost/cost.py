"""What a candidate costs per hour, before it is simulated.

    cost = instances · price  +  bandwidth · rent  +  KV bytes per hour · egress price

over the pools and fleets of the routes that its router may take, whether they are busy or not, and the links between
them. Servers and rent are exact; egress is expected from the sampled lengths, no hit in a decoder's prefix cache
counted. Prompts and tokens, a thousandth of the KV caches, are left out. What a run then reports as its cost counts the
bytes that were sent.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from paasim.core.errors import InputError
from paasim.scenario import lookup
from paasim.scenario.ends import End, ends, path_between
from paasim.scenario.plan import PricesSpec
from paasim.scenario.scenario import Scenario
from paasim.study.plan.min_cost.estimates import kv_rates
from paasim.study.plan.min_cost.space import Axis, Candidate, Space, with_changes

HOUR = 3600.0
GBPS = 1e9


@dataclass(frozen=True)
class Quote:
    """Dollars per hour."""

    servers: Mapping[str, float]
    """By pool and fleet."""
    rent: Mapping[str, float]
    """Of bandwidth, by link."""
    egress: Mapping[str, float]
    """Of what is sent, by link."""

    @property
    def total(self) -> float:
        """All of it."""
        return sum(self.servers.values()) + sum(self.rent.values()) + sum(self.egress.values())


def quote(scenario: Scenario, prices: PricesSpec) -> Quote:
    """What a scenario costs per hour.

    Raises:
        InputError: if a pool or fleet that is used has no price.
    """
    return Quote(servers(scenario, prices), rent(scenario, prices), egress(scenario))


def servers(scenario: Scenario, prices: PricesSpec) -> dict[str, float]:
    """Dollars per hour for each pool and fleet that a route may use."""
    return {name: end.count * price_of(scenario, end, prices) for name, end in _used(scenario).items()}


def price_of(scenario: Scenario, end: End, prices: PricesSpec) -> float:
    """Dollars per hour of one instance or device: its own price, that of its GPUs in the plan, or its profile's.

    Raises:
        InputError: if it has none of them.
    """
    if end.spec.price is not None:
        return end.spec.price
    profile = lookup.profile(end.spec.profile, scenario.base).spec
    each = prices.gpus.get(end.name, prices.gpus.get(profile.hardware))
    if each is not None:
        return each * profile.gpus
    if profile.price is not None:
        return profile.price
    what = f"{end.name} has no price"
    todo = f"give it a price, or write plan: {{prices: {{gpus: {{{profile.hardware}: 3 $/h}}}}}}; 0 $/h if it is free"
    raise InputError.one(scenario.where(*end.path), what, todo)


def priced(scenario: Scenario, prices: PricesSpec) -> Scenario:
    """The scenario with the prices of its pools and fleets written into it, so that a run reports its cost."""
    known = {end: price_of(scenario, end, prices) for end in _used(scenario).values() if end.spec.price is None}
    return with_changes(scenario, {".".join((*end.path, "price")): f"{price!r} $/h" for end, price in known.items()})


def rent(scenario: Scenario, prices: PricesSpec) -> dict[str, float]:
    """Dollars per hour for the bandwidth of each link between what is used; of a lopsided one, the faster direction."""
    found = {}
    for name in _links_used(scenario):
        link = scenario.network.links[name]
        if name in prices.bandwidth:
            most = max(link.bandwidth, link.backward_bandwidth or 0.0)
            found[name] = prices.bandwidth[name] * most / GBPS
    return found


def egress(scenario: Scenario) -> dict[str, float]:
    """Dollars per hour for the KV caches over each link with a price per volume."""
    paid = {name: link.price for name, link in scenario.network.links.items() if link.price}
    if not paid:
        return {}
    sent = kv_rates(scenario)
    if sent is None:
        what = "the load of a closed loop is not known before a run, so that what it sends has no price"
        raise InputError.one(scenario.where("workload"), what, "give a rate, or links without a price")
    return {name: sent.get(name, 0.0) * price * HOUR for name, price in paid.items()}


def _used(scenario: Scenario) -> dict[str, End]:
    """Pools and fleets of the routes that the router may take."""
    routes = scenario.router.routes_named() or list(scenario.routes)
    names = {name for route in routes for name in (scenario.routes[route].prefill, scenario.routes[route].decode)}
    return {name: end for name, end in ends(scenario).items() if name in names}


def _links_used(scenario: Scenario) -> list[str]:
    """Links between the sites of what is used and of the users."""
    sites = {end.site for end in _used(scenario).values()}
    sites |= {each.origin for each in scenario.classes.values() if each.origin is not None}
    found: dict[str, None] = {}
    for start, goal in itertools.product(sorted(sites), repeat=2):
        found |= dict.fromkeys(path_between(scenario.network.links, start, goal) or [])
    return [name for name in scenario.network.links if name in found]


class Costs:
    """The cost of every candidate of a space: its terms are worked out once for all candidates that share them."""

    def __init__(self, space: Space, prices: PricesSpec) -> None:
        self._space = space
        self._prices = prices

    def all(self) -> npt.NDArray[np.float64]:
        """Dollars per hour by candidate, in the shape of the space; infinite where options do not fit each other."""
        total = np.zeros(self._space.shape)
        routing = ("routes", "router", "model")
        for name, end in ends(self._space.base).items():
            total += self._term((".".join(end.path), *routing), partial(self._of_servers, name))
        total += self._term(("network", *routing, "workload", "workloads"), self._of_links)
        return total

    def quote(self, candidate: Candidate) -> Quote:
        """The terms of one candidate."""
        return quote(self._space.scenario(candidate), self._prices)

    def _of_servers(self, name: str, scenario: Scenario) -> float:
        return servers(scenario, self._prices).get(name, 0.0)

    def _of_links(self, scenario: Scenario) -> float:
        return sum(rent(scenario, self._prices).values()) + sum(egress(scenario).values())

    def _term(self, places: tuple[str, ...], of: Callable[[Scenario], float]) -> npt.NDArray[np.float64]:
        """A term that depends on what stands at some places alone, over the space."""
        heeded = [axis for axis in self._space.axes if axis.touches(places) or _changes_models(axis)]
        return over(self._space, heeded, of)


def over(space: Space, heeded: list[Axis], of: Callable[[Scenario], float]) -> npt.NDArray[np.float64]:
    """A figure for every candidate that depends on some axes alone: worked out once for each of their combinations.

    Returns:
        An array that spreads over the shape of the space; infinite where options do not fit each other.
    """
    shape = tuple(len(axis.options) if axis in heeded else 1 for axis in space.axes)
    found = np.empty(shape)
    for candidate in itertools.product(*map(range, shape)):
        try:
            scenario = space.scenario(candidate, heeded)
        except InputError:
            found[candidate] = np.inf
        else:
            found[candidate] = of(scenario)
    return found


def _changes_models(axis: Axis) -> bool:
    return any(path.split(".")[-1] == "model" for path in axis.paths)
