"""Ends of routes: the pools and fleets that a route may name, and the sites and links between them."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from paasim.engine.pool import FleetSpec, PoolSpec
from paasim.link.fixed import FixedSpec
from paasim.link.link import LinkSpec
from paasim.scenario.scenario import Scenario


@dataclass(frozen=True)
class End:
    """A pool or a fleet, as a route names it."""

    name: str
    """`site.pool`, or the name of a site for its fleet."""
    site: str
    spec: PoolSpec | FleetSpec
    path: tuple[str, ...]
    """Where it stands in the scenario."""

    @property
    def is_fleet(self) -> bool:
        """Whether it is a fleet of devices."""
        return isinstance(self.spec, FleetSpec)

    @property
    def count(self) -> int:
        """How many instances, or devices."""
        return self.spec.devices if isinstance(self.spec, FleetSpec) else self.spec.instances


def ends(scenario: Scenario) -> dict[str, End]:
    """Every pool and fleet of a scenario by the name that routes use, in the order of the scenario."""
    found: dict[str, End] = {}
    for site, spec in scenario.sites.items():
        for pool, pool_spec in spec.pools.items():
            name = f"{site}.{pool}"
            found[name] = End(name, site, pool_spec, ("sites", site, "pools", pool))
        if spec.fleet is not None:
            found[site] = End(site, site, spec.fleet, ("sites", site, "fleet"))
    return found


def path_between(links: Mapping[str, LinkSpec], start: str, goal: str) -> list[str] | None:
    """Names of the links on the shortest path (fewest links; ties go to the first named) between two sites.

    Returns:
        The names in order; `[]` for a site to itself where no link joins it to itself; None if there is no path.
    """
    if start == goal:
        return [name for name, link in links.items() if set(link.between) == {start}][:1]
    before: dict[str, tuple[str, str]] = {start: ("", "")}
    queue = deque([start])
    while queue and goal not in before:
        site = queue.popleft()
        for name, link in links.items():
            if site in link.between:
                other = next((end for end in link.between if end != site), site)
                if other not in before:
                    before[other] = (site, name)
                    queue.append(other)
    if goal not in before:
        return None
    names: list[str] = []
    at = goal
    while at != start:
        at, name = before[at]
        names.append(name)
    return names[::-1]


@dataclass(frozen=True)
class Leg:
    """A link, or the last mile of a device, as a flow from one end to another meets it."""

    name: str
    """Name of the link, or `last mile of SITE`."""
    link: str
    """Name of the link in the scenario."""
    rate: float
    """Bytes per second in the direction of the flow."""
    rtt: float
    servers: int
    """How many there are of it: one link, or one last mile per device."""
    is_shared: bool
    """Whether flows share its rate, so that it can be overloaded."""


def legs(links: Mapping[str, LinkSpec], start: End, goal: End) -> list[Leg]:
    """What a flow from one end to another passes, in order; empty within a site without a link to itself."""
    found: list[Leg] = []
    at = start.site
    for name in path_between(links, start.site, goal.site) or ():
        spec = links[name]
        is_forward = spec.between[0] == at
        at = spec.between[1] if is_forward else spec.between[0]
        rate = spec.rates()[0 if is_forward else 1]
        found.append(Leg(name, name, rate, spec.rtt, 1, not isinstance(spec, FixedSpec)))
        if spec.access is None:
            continue
        down, up, rtt = spec.access.figures()
        for end, bits in ((start, up), (goal, down)):
            if isinstance(end.spec, FleetSpec) and end.site in spec.between:
                found.append(Leg(f"last mile of {end.site}", name, bits / 8, rtt, end.count, True))
    return found
