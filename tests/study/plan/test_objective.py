"""Objectives: how they are read, and what counts as inside."""

from __future__ import annotations

from typing import Any

import pytest

from paasim.core.errors import InputError
from paasim.scenario.loader import from_dict
from paasim.study.plan.objective import Objective, objectives
from paasim.study.point import Facts, Kept, Point, Statistics, work
from tests.theory.stations import queue

FIXED = "{kind: fixed, prompt: 10000, output: 1}"


def facts(**more: Any) -> Facts:
    ttft = Statistics(mean=0.6, p50=0.5, p90=0.9, p95=1.0, p99=1.2)
    given: dict[str, Any] = {
        "replication": 0,
        "metrics": {"ttft": ttft},
        "attainment": 0.97,
        "requests_per_s": 1.0,
        "output_tokens_per_s": 1.0,
        "goodput_per_s": 0.97,
        "arrived": 1000,
        "completed": 1000,
        "measured": 1000,
        "unbounded": False,
    }
    return Facts(**given | more)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ttft:p99=800ms", "p99 TTFT ≤ 800 ms"),
        (" tpot : p95 = 50 ms ", "p95 TPOT ≤ 50 ms"),
        ("e2el:mean=1 min", "mean E2EL ≤ 60 s"),
        ("itl:p99.9=0.2 s", "p99.9 ITL ≤ 200 ms"),
        ("attainment=95%", "95 % of requests within their limits"),
        ("attainment=0.95", "95 % of requests within their limits"),
    ],
)
def test_what_is_read_is_shown_and_read_again(text: str, shown: str) -> None:
    objective = Objective.parse(text)
    assert str(objective) == shown
    assert Objective.parse(objective.key) == objective


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ttft", "not of the form"),
        ("ttft=800ms", "which statistic"),
        ("ttf:p99=800ms", "did you mean 'ttft'?"),
        ("ttft:p100=800ms", "neither 'mean' nor a percentile"),
        ("ttft:median=800ms", "neither 'mean' nor a percentile"),
        ("ttft:p99=800", "needs a unit"),
        ("ttft:p99=0 s", "more than zero"),
        ("attainment=0", "not a share"),
        ("attainment=nan", "not a share"),
    ],
)
def test_what_is_wrong_says_so(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as raised:
        Objective.parse(text)
    assert raised.value.problems[0].where == f"--slo {text}"


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(InputError) as raised:
        objectives(from_dict(queue(1, 5, FIXED)), ["ttft=1s", "foo:p9=1s"])
    assert len(raised.value.problems) == 2


def test_the_default_is_what_the_scenario_asks_for() -> None:
    scenario = from_dict(queue(1, 5, FIXED) | {"slo": {"ttft": "1 s", "attainment": 0.9}})
    assert objectives(scenario) == [Objective.of(scenario)] == [Objective.parse("attainment=90%")]
    bare = from_dict(queue(1, 5, FIXED))
    for asked in ([], ["attainment=90%"]):
        with pytest.raises(InputError, match="no limits under 'slo'"):
            objectives(bare, asked)


def test_margins_are_relative_and_signed() -> None:
    assert Objective.parse("ttft:mean=800ms").margin(facts()) == pytest.approx(0.25)
    assert Objective.parse("ttft:mean=500ms").margin(facts()) == pytest.approx(-0.2)
    assert Objective.parse("attainment=95%").margin(facts()) == pytest.approx(0.4)
    kept = [Kept(metric="ttft", limit=0.8, share=0.985)]
    assert Objective.parse("ttft:p99=800ms").margin(facts(kept=kept)) == pytest.approx(-0.5)
    with pytest.raises(ValueError, match="not asked about"):
        Objective.parse("ttft:p99=700ms").margin(facts(kept=kept))


def test_a_lost_request_is_infinitely_late() -> None:
    assert Objective.parse("ttft:mean=800ms").margin(facts(lost=1)) < 0
    assert Objective.parse("tpot:mean=800ms").margin(facts(measured=0)) < 0  # nothing to measure
    with pytest.raises(InputError, match="no request has a TPOT"):
        Objective.parse("tpot:mean=800ms").margin(facts())


def test_a_share_within_a_percentile_is_that_of_the_percentile() -> None:
    """The share that keeps the p95 of a run as its limit is 95 %, and a request that is cut off misses any limit."""
    scenario = from_dict(queue(1, 8, FIXED, requests=2_000))
    p95 = work(Point("", scenario)).replications[0].metrics["ttft"].p95
    found = work(Point("", scenario, limits=(("ttft", p95), ("tpot", 1.0), ("itl", 1.0)))).replications[0]
    assert [each.share for each in found.kept] == [pytest.approx(0.95, abs=1e-3), None, None]
    data = queue(1, 20, FIXED) | {"run": {"duration": "50 s", "drain": False, "replications": 1, "warmup": "0 s"}}
    cut = work(Point("", from_dict(data), limits=(("ttft", 1e3),))).replications[0]
    assert cut.lost == cut.arrived - cut.completed > 100
    assert cut.kept[0].share == pytest.approx(cut.completed / cut.arrived)


def test_the_share_of_gaps() -> None:
    lengths = "{kind: fixed, prompt: 100, output: 11}"
    found = work(Point("", from_dict(queue(1, 5, lengths, 200)), limits=(("itl", 1.0), ("itl", 0.0009))))
    assert [each.share for each in found.replications[0].kept] == [1.0, 0.0]
