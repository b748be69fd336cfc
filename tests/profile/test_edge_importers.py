"""Importers of device figures: known answers from the real files, and what they refuse."""

from __future__ import annotations

from pathlib import Path

import pytest

from paasim.core.errors import InputError
from paasim.profile.importers import formats, mlx_lm, ollama_rates, published_points, qualcomm_ai_hub
from paasim.profile.table import Row

QUALCOMM = "model,precision,device,runtime,context_length,ttft_ms_min,ttft_ms_max,tokens_per_second,source\n"
POINTS = (
    "device,chip,processor,model,quantisation,engine,prompt_tokens,generated_tokens,"
    "prefill_tokens_per_s,decode_tokens_per_s,source,note\n"
)


def _rows(rows: list[Row], phase: str) -> list[tuple[float, float, float]]:
    """(batch, new tokens or context, seconds)."""
    some = [row for row in rows if row.phase == phase]
    return [(r.batch, r.new_tokens if phase == "prefill" else r.context_tokens, r.latency) for r in some]


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("qualcomm_ai_hub_llm.csv", "qualcomm-ai-hub"),
        ("mlx_lm_benchmarks.csv", "mlx-lm"),
        ("ollama_eval_rates.csv", "ollama-rates"),
        ("published_points.csv", "published-points"),
        ("apple_device_runs.csv", "phone-runs"),
        ("iphone17pro_qwen3_4b_context_sweep.csv", "phone-runs"),
        ("ios_llama_cpp/qwen_q4km_lmsys1000.csv.gz", "phone-runs"),
    ],
)
def test_files_are_recognised(shared_data: Path, name: str, format: str) -> None:
    assert formats.recognise(shared_data / "edge" / name).name == format


def test_qualcomm(shared_data: Path) -> None:
    path = shared_data / "edge" / "qualcomm_ai_hub_llm.csv"
    found = qualcomm_ai_hub.read(path, {"model": "=Llama-v3.1-8B-Instruct", "device": "X Elite"})
    prefill = _rows(found.table.rows, "prefill")
    # A prompt of one token takes a whole chunk; a full context, 32 of them.
    assert prefill[0] == (1, 1, pytest.approx(0.207727))
    assert prefill[1] == (1, 128, pytest.approx(0.207727))
    assert prefill[2] == (1, 256, pytest.approx(2 * 0.207727))
    assert prefill[-1] == (1, 4096, pytest.approx(6.647264))
    assert _rows(found.table.rows, "decode") == [(1, at, pytest.approx(1 / 9.357)) for at in (1, 4096)]
    assert found.header["id"] == "snapdragon-x-elite/llama-3.1-8b/w4a16/genie/tp1"
    assert "multiples of it" in found.header["note"]
    whole = qualcomm_ai_hub.read(path, {"model": "=Llama-v2-7B-Chat", "device": "Galaxy"})
    assert [n for _, n, _ in _rows(whole.table.rows, "prefill")] == [1, 1024]
    with pytest.raises(InputError, match="2 lines match"):
        qualcomm_ai_hub.read(path, {"model": "=Llama-v3.1-8B-Instruct"})


def test_qualcomm_with_a_time_that_was_measured(tmp_path: Path) -> None:
    """A full context that is no multiple of the chunk's time stands for itself."""
    path = tmp_path / "hub.csv"
    path.write_text(QUALCOMM + "m,w4,dev,genie,4096,100,3650,10,\n")
    found = qualcomm_ai_hub.read(path, {})
    assert [n for _, n, _ in _rows(found.table.rows, "prefill")] == [1, 128, 4096]
    assert "multiples" not in found.header["note"]
    path.write_text(QUALCOMM + "m,w4,dev,genie,4096,100,3650,,\n")
    with pytest.raises(InputError, match="lacks a time, context length or rate"):
        qualcomm_ai_hub.read(path, {})


def test_mlx_lm(shared_data: Path) -> None:
    path = shared_data / "edge" / "mlx_lm_benchmarks.csv"
    found = mlx_lm.read(path, {"model": "4B", "precision": "=q4"})
    assert _rows(found.table.rows, "prefill") == [(1, 2048, pytest.approx(2048 / 1622.27))]
    # 128 tokens after 2,048: the mean context is 2,112.
    assert _rows(found.table.rows, "decode") == [(1, 2112, pytest.approx(1 / 134.52))]
    assert found.header["memory"] == {"device_bytes": "64 GB"}
    assert found.header["hardware"] == "m4-max"
    with pytest.raises(InputError, match="did not fit"):
        mlx_lm.read(path, {"model": "30B", "precision": "=bf16"})
    with pytest.raises(InputError, match="lines match"):
        mlx_lm.read(path, {"model": "30B"})


def test_ollama(shared_data: Path) -> None:
    path = shared_data / "edge" / "ollama_eval_rates.csv"
    found = ollama_rates.read(path, {"model": "=Llama 3.2:3b", "system": "=Pi 5 - 16GB"})
    assert _rows(found.table.rows, "decode") == [(1, 1, pytest.approx(1 / 4.88))]
    assert found.header["power"] == "11.9 W"
    assert "at the wall" in found.header["power_source"]
    assert found.header["memory"] == {"device_bytes": "16 GB"}
    # The memory of the computer is not that of the card in it.
    card = ollama_rates.read(path, {"model": "=DeepSeek R1 14b", "system": "Orion O6 - 16GB (Nvidia"})
    assert "memory" not in card.header
    silent = ollama_rates.read(path, {"model": "=Llama 3.2:3b", "system": "=Intel 13900K (Nvidia 5090)"})
    assert "power" not in silent.header
    with pytest.raises(InputError, match="lines match"):
        ollama_rates.read(path, {"model": "=Llama 3.2:3b"})


def test_published_points(shared_data: Path) -> None:
    path = shared_data / "edge" / "published_points.csv"
    thor = {"device": "Thor Developer Kit", "model": "=Llama-3.1-8B-Instruct", "quantisation": "=NVFP4"}
    found = published_points.read(path, thor)
    # The note gives 31.0 and 387.6 ms for prompts of 383 tokens, one and eight of them.
    assert _rows(found.table.rows, "prefill") == [
        (1, 383, pytest.approx(0.0310, rel=1e-3)),
        (8, 383, pytest.approx(0.3876, rel=1e-3)),
    ]
    assert _rows(found.table.rows, "decode") == [(1, 383, pytest.approx(1 / 54.9)), (8, 383, pytest.approx(8 / 308.7))]
    assert found.header["version"] == "0.4.0"
    orin = published_points.read(path, {"device": "=NVIDIA Jetson AGX Orin", "engine": "llama.cpp (GPU)"})
    assert orin.header["power"] == "30.8 W"
    assert _rows(orin.table.rows, "decode") == [(1, 1, pytest.approx(1 / 20.03))]
    with pytest.raises(InputError, match="throughput of a server under load"):
        published_points.read(path, {"model": "Llama 3.3 70B"})
    with pytest.raises(InputError, match="3 kinds of quantisation"):
        published_points.read(path, {"device": "OnePlus 12", "model": "=Llama 3.2 1B"})


def test_published_points_without_a_rate(tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    path.write_text(POINTS + "d,,CPU,m,,e,64,,,,https://example.org,\n")
    with pytest.raises(InputError, match="hold no rate"):
        published_points.read(path, {})
    path.write_text(POINTS + "d,,CPU,m,,e,64,,fast,,https://example.org,\n")
    with pytest.raises(InputError, match="prefill_tokens_per_s 'fast' is not a number"):
        published_points.read(path, {})
