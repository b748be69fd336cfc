"""The promised accuracy, by the script that fills docs/fidelity.md, on a few of its tables."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from paasim.profile.fit import fit, left_out, predict
from paasim.profile.form import DecodeForm, Forms
from paasim.profile.steps import StepTime
from paasim.profile.table import Row, Table

ROOT = Path(__file__).parents[2]
SOME = slice(0, None, 9)
"""Twelve of the tables: dense models and mixtures, all GPUs, all engines."""
SEEDS = 3
FEW = 1.25
"""How much further out the 95th percentile may lie over a few tables and seeds."""


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("holdout", ROOT / "benchmarks" / "holdout.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["holdout"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def tables(script: ModuleType, shared_data: Path) -> list:  # type: ignore[type-arg]
    return list(script.configurations(shared_data / "profiles" / "aiconfigurator"))


def test_some_tables_meet_the_bars(script: ModuleType, tables: list) -> None:  # type: ignore[type-arg]
    assert len(tables) == 101
    found = script.measure(tables[SOME], SEEDS)
    for key, (median, p95) in script.BARS.items():
        if key in found:
            assert np.median(found[key].median) <= median, key
            assert np.median(found[key].p95) <= p95 * FEW, key
    text = "\n".join(script.lines(found))
    assert text.count("held out") == 3
    assert text.count("beyond") == 4


def test_a_width_between_two_is_within_four_percent(script: ModuleType, tables: list) -> None:  # type: ignore[type-arg]
    asked = {"hardware": "h200_sxm", "model": "meta-llama/Meta-Llama-3.1-70B", "dtype": "fp8", "engine": "vllm"}
    widths = {int(each.key["tp"]): each.table for each in tables if asked.items() <= each.key.items()}
    assert sorted(widths) == [1, 2, 4, 8]
    for width, phase, off in script.between(widths):
        assert np.median(off) <= 0.04, (width, phase)


def test_a_mixture_is_never_extrapolated_in_batch_as_if_it_were_dense(script: ModuleType, tables: list) -> None:  # type: ignore[type-arg]
    """Few tokens wake few experts, so that a line through small batches is far off at large ones."""
    from paasim.profile.monotone import clean_points

    table = next(each.table for each in tables if not each.dense and "235B" in each.key["model"])
    left = np.array([row.phase == "decode" and row.batch > script.BATCH for row in table.rows])
    part = left_out(table, left)["decode"]
    kept = Table([row for row, out in zip(table.rows, left, strict=True) if not out])
    points = kept.points("decode")
    assert points is not None
    line = np.polyfit(points.batch, clean_points(points.seconds, points.batch, points.total), 1)
    as_if_dense = np.array([np.polyval(line, row.batch) / row.latency - 1 for row in part.rows])
    assert np.median(np.abs(part.off)) < 0.05
    assert np.median(np.abs(as_if_dense)) > 0.2
    form = fit(kept).decode
    assert form is not None
    assert form.d + form.e > 0


def test_beyond_the_largest_batch_a_step_grows_as_a_prefill_step_does() -> None:
    decode = DecodeForm(a="8 ms", b="20 us", c="40 ns")  # type: ignore[arg-type]
    batches = (1, 2, 4, 8, 16)
    rows = [Row("decode", b, 1, c, float(decode.at(b, b * c))) for b in batches for c in (128, 1024, 8192)]
    alone = StepTime("decode alone", fit(Table(rows)), Table(list(rows)))
    rows += [Row("prefill", 1, n, 0, 0.008 + 50e-6 * n) for n in (1, 16, 64, 256, 1024)]
    table = Table(rows)
    steps = StepTime("both", fit(table), table)
    growth = steps.prefill(200, 100.0) - steps.prefill(16, 8.0)
    assert growth == pytest.approx(50e-6 * 184, rel=0.01)
    for s in (0.0, 2e4, 1e6):
        assert steps.decode(200, s) == pytest.approx(steps.decode(16, s) + growth, rel=1e-12)
        assert steps.decode(17, s) >= steps.decode(16, s)
    assert steps.decode_outside(200, 2e4)
    assert alone.decode(200, 2e4) == pytest.approx(decode.at(200, 2e4), rel=0.01)
    assert predict(steps, Row("decode", 200, 1, 100.0, 1.0)) == (steps.decode(200, 2e4), True)


def test_the_largest_measured_batch_lies_inside_the_box() -> None:
    """It is met as the others are, even where the form is above it."""
    form = DecodeForm(a="10 ms", b="100 us", c="40 ns")  # type: ignore[arg-type]
    rows = [Row("decode", b, 1, c, float(form.at(b, b * c))) for b in (1, 2, 4, 8) for c in (128, 1024, 8192)]
    rows += [Row("decode", 16, 1, c, 0.0109 + 4e-8 * 16 * c) for c in (128, 1024, 8192)]
    steps = StepTime("alone", Forms(decode=form), Table(rows))
    assert form.at(16, 16 * 1024) > 1.05 * (0.0109 + 4e-8 * 16 * 1024)
    assert steps.decode(16, 16 * 1024.0) == pytest.approx(0.0109 + 4e-8 * 16 * 1024, rel=0.005)
