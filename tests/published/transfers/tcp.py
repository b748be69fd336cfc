"""Transfers over TCP: between datacenters, over 5G mmWave, and what end hosts make of 100 Gbps."""

from __future__ import annotations

from collections.abc import Iterator

from paasim.link.transport.loss import loss_for, window_for
from paasim.link.transport.sender import HOSTS
from paasim.link.transport.tcp import TcpSpec
from paasim.link.transport.terms import last_byte
from tests.published.transfers.row import Row, others

MIB = 2.0**20

# https://github.com/HarshavardhanK/Mooncake, prfaas/results/m1.5-vllm-baseline/stage0a/SUMMARY.md (f203e9b): write,
# blocks of 2 MB, 8 threads, batches of 32.
DALLAS_RTT = 29.748e-3
POOLED = 14.72e9
THREADS, BATCH, BLOCK = 8, 32, 2 * MIB
UNPOOLED, UNPOOLED_MEDIAN = 3.58e9, 1.13


def unpooled(piece: float = BLOCK) -> float:
    """Seconds that a batch of every thread takes without a pool, each piece over a connection of its own.

    Mooncake's TCP transport makes one slice of each block, whatever the slice size of its other transports, and opens
    its connection in the thread that submits, block after block, while earlier blocks are still on their way.
    """
    sender = TcpSpec(connections=THREADS, slice=f"{piece!r} B", next_slice="connected")
    terms = sender.terms(DALLAS_RTT, POOLED / 8, 0.0)
    return last_byte(THREADS * BATCH * BLOCK, POOLED / 8, terms)


def dallas() -> Iterator[Row]:
    """The same benchmark without its connection pool, given the rate with it."""
    volume = THREADS * BATCH * BLOCK * 8
    note = "pooled 14.7 Gbps; RTT 29.7 ms; 8 threads, each opening one connection after another"
    yield Row("no pool, goodput", UNPOOLED / 1e9, volume / unpooled() / 1e9, "Gbps", note)
    yield Row("no pool, median batch", UNPOOLED_MEDIAN, unpooled(), "s", "the same")


# https://github.com/SIGCOMM21-5G/artifact, TCP-Single-Conn-Perf: medians of run averages.
TRIPS = (19.9e-3, 43.3e-3, 85.3e-3, 90.9e-3)
"""Smallest ping of each server, s."""
UDP = (2239e6, 2079e6, 2217e6, 2155e6)
EIGHT = (1853e6, 1926e6, 1862e6, 1833e6)
TUNED = (1460e6, 1238e6, 1034e6, 819e6)
DEFAULT = (777e6, 420e6, 395e6, 271e6)
MSS = 1460.0


def default(i: int) -> tuple[float, float]:
    """One default connection: bit/s, and its window in bytes from the other three round trips."""
    window = others([window_for(rate / 8, trip) for rate, trip in zip(DEFAULT, TRIPS, strict=True)], i)
    return 8 * _rate(TcpSpec(receive_window=f"{window!r} B"), i, 0.0), window


def tuned(i: int, connections: int = 1) -> tuple[float, float]:
    """Connections with large buffers: bit/s, and the loss from the other three round trips of a single one."""
    loss = others([loss_for("cubic", rate / 8, trip, MSS) for rate, trip in zip(TUNED, TRIPS, strict=True)], i)
    return 8 * _rate(TcpSpec(connections=connections), i, loss), loss


def _rate(sender: TcpSpec, i: int, loss: float) -> float:
    return min(UDP[i] / 8, sender.terms(TRIPS[i], UDP[i] / 8, loss).cap)


def mmwave() -> Iterator[Row]:
    """Rates by round trip and sender; each constant comes from the other round trips."""
    for i, trip in enumerate(TRIPS):
        at = f"{1e3 * trip:.1f} ms"
        rate, window = default(i)
        yield Row(f"{at}, one, default", DEFAULT[i] / 1e6, rate / 1e6, "Mbps", f"window {window / 1e6:.2f} MB")
        rate, loss = tuned(i)
        yield Row(f"{at}, one, tuned", TUNED[i] / 1e6, rate / 1e6, "Mbps", f"CUBIC, loss {loss:.1e}")
        rate, loss = tuned(i, 8)
        yield Row(f"{at}, eight", EIGHT[i] / 1e6, rate / 1e6, "Mbps", f"UDP rate, loss {loss:.1e}")


# https://llm-d.ai/blog/networking-for-distributed-inference-llm-d: nixlbench on 100 Gbps.
GIGABYTES = (
    ("1 GB, GPU to GPU, UCCL", "tcp-gpu-uccl", 0.211),
    ("1 GB, GPU to GPU, UCX", "tcp-gpu-ucx", 1.8),
    ("1 GB, host to host, UCCL", "tcp-cpu-uccl", 0.216),
    ("1 GB, host to host, UCX", "tcp-cpu-ucx", 0.263),
    ("1 GB, host to host, Mooncake", "tcp-cpu-mooncake", 0.298),
)
NEARBY = 50e-6
"""A round trip inside a datacenter, s; it does not matter here."""


def hosts() -> Iterator[Row]:
    """Times of 1 GB from the rates over all sizes, and of 8 GB from that of 1 GB."""
    for what, name, seconds in GIGABYTES:
        sender = TcpSpec(host=name, reuse="always")
        time = last_byte(1e9, 12.5e9, sender.terms(NEARBY, 12.5e9, 0.0, warm=True))
        yield Row(what, 1e3 * seconds, 1e3 * time, "ms", f"`{name}`: {HOSTS[name].rate / 8e9:.2g} GB/s over 1 to 8 GB")
    sender = TcpSpec(host=f"{1 / 1.8!r} GB/s", reuse="always")
    time = last_byte(8e9, 12.5e9, sender.terms(NEARBY, 12.5e9, 0.0, warm=True))
    yield Row("8 GB, GPU to GPU, UCX", 14.4, time, "s", "1 GB in 1.8 s")
