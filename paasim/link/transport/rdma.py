"""One-sided transfers by the network card (InfiniBand, RoCE)."""

from __future__ import annotations

from typing import Literal

from paasim.core.units import Duration
from paasim.link.transport.sender import SenderSpec
from paasim.link.transport.terms import Terms


class RdmaTransportSpec(SenderSpec):
    """RDMA: a fixed cost per transfer, then the full rate at once; no slow start and no window.

    `time = fixed + bytes / rate`, which measured transfers follow (docs: fidelity, Network transfers). Fabrics are
    lossless (credits, or priority flow control): a link with loss is refused. Left out: what congested switches do.
    """

    kind: Literal["rdma"] = "rdma"
    fixed: Duration = 0.0
    """Seconds per transfer besides its bytes: posting, descriptors, completion."""

    def fault(self, rtt: float, loss: float) -> str:
        """Loss is refused."""
        return "" if loss == 0.0 else f"rdma needs a lossless link, not a loss of {100 * loss:g} %; take tcp or bbr"

    def terms(self, rtt: float, rate: float, loss: float, warm: bool = False) -> Terms:
        """The fixed cost, and the cap of the end hosts."""
        self.refuse_faults(rtt, loss)
        cap, limit = self.slowest()
        return Terms(setup=self.fixed, round_trip=rtt, cap=cap, limit=limit)
