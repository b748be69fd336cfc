"""What is foreseen of a lone transfer is what a simulation of one request gives, to rounding."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.network.scenes import foreseen, scene, simulated

LAYERS = {"streaming": "layers"}
CHUNKED = {"kind": "chunked", "chunk": 1024}
STREAMED: dict[str, dict[str, Any]] = {
    "whole": {},
    "layers": {"kv": LAYERS},
    "four layers at once": {"kv": {"streaming": {"kind": "layers", "per_release": 4}}},
    "chunks": {"kv": {"streaming": "chunks"}, "batching": CHUNKED},
    "a single chunk": {"kv": {"streaming": "chunks"}},
    "layers of chunks": {"kv": LAYERS, "batching": CHUNKED},
    "whole after chunks": {"batching": CHUNKED},
    "codec": {"kv": {"codec": {"kind": "ratio", "ratio": 3, "encode": "4 GB/s", "decode": "3 GB/s"}, **LAYERS}},
    "slow codec": {"kv": {"codec": {"kind": "ratio", "ratio": 3, "encode": "1 GB/s", "decode": "1 GB/s"}, **LAYERS}},
    "codec of chunks": {
        "kv": {"codec": {"kind": "ratio", "ratio": 3, "encode": "4 GB/s", "decode": "3 GB/s"}, "streaming": "chunks"},
        "batching": CHUNKED,
    },
    "codec of the whole": {
        "kv": {"codec": {"kind": "ratio", "ratio": 3, "encode": "4 GB/s", "decode": "3 GB/s", "pipelined": False}},
    },
}
TCP = {"transport": {"kind": "tcp", "connections": 4}}
NETWORKS: dict[str, dict[str, Any]] = {
    "plain": {},
    "fast": {"link": {"bandwidth": "200 Gbps"}},
    "slow": {"link": {"bandwidth": "300 Mbps"}},
    "fixed": {"link": {"kind": "fixed"}},
    "access": {"link": {"access": {"down": "1 Gbps", "up": "50 Mbps", "rtt": "10 ms"}}},
    "tcp": {"link": TCP},
    "tcp over a fast line": {"link": {"bandwidth": "200 Gbps", "rtt": "80 ms", **TCP}},
    "tcp over a last mile": {"link": {"access": {"down": "3 Gbps", "up": "50 Mbps", "rtt": "10 ms"}, **TCP}},
    "window": {"link": {"transport": {"kind": "tcp", "receive_window": "4 MiB"}}},
    "loss": {"link": {"loss": "0.1 %", "transport": {"kind": "tcp", "connections": 16}}},
    "host": {"link": {"bandwidth": "100 Gbps", "transport": {"kind": "bbr", "host": "tcp-gpu-ucx"}}},
    "bbr": {"link": {"loss": "1 %", "transport": {"kind": "bbr", "handshake": "tls"}}},
    "slices": {"link": {"transport": {"kind": "tcp", "slice": "8 MiB", "connections": 8, "reuse": "1 s"}}},
    "slices anew": {"link": {"transport": {"kind": "tcp", "slice": "8 MiB", "connections": 8}}},
    "rdma": {"link": {"kind": "rdma", "efficiency": 0.9, "fixed": "40 ms", "rtt": "20 us"}},
    "background": {"link": {"background": {"rate": "3 Gbps", "flows": 2}}},
    "background of connections": {"link": {"background": {"flows": 6}, **TCP}},
    "two links": {
        "links": {
            "metro": {"between": ["cloud", "hub"], "bandwidth": "8 Gbps", "rtt": "3 ms"},
            "trunk": {
                "between": ["homes", "hub"],
                "bandwidth": "40 Gbps",
                "backward_bandwidth": "5 Gbps",
                "rtt": "20 ms",
            },
        }
    },
    "three links with tcp": {
        "links": {
            "nic": {"kind": "fixed", "between": ["cloud", "edge"], "bandwidth": "4 Gbps", "rtt": "1 ms"},
            "metro": {"between": ["edge", "hub"], "bandwidth": "8 Gbps", "rtt": "3 ms", "loss": "0.01 %"},
            "trunk": {
                "between": ["hub", "homes"],
                "bandwidth": "40 Gbps",
                "rtt": "20 ms",
                "access": {"down": "6 Gbps", "up": "50 Mbps", "rtt": "10 ms"},
            },
        },
        "transport": {"kind": "tcp", "connections": 8},
    },
}


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("streamed", STREAMED)
def test_alone_as_simulated(network: str, streamed: str, tmp_path: Path) -> None:
    scenario = scene(tmp_path, **NETWORKS[network], **STREAMED[streamed])
    told = foreseen(scenario)
    for name, value in simulated(scenario).items():
        assert getattr(told, name) == pytest.approx(value, rel=1e-9, abs=1e-9), name
    assert told.lower_bound <= told.duration + 1e-9


@pytest.mark.parametrize("streamed", STREAMED)
@pytest.mark.parametrize("after_idle", ["keep", "restart"])
def test_over_kept_connections(streamed: str, after_idle: str, tmp_path: Path) -> None:
    link = {"bandwidth": "40 Gbps", "transport": {"kind": "tcp", "reuse": "100 s", "after_idle": after_idle}}
    scenario = scene(tmp_path, link, times=(0.0, 50.0), **STREAMED[streamed])
    told, second = foreseen(scenario), simulated(scenario)
    for name, value in second.items():
        assert getattr(told, name) == pytest.approx(value, rel=1e-9, abs=1e-9), name
    cold = scene(tmp_path, link, times=(0.0, 150.0), **STREAMED[streamed])
    told, second = foreseen(cold), simulated(cold)
    assert told.exposed == pytest.approx(second["exposed"], rel=1e-9, abs=1e-9)
