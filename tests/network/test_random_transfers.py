"""What is foreseen is what is simulated, on random networks, with random transports, codecs and prompts."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.network.scenes import foreseen, scene, simulated
from tests.network.test_hiding import changed, left_behind

bandwidths = st.floats(1e8, 4e11).map(lambda rate: f"{rate!r} bps")
trips = st.floats(1e-5, 0.2).map(lambda time: f"{time!r} s")


@st.composite
def transports(draw: st.DrawFn) -> dict[str, Any]:
    made: dict[str, Any] = {"kind": draw(st.sampled_from(["tcp", "bbr", "ideal"]))}
    if made["kind"] == "ideal":
        return made
    made["connections"] = draw(st.integers(1, 64))
    made["handshake"] = draw(st.sampled_from(["tcp", "tls", "fast-open"]))
    made["slow_start"] = draw(st.booleans())
    if draw(st.booleans()):
        made["receive_window"] = f"{draw(st.integers(16, 65536))} KiB"
    if draw(st.booleans()):
        made["host"] = draw(bandwidths)
    return made


@st.composite
def links(draw: st.DrawFn) -> dict[str, Any]:
    made: dict[str, Any] = {"bandwidth": draw(bandwidths), "rtt": draw(trips)}
    if draw(st.booleans()):
        made["access"] = {"down": draw(bandwidths), "up": "1 Gbps", "rtt": draw(trips)}
    if draw(st.booleans()):
        made["transport"] = draw(transports())
        made["loss"] = draw(st.sampled_from([0.0, 1e-5, 1e-3]))
    if draw(st.booleans()):
        made["background"] = {"flows": draw(st.integers(0, 5)), "rate": f"{draw(st.floats(1e3, 9e7))!r} bps"}
    return made


@st.composite
def sendings(draw: st.DrawFn) -> dict[str, Any]:
    codec: Any = "none"
    if draw(st.booleans()):
        rates = {way: f"{draw(st.floats(1e8, 1e11))!r} B/s" for way in ("encode", "decode")}
        codec = {"kind": "ratio", "ratio": 2, "pipelined": draw(st.booleans()), **rates}
    return {"codec": codec, "streaming": draw(st.sampled_from(["whole", "layers", "chunks"]))}


batchings = st.one_of(st.none(), st.integers(64, 8192).map(lambda chunk: {"kind": "chunked", "chunk": chunk}))


@settings(max_examples=100, deadline=None)
@given(links(), sendings(), batchings, st.integers(1, 20_000))
def test_as_simulated(link: dict[str, Any], kv: dict[str, Any], batching: dict[str, Any] | None, prompt: int) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        scenario = scene(folder, link, kv=kv, batching=batching, prompt=prompt)
        told = foreseen(scenario, prompt)
        for key, value in simulated(scenario).items():
            assert getattr(told, key) == pytest.approx(value, rel=1e-9, abs=1e-9), key
        assert told.lower_bound <= told.duration * (1 + 1e-9) + 1e-9
        bandwidth = told.hiding.bandwidth
        if bandwidth is not None and 1e3 < bandwidth < 1e15:
            more = changed(scenario, folder, told.hiding.key, 1.01 * bandwidth)
            less = changed(scenario, folder, told.hiding.key, 0.99 * bandwidth)
            if foreseen(more, prompt).limit.kind in ("production", "codec"):
                assert left_behind(more, prompt) == pytest.approx(0.0, abs=1e-8)
            assert left_behind(less, prompt) > 0.0
