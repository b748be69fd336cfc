"""The JSON schema accepts what the loader accepts, and refuses slips that an editor should mark."""

from __future__ import annotations

import json

import jsonschema
import pytest

from paasim.cli import app
from paasim.scenario import bundled, yaml
from paasim.scenario.schema import scenario_schema


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    schema = scenario_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_bundled_scenarios_agree_with_the_schema(validator) -> None:
    for name, file in bundled().items():
        errors = [error.message for error in validator.iter_errors(yaml.read(file).plain())]
        assert errors == [], name


def test_expanded_scenarios_agree_with_the_schema(scene, validator) -> None:
    assert list(validator.iter_errors(scene.load().expanded())) == []


@pytest.mark.parametrize(("old", "new"), [("attainment", "atainment"), ("kind: fixed, route", "kind: fixd, route")])
def test_slips_are_marked(scene, validator, old: str, new: str) -> None:
    assert list(validator.iter_errors(yaml.read(scene.write((old, new))).plain()))


def test_every_key_has_a_description() -> None:
    schema = scenario_schema()
    silent = [
        f"{name}.{key}"
        for name, entry in schema["$defs"].items()
        for key, field in entry.get("properties", {}).items()
        if key != "kind" and "description" not in field and "$ref" not in field
    ]
    assert silent == []


def test_the_command_prints_the_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["scenario", "schema"]) == 0
    assert json.loads(capsys.readouterr().out) == scenario_schema()


def test_the_published_schema_is_this_one(root) -> None:
    published = json.loads((root / "docs" / "scenario.schema.json").read_text())
    assert published == scenario_schema(), "run: paasim scenario schema > docs/scenario.schema.json"
