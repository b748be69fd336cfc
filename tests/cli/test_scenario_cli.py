"""The verbs that look at scenarios without running them: check, explain, show, list, init."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from paasim.cli import app
from paasim.cli.scenario import SCHEMAS
from paasim.core.paths import bundled as bundled_folder
from paasim.scenario import bundled, check, load


@pytest.mark.parametrize("name", sorted(bundled()))
def test_bundled_scenarios_can_run_and_explain_themselves(
    name: str, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    if "${PAASIM_DATA}" in (bundled_folder("scenarios") / f"{name}.yaml").read_text():
        request.getfixturevalue("shared_data")
    assert app.run(["scenario", "check", name]) == 0
    assert "can run" in capsys.readouterr().out
    assert app.run(["scenario", "explain", name]) == 0
    said = capsys.readouterr().out
    scenario = load(name)
    assert said.startswith(f"{scenario.name}\nQuestion: {scenario.question}\n")
    for site in scenario.sites:
        assert f"  {site}" in said
    for route in scenario.routes:
        assert f"  {route}: " in said


def test_explain_says_what_a_transfer_weighs_and_takes(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["scenario", "explain", "prfaas", "--variant", "all-remote"]) == 0
    said = capsys.readouterr().out
    assert "compute.prefill -> wan (100 Gbps, RTT 30 ms) -> serving.decode" in said
    assert "of KV cache per request" in said
    assert "  wan: " in said


def test_show_prints_a_scenario_that_loads_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["scenario", "show", "quickstart"]) == 0
    file = tmp_path / "full.yaml"
    file.write_text(capsys.readouterr().out)
    assert load(file) == load("quickstart")


def test_list_names_every_bundled_scenario(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["scenario", "list"]) == 0
    said = capsys.readouterr().out
    assert all(name in said for name in bundled())


@pytest.mark.parametrize("document", SCHEMAS)
def test_every_document_has_its_schema(document: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["scenario", "schema", document]) == 0
    schema = json.loads(capsys.readouterr().out)
    jsonschema.validators.validator_for(schema).check_schema(schema)
    assert schema["properties"]


def test_an_unknown_schema_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["scenario", "schema", "sweeps"]) == 2
    assert "did you mean 'sweep'?" in capsys.readouterr().err


def test_an_unknown_variant_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["scenario", "explain", "quickstart", "--variant", "adptive"]) == 2
    assert "did you mean 'adaptive'?" in capsys.readouterr().err


def test_init_writes_a_scenario_that_can_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert app.run(["init", "my-first"]) == 0
    scenario = load("my-first.yaml")
    assert scenario.name == "my first"
    check(scenario)
    assert app.run(["init", "my-first.yaml"]) == 2
    assert "is there already; choose another name" in capsys.readouterr().err
    assert app.run(["init", "nowhere/x"]) == 2
    assert "cannot be written" in capsys.readouterr().err
