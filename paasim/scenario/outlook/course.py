"""The course of a route's KV cache: its legs, its transport, and what one transfer alone makes of them."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from paasim.link.transport.terms import Terms
from paasim.link.transport.transport import TransportSpec
from paasim.scenario.ends import path_between
from paasim.scenario.legs import Leg, legs
from paasim.scenario.parts import Parts
from paasim.scenario.routes import RouteSpec
from paasim.scenario.scenario import Scenario
from paasim.scenario.wiring import path_loss, transport

PLENTY = 1e16
"""Bytes/s that no link limits, for terms that only windows, loss and end hosts make."""


@dataclass(frozen=True)
class Course:
    """Where the KV cache of a route goes. Rates are bytes/s."""

    legs: tuple[Leg, ...]
    """What it passes, in order; none where it stays inside a site."""
    sender: TransportSpec | None
    """How it fills them; None: at once, at their rate."""
    loss: float
    """Share of packets that are lost on the way for other reasons than a full link."""
    weight: float
    """Share of a full link relative to other transfers, of one connection."""

    @classmethod
    def of(cls, scenario: Scenario, parts: Parts, route: RouteSpec) -> Course:
        """That of a route."""
        links, start, goal = scenario.network.links, parts.ends[route.prefill], parts.ends[route.decode]
        specs = [links[name] for name in path_between(links, start.site, goal.site) or ()]
        found = tuple(legs(links, start, goal, scenario.base))
        kept = (1.0 - path_loss(specs)) * prod(1.0 - leg.loss for leg in found)
        return cls(found, transport(specs, route) if specs else None, 1.0 - kept, route.kv.weight)

    @property
    def varies(self) -> bool:
        """Whether the rate of some leg changes over time: then its mean stands for it."""
        return any(leg.varies for leg in self.legs)

    @property
    def rtt(self) -> float:
        """Round trip over all of it, s."""
        return sum(leg.rtt for leg in self.legs)

    @property
    def line(self) -> float:
        """The least that a leg has room for."""
        return min(leg.room for leg in self.legs)

    def terms(self, warm: bool, line: float | None = None) -> Terms:
        """The terms of a transfer over it, or over one whose narrowest leg has another rate."""
        if self.sender is None:
            return Terms(round_trip=self.rtt)
        return self.sender.terms(self.rtt, self.line if line is None else line, self.loss, warm)

    def weight_of(self, terms: Terms) -> float:
        """Share of a full link relative to other transfers, all connections together."""
        return self.weight * terms.weight

    def narrowest(self, terms: Terms, load: dict[str, float] | None = None) -> tuple[float, Leg]:
        """What the path gives a transfer, and the leg that gives the least.

        Args:
            terms: of its transport.
            load: utilisation of legs by name. On average a leg then gives the share of a transfer alone times
                `1 - utilisation`, as in an M/G/1 queue with processor sharing (Kleinrock, Queueing Systems II, 4.4),
                also beside transfers that never end.
        """
        weight, given = self.weight_of(terms), load or {}
        shares = [
            (leg.share(weight) * max(1.0 - given.get(leg.station, 0.0), 0.0) if leg.is_shared else leg.rate, leg)
            for leg in self.legs
        ]
        return min(shares, key=lambda each: each[0])
