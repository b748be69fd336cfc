"""The fabric of a datacenter: a link for transfers by the network card."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from paasim.core.kernel import Environment
from paasim.core.units import Duration
from paasim.link.link import LinkSpec
from paasim.link.plain.duplex import DuplexLink
from paasim.link.transport.rdma import RdmaTransportSpec
from paasim.link.transport.terms import Terms
from paasim.link.transport.transport import TransportSpec


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

    @model_validator(mode="after")
    def _has_no_other_transport(self) -> Self:
        if self.transport is not None:
            raise ValueError("an rdma link has its own transport; leave 'transport' out, or take kind: shared")
        return self

    def sender(self) -> TransportSpec:
        """The fixed cost as a set-up; nothing else binds."""
        return RdmaTransportSpec.model_construct(fixed=self.fixed)  # a number, where users write text

    def terms(self) -> Terms:
        """On which terms a transfer goes."""
        return self.sender().terms(self.rtt, self.rates()[0], self.loss)

    def build(self, env: Environment, name: str) -> DuplexLink:
        """Make the link, without the fixed cost: that is the mesh's."""
        return DuplexLink(env, name, self.rates(), self.rtt, shared=True)
