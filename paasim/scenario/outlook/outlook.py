"""What the KV transfers of a scenario will be like, route by route and for some prompt lengths, before any run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from paasim.scenario.capacity import Flow, analyze, flows
from paasim.scenario.legs import Leg
from paasim.scenario.outlook.course import Course
from paasim.scenario.outlook.shipment import shipment
from paasim.scenario.outlook.transfers import Transfer, transfer
from paasim.scenario.parts import Parts
from paasim.scenario.routes import RouteSpec
from paasim.scenario.scenario import Scenario
from paasim.workload.population import mixed

QUANTILES = (0.1, 0.5, 0.9, 0.99)
"""Of the prompt lengths of a route: which ones are looked at where none are asked for, in two digits."""


@dataclass(frozen=True)
class Outlook:
    """The transfers of one route."""

    route: str
    spec: RouteSpec
    course: Course
    is_warm: bool
    """Whether connections are taken to be open when a transfer begins."""
    rate: float
    """Requests per second that take the route; 0 if none do, or if that is not known."""
    load: dict[str, float] | None
    """Utilisation of its links and last miles by name, by all routes; None: not known."""
    transfers: list[Transfer]

    @property
    def transport(self) -> str:
        """The kind of its transport; empty if it has none."""
        return "" if self.course.sender is None else str(getattr(self.course.sender, "kind", "transport"))

    @property
    def is_overloaded(self) -> bool:
        """Whether some leg is offered more than it carries."""
        return any(self.load is not None and self.load.get(leg.station, 0.0) >= 1.0 for leg in self.course.legs)

    def leg(self, name: str) -> Leg:
        """One of its legs."""
        return next(leg for leg in self.course.legs if leg.name == name)


def outlooks(scenario: Scenario, parts: Parts, prompts: Sequence[int] = ()) -> list[Outlook]:
    """Every route that sends a KV cache over a link, those that most requests take first.

    Args:
        scenario: which has been checked.
        parts: its profiles and models.
        prompts: prompt lengths, tokens; none: quantiles of the lengths of each route.
    """
    found, coming = [], flows(scenario)
    load = {station.name: station.utilisation for station in analyze(scenario, parts).stations}
    for name, route in scenario.routes.items():
        course = Course.of(scenario, parts, route) if route.ships_kv else None
        if course is None or not course.legs:
            continue
        own = [flow for flow in coming if flow.route == name]
        rate = sum(flow.rate for flow in own)
        warm = _is_warm(course, rate, any(not flow.rate for flow in own) and scenario.has_closed_loop)
        known = load if any(flow.rate for flow in coming) else None
        lengths = prompts or _quantiles(own or coming)
        made = [transfer(course, shipment(parts, route, prompt), warm, known) for prompt in lengths]
        found.append(Outlook(name, route, course, warm, rate, known, made))
    return sorted(found, key=lambda each: -each.rate)


def _is_warm(course: Course, rate: float, is_closed: bool) -> bool:
    """Whether connections are still open after the mean time between two transfers; users who wait come soon enough.

    Connections of a device are its own: with n devices, n times as long passes between two transfers.
    """
    if course.sender is None:
        return True
    devices = max(leg.servers for leg in course.legs)
    return course.sender.is_warm(0.0 if is_closed else devices / rate if rate else inf)


def _quantiles(own: Sequence[Flow]) -> list[int]:
    """Some prompt lengths, in two digits, the shortest first."""
    everyone = mixed([(flow.weight, flow.people) for flow in own])
    picked = [everyone.prompt_quantile(share) for share in QUANTILES]
    return sorted({max(1, int(float(f"{length:.2g}"))) for length in picked})
