"""What end hosts make of a transfer: rates that their stacks reached, by numbers or by name, and a pace they set.

A 100 Gbps NIC does not mean 100 Gbps of payload: copies, system calls and posted descriptors cost time. A preset is
the rate that one transfer reached in a published measurement, on the hardware named there; elsewhere it is an estimate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Annotated, Any

from pydantic import BeforeValidator

from paasim.core.errors import did_you_mean
from paasim.core.units import BANDWIDTH, Bandwidth
from paasim.link.transport.transport import TransportSpec

_NIXL = (
    "https://llm-d.ai/blog/networking-for-distributed-inference-llm-d (nixlbench, 1 to 8 GB, two nodes with H100 "
    "and ConnectX-7 at 100 Gbps; H200 for 400 Gbps InfiniBand)"
)


@dataclass(frozen=True)
class HostPreset:
    """A measured end-host rate, bits per second of payload."""

    rate: float
    note: str
    source: str = _NIXL


HOSTS: Mapping[str, HostPreset] = {
    "tcp-gpu-uccl": HostPreset(4.8 * 8e9, "TCP, GPU to GPU, UCCL: 4.7 to 4.9 GB/s; the middle"),
    "tcp-gpu-ucx": HostPreset(0.55 * 8e9, "TCP, GPU to GPU, UCX"),
    "tcp-cpu-uccl": HostPreset(4.9 * 8e9, "TCP, host memory to host memory, UCCL"),
    "tcp-cpu-ucx": HostPreset(4.0 * 8e9, "TCP, host memory to host memory, UCX: about 4 GB/s"),
    "tcp-cpu-mooncake": HostPreset(3.5 * 8e9, "TCP, host memory to host memory, Mooncake: about 3.5 GB/s"),
    "roce-100g": HostPreset(12.1 * 8e9, "100 Gbps RoCE, any backend: 12.0 to 12.2 GB/s (97 %); the middle"),
    "ib-400g": HostPreset(49.5 * 8e9, "400 Gbps InfiniBand, UCCL or UCX (99 %)"),
    "ib-400g-mooncake": HostPreset(40.0 * 8e9, "400 Gbps InfiniBand, Mooncake: 38 to 42 GB/s; the middle"),
}
"""End hosts by name."""


def _host_by_name(value: Any) -> Any:
    if isinstance(value, str) and value.strip()[:1].isalpha():
        if value not in HOSTS:
            raise ValueError(f"unknown end host '{value}'; {did_you_mean(value, HOSTS)}")
        return BANDWIDTH.format(HOSTS[value].rate)
    return value


class SenderSpec(TransportSpec):
    """Base of transports whose end hosts may be slower than the path."""

    host: Annotated[Bandwidth, BeforeValidator(_host_by_name)] | None = None
    """What the end hosts' stacks carry at most per transfer: a rate, or a measured one by name (`tcp-cpu-ucx`)."""
    pace: Bandwidth | None = None
    """A rate per transfer that the sender does not exceed, to leave room for others."""

    def slowest(self, *others: tuple[float, str]) -> tuple[float, str]:
        """The least of other caps (bytes/s, name), of the end hosts and of the pace, with its name; (inf, "") if none.

        The first of equal ones counts.
        """
        host = inf if self.host is None else self.host / 8
        pace = inf if self.pace is None else self.pace / 8
        return min([(inf, ""), *others, (host, "host"), (pace, "pace")], key=lambda each: each[0])
