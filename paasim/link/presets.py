"""Networks by name: published medians, and processes fitted to measured traces, for links and for access links.

Medians over many lines and places are taken as constant rates: what varies over time and from user to user is left
out, and they are marked `estimated`. Processes (`profiles/networks`) vary as their traces do. Published round trips are
pings to a nearby server: they hold the last mile and the metro network, and are added to the round trip of the link.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from paasim.core.spec import Spec


@dataclass(frozen=True)
class AccessPreset:
    """A published network. Rates in bits per second, times in seconds; means where they vary over time."""

    down: float
    up: float
    rtt: float
    source: str
    note: str
    provenance: str = "estimated"
    """`estimated`, or `fitted` where the downlink is fitted to traces; the note says what is estimated all the same."""
    process: str = ""
    """The network whose downlink process the downlink follows, of those of `profiles/networks`."""
    up_process: str = ""
    """The network whose uplink process the uplink follows, or whose downlink, where it has no other."""
    jitter: Mapping[str, str] = field(default_factory=dict)
    """Quantiles of the delay beyond half the round trip, one way."""

    def capacity(self, towards: str) -> dict[str, Any] | None:
        """The `capacity` block of the direction `down` or `up`; None where the rate is constant."""
        from paasim.link.network.catalogue import load

        name = self.process if towards == "down" else self.up_process
        if not name:
            return None
        direction = "up" if towards == "up" and load(name).up is not None else "down"
        return {"kind": "process", "network": name, "direction": direction}

    def link(self) -> dict[str, Any]:
        """The fields of a link, forward being down: the bandwidth of a process is the most that it reaches."""
        fields: dict[str, Any] = {"rtt": f"{self.rtt} s"}
        for towards, rate, prefix in (("down", self.down, ""), ("up", self.up, "backward_")):
            if block := self.capacity(towards):
                fields[f"{prefix}capacity"] = block
                rate = _most(block)
            fields[f"{prefix}bandwidth"] = f"{rate} bps"
        if self.jitter:
            fields["jitter"] = {"kind": "quantiles", **self.jitter}
        return fields


def as_written(
    spec: Spec, data: dict[str, Any], preset: str | None, names: Iterable[str], **rest: Any
) -> dict[str, Any]:
    """A dump without what comes from the preset, so that another preset may take its place.

    Args:
        spec: what was dumped.
        data: its dump.
        preset: the name of its preset.
        names: the fields that a preset fills in.
        rest: what a spec needs besides a preset.
    """
    if preset is None or preset not in PRESETS:
        return data
    plain = type(spec).model_validate({"preset": preset, **rest})
    same = [name for name in names if getattr(spec, name) == getattr(plain, name)]
    return {name: value for name, value in data.items() if name not in same}


def _most(block: Mapping[str, Any]) -> float:
    """The highest rate of a process, bit/s."""
    from paasim.link.network.catalogue import load

    return 1e6 * load(block["network"]).process(block["direction"]).mbps[-1]


MEDIANS: Mapping[str, AccessPreset] = {
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
    "lte-median": AccessPreset(
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
"""Those with constant rates."""

SPEEDTESTS = "https://github.com/SIGCOMM21-5G/artifact (NW-Perf-Speedtest, Minneapolis, 2020-21)"
TRACES = "https://github.com/SIGCOMM21-5G/artifact (Lumous5G, published 2021)"
IRISH = "https://github.com/uccmisl/5Gdataset (2019-20)"
MAHIMAHI = "https://github.com/ravinet/mahimahi (published 2013)"
_IRISH_NOTE = "round trip and jitter of pings in " + IRISH

FITTED: Mapping[str, AccessPreset] = {
    "lte": AccessPreset(
        39.7e6,
        34.39e6,
        21e-3,
        f"downlink {TRACES}; uplink and round trip {SPEEDTESTS}",
        "downlink as 132 traces; uplink estimated: median of 144 tests of Verizon LTE, constant; ping within 100 km",
        "fitted",
        "lte",
    ),
    "5g-mmwave": AccessPreset(
        534.1e6,
        168.93e6,
        8e-3,
        f"downlink {TRACES}; uplink and round trip {SPEEDTESTS}",
        "downlink as 88 traces; uplink estimated: median of 147 tests of Verizon mmWave, constant; ping within 100 km",
        "fitted",
        "5g-mmwave",
    ),
    "5g-lowband": AccessPreset(
        64.6e6,
        13.57e6,
        66e-3,
        f"downlink and round trip {IRISH}; uplink https://www.rcrwireless.com/20260203/5g/ookla",
        "downlink as six recordings, some at rest, some driving; uplink estimated: median of T-Mobile US 5G, constant; "
        "pings during downloads: round trip their 10th percentile, jitter half of what is beyond it",
        "fitted",
        "5g-lowband",
        jitter={"p10": "0 ms", "p50": "2 ms", "p90": "7 ms", "p99": "49 ms"},
    ),
    "lte-driving": AccessPreset(
        6.49e6,
        2.43e6,
        68e-3,
        MAHIMAHI,
        f"both directions as traces of moving cars, drawn apart; estimated: {_IRISH_NOTE}, on LTE",
        "fitted",
        "lte-driving",
        "lte-driving",
        {"p10": "0 ms", "p50": "5 ms", "p90": "10.5 ms", "p99": "107 ms"},
    ),
    "3g": AccessPreset(
        1.22e6,
        0.842e6,
        83e-3,
        f"downlink https://github.com/confiwent/Real-world-bandwidth-traces (Norway, HSDPA); uplink {MAHIMAHI}",
        f"downlink as 45 traces; estimated: uplink of another 3G network (3g-evdo), {_IRISH_NOTE}, on HSPA+ (35 pings)",
        "fitted",
        "3g",
        "3g-evdo",
        {"p10": "0 ms", "p50": "18 ms", "p90": "31 ms", "p99": "82 ms"},
    ),
    "3g-evdo": AccessPreset(
        0.52e6,
        0.842e6,
        83e-3,
        MAHIMAHI,
        f"both directions as a trace of a moving car, drawn apart; estimated: {_IRISH_NOTE}, on HSPA+ (35 pings)",
        "fitted",
        "3g-evdo",
        "3g-evdo",
        {"p10": "0 ms", "p50": "18 ms", "p90": "31 ms", "p99": "82 ms"},
    ),
    "fcc-broadband": AccessPreset(
        1.38e6,
        0.153e6,
        13e-3,
        "https://github.com/confiwent/Real-world-bandwidth-traces (FCC, 2016); https://www.tvtechnology.com (Ookla)",
        "slow lines of 2016, as traces for video research have them; estimated: uplink in the proportion of the "
        "medians of fixed-broadband, constant, and its ping",
        "fitted",
        "fcc-broadband",
    ),
    "wan-inter-region": AccessPreset(
        4.95e9,
        4.95e9,
        0.1412,
        "https://github.com/skyplane-project/paper-demo (2023); https://github.com/ibm-cloud-docs/vpc (round trips)",
        "each link draws a rate per direction and keeps it; round trip: median of 156 pairs of another cloud's regions",
        "fitted",
        "wan-inter-region",
        "wan-inter-region",
    ),
}
"""Those that follow a process."""
PRESETS = {**MEDIANS, **FITTED}
"""All networks by name."""
