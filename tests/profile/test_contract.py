"""What every shipped profile must keep."""

from __future__ import annotations

import functools
import math
import re
from collections import Counter

import numpy as np
import pytest

from paasim.model import load as load_model
from paasim.model import names as model_names
from paasim.profile import load, names
from paasim.profile.fit import FEWEST
from paasim.profile.profile import Profile
from paasim.profile.spec import PHASES

NAMES = names()
DRAWS = 60


@functools.cache
def _profile(name: str) -> Profile:
    """Each profile is read, and its step times are made, once for all tests."""
    return load(name)


def _log(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(math.log(low), math.log(high))))


FAMILIES = {
    "datacenter": ("a100-sxm", "h100-sxm", "h200-sxm", "b200-sxm", "gb200", "l40s", "prfaas-h200", "prfaas-h20"),
    "device": (
        *("m1", "m1-max", "m1-ultra", "m2-ultra", "m3-ultra", "m4", "m4-max", "iphone", "iphone-17-pro"),
        *("snapdragon-8-elite", "snapdragon-x-elite", "jetson-agx-orin", "jetson-agx-thor", "dgx-spark", "strix-halo"),
        *("rtx-3060", "rtx-3090", "rtx-4070-ti", "rtx-4090", "rtx-5090", "raspberry-pi-5", "raspberry-pi-400"),
    ),
}
"""Hardware that users were promised, by place."""


def test_the_promised_hardware_and_models_ship() -> None:
    places = Counter(_profile(name).spec.place for name in NAMES)
    assert places["datacenter"] >= 60
    assert places["device"] >= 40
    assert len(model_names()) >= 25
    for place, families in FAMILIES.items():
        for hardware in families:
            found = [name for name in NAMES if name.startswith(f"{hardware}/")]
            assert found, hardware
            assert {_profile(name).spec.place for name in found} == {place}
    for hardware in FAMILIES["datacenter"][:4]:
        for model in ("llama-3.1-8b", "llama-3.1-70b"):
            assert any(name.startswith(f"{hardware}/{model}/") for name in NAMES), (hardware, model)


@pytest.mark.parametrize("name", NAMES)
def test_header_is_complete(name: str) -> None:
    profile = _profile(name)
    spec = profile.spec
    assert spec.id == name
    own = f"{spec.model}/{spec.dtype}/{spec.engine}/{f'pp{spec.pp}' if spec.pp > 1 else f'tp{spec.tp}'}"
    assert name.split("/", 1)[1] == own
    assert all(text not in ("", "unnamed", "unstated") for text in (spec.hardware, spec.model, spec.dtype, spec.engine))
    assert spec.source.startswith("https://")
    assert spec.licence  # or that none is stated
    assert re.fullmatch(r"20\d\d(-\d\d(-\d\d)?)?", spec.date or "")
    assert spec.place is not None
    assert spec.provenance != "composed" or spec.measured_fraction is not None
    assert spec.price is None or spec.price_source
    assert spec.power is None or spec.power_source
    assert spec.model in model_names()
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
def test_units_are_those_they_are_said_to_be(name: str) -> None:
    """Figures that a slip by a thousand would carry out of the range of any hardware."""
    spec, table = _profile(name).spec, _profile(name).table
    memory = spec.memory
    assert memory.device_bytes is None or 1e9 < memory.device_bytes < 1e12
    assert memory.weight_bytes is None or 1e8 < memory.weight_bytes < 2e12
    assert spec.power is None or 1 < spec.power < 20_000
    steps = _profile(name).steps()
    if steps.can_decode:
        assert 5e-4 < steps.decode(1, 1.0) < 5
    if steps.can_prefill:
        # From a phone that takes the prompt token by token to eight GPUs.
        assert 10 < 1024 / steps.prefill(1024, 1024**2 / 2) < 3e5
    for row in table.rows if table else ():
        assert 1e-4 < row.latency < 1e3
        assert row.context_tokens + row.new_tokens < 3e5


@pytest.mark.parametrize("name", [name for name in NAMES if _profile(name).spec.memory.kv_bytes_per_token])
def test_kv_bytes_agree_with_the_model(name: str) -> None:
    """The sources count every copy, and windows as full attention (gpt-oss)."""
    spec = _profile(name).spec
    eight = spec.dtype.startswith("fp8") or (spec.dtype, spec.engine) == ("nvfp4", "trtllm")
    # SGLang keeps the latent of MLA in bf16 beside fp8 weights.
    eight = eight and (spec.model, spec.engine) != ("deepseek-v3", "sglang")
    model = load_model(spec.model).stored_as("fp8" if eight else "bf16")
    assert spec.memory.kv_bytes_per_token == sum(g.growth(model.kv_dtype) * g.copies(spec.tp) for g in model.groups)


@pytest.mark.parametrize("name", NAMES)
def test_steps_are_monotone_inside_across_and_outside_the_box(name: str) -> None:
    """A step never gets faster when N, Q, B or S grows."""
    steps = _profile(name).steps()
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
    steps = _profile(name).steps()
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


@pytest.mark.parametrize("name", [name for name in NAMES if _profile(name).table is not None])
def test_box_and_agreement_with_its_table(name: str) -> None:
    """Rows of the table lie inside the box and are met closely: most within 1 %, after the clean-up."""
    from paasim.profile.fit import cleaned, predict

    profile = _profile(name)
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
