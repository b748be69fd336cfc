"""Work units: same results in the same order, whoever does them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from paasim.metrics.warmup import Warmup
from paasim.scenario.run import RunSpec
from paasim.scenario.slo import SloSpec
from paasim.study.execute import batch, execute, limits_of, warmup_of
from tests.study.execute.work import Light, failing, named


@pytest.mark.parametrize("jobs", [1, 2, None])
def test_results_keep_the_order_of_the_units(jobs: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "WORTH_WORKERS", 0.0 if jobs is None else 4.0)
    told: list[tuple[int, int]] = []
    found = execute(
        [Light(number) for number in range(1, 6)], jobs, lambda done, total, _: told.append((done, total)), named
    )
    assert found == [f"a #{number}" for number in range(1, 6)]
    assert told == [(done, 5) for done in range(1, 6)]


def test_a_failure_in_a_worker_reaches_the_caller() -> None:
    with pytest.raises(ZeroDivisionError):
        execute([Light(number) for number in range(3)], 2, None, failing)


@pytest.mark.parametrize(
    ("asked", "rule"),
    [("auto", Warmup(auto=True)), ("10 %", Warmup(share=0.1)), ("30 s", Warmup(duration=30.0)), ("0 s", Warmup())],
)
def test_warmup_of_a_scenario(asked: str, rule: Warmup) -> None:
    scenario: Any = SimpleNamespace(run=RunSpec.model_validate({"warmup": asked}))
    assert warmup_of(scenario) == rule


def test_a_class_may_have_limits_of_its_own() -> None:
    classes = {"chat": SimpleNamespace(slo=None), "batch": SimpleNamespace(slo=SloSpec(e2el="1 min"))}
    scenario: Any = SimpleNamespace(slo=SloSpec(ttft="2 s", tpot="50 ms"), classes=classes)
    assert limits_of(scenario, ["batch", "chat"]) == [{"e2el": 60.0}, {"ttft": 2.0, "tpot": 0.05}]
