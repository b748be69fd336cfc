"""At a little more than the bandwidth that hides a transfer, a simulated one is hidden; at a little less, it is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from paasim.scenario.loader import from_dict
from paasim.scenario.outlook.course import Course
from paasim.scenario.outlook.shipment import shipment
from paasim.scenario.parts import Parts
from paasim.scenario.scenario import Scenario
from tests.network.scenes import PROMPT, foreseen, outlook, scene, simulated
from tests.network.test_lone_transfers import CHUNKED, LAYERS, TCP

CODEC = {"kind": "ratio", "ratio": 3, "encode": "4 GB/s"}
CASES: dict[str, dict[str, Any]] = {
    "layers": {"kv": LAYERS},
    "chunks": {"kv": {"streaming": "chunks"}, "batching": CHUNKED},
    "layers of chunks": {"kv": LAYERS, "batching": CHUNKED},
    "codec": {"kv": {"codec": {"kind": "ratio", "ratio": 3, "encode": "20 GB/s"}, **LAYERS}},
    "slow codec": {"kv": {"codec": {"kind": "ratio", "ratio": 3, "encode": "1 GB/s"}, **LAYERS}},
    "last mile": {
        "kv": LAYERS,
        "link": {"bandwidth": "400 Gbps", "access": {"down": "1 Gbps", "up": "50 Mbps", "rtt": "10 ms"}},
    },
    "fixed": {"kv": LAYERS, "link": {"kind": "fixed"}},
    "background": {"kv": LAYERS, "link": {"background": {"rate": "3 Gbps", "flows": 2}}},
    "rdma": {"kv": LAYERS, "link": {"kind": "rdma", "efficiency": 0.9, "fixed": "40 ms", "rtt": "20 us"}},
    "new connections": {"kv": LAYERS, "link": {"rtt": "10 ms", **TCP}},
    "new connections and chunks": {"kv": {"streaming": "chunks"}, "batching": CHUNKED, "link": {"rtt": "10 ms", **TCP}},
    "connections beside others": {"kv": LAYERS, "link": {"rtt": "10 ms", "background": {"flows": 3}, **TCP}},
    "slices": {
        "kv": LAYERS,
        "link": {"rtt": "10 ms", "transport": {"kind": "tcp", "slice": "8 MiB", "connections": 64}},
    },
    "two links": {
        "kv": LAYERS,
        "links": {
            "metro": {"between": ["cloud", "hub"], "bandwidth": "400 Gbps", "rtt": "3 ms"},
            "trunk": {
                "between": ["homes", "hub"],
                "bandwidth": "40 Gbps",
                "backward_bandwidth": "5 Gbps",
                "rtt": "20 ms",
            },
        },
    },
}


def changed(scenario: Scenario, folder: Path, key: str, bandwidth: float) -> Scenario:
    """The scenario with another bandwidth somewhere."""
    data = scenario.expanded()
    *steps, last = key.split(".")
    at: Any = data
    for step in steps:
        at = at[step]
    at[last] = f"{bandwidth!r} bps"
    return from_dict(data, folder)


def left_behind(scenario: Scenario, prompt: int = PROMPT) -> float:
    """Seconds between the last part's being made and the moment from which it alone is on the way, simulated.

    After the last part is made at t, the last byte arrives at t + part/r + half a round trip if nothing else was left
    to send, and later by as much as that took.
    """
    parts = Parts.of(scenario).sound()
    route = scenario.routes["paas"]
    course, ship = Course.of(scenario, parts, route), shipment(parts, route, prompt)
    ready, last = ship.parts[-1]
    terms = course.terms(False)
    share = min(course.narrowest(terms)[0], terms.cap)
    arrival = ship.prefill + simulated(scenario)["exposed"]
    return arrival - course.rtt / 2 - last / share - ready


@pytest.mark.parametrize("case", CASES)
def test_hidden_from_there_on(case: str, tmp_path: Path) -> None:
    scenario = scene(tmp_path, **CASES[case])
    hiding = foreseen(scenario).hiding
    assert hiding.bandwidth is not None
    assert hiding.key == outlook(scenario).leg(hiding.leg).key
    more = changed(scenario, tmp_path, hiding.key, 1.01 * hiding.bandwidth)
    less = changed(scenario, tmp_path, hiding.key, 0.99 * hiding.bandwidth)
    assert left_behind(more) == pytest.approx(0.0, abs=1e-9)
    assert left_behind(less) > 1e-5
    assert foreseen(more).limit.kind == ("codec" if case == "slow codec" else "production")
    assert foreseen(less).limit.kind != "production"
    assert foreseen(more).hiding.bandwidth == pytest.approx(hiding.bandwidth)


@pytest.mark.parametrize(
    ("case", "why"),
    [
        ({}, "it starts after the prefill"),
        ({"kv": {"streaming": "chunks"}}, "the prompt is a single chunk"),
        (
            {"kv": {"codec": {"kind": "ratio", "ratio": 3, "encode": "4 GB/s", "pipelined": False}, **LAYERS}},
            "packs all",
        ),
        ({"kv": LAYERS, "link": {"rtt": "200 ms", **TCP}}, "set-up and slow start outlast the prefill"),
        ({"kv": LAYERS, "link": {"kind": "rdma", "efficiency": 1, "fixed": "2 s"}}, "fixed cost outlasts"),
        (
            {"kv": LAYERS, "link": {"rtt": "5 ms", "transport": {"kind": "tcp", "receive_window": "1 MiB"}}},
            "window",
        ),
        (
            {"kv": LAYERS, "link": {"transport": {"kind": "bbr", "host": "1 Gbps"}, "rtt": "1 ms"}},
            "the end hosts allow",
        ),
        (
            {
                "kv": LAYERS,
                "link": {"bandwidth": "5 Gbps", "access": {"down": "1 Gbps", "up": "1 Gbps", "rtt": "1 ms"}},
            },
            "wan",
        ),
    ],
)
def test_never(case: dict[str, Any], why: str, tmp_path: Path) -> None:
    hiding = foreseen(scene(tmp_path, **case)).hiding
    assert hiding.bandwidth is None
    assert why in hiding.why_never


def test_whole_takes_as_long_as_the_prefill_at_that_bandwidth(tmp_path: Path) -> None:
    for link in ({}, {"rtt": "10 ms", **TCP}):
        scenario = scene(tmp_path, link)
        told = foreseen(scenario)
        assert told.hiding.equals_prefill is not None
        as_long = changed(scenario, tmp_path, told.hiding.key, told.hiding.equals_prefill)
        assert simulated(as_long)["exposed"] == pytest.approx(told.prefill, rel=1e-9)


def test_at_the_offered_load(tmp_path: Path) -> None:
    """M/G/1 with processor sharing gives S/(C - load); beside it, bandwidth for both adds up."""
    scenario = scene(tmp_path, times=tuple(1.0 * i for i in range(21)), kv=LAYERS)
    told, route = foreseen(scenario), outlook(scenario)
    assert route.rate == pytest.approx(1.0)
    assert route.load is not None
    offered = 1.0 * told.wire
    assert route.load["wan"] == pytest.approx(offered / 1.25e9)
    whole = foreseen(scene(tmp_path, times=tuple(1.0 * i for i in range(21))))
    assert whole.loaded is not None
    assert whole.loaded.duration == pytest.approx(12.5e-3 + whole.wire / (1.25e9 - offered))
    assert told.hiding.bandwidth is not None
    assert told.hiding.bandwidth_at_load == pytest.approx(told.hiding.bandwidth + 8 * offered)
