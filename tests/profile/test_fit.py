"""Fitting: known coefficients come back, and what the tables say is predicted from a part of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from paasim.profile.fit import errors, fit, held_out
from paasim.profile.form import DecodeForm, PrefillForm
from paasim.profile.importers import aiconfigurator
from paasim.profile.table import Row, Table
from paasim.profile.validate import validate
from paasim.profile.write import make

PREFILL = PrefillForm(a="2 ms", w="8 ms", b="20 us", c="1 ns")  # type: ignore[arg-type]
DECODE = DecodeForm(a="6 ms", b="10 us", c="40 ns", e="2 ms")  # type: ignore[arg-type]


def _table() -> Table:
    prompts = [(n, prefix) for n in (16, 64, 256, 1024, 4096, 16384) for prefix in (0, 2048, 32768)]
    batches = [(b, context) for b in (1, 2, 4, 8, 16, 64, 256) for context in (128, 1024, 8192)]
    rows = [Row("prefill", 1, n, prefix, float(PREFILL.at(n, n * (prefix + n / 2)))) for n, prefix in prompts]
    return Table(rows + [Row("decode", b, 1, context, float(DECODE.at(b, b * context))) for b, context in batches])


def test_known_coefficients_come_back() -> None:
    table = Table([row for row in _table().rows if row.phase == "prefill"])
    prefill = fit(table).prefill
    decode = fit(Table([row for row in _table().rows if row.phase == "decode"])).decode
    assert prefill is not None
    assert decode is not None
    assert prefill.b == pytest.approx(PREFILL.b, rel=0.03)
    assert prefill.c == pytest.approx(PREFILL.c, rel=0.03)
    assert prefill.a + prefill.w == pytest.approx(PREFILL.a + PREFILL.w, rel=0.03)
    assert (decode.a, decode.b, decode.c, decode.e) == pytest.approx((DECODE.a, DECODE.b, DECODE.c, DECODE.e), rel=1e-4)


def test_a_profile_made_from_a_table_meets_it(tmp_path: Path) -> None:
    table = _table()
    profile = make({"id": "own", "hardware": "own-gpu", "provenance": "measured"}, table, tmp_path / "own.yaml")
    found = {(e.phase, e.inside): e for e in validate(profile, table)}
    assert found["prefill", True].max < 0.02
    assert found["decode", True].max < 0.002
    assert profile.spec.error is not None
    assert profile.spec.error.decode is not None
    assert profile.spec.error.decode.cleaned < 1e-6


def test_inversions_are_cleaned_and_stated() -> None:
    rows = [Row("decode", 1, 1, 128 * 2**i, 0.01 + 0.001 * i) for i in range(8)]
    rows[4] = Row("decode", 1, 1, 128 * 2**4, 0.012)
    table = Table(rows)
    stated = errors(table, fit(table)).decode
    assert stated is not None
    assert stated.cleaned == pytest.approx((0.013 / 0.012) ** 0.5 - 1, rel=0.01)


CONFIGURATIONS = [
    {"hardware": "h100_sxm", "model": "meta-llama/Meta-Llama-3.1-8B", "dtype": "bf16", "engine": "vllm", "tp": "1"},
    {"hardware": "b200_sxm", "model": "meta-llama/Meta-Llama-3.1-70B", "dtype": "fp8", "engine": "vllm", "tp": "4"},
    {"hardware": "h200_sxm", "model": "openai/gpt-oss-120b", "dtype": "mxfp4", "engine": "vllm", "tp": "1"},
    {"hardware": "a100_sxm", "model": "Qwen/Qwen3-32B", "dtype": "bf16", "engine": "vllm", "tp": "4"},
    {"hardware": "l40s", "model": "meta-llama/Meta-Llama-3.1-8B", "dtype": "bf16", "engine": "vllm", "tp": "1"},
]
BARS = {"prefill": (0.010, 0.06), "decode": (0.016, 0.08), "mixed": (0.016, 0.08)}
"""Median and 95th percentile over these configurations together; all configurations: see docs."""


def test_held_out_rows_are_predicted(shared_data: Path) -> None:
    off: dict[str, list[float]] = {}
    for select in CONFIGURATIONS:
        table = aiconfigurator.read(shared_data / "profiles" / "aiconfigurator", select).table
        for phase, relative in held_out(table).items():
            off.setdefault(phase, []).extend(relative)
    for phase, (median, p95) in BARS.items():
        assert np.median(off[phase]) < median, phase
        assert np.percentile(off[phase], 95) < p95, phase


def test_repeats_of_a_row_do_not_help_to_predict_it() -> None:
    rng = np.random.default_rng(3)
    rows = [
        Row("prefill", 1, n, 0.0, (0.01 + 2e-5 * n) * float(np.exp(0.05 * rng.standard_normal())))
        for n in range(64, 64 * 25, 64)
    ]
    alone, twice = held_out(Table(rows))["prefill"], held_out(Table(rows * 2))["prefill"]
    assert np.median(twice) > 0.5 * np.median(alone) > 0.0
