"""What is said before any run: bounds over a space, the order of candidates, the front."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paasim.scenario.loader import changed
from paasim.scenario.scenario import Scenario
from paasim.study.plan.min_cost.estimates import fullness, lone_prefill
from paasim.study.plan.min_cost.lattice import Lattice, helps_early, helps_late, most_telling
from paasim.study.plan.min_cost.pareto import Figures, front
from paasim.study.plan.min_cost.plan import Asked, planned
from paasim.study.plan.min_cost.prune import MARGIN, Bounds
from paasim.study.plan.min_cost.space import Space, short_names
from paasim.study.plan.objective import Objective
from tests.study.plan import spaces

LIMIT = Objective.parse("ttft:p90=1500ms")


def space_of(scenario: Scenario) -> Space:
    return Space.of(scenario, planned(scenario, Asked()))


def even(scenario: Scenario, changes: list[str]) -> Scenario:
    """With requests that are all alike."""
    return changed(scenario, ["workload.lengths={kind: fixed, prompt: 2000, output: 50}", *changes])


def test_stations_are_as_full_as_a_sum_by_hand_says() -> None:
    found = {name: full for name, _, full in fullness(even(spaces.splits(), []))}
    assert found["far.prefill"] == pytest.approx(10 * 0.2 / 3)  # 10/s of 2,000 tokens at 100 us over 3
    assert found["wan"] == pytest.approx(10 * 2000 * 131_072 * 8 / 40e9)


@pytest.mark.parametrize("make", [spaces.splits, spaces.thresholds, spaces.hardware])
def test_bounds_scale_with_instances_and_bandwidth_as_each_candidate_says(make: Any) -> None:
    space = space_of(make())
    bounds = Bounds(space, [LIMIT])
    for candidate in list(space.candidates())[::7]:
        each = {name: full for name, _, full in fullness(space.scenario(candidate))}
        for bound in bounds.stations:
            assert bounds.at(bound, candidate) == pytest.approx(each[bound.name], rel=1e-9)
        fullest = bounds.fullest(candidate)
        assert fullest is not None
        assert bool(bounds.out()[candidate]) == (fullest[1] > 1 + MARGIN)


def test_a_link_with_traffic_of_others_is_worked_out_at_each_bandwidth() -> None:
    scenario = spaces.splits()
    scenario = changed(scenario, ["network.links.wan.background={rate: 10 Gbps}"])
    bounds = Bounds(space := space_of(scenario), [LIMIT])
    link = next(bound for bound in bounds.stations if bound.name == "wan")
    full = [bounds.at(link, (0, 0, position)) for position in range(space.shape[2])]
    assert full[0] / full[3] == pytest.approx((80 - 10) / (20 - 10))


def test_no_number_of_instances_helps_a_lone_prompt() -> None:
    scenario = even(spaces.hardware(), [])
    assert lone_prefill(scenario, 95.0) == pytest.approx(0.2)
    space = space_of(scenario)
    tight = Bounds(space, [Objective.parse("ttft:p95=150ms")])
    out = tight.out()
    slow, fast = out[..., 0], out[..., 1]
    assert slow.all()
    assert not fast.all()
    assert tight.reason((4, 2, 2, 0)) == ("slow", "prefill of a lone prompt alone takes 0.2 s at p95, limit 0.15 s")


def test_prefix_caches_are_not_counted_on_and_not_counted_against(tmp_path: Path) -> None:
    lines = [
        {"timestamp": 100 * i, "input_length": 2000, "output_length": 50, "hash_ids": [1, 2, 3, 4]} for i in range(99)
    ]
    (tmp_path / "trace.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    trace = {"trace": {"kind": "mooncake", "path": str(tmp_path / "trace.jsonl")}}
    plain = spaces.splits(workload=trace)
    caching = changed(plain, [f"{spaces.PREFILL}.prefix_cache=true"])
    assert "far.prefill" in {name for name, *_ in fullness(plain)}
    assert "far.prefill" not in {name for name, *_ in fullness(caching)}
    assert lone_prefill(plain, 50.0) == pytest.approx(0.2)
    assert lone_prefill(caching, 50.0) == 0.0
    axis = space_of(plain).axes[0]
    assert helps_early(plain, axis)
    assert not helps_early(caching, axis)


def test_only_what_decodes_helps_late_tokens() -> None:
    scenario = spaces.splits()
    axes = space_of(scenario).axes
    assert [helps_early(scenario, axis) for axis in axes] == [True, True, True]
    assert [helps_late(scenario, axis) for axis in axes] == [False, True, False]
    lattice = Lattice(space_of(scenario))
    shape = (4, 4, 4)
    assert lattice.below(shape, (1, 2, 3), "ttft").sum() == 2 * 3 * 4
    assert lattice.below(shape, (1, 2, 3), None).sum() == 2 * 3 * 4
    assert lattice.below(shape, (1, 2, 3), "tpot").sum() == 3
    mask = np.ones(shape, dtype=bool)
    assert lattice.count_below(mask)[1, 2, 3] == 2 * 3 * 4


def test_the_most_telling_candidate_halves_a_line() -> None:
    space = Space(spaces.splits(), space_of(spaces.splits()).axes[:1])
    rank = np.arange(4)
    open_ = np.array([True, True, True, False])
    assert most_telling(open_, Lattice(space), rank, np.full(4, 0.5)) in [(0,), (1,), (2,)]
    assert most_telling(open_, Lattice(space), rank, np.full(4, 0.05)) == (2,)
    assert most_telling(open_, Lattice(space), rank, np.full(4, 0.95)) == (0,)


def test_axes_are_sorted_and_named_as_short_as_can_be() -> None:
    space = space_of(spaces.scenario({"over": {f"{spaces.PREFILL}.instances": [3, 1, 2]}}))
    assert [option.amount for option in space.axes[0].options] == [1, 2, 3]
    paths = ["sites.a.pools.prefill.instances", "sites.b.pools.prefill.instances", "router.prompt_tokens"]
    assert short_names(paths) == ["a.pools.prefill.instances", "b.pools.prefill.instances", "router.prompt_tokens"]


def test_the_front_holds_what_nothing_beats() -> None:
    figures = [
        Figures(10, 2.0, 5.0),
        Figures(10, 2.0, 5.0),  # the same again
        Figures(12, 1.0, 5.0),
        Figures(13, 1.0, 5.01),  # no more than chance
        Figures(14, 1.5, 6.0),
        Figures(15, 3.0, 4.0),
    ]
    assert front(figures) == [True, False, True, False, True, False]
