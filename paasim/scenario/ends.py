"""Ends of routes: the pools and fleets that a route may name, and the way between their sites."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from paasim.engine.pool import FleetSpec, PoolSpec
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


def directions(specs: Mapping[str, LinkSpec], names: list[str], start: str) -> Iterator[tuple[str, bool]]:
    """The links of a way from a site, and whether it passes them forward."""
    at = start
    for name in names:
        first, second = specs[name].between
        is_forward = first == at
        at = second if is_forward else first
        yield name, is_forward
