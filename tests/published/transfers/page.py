"""The tables of `docs/fidelity.md`, Network transfers, by heading."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import chain

from tests.published.transfers import rdma, tcp
from tests.published.transfers.row import lines


def _mooncake() -> Iterator[str]:
    for model, table, copies in (("qwen3-8b", rdma.QWEN_8B, 1.0), ("qwen3-235b-a22b", rdma.QWEN_235B, 2.0)):
        yield from lines(rdma.mooncake(model, table, copies), f"`{model}`", "bytes; fit on the other half")
        yield ""


TABLES: Mapping[str, Callable[[], Iterator[str]]] = {
    "Dallas to Washington without a connection pool": lambda: lines(tcp.dallas()),
    "TCP over 5G mmWave": lambda: lines(tcp.mmwave(), "round trip, connections", "from the other round trips"),
    "End hosts at 100 Gbps": lambda: lines(tcp.hosts()),
    "RDMA between prefill and decode": _mooncake,
    "Pull or recompute": lambda: lines(chain(rdma.pulls(), rdma.recomputed(), rdma.profiled()), "tokens"),
    "What layer-wise streaming leaves": lambda: lines(rdma.splitwise(), "quantity"),
}
"""Lines of each table."""
