"""Each station driven to saturation by the simulator carries what the bound says; everything else is oversized."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from paasim.scenario import from_dict
from paasim.scenario.capacity import analyze
from paasim.simulate import simulate_once
from tests.capacity.saturate import bound, measured, pool, scene

PREFILL = {"prefill": {"a": "40 ms", "b": "20 us", "c": "1 ns"}}
DECODE = {"decode": {"a": "8 ms", "b": "0.1 ms", "c": "50 ns"}}
BOTH = PREFILL | DECODE
FAST = {"decode": {"a": "1 us"}}
LENGTHS = {"kind": "fixed", "prompt": 3000, "output": 100}
CACHE = 131_072 * 3000
"""Bytes of KV of a prompt."""
BIG = pool("decode", FAST, max_seqs=100_000)
BIG_PREFILL = pool("prefill", {"prefill": {"b": "1 ns"}}, instances=2)
LOCAL = {"fabric": {"kind": "fixed", "between": ["dc", "dc"], "bandwidth": "10000 Gbps", "rtt": "0 s"}}
PD = {"pd": {"prefill": "dc.prefill", "decode": "dc.decode"}}
PAAS = {"paas": {"prefill": "dc.prefill", "decode": "homes", "first_token": "decode"}}
ALONE = {"alone": {"prefill": "homes", "decode": "homes"}}
WHOLE = {"whole": {"prefill": "dc.whole", "decode": "dc.whole"}}
REVERSE = {"reverse": {"prefill": "homes", "decode": "dc.decode"}}


def internet(**more: Any) -> dict[str, Any]:
    return {"links": {"internet": {"between": ["dc", "homes"], "bandwidth": "100 Gbps", "rtt": "1 ms"} | more}}


def prefill(batching: dict[str, Any] | None = None, lengths: Any = LENGTHS, **more: Any) -> dict[str, Any]:
    own = more | ({"batching": batching} if batching else {})
    pools = {"prefill": pool("prefill", PREFILL, **own), "decode": BIG}
    return scene(lengths, pools, PD, network={"links": LOCAL})


def decode(lengths: Any = LENGTHS, first: str = "decode", **more: Any) -> dict[str, Any]:
    routes = {"pd": PD["pd"] | {"first_token": first}}
    pools = {"prefill": BIG_PREFILL, "decode": pool("decode", DECODE, **more)}
    return scene(lengths, pools, routes, network={"links": LOCAL})


def whole(batching: dict[str, Any], lengths: Any = LENGTHS, **more: Any) -> dict[str, Any]:
    return scene(lengths, {"whole": pool("mixed", BOTH, batching=batching, **more)}, WHOLE)


def fleet(devices: int, form: dict[str, Any] = BOTH) -> dict[str, Any]:
    return {"fleet": {"devices": devices, "profile": {"form": form}}}


ONE, BUDGET = {"kind": "one-at-a-time"}, {"kind": "token-budget", "max_tokens": 8192}
FIXED = {
    "prefill, one at a time": (prefill(ONE), "dc.prefill", 3000),
    "prefill, two to a step": (prefill(BUDGET), "dc.prefill", 3000),
    "prefill, in chunks": (prefill({"kind": "chunked", "chunk": 1024}), "dc.prefill", 3000),
    "prefill, few slots": (prefill({"kind": "token-budget", "max_tokens": 30_000}, max_seqs=3), "dc.prefill", 3000),
    "prefill, two instances": (prefill(BUDGET, instances=2), "dc.prefill", 4000),
    "decode": (decode(max_seqs=16), "dc.decode", 4000),
    "decode, first token before": (decode(first="prefill", max_seqs=16), "dc.decode", 4000),
    "mixed, budget full": (whole({"kind": "chunked", "chunk": 512}), "dc.whole", 4000),
    "fleet, all by itself": (scene(LENGTHS, {}, ALONE, homes=fleet(1)), "homes", 2000),
    "fleet, decoding": (
        scene(LENGTHS, {"prefill": BIG_PREFILL}, PAAS, homes=fleet(1, DECODE), network=internet()),
        "homes",
        2000,
    ),
    "link": (
        scene(LENGTHS, {"prefill": BIG_PREFILL}, PAAS, homes=fleet(1000, FAST), network=internet(bandwidth="1 Gbps")),
        "internet",
        1000,
    ),
    "link, backward": (
        scene(
            LENGTHS,
            {"decode": BIG},
            REVERSE,
            homes=fleet(1000, {"prefill": {"b": "1 ns"}}),
            network=internet(backward_bandwidth="1 Gbps"),
        ),
        "internet backward",
        1000,
    ),
    "link, beside others": (
        scene(
            LENGTHS,
            {"prefill": BIG_PREFILL},
            PAAS,
            homes=fleet(1000, FAST),
            network=internet(bandwidth="1 Gbps", background={"rate": "300 Mbps"}),
        ),
        "internet",
        1000,
    ),
    "last mile": (
        scene(
            LENGTHS,
            {"prefill": BIG_PREFILL},
            PAAS,
            homes=fleet(1, FAST),
            network=internet(access={"down": "200 Mbps", "up": "20 Mbps", "rtt": "5 ms"}),
        ),
        "last mile of homes",
        1000,
    ),
}


@pytest.mark.parametrize("which", FIXED)
def test_fixed_lengths(which: str) -> None:
    """Within 1 %."""
    data, name, requests = FIXED[which]
    station = bound(data, name)
    assert measured(data, station, requests) == pytest.approx(station.max_rate, rel=0.01)


ALIKE = {
    "slots full": ({"kind": "chunked", "chunk": 2048}, 0.02),
    "prompts first": (BUDGET, 0.04),
    "one prompt a step": (ONE, 0.01),
}


@pytest.mark.parametrize("which", ALIKE)
def test_fixed_lengths_where_slots_bind(which: str) -> None:
    """Requests that are all alike and finish together begin together ever after: what an engine with few slots carries
    then depends on how it filled up. From run to run it varies by these shares; with uneven lengths it does not."""
    batching, tolerance = ALIKE[which]
    data = whole(batching, max_seqs=16)
    station = bound(data, "dc.whole")
    assert measured(data, station, 4000) == pytest.approx(station.max_rate, rel=tolerance)


UNEVEN = {"kind": "uniform", "prompt": {"min": 2000, "max": 4000}, "output": {"min": 50, "max": 150}}
MOONCAKE = {"kind": "bundled", "name": "mooncake-conversation"}
AZURE = {"kind": "bundled", "name": "azure-code"}
MEMORY = f"{40 * CACHE / 2**30:.6g} GiB"
"""Room for 40 caches of 3,000 tokens."""


def crowded(lengths: Any, instances: int = 1) -> dict[str, Any]:
    """A decode pool whose memory overflows now and then: what is preempted is computed again."""
    more = {"kv_memory": MEMORY, "max_seqs": 1000, "instances": instances}
    pools = {"prefill": BIG_PREFILL, "decode": pool("decode", BOTH, **more)}
    return scene(lengths, pools, PD, network={"links": LOCAL})


DRAWN = {
    "prompts first": (whole(BUDGET, UNEVEN, max_seqs=16), "dc.whole", 12_000, 0.01),
    "mixed": (whole({"kind": "chunked", "chunk": 2048}, UNEVEN, max_seqs=16), "dc.whole", 12_000, 0.01),
    "decode": (decode(UNEVEN, max_seqs=16), "dc.decode", 8000, 0.01),
    "Mooncake's lengths": (prefill({"kind": "token-budget", "max_tokens": 32_768}, MOONCAKE), "dc.prefill", 8000, 0.05),
    "Azure's lengths": (prefill(BUDGET, AZURE), "dc.prefill", 8000, 0.05),
    "Azure's lengths, mixed": (whole({"kind": "chunked", "chunk": 2048}, AZURE), "dc.whole", 8000, 0.05),
    "memory of a decode pool": (decode(kv_memory=MEMORY, max_seqs=1000), "dc.decode", 8000, 0.05),
    "memory of a decode pool, uneven": (crowded(UNEVEN), "dc.decode", 8000, 0.05),
    "memory of a decode pool, Azure's lengths": (crowded(AZURE, instances=2), "dc.decode", 12_000, 0.05),
    "memory of a prefill pool": (
        scene(
            UNEVEN,
            {"prefill": pool("prefill", PREFILL, batching=ONE, kv_memory=MEMORY)},
            {"paas": PAAS["paas"] | {"first_token": "prefill"}},
            homes=fleet(10_000, FAST),
            network=internet(bandwidth="100 Tbps", access={"down": "200 Mbps", "up": "200 Mbps", "rtt": "5 ms"}),
        ),
        "dc.prefill",
        3000,
        0.05,
    ),
    "memory of a mixed pool": (
        whole({"kind": "chunked", "chunk": 2048}, UNEVEN, max_seqs=1000, kv_memory=MEMORY),
        "dc.whole",
        8000,
        0.05,
    ),
}


@pytest.mark.parametrize("which", DRAWN)
def test_drawn_lengths(which: str) -> None:
    """Within 1 % for lengths of one kind, and within 5 % for those of traces, and where memory binds."""
    data, name, requests, tolerance = DRAWN[which]
    station = bound(data, name)
    assert measured(data, station, requests) == pytest.approx(station.max_rate, rel=tolerance)


TRACES = {
    "mooncake": ("traces/mooncake_fast25/conversation_trace.jsonl.gz", 32_768),
    "azure": ("traces/azure_2023/AzureLLMInferenceTrace_code.csv.gz", 8192),
}
"""File and token budget of a step."""


@pytest.mark.parametrize("kind", TRACES)
def test_rows_of_a_trace(kind: str, shared_data: Path) -> None:
    """All of its rows in order, with token-budget packing: within 5 %."""
    path, budget = TRACES[kind]
    data = prefill({"kind": "token-budget", "max_tokens": budget})
    workload = {"kind": kind, "path": str(shared_data / path)}
    data |= {"workload": workload, "run": {"replications": 1, "warmup": "0 %"}}
    found = analyze(from_dict(data))
    station = found.station("dc.prefill")
    assert found.offered is not None
    workload["speed"] = 5 * station.max_rate / found.offered
    ends = simulate_once(from_dict(data)).requests["prefill_end"]
    assert len(ends) / ends.max() == pytest.approx(station.max_rate, rel=0.05)
