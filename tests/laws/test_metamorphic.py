"""What must happen to the answer when the question changes in a known way."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paasim.core.recorder import COLUMNS, Records
from paasim.link.access import PRESETS
from paasim.scenario import from_dict
from paasim.simulate import simulate_once
from tests.laws.digest import digest
from tests.laws.scenes import MEASURED, ROUTES, Scene, scenes

FEW = settings.default.max_examples // 3
PLAIN = {"form": {"prefill": {"a": "3 ms", "b": "50 us"}, "decode": {"a": "9 ms", "b": "300 us", "c": "0.2 us"}}}


def simulated(scene: Scene) -> Records:
    return simulate_once(from_dict(scene))


# ---- time x k --------------------------------------------------------------------------------------------------------

_TIME = re.compile(r"([\d.e+-]+) (us|ms|s)")
_PER_TIME = re.compile(r"([\d.e+-]+) (/s|[kMG]?bps|[kMG]?B/s)")


def stretched(value: Any, k: float) -> Any:
    """The same scenario in slow motion: every time k times as long, every rate k times as small."""
    if isinstance(value, dict):
        # Capacities that follow a measured network keep its time: left out.
        rest = {key: each for key, each in value.items() if key != "capacity"}
        return {key: _access(each, k) if key == "access" else stretched(each, k) for key, each in rest.items()}
    if isinstance(value, list):
        return [stretched(each, k) for each in value]
    if value == MEASURED:
        return stretched(PLAIN, k)
    if isinstance(value, str):
        if found := _TIME.fullmatch(value):
            return f"{float(found[1]) * k!r} {found[2]}"
        if found := _PER_TIME.fullmatch(value):
            return f"{float(found[1]) / k!r} {found[2]}"
    return value


def _access(access: Any, k: float) -> Any:
    if isinstance(access, str):
        preset = PRESETS[access]
        access = {"down": f"{preset.down} bps", "up": f"{preset.up} bps", "rtt": f"{preset.rtt} s"}
    return stretched(access, k)


@settings(max_examples=FEW)
@given(scenes(), st.sampled_from([0.25, 2.0, 8.0]))
def test_k_times_the_time_is_k_times_every_stamp(scene: Scene, k: float) -> None:
    plain, slow = simulated(stretched(scene, 1.0)), simulated(stretched(scene, k))
    for name, values in plain.requests.items():
        want = values * k if name in TIMES else values
        np.testing.assert_allclose(slow.requests[name], want, rtol=1e-9, atol=1e-7 * k, err_msg=name)
    np.testing.assert_allclose(slow.end, plain.end * k, rtol=1e-9)


TIMES = set(COLUMNS[COLUMNS.index("arrival") :])
"""Columns that hold a time."""


# ---- more bandwidth --------------------------------------------------------------------------------------------------


@settings(max_examples=FEW)
@given(scenes(), st.sampled_from([1.5, 10.0]))
def test_more_bandwidth_never_slows_a_lone_request(scene: Scene, more: float) -> None:
    fixed = {"kind": "fixed", "route": next(iter(scene["routes"]))}
    lone = scene | {"router": fixed, "run": {"requests": 1, "seed": scene["run"]["seed"], "replications": 1}}
    slow, fast = simulated(lone), simulated(_wider(lone, more))
    for name in ("uplink_end", "transfer_end", "decode_start", "first_token", "finish", "last_token"):
        late = fast.requests[name] - slow.requests[name]
        assert not np.any(late > 1e-9), name


def _wider(scene: Scene, more: float) -> Scene:
    """The same with every link faster."""
    links = scene["network"]["links"]
    wider = {name: link | {"bandwidth": _times(link["bandwidth"], more)} for name, link in links.items()}
    return scene | {"network": {"links": wider}}


def _times(bandwidth: str, factor: float) -> str:
    number, unit = bandwidth.split()
    return f"{float(number) * factor} {unit}"


# ---- nothing to choose -----------------------------------------------------------------------------------------------


@pytest.mark.long
@settings(max_examples=FEW)
@given(scenes())
def test_with_one_route_every_router_is_the_fixed_one(scene: Scene) -> None:
    name = next(iter(scene["routes"]))
    routers = [
        {"kind": "round-robin"},
        {"kind": "least-loaded", "staleness": "10 ms"},
        {"kind": "shortest-wait"},
        {"kind": "threshold", "prompt_tokens": 100, "below": name, "above": name},
    ]
    one = scene | {"routes": {name: scene["routes"][name]}, "router": {"kind": "fixed", "route": name}}
    want = digest(simulated(one))
    for router in routers:
        assert digest(simulated(one | {"router": router})) == want


@pytest.mark.long
@settings(max_examples=FEW)
@given(scenes())
def test_with_one_instance_every_balance_is_the_same(scene: Scene) -> None:
    def balanced(balance: str) -> Scene:
        sites = {name: dict(site) for name, site in scene["sites"].items()}
        for site in sites.values():
            pools = site.get("pools", {})
            site["pools"] = {
                name: pool | {"instances": 1, "balance": "least-loaded" if pool["role"] == "decode" else balance}
                for name, pool in pools.items()
            }
        return scene | {"sites": sites}

    digests = {digest(simulated(balanced(each))) for each in ("least-loaded", "round-robin", "shared-queue")}
    assert len(digests) == 1


def test_every_route_of_the_design_is_drawn() -> None:
    drawn: set[str] = set()

    @settings(max_examples=60)
    @given(scenes())
    def look(scene: Scene) -> None:
        drawn.update(scene["routes"])

    look()
    assert drawn == set(ROUTES)
