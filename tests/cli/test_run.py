"""`paasim run` and `paasim compare` on a scenario of seconds: output, folder, exit codes, the same bytes."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

import paasim
from paasim.cli import app
from paasim.metrics.itl import pooled
from paasim.metrics.window import Window
from paasim.results import folder
from paasim.results.schema import result_schema

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


def test_variant_and_replications(scenario: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["run", scenario, "--variant", "cloud-only", "--replications", "1", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["replications"] == 1
    assert set(document["variants"]["base"]["routes"]) == {"cloud"}


def test_compare(scenario: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["compare", scenario]) == 0
    said = capsys.readouterr()
    assert "has the lowest TTFT" in said.out
    assert "who emits the first token" in said.err
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
