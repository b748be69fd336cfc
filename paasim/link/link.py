"""What a link is to the rest: full-duplex, with a rate each way, a round trip and, where devices sit, a last mile."""

from __future__ import annotations

from math import inf
from typing import ClassVar, Protocol, Self

from pydantic import Field, model_validator

from paasim.core.kernel import Environment, Moment
from paasim.core.release import Feed, Release
from paasim.core.spec import Spec
from paasim.core.units import Bandwidth, Duration, PricePerByte, Share
from paasim.link.access import Access, AnyAccess
from paasim.link.channel import Channel
from paasim.link.transport.transport import TransportSpec
from paasim.link.transports import AnyTransport


class Link(Protocol):
    """A link at work. Rates are bytes/s; `forward` is from the first site of `between` to the second."""

    name: str
    rtt: float

    def transfer(self, size: float, release: Release | Feed, forward: bool, access: Access | None = None) -> Moment:
        """Send bytes as they become ready, through the access link of a device if there is one.

        Args:
            size: bytes in all; with a feed they are not known before it is closed, and this is not looked at.
            release: when they become ready: a staircase known beforehand, or a feed.
            forward: which way.
            access: of the device at one end.

        Returns:
            An event that fires when the last byte arrives (half a round trip after it left); its value is the time
            at which the first byte left.
        """

    def cancel(self, event: Moment, forward: bool) -> float:
        """Give up the transfer with this event, which will not happen.

        Returns:
            Bytes that were sent; infinite if all had left, and only the event is still to come.
        """

    def latency(self, size: float, forward: bool, access: Access | None = None) -> float:
        """Seconds that a small message takes: half a round trip and `size` over the rate of the path.

        For prompt text and tokens: their flows are so short that they are not shared with others. This is an
        assumption, good where `size` is far below what the link carries per round trip.
        """

    def unsent(self, event: Moment) -> float:
        """Bytes of a transfer under way that are ready and have not left; asked of transfers told by a feed only."""

    def share(self, forward: bool, access: Access | None = None, event: Moment | None = None) -> float:
        """Bytes/s that one more flow would get now, if all flows under way kept sending. For routers and codecs.

        With the event of a transfer under way: what it would get if it kept sending.
        """

    def totals(self, now: float) -> dict[str, float]:
        """What was carried up to `now`, the present.

        `busy` (seconds of full capacity used, which is bytes over capacity), `bytes`, the same `_backward`, and
        `flows` (time integral of the number of transfers under way, both directions).
        """


class BackgroundSpec(Spec):
    """Traffic of others on a link, the same both ways."""

    rate: Bandwidth | None = None
    """What they send whatever happens (it does not yield): so much less is left."""
    flows: float = Field(default=0.0, ge=0, le=1_000_000)
    """Transfers of theirs that always have something to send: each takes an even share of a full link."""


class LinkSpec(Spec):
    """Base of every kind of link."""

    is_shared: ClassVar[bool] = True
    """Whether transfers share its rate."""

    between: tuple[str, str]
    """The two sites that it joins (one site twice: a link inside the site). Forward is from the first to the second."""
    bandwidth: Bandwidth
    """Rate forward, and backward where `backward_bandwidth` is not given."""
    backward_bandwidth: Bandwidth | None = None
    """Rate from the second site to the first, if it is another one."""
    rtt: Duration
    """Round-trip time; every message takes half of it besides its bytes."""
    access: AnyAccess | None = None
    """The last mile of each device, where one of the sites is a fleet; without it the link alone binds devices."""
    transport: AnyTransport | None = None
    """How senders fill the link: a kind by name (`tcp`, `bbr`, `rdma`, `ideal`) or a block; left out, at its rate."""
    loss: Share = 0.0
    """Share of packets that are lost for other reasons than a full link, such as `0.01 %`; what the transport minds."""
    background: BackgroundSpec | None = None
    """Traffic of others."""
    price: PricePerByte = 0.0
    """Price per volume sent, either way."""

    @model_validator(mode="after")
    def _suits_its_transport(self) -> Self:
        rtt = self.rtt + (0.0 if self.access is None else self.access.figures()[2])
        if self.transport is not None and (fault := self.transport.fault(rtt, 0.0)):
            raise ValueError(fault)
        return self

    @model_validator(mode="after")
    def _leaves_room(self) -> Self:
        if self.background is not None and not self.is_shared:
            raise ValueError("background has no meaning on a link that is not shared; leave it out")
        if self.background is not None and (self.background.rate or 0.0) >= 8 * min(self.rates()):
            raise ValueError("background takes all of the rate; give less than the bandwidth, or flows that share it")
        return self

    def rates(self) -> tuple[float, float]:
        """Bytes per second forward and backward."""
        backward = self.bandwidth if self.backward_bandwidth is None else self.backward_bandwidth
        return self.bandwidth / 8, backward / 8

    @property
    def is_plain(self) -> bool:
        """Whether its transfers are fully described by a constant rate that they share, and a round trip."""
        return self.sender() is None and self.background is None

    def sender(self) -> TransportSpec | None:
        """The transport of transfers over it; None if they fill it at once, at its rate."""
        return self.transport

    def channels(self, name: str) -> tuple[Channel, Channel]:
        """Forward and backward, as the mesh knows them."""
        others = self.background or BackgroundSpec()
        found = []
        for way, rate in zip(("", " backward"), self.rates(), strict=True):
            capacity = rate - (others.rate or 0.0) / 8 if self.is_shared else inf
            found.append(Channel(name + way, capacity, None, others.flows))
        return found[0], found[1]

    def device_access(self, site: str) -> Access | None:
        """The access link of one device at `site`, a new one for each device; None if the link has no last mile."""
        return None if self.access is None else self.access.build(towards_device=site == self.between[1])

    def build(self, env: Environment, name: str) -> Link:
        """Make the link."""
        raise TypeError(f"{type(self).__name__} does not say how to build its link")
