"""Access links: the last mile of each device, by numbers or by the name of a published median.

Presets are `estimated`: a median over many lines and places, taken as a constant rate; what varies over time and from
user to user is left out. Published round trips are pings to a nearby server: they hold the last mile and the metro
network, and are added to the round trip of the link.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, model_validator

from paasim.core.errors import did_you_mean
from paasim.core.spec import Spec
from paasim.core.units import Bandwidth, Duration


@dataclass(frozen=True)
class AccessPreset:
    """A published access network. Rates in bits per second, times in seconds."""

    down: float
    up: float
    rtt: float
    source: str
    note: str
    provenance: str = "estimated"


PRESETS: Mapping[str, AccessPreset] = {
    "home-fibre": AccessPreset(
        369.39e6,
        309.28e6,
        13e-3,
        "https://www.rcrwireless.com/20260203/5g/ookla (Ookla, AT&T Fiber, second half of 2025)",
        "medians; no ping is given for fibre: that of all fixed lines in the US stands in, an upper estimate",
    ),
    "fixed-broadband": AccessPreset(
        213.75e6,
        23.71e6,
        13e-3,
        "https://www.tvtechnology.com (Ookla, US fixed lines, third quarter of 2023)",
        "country medians over cable, fibre and DSL",
    ),
    "5g": AccessPreset(
        309.41e6,
        13.57e6,
        44e-3,
        "https://www.rcrwireless.com/20260203/5g/ookla (Ookla, T-Mobile US 5G, second half of 2025)",
        "medians, multi-server ping",
    ),
    "us-mobile": AccessPreset(
        97.09e6,
        9.01e6,
        31e-3,
        "https://www.tvtechnology.com (Ookla, US mobile of all technologies, third quarter of 2023)",
        "country medians",
    ),
    "lte": AccessPreset(
        175e6,
        9.01e6,
        21e-3,
        "https://github.com/SIGCOMM21-5G/artifact (Verizon LTE, servers within 100 km, 2020-21)",
        "median downlink and ping of tests over several connections at a standstill; uplink: that of us-mobile",
    ),
    "wifi": AccessPreset(
        800e6,
        800e6,
        10e-3,
        "https://arxiv.org/abs/2311.05499 (rate); 'Experimental evaluation of IEEE 802.11ax' (delay)",
        "access rate from which on Wi-Fi was always the bottleneck in 13,000 home tests; 99th percentile of delay",
    ),
}
"""Access networks by name."""


class Access:
    """The access link of one device, at one link. Flows of that device share it; compared by identity."""

    __slots__ = ("backward", "forward", "rtt")

    def __init__(self, forward: float, backward: float, rtt: float) -> None:
        self.forward = forward
        """Bytes per second for flows from the link's first site to its second."""
        self.backward = backward
        """Bytes per second for flows from the second site to the first."""
        self.rtt = rtt
        """Seconds that it adds to the round trip."""


class AccessSpec(Spec):
    """The last mile of every device at the site: rates down to it and up from it, and the round trip that it adds."""

    preset: str | None = None
    """A published access network by name; what is given besides replaces its figures."""
    down: Bandwidth | None = None
    """Rate towards the device."""
    up: Bandwidth | None = None
    """Rate from the device."""
    rtt: Duration | None = None
    """Round trip that the last mile adds to that of the link."""

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if self.preset is not None and self.preset not in PRESETS:
            raise ValueError(f"unknown access preset '{self.preset}'; {did_you_mean(self.preset, PRESETS)}")
        missing = [name for name in ("down", "up", "rtt") if getattr(self, name) is None]
        if self.preset is None and missing:
            example = "{down: 300 Mbps, up: 50 Mbps, rtt: 10 ms} or {preset: home-fibre}"
            raise ValueError(f"needs {', '.join(missing)}; write e.g. {example}")
        return self

    def figures(self) -> tuple[float, float, float]:
        """Rate down and rate up in bits per second, round trip in seconds, with the preset filled in."""
        preset = PRESETS.get(self.preset or "", AccessPreset(0.0, 0.0, 0.0, "", ""))
        return (
            preset.down if self.down is None else self.down,
            preset.up if self.up is None else self.up,
            preset.rtt if self.rtt is None else self.rtt,
        )

    def build(self, towards_device: bool) -> Access:
        """The access link of one device.

        Args:
            towards_device: whether the link's forward direction leads to the device.
        """
        down, up, rtt = self.figures()
        return Access(down / 8, up / 8, rtt) if towards_device else Access(up / 8, down / 8, rtt)


def _preset_by_name(value: Any) -> Any:
    return {"preset": value} if isinstance(value, str) else value


AnyAccess = Annotated[AccessSpec, BeforeValidator(_preset_by_name)]
"""An access block, or just the name of a preset."""
