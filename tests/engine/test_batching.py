"""What a step holds and when it starts: windows, budgets and chunks, worked out by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.laws.watch import run
from tests.small import Request, pool, scene, trace

PD = {"pd": {"prefill": "here.prefill", "decode": "here.decode"}}


def spans(folder: Path, requests: list[Request], **batching: Any) -> list[tuple[float, float]]:
    """(prefill_start, prefill_end) of every request, prefilled at 1 ms per token."""
    pools = {"prefill": pool("prefill", batching=batching), "decode": pool("decode")}
    columns = run(scene(trace(folder, requests), pools, PD)).records.requests
    return [
        (round(float(start), 9), round(float(end), 9))
        for start, end in zip(columns["prefill_start"], columns["prefill_end"], strict=True)
    ]


def budget(window: str = "0 s", tokens: int = 1000, **more: Any) -> dict[str, Any]:
    return {"kind": "token-budget", "max_tokens": tokens, "window": window, **more}


def test_a_lone_prompt_waits_out_its_window(tmp_path: Path) -> None:
    assert spans(tmp_path, [(1.0, 100, 1)], **budget("200 ms")) == [(1.2, 1.3)]


def test_prompts_that_come_in_the_window_join_the_first(tmp_path: Path) -> None:
    requests = [(1.0, 100, 1), (1.1, 50, 1), (1.2, 30, 1), (1.21, 10, 1)]
    # The third comes exactly at the window's end and is in; the fourth waits its own window out, after the step.
    assert spans(tmp_path, requests, **budget("200 ms")) == [(1.2, 1.38)] * 3 + [(1.41, 1.42)]


def test_a_full_batch_does_not_wait(tmp_path: Path) -> None:
    requests = [(1.0, 100, 1), (1.1, 900, 1), (1.15, 50, 1)]
    assert spans(tmp_path, requests, **budget("500 ms")) == [(1.1, 2.1), (1.1, 2.1), (2.1, 2.15)]


def test_a_full_number_of_prompts_does_not_wait(tmp_path: Path) -> None:
    requests = [(1.0, 100, 1), (1.1, 100, 1)]
    assert spans(tmp_path, requests, **budget("500 ms", max_prompts=2)) == [(1.1, 1.3)] * 2


def test_the_window_counts_from_the_arrival_and_not_from_the_step_before(tmp_path: Path) -> None:
    requests = [(1.0, 300, 1), (1.3, 100, 1)]
    # 1.0-1.2 window, 1.2-1.5 step; the second has waited 200 ms by then.
    assert spans(tmp_path, requests, **budget("200 ms")) == [(1.2, 1.5), (1.5, 1.6)]


def test_whole_prompts_up_to_the_budget_in_the_order_of_arrival(tmp_path: Path) -> None:
    requests = [(0.0, 10, 1), (0.001, 600, 1), (0.002, 600, 1), (0.003, 300, 1), (0.004, 200, 1)]
    assert spans(tmp_path, requests, **budget()) == [(0, 0.01), (0.01, 0.61), (0.61, 1.51), (0.61, 1.51), (1.51, 1.71)]


def test_a_prompt_longer_than_the_budget_goes_alone(tmp_path: Path) -> None:
    requests = [(0.0, 10, 1), (0.001, 1500, 1), (0.002, 10, 1)]
    assert spans(tmp_path, requests, **budget()) == [(0, 0.01), (0.01, 1.51), (1.51, 1.52)]


def test_one_at_a_time(tmp_path: Path) -> None:
    requests = [(0.0, 10, 1), (0.001, 20, 1), (0.002, 30, 1)]
    assert spans(tmp_path, requests, kind="one-at-a-time") == [(0, 0.01), (0.01, 0.03), (0.03, 0.06)]


def test_chunks_fill_up_with_the_next_prompt(tmp_path: Path) -> None:
    requests = [(0.0, 250, 1), (0.001, 30, 1), (0.002, 40, 1)]
    # Steps of 100: 100, 100, 50 + 30 + 20, then the last 20.
    assert spans(tmp_path, requests, kind="chunked", chunk=100) == [(0, 0.3), (0.2, 0.3), (0.2, 0.32)]


def test_decoding_sequences_take_their_share_of_the_chunk(tmp_path: Path) -> None:
    """With one sequence decoding, a chunk of 50 has 49 prompt tokens, and the step 10 ms for the decode on top."""
    pools = {"whole": pool("mixed", batching={"kind": "chunked", "chunk": 50})}
    cloud = {"cloud": {"prefill": "here.whole", "decode": "here.whole"}}
    columns = run(scene(trace(tmp_path, [(0.0, 50, 100), (0.1, 98, 2)]), pools, cloud)).records.requests
    # 50 ms of prefill, then decode steps of 10 ms: the second prompt joins at 0.1 for two steps. A step of both takes
    # prefill(49) + decode(1) - decode(1 without context), and the last is the same here.
    assert columns["prefill_start"][1] == pytest.approx(0.1)
    assert columns["prefill_end"][1] == pytest.approx(0.1 + 2 * 0.049)
