"""Recorded hours through remote prefill and batched decoding: `scenarios/mooncake.yaml` and `scenarios/azure.yaml`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import paasim
from paasim.core.errors import InputError
from paasim.core.recorder import Records
from paasim.metrics.definitions import ttft
from paasim.metrics.replication import measure
from paasim.metrics.warmup import Warmup
from paasim.scenario import check
from paasim.simulate import simulate_once

TRACES = {"mooncake": 9_023, "azure": 15_606}
"""Scenario -> requests in its trace."""
BYTES_PER_TOKEN = {"mooncake": 131_072, "azure": 327_680}


@pytest.fixture(scope="module")
def replays(shared_data: Path) -> dict[str, Records]:
    """Records of each replay."""
    found = {}
    for name in TRACES:
        scenario = paasim.load(name)
        assert check(scenario) == []
        found[name] = simulate_once(scenario)
    return found


@pytest.mark.parametrize("name", TRACES)
def test_every_request_is_accounted_for(replays: dict[str, Records], name: str) -> None:
    records = replays[name]
    counts = measure(records, Warmup(share=0.05), [{}]).counts
    assert counts.arrived == TRACES[name]
    assert counts.arrived == counts.completed + sum(counts.dropped.values()) + counts.unfinished
    assert counts.completed == TRACES[name]  # nothing is dropped, and the run drains


@pytest.mark.parametrize("name", TRACES)
def test_what_was_decoded_was_sent(replays: dict[str, Records], name: str) -> None:
    """The link carried the KV of every prompt, less what the decoder's prefix cache had."""
    columns = replays[name].requests
    link = next(each for each in replays[name].resources if each.kind == "link")
    assert link.totals["bytes"][-1] == pytest.approx(np.sum(columns["kv_bytes"]), rel=1e-9)
    whole = columns["prompt_tokens"] * BYTES_PER_TOKEN[name]
    assert np.all(columns["kv_bytes"] <= whole * (1 + 1e-12))
    if name == "azure":  # no prefixes in it
        assert columns["kv_bytes"] == pytest.approx(whole, rel=1e-12)
    else:
        assert 0.02 < np.sum(columns["cached_tokens"]) / np.sum(columns["prompt_tokens"]) < 0.36


def test_decoding_is_batched(replays: dict[str, Records]) -> None:
    gaps = replays["azure"].gaps
    tokens = gaps["steps"] * gaps["sequences"]
    assert np.sum(tokens * gaps["sequences"]) / np.sum(tokens) > 5


def test_a_link_below_the_peak_of_the_trace(shared_data: Path) -> None:
    """At 25 Gbps the mean TTFT is that of a queue of the trace's bytes, worked out without the simulator."""
    columns = simulate_once(paasim.load("azure").variants["wan-25-gbps"]).requests
    backlog, before, waits = 0.0, 0.0, []
    for at, tokens in zip(columns["arrival"].tolist(), columns["prompt_tokens"].tolist(), strict=True):
        backlog = max(0.0, backlog - (at - before)) + tokens * 327_680 * 8 / 25e9
        before = at
        waits.append(backlog)
    assert np.mean(ttft(columns)) == pytest.approx(np.mean(waits), rel=0.1)


@pytest.mark.parametrize("name", TRACES)
def test_the_data_folder_has_to_be_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv("PAASIM_DATA", raising=False)
    with pytest.raises(InputError, match=r"the variable PAASIM_DATA is not set; set it: export PAASIM_DATA="):
        check(paasim.load(name))


@pytest.mark.parametrize("name", TRACES)
def test_a_missing_trace_says_where_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    monkeypatch.setenv("PAASIM_DATA", str(tmp_path))
    with pytest.raises(InputError, match="can be had from https"):
        check(paasim.load(name))
