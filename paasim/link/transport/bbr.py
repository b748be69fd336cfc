"""TCP or QUIC with BBR."""

from __future__ import annotations

from math import inf
from typing import Literal

from pydantic import Field

from paasim.link.transport.connection import ConnectionSpec
from paasim.link.transport.loss import loss_rate


class BbrSpec(ConnectionSpec):
    """BBR: start-up doubles the rate per round trip, then the path's own rate whatever is lost, up to a threshold.

    Cardwell et al., "BBR: Congestion-Based Congestion Control", 2016; draft-ietf-ccwg-bbr: a start-up gain of 4 ln 2
    doubles what is delivered per round; afterwards twice the bandwidth-delay product may be in flight, which does not
    bind a flow alone. Above `loss_threshold` it is taken to back off as CUBIC does: an assumption, since the draft
    has no closed form there. Probing (round trips below the full rate, 1.25 times above it) is left out.
    """

    kind: Literal["bbr"] = "bbr"
    loss_threshold: float = Field(default=0.02, ge=0, lt=1)
    """Share of packets lost that it takes for congestion: 2 % in the draft (BBR.LossThresh); BBRv1 bears about 20 %."""

    def loss_cap(self, rtt: float, loss: float) -> float:
        """None up to the threshold, CUBIC's above it."""
        return inf if loss <= self.loss_threshold else loss_rate("cubic", loss, rtt, self.mss)
