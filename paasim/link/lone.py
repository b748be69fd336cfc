"""A transfer alone on its path, in closed form: when its last byte leaves and why, and which rate keeps up.

Bytes become ready part by part; from the moment at which the connection is open, windows let them go (slow start), and
they leave at a constant rate. Bytes that are not ready, or not let go, before a moment t cannot have left before
`t + bytes/r`; the last byte leaves at the latest of these bounds, over all parts and all windows (the backlog of a
queue with constant rate: Reich 1958; both staircases may be taken one by one, since the lower of them counts at each
moment). With one part it is `paasim.link.transport.terms.last_byte`, without windows `Flow.finish` of plain links.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import inf
from typing import Literal, NamedTuple

from paasim.link.transport.terms import Terms

Part = tuple[float, float]
"""(when it is ready, s; bytes). Parts are in the order of time."""


class Departure(NamedTuple):
    """When the last byte leaves, and the bound that is met."""

    left: float
    """Seconds."""
    by: Literal["part", "window"]
    """Whether the last byte waited for a part to be made, or for the connection and its windows."""
    step: int
    """Which part, from 0; or which round trip of slow start, 0 being the moment at which the connection is open."""


def departure(parts: Sequence[Part], begun: float, rate: float, terms: Terms) -> Departure:
    """The departure of a lone transfer's last byte.

    Args:
        parts: what becomes ready when; at least one.
        begun: when the connection is open, s.
        rate: bytes/s that the path gives it.
        terms: of the transport; its set-up counts in `begun` alone.
    """
    speed, total = min(rate, terms.cap), sum(size for _, size in parts)
    best = Departure(-inf, "part", 0)
    for k, (time, before) in enumerate(_windows(begun, terms, total)):
        if k > terms.rounds:
            break
        bound = time + (total - before) / speed
        if bound > best.left:
            best = Departure(bound, "window", k)
    for j, (time, before) in enumerate(_made(parts)):
        bound = time + (total - before) / speed
        if bound >= best.left:
            best = Departure(bound, "part", j)
    return best


def rate_to_keep_up(parts: Sequence[Part], deadline: float, begun: float, terms: Terms) -> float:
    """The least rate, bytes/s, at which all of some parts have left by a deadline; infinite if none is enough.

    Each bound `t + bytes/r ≤ deadline` is solved for r. All round trips of slow start count, however many the terms
    name: once the windows hold what the rate sends per round trip, later ones ask for no more than earlier ones.
    """
    total = sum(size for _, size in parts)
    needed = 0.0
    for bounds in (_made(parts), _windows(begun, terms, total)):
        for time, before in bounds:
            if before < total:
                needed = max(needed, (total - before) / (deadline - time) if time < deadline else inf)
    return needed


def _made(parts: Sequence[Part]) -> Iterator[Part]:
    """(when a part is ready, bytes of the parts before it)."""
    before = 0.0
    for time, size in parts:
        yield time, before
        before += size


def _windows(begun: float, terms: Terms, total: float) -> Iterator[Part]:
    """(when a round trip of slow start begins, bytes that may have left before), as long as there is more to send."""
    k, before = 0, 0.0
    while before < total:
        yield begun + k * terms.round_trip, before
        before += terms.window * 2.0**k
        k += 1
