"""`paasim plan`: the answer, its document, its folder, exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import jsonschema
import pytest
import yaml

from paasim.cli import app
from paasim.study.plan.max_rate.bench import Trial
from paasim.study.plan.max_rate.plan import beyond
from paasim.study.plan.max_rate.schema import plan_schema
from tests.theory.stations import queue

QUICK = ["--tolerance", "10 %", "--replications", "2", "--confirm", "3", "--jobs", "1"]


@pytest.fixture
def scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    data = queue(2, 10, "{kind: fixed, prompt: 10000, output: 1}")
    Path("queue.yaml").write_text(yaml.safe_dump(data))
    return "queue.yaml"


def test_a_plan_and_its_folder(scenario: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["plan", scenario, "--max-rate", "--slo", "ttft:mean=150ms", "--json", "-o", "kept", *QUICK]
    assert app.run(arguments) == 0
    text = capsys.readouterr().out
    document = json.loads(text)
    jsonschema.validate(document, plan_schema())
    assert document["maximum"]["load"] == pytest.approx(14.05, rel=0.1)
    assert document["bottleneck"]["name"] == "here.server"
    assert document["reliefs"][0]["gain"] > 0.4
    assert Path("kept/plan.json").read_text().strip() == text.strip()
    assert len(Path("kept/loads.csv").read_text().splitlines()) == 1 + len(document["loads"])
    assert app.run(["run", "kept/scenario.yaml", "--set", "run.requests=200", "--json"]) == 0
    capsys.readouterr()
    assert app.run(arguments) == 0  # same seed, same bytes
    assert capsys.readouterr().out == text


def test_no_load_is_low_enough(scenario: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["plan", scenario, "--slo", "ttft:mean=60ms", *QUICK]) == 3
    out = " ".join(capsys.readouterr().out.split())
    assert "No load is low enough" in out
    assert "a profile for here.server that is faster by 2 times" in out


def test_wrong_use(scenario: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["plan", scenario, "--slo", "ttft=1s"]) == 2
    assert app.run(["plan", scenario]) == 2
    assert app.run(["plan", scenario, "--slo", "ttft:mean=1s", "--variant", "base", "--variants", "base"]) == 2
    assert app.run(["plan", scenario, "--slo", "ttft:mean=1s", "--tolerance", "9"]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_a_maximum_beyond_its_bound_is_doubted() -> None:
    at = cast("Trial", SimpleNamespace(factor=2.0))
    assert beyond(at, {"link": 0.2, "pool": 0.5}) == []
    assert "pool would be 110.0% full" in beyond(at, {"link": 0.2, "pool": 0.55})[0]
    assert beyond(None, {"pool": 9.0}) == beyond(at, {}) == []


def test_a_latency_that_no_request_has_is_said(scenario: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["plan", scenario, "--slo", "tpot:p99=1 s", *QUICK]) == 2
    assert "no request has a TPOT, which needs answers of two tokens or more" in capsys.readouterr().err
