"""The search against simulating candidates in order of cost: the same optimum, in a fifth of the simulations."""

from __future__ import annotations

import functools
from collections.abc import Callable
from itertools import count, pairwise
from pathlib import Path

import pytest

from paasim.core.errors import InputError
from paasim.scenario.loader import changed
from paasim.scenario.scenario import Scenario
from paasim.study.plan.min_cost.cost import Costs
from paasim.study.plan.min_cost.plan import Asked, Found, min_cost, planned
from paasim.study.plan.min_cost.search import Settings
from paasim.study.plan.min_cost.space import Candidate, Space
from paasim.study.plan.min_cost.trial import mean_margin
from paasim.study.plan.objective import objectives
from paasim.study.point import Outcome, Point, work
from paasim.study.store import Store
from tests.study.plan import spaces

HOPELESS = -2.0
"""Margin in one replication, three times the misses allowed, beyond which the others are not waited for."""


FEW = Asked(over=[f"{spaces.PREFILL}.instances=3..4", f"{spaces.DECODE}.instances=2..3"])
"""16 candidates."""


@functools.cache
def answer(space: Callable[[], Scenario]) -> Found:
    """The answer for a space, worked out once."""
    return min_cost(space())


def optimum(scenario: Scenario) -> tuple[Candidate, float]:
    """The cheapest candidate that keeps all limits, in the search's replications and in fresh ones.

    Every cheaper candidate is simulated, without bounds and without conclusions from one to another.
    """
    plan = planned(scenario, Asked())
    space, limits = Space.of(scenario, plan), objectives(scenario, plan.slo)
    costs = Costs(space, plan.prices).all()
    asked = tuple(limit for each in limits for limit in each.limits)
    times = scenario.run.replications
    for candidate in sorted(space.candidates(), key=lambda each: costs[each]):

        def run(first: int, number: int, candidate: Candidate = candidate) -> Outcome:
            return work(Point("", space.scenario(candidate), first, number, asked))

        hopeless = mean_margin(limits, [run(0, 1)]) < HOPELESS
        if not hopeless and all(mean_margin(limits, [run(first, times)]) >= 0 for first in (0, times)):
            return candidate, float(costs[candidate])
    raise AssertionError("no candidate does")


@pytest.mark.parametrize("space", [spaces.splits, spaces.thresholds, spaces.hardware])
def test_it_finds_the_optimum_in_a_fifth_of_the_simulations(space: Callable[[], Scenario]) -> None:
    scenario, found = space(), answer(space)
    assert found.plan.chosen is not None
    candidate, cost = optimum(scenario)
    assert found.plan.chosen.cost.per_hour == pytest.approx(cost)
    assert found.plan.chosen.changes == found.search.space.changes(candidate)
    assert found.plan.chosen.confirmed
    assert 40 <= found.plan.candidates <= 100
    assert found.plan.replications <= found.plan.candidates * scenario.run.replications / 5


def test_a_store_changes_nothing_and_is_taken_up_again(tmp_path: Path) -> None:
    scenario, store = changed(spaces.splits(), ["run.replications=1"]), Store(tmp_path / "outcomes")
    two = Asked(over=[*FEW.over[1:], f"{spaces.PREFILL}.instances=3", f"{spaces.LINK}.bandwidth=30 Gbps"])
    plain = min_cost(scenario, two)
    kept = min_cost(scenario, two, store=store)
    assert kept.plan == plain.plan
    names = count()

    def put(*_: object) -> None:
        next(names)

    store.put = put  # type: ignore[method-assign]
    again = min_cost(scenario, two, store=store)
    assert again.plan == plain.plan
    assert next(names) == 0, "what the store has was simulated again"


def test_the_chosen_scenario_runs_as_it_is_and_says_what_it_costs() -> None:
    found = answer(spaces.splits)
    assert found.scenario is not None
    assert found.plan.chosen is not None
    assert found.scenario.plan is None
    run = work(Point("", found.scenario)).variant
    assert run.cost is not None
    assert run.cost.per_hour == pytest.approx(sum(found.plan.chosen.cost.servers.values()))
    assert run.cost.per_hour == pytest.approx(found.plan.chosen.simulated_cost_per_hour)


