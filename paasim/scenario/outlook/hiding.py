"""From which bandwidth on a transfer is hidden behind the prefill: the closed form of a lone transfer, inverted.

*Hidden* means: when the last part of the KV cache (the last layer's, the last chunk's) is made, all other parts have
left. What is then still to be waited for is the last part and half a round trip, which no bandwidth hides. Where all of
the cache is sent after the prefill, nothing can be hidden; then the bandwidth counts at which the transfer takes no
longer than the prefill, so that a link keeps up with one engine that is always busy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from paasim.link.lone import Part, departure, rate_to_keep_up
from paasim.link.transport.connection import ConnectionSpec
from paasim.link.transport.rdma import RdmaTransportSpec
from paasim.link.transport.terms import Terms
from paasim.scenario.legs import Leg
from paasim.scenario.outlook.course import PLENTY, Course
from paasim.scenario.outlook.shipment import Shipment

CAPS = {
    "window": "the receive window",
    "loss": "loss",
    "host": "the end hosts",
    "pace": "the sender's pace",
    "slices": "requests in slices",
}
"""What caps a transfer, in words, by `Terms.limit`."""


@dataclass(frozen=True)
class Hiding:
    """What it takes."""

    leg: str
    """The narrowest leg, whose bandwidth this is about."""
    key: str
    """Where it stands in the scenario."""
    bandwidth: float | None
    """Bits/s from which on the transfer is hidden, if it is alone; None: never."""
    bandwidth_at_load: float | None
    """The same beside the bytes that the scenario sends over the leg on average; None also where they are not known."""
    needed: float | None
    """What the whole path must give the transfer, bits/s of payload; None: no rate is enough, or none is known."""
    why_never: str
    """Why no bandwidth of this leg does it; empty if one does."""
    equals_prefill: float | None
    """Bits/s at which the transfer takes as long as the prefill, where it can only start afterwards; None: never."""


def hiding(course: Course, ship: Shipment, warm: bool, load: dict[str, float] | None) -> Hiding:
    """What it takes to hide a transfer.

    Args:
        course: of the route.
        ship: what is sent.
        warm: whether its connections are open.
        load: utilisation of legs by name; None: not known.
    """
    terms = course.terms(warm)
    share, leg = course.narrowest(terms)
    stretch = course.line / share
    if ship.overlaps:
        others, deadline = ship.parts[:-1], ship.parts[-1][0]
        rate, why = _rate(course, others, deadline, ship.asked, warm, stretch)
        rate, why = (rate, why) if why else (rate, _next(course, terms, leg, rate))
        equal = None
    else:
        why = "the codec packs all of it after the prefill" if ship.encode else "it starts after the prefill"
        why = "the prompt is a single chunk" if not ship.encode and ship.asked == 0.0 else why
        rate, deadline = inf, ship.prefill - course.rtt / 2
        needed, fault = _rate(course, [(0.0, ship.wire)], deadline, 0.0, warm, stretch)
        fault = fault or _next(course, terms, leg, needed)
        equal = None if fault else leg.bandwidth_for(needed, course.weight_of(terms))
    if why:
        return Hiding(leg.name, leg.key, None, None, 8 * rate if rate < inf else None, why, equal)
    weight = course.weight_of(terms)
    taken = None if load is None else load.get(leg.station, 0.0) * leg.room
    at_load = None if taken is None else leg.bandwidth_for(rate, weight, taken)
    return Hiding(leg.name, leg.key, leg.bandwidth_for(rate, weight), at_load, 8 * rate, "", None)


def _rate(
    course: Course, parts: Sequence[Part], deadline: float, asked: float, warm: bool, stretch: float
) -> tuple[float, str]:
    """The share, bytes/s, at which parts have left by a deadline, and why there is none; `stretch`: line over share."""
    if isinstance(course.sender, ConnectionSpec) and course.sender.slice is not None:
        return _search(course, parts, deadline, asked, warm, stretch)
    terms = course.terms(warm, PLENTY)
    rate = rate_to_keep_up(parts, deadline, asked + terms.setup, terms)
    if rate == inf:
        fixed = isinstance(course.sender, RdmaTransportSpec)
        what = "its fixed cost outlasts" if fixed else "set-up and slow start outlast"
        return inf, f"{what if terms.setup or terms.rounds else 'half a round trip outlasts'} the prefill"
    if rate > terms.cap:
        return rate, f"{CAPS[terms.limit]} allow{'' if terms.limit in ('host', 'slices') else 's'} less than it takes"
    return rate, ""


def _search(
    course: Course, parts: Sequence[Part], deadline: float, asked: float, warm: bool, stretch: float
) -> tuple[float, str]:
    """As `_rate`, where the terms depend on the rate: by bisection on its logarithm."""

    def keeps_up(rate: float) -> bool:
        terms: Terms = course.terms(warm, rate * stretch)
        return departure(parts, asked + terms.setup, rate, terms).left <= deadline

    low, high = 1.0, PLENTY
    if not keeps_up(high):
        return inf, f"{CAPS['slices']} allow less than it takes"
    while high / low > 1.0 + 1e-14:
        middle = (low * high) ** 0.5
        if not low < middle < high:
            break
        low, high = (low, middle) if keeps_up(middle) else (middle, high)
    return high, ""


def _next(course: Course, terms: Terms, narrowest: Leg, rate: float) -> str:
    """Why a higher bandwidth of the narrowest leg would not do: another one has less than it takes."""
    weight = course.weight_of(terms)
    for leg in course.legs:
        if leg is not narrowest and (leg.share(weight) if leg.is_shared else leg.rate) < rate:
            return f"{leg.name} has less than it takes"
    return ""
