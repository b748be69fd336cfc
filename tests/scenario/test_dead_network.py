"""Capacity that is gone for ever: whoever waits for it is counted, with a reason, and the run ends."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paasim.core.recorder import Records
from paasim.core.request import COMPLETED, DROPPED
from paasim.link.curve import Curve
from paasim.link.shared import SharedSpec
from paasim.scenario import from_dict
from paasim.simulate import simulate_once
from tests.small import pool, scene, trace

REQUESTS = [(0.0, 100, 5), (0.5, 100, 5), (20.0, 100, 5), (21.0, 50, 2)]
RATE = 100e6
"""Bytes per second while there are any: a transfer of 13 MB takes 0.13 s."""


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> Callable[[float, float], None]:
    """Gives every link capacities that are gone from two moments on, forward and backward."""

    def cut(forward: float, backward: float) -> None:
        def curves(*_: Any) -> list[Curve | None]:
            return [Curve([0.0, at], [RATE, 0.0]) if isfinite(at) else None for at in (forward, backward)]

        monkeypatch.setattr(SharedSpec, "curves", curves)

    return cut


def run(folder: Path, workload: dict[str, Any] | None = None, **kv: Any) -> Records:
    """Users at the decoder's site: prompts go backward, KV caches forward, first tokens forward."""
    sites = {
        "far": {"pools": {"prefill": pool("prefill")}},
        "near": {"pools": {"decode": pool("decode")}},
    }
    wire = {"between": ["far", "near"], "bandwidth": f"{RATE} B/s", "rtt": "10 ms"}
    route = {"prefill": "far.prefill", "decode": "near.decode", "kv": {"weight": 2.0, **kv}}
    data = scene(
        workload or trace(folder, REQUESTS), {}, {"only": route}, sites=sites, network={"links": {"wire": wire}}
    )
    if workload and "arrivals" in workload:
        data["run"] |= {"duration": "1 min"}
    return simulate_once(from_dict(data))


def outcomes(records: Records) -> list[str]:
    names = {COMPLETED: "completed", DROPPED: "dropped"}
    rows = records.requests
    return [
        names.get(int(outcome), "unfinished") + (f": {records.reasons[int(reason)]}" if reason >= 0 else "")
        for outcome, reason in zip(rows["outcome"], rows["reason"], strict=True)
    ]


def test_prompts_that_never_arrive(tmp_path: Path, ends: Callable[[float, float], None]) -> None:
    ends(float("inf"), 10.0)
    records = run(tmp_path)
    assert outcomes(records) == ["completed"] * 2 + ["dropped: no-network"] * 2
    assert np.isnan(records.requests["uplink_end"][2:]).all()


@pytest.mark.parametrize("streaming", ["whole", "layers", "chunks"])
def test_transfers_that_never_end(tmp_path: Path, ends: Callable[[float, float], None], streaming: str) -> None:
    ends(0.12, float("inf"))
    records = run(tmp_path, streaming=streaming)
    assert outcomes(records) == ["unfinished"] * 4
    (link,) = [r for r in records.resources if r.name == "wire"]
    assert link.totals["bytes"][-1] <= 0.12 * RATE * (1 + 1e-9)


@pytest.mark.parametrize("streaming", ["whole", "layers", "chunks"])
def test_transfers_that_are_given_up(tmp_path: Path, ends: Callable[[float, float], None], streaming: str) -> None:
    ends(0.12, float("inf"))
    records = run(tmp_path, streaming=streaming, timeout="3 s")
    assert outcomes(records) == ["dropped: transfer-timeout"] * 4


def test_answers_that_never_arrive(tmp_path: Path, ends: Callable[[float, float], None]) -> None:
    """Of a single token, which the prefill side emits when the way back is gone already."""
    ends(0.05, float("inf"))
    records = run(tmp_path, trace(tmp_path, [(0.0, 100, 1), (0.2, 10, 1)]))
    assert outcomes(records) == ["dropped: no-network"] * 2
    assert not np.isnan(records.requests["prefill_end"]).any()
    for name in ("first_token", "second_token", "last_token"):
        assert np.isnan(records.requests[name]).all()


def test_users_of_a_closed_loop_do_not_ask_for_ever(tmp_path: Path, ends: Callable[[float, float], None]) -> None:
    ends(float("inf"), 10.0)
    lengths = {"kind": "fixed", "prompt": 100, "output": 2}
    for think, least in (("0 s", 3), ("5 s", 6)):
        workload = {"arrivals": {"kind": "closed-loop", "users": 3, "think": think}, "lengths": lengths}
        records = run(tmp_path, workload)
        found = outcomes(records)
        assert len(found) < 1_000
        assert found.count("dropped: no-network") >= least
        assert records.end <= 61
