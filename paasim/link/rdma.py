"""The fabric of a datacenter: a link for transfers by the network card."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from paasim.core.kernel import Environment
from paasim.core.units import Duration
from paasim.link.duplex import DuplexLink
from paasim.link.link import Link, LinkSpec
from paasim.link.transport.terms import Terms


class RdmaLinkSpec(LinkSpec):
    """A shared link of an RDMA fabric: a payload share of its rate, and a fixed cost per transfer.

    `time = fixed + bytes / (efficiency · bandwidth)` for a transfer alone. Both figures differ widely between engines
    on the same cards (0.71 to 0.99 of the rate measured), so neither has a default; docs: fidelity, Network transfers.
    """

    kind: Literal["rdma"] = "rdma"
    efficiency: float = Field(gt=0, le=1)
    """Payload share of the rate that transfers reach, headers and idle cards counted; 0.97 for one 100G RoCE card."""
    fixed: Duration
    """Seconds per transfer besides its bytes: posting, descriptors, completion."""

    def rates(self) -> tuple[float, float]:
        """Bytes of payload per second forward and backward."""
        forward, backward = super().rates()
        return forward * self.efficiency, backward * self.efficiency

    def terms(self) -> Terms:
        """The fixed cost as a set-up; nothing else binds."""
        return Terms(setup=self.fixed, round_trip=self.rtt)

    def build(self, env: Environment, name: str) -> Link:
        """Make the link; who sends over it adds the set-up of `terms`."""
        return DuplexLink(env, name, self.rates(), self.rtt, shared=True)
