"""Whole-scenario checks: warnings with figures, and errors that validation cannot see."""

from __future__ import annotations

import pytest

from paasim.scenario import from_dict
from paasim.scenario.capacity import analyze, flows
from paasim.scenario.checks.doubts import prompts_are_within_the_context, replications_differ
from paasim.scenario.ends import path_between
from paasim.scenario.parts import Parts
from tests import small


def test_a_sound_scenario_has_no_warnings(scene) -> None:
    assert scene.warnings() == []


def test_offered_load_above_capacity_is_a_warning_with_the_figure(scene) -> None:
    (said,) = scene.warnings(("b: 100 us", "b: 1.1 ms"))
    # Two requests per second of 1000 tokens at 1.1 ms each, over two instances.
    assert "sites.cloud.pools.prefill: offered load is 110% of the capacity (1.1 s of prefill per request" in said


def test_a_link_can_be_overloaded(scene) -> None:
    (said,) = scene.warnings(("10 Gbps", "1 Gbps"))
    # Llama-3.1-8B in bf16: 131,072 bytes per token; 131 MB per request at 2 /s are 2.1 Gbps.
    assert "network.links.internet: offered load is 210% of the capacity (131 MB of KV cache per request)" in said


def test_a_variant_can_be_overloaded(scene) -> None:
    (said,) = scene.warnings(("{b: 2 ms}", "{b: 30 ms}"))
    assert "variants.device-alone.sites.homes.fleet: offered load is 128% of the capacity" in said


def test_offered_load_of_every_station(scene) -> None:
    scenario = scene.load()
    loads = {station.name: station.utilisation for station in analyze(scenario).stations if station.utilisation > 1e-4}
    assert loads == pytest.approx(
        {"cloud.prefill": 2 * 0.1 / 2, "homes": 2 * 99 * 0.02 / 50, "internet": 2 * 131.072e6 * 8 / 10e9}
    )


def test_a_threshold_splits_the_requests(scene) -> None:
    lengths = "lengths: {kind: exponential, prompt: {mean: 400}, output: {mean: 100}}"
    scenario = scene.load(("lengths: {kind: fixed, prompt: 1000, output: 100}", lengths))
    rates = {flow.route: flow.rate for flow in flows(scenario.variants["adaptive"])}
    assert rates["local"] + rates["paas"] == pytest.approx(2.0)
    assert rates["paas"] == pytest.approx(2 * (1 - 1 / 400) ** 400, rel=1e-9)  # P(L > mean) = 1/e


def test_a_profile_of_another_model_is_a_warning(scene) -> None:
    form = "form: {prefill: {b: 2 ms}"
    (said,) = scene.warnings((f"profile: {{model: llama-3.1-8b, {form}", f"profile: {{model: x, {form}"))
    assert "the profile is of model 'x', but the requests are for 'llama-3.1-8b'" in said


def test_a_shipped_calibration_of_a_measured_profile_is_a_warning(scene) -> None:
    form = "profile: {model: llama-3.1-8b, form: {prefill: {b: 2 ms}"
    measured = form.replace("{model", "{provenance: measured, source: here, model")
    (said,) = scene.warnings((form, f"calibration: vllm\n      {measured}"))
    assert "sites.homes.fleet.calibration: calibration 'vllm' is for composed profiles" in said


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("chunk: 512}", "chunk: 512}\n        calibration: vllm", "but the pool has {kind: chunked, chunk: 512}"),
        ("batching: {kind: chunked, chunk: 512}", "calibration: vllm", "but the pool has {kind: chunked, chunk: 2048}"),
        ("instances: 2,", "instances: 2, calibration: vllm,", "but the pool has {kind: token-budget, max_tokens: 8192"),
        ("chunk: 512}", "chunk: 8192}\n        calibration: vllm", ""),
        ("chunk: 512}", "chunk: 512}\n        calibration: {scale: 1.1}", ""),
    ],
)
def test_another_batching_than_a_calibration_was_fitted_with_is_a_warning(scene, old: str, new: str, says: str) -> None:
    said = scene.warnings((old, new))
    assert len(said) == bool(says)
    for each in said:
        assert "calibration 'vllm' was fitted with batching {kind: chunked, chunk: 8192}" in each
        assert says in each
        assert "write batching: {kind: chunked, chunk: 8192}" in each


@pytest.mark.parametrize("factor", ["scale: 1e-9", "scale: 50", "{scale: 1, prompt: 100}"])
def test_a_calibration_far_from_one_is_a_warning(scene, factor: str) -> None:
    factor = factor.strip("{}")
    form = "form: {prefill: {b: 2 ms}"
    for key, change in {
        "calibration": (
            f"profile: {{model: llama-3.1-8b, {form}",
            f"calibration: {{{factor}}}\n      profile: {{model: llama-3.1-8b, {form}",
        ),
        "profile": (form, f"calibration: {{{factor}}}, {form}"),
    }.items():
        said = [each for each in scene.warnings(change) if "no factor between kernels and an engine" in each]
        assert len(said) == 1
        assert f"sites.homes.fleet.{key}: " in said[0]


