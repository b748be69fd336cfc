"""`paasim sensitivity`: the answer, the tables, the document, the files, wrong use."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import jsonschema
import pytest

from paasim.cli import app
from paasim.study.sensitivity.schema import sensitivity_schema

FEW = ["--set", "run.requests=60", "--replications", "3", "--jobs", "1"]
OVER = ["--over", "network.links.wan.bandwidth=20 Gbps..200 Gbps", "--over", "workload.arrivals.rate=±20 %"]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")


def test_the_answer_is_two_sentences_and_tables(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["sensitivity", "prfaas", *OVER, *FEW, "--variants", "base,wan-40-gbps", "--profile-samples", "3"]
    assert app.run([*arguments, "-o", "out"]) == 0
    said = capsys.readouterr()
    text = " ".join(said.out.split())
    assert text.startswith("The p99 TTFT, ")
    assert "moves most with the " in text
    assert "its 2 profiles: base stays the best of 2 variants in" in text
    assert "20 to 200 Gbps" in text
    assert "4 inputs; at most 17 points of 3 replications: 51 runs" in said.err
    assert "step times of h200-sxm: h200-sxm/llama-3.1-8b/bf16/vllm/tp1: kernel times alone" in said.err
    assert "kept in out" in said.err
    assert {file.name for file in Path("out").iterdir()} == {
        "sensitivity.json",
        "effects.csv",
        "samples.csv",
        "tornado.svg",
        "store",
    }
    rows = list(csv.DictReader(Path("out/samples.csv").read_text().splitlines()))
    assert len(rows) == 8
    assert {row["network.links.wan.bandwidth"] for row in rows} == {"", "20.0", "200.0"}
    effects = list(csv.DictReader(Path("out/effects.csv").read_text().splitlines()))
    assert len(effects) == 4
    assert float(effects[0]["swing"]) >= float(effects[-1]["swing"])


@pytest.mark.parametrize("method", [["--method", "morris", "--samples", "2"], ["--method", "sobol", "--samples", "2"]])
def test_json_is_one_document_that_meets_the_schema(method: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("SALib")
    few = [*FEW, "--replications", "1", "--no-profile-error"]
    assert app.run(["sensitivity", "prfaas", *OVER, *few, *method, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    jsonschema.validate(document, sensitivity_schema())
    assert document["method"] == method[1]
    assert len(document[method[1]]) == 2
    assert document["survival"] is None
    assert app.run(["sensitivity", "prfaas", *OVER, *few, *method]) == 0
    assert "bandwidth" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing"], "no such file, and no bundled scenario"),
        (["prfaas", "--over", "a.b=1..2"], "there is no 'a'"),
        (["prfaas", "--method", "sobal"], "did you mean 'sobol'?"),
        (["prfaas", "--spread", "200 %"], "is not a share between 0 and 100 %"),
        (["prfaas", "--spread", "much"], "is not a share between 0 and 100 %"),
        (["prfaas", "--variant", "x"], "there is no variant 'x'"),
    ],
)
def test_wrong_use(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["sensitivity", *arguments]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert "Traceback" not in err


def test_a_folder_that_cannot_be_written_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    Path("out").write_text("")
    few = [*FEW, "--replications", "1", "--no-profile-error"]
    assert app.run(["sensitivity", "prfaas", *OVER, *few, "-o", "out"]) == 2
    assert "out/store: cannot be used" in capsys.readouterr().err
