"""`paasim plan --min-cost`: exit codes, what is printed, what is kept."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import jsonschema
import pytest

from paasim.cli import app
from paasim.scenario import yaml
from paasim.study.plan.min_cost.schema import plan_schema
from tests.study.plan import spaces

SMALL = ["--over", f"{spaces.PREFILL}.instances=2..3", "--over", f"{spaces.DECODE}.instances=2"]


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text(yaml.dump(spaces.splits().expanded()))
    return "small.yaml"


def test_a_plan_is_shown_and_kept(scene: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["plan", scene, "--min-cost", *SMALL, "--pareto"]) == 0
    shown = capsys.readouterr()
    assert "is the least that keeps p90 TTFT" in shown.out
    assert "Pareto front" in shown.out
    assert "kept in results/small-plan-plan" in shown.err
    folder = Path("results/small-plan-plan")
    plan = json.loads((folder / "plan.json").read_text())
    jsonschema.validate(plan, plan_schema())
    rows = list(csv.DictReader((folder / "candidates.csv").read_text().splitlines()))
    assert len(rows) == plan["candidates"] == 8
    assert [row["fate"] for row in rows].count("chosen") == 1
    assert [float(row["cost_per_hour"]) for row in rows] == sorted(float(row["cost_per_hour"]) for row in rows)
    assert json.loads((folder / "manifest.json").read_text())["command"]
    assert app.run(["run", str(folder), "--json"]) in (0, 3)


def test_json_alone(scene: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["plan", scene, "--min-cost", *SMALL, "--json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    jsonschema.validate(plan, plan_schema())
    assert not Path("results").exists()
    assert plan["chosen"]["options"]["prefill.instances"] == "3"


def test_an_infeasible_plan_ends_with_3(scene: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["plan", scene, "--min-cost", "--slo", "ttft:p90=100ms", "-o", "kept"]) == 3
    shown = capsys.readouterr()
    assert shown.out.startswith("None of 64 candidates keeps p90 TTFT")
    assert json.loads(Path("kept/plan.json").read_text())["feasible"] is False


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--over", "sites.far.pools.prefil.instances=1..3"], "did you mean 'prefill'?"),
        (["--slo", "ttft:p99=fast"], "--slo ttft:p99=fast"),
        (["--load", "0"], "--load"),
        (["--set", "plan.slo=[]"], "no limits under 'slo'"),
        (["--set", "plan=null", "--slo", "ttft:p99=1s"], "nothing to choose"),
        (["--over", "run.seed=1..99", "--over", "run.replications=1..99"], "candidates, at most"),
    ],
)
def test_wrong_use_ends_with_2(scene: str, options: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["plan", scene, "--min-cost", *options]) == 2
    shown = capsys.readouterr()
    assert says in shown.err
    assert not shown.out
