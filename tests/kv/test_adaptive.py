"""A codec that follows the bandwidth: what it picks, per transfer and per chunk, and when text is sent instead."""

from __future__ import annotations

import json
from math import inf
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

import paasim
from paasim.core.errors import InputError
from paasim.kv.codec.adaptive import AdaptiveSpec, choose
from paasim.kv.codec.ratio import RatioSpec
from paasim.kv.plan import KvSpec
from paasim.scenario import from_dict
from paasim.scenario.checks import check
from tests.laws.laws import LAWS
from tests.laws.watch import Seen, run
from tests.small import pool, scene, trace

PER_TOKEN = 131072
"""Bytes of KV per token of Llama 3.1 8B in 16 bits; a prompt token takes 1 ms (`tests.small`)."""
LEVELS = ["none", {"kind": "ratio", "ratio": 2}, {"kind": "ratio", "ratio": 8}]


def moves(
    folder: Path,
    requests: list[Any],
    bandwidth: str,
    kv: dict[str, Any],
    prefill: dict[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Requests over one link, with the prefill at one site and the decoder at another."""
    pools = {"prefill": pool("prefill", **(prefill or {})), "decode": pool("decode", **more.pop("decode", {}))}
    wire = {"between": ["here", "here"], "bandwidth": bandwidth, "rtt": "0 s"}
    route = {"prefill": "here.prefill", "decode": "here.decode", "kv": kv} | more.pop("route", {})
    return scene(trace(folder, requests), pools, {"pd": route}, network={"links": {"wire": wire}}, **more)


def obeyed(data: dict[str, Any]) -> Seen:
    seen = run(data)
    for law in LAWS:
        law(seen)
    return seen


def levels(seen: Seen) -> list[str]:
    names = [*seen.records.levels, ""]
    return [names[int(level)] for level in seen.records.requests["kv_level"]]


def adaptive(**more: Any) -> dict[str, Any]:
    return {"codec": {"kind": "adaptive", "levels": LEVELS, "deadline": "100 ms"} | more}


@given(
    st.lists(st.floats(1, 20), min_size=1, max_size=5),
    st.floats(0.1, 100),
    st.floats(0.01, 10),
    st.sampled_from([None, 0.5, 20.0]),
)
def test_the_best_level_in_time_else_the_smallest(
    ratios: list[float], size: float, left: float, rate: float | None
) -> None:
    codecs = [
        RatioSpec.model_validate({"ratio": ratio, "decode": None if rate is None else f"{rate * 8!r} bps"})
        for ratio in ratios
    ]
    level, seconds = choose(codecs, size, 2.0, left, lambda wire: wire / 3.0)
    took = [max(size / ratio / 3.0, 0.0 if rate is None else size / rate) for ratio in ratios]
    good = [i for i, time in enumerate(took) if time <= left]
    assert level == (good[0] if good else ratios.index(max(ratios)))
    assert seconds == pytest.approx(took[level])


def test_a_codec_that_is_not_pipelined_adds_its_time() -> None:
    block = {"ratio": 2, "encode": "1 B/s", "decode": "2 B/s"}
    slow = RatioSpec.model_validate(block | {"pipelined": False})
    assert choose([slow], 8.0, 2.0, inf, lambda wire: wire)[1] == 8.0 + 4.0 + 4.0
    assert choose([RatioSpec.model_validate(block)], 8.0, 2.0, inf, lambda wire: wire)[1] == 8.0


# 1000 tokens are 1.05 Gbit: 105 ms at 10 Gbps.
@pytest.mark.parametrize(
    ("bandwidth", "deadline", "level"),
    [
        ("11 Gbps", "100 ms", "none"),
        ("10 Gbps", "100 ms", "ratio-2"),
        ("5 Gbps", "100 ms", "ratio-8"),
        ("1 Gbps", "100 ms", "ratio-8"),
        ("1 Gbps", "1.1 s", "none"),
    ],
)
@pytest.mark.parametrize("streaming", ["whole", "layers", "chunks"])
def test_the_level_of_a_lone_transfer(
    tmp_path: Path, bandwidth: str, deadline: str, level: str, streaming: str
) -> None:
    kv = adaptive(deadline=deadline) | {"streaming": streaming}
    seen = obeyed(moves(tmp_path, [(0.0, 1000, 3)], bandwidth, kv))
    assert levels(seen) == [level]
    ratio = {"none": 1, "ratio-2": 2, "ratio-8": 8}[level]
    assert seen.records.requests["kv_bytes"][0] == pytest.approx(1000 * PER_TOKEN / ratio)


def test_a_second_transfer_sees_half_of_the_link(tmp_path: Path) -> None:
    requests = [(0.0, 1000, 3), (0.0, 1000, 3), (60.0, 1000, 3)]
    one_each = {"batching": {"kind": "token-budget", "max_tokens": 4000}}
    seen = obeyed(moves(tmp_path, requests, "11 Gbps", adaptive(), one_each))
    assert levels(seen) == ["none", "ratio-2", "none"]


def test_the_slo_says_by_when(tmp_path: Path) -> None:
    """The prefill takes 1 s (and the uplink next to nothing); what is left of the TTFT limit is for the KV."""
    kv = {"codec": {"kind": "adaptive", "levels": LEVELS}}
    for limit, level in (("1.2 s", "none"), ("1.08 s", "ratio-2"), ("1.02 s", "ratio-8"), ("0.5 s", "ratio-8")):
        data = moves(tmp_path, [(0.0, 1000, 3)], "10 Gbps", kv, route={"first_token": "decode"}, slo={"ttft": limit})
        assert levels(obeyed(data)) == [level]


def test_each_chunk_has_its_own_level(tmp_path: Path) -> None:
    """Four steps of 250 ms; the deadline is 1 s after the first begins.

    At 0.9 Gbps the whole cache takes 1.165 s: the first chunk, with all of it still to come and 0.75 s left, is sent at
    half of its size. So is the second (0.874 s for the rest at full size, 0.5 s left); of the third on a half (0.58 s)
    is late too, and the smallest (0.073 s) is not.
    """
    kv = adaptive(deadline="1 s") | {"streaming": "chunks"}
    chunked = {"batching": {"kind": "chunked", "chunk": 250}}
    seen = obeyed(moves(tmp_path, [(0.0, 1000, 3)], "0.9 Gbps", kv, chunked))
    whole = 250 * PER_TOKEN
    # 0.25 s: 1.165 / 2 <= 0.75. 0.5 s: 0.874 / 2 + 0 <= 0.5. 0.75 s: 0.583 / 2 = 0.29 > 0.25, so / 8. 1 s: late.
    assert seen.records.requests["kv_bytes"][0] == pytest.approx(whole / 2 + whole / 2 + whole / 8 + whole / 8)
    assert levels(seen) == ["ratio-8"]


def test_chunks_that_wait_to_be_sent_count(tmp_path: Path) -> None:
    """Had the first two chunks been sent at once, the third would be in time at half its size."""
    kv = adaptive(deadline="4 s") | {"streaming": "chunks"}
    chunked = {"batching": {"kind": "chunked", "chunk": 250}}
    seen = obeyed(moves(tmp_path, [(0.0, 1000, 3)], "270 Mbps", kv, chunked))
    sizes = seen.records.requests["kv_bytes"][0] / (250 * PER_TOKEN)
    # At 270 Mbps a chunk takes 0.971 s. 0.25 s: 3.88 > 3.75, so half of it. 0.5 s: 2.91 and 0.236 that wait <= 3.5.
    assert sizes == pytest.approx(0.5 + 1 + 1 + 1)


# ---- text ------------------------------------------------------------------------------------------------------------

BOTH = {"profile": {"form": {"prefill": {"b": "0.1 ms"}, "decode": {"a": "10 ms"}}}}
"""A decoder that computes a prompt ten times as fast as it was computed: 0.1 s."""


@pytest.mark.parametrize("first_token", ["prefill", "decode"])
@pytest.mark.parametrize("streaming", ["whole", "layers", "chunks"])
@pytest.mark.parametrize("chunk", [250, 4000])
def test_text_is_sent_where_computing_is_faster(tmp_path: Path, first_token: str, streaming: str, chunk: int) -> None:
    """131 MB / 8 take 1.31 s at 100 Mbps; the prefill 1 s, and again 0.1 s at the decoder; the text is 4 kB."""
    kv = adaptive(text=True) | {"streaming": streaming}
    chunked = {"batching": {"kind": "chunked", "chunk": chunk}}
    more = {"decode": BOTH, "route": {"first_token": first_token, "handover": "1 ms"}}
    seen = obeyed(moves(tmp_path, [(0.0, 1000, 4)], "100 Mbps", kv, chunked, **more))
    assert levels(seen) == ["text"]
    row = {name: float(values[0]) for name, values in seen.records.requests.items()}
    assert row["kv_bytes"] == 0.0
    assert row["transfer_end"] == row["handover_end"] == row["decode_start"]
    text = 4000 * 8 / 100e6
    sent = row["prefill_start"] if streaming != "whole" else row["prefill_end"]
    assert row["transfer_end"] == pytest.approx(max(sent + text, row["prefill_end"]), abs=1e-9)
    # What is computed again gives the next token: the first where the decoder gives it, else the second.
    context = 1000 if first_token == "decode" else 1001
    assert row["first_step"] - row["decode_start"] == pytest.approx(context * 1e-4, abs=1e-9)
    steps = 3 if first_token == "decode" else 2
    assert row["finish"] - row["first_step"] == pytest.approx(steps * 0.010, abs=1e-9)


def test_kv_is_sent_where_that_is_faster(tmp_path: Path) -> None:
    seen = obeyed(moves(tmp_path, [(0.0, 1000, 4)], "2 Gbps", adaptive(text=True), decode=BOTH))
    assert levels(seen) == ["ratio-8"]


def test_prompts_that_wait_at_the_decoder_count(tmp_path: Path) -> None:
    """The second would be computed after the first, which has just begun: 0.2 s; its KV is there in 0.17 s."""
    requests = [(0.0, 1000, 4), (0.01, 1000, 4)]
    data = moves(tmp_path, requests, "780 Mbps", adaptive(text=True), {"instances": 2}, decode=BOTH)
    assert levels(obeyed(data)) == ["text", "ratio-8"]


def test_text_needs_a_decoder_that_computes_prompts(tmp_path: Path) -> None:
    only = {"profile": {"form": {"decode": {"a": "10 ms"}}}}
    data = moves(tmp_path, [(0.0, 1000, 4)], "1 Gbps", adaptive(text=True), decode=only)
    with pytest.raises(InputError, match=r"routes\.pd\.kv\.codec\.text: the decoder would compute prompts"):
        check(from_dict(data))


def test_a_deadline_is_needed(tmp_path: Path) -> None:
    kv = {"codec": {"kind": "adaptive", "levels": LEVELS}}
    data = moves(tmp_path, [(0.0, 1000, 4)], "1 Gbps", kv, route={"first_token": "decode"})
    with pytest.raises(InputError, match="goes by the TTFT limit of the SLO, but requests has none"):
        check(from_dict(data))
    data = moves(tmp_path, [(0.0, 1000, 4)], "1 Gbps", kv, slo={"ttft": "1 s"})
    with pytest.raises(InputError, match="give it a deadline"):
        check(from_dict(data))


# ---- what results say ------------------------------------------------------------------------------------------------


def test_results_count_the_levels(tmp_path: Path) -> None:
    data = moves(tmp_path, [(0.0, 1000, 3), (0.0, 1000, 3), (60.0, 1000, 3)], "11 Gbps", adaptive())
    result = paasim.simulate(from_dict(data))
    assert json.loads(result.to_json())["variants"]["base"]["routes"]["pd"]["levels"] == {"none": 2, "ratio-2": 1}
    assert list(result.requests["kv_level"]) == ["none", "ratio-2", "none"]
    plain = paasim.simulate(from_dict(moves(tmp_path, [(0.0, 1000, 3)], "11 Gbps", {})))
    assert json.loads(plain.to_json())["variants"]["base"]["routes"]["pd"]["levels"] is None
    assert plain.requests["kv_level"].isna().all()


def test_levels_may_be_named_and_load_again() -> None:
    kv = KvSpec.model_validate({"codec": {"kind": "adaptive", "levels": ["none", "fp8", "cachegen"], "text": True}})
    assert isinstance(kv.codec, AdaptiveSpec)
    assert [level.label for level in kv.codec.levels] == ["none", "fp8", "cachegen"]
    assert KvSpec.model_validate(kv.model_dump(mode="json", exclude_none=True)) == kv
    assert kv.wire_bytes(100.0, "bf16") == pytest.approx(100 / 3.5)


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ({"levels": []}, "at least 1 item"),
        ({"levels": ["fp9"]}, "did you mean 'fp8'"),
        ({"levels": ["adaptive"]}, "'none', 'quantize', 'ratio'"),
        ({"levels": ["none"], "deadline": "0 s"}, "more than zero"),
    ],
)
def test_mistakes_are_told(block: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        KvSpec.model_validate({"codec": {"kind": "adaptive"} | block})
