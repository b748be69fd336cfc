"""Transfers that are given up: the request is dropped with its reason, and nothing stays behind at either end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.kv.test_adaptive import PER_TOKEN, moves, obeyed
from tests.laws.scenes import kv_size
from tests.small import MODEL

CHUNKED = {"batching": {"kind": "chunked", "chunk": 250}}
STREAMING = ["whole", "layers", "chunks"]


@pytest.mark.parametrize("streaming", STREAMING)
@pytest.mark.parametrize("prefill", [{}, CHUNKED])
@pytest.mark.parametrize("rate", [1e5, 1e7])
def test_what_does_not_come_in_time_is_dropped(
    tmp_path: Path, streaming: str, prefill: dict[str, Any], rate: float
) -> None:
    kv = {"streaming": streaming, "timeout": "2 s"}
    seen = obeyed(moves(tmp_path, [(0.0, 1000, 3)], f"{rate} B/s", kv, prefill))
    row = seen.records.requests
    assert seen.records.reasons == ["transfer-timeout"]
    assert row["outcome"][0] == 2
    # Once all of it could be sent, it had 2 s; before, what was ready was sent.
    sent = seen.records.resources[-1].totals["bytes"][-1]
    assert row["kv_bytes"][0] == pytest.approx(sent)
    assert 2 * rate * (1 - 1e-9) <= sent <= 3 * rate
    assert seen.records.end == pytest.approx(row["prefill_end"][0] + 2.0)


@pytest.mark.parametrize("streaming", STREAMING)
@pytest.mark.parametrize("prefill", [{}, CHUNKED])
def test_what_comes_in_time_is_as_without_a_limit(tmp_path: Path, streaming: str, prefill: dict[str, Any]) -> None:
    plain, limited = (
        obeyed(moves(tmp_path, [(0.0, 1000, 3), (0.5, 700, 3)], "2 Gbps", {"streaming": streaming} | more, prefill))
        for more in ({}, {"timeout": "30 s"})
    )
    for name, values in plain.records.requests.items():
        assert list(limited.records.requests[name]) == pytest.approx(list(values), nan_ok=True), name


@pytest.mark.parametrize("streaming", STREAMING)
def test_who_waited_for_the_room_gets_it(tmp_path: Path, streaming: str) -> None:
    """The decoder has room for one: the second waits until the first is given up, and so does its link."""
    kv = {"streaming": streaming, "timeout": "5 s"}
    room = {"decode": {"kv_memory": kv_size(MODEL, 1010)}, "route": {"first_token": "decode"}}
    requests = [(0.0, 1000, 3), (0.1, 200, 3)]
    seen = obeyed(moves(tmp_path, requests, f"{PER_TOKEN * 100} B/s", kv, CHUNKED, **room))
    rows = seen.records.requests
    assert list(rows["outcome"]) == [2, 1]
    given_up = rows["prefill_end"][0] + 5.0
    assert rows["transfer_end"][1] == pytest.approx(max(given_up, rows["prefill_end"][1]) + 2.0, abs=0.3)


def test_others_on_the_link_go_faster_from_then_on(tmp_path: Path) -> None:
    """Two at half the rate each; the long one is given up after 5 s, when 2.5 s of work are left for the other."""
    kv = {"timeout": "5 s"}
    requests = [(0.0, 2000, 3), (0.0, 490, 3)]
    # Both are computed in one step, so that they start together.
    seen = obeyed(moves(tmp_path, requests, f"{PER_TOKEN * 100} B/s", kv, {"batching": {"kind": "token-budget"}}))
    rows = seen.records.requests
    assert list(rows["outcome"]) == [2, 2]
    kv = {"timeout": "8 s"}
    seen = obeyed(moves(tmp_path, requests, f"{PER_TOKEN * 61} B/s", kv, {"batching": {"kind": "token-budget"}}))
    assert list(seen.records.requests["outcome"]) == [2, 2]
