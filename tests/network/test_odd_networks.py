"""Networks that nobody plans for: rates of zero, traces beside the scenario, outages beside others' traffic."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paasim.scenario.checks import check
from paasim.simulate import simulate_once
from tests.network.scenes import foreseen, outlook, scene, simulated

ADDED = {"up": "10 Mbps", "rtt": "5 ms"}


def trace(folder: Path, *rates: float) -> dict[str, Any]:
    (folder / "rates.csv").write_text("time,mbps\n" + "".join(f"{i},{rate}\n" for i, rate in enumerate(rates)))
    return {"kind": "trace", "path": "rates.csv", "offset": "0 s"}


def test_the_trace_of_an_access_link_is_beside_the_scenario(tmp_path: Path) -> None:
    capacity = trace(tmp_path, 400, 400)
    for transport in ({}, {"transport": "tcp"}):
        found = scene(tmp_path, {"access": {"down_capacity": capacity, **ADDED}, **transport})
        check(found)
        assert simulated(found)["exposed"] == pytest.approx(foreseen(found).exposed, rel=1e-9)


def test_a_rate_of_zero_is_foreseen_as_a_transfer_that_never_ends(tmp_path: Path) -> None:
    for place in ({"capacity": trace(tmp_path, 0, 0)}, {"access": {"down_capacity": trace(tmp_path, 0, 0), **ADDED}}):
        assert foreseen(scene(tmp_path, place, kv={"timeout": "5 s"})).duration > 1e12


def test_others_do_not_send_while_a_link_is_out(tmp_path: Path) -> None:
    half = {"outages": {"every": "5 s", "for": "5 s"}, "background": {"rate": "8 Gbps"}}
    (leg,) = outlook(scene(tmp_path, half)).course.legs[:1]
    assert leg.room == pytest.approx(0.5 * 2e9 / 8)


def test_jitter_does_not_make_a_codec_slower(tmp_path: Path) -> None:
    times = tuple(20.0 * i for i in range(30))
    kv = {"codec": "cachegen", "streaming": "layers"}
    found = simulate_once(scene(tmp_path, {"jitter": "500 ms"}, kv=kv, times=times)).requests
    calm = simulate_once(scene(tmp_path, {"transport": "ideal"}, kv=kv, times=times)).requests
    after = found["codec_end"] - found["transfer_end"]
    assert np.all(after <= calm["codec_end"] - calm["transfer_end"] + 1e-9)


def test_transfers_that_begin_anew_without_end_are_warned_of(tmp_path: Path) -> None:
    out = {"outages": {"every": "5 s", "for": "5 s"}}
    for kv, count in (({"after_outage": "restart"}, 1), ({"after_outage": "restart", "timeout": "1 min"}, 0), ({}, 0)):
        told = [problem for problem in check(scene(tmp_path, out, kv=kv)) if "begin anew" in problem.what]
        assert len(told) == count
