"""What every shipped profile must keep."""

from __future__ import annotations

import math

import numpy as np
import pytest

from paasim.core.paths import bundled
from paasim.profile import load, names
from paasim.profile.fit import FEWEST
from paasim.profile.spec import PHASES

NAMES = names()
DRAWS = 60


def _log(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(math.log(low), math.log(high))))


def test_the_promised_hardware_ships() -> None:
    for hardware in ("h100-sxm", "h200-sxm", "b200-sxm", "l40s", "a100-sxm"):
        for model in ("llama-3.1-8b", "llama-3.1-70b"):
            assert any(name.startswith(f"{hardware}/{model}/") for name in NAMES), (hardware, model)
    for hardware in (
        "m2-ultra",
        "dgx-spark",
        "strix-halo",
        "iphone",
        "rtx-4090",
        "m1-max",
        "prfaas-h200",
        "prfaas-h20",
    ):
        assert any(name.startswith(f"{hardware}/") for name in NAMES), hardware


@pytest.mark.parametrize("name", NAMES)
def test_header_is_complete(name: str) -> None:
    profile = load(name)
    spec = profile.spec
    assert spec.id == name
    assert all(text not in ("", "unnamed", "unstated") for text in (spec.hardware, spec.model, spec.dtype, spec.engine))
    assert spec.source.startswith("https://")
    assert spec.provenance != "composed" or spec.measured_fraction is not None
    assert spec.price is None or spec.price_source
    assert spec.power is None or spec.power_source
    assert (bundled("profiles") / "models" / f"{spec.model}.yaml").is_file()
    if profile.table is None:
        assert spec.provenance in ("fitted", "estimated")
        assert spec.note
        return
    for phase in PHASES:
        points = profile.table.points(phase)
        if points is None:
            continue
        error = getattr(spec.error, phase)
        assert error.points == len(points)
        assert len(points) <= FEWEST or error.median is not None or phase != "prefill"


@pytest.mark.parametrize("name", NAMES)
def test_steps_are_monotone_inside_across_and_outside_the_box(name: str) -> None:
    """A step never gets faster when N, Q, B or S grows."""
    steps = load(name).steps()
    rng = np.random.default_rng(7)
    for _ in range(DRAWS):
        n, b = int(_log(rng, 1, 4e5)), int(_log(rng, 1, 2000))
        q, s = _log(rng, 1, 1e11), _log(rng, 1, 4e6)
        by = rng.choice([1.001, 1.1, 2.0, 8.0])
        more_n, more_b = max(n + 1, int(n * by)), max(b + 1, int(b * by))
        if steps.can_prefill:
            now = steps.prefill(n, q) * (1 - 1e-12)
            assert now > 0
            assert steps.prefill(more_n, q) >= now
            assert steps.prefill(n, q * by) >= now
        if steps.can_decode:
            now = steps.decode(b, s) * (1 - 1e-12)
            assert now > 0
            assert steps.decode(more_b, s) >= now
            assert steps.decode(b, s * by) >= now
        if steps.can_prefill and steps.can_decode:
            now = steps.mixed(n, q, b, s) * (1 - 1e-12)
            for more in ((more_n, q, b, s), (n, q * by, b, s), (n, q, more_b, s), (n, q, b, s * by)):
                assert steps.mixed(*more) >= now
            assert now >= max(steps.prefill(n, q), steps.decode(b, s)) * (1 - 1e-11)


@pytest.mark.parametrize("name", NAMES)
def test_decode_curves_are_sound(name: str) -> None:
    steps = load(name).steps()
    if not steps.can_decode:
        return
    for b in (1, 3, 64, 5000):
        curve = steps.curve(b)
        assert curve is steps.curve(b)
        assert curve.knots[0] == 0.0
        assert len(curve.knots) == len(curve.values) == len(curve.slopes) < 80
        assert all(x < y for x, y in zip(curve.knots, curve.knots[1:], strict=False))
        assert all(slope >= -1e-18 for slope in curve.slopes)
        assert all(type(x) is float for x in (*curve.knots, *curve.values, *curve.slopes))
        ends = [
            v + m * (y - x)
            for v, m, x, y in zip(curve.values, curve.slopes, curve.knots, curve.knots[1:], strict=False)
        ]
        assert ends == pytest.approx(curve.values[1:], rel=1e-12)
        for s in (0.0, 777.7, 1e5, 1e8):
            assert curve.at(s) == steps.decode(b, s)


@pytest.mark.parametrize("name", [name for name in NAMES if load(name).table is not None])
def test_box_and_agreement_with_its_table(name: str) -> None:
    """Rows of the table lie inside the box and are met closely: most within 1 %, after the clean-up."""
    from paasim.profile.fit import cleaned, predict

    profile = load(name)
    steps, table = profile.steps(), profile.table
    assert table is not None
    for phase in ("prefill", "decode"):
        rows = [row for row in table.rows if row.phase == phase]
        if not rows:
            continue
        predicted = [predict(steps, row) for row in rows]
        assert not any(outside for _, outside in predicted)
        points = table.points(phase)
        assert points is not None
        off = np.abs(np.array([seconds for seconds, _ in predicted]) / cleaned(points, phase) - 1)
        assert np.median(off) < 0.01
    if steps.can_prefill:
        assert steps.prefill_outside(10**7, 1e3)
        assert steps.prefill_outside(512, 1e13)
    if steps.can_decode and table.points("decode"):
        assert steps.decode_outside(10**5, 1e3)
        assert steps.decode_outside(1, 1e9)
