"""Access links: the last mile of each device, by numbers or by the name of a preset.

A device's rates are constant, or follow a capacity over time of its own (`paasim.link.capacity`).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Self

import numpy as np
from pydantic import BeforeValidator, SerializerFunctionWrapHandler, model_serializer, model_validator

from paasim.core.errors import did_you_mean
from paasim.core.spec import Spec
from paasim.core.units import Bandwidth, Duration, Share
from paasim.link.curve import Curve
from paasim.link.presets import PRESETS, AccessPreset, as_written
from paasim.link.varying import AnyCapacity, AnyJitter

__all__ = ["PRESETS", "Access", "AccessPreset", "AccessSpec", "AnyAccess"]


class Access:
    """The access link of one device, at one link. Flows of that device share it; compared by identity."""

    __slots__ = ("backward", "backward_curve", "forward", "forward_curve", "jitter", "loss", "rtt")

    def __init__(self, forward: float, backward: float, rtt: float) -> None:
        self.forward = forward
        """Bytes per second for flows from the link's first site to its second; the mean where it changes."""
        self.backward = backward
        """Bytes per second for flows from the second site to the first; the mean where it changes."""
        self.rtt = rtt
        """Seconds that it adds to the round trip."""
        self.forward_curve: Curve | None = None
        """The forward rate over time; None where it is constant."""
        self.backward_curve: Curve | None = None
        """The backward rate over time; None where it is constant."""
        self.jitter: Callable[[], float] | None = None
        """Draws the delay of a transfer beyond half the round trip, seconds; None: there is none."""
        self.loss = 0.0
        """Share of packets that are lost."""


class AccessSpec(Spec):
    """The last mile of every device at the site: rates down to it and up from it, and the round trip that it adds."""

    preset: str | None = None
    """A network by name; what is given besides replaces its figures."""
    down: Bandwidth | None = None
    """Rate towards the device; with `down_capacity`, the most that it may be."""
    up: Bandwidth | None = None
    """Rate from the device; with `up_capacity`, the most that it may be."""
    rtt: Duration | None = None
    """Round trip that the last mile adds to that of the link."""
    down_capacity: AnyCapacity | None = None
    """Rate towards the device over time; each device has its own."""
    up_capacity: AnyCapacity | None = None
    """Rate from the device over time."""
    jitter: AnyJitter | None = None
    """Delay of each transfer beyond half the round trip."""
    loss: Share = 0.0
    """Share of packets that are lost."""

    @model_validator(mode="before")
    @classmethod
    def _from_preset(cls, value: Any) -> Any:
        """What a preset has besides constant rates, where nothing else is written."""
        preset = PRESETS.get(str(value.get("preset"))) if isinstance(value, dict) else None
        if preset is None:
            return value
        found = dict(value)
        for name in ("down", "up"):
            block = preset.capacity(name)
            if block and value.get(name) is None and value.get(f"{name}_capacity") is None:
                found[f"{name}_capacity"] = block
        if preset.jitter and value.get("jitter") is None:
            found["jitter"] = {"kind": "quantiles", **preset.jitter}
        return found

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if self.preset is not None and self.preset not in PRESETS:
            raise ValueError(f"unknown access preset '{self.preset}'; {did_you_mean(self.preset, PRESETS)}")
        given = {"down": self.down or self.down_capacity, "up": self.up or self.up_capacity, "rtt": self.rtt}
        missing = [name for name, value in given.items() if value is None]
        if self.preset is None and missing:
            example = "{down: 300 Mbps, up: 50 Mbps, rtt: 10 ms} or {preset: home-fibre}"
            raise ValueError(f"needs {', '.join(missing)}; write e.g. {example}")
        return self

    @model_serializer(mode="wrap")
    def _written(self, handler: SerializerFunctionWrapHandler):  # type: ignore[no-untyped-def]
        """As it was written; without a return type, since the JSON schema would then be of that type."""
        return as_written(self, handler(self), self.preset, ("down_capacity", "up_capacity", "jitter"))

    @property
    def is_plain(self) -> bool:
        """Whether constant rates and a round trip say all about it."""
        return self.down_capacity is None and self.up_capacity is None and self.jitter is None

    @property
    def round_trip(self) -> float:
        """Seconds that it adds to the round trip."""
        preset = PRESETS.get(self.preset or "")
        return self.rtt if self.rtt is not None else 0.0 if preset is None else preset.rtt

    def figures(self, base: Path | None = None) -> tuple[float, float, float]:
        """Rate down and rate up in bits per second, round trip in seconds, with the preset filled in.

        Where a rate changes over time, its mean (of what it would be without the limit that `down` or `up` sets, but
        not above that).
        """
        preset = PRESETS.get(self.preset or "", AccessPreset(0.0, 0.0, 0.0, "", ""))
        return (
            _figure(self.down, self.down_capacity, preset.down, base),
            _figure(self.up, self.up_capacity, preset.up, base),
            self.round_trip,
        )

    def build(self, towards_device: bool, rng: np.random.Generator | None = None, base: Path | None = None) -> Access:
        """The access link of one device.

        Args:
            towards_device: whether the link's forward direction leads to the device.
            rng: the device's own stream, for what changes by chance; without it rates stay at their means.
            base: folder that relative paths of traces start from.

        Raises:
            InputError: if a file of a trace or a network is missing or wrong.
        """
        down, up, rtt = self.figures(base)
        access = Access(down / 8, up / 8, rtt) if towards_device else Access(up / 8, down / 8, rtt)
        access.loss = self.loss
        if rng is not None and (self.down_capacity or self.up_capacity or self.jitter):
            streams = rng.spawn(3)
            curves = [
                None if capacity is None else capacity.build(stream, None if most is None else most / 8, base)
                for capacity, stream, most in zip(
                    (self.down_capacity, self.up_capacity), streams, (self.down, self.up), strict=False
                )
            ]
            access.forward_curve, access.backward_curve = curves if towards_device else reversed(curves)
            access.jitter = None if self.jitter is None else self.jitter.build(streams[2])
        return access


def _figure(most: float | None, capacity: AnyCapacity | None, otherwise: float, base: Path | None) -> float:
    """A rate in bit/s."""
    if capacity is None:
        return otherwise if most is None else most
    mean = 8 * capacity.mean(base)
    return mean if most is None else min(mean, most)


def _preset_by_name(value: Any) -> Any:
    return {"preset": value} if isinstance(value, str) else value


AnyAccess = Annotated[AccessSpec, BeforeValidator(_preset_by_name)]
"""An access block, or just the name of a preset."""
