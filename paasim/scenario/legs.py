"""What a flow between two ends passes, before any run: links and a last mile, and what each has for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from paasim.link.access import AccessSpec
from paasim.link.link import LinkSpec
from paasim.scenario.ends import directions, path_between


@dataclass(frozen=True)
class Leg:
    """A link, or the last mile of a device, as a flow from one end to another meets it. Rates are bytes/s."""

    name: str
    """Name of the link, or `last mile of SITE`."""
    link: str
    """Name of the link in the scenario."""
    key: str
    """Where its bandwidth in this direction stands in the scenario, as `--set` takes it; empty if its rate changes."""
    bandwidth: float
    """What stands there, or the mean of a rate that changes, bits/s."""
    rate: float
    """Payload in the direction of the flow if nothing else passes; the mean of a rate that changes, outages counted."""
    rtt: float
    servers: int = 1
    """How many there are of it: one link, or one last mile per device."""
    is_shared: bool = True
    """Whether flows share its rate, so that it can be overloaded."""
    background: float = 0.0
    """What others send whatever happens."""
    others: float = 0.0
    """Transfers of others that always have something to send."""
    loss: float = 0.0
    """Share of packets that a last mile loses."""
    is_forward: bool = True
    """Whether the flow passes the link forward; a last mile, towards the device."""

    @property
    def station(self) -> str:
        """Name of this direction of it, each of which has a rate of its own."""
        return self.name + ("" if self.is_forward else " up" if self.is_access else " backward")

    @property
    def varies(self) -> bool:
        """Whether its rate changes over time."""
        return not self.key

    @property
    def is_access(self) -> bool:
        """Whether it is the last mile of a device."""
        return self.name != self.link

    @property
    def room(self) -> float:
        """What others leave; next to nothing where they take more than a rate that changes has on average."""
        return max(self.rate - self.background, 1e-9 * self.rate, 1e-9)

    def share(self, weight: float) -> float:
        """What a transfer of this weight gets if it is alone, but for the transfers of others."""
        return self.room * weight / (weight + self.others)

    def bandwidth_for(self, share: float, weight: float, besides: float = 0.0) -> float:
        """The bandwidth, bits/s, at which a transfer of this weight gets a share, and so much is taken besides."""
        room = share * (weight + self.others) / weight
        bits = self.bandwidth / self.rate if self.rate > 0.0 else 8.0
        return (room + self.background + besides) * bits


class Place(Protocol):
    """What stands at one end of a way: an `End`, or users without devices."""

    @property
    def site(self) -> str:
        """Its site."""

    @property
    def is_fleet(self) -> bool:
        """Whether it is a fleet of devices."""

    @property
    def count(self) -> int:
        """How many there are of it."""


@dataclass(frozen=True)
class Users:
    """Users at a site without devices of their own."""

    site: str
    is_fleet: bool = False
    count: int = 1


def legs(links: Mapping[str, LinkSpec], start: Place, goal: Place, base: Path | None = None) -> list[Leg]:
    """What a flow from one end to another passes, in order; empty within a site without a link to itself.

    Args:
        links: by name.
        start: where it comes from.
        goal: where it goes.
        base: folder that relative paths of traces start from.

    Raises:
        InputError: if a file of a rate that changes is missing or wrong.
    """
    names = path_between(links, start.site, goal.site) or []
    found = [_link(name, links[name], forward, base) for name, forward in directions(links, names, start.site)]
    for name, end, position in ((names[0], start, 0), (names[-1], goal, len(found))) if names else ():
        access = links[name].access
        if end.is_fleet and access is not None:
            # A path has one last mile: that of the device which sends, if it has one.
            found.insert(position, _last_mile(name, access, end, end is start, base))
            break
    return found


def _link(name: str, spec: LinkSpec, is_forward: bool, base: Path | None) -> Leg:
    key, bits, capacity = "bandwidth", spec.bandwidth, spec.capacity
    if not is_forward:
        capacity = spec.backward_capacity
        if spec.backward_bandwidth is not None:
            key, bits = "backward_bandwidth", spec.backward_bandwidth
    rate = spec.rates()[0 if is_forward else 1]
    if capacity is not None:
        rate = min(rate, capacity.mean(base))
    # Neither do others send while it is out.
    up = 1.0 if spec.outages is None else 1.0 - spec.outages.share()
    varies = capacity is not None or spec.outages is not None
    others = spec.background
    return Leg(
        name,
        name,
        "" if varies else f"network.links.{name}.{key}",
        8 * rate * up if varies else bits,
        rate * up,
        spec.rtt,
        is_shared=spec.is_shared,
        background=0.0 if others is None or others.rate is None else others.rate * up / 8,
        others=0.0 if others is None else others.flows,
        is_forward=is_forward,
    )


def _last_mile(name: str, spec: AccessSpec, end: Place, is_up: bool, base: Path | None) -> Leg:
    down, up, rtt = spec.figures(base)
    bits, capacity = (up, spec.up_capacity) if is_up else (down, spec.down_capacity)
    key = "" if capacity is not None else f"network.links.{name}.access.{'up' if is_up else 'down'}"
    return Leg(
        f"last mile of {end.site}", name, key, bits, bits / 8, rtt, end.count, loss=spec.loss, is_forward=not is_up
    )
