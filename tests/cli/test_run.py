"""`paasim run` and `paasim compare` on a scenario of seconds: output, folder, exit codes, the same bytes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import paasim
from paasim.cli import app
from paasim.metrics.itl import pooled
from paasim.metrics.window import Window
from paasim.results import folder
from paasim.results.schema import result_schema
from tests.processes import wait_for_workers

SCENARIO = """\
name: Test bed
question: Does it run?
model: llama-3.1-8b
workload:
  arrivals: {kind: poisson, rate: 4 /s}
  lengths: {kind: exponential, prompt: {mean: 1000}, output: {mean: 50}}
sites:
  cloud:
    pools:
      prefill: {role: prefill, price: 3 $/h, profile: PROFILE}
      decode: {role: decode, profile: PROFILE}
      whole: {role: mixed, profile: PROFILE}
routes:
  pd: {prefill: cloud.prefill, decode: cloud.decode}
  late: {prefill: cloud.prefill, decode: cloud.decode, first_token: decode}
  cloud: {prefill: cloud.whole, decode: cloud.whole}
router: {kind: fixed, route: pd}
slo: {ttft: 10 s, attainment: 0.9}
run: {requests: 300, warmup: 10 %, replications: 2}
variants:
  cloud-only: {router.route: cloud}
  late-token: {router.route: late}
