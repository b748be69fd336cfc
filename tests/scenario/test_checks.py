"""Whole-scenario checks: warnings with figures, and errors that validation cannot see."""

from __future__ import annotations

import pytest

from paasim.scenario.ends import path_between
from paasim.scenario.parts import Parts
from paasim.scenario.stations import flows, stations


def test_a_sound_scenario_has_no_warnings(scene) -> None:
    assert scene.warnings() == []


def test_offered_load_above_capacity_is_a_warning_with_the_figure(scene) -> None:
    (said,) = scene.warnings(("b: 100 us", "b: 1.1 ms"))
    # Two requests per second of 1000 tokens at 1.1 ms each, over two instances.
    assert "sites.cloud.pools.prefill: offered load is 110% of the capacity (1.1 s of prefill per request)" in said


def test_a_link_can_be_overloaded(scene) -> None:
    (said,) = scene.warnings(("10 Gbps", "1 Gbps"))
    # Llama-3.1-8B in bf16: 131,072 bytes per token; 131 MB per request at 2 /s are 2.1 Gbps.
    assert "network.links.internet: offered load is 210% of the capacity (131.1 MB of KV cache per request)" in said


def test_a_variant_can_be_overloaded(scene) -> None:
    (said,) = scene.warnings(("{b: 2 ms}", "{b: 30 ms}"))
    assert "variants.device-alone.sites.homes.fleet: offered load is 128% of the capacity" in said


def test_offered_load_of_every_station(scene) -> None:
    scenario = scene.load()
    loads = {station.name: station.utilisation for station in stations(scenario, Parts.of(scenario))}
    assert loads == pytest.approx(
        {"cloud.prefill": 2 * 0.1 / 2, "homes": 2 * 100 * 0.02 / 50, "internet": 2 * 131.072e6 * 8 / 10e9}
    )


def test_a_threshold_splits_the_requests(scene) -> None:
    lengths = "lengths: {kind: exponential, prompt: {mean: 400}, output: {mean: 100}}"
    scenario = scene.load(("lengths: {kind: fixed, prompt: 1000, output: 100}", lengths))
    rates = {flow.route: flow.rate for flow in flows(scenario.variants["adaptive"])}
    assert rates["local"] + rates["paas"] == pytest.approx(2.0)
    assert rates["paas"] == pytest.approx(2 * 0.368, rel=0.06)  # P(L > mean) = 1/e


def test_a_profile_of_another_model_is_a_warning(scene) -> None:
    form = "form: {prefill: {b: 2 ms}"
    (said,) = scene.warnings((f"profile: {{model: llama-3.1-8b, {form}", f"profile: {{model: x, {form}"))
    assert "the profile is of model 'x', but the requests are for 'llama-3.1-8b'" in said


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
