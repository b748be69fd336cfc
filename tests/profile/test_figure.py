"""The figure of a profile, and comparing with files whose form is recognised."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from paasim.cli.profile import app
from paasim.core.errors import InputError
from paasim.profile import load
from paasim.profile.table import Row, Table
from paasim.profile.validate import measured_steps, validate
from paasim.report import style
from paasim.report.figures.profile import MOST_LINES, draw

H100 = "h100-sxm/llama-3.1-8b/bf16/vllm/tp1"
BETWEEN = {"between": ["h200-sxm/llama-3.1-70b/fp8/vllm/tp2", "h200-sxm/llama-3.1-70b/fp8/vllm/tp4"], "tp": 3}


def _run(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_points_lines_and_box_are_drawn() -> None:
    profile = load(H100)
    figure = draw(profile)
    prefill, decode = figure.axes
    assert prefill.get_title(loc="left") == "Prefill, one prompt"
    assert decode.get_title(loc="left") == "Decode"
    for axes in (prefill, decode):
        shown = [line for line in axes.get_lines() if line.get_marker() == "o"]
        assert 2 <= len(shown) <= MOST_LINES
        assert len(axes.get_lines()) == 4 * len(shown)
        assert len(axes.patches) == 1
    assert profile.table is not None
    row = next(r for r in profile.table.rows if r.phase == "prefill" and r.context_tokens == 0)
    first = next(line for line in prefill.get_lines() if line.get_marker() == "o")
    assert (row.new_tokens, row.latency) in zip(first.get_xdata(), first.get_ydata(), strict=True)  # type: ignore[arg-type]
    assert style.svg(draw(profile)) == style.svg(draw(profile))


@pytest.mark.parametrize("name", ["prfaas-h200", "prfaas-h20", "iphone/llama-3.2-3b", BETWEEN])
def test_profiles_of_every_kind_can_be_drawn(name: object) -> None:
    figure = draw(load(name))  # type: ignore[arg-type]
    assert 1 <= len(figure.axes) <= 2
    assert style.svg(figure).startswith(b"<?xml")


POINT = "raspberry-pi-5/llama-3.2-3b/4bit/ollama/tp1"


@pytest.mark.parametrize(
    "name", [H100, POINT, "m4-max/qwen3-4b/bf16/mlx-lm/tp1", "dgx-spark/llama-3.1-8b/fp16/exo/tp1"]
)
def test_nothing_lies_under_a_legend_and_axes_can_be_read(name: str) -> None:
    figure = draw(load(name))
    figure.canvas.draw()
    shown = figure.bbox
    for axes in figure.axes:
        legend = axes.get_legend()
        assert legend is not None
        box = legend.get_window_extent()
        for line in axes.get_lines():
            places = axes.transData.transform([p for p in line.get_xydata() if np.isfinite(p).all()] or [(1e-9, 1e-9)])
            assert not any(box.contains(x, y) for x, y in places), name
        low, high = axes.get_ylim()
        assert high >= 1.99 * low
        labels = [label.get_text() for label in axes.get_yticklabels() if label.get_window_extent().overlaps(axes.bbox)]
        assert all(len(label) < 9 for label in labels)
        inside = [tick for tick in axes.yaxis.get_majorticklocs() if low <= tick <= high]
        assert len(inside) >= 2
    for legend in figure.legends:
        box = legend.get_window_extent()
        assert shown.x0 <= box.x0
        assert box.x1 <= shown.x1


def test_a_single_measured_point_stands_in_a_stripe() -> None:
    (axes,) = draw(load(POINT)).axes
    (box,) = axes.patches
    assert box.get_extents().width > 1  # pixels: it can be seen
    assert axes.get_xlim()[0] > 0.5  # no context is shorter than a token


def test_show_writes_the_figure(tmp_path: Path) -> None:
    out = tmp_path / "h100.svg"
    assert H100 in _run("show", H100, "-o", str(out))
    assert b"sequences B" in out.read_bytes()
    _run("show", "prfaas-h20", "-o", str(tmp_path / "h20.png"))
    assert (tmp_path / "h20.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(InputError, match=r"neither \.svg nor \.png"):
        _run("show", H100, "-o", str(tmp_path / "x.pdf"))
    with pytest.raises(InputError, match="cannot be written: No such file"):
        _run("show", H100, "-o", str(tmp_path / "none" / "x.svg"))


def test_what_to_compare_with_is_recognised_by_what_stands_in_it(tmp_path: Path, root: Path) -> None:
    own = root / "profiles" / f"{H100}.csv"
    assert len(measured_steps(own).rows) == len(load(H100).table.rows)  # type: ignore[union-attr]
    runs = tmp_path / "no-telling-name"
    lines = [{"n_prompt": n, "n_gen": 0, "avg_ns": 1e6 * n} for n in (64, 128, 256)]
    runs.write_text("\n".join(map(json.dumps, [*lines, {"n_prompt": 0, "n_gen": 64, "avg_ns": 1e7 * 64}])))
    found = json.loads(_run("validate", H100, "--against", str(runs), "--json"))["errors"]
    assert {(e["phase"], e["rows"]) for e in found} == {("prefill", 3), ("decode", 1)}
    assert [line.split()[0] for line in _run("validate", H100, "--against", str(runs)).splitlines()[1:]]
    (tmp_path / "noise.txt").write_text("nothing of the kind\n")
    with pytest.raises(InputError, match="is of no format that is known"):
        _run("validate", H100, "--against", str(tmp_path / "noise.txt"))
    with pytest.raises(InputError, match="no such file"):
        _run("validate", H100, "--against", str(tmp_path / "none.csv"))


def test_the_errors_are_those_of_the_definition() -> None:
    profile = load({"form": {"prefill": {"b": "1 ms"}, "decode": {"a": "10 ms"}}})
    table = Table([Row("prefill", 1, n, 0, n * 1e-3 * by) for n, by in ((100, 1.0), (200, 0.8), (400, 2.0))])
    (found,) = validate(profile, table)
    assert (found.phase, found.inside, found.rows) == ("prefill", True, 3)
    assert found.median == pytest.approx(0.25)
    assert found.max == pytest.approx(0.5)
    assert found.p95 == pytest.approx(0.25 + 0.9 * 0.25)
    assert found.bias == pytest.approx(0.0, abs=1e-12)
    with pytest.raises(InputError, match=r"steps\.csv: has rows of decode; .* has no decode"):
        validate(load("prfaas-h200"), Table([Row("decode", 1, 1, 10.0, 1.0)]), "steps.csv")
    measured = load(H100)
    both = Table([Row("decode", 1, 1, 1024.0, 0.006), Row("decode", 4096, 1, 1024.0, 0.1)])
    assert [(e.inside, e.rows) for e in validate(measured, both)] == [(True, 1), (False, 1)]
