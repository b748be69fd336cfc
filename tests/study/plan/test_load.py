"""A scenario at another load: the same requests in the same order, closer together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paasim.scenario import load
from paasim.scenario.loader import from_dict
from paasim.simulate import simulate_once
from paasim.study.plan.load import at_load, length, of_length, offered_rate, users
from tests import small
from tests.theory.stations import queue

EXPONENTIAL = "{kind: exponential, prompt: {mean: 1000}, output: 1}"


def two_classes() -> dict[str, Any]:
    data = queue(1, 1, EXPONENTIAL)
    first = data.pop("workload")
    loop = {"kind": "closed-loop", "users": 3, "think": "1 s"}
    second = {"arrivals": {"kind": "gamma", "rate": "30 /min", "cv": 2}, "lengths": first["lengths"]}
    return data | {"workloads": {"a": first, "b": second, "c": {"arrivals": loop, "lengths": first["lengths"]}}}


@pytest.mark.parametrize("factor", [0.3, 2.0])
def test_the_same_requests_closer_together(factor: float) -> None:
    scenario = from_dict(queue(2, 5, EXPONENTIAL, requests=500))
    before, after = (simulate_once(each, 1).requests for each in (scenario, at_load(scenario, factor)))
    assert np.allclose(before["arrival"], after["arrival"] * factor)
    assert np.array_equal(before["prompt_tokens"], after["prompt_tokens"])


def test_classes_keep_their_mix_and_users_are_whole() -> None:
    scenario = from_dict(two_classes())
    more = at_load(scenario, 2.5)
    assert [each.arrivals.rate for each in list(more.classes.values())[:2] if each.arrivals] == [2.5, 1.25]
    assert more.classes["c"].closed_loop is not None
    assert more.classes["c"].closed_loop.users == 8
    least = at_load(scenario, 0.01).classes["c"].closed_loop
    assert least is not None
    assert least.users == 1
    assert offered_rate(scenario) is None
    assert users(scenario) is None


def test_a_duration_holds_as_many_requests() -> None:
    data = queue(1, 5, EXPONENTIAL) | {"run": {"duration": "100 s", "warmup": "10 s"}}
    scenario = from_dict(data)
    assert at_load(scenario, 4).run.duration == pytest.approx(25)
    runs = length(scenario, 100, 10_000)
    assert (runs.requests, runs.warmup, runs.is_fixed) == (500, pytest.approx(0.1), False)
    made = of_length(at_load(scenario, 4), 600, runs.warmup).run
    assert (made.duration, made.requests, made.drain, float(made.warmup)) == (None, 600, True, pytest.approx(0.1))


@pytest.mark.parametrize("short", [True, False])
def test_a_trace_is_replayed_faster(tmp_path: Path, short: bool) -> None:
    trace = small.trace(tmp_path, [(0.0, 10, 1), (1.0, 10, 1), (4.0, 10, 1)])
    pools = {"whole": small.pool("mixed")}
    routes = {"only": {"prefill": "here.whole", "decode": "here.whole"}}
    scenario = from_dict(small.scene(trace if short else {"trace": trace}, pools, routes))
    assert offered_rate(scenario) == pytest.approx(0.5)
    faster = at_load(at_load(scenario, 2), 2)
    assert simulate_once(faster).requests["arrival"].tolist() == [0.0, 0.25, 1.0]
    runs = length(scenario, 1_000, 10_000)
    assert (runs.requests, runs.is_fixed, runs.is_recorded) == (3, True, True)


def test_bundled_scenarios_have_a_load() -> None:
    for name, rate in (("quickstart", 8.0), ("prfaas", 3.0), ("pd", 5.0)):
        assert offered_rate(load(name)) == rate
        assert offered_rate(at_load(load(name), 1.5)) == pytest.approx(1.5 * rate)
