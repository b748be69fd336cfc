"""What limits a transfer, in cases made so that it is plain."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.network.scenes import foreseen, scene
from tests.network.test_lone_transfers import CHUNKED, LAYERS

FAST = {"bandwidth": "400 Gbps"}
HUBS = {
    "metro": {"between": ["cloud", "hub"], "bandwidth": "40 Gbps", "rtt": "3 ms"},
    "trunk": {"between": ["hub", "homes"], "bandwidth": "4 Gbps", "rtt": "20 ms"},
}
SLOW_CODEC = {"codec": {"kind": "ratio", "ratio": 3, "encode": "500 MB/s"}}
WARM = {"kind": "tcp", "reuse": "always", "slow_start": False}
SECURED = {"kind": "tcp", "handshake": "tls-1.2", "slow_start": False}

CASES: dict[str, tuple[dict[str, Any], str, str]] = {
    "the prefill, by layers": ({"link": FAST, "kv": LAYERS}, "production", ""),
    "the prefill, by chunks": ({"link": FAST, "kv": {"streaming": "chunks"}, "batching": CHUNKED}, "production", ""),
    "a link, by layers": ({"kv": LAYERS}, "trunk", "wan"),
    "a link, whole": ({}, "trunk", "wan"),
    "the second link": ({"links": HUBS}, "trunk", "trunk"),
    "the first link, full of others": (
        {"links": {**HUBS, "metro": {**HUBS["metro"], "background": {"flows": 19}}}},
        "trunk",
        "metro",
    ),
    "the last mile": (
        {"link": {"access": {"down": "1 Gbps", "up": "1 Gbps", "rtt": "5 ms"}}},
        "access",
        "last mile of homes",
    ),
    "a last mile that is wider": (
        {"link": {"access": {"down": "20 Gbps", "up": "1 Gbps", "rtt": "5 ms"}}},
        "trunk",
        "wan",
    ),
    "the window": ({"link": {"transport": {**WARM, "receive_window": "1 MiB"}}}, "window", ""),
    "loss": ({"link": {"loss": "0.1 %", "transport": WARM}}, "loss", ""),
    "end hosts": ({"link": {"transport": {**WARM, "host": "tcp-gpu-ucx"}}}, "host", ""),
    "a pace": ({"link": {"transport": {**WARM, "pace": "1 Gbps"}}}, "pace", ""),
    "slices": ({"link": {"transport": {**WARM, "slice": "64 KiB"}}}, "slices", ""),
    "set-up": ({"prompt": 20, "link": {**FAST, "rtt": "50 ms", "transport": SECURED}}, "setup", ""),
    "slow start": ({"link": {**FAST, "transport": {"kind": "tcp"}}}, "slow-start", ""),
    "slow start, by layers": (
        {"kv": LAYERS, "link": {**FAST, "rtt": "80 ms", "transport": {"kind": "tcp"}}},
        "slow-start",
        "",
    ),
    "a fixed cost": (
        {"link": {"kind": "rdma", "bandwidth": "400 Gbps", "efficiency": 1, "fixed": "1 s"}},
        "fixed-cost",
        "",
    ),
    "the round trip": ({"prompt": 20, "link": {**FAST, "rtt": "50 ms"}}, "propagation", ""),
    "the codec, by layers": ({"link": FAST, "kv": {**SLOW_CODEC, **LAYERS}}, "codec", ""),
    "the codec, whole": ({"link": FAST, "kv": SLOW_CODEC}, "codec", ""),
    "the receiver's codec": (
        {"link": FAST, "kv": {"codec": {"kind": "ratio", "ratio": 3, "decode": "500 MB/s", "pipelined": False}}},
        "codec",
        "",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_limit(case: str, tmp_path: Path) -> None:
    made, kind, name = CASES[case]
    told = foreseen(scene(tmp_path, **made)).limit
    assert (told.kind, told.name) == (kind, name)
