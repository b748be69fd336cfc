"""Inputs: those that a scenario has by itself, and those that a user names."""

from __future__ import annotations

import pytest

from paasim.core.errors import InputError
from paasim.scenario import bundled, load
from paasim.scenario.loader import changed, from_dict
from paasim.scenario.scenario import Scenario
from paasim.study.sensitivity.asked import asked
from paasim.study.sensitivity.found import used_ends
from paasim.study.sensitivity.plan import Options, plan
from paasim.study.sensitivity.profile_error import suspects
from tests.study.sensitivity.beds import queue

WITHOUT_DATA = [name for name in bundled() if name not in ("azure", "mooncake", "mooncake-plan")]


@pytest.mark.parametrize("name", WITHOUT_DATA)
def test_bundled_scenarios_have_inputs_that_fit(name: str) -> None:
    found = plan(load(name), Options(profile_samples=0))
    names = [each.name for each in found.inputs]
    assert {"arrival rate", "prompt length"} <= set(names)
    assert len(set(names)) == len(names)
    assert any(each.kind == "profile error" for each in found.inputs)
    for each in found.inputs:
        assert changed(found.scenario, each.changes(1.0)) is not None


def test_only_what_is_used_is_moved() -> None:
    names = [each.name for each in plan(load("prfaas"), Options(profile_samples=0)).inputs]
    assert "bandwidth of wan" in names
    assert "threshold of the router" in names
    assert "step times of h200-sxm" in names
    alone = [each.name for each in plan(load("quickstart"), Options(variant="device-alone", profile_samples=0)).inputs]
    assert not any("line" in name or "l40s" in name for name in alone)


def test_a_factor_moves_what_it_says() -> None:
    quick = load("quickstart")
    inputs = {each.name: each for each in plan(quick, Options(profile_samples=0)).inputs}
    longer = changed(quick, inputs["prompt length"].changes(1.2))
    assert longer.classes["requests"].means()[0] == pytest.approx(1.2 * quick.classes["requests"].means()[0])
    faster = changed(quick, inputs["arrival rate"].changes(0.8))
    assert faster.classes["requests"].arrivals.rate == pytest.approx(6.4)  # type: ignore[union-attr]
    mile = changed(quick, inputs["last mile of line"].changes(0.5)).network.links["line"].access
    assert mile is not None
    assert mile.figures()[:2] == (1.25e9, 1.25e9)


def test_every_kind_of_lengths_can_be_stretched() -> None:
    kinds = [
        "{kind: fixed, prompt: 1000, output: 50}",
        "{kind: uniform, prompt: {min: 500, max: 1500}, output: {min: 10, max: 90}}",
        "{kind: exponential, prompt: {mean: 1000}, output: {fixed: 50}}",
        "{kind: lognormal, prompt: {mu: 6.5, sigma: 1}, output: {mean: 50, sigma: 1}}",
        "{kind: empirical, prompt: [10, 500, 900, 4000], output: [1, 100]}",
    ]
    for text in kinds:
        scenario = changed(queue(), [f"workload.lengths={text}"])
        inputs = {each.name: each for each in plan(scenario, Options(profile_samples=0)).inputs}
        before = scenario.classes["requests"].means()
        for i, part in enumerate(("prompt", "output")):
            after = changed(scenario, inputs[f"{part} length"].changes(1.2)).classes["requests"].means()
            assert after[i] == pytest.approx(1.2 * before[i], rel=1e-3), text
            assert after[1 - i] == pytest.approx(before[1 - i])


def test_closed_loops_and_presets_by_name() -> None:
    loop = changed(load("radio"), ["workload.arrivals={kind: closed-loop, users: 40, think: 10 s}"])
    found = plan(loop, Options(profile_samples=0))
    inputs = {each.name: each for each in found.inputs}
    assert changed(loop, inputs["users"].changes(1.2)).classes["requests"].closed_loop.users == 48  # type: ignore[union-attr]
    assert "its rate changes over time" in found.left_out.values()
    assert "last-mile RTT of internet" in inputs


def test_profile_bands_say_where_they_come_from() -> None:
    def band(*changes: str) -> tuple[float, str]:
        scenario = changed(load("quickstart"), [*changes, "router.route=cloud"])
        (suspect,) = suspects(scenario, used_ends(scenario)).values()
        return suspect.band

    pool = "sites.cloud.pools.whole"
    error, why = band()
    assert error == 0.31
    assert "kernel times alone" in why
    error, why = band(f"{pool}.calibration=vllm", f"{pool}.batching={{kind: chunked, chunk: 8192}}")
    assert error == 0.285
    assert "runs that its fit had not seen" in why
    assert band(f"{pool}.profile={{form: {{prefill: {{b: 1 ms}}, decode: {{a: 1 ms}}}}}}")[0] == 0.4
    assert band(f"{pool}.profile=m1-max/llama-3.1-8b/q4-k-m")[0] == 0.1