""".replace(
    "PROFILE", "{model: llama-3.1-8b, form: {prefill: {a: 5 ms, b: 100 us}, decode: {a: 10 ms, b: 100 us, c: 10 ns}}}"
)


@pytest.fixture
def scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bed.yaml").write_text(SCENARIO)
    return "bed.yaml"


def test_run_answers_in_two_sentences_and_keeps_a_folder(scenario: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["run", scenario]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("TTFT is ")
    assert "TTFT goes to" in said.out
    assert "kept in results/test-bed" in said.err
    names = {file.name for file in Path("results/test-bed").iterdir()}
    assert {"result.json", "requests.csv.gz", "scenario.yaml", "manifest.json", "ttft_parts.svg"} <= names


def test_json_is_one_document_that_meets_the_schema(scenario: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["run", scenario, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    jsonschema.validate(document, result_schema())
    counts = document["variants"]["base"]["requests"]
    assert counts["arrived"] == counts["completed"] == 600
    assert not Path("results").exists()


def test_a_result_runs_again_from_its_folder(scenario: str) -> None:
    assert app.run(["run", scenario, "--seed", "7", "-o", "first"]) == 0
    assert app.run(["run", "first/scenario.yaml", "--jobs", "2", "-o", "again"]) == 0
    for name in ("result.json", "requests.csv.gz", "scenario.yaml", "ttft_parts.svg"):
        assert (Path("first") / name).read_bytes() == (Path("again") / name).read_bytes(), name
    assert folder.read(Path("first")).document.seed == 7


def test_a_missed_objective_is_exit_code_3(scenario: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["run", scenario, "--json", "--set", "slo.ttft=1 ms"]) == 3
    said = capsys.readouterr()
    json.loads(said.out)
    assert "objective missed" in said.err


def test_a_warm_up_that_leaves_nothing_is_said(scenario: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["run", scenario, "--set", "run.warmup=1 h"]
    assert app.run(arguments) == 3
    said = capsys.readouterr()
    assert "None of 600 requests was completed within what is measured." in said.out
    assert "warning: the warm-up leaves nothing to measure: shorten run.warmup" in said.err
    assert "objective not shown to be met: there is nothing to measure" in said.err
    Path(scenario).write_text(SCENARIO.replace("slo: {ttft: 10 s, attainment: 0.9}\n", ""))
    assert app.run([*arguments, "--json"]) == 0
    base = json.loads(capsys.readouterr().out)["variants"]["base"]
    assert (base["metrics"], base["requests"]["measured"], base["requests"]["completed"]) == ({}, 0, 600)
    assert not base["steady_state"]
    assert base["cost"] is None
    assert base["bottleneck"] is None


@pytest.mark.parametrize(("time", "measured"), [("100 ms", False), ("2 s", True)])
def test_a_run_with_most_requests_unfinished_has_no_steady_state(scenario: str, time: str, measured: bool) -> None:
    run = f"run={{drain: false, max_time: {time}, warmup: 0 s}}"
    base = paasim.simulate(paasim.load(scenario, [run, "workload.arrivals.rate=100 /s"])).variants["base"]
    assert base.requests.unfinished > 0.5 * base.requests.arrived
    assert bool(base.requests.measured) == measured
    assert not base.steady_state
    assert any("unfinished when the run ended" in warning for warning in base.warnings)
    assert any(warning.startswith("nothing to measure") for warning in base.warnings) != measured


def test_what_has_no_price_is_not_free(scenario: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["run", scenario]) == 0
    said = capsys.readouterr()
    assert "the cost is not known: no price is given for cloud.decode" in said.err
    assert "$/h" not in said.out
    cost = folder.read(Path("results/test-bed")).variants["base"].cost
    assert cost is not None
    assert (cost.per_hour, cost.per_million_output_tokens) == (None, None)
    assert cost.by_resource_per_hour == {"cloud.prefill": pytest.approx(3.0)}
    assert app.run(["run", scenario, "--set", "sites.cloud.pools.decode.price=2 $/h"]) == 0
    said = capsys.readouterr()
    assert "cost" not in said.err
    assert "base 5.00" in " ".join(said.out.split())


def test_an_interrupt_is_one_line_and_exit_code_130(scenario: str) -> None:
    """Ctrl-C reaches all processes of a terminal, here those of a session of its own."""
    command = [sys.executable, "-m", "paasim.cli.app", "run", scenario, "--jobs", "2", "--set", "run.requests=3000000"]
    here = {**os.environ, "PYTHONPATH": str(Path(paasim.__file__).parents[1])}
    streams: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(command, env=here, start_new_session=True, **streams)
    try:
        wait_for_workers(process.pid, 2)
        time.sleep(0.5)
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=20)
    finally:
        process.kill()
    assert (process.returncode, out) == (130, "")
    assert [line for line in err.splitlines() if not line.startswith("warning: ")] == ["interrupted"]


def test_variant_and_replications(scenario: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["run", scenario, "--variant", "cloud-only", "--replications", "1", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["replications"] == 1
    assert set(document["variants"]["base"]["routes"]) == {"cloud"}


def test_compare(scenario: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["compare", scenario]) == 0
    said = capsys.readouterr()
    assert "has the lowest TTFT" in said.out
    assert "the prefill side emits the first token" in said.err
    result = folder.read(Path("results/test-bed"))
    assert list(result.variants) == ["base", "cloud-only", "late-token"]
    assert result.document.comparison is not None
    assert len(result.requests) == 3 * 600


def test_compare_chosen_variants(scenario: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["compare", scenario, "--variants", "cloud-only,base", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    jsonschema.validate(document, result_schema())
    assert document["comparison"]["baseline"] == "cloud-only"
    assert set(document["comparison"]["differences"]) == {"base"}


def test_finished_runs_are_compared(scenario: str, capsys: pytest.CaptureFixture[str]) -> None:
    few = ["--set", "run.requests=100", "--replications", "3"]
    assert app.run(["run", scenario, *few, "-o", "first"]) == 0
    assert app.run(["run", scenario, *few, "--variant", "cloud-only", "-o", "second"]) == 0
    capsys.readouterr()
    assert app.run(["compare", "first", "second", "-o", "both"]) == 0
    said = capsys.readouterr()
    text = " ".join(said.out.split())
    assert "What differs is router.route (pd → cloud)." in text
    assert "Against first, paired" in text
    assert "no interval for requests_per_s" in said.err
    assert {file.name for file in Path("both").iterdir()} == {"comparison.json", "differences.csv"}
    assert app.run(["compare", "first", "second", "--json"]) == 0
    printed = capsys.readouterr().out
    assert printed == Path("both/comparison.json").read_text()
    document = json.loads(printed)
    jsonschema.validate(document, result_schema())
    assert document["comparison"]["settings"]["second"][0]["path"] == "router.route"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["compare", "kept", "bed.yaml"], "bed.yaml: is not a finished run, and several of them are compared"),
        (["compare", "bed.yaml", "kept"], "name two or more folders of finished runs, or one scenario"),
        (["compare", "kept", "kept:none"], "there is no variant 'none'"),
        (["compare", "kept", "kept", "--seed", "3"], "--seed: is for simulations"),
        (["compare", "kept", "kept", "--set", "run.seed=3"], "--set: is for simulations"),
    ],
)
def test_wrong_comparisons_of_finished_runs(
    scenario: str, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run(["run", scenario, "--set", "run.requests=20", "--replications", "1", "-o", "kept"]) == 0
    assert app.run(arguments) == 2
    err = capsys.readouterr().err
    assert said in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "bed.yaml", "--variant", "cloud-onyl"], "did you mean 'cloud-only'?"),
        (["compare", "bed.yaml", "--variants", "base,nothing"], "there is no variant 'nothing'"),
        (["compare", "bed.yaml", "--variants", "base"], "comparing needs two"),
        (["run", "bed.yaml", "--replications", "0"], "replications"),
        (["run", "bed.yaml", "-o", "bed.yaml"], "bed.yaml: cannot be written"),
    ],
)
def test_wrong_use(scenario: str, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(arguments) == 2
    err = capsys.readouterr().err
    assert said in err
    assert "Traceback" not in err


def test_every_gap_of_the_run_is_counted_once(scenario: str) -> None:
    loaded = paasim.load(scenario, ["run.warmup=0 s", "run.replications=1"])
    for each in (loaded, *loaded.variants.values()):
        replication = paasim.simulate(each).replications["base"][0]
        columns = replication.records.requests
        whole = replication.gaps.count  # of the window, which ends with the last arrival
        everything = pooled(replication.records, Window(0.0, replication.records.end, replication.window.counted))
        assert whole <= everything.count == int((columns["output_tokens"] - 1).sum())
        spans = columns["last_token"] - columns["first_token"]
        assert everything.mean() * everything.count == pytest.approx(spans.sum(), rel=1e-9)
