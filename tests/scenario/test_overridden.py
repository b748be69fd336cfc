"""Overrides that some variants do not fit; shares in per cent; a warm-up that leaves nothing."""

from __future__ import annotations

import pytest

from paasim.core.errors import InputError
from paasim.scenario import check, from_dict
from paasim.scenario.loader import chosen

ROUTER = "router={kind: round-robin, routes: [paas, local]}"


def test_a_variant_that_no_longer_fits_stops_only_who_asks_for_it(scene) -> None:
    scenario = scene.load(overrides=[ROUTER])
    check(scenario)
    assert list(scenario.fitting) == ["adaptive"]
    assert chosen(scenario, "adaptive").router.kind == "threshold"
    with pytest.raises(InputError, match=r"variants\.device-alone\.router\.route: .*not --set"):
        chosen(scenario, "device-alone")
    with pytest.raises(InputError, match="device-alone"):
        _ = scenario.variants


def test_a_result_of_an_overridden_scenario_loads_again(scene) -> None:
    scenario = scene.load(overrides=[ROUTER])
    assert list(from_dict(scenario.expanded()).variants) == ["adaptive"]


def test_an_override_of_a_variant(scene) -> None:
    scenario = scene.load(overrides=["variants.device-alone.router.route=cloud", "router.route=local"])
    assert list(scenario.variants) == ["device-alone", "adaptive"]


def test_a_variant_that_is_wrong_in_the_file_is_reported_with_overrides_too(scene) -> None:
    wrong = ("{router.route: local}", "{router: {rote: local}}")
    assert scene.errors(wrong, overrides=["run.seed=3"]) == scene.errors(wrong)


@pytest.mark.parametrize("warmup", ["100 s", "200 s"])
def test_a_warm_up_leaves_something_to_measure(error, warmup: str) -> None:
    said = error(overrides=["run.duration=100 s", f"run.warmup={warmup}"])
    assert "leaves nothing of a duration of 100 s" in said
    assert "shorten 'warmup'" in said


def test_attainment_in_per_cent(scene, error) -> None:
    assert scene.load(overrides=["slo.attainment=95 %"]).slo.attainment == 0.95
    assert "it must be at most 1" in error(overrides=["slo.attainment=195 %"])
