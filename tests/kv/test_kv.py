"""Codecs and streaming plans against the processes that their formulas stand for."""

from __future__ import annotations

import re
from math import log2
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from paasim.core.release import Release
from paasim.kv.codec.presets import PRESETS
from paasim.kv.plan import KvSpec

seconds = st.floats(0, 100)


def kv(**block: Any) -> KvSpec:
    return KvSpec.model_validate(block)


def rated(**more: Any) -> dict[str, Any]:
    return {"kind": "ratio", "ratio": 2, **more}


def flow_line(ready: list[float], work: float, free: float = 0.0) -> list[float]:
    """When one machine finishes jobs that become ready at the given times."""
    done = []
    for time in ready:
        free = max(free, time) + work
        done.append(free)
    return done


def test_default_sends_everything_after_the_prefill() -> None:
    assert kv().release(1.0, 2.0, 32, 1e9, "bf16", 0.3) == Release(3.0, 0.0, 0.0, 1)
    assert kv().wire_bytes(1e9, "bf16") == 1e9
    assert not kv().streams


def test_layers_without_codec() -> None:
    release = kv(streaming="layers").release(1.0, 3.2, 32, 1e9, "bf16", 0.25)
    assert release == (1.0, pytest.approx(0.1), pytest.approx(0.1), 32, 0.25)
    assert kv(streaming={"kind": "layers", "per_release": 5}).release(0.0, 1.0, 32, 1e9, "bf16").parts == 7


@given(seconds, seconds, st.integers(1, 80))
def test_pipelined_codec_is_the_second_machine_of_a_flow_line(prefill: float, encode: float, layers: int) -> None:
    plan = kv(codec=rated(encode="8 bps"), streaming="layers")  # 1 byte/s: size is seconds
    release = plan.release(5.0, prefill, layers, encode, "bf16")
    done = flow_line([5.0 + prefill * (i + 1) / layers for i in range(layers)], encode / layers)
    assert [release.ready_at(i) for i in range(layers)] == pytest.approx(done, rel=1e-9)


@given(seconds, seconds, st.integers(1, 80), st.floats(0, 1))
def test_head_is_packed_first(prefill: float, encode: float, layers: int, head: float) -> None:
    plan = kv(codec=rated(encode="8 bps"), streaming="layers")
    release = plan.release(0.0, prefill, layers, encode, "bf16", head)
    pack = (1 - head) * encode / layers
    done = flow_line([prefill * (i + 1) / layers for i in range(layers)], pack, free=head * encode)
    assert release.start == pytest.approx(head * encode)
    planned = [release.ready_at(i) for i in range(layers)]
    if head * encode <= prefill / layers or pack >= prefill / layers:
        assert planned == pytest.approx(done, rel=1e-9)
    assert all(done[i] - 1e-9 <= planned[i] <= done[i] + head * encode + 1e-9 for i in range(layers))


def test_codec_that_is_not_pipelined_lets_nothing_overlap() -> None:
    plan = kv(codec=rated(encode="1 GB/s", decode="2 GB/s", pipelined=False), streaming="layers")
    assert plan.release(1.0, 2.0, 32, 1e9, "bf16") == Release(4.0, 0.0, 0.0, 1)
    assert plan.decode_tail(1e9, "bf16", 32, 10.0) == 0.5


@given(seconds, st.floats(1e-3, 100), st.integers(1, 80))
def test_pipelined_decode_leaves_its_tail(arrives_over: float, decode: float, layers: int) -> None:
    plan = kv(codec=rated(decode="8 bps"), streaming="layers")
    done = flow_line([arrives_over * (i + 1) / layers for i in range(layers)], decode / layers)
    assert plan.decode_tail(decode, "bf16", layers, arrives_over) == pytest.approx(done[-1] - arrives_over, abs=1e-9)


def test_quantising_depends_on_the_format_of_the_cache() -> None:
    assert kv(codec="fp8").wire_bytes(100.0, "bf16") == 50.0
    assert kv(codec="fp8").wire_bytes(100.0, "fp8") == 100.0
    assert kv(codec="q4-0").wire_bytes(256.0, "fp16") == 72.0
    assert kv(codec="cachegen").wire_bytes(350.0, "fp16") == pytest.approx(100.0)
    assert kv(codec="cachegen").wire_bytes(175.0, "fp8") == pytest.approx(100.0)
    assert kv(codec=rated()).wire_bytes(100.0, "fp8") == 50.0
    assert kv(codec="fp8-mla").wire_bytes(1152.0, "bf16") == pytest.approx(656.0)
    assert kv(codec="isoquant-3bit").wire_bytes(256.0, "bf16") == pytest.approx(52.0)


def test_levels_of_cachegen_are_the_bins_of_its_layers() -> None:
    """(layers, bins) of keys and of values at each level, 32 layers each."""
    levels = {
        "cachegen-l1": ([(20, 16), (12, 12)], [(2, 16), (30, 12)]),
        "cachegen-l2": ([(10, 32), (22, 16)], [(2, 32), (30, 16)]),
        "cachegen-l3": ([(32, 32)], [(32, 32)]),
    }
    for name, sides in levels.items():
        bits = sum(layers * log2(bins) for side in sides for layers, bins in side) / 64
        assert PRESETS[name]["bits"] == pytest.approx(bits, abs=1e-4)


def test_a_measured_codec_took_this_long() -> None:
    """IsoQuant, 1 MiB in 57.95 us one way and 32.97 us the other (bench_compress_decompress.json)."""
    codec = kv(codec="isoquant-3bit").codec
    assert codec.encode_seconds(2**20, 2.0) == pytest.approx(57.95e-6, rel=1e-3)
    assert codec.decode_seconds(2**20, 2.0) == pytest.approx(32.97e-6, rel=1e-3)


def test_quantising_to_the_format_it_has_takes_no_time() -> None:
    plan = kv(codec={"kind": "quantize", "bits": 8, "encode": "1 GB/s"})
    assert plan.release(0.0, 1.0, 32, 1e9, "bf16").start == 2.0
    assert plan.release(0.0, 1.0, 32, 1e9, "fp8").start == 1.0


@pytest.mark.parametrize("name", PRESETS)
def test_presets_have_a_source_and_say_what_they_leave_out(name: str) -> None:
    codec: Any = kv(codec=name).codec
    assert codec.source
    assert codec.estimated or (codec.encode and codec.decode)
    assert codec.wire_bytes(100.0, 2.0) < 100.0


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ({"codec": "fp9"}, "did you mean 'fp8'?"),
        ({"streaming": "layer"}, "did you mean 'layers'?"),
        ({"codec": {"kind": "ratio", "ratio": 0.5}}, "greater than or equal to 1"),
        ({"codec": {"kind": "ratio", "ratio": 2, "encode": "0 GB/s"}}, "must be more than zero"),
        ({"codec": {"kind": "ratio", "ratio": float("nan")}}, "finite number"),
        ({"streaming": {"kind": "layers", "per_release": 0}}, "greater than or equal to 1"),
    ],
)
def test_mistakes_are_told(block: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(message)):
        KvSpec.model_validate(block)
