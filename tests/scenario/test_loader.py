"""Loading: values, defaults, overrides, variants, and a full round trip."""

from __future__ import annotations

from pathlib import Path

import pytest

from paasim.core.errors import InputError
from paasim.router.fixed import FixedSpec
from paasim.router.round_robin import RoundRobinSpec
from paasim.router.threshold import ThresholdSpec
from paasim.scenario import bundled, from_dict, load, yaml
from paasim.scenario.loader import chosen, find
from paasim.scenario.run import Share


def test_quantities_are_si_inside(scene) -> None:
    scenario = scene.load()
    link = scenario.network.links["internet"]
    assert link.bandwidth == 10e9
    assert link.rtt == 0.025
    assert scenario.run.duration == 600.0
    assert scenario.run.warmup == Share(0.1)
    assert isinstance(scenario.run.warmup, Share)
    assert scenario.slo.tpot == 0.05


def test_defaults(scene) -> None:
    scenario = scene.load(("run: {duration: 10 min, warmup: 10 %, replications: 2, seed: 7}\n", ""))
    assert scenario.run.warmup == "auto"
    assert scenario.run.drain
    assert scenario.routes["paas"].first_token == "prefill"
    assert list(scenario.classes) == ["requests"]


def test_several_request_classes(scene) -> None:
    one = "arrivals: {kind: poisson, rate: 2 /s}\n  lengths: {kind: fixed, prompt: 1000, output: 100}\n"
    inside = "{arrivals: {kind: poisson, rate: 1 /s}, lengths: {kind: fixed, prompt: 10, output: 1}}"
    scenario = scene.load((f"workload:\n  {one}", f"workloads:\n  chat: {inside}\n  code: {inside}\n"))
    assert list(scenario.classes) == ["chat", "code"]


def test_expanded_loads_again_to_an_equal_scenario(scene, tmp_path: Path) -> None:
    scenario = scene.load()
    again = from_dict(scenario.expanded())
    assert again == scenario
    assert again.variants == scenario.variants
    file = tmp_path / "scenario.yaml"
    file.write_text(yaml.dump(scenario.expanded()))
    assert load(file) == scenario
    assert load(tmp_path).expanded() == scenario.expanded()  # a result folder


def test_expanded_fills_defaults_and_writes_units(scene) -> None:
    data = scene.load().expanded()
    assert data["run"]["drain"] is True
    assert data["run"]["warmup"] == "10 %"
    assert data["network"]["links"]["internet"]["bandwidth"] == "10 Gbps"
    assert data["network"]["links"]["internet"]["kind"] == "shared"
    assert data["variants"]["device-alone"] == {"router": {"route": "local"}}


# --- Variants ----------------------------------------------------------------------------------------------------


def test_a_variant_merges_keys(scene) -> None:
    scenario = scene.load()
    assert scenario.variants["device-alone"].router == FixedSpec(route="local")
    assert scenario.variants["device-alone"].run == scenario.run
    assert not scenario.variants["device-alone"].variants


def test_a_mapping_of_another_kind_is_replaced(scene) -> None:
    router = scene.load().variants["adaptive"].router
    assert router == ThresholdSpec(prompt_tokens=400, below="local", above="paas")


def test_a_dotted_kind_replaces_too(scene) -> None:
    scenario = scene.load(("{router.route: local}", "{router.kind: round-robin, router.routes: [paas, local]}"))
    assert scenario.variants["device-alone"].router == RoundRobinSpec(routes=("paas", "local"))


def test_a_variant_reaches_into_what_the_scenario_leaves_out(scene) -> None:
    scenario = scene.load(("{router.route: local}", "{routes.paas.kv.streaming: layers, run.drain: false}"))
    variant = scenario.variants["device-alone"]
    assert scenario.routes["paas"].kv != variant.routes["paas"].kv
    assert not variant.run.drain
    assert variant.run.seed == 7


