"""A lone prompt that takes several prefill steps, and its KV: every stamp by hand, through the public YAML."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import pytest

from paasim.scenario import from_dict
from paasim.simulate import simulate_once
from tests.small import scene, trace

LAYERS, PER_TOKEN = 32, 131072
"""Llama 3.1 8B."""
ENGINE = {"form": {"prefill": {"a": "2 ms", "b": "20 us", "c": "10 ns"}, "decode": {"a": "8 ms"}}}
RATE, DELAY, HANDOVER = 1.25e9, 0.010, 0.003
"""Bytes per second and seconds of the link."""
ENCODE, DECODE, RATIO = 2e9, 1e9, 2.5
TIMES = ("prefill_end", "encode_end", "transfer_start", "transfer_end", "codec_end", "handover_end", "finish")
"""Stamps that are looked at, from the beginning of the prefill."""
WAYS = ("whole", "layers", "chunks")
CODECS = ("none", "pipelined", "blocking")


def stamps(
    folder: Path, streaming: str, codec: str, *, prompt: int, chunk: int, rate: float = RATE
) -> dict[str, float]:
    kv: dict[str, Any] = {"streaming": streaming}
    if codec != "none":
        rates = {"ratio": RATIO, "encode": f"{ENCODE} B/s", "decode": f"{DECODE} B/s"}
        kv["codec"] = {"kind": "ratio", "pipelined": codec == "pipelined", **rates}
    pools = {
        "prefill": {"role": "prefill", "profile": ENGINE, "batching": {"kind": "chunked", "chunk": chunk}},
        "decode": {"role": "decode", "profile": ENGINE},
    }
    wire = {"between": ["here", "here"], "bandwidth": f"{rate} B/s", "rtt": f"{2 * DELAY} s"}
    route = {"prefill": "here.prefill", "decode": "here.decode", "kv": kv, "handover": f"{HANDOVER} s"}
    data = scene(trace(folder, [(0.0, prompt, 3)]), pools, {"pd": route}, network={"links": {"wire": wire}})
    records = simulate_once(from_dict(data))
    row = {name: float(values[0]) for name, values in records.requests.items()}
    return {name: row[name] - row["uplink_end"] for name in TIMES} | {"kv_bytes": row["kv_bytes"]}


def expected(streaming: str, codec: str, *, prompt: int, chunk: int) -> dict[str, float]:
    """Each part of each step followed alone: computed, packed, sent, unpacked, each after the one before it."""
    parts, at, done = [], 0.0, 0
    while done < prompt:
        new = min(chunk, prompt - done)
        took = 0.002 + 20e-6 * new + 10e-9 * new * (done + new / 2)
        cut = LAYERS if streaming == "layers" else 1
        parts += [(at + took * (i + 1) / cut, new * PER_TOKEN / cut) for i in range(cut)]
        at, done = at + took, done + new
    if streaming == "whole" or codec == "blocking":
        parts = [(at, prompt * PER_TOKEN)]
    pieces = 1 if streaming == "layers" else LAYERS
    packed = out = unpacked = 0.0
    first = None
    for ready, size in parts:
        packed = max(packed, ready) + (size / ENCODE if codec != "none" else 0.0)
        begun = max(out, packed)
        first = begun if first is None else first
        out = begun + (size / RATIO if codec != "none" else size) / RATE
        if codec == "none":
            unpacked = out
        elif codec == "blocking":
            unpacked = out + size / DECODE
        else:
            for i in range(1, pieces + 1):
                unpacked = max(unpacked, begun + (out - begun) * i / pieces) + size / DECODE / pieces
    assert first is not None
    here = unpacked + DELAY
    return {
        "prefill_end": at,
        "encode_end": packed,
        "transfer_start": first,
        "transfer_end": out + DELAY,
        "codec_end": here,
        "handover_end": here + HANDOVER,
        "finish": here + HANDOVER + 0.016,
    }


@pytest.mark.parametrize(("streaming", "codec"), list(product(WAYS, CODECS)))
@pytest.mark.parametrize(("prompt", "chunk"), [(1000, 256), (1000, 2048), (4100, 512), (513, 512)])
def test_every_stamp(tmp_path: Path, streaming: str, codec: str, prompt: int, chunk: int) -> None:
    got = stamps(tmp_path, streaming, codec, prompt=prompt, chunk=chunk)
    # Of one step, layers are taken to arrive evenly (tests/theory/test_lone.py).
    even = streaming == "layers" and codec == "pipelined" and prompt <= chunk
    for name, want in expected(streaming, codec, prompt=prompt, chunk=chunk).items():
        if even and name in ("codec_end", "handover_end", "finish"):
            continue
        assert got[name] == pytest.approx(want, abs=1e-9), name


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("rate", [1e8, 1e9, 1e12])
def test_chunks_come_no_later_than_the_whole_and_layers_no_later_than_chunks(
    tmp_path: Path, codec: str, rate: float
) -> None:
    whole, chunks, layers = (stamps(tmp_path, way, codec, prompt=3000, chunk=400, rate=rate) for way in
                             ("whole", "chunks", "layers"))  # fmt: skip
    for name in ("encode_end", "transfer_end", "codec_end", "finish"):
        assert chunks[name] <= whole[name] + 1e-9
    assert layers["transfer_end"] <= chunks["transfer_end"] + 1e-9
    # What the prefill computes is the same, whenever it is sent.
    assert whole["prefill_end"] == chunks["prefill_end"] == layers["prefill_end"]
    assert whole["kv_bytes"] == pytest.approx(chunks["kv_bytes"]) == pytest.approx(layers["kv_bytes"])


def test_on_a_slow_link_the_first_chunk_alone_is_exposed(tmp_path: Path) -> None:
    """Where the link is always behind, the last byte leaves S/C after the end of the first step."""
    prompt, chunk, rate = 4000, 500, 1e8
    got = stamps(tmp_path, "chunks", "none", prompt=prompt, chunk=chunk, rate=rate)
    first = 0.002 + 20e-6 * chunk + 10e-9 * chunk**2 / 2
    assert got["transfer_end"] == pytest.approx(first + prompt * PER_TOKEN / rate + DELAY, abs=1e-9)