@pytest.fixture
def scenario() -> Scenario:
    return load("prfaas")


def test_ranges_are_read_with_units(scenario: Scenario) -> None:
    path = "network.links.wan.bandwidth"
    one = asked(f"{path}=500 Mbps..100 Gbps", scenario)
    assert (one.low, one.high, one.unit) == (500, 100_000, "Mbps")
    assert one.is_logarithmic
    assert one.at(0.5) == pytest.approx((500 * 100_000) ** 0.5)
    assert one.changes(1000.0) == [f"{path}=1000 Mbps"]
    assert asked(f"{path}=10..100 Gbps", scenario).changes(20.0) == [f"{path}=20 Gbps"]
    around = asked(f"{path}=±50 %", scenario)
    assert around.changes(0.5) == [f"{path}=50 Gbps"]
    whole = asked("router.prompt_tokens=1000..9000", scenario)
    assert whole.changes(whole.at(0.33)) == ["router.prompt_tokens=3640"]
    assert asked("sites.compute.pools.prefill.slowdown=0.9..1.3", scenario).kind == "profile error"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("network.links.wan.bandwidth", "is not of the form PATH=LOW..HIGH"),
        ("network.links.wan.bandwidth=fast..slow", "is not a number"),
        ("network.links.wan.bandwidth=10 Gbps..20 ms", "are not units of one thing"),
        ("network.links.wan.bandwidth=10 Gbps..1 Gbps", "is not less than"),
        ("network.links.wan.bandwidth=±0 %", "is not a share between"),
        ("network.links.wan=±10 %", "there is no number"),
        ("network.links.wam.bandwidth=±10 %", "there is no number"),
        ("network.links.wam.bandwidth=1 Gbps..2 Gbps", "did you mean 'wan'?"),
        ("network.links.wan.bandwidth=1..2", "needs a unit"),
    ],
)
def test_what_is_no_range_is_said(scenario: Scenario, text: str, said: str) -> None:
    with pytest.raises(InputError, match=r"--over|--set") as caught:
        plan(scenario, Options(over=[text], profile_samples=0))
    assert said in str(caught.value)


def test_what_is_asked_for_stands_in_for_a_profile_error(scenario: Scenario) -> None:
    inputs = plan(scenario, Options(over=["sites.compute.pools.prefill.slowdown=0.5..2"], profile_samples=0)).inputs
    assert [each.name for each in inputs] == ["sites.compute.pools.prefill.slowdown", "step times of h100-sxm"]
    alone = Options(over=["network.links.wan.rtt=±10 %"], profile_error=False)
    assert [each.name for each in plan(scenario, alone).inputs] == ["network.links.wan.rtt"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"method": "fast"}, "no such method"),
        ({"metric": "tfft:p99"}, "did you mean 'ttft:p99'?"),
        ({"metric": "ttft:p98"}, "there is no statistic 'p98'"),
        ({"variant": "wan-5"}, "there is no variant 'wan-5'"),
        ({"variants": ["nothing"]}, "there is no variant 'nothing'"),
        ({"samples": 8}, "one at a time takes none"),
        ({"over": ["run.seed=1..2"], "profile_error": False, "metric": "goodput:p99"}, "there is no metric"),
        ({"method": "morris", "samples": 1}, "one trajectory says nothing"),
    ],
)
def test_wrong_options_are_said(scenario: Scenario, options: dict[str, object], said: str) -> None:
    with pytest.raises(InputError) as caught:
        plan(scenario, Options(**options))  # type: ignore[arg-type]
    assert said in str(caught.value)


def test_sobol_takes_a_power_of_two(scenario: Scenario) -> None:
    found = plan(scenario, Options(method="sobol", samples=20, profile_samples=0))
    assert found.samples == 32
    assert found.warnings == ["32 base samples instead of 20: a power of two is needed"]


def test_a_scenario_made_in_python_works_too() -> None:
    assert plan(from_dict(load("pd").expanded()), Options(profile_samples=0)).inputs


def test_what_counts_good_requests_needs_limits() -> None:
    with pytest.raises(InputError, match="there is no SLO attainment without limits"):
        plan(queue(), Options(metric="attainment"))
    assert plan(changed(queue(), ["slo={ttft: 1 s}"]), Options(metric="attainment", profile_samples=0)).inputs


def test_few_users_cannot_be_a_fifth_more() -> None:
    alone = changed(load("radio"), ["workload.arrivals={kind: closed-loop, users: 1, think: 10 s}"])
    found = plan(alone, Options(profile_samples=0))
    assert found.left_out["users"] == "whole numbers so small do not move by so little"