def test_every_candidate_keeps_its_reason() -> None:
    found = answer(spaces.thresholds)
    search, plan = found.search, found.plan
    assert sum(plan.fates.values()) == plan.candidates == len(search.space)
    reasons = {each: search.reason(each) for each in search.space.candidates()}
    chosen = [each for each, (fate, _) in reasons.items() if fate == "chosen"]
    assert len(chosen) == 1
    for candidate, (fate, reason) in reasons.items():
        if fate == "costlier":
            assert search.costs[candidate] >= search.costs[chosen[0]]
        elif fate != "chosen":
            assert reason
        if fate == "dominated":
            other = search.because[candidate]
            assert search.reason(other)[0] == "missed"
            axes = zip(search.space.axes, candidate, other, strict=True)
            assert all(mine <= theirs if axis.is_resource else mine == theirs for axis, mine, theirs in axes)


def test_everything_is_simulated_for_the_whole_front() -> None:
    few = Asked(over=[f"{spaces.DECODE}.instances=2", f"{spaces.LINK}.bandwidth=30 Gbps, 80 Gbps"])
    found = min_cost(spaces.splits(), few, settings=Settings(everything=True))
    alone = min_cost(spaces.splits(), few)
    assert found.plan.chosen is not None
    assert alone.plan.chosen is not None
    assert found.plan.chosen.changes == alone.plan.chosen.changes
    within = found.plan.candidates - found.plan.fates.get("overloaded", 0)
    assert len(found.plan.simulated) == within > len(alone.plan.simulated)
    on = [each for each in found.plan.simulated if each.on_front]
    assert on == sorted(on, key=lambda each: each.cost.per_hour)
    assert all(a.ttft_p99 > b.ttft_p99 or a.requests_per_s < b.requests_per_s for a, b in pairwise(on))  # type: ignore


def test_more_load_costs_more_and_a_rate_is_a_factor() -> None:
    scenario = spaces.splits()
    assert scenario.plan is not None
    more = min_cost(scenario, Asked(over=FEW.over, load=1.5))
    rated = min_cost(spaces.scenario({**scenario.plan.model_dump(mode="json"), "rate": "15 /s"}), FEW)
    once = answer(spaces.splits)
    assert more.plan.chosen is not None
    assert once.plan.chosen is not None
    assert more.plan.chosen.cost.per_hour > once.plan.chosen.cost.per_hour
    assert rated.plan.chosen == more.plan.chosen
    assert more.plan.offered_per_s == pytest.approx(15.0)


@pytest.mark.parametrize(
    ("over", "says"),
    [
        ("sites.far.pools.prefil.instances=1..3", "did you mean 'prefill'?"),
        ("sites.far.pools.prefill.instance=1..3", "did you mean 'instances'?"),
        ("sites.far.pools.prefill.instances=3..1", "runs backwards"),
        ("sites.far.pools.prefill.instances=0,1", "must be more than 0"),
        ("sites.far.pools.prefill.instances", "PATH=values"),
        ("gpu=fast,faster", "'faster' is not an option of gpu"),
    ],
)
def test_a_wrong_axis_is_refused(over: str, says: str) -> None:
    with pytest.raises(InputError, match="--over") as caught:
        min_cost(spaces.hardware(), Asked(over=[over]))
    assert says in str(caught.value)


def test_an_axis_of_options_can_be_narrowed() -> None:
    plan = planned(spaces.hardware(), Asked(over=["gpu=slow", f"{spaces.LINK}.bandwidth=40 Gbps, 80 Gbps"]))
    assert list(plan.together["gpu"]) == ["slow"]
    assert plan.over[f"{spaces.LINK}.bandwidth"] == ["40 Gbps", "80 Gbps"]
