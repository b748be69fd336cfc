"""What transports over connections have in common: set-up, slow start, windows, several connections, requests.

Handshakes take whole round trips. Slow start doubles the window each round trip from RFC 6928's initial one and ends
where the least of the bandwidth-delay product, the receive window and the window that loss allows is reached; all
connections of a transfer start together and carry equal parts.

A kept connection pays no handshake. What its window is after a pause is another matter: RFC 5681 §4.1 sets it back to
the restart window after an idle retransmission time-out, RFC 2861 halves it for each time-out (Linux's default,
`tcp_slow_start_after_idle`), RFC 7661 lets it stay for up to five minutes. `after_idle` chooses between the ends.
"""

from __future__ import annotations

from math import inf
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator

from paasim.core.units import TIME, Size
from paasim.link.transport.sender import SenderSpec
from paasim.link.transport.terms import Terms, last_byte, rounds_to_fill

HANDSHAKES = {"fast-open": 0, "tcp": 1, "tls": 2, "tls-1.2": 3}
"""Round trips before the first byte of payload: RFC 7413; RFC 9293 §3.5; with TLS 1.3 (RFC 8446 §2); with TLS 1.2 (RFC
5246 §7.3)."""


_ALWAYS = TIME.most


def _reuse(value: Any) -> float | None:
    if value is None or value == "never":
        return None
    return _ALWAYS if value == "always" else TIME.parse(value)


def _reuse_text(value: float | None) -> str:
    return "never" if value is None else "always" if value >= _ALWAYS else TIME.format(value)


Reuse = Annotated[
    float | None,
    Field(ge=0),
    BeforeValidator(_reuse),
    PlainSerializer(_reuse_text),
    WithJsonSchema({"type": "string", "description": "never, always, or a duration", "examples": ["never", "30 s"]}),
]
"""How long connections are kept, s; None: not at all. Written as `never`, `always`, or a duration."""


