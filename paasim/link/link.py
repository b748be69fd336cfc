"""What a link is to a scenario: full-duplex, with a rate each way, a round trip and, where devices sit, a last mile."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from paasim.core.errors import did_you_mean
from paasim.core.kernel import Environment
from paasim.core.spec import Spec
from paasim.core.units import Bandwidth, Duration, PricePerByte, Share
from paasim.link.access import Access, AnyAccess
from paasim.link.curve import Curve
from paasim.link.mesh.channel import Channel
from paasim.link.outages.pauses import paused
from paasim.link.plain.duplex import DuplexLink
from paasim.link.presets import PRESETS, as_written
from paasim.link.transport.transport import TransportSpec
from paasim.link.transports import AnyTransport
from paasim.link.varying import AnyCapacity, AnyJitter, AnyOutages


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
    preset: str | None = None
    """A network by name, forward being down; what is given besides replaces its figures."""
    bandwidth: Bandwidth
    """Rate forward, and backward where `backward_bandwidth` is not given; with `capacity`, the most that it may be."""
    backward_bandwidth: Bandwidth | None = None
    """Rate from the second site to the first, if it is another one."""
    rtt: Duration
    """Round-trip time; every message takes half of it besides its bytes."""
    capacity: AnyCapacity | None = None
    """Rate forward over time; `bandwidth` still limits it. A name stands for a fitted process."""
    backward_capacity: AnyCapacity | None = None
    """Rate backward over time; without it that direction keeps its bandwidth."""
    outages: AnyOutages | None = None
    """When nothing passes either way: `[{at: 60 s, for: 10 s}]`, or by chance, `{every: 5 min, for: 10 s}`."""
    jitter: AnyJitter | None = None
    """Delay of each transfer beyond half a round trip: `{p50: 1 ms, p99: 20 ms}`, or a mean (exponential)."""
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
        rtt = self.rtt + (0.0 if self.access is None else self.access.round_trip)
        if self.transport is not None and (fault := self.transport.fault(rtt, 0.0)):
            raise ValueError(fault)
        return self

    @model_validator(mode="after")
    def _leaves_room(self) -> Self:
        for what in ("background", "capacity", "backward_capacity", "outages"):
            if getattr(self, what) is not None and not self.is_shared:
                raise ValueError(
                    f"{what} has no meaning on a link that is not shared; leave it out, or take kind: shared"
                )
        if self.background is not None and (self.background.rate or 0.0) >= 8 * min(self.rates()):
            raise ValueError("background takes all of the rate; give less than the bandwidth, or flows that share it")
        return self

    @model_validator(mode="before")
    @classmethod
    def _from_preset(cls, value: Any) -> Any:
        """Take what is not written from the preset."""
        if not isinstance(value, dict) or value.get("preset") is None:
            return value
        preset = PRESETS.get(str(value["preset"]))
        if preset is None:
            raise ValueError(f"unknown preset '{value['preset']}'; {did_you_mean(str(value['preset']), PRESETS)}")
        return {**preset.link(), **{name: given for name, given in value.items() if given is not None}}

    @model_serializer(mode="wrap")
    def _written(self, handler: SerializerFunctionWrapHandler):  # type: ignore[no-untyped-def]
        """As it was written; without a return type, since the JSON schema would then be of that type."""
        filled = PRESETS[self.preset].link() if self.preset in PRESETS else {}
        return as_written(self, handler(self), self.preset, filled, between=self.between)

    def rates(self) -> tuple[float, float]:
        """Bytes per second forward and backward."""
        backward = self.bandwidth if self.backward_bandwidth is None else self.backward_bandwidth
        return self.bandwidth / 8, backward / 8

    @property
    def is_plain(self) -> bool:
        """Whether a constant rate that transfers share, and a round trip, say all about it."""
        extras = (self.sender(), self.background, self.capacity, self.backward_capacity, self.outages, self.jitter)
        return all(each is None for each in extras) and (self.access is None or self.access.is_plain)

    def sender(self) -> TransportSpec | None:
        """The transport of transfers over it; None if they fill it at once, at its rate."""
        return self.transport

    def channels(
        self, streams: Callable[[str], np.random.Generator], name: str, base: Path | None = None
    ) -> tuple[Channel, Channel]:
        """Forward and backward, as the mesh knows them; the arguments are those of `curves`."""
        others = self.background or BackgroundSpec()
        taken = (others.rate or 0.0) / 8
        found = []
        for way, rate, curve in zip(("", " backward"), self.rates(), self.curves(streams, name, base), strict=True):
            left = curve if curve is None or not taken else curve.lowered(taken)
            found.append(Channel(name + way, rate - taken if self.is_shared else inf, left, others.flows))
        return found[0], found[1]

    def curves(
        self, streams: Callable[[str], np.random.Generator], name: str, base: Path | None = None
    ) -> tuple[Curve | None, Curve | None]:
        """The rates over time forward and backward, with limits and outages; None where a rate is constant.

        Args:
            streams: gives the random stream of a purpose, as `Streams.get`.
            name: of the link; purposes are `link.NAME.capacity.forward`, `...backward` and `link.NAME.outages`.
            base: folder that relative paths of traces start from.

        Raises:
            InputError: if a file of a trace or a network is missing or wrong.
        """
        # Both directions are out at the same times: the same outages are drawn for each, from a stream of one seed.
        seed = 0 if self.outages is None else int(streams(f"link.{name}.outages").integers(2**63))
        found: list[Curve | None] = []
        for direction, capacity, limit in zip(
            ("forward", "backward"), (self.capacity, self.backward_capacity), self.rates(), strict=True
        ):
            curve = None
            if capacity is not None:
                curve = capacity.build(streams(f"link.{name}.capacity.{direction}"), limit, base)
            if self.outages is not None:
                times = self.outages.times(np.random.Generator(np.random.PCG64(seed)))
                curve = paused(Curve.constant(limit) if curve is None else curve, times)
            found.append(curve)
        return found[0], found[1]

    def device_access(
        self, site: str, rng: np.random.Generator | None = None, base: Path | None = None
    ) -> Access | None:
        """The access link of one device at `site`, a new one for each device; None if the link has no last mile.

        Args:
            site: where the device is.
            rng: the device's stream, `link.NAME.access.DEVICE`; without it rates that change stay at their means.
            base: folder that relative paths of traces start from.
        """
        return None if self.access is None else self.access.build(site == self.between[1], rng, base)

    def build(self, env: Environment, name: str) -> DuplexLink:
        """Make the link, if it is plain; others are in the mesh."""
        raise TypeError(f"{type(self).__name__} does not say how to build its link")
