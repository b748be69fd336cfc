"""What one request's KV transfer takes, in closed form: alone on its path, and at the scenario's offered load.

Alone, it is exactly what a simulation of this one request gives. At the offered load each shared link gives, on
average, what it gives a transfer alone times `1 - utilisation`: exact for whole transfers over one link that come at
random (M/G/1 with processor sharing), an estimate for the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from paasim.link.lone import Departure, departure
from paasim.link.transport.rdma import RdmaTransportSpec
from paasim.link.transport.terms import Terms
from paasim.scenario.legs import Leg
from paasim.scenario.outlook.course import Course
from paasim.scenario.outlook.hiding import Hiding, hiding
from paasim.scenario.outlook.shipment import Shipment

Kind = Literal[
    "production",
    "codec",
    "access",
    "trunk",
    "window",
    "loss",
    "host",
    "pace",
    "slices",
    "setup",
    "slow-start",
    "fixed-cost",
    "propagation",
]
"""What may limit a transfer."""


@dataclass(frozen=True)
class Limit:
    """What limits a transfer: where most of its last byte's time on the way goes."""

    kind: Kind
    """`production`: the prefill itself, since the transfer keeps up with it; `trunk` and `access`: the rate of a link,
    or of a last mile; else what its name says."""
    name: str = ""
    """Which link or last mile."""


@dataclass(frozen=True)
class Loaded:
    """The same at the scenario's offered load, on average."""

    duration: float
    exposed: float


@dataclass(frozen=True)
class Transfer:
    """One transfer. Bytes and seconds."""

    prompt: int
    size: float
    """Of the KV cache, before the codec."""
    wire: float
    """On the wire."""
    prefill: float
    """How long the prefill takes."""
    lower_bound: float
    """Bytes over the narrowest leg and half a round trip: no transport, everything ready at once."""
    first_byte: float
    """From the start of the prefill to the first byte's leaving."""
    duration: float
    """From when the transfer may begin (the start of the prefill if the route streams, else its end) to the arrival of
    its last byte, if it is alone."""
    exposed: float
    """From the end of the prefill to the arrival of the last byte, if it is alone."""
    unpack: float
    """The receiver's codec after that."""
    limit: Limit
    hiding: Hiding
    loaded: Loaded | None
    """None where the load is not known, or is more than the path carries."""
    is_extrapolated: bool
    """Whether the prefill's time is outside of what was measured."""


def transfer(course: Course, ship: Shipment, warm: bool, load: dict[str, float] | None) -> Transfer:
    """What a shipment takes on a course.

    Args:
        course: with a leg at least.
        ship: what is sent.
        warm: whether its connections are open when it begins.
        load: utilisation of legs by name; None: not known.
    """
    terms = course.terms(warm)
    share, leg = course.narrowest(terms)
    begun, half = ship.asked + terms.setup, course.rtt / 2
    left = departure(ship.parts, begun, share, terms)
    first = max(begun, ship.parts[0][0])
    unpack = ship.unpack(first, left.left)
    loaded = None
    if load is not None and (rest := course.narrowest(terms, load)[0]) > 0.0:
        end = departure(ship.parts, begun, rest, terms).left + half
        loaded = Loaded(end - ship.asked, end - ship.prefill)
    return Transfer(
        prompt=ship.prompt,
        size=ship.size,
        wire=ship.wire,
        prefill=ship.prefill,
        lower_bound=ship.wire / course.line + half,
        first_byte=first,
        duration=left.left + half - ship.asked,
        exposed=left.left + half - ship.prefill,
        unpack=unpack,
        limit=limit(course, ship, terms, left, share, leg, unpack),
        hiding=hiding(course, ship, warm, load),
        loaded=loaded,
        is_extrapolated=ship.is_extrapolated,
    )


def limit(
    course: Course, ship: Shipment, terms: Terms, left: Departure, share: float, leg: Leg, unpack: float
) -> Limit:
    """What limits a transfer that is alone.

    If its last byte waited for nothing but the last of several parts, the transfer keeps up with whoever makes them:
    the prefill, or a codec that is slower. Else it is the longest of what came between: the codec, set-up, what slow
    start held back, the bytes at the rate that they left at (whose name is that of whatever is slowest), half a round
    trip. With equal ones, the first of this order: bytes, set-up, slow start, codec, propagation.
    """
    speed = min(share, terms.cap)
    if left.by == "part" and ship.overlaps and left.step == len(ship.parts) - 1:
        return Limit("codec" if ship.encode > ship.prefill else "production")
    ready, waits, held = ship.parts[0][0], 0.0, 0.0
    rest = ship.wire
    if left.by == "window":
        waits = terms.setup
        if left.step:
            sent = terms.window * (2.0**left.step - 1.0)
            held = left.step * terms.round_trip - sent / speed
    else:
        rest -= sum(size for _, size in ship.parts[: left.step])
    packing = ship.encode if not ship.overlaps and ready > ship.prefill else 0.0
    pieces: list[tuple[float, Limit]] = [
        (rest / speed, _slowest(terms, share, leg)),
        (waits, Limit("fixed-cost" if isinstance(course.sender, RdmaTransportSpec) else "setup")),
        (held, Limit("slow-start")),
        (packing + unpack, Limit("codec")),
        (course.rtt / 2, Limit("propagation")),
    ]
    return max(pieces, key=lambda piece: piece[0])[1]


def _slowest(terms: Terms, share: float, leg: Leg) -> Limit:
    """What the rate is that of."""
    if terms.cap < share:
        return Limit(terms.limit)  # type: ignore[arg-type]  # a text in the compiled module
    return Limit("access" if leg.is_access else "trunk", leg.name)