class ConnectionSpec(SenderSpec):
    """Base of transports over connections."""

    connections: int = Field(default=1, ge=1, le=100_000)
    """Connections that carry a transfer side by side; n of them have n windows, and n shares of a full link."""
    receive_window: Size | None = None
    """Bytes per connection that may be unacknowledged (buffers of both ends); left out, they never bind."""
    initial_window: Size | None = None
    """First window of a connection; left out, that of RFC 6928: `min(10 mss, max(2 mss, 14600 B))`."""
    mss: Size = Field(default=1460.0, gt=0)
    """Payload per segment."""
    handshake: Literal["tcp", "tls", "tls-1.2", "fast-open"] = "tcp"
    """Set-up of a new connection: one round trip, two with TLS 1.3, three with TLS 1.2, none with fast open."""
    reuse: Reuse = None
    """How long connections are kept after a transfer: `never`, `always`, or a time since the path was last used."""
    after_idle: Literal["keep", "restart"] = "keep"
    """Window of a kept connection: as it was (RFC 7661), or the initial one again (RFC 5681 §4.1)."""
    slow_start: bool = True
    """Whether windows start small; if not, only set-up and caps are left."""
    slice: Size | None = Field(default=None, gt=0)
    """Bytes per request where the sender cuts a transfer into requests, one after the other on each connection."""
    next_slice: Literal["answered", "connected"] = "answered"
    """When a connection goes on: once a slice is acknowledged, or once a new connection for the next is open."""

    @model_validator(mode="after")
    def _windows_hold_a_segment(self) -> Self:
        for name, window in (("receive_window", self.receive_window), ("initial_window", self.initial_window)):
            if window is not None and window < self.mss:
                raise ValueError(f"{name} of {window:g} B is less than one segment ({self.mss:g} B); write e.g. 4 MiB")
        return self

    @property
    def first_window(self) -> float:
        """Bytes that one connection may send in its first round trip (RFC 6928 §2)."""
        initial = self.initial_window
        if initial is None:
            initial = min(10 * self.mss, max(2 * self.mss, 14600.0))
        return initial if self.receive_window is None else min(initial, self.receive_window)

    def is_warm(self, idle: float) -> bool:
        """Whether connections are kept for that long."""
        return self.reuse is not None and idle <= self.reuse

    def fault(self, rtt: float, loss: float) -> str:
        """Connections need a round trip, and packets that arrive."""
        if not 0.0 < rtt < inf:
            return f"{self._kind} needs a round trip above zero, not {rtt:g} s; give the link an rtt, or take 'ideal'"
        if not 0.0 <= loss < 1.0:
            return f"with a loss of {100 * loss:g} % nothing arrives over {self._kind}; give a share in [0, 1)"
        return ""

    @property
    def _kind(self) -> str:
        return str(getattr(self, "kind", "a connection"))

    def loss_cap(self, rtt: float, loss: float) -> float:
        """Bytes/s of one connection that loss allows."""
        return inf

    def terms(self, rtt: float, rate: float, loss: float, warm: bool = False) -> Terms:
        """Set-up, slow start and the least cap, for all connections together."""
        self.refuse_faults(rtt, loss)
        window = inf if self.receive_window is None else self.receive_window / rtt
        caps = [(self.connections * window, "window"), (self.connections * self.loss_cap(rtt, loss), "loss")]
        setup = 0.0 if warm else HANDSHAKES[self.handshake] * rtt
        is_open = (warm and self.after_idle == "keep") or not self.slow_start
        plain = self._terms(self.slowest(*caps), rtt, rate, setup, is_open)
        if self.slice is None:
            return plain
        if self.reuse is not None:
            slices = (self._kept_cap(self.slice, plain, rate), "slices")
            return self._terms(min((plain.cap, plain.limit), slices), rtt, rate, setup, is_open)
        return self._anew(self.slice, plain, rate)

    def _terms(self, cap: tuple[float, str], rtt: float, rate: float, setup: float, is_open: bool) -> Terms:
        """Terms under a cap (bytes/s, name), without slices; no slow start if the window `is_open` at once."""
        first = self.connections * self.first_window
        rounds = 0 if is_open else rounds_to_fill(first, min(rate, cap[0]) * rtt)
        return Terms(setup, first if rounds else inf, rounds, rtt, cap[0], float(self.connections), cap[1])

    def _kept_cap(self, size: float, plain: Terms, rate: float) -> float:
        """Bytes/s in slices of `size` over connections that stay open: each waits a round trip for its answer, if so.

        `n · size / (size / share + RTT)`, the share being that of one connection in what the path carries.
        """
        share = min(rate, plain.cap) / self.connections
        answer = plain.round_trip if self.next_slice == "answered" else 0.0
        return inf if answer == 0.0 else self.connections * size / (size / share + answer)

    def _anew(self, size: float, plain: Terms, rate: float) -> Terms:
        """Terms in slices of `size` of which each has a new connection (`reuse: never`).

        `answered`: a connection's turn is its set-up, slow start and bytes at an equal share of the path, and a round
        trip for the last byte and its answer; then comes the next. `connected`: the next set-up starts when this one
        is done, whatever is still on its way, so that a turn is a set-up; slow start counts once, for the last slice.
        A fluid: slices are taken to be many, and a transfer that ends within a turn takes its part of it.
        """
        lanes = self.connections
        share = min(rate, plain.cap) / lanes
        alone = last_byte(size, share, plain._replace(window=plain.window / lanes, cap=share))
        turn = plain.setup if self.next_slice == "connected" else alone + plain.round_trip
        cap = lanes * size / turn if turn > 0.0 else inf
        if cap >= lanes * share:
            return plain
        setup = max(plain.setup, alone - turn) if self.next_slice == "connected" else plain.setup
        return Terms(setup, inf, 0, plain.round_trip, cap, plain.weight, "slices")