def test_a_variant_may_add_a_named_thing_whole(scene) -> None:
    new = "{routes.edge: {prefill: homes, decode: homes}, router.route: edge}"
    assert "edge" in scene.load(("{router.route: local}", new)).variants["device-alone"].routes


@pytest.mark.parametrize(
    ("patch", "said"),
    [
        ("{rotuer.route: local}", "there is no 'rotuer' in the scenario; did you mean 'router'?"),
        ("{routes.pass.first_token: decode}", "there is no 'pass' in routes; did you mean 'paas'?"),
        ("{router.rout: local}", "variants.device-alone.router.rout: unknown key; did you mean 'route'?"),
        ("{run.seed: x}", "variants.device-alone.run.seed: 'x' is not a whole number"),
        ("{variants: {}}", "a variant has no variants"),
    ],
)
def test_an_error_in_a_variant_points_at_its_line(error, patch: str, said: str) -> None:
    text = error(("{router.route: local}", patch))
    assert text.startswith("small.yaml:30:")
    assert said in text


def test_what_is_wrong_in_the_scenario_is_not_said_again_for_its_variants(scene) -> None:
    assert len(scene.errors(("router: {kind: fixed, route: paas}", "router: fixed"))) == 1
    assert len(scene.errors(("rtt: 25 ms", "rtt: 25"))) == 1


def test_base_is_no_name_for_a_variant(error) -> None:
    assert "'base' is the name of the scenario itself" in error(("device-alone:", "base:"))


def test_choosing_a_variant(scene) -> None:
    scenario = scene.load()
    assert chosen(scenario, None) is scenario
    assert chosen(scenario, "adaptive") == scenario.variants["adaptive"]
    with pytest.raises(InputError, match="did you mean 'adaptive'"):
        chosen(scenario, "adaptiv")


# --- Overrides ---------------------------------------------------------------------------------------------------


def test_overrides_are_yaml_and_later_ones_win(scene) -> None:
    scenario = scene.load(
        overrides=[
            "run.seed=1",
            "run.seed=9",
            "network.links.internet.bandwidth=4Gbps",
            "slo={ttft: 1 s}",
            "variants.adaptive.router.prompt_tokens=77",
        ]
    )
    assert scenario.run.seed == 9
    assert scenario.network.links["internet"].bandwidth == 4e9
    assert scenario.slo.ttft == 1.0
    assert scenario.slo.tpot == 0.05  # a mapping merges
    assert scenario.variants["adaptive"].router == ThresholdSpec(prompt_tokens=77, below="local", above="paas")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("run.seed", "is not of the form path=value"),
        ("run.sed=4", "run.sed: unknown key; did you mean 'seed'?"),
        ("rnu.seed=4", "there is no 'rnu' in the scenario; did you mean 'run'?"),
        ("network.links.internt.rtt=1 ms", "there is no 'internt' in network.links; did you mean 'internet'?"),
        ("network.links.internet.rtt=1", "1 needs a unit"),
        ("run.seed={", "is not sound YAML"),
        ("run.seed=-1", "it must be at least 0"),
    ],
)
def test_a_wrong_override_names_itself(error, text: str, said: str) -> None:
    message = error(overrides=[text])
    assert message.startswith(f"--set {text}: ")
    assert said in message


# --- Finding -----------------------------------------------------------------------------------------------------


def test_a_folder_of_the_name_of_a_bundled_scenario_is_not_in_its_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "local"
    folder.mkdir()
    own = yaml.dump({**load("local").expanded(), "name": "mine"})
    (folder / "scenario.yaml").write_text(own)
    assert find("local") == bundled()["local"]
    assert load("./local").name == "mine"
    folder.rename(tmp_path / "other")
    (tmp_path / "local").write_text(own)
    assert load("local").name == "mine"


def test_bundled_scenarios_load_by_name() -> None:
    assert "quickstart" in bundled()
    for name in bundled():
        assert load(name).question, name
    with pytest.raises(InputError, match="did you mean 'quickstart'"):
        load("quickstrat")


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file; check the name"):
        load(tmp_path / "none.yaml")
