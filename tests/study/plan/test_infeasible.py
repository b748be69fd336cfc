"""Plans that nothing in the space can keep: what would."""

from __future__ import annotations

from paasim.scenario.loader import changed
from paasim.study.plan.min_cost.plan import Asked, Found, min_cost
from paasim.study.point import Point, work
from tests.study.plan import spaces

NARROW = [f"{spaces.PREFILL}.instances=1..2", f"{spaces.DECODE}.instances=3", f"{spaces.LINK}.bandwidth=80 Gbps"]


def answer(over: list[str], **more: float) -> Found:
    return min_cost(spaces.splits(), Asked(over=over, slo=["ttft:p90=800ms"], **more))  # type: ignore[arg-type]


def test_it_says_how_many_instances_are_missing() -> None:
    found = answer(NARROW)
    assert not found.plan.feasible
    assert found.plan.chosen is None
    nearest = found.plan.nearest
    assert nearest is not None
    assert nearest.candidate.options["prefill.instances"] == "2"
    assert nearest.needs == {f"{spaces.PREFILL}.instances": 3}
    assert "prefill.instances 3 (the space ends at 2)" in nearest.remedy[0]
    assert nearest.needs_per_hour == 3 * 2 + 3 * 2 + 80 * 0.05
    wider = answer([f"{spaces.PREFILL}.instances=1..3", *NARROW[1:]])
    assert wider.plan.chosen is not None
    assert wider.plan.chosen.cost.per_hour == nearest.needs_per_hour


def test_it_says_which_bandwidth_is_missing() -> None:
    found = answer(
        [f"{spaces.PREFILL}.instances=4", f"{spaces.DECODE}.instances=3", f"{spaces.LINK}.bandwidth=20 Gbps"]
    )
    assert found.plan.nearest is not None
    [(path, value)] = found.plan.nearest.needs.items()
    assert path == f"{spaces.LINK}.bandwidth"
    assert 25 <= float(str(value).removesuffix(" Gbps")) <= 80


def test_several_are_raised_where_one_is_not_enough() -> None:
    over = [f"{spaces.PREFILL}.instances=1", f"{spaces.DECODE}.instances=3", f"{spaces.LINK}.bandwidth=10 Gbps"]
    found = answer(over)
    assert found.plan.nearest is not None
    needs = found.plan.nearest.needs
    assert set(needs) == {f"{spaces.PREFILL}.instances", f"{spaces.LINK}.bandwidth"}
    does = changed(spaces.splits(), [f"{path}={value}" for path, value in needs.items()])
    run = work(Point("", does, count=4)).variant
    assert run.steady_state
    assert run.metrics["ttft"].p90 <= 0.8 * 1.2


def test_it_says_that_no_number_helps() -> None:
    found = min_cost(spaces.splits(), Asked(slo=["ttft:p90=100ms"]))
    assert found.plan.nearest is not None
    assert found.plan.fates == {"slow": 64}
    [says] = found.plan.nearest.remedy
    assert "no number of instances and no bandwidth helps" in says
    assert "a faster profile" in says
    assert not found.plan.nearest.needs


def test_it_says_what_is_full_that_no_axis_changes() -> None:
    plan = {"over": {f"{spaces.PREFILL}.instances": "3..4"}, "slo": ["ttft:p90=2s"]}
    found = min_cost(changed(spaces.scenario(plan), [f"{spaces.DECODE}.max_seqs=1"]))
    assert found.plan.nearest is not None
    [says] = found.plan.nearest.remedy
    assert "queues grow: near.decode is full, and no axis gives more of it" in says
