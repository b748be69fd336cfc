"""Estimates: rooflines are lower bounds, scaling by stated ratios comes near, and both say what they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from paasim.cli.profile import app
from paasim.core.errors import InputError
from paasim.profile import load
from paasim.profile.estimate import DataSheet, Ratios, Weights, roofline, scaled
from paasim.profile.validate import validate

SOURCE = "https://resources.nvidia.com/en-us-tensor-core"
"""NVIDIA's data sheets: H100 SXM 989.4 TFLOP/s in bf16 (dense), 80 GB at 3.35 TB/s; H200 SXM the same at 4.8 TB/s."""
H100 = ("--compute", "989.4 TFLOP/s", "--bandwidth", "3.35 TB/s", "--memory", "80 GB")
MEASURED = "h100-sxm/llama-3.1-8b/bf16/vllm/tp1"
DENSE = Weights("some", "bf16", 8e9, 8e9, 16e9, 131072, 131072)
SHEET = DataSheet(compute=1e15, bandwidth=4e12, memory=80e9)


def _run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["estimate", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_roofline_is_bytes_over_bandwidth_and_work_over_compute() -> None:
    spec = roofline(DENSE, SHEET, {"source": SOURCE}, gpus=2, query_width=1e5)
    prefill, decode = spec.form.prefill, spec.form.decode
    assert prefill is not None
    assert decode is not None
    assert prefill.w == decode.a == pytest.approx(2e-3)
    assert prefill.b == decode.b == pytest.approx(8e-6)
    assert prefill.c == pytest.approx(2e-10)
    assert decode.c == pytest.approx(131072 / 8e12)
    assert (decode.d, decode.e, spec.tp, spec.provenance) == (0.0, 0.0, 2, "estimated")
    half = roofline(DENSE, DataSheet(1e15, 4e12, 80e9, 0.5, 0.25), {"source": SOURCE}).form.decode
    assert half is not None
    assert half.a == pytest.approx(16e-3)
    assert half.b == pytest.approx(32e-6)


@pytest.mark.parametrize(("active", "many"), [(37 / 671, True), (3.6 / 20.9, False)])
def test_a_mixture_reads_what_its_tokens_need(active: float, many: bool) -> None:
    roomy = replace(SHEET, memory=2e11)
    mixture = Weights("mixture", "fp8", 1e11, active * 1e11, 1e11, 70000, None)
    decode = roofline(mixture, roomy, {"source": SOURCE}).form.decode
    assert decode is not None
    assert (decode.d > 0) == many
    assert (decode.e > 0) == (not many)
    read = [float(decode.at(b, 0.0)) - decode.b * b for b in (1, 4000)]
    assert read[0] == pytest.approx(max(active, 0.03 if many else 0.2) * 1e11 / 4e12)
    assert read[1] == pytest.approx(1e11 / 4e12)


def test_a_roofline_is_a_lower_bound_and_not_a_wild_one(tmp_path: Path) -> None:
    out = tmp_path / "mine.yaml"
    _run("-o", str(out), "--source", SOURCE, "--model", "llama-3.1-8b", *H100, "--query-width", "131072")
    profile, measured = load(str(out)), load(MEASURED)
    assert profile.spec.provenance == "estimated"
    assert "Roofline, not measured" in profile.spec.note
    assert "989.4 TFLOP/s at 100%" in profile.spec.note
    assert profile.spec.memory.kv_bytes_per_token == 131072
    assert measured.table is not None
    for found in validate(profile, measured.table):
        assert -0.45 < found.bias < 0
        assert found.max < 0.45


def test_scaling_to_another_gpu_comes_nearer_than_not_scaling(tmp_path: Path) -> None:
    """H200 from H100: the same arithmetic, 1.43 times the bandwidth."""
    out = tmp_path / "h200.yaml"
    ratio = f"bandwidth={4.8 / 3.35}"
    assert _run(
        "-o", str(out), "--source", SOURCE, "--scale", MEASURED, "--ratio", ratio, "--set", "hardware=h200"
    ).strip()
    table = load("h200-sxm/llama-3.1-8b/bf16/vllm/tp1").table
    assert table is not None
    profile = load(str(out))
    assert f"the form of {MEASURED} (composed)" in profile.spec.note
    near = {e.phase: e.median for e in validate(profile, table) if e.inside}
    far = {e.phase: e.median for e in validate(load(MEASURED), table) if e.inside}
    assert near["decode"] < 0.1 < far["decode"]
    assert near["prefill"] < 0.05
    same = scaled(load(MEASURED), Ratios(), {"source": SOURCE}).form
    assert same == load(MEASURED).spec.form
    lighter = scaled(load(MEASURED), Ratios(weight_bytes=0.5, kv_bytes=0.5), {"source": SOURCE}).form.decode
    assert lighter is not None
    assert same.decode is not None
    assert np.allclose([lighter.a, lighter.c, lighter.b], [same.decode.a / 2, same.decode.c / 2, same.decode.b])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--model", "llama-3.1-8b"], "--compute: is missing"),
        (["--model", "llama-3.1-8b", *H100[:2], *H100[4:], "--bandwidth", "3.35"], "--bandwidth: .* needs a unit"),
        (["--model", "llama-3.1-8b", *H100, "--compute-share", "1.2"], "--compute-share: 1.2 is not a share"),
        (["--model", "llama-3.1-8b", *H100, "--dtype", "q4-k-m"], "bytes of llama-3.1-8b in q4-k-m are not known"),
        (["--model", "llama-9b", *H100], "llama-9b"),
        (["--scale", MEASURED], "--ratio: is missing"),
        (["--scale", MEASURED, "--ratio", "band=2"], "--ratio: 'band' is unknown"),
        (["--scale", MEASURED, "--ratio", "bandwidth=no"], "bandwidth 'no' is not a ratio"),
    ],
)
def test_bad_input(arguments: list[str], said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=said):
        _run("-o", str(tmp_path / "x.yaml"), "--source", SOURCE, *arguments)
    with pytest.raises(InputError, match="needs the source"):
        roofline(DENSE, SHEET, {})
