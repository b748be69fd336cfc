"""TCP with loss-based congestion control."""

from __future__ import annotations

from typing import Literal

from paasim.link.transport.connection import ConnectionSpec
from paasim.link.transport.loss import Congestion, loss_rate


class TcpSpec(ConnectionSpec):
    """TCP: handshake, slow start, receive window, and the rate that random loss leaves to CUBIC or Reno.

    Rate of n connections: `n · min(receive window / RTT, loss rate)`, at most what the end hosts and the path carry.
    """

    kind: Literal["tcp"] = "tcp"
    congestion: Congestion = "cubic"
    """What loss does to the window: CUBIC (RFC 9438) or Reno (Mathis et al. 1997)."""

    def loss_cap(self, rtt: float, loss: float) -> float:
        """Bytes/s of one connection that loss allows (`paasim.link.transport.loss`)."""
        return loss_rate(self.congestion, loss, rtt, self.mss)
