"""`paasim network explain` and what `paasim scenario explain` says of networks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from paasim.cli import app
from paasim.core.paths import bundled as bundled_folder
from paasim.scenario import bundled, check, load
from paasim.scenario.explain import lines
from tests.network.scenes import foreseen, scene
from tests.network.test_lone_transfers import LAYERS, NETWORKS


def _document(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert app.run(["network", "explain", *arguments, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_the_document_and_the_tables_say_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    document = _document(capsys, "prfaas", "--prompt", "32000,8000")
    assert set(document["routes"]) == {"prfaas", "pd"}
    route = document["routes"]["prfaas"]
    assert route["path"][0]["key"] == "network.links.wan.bandwidth"
    assert [told["prompt_tokens"] for told in route["transfers"]] == [8000, 32000]
    for told in route["transfers"]:
        alone = told["alone"]
        assert told["lower_bound"] < alone["transfer"]
        assert alone["after_prefill"] == pytest.approx(alone["transfer"] - told["prefill"])
        assert told["at_load"]["transfer"] > alone["transfer"]
        assert told["limit"] == {"kind": "production", "name": None}
        assert told["hidden"]["bandwidth"] < told["hidden"]["bandwidth_at_load"] < 100e9
    assert app.run(["network", "explain", "prfaas", "--prompt", "8000,32000"]) == 0
    said = capsys.readouterr()
    assert " ".join(said.out.split()).startswith(document["answer"])
    assert f"{route['transfers'][0]['hidden']['bandwidth'] / 1e9:.3g} Gbps" in said.out
    assert "hidden from:" in said.err


def test_prompts_come_from_the_workload(capsys: pytest.CaptureFixture[str]) -> None:
    prompts = [told["prompt_tokens"] for told in _document(capsys, "paas")["routes"]["paas"]["transfers"]]
    assert prompts == sorted(prompts)
    assert 2 <= len(prompts) <= 4
    assert all(float(f"{prompt:.2g}") == prompt for prompt in prompts)


def test_a_variant_and_a_changed_value(capsys: pytest.CaptureFixture[str]) -> None:
    base, wide = "network.links.wan.bandwidth=10 Gbps", ["--variant", "wan-50-gbps"]
    slow = _document(capsys, "prfaas", "--set", base, "--prompt", "8000")["routes"]["prfaas"]["transfers"][0]
    assert slow["limit"] == {"kind": "trunk", "name": "wan"}
    patched = _document(capsys, "prfaas", *wide, "--prompt", "8000")["routes"]["prfaas"]
    assert patched["path"][0]["bandwidth"] == 50e9


@pytest.mark.parametrize("name", ["local", "cloud"])
def test_nothing_to_explain(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    document = _document(capsys, name)
    if not document["routes"]:
        assert document["answer"].startswith("No route of this scenario sends a KV cache")
        assert app.run(["network", "explain", name]) == 0
        assert "No route" in capsys.readouterr().out


@pytest.mark.parametrize("prompt", ["0", "-5", "many", "1.5", "1000,,2000", "1e9", "99999999999"])
def test_a_prompt_that_is_none(prompt: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["network", "explain", "paas", f"--prompt={prompt}"]) == 2
    assert "is not a prompt length" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["nowhere"], ["paas", "--variant", "fp9"], ["paas", "--set", "network.links.internet.rtt=-1 s"]]
)
def test_wrong_use(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["network", "explain", *arguments]) == 2
    said = capsys.readouterr()
    assert said.err
    assert not said.out


def test_a_rate_that_changes_stands_for_its_mean(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    route = _document(capsys, "radio")["routes"]["paas"]
    assert [leg["varies"] for leg in route["path"]] == [False, True]
    assert route["path"][1]["key"] is None
    outages = {"outages": {"every": "30 s", "for": "10 s"}}
    half = foreseen(scene(tmp_path, outages))
    assert half.lower_bound == pytest.approx(12.5e-3 + half.wire / (0.75 * 1.25e9))


def test_no_time_at_load_where_there_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    full = ["prfaas", "--set", "network.links.wan.bandwidth=10 Gbps", "--prompt", "8000"]
    assert _document(capsys, *full)["routes"]["prfaas"]["transfers"][0]["at_load"] is None
    assert app.run(["network", "explain", *full]) == 0
    assert (
        "prfaas: no time at load, since a link of its path is offered more than it carries" in capsys.readouterr().err
    )
    users = ["prfaas", "--set", "workload.arrivals={kind: closed-loop, users: 4}", "--prompt", "8000"]
    route = _document(capsys, *users)["routes"]["prfaas"]
    assert (route["requests_per_s"], route["path"][0]["load"]) == (None, None)
    assert route["transfers"][0]["at_load"] is None
    assert app.run(["network", "explain", *users]) == 0
    assert "no time at load, since the rate of requests follows from the run" in capsys.readouterr().err


@pytest.mark.parametrize("name", sorted(bundled()))
def test_every_bundled_scenario_and_variant_is_explained(
    name: str, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    if "${PAASIM_DATA}" in (bundled_folder("scenarios") / f"{name}.yaml").read_text():
        request.getfixturevalue("shared_data")
    for variant in ("base", *load(name).fitting):
        for route in _document(capsys, name, "--variant", variant)["routes"].values():
            assert all(told["alone"]["transfer"] >= told["lower_bound"] * (1 - 1e-9) for told in route["transfers"])


# ---- paasim scenario explain -----------------------------------------------------------------------------------------


def _explained(tmp_path: Path, **made: Any) -> str:
    return "\n".join(lines(scene(tmp_path, **made)))


def test_a_path_of_several_links_is_told_leg_by_leg(tmp_path: Path) -> None:
    said = _explained(tmp_path, **NETWORKS["three links with tcp"])
    chain = (
        "cloud.prefill -> nic -> metro -> trunk -> last mile of homes -> homes, by tcp over 8 connections at a loss of"
    )
    assert f"  paas: {chain} 0.01 %; first token" in said
    assert "    nic                 4 Gbps to each transfer, RTT 1 ms" in said
    assert "    last mile of homes  6 Gbps, RTT 10 ms" in said
    assert "    in all: RTT 34 ms, 4 Gbps at most (nic)" in said


def test_a_transport_and_the_traffic_of_others_are_told(tmp_path: Path) -> None:
    link = {"background": {"rate": "3 Gbps", "flows": 2}, "transport": "bbr"}
    scenario = scene(tmp_path, link, times=(0.0, 1.0, 2.0))
    said, told = "\n".join(lines(scenario)), foreseen(scenario)
    assert (
        "wan (10 Gbps, 3 Gbps of it taken by others, shared with 2 transfers of others, RTT 25 ms) -> homes, by bbr"
        in said
    )
    assert f"{told.duration:.3g} s alone on the path" in said
    assert "wan: 90% (786 MB of KV cache per request, beside 30% that others take)" in said


def test_what_others_leave_can_be_overloaded(tmp_path: Path) -> None:
    scenario = scene(tmp_path, {"background": {"rate": "8 Gbps"}}, times=(0.0, 1.0, 2.0), kv=LAYERS)
    assert any("network.links.wan: offered load is 315%" in str(warning) for warning in check(scenario))