def test_prompts_beyond_the_context_are_a_warning_with_the_figure(scene) -> None:
    lengths = "lengths: {kind: exponential, prompt: {mean: 400}, output: {mean: 100}}"
    form = "form: {prefill: {b: 2 ms}"
    scenario = scene.load(
        ("lengths: {kind: fixed, prompt: 1000, output: 100}", lengths), (form, f"limits: {{max_context: 400}}, {form}")
    )
    (said,) = prompts_are_within_the_context(scenario, Parts.of(scenario))
    share, rest = said.what.removeprefix("sites.homes.fleet: ").split("%", 1)
    assert float(share) == pytest.approx(100 * (1 - 1 / 400) ** 400, abs=0.3)  # P(L > mean) = 1/e
    assert rest == " of the prompts on 'paas' are beyond the context limit (400 tokens)"


@pytest.mark.parametrize(("prompt", "ends"), [(131_072, 0), (131_073, 2)])
def test_the_limit_of_a_model_counts_as_well(scene, prompt: int, ends: int) -> None:
    scenario = scene.load(("prompt: 1000", f"prompt: {prompt}"))
    assert len(list(prompts_are_within_the_context(scenario, Parts.of(scenario)))) == ends


def test_replications_of_what_is_not_random_are_a_warning(scene) -> None:
    steady = ("kind: poisson, rate: 2 /s", "kind: constant, rate: 2 /s")
    assert scene.warnings(steady) == []  # any of the devices may ask
    single = (steady, ("devices: 50", "devices: 1"), ("2 ms", "1 us"), ("20 ms", "1 ms"))
    (said,) = scene.warnings(*single)
    assert "run.replications: all 2 replications are the same, since nothing in the scenario is random" in said
    assert scene.warnings(*single, ("replications: 2", "replications: 1")) == []


def test_replications_of_a_trace_are_a_warning(tmp_path) -> None:
    requests = [(float(i), 100, 10) for i in range(20)]
    route = {"here": {"prefill": "here.whole", "decode": "here.whole"}}
    data = small.scene(small.trace(tmp_path, requests), {"whole": small.pool("mixed")}, route)
    scenario = from_dict(data)
    assert list(replications_differ(scenario, Parts.of(scenario))) == []
    data["run"]["replications"] = 4
    scenario = from_dict(data)
    (said,) = replications_differ(scenario, Parts.of(scenario))
    assert "all 4 replications are the same" in said.what


def test_a_pool_on_no_route_is_a_warning(scene) -> None:
    (said,) = scene.warnings(("  cloud: {prefill: cloud.whole, decode: cloud.whole}\n", ""))
    assert "sites.cloud.pools.whole: is on no route" in said


def test_kv_that_moves_for_free_is_a_warning(scene) -> None:
    warnings = scene.warnings(
        ("paas: {prefill: cloud.prefill, decode: homes}", "paas: {prefill: cloud.prefill, decode: cloud.whole}")
    )
    assert any("its KV cache moves in no time, since no link joins 'cloud' to itself" in said for said in warnings)


def test_routes_that_differ_in_first_token_are_a_warning(scene) -> None:
    change = ("{router.route: local}", "{routes.paas.first_token: decode}")
    (said,) = scene.warnings(change)
    assert "routes differ in first_token (decode: paas; prefill: paas)" in said


def test_weights_that_do_not_fit_are_an_error(error) -> None:
    form = "form: {prefill: {b: 2 ms}"
    said = error((form, f"memory: {{device_bytes: 8 GiB, weight_bytes: 15 GiB}}, {form}"))
    assert "the weights (15 GiB) do not fit into the memory (8 GiB)" in said


def test_paths_take_the_fewest_links(scene) -> None:
    links = "internet: {between: [cloud, homes], bandwidth: 10 Gbps, rtt: 25 ms}"
    rest = "bandwidth: 1 Gbps, rtt: 1 ms}"
    more = f"    hub: {{between: [cloud, hub], {rest}\n    last: {{between: [hub, homes], {rest}"
    scenario = scene.load((links, f"{links}\n{more}"))
    assert path_between(scenario.network.links, "cloud", "homes") == ["internet"]
    without = {name: link for name, link in scenario.network.links.items() if name != "internet"}
    assert path_between(without, "homes", "cloud") == ["last", "hub"]
    assert path_between(without, "homes", "mars") is None
    assert path_between(without, "homes", "homes") == []
