"""Effects with known answers: a queue, inputs without effect, noise that pairing takes out, Ishigami's function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from paasim.core.errors import InputError
from paasim.core.recorder import Floats
from paasim.results.result import Result
from paasim.study.point import Outcome, facts
from paasim.study.sensitivity.inputs import Input, Setting
from paasim.study.sensitivity.measure import Measure
from paasim.study.sensitivity.morris import morris
from paasim.study.sensitivity.oat import one_at_a_time
from paasim.study.sensitivity.schema import OneAtATime, Study
from paasim.study.sensitivity.sobol import sobol
from paasim.study.sensitivity.study import sensitivity
from tests.handmade import make_result
from tests.study.sensitivity.beds import queue

RATE, SLOW, PRICE = "workload.arrivals.rate", "sites.here.pools.p.slowdown", "sites.here.pools.p.price"


@pytest.fixture(scope="module")
def study() -> Study:
    over = [f"{RATE}=4 /s..6 /s", f"{SLOW}=0.8..1.2", f"{PRICE}=1 $/h..9 $/h"]
    return sensitivity(queue(), over=over, metric="ttft:mean", profile_samples=0).document


def effect(study: Study, name: str) -> OneAtATime:
    return next(each for each in study.oat or [] if each.input == name)


def test_the_mean_of_a_queue_follows_theory(study: Study) -> None:
    """E[T] = s / (1 - λs): between loads of 0.4 and 0.6 its elasticity is 1 in λ and 2 in s."""
    rate, slow = effect(study, RATE), effect(study, SLOW)
    assert rate.elasticity == pytest.approx(1.0, abs=0.1)
    assert slow.elasticity == pytest.approx(2.0, abs=0.1)
    assert rate.swing_ci95 is not None
    assert rate.swing_ci95[0] < 0.1 / 0.4 - 0.1 / 0.6 < rate.swing_ci95[1]
    assert [rate.shape, slow.shape] == ["rises", "rises"]
    assert [each.input for each in study.oat or []] == [SLOW, RATE, PRICE]


def test_an_input_without_any_effect_gets_zero(study: Study) -> None:
    price = effect(study, PRICE)
    assert (price.swing, price.shape, price.low.difference, price.high.ci95) == (0.0, "none", 0.0, (0.0, 0.0))


def test_what_was_asked_is_told(study: Study) -> None:
    assert [each.kind for each in study.inputs] == ["input", "profile error", "input"]
    assert study.runs == 6 * 5  # the scenario, two ends of each; the low price is the scenario's own
    assert study.value == pytest.approx(0.2, rel=0.15)


def test_the_same_study_twice_is_the_same_bytes() -> None:
    few = {"requests": 200, "replications": 3}
    first, second = (sensitivity(queue(**few), profile_samples=4, method="morris", samples=3) for _ in range(2))
    assert first.to_json() == second.to_json()
    assert [each.values for each in first.samples] == [each.values for each in second.samples]


def outcome(result: Result, name: str) -> Outcome:
    replications = result.replications[name]
    return Outcome(variant=result.variants[name], replications=[facts(each, i) for i, each in enumerate(replications)])


def test_noise_that_is_common_cancels() -> None:
    """Three replications differ far more among each other than an input moves any of them."""
    result = make_result({"base": 0.05, "low": 0.0495, "high": 0.0505}, replications=5)
    base, low, high = (outcome(result, name) for name in ("base", "low", "high"))
    moved = Input("x", 0.99, 1.01, (Setting("a.b", str),), "")
    (found,) = one_at_a_time([moved], base, [(low, high)], Measure.parse("ttft:mean"))
    own = result.variants["base"].metrics["ttft"].ci95.mean
    assert own is not None
    assert found.swing_ci95 is not None
    assert found.swing_ci95[1] - found.swing_ci95[0] < (own[1] - own[0]) / 4
    assert found.shape == "rises"
    (same,) = one_at_a_time([moved], base, [(base, base)], Measure.parse("ttft:p99"))
    assert (same.swing, same.shape) == (0.0, "none")
    (bent,) = one_at_a_time([moved], base, [(high, high)], Measure.parse("ttft:mean"))
    assert (bent.shape, bent.swing_ci95) == ("both ways", None)


def ishigami(shares: Floats) -> Floats:
    """sin x1 + 7 sin² x2 + 0.1 x3⁴ sin x1 over (-π, π)³ (Ishigami and Homma, 1990)."""
    x = (2 * shares - 1) * np.pi
    found: Floats = np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])
    return found


def test_sobol_finds_the_indices_of_ishigami() -> None:
    pytest.importorskip("SALib")
    found = {each.input: each for each in sobol(["x1", "x2", "x3"], 1024, ishigami, seed=1)}
    known = {"x1": (0.3139, 0.5576), "x2": (0.4424, 0.4424), "x3": (0.0, 0.2437)}
    for name, (first, total) in known.items():
        assert found[name].first == pytest.approx(first, abs=0.05)
        assert found[name].total == pytest.approx(total, abs=0.05)
        assert abs(found[name].first - first) < 2 * found[name].first_conf95
    assert list(found) == ["x1", "x2", "x3"]


def test_morris_finds_the_slopes_of_a_plane() -> None:
    pytest.importorskip("SALib")
    found = {each.input: each for each in morris(["a", "b", "c"], 6, lambda x: 3 * x[:, 0] - 5 * x[:, 1] + 7, seed=2)}
    assert list(found) == ["b", "a", "c"]
    assert (found["b"].mu, found["b"].mu_star) == pytest.approx((-5, 5))
    assert (found["a"].mu, found["a"].sigma) == (pytest.approx(3), 0)
    assert (found["c"].mu_star, found["c"].mu) == (0, 0)


@pytest.mark.parametrize("method", [morris, sobol])
def test_what_does_not_vary_at_all_has_no_effects(method: Callable[..., list[Any]]) -> None:
    pytest.importorskip("SALib")
    for each in method(["a", "b"], 8, lambda x: np.full(len(x), 2.0), seed=1):
        assert not any(value for key, value in each.model_dump().items() if key != "input")


def test_a_missing_library_is_said_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "SALib.sample.morris", None)
    with pytest.raises(InputError, match=r'--method morris: .* pip install "SALib>=1.5"'):
        morris(["a"], 4, ishigami, seed=1)


def test_the_metric_must_be_there_where_every_value_is_needed() -> None:
    with pytest.raises(InputError, match=r"there is no mean TTST at .*narrow the ranges"):
        sensitivity(queue(requests=50, replications=1), method="morris", metric="ttst:mean", profile_samples=0)
    found = sensitivity(queue(requests=50, replications=1), metric="ttst:mean", profile_samples=0).document
    assert all(each.swing is None and each.shape == "cannot tell" for each in found.oat or [])
