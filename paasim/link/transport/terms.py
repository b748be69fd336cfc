"""What a transport means for one transfer, in numbers, and when the last byte of a lone transfer leaves.

A fluid model of slow start (DESIGN §5): in round k after the set-up, `window · 2**k` bytes may leave; after `rounds`
rounds the window no longer binds and bytes leave at the rate of the path. Left out: what queues add to the round trip,
acknowledgements that are delayed, and losses of slow start itself (it is taken to end before a queue overflows).
"""

from __future__ import annotations

from math import ceil, inf, ldexp, log2
from typing import NamedTuple


class Terms(NamedTuple):
    """The terms on which one transfer goes. Bytes, seconds, bytes per second."""

    setup: float = 0.0
    """Seconds before the first byte may leave: handshake of a cold connection, registration."""
    window: float = inf
    """Bytes that may leave in the first round trip, all connections together; infinite without slow start."""
    rounds: int = 0
    """Round trips of slow start; in round k, from 0, `window · 2**k` bytes may leave; afterwards it does not bind."""
    round_trip: float = 0.0
    """Seconds."""
    cap: float = inf
    """Bytes per second at most: receive window, loss, end hosts."""
    weight: float = 1.0
    """Share of a full link relative to that of one connection."""
    limit: str = ""
    """What makes `cap`: `window`, `loss`, `host`, `pace`, `slices`, or empty."""


def rounds_to_fill(window: float, target: float) -> int:
    """The fewest doublings after which `window` bytes per round trip are at least `target`.

    `n* = ⌈log2(target / window)⌉`, 0 if the first window is as large already (validation §5.3; RFC 5681 §3.1: the
    window doubles per round trip in slow start).
    """
    if window >= target:
        return 0
    rounds = max(0, ceil(log2(target / window)))
    while ldexp(window, rounds) < target:
        rounds += 1
    while rounds > 0 and ldexp(window, rounds - 1) >= target:
        rounds -= 1
    return rounds


def last_byte(size: float, rate: float, terms: Terms) -> float:
    """When the last byte of a lone transfer leaves whose bytes are all ready at 0; it arrives half a round trip later.

    With r the lesser of `rate` and `terms.cap`, W the first window and R the round trip, the bytes of round j and of
    all later ones cannot have left before `set-up + j·R + (size - W(2**j - 1))/r`, for every round j that the transfer
    needs; the latest of these bounds is met. It grows with j as long as `W·2**j < r·R`, so that the number of
    rounds that count is the least of: those that the transfer fills, those of slow start, and those that fill r·R.

    Args:
        size: bytes.
        rate: bytes/s of the narrowest link of the path.
        terms: of the transport.
    """
    if size <= 0.0:
        return 0.0
    speed = min(rate, terms.cap)
    if terms.rounds == 0 or terms.window >= size:
        return terms.setup + size / speed
    filled = rounds_to_fill(terms.window, size + terms.window) - 1
    rounds = min(filled, terms.rounds, rounds_to_fill(terms.window, speed * terms.round_trip))
    sent = ldexp(terms.window, rounds) - terms.window
    return terms.setup + rounds * terms.round_trip + (size - sent) / speed
