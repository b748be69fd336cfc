"""Options of `paasim profile` that cannot be meant: one line that says which, and what to do; nothing is dropped."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from paasim.cli import app
from paasim.profile import load

H100 = "h100-sxm/llama-3.1-8b/bf16/vllm/tp1"
HEAD = "phase,batch,new_tokens,context_tokens,latency_ms\n"
STEPS = HEAD + "".join(f"prefill,1,{n},0,{n / 25}\ndecode,1,1,{n},{10 + n / 1000}\n" for n in (128, 512, 2048, 8192))
SHEET = ["--model", "llama-3.1-70b", "--compute", "989 TFLOP/s", "--bandwidth", "3.35 TB/s", "--memory", "80 GB"]
ESTIMATE = ["estimate", "-o", "e.yaml", "--source", "https://example.org/sheet"]
SCALED = [*ESTIMATE, "--scale", H100, "--ratio", "bandwidth=2"]
FIT = ["fit", "steps.csv", "-o", "own.yaml"]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("steps.csv").write_text(STEPS)
    Path("empty").mkdir()
    Path("r.txt").write_text("- {id: a/b, points: [{phase: prefill, new: 512, time: 20 ms}]}\n")
    runs = "prompt,output,concurrency,ttft_ms,tpot_ms\n" + "900000,64,1,30,8\n" * 10
    Path("runs.csv").write_text(runs)
    Path("huge.csv").write_text(runs.replace(",8\n", ",1e308\n"))


def run(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """Exit code, stdout, stderr."""
    code = app.run(["profile", *arguments])
    said = capsys.readouterr()
    assert not re.search(r"Traceback|internal failure|pydantic|<class", said.err), said.err
    return code, said.out, said.err


WRONG = [
    ([*ESTIMATE, *SHEET], "--memory: 141.1 GB of weights do not fit into 1 x 80 GB; it takes 2 GPUs at least"),
    ([*ESTIMATE, *SHEET, "--gpus", "2", "--ratio", "bandwidth=2"], "--ratio: is of no use without the profile"),
    ([*ESTIMATE, *SHEET, "--gpus", "2", "--set", "tp=4"], "--set tp: cannot be set: --gpus says it"),
    ([*ESTIMATE, *SHEET, "--gpus", "2", "--query-width", "nan"], "--query-width: nan is not a width"),
    (
        [*SCALED, "--gpus", "2", "--dtype", "fp8"],
        "--scale: scales the form of a profile, which --dtype, --gpus have no",
    ),
    ([*SCALED, "--memory", "80 GB"], "--scale: scales the form of a profile, which --memory has no part in"),
    ([*SCALED, "--ratio", "bandwidth=3"], "--ratio: 'bandwidth' is given twice"),
    ([*SCALED, "--set", "provenance=measured"], "--set provenance: cannot be set: an estimate is estimated"),
    ([*FIT, "--set", "memory=80 GB"], "--set memory: needs the name of one of its fields; one of memory.device_bytes"),
    ([*FIT, "--set", "thermal=on"], "--set thermal: needs the name of one of its fields; one of thermal."),
    ([*FIT, "--set", "memory.device_bytes=80"], "--set memory.device_bytes: 80 needs a unit"),
    ([*FIT, "--set", "tp=x"], "--set tp: "),
    ([*FIT, "--set", "tp.x=1"], "--set tp.x: tp has no fields"),
    ([*FIT, "--set", "hardwre=x"], "--set hardwre: is no field of a header; did you mean 'hardware'?"),
    ([*FIT, "--set", "form=x"], "--set form: cannot be set: it is made of the measured steps"),
    ([*FIT, "--set", "=x"], "--set: '=x' is not NAME=VALUE"),
    ([*FIT, "--set", "tp=1", "--set", "tp=2"], "--set: 'tp' is given twice"),
    (["fit", "steps.csv", "-o", "own"], "--output: 'own' is not the name of a YAML file"),
    (["fit", "steps.csv", "-o", "empty"], "--output: 'empty' is not the name of a YAML file"),
    (["fit", "steps.csv", "-o", "steps.csv/own.yaml"], "--output: 'steps.csv/own.yaml' cannot be written"),
    (["fit", "steps.csv", "-o", "steps.yaml"], "--output: 'steps.yaml' would overwrite steps.csv"),
    (["fit", "empty", "-o", "own.yaml"], "empty: "),
    (["import", "steps.csv", "-o", "steps.yaml"], "--output: 'steps.yaml' would overwrite steps.csv"),
    (["import", "steps.csv", "-o", "own.yaml", "--set", "memory=80 GB"], "--set memory: needs the name of one"),
    (["list", "--provenance", "bogus"], "--provenance: 'bogus' is not a provenance; one of measured, composed"),
    (["list", "--provenance", "measurd"], "did you mean 'measured'?"),
    (["list", "--hardware", "h1000"], "--hardware: no profile has 'h1000' in its hardware; did you mean 'h100-sxm'?"),
    (
        ["show", "h100"],
        "names of 34 profiles begin so: h100-pcie, h100-sxm; give one whole, or see `paasim profile list",
    ),
    (["show", "m2-ultra/llama"], "begin so: m2-ultra/llama-3.1-70b/f16/llama.cpp/tp1, m2-ultra/llama-3.1-70b/q4-k-m"),
    (["import", "steps.csv", "--data", ".", "--only", "x"], "--data, --only: of no use with a file of measurements"),
    (["import", "r.txt", "--format", "recipes", "-o", "x", "--set", "tp=2"], "--set: of no use with recipes"),
    (["import", "r.txt", "--format", "recipes", "-o", "x", "--only", "zz"], "r.txt: no id begins with 'zz'"),
    (["calibrate", H100, "--against", "runs.csv", "-o", "runs.csv"], "'runs.csv' is not the name of a YAML file"),
    (["calibrate", H100, "--against", "runs.csv", "-o", "empty"], "'empty' is not the name of a YAML file"),
    (["calibrate", H100, "--against", "empty"], "empty: is a folder with no result of a benchmark client"),
    (["calibrate", H100, "--against", "runs.csv"], "no request is answered; does it fit into the memory and context"),
    (["calibrate", H100, "--against", "huge.csv"], "huge.csv:2: tpot_ms '1e308' is not between 0.0001 and 1e+06"),
    (["validate", H100, "--against", "steps.csv", "--select", "tp=1"], "a plain table has no columns to select by"),
    (["measure", "http://localhost:1", "-o", "empty/x.yaml", "--set", "tp=x"], "--set tp: "),
    (["show", ""], "profile '' is unknown"),
]


@pytest.mark.parametrize(("arguments", "says"), WRONG, ids=[" ".join(arguments[-3:]) for arguments, _ in WRONG])
def test_wrong_options(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(arguments, capsys)
    assert code == 2, err
    assert out == ""
    assert says in err
    assert not list(Path().glob("*.yaml"))


def test_a_part_of_a_block_can_be_set(capsys: pytest.CaptureFixture[str]) -> None:
    changes = ["--set", "memory.device_bytes=80 GB", "--set", "memory.weight_bytes=16 GB", "--set", "tp=2"]
    assert run([*FIT, *changes], capsys)[0] == 0
    spec = load("own.yaml", Path.cwd()).spec
    assert (spec.memory.device_bytes, spec.memory.weight_bytes, spec.tp) == (80e9, 16e9, 2)
    # What the file tells of a block stays beside what is set of it.
    Path("fits.json").write_text(
        '{"m": {"1": {"decoding_large_small_bs_threshold": 95, "prefill": [18, 0.1, 1e-5], '
        '"decoding_smallbs": [19, 1e-3, 0.04], "decoding_largebs": [7, 1e-3, 0.15]}}}'
    )
    assert run(["import", "fits.json", "-o", "b.yaml", "--set", "memory.weight_bytes=26 GB"], capsys)[0] == 0
    memory = load("b.yaml", Path.cwd()).spec.memory
    assert (memory.device_bytes, memory.weight_bytes) == (80e9, 26e9)


def test_what_is_not_compared_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(["validate", "prfaas-h200", "--against", "steps.csv"], capsys)
    assert code == 0
    assert "4 decode rows are left out: prfaas-h200/prfaas-1t/bf16/vllm/tp8 has no decode measurements" in err


def test_known_filters_that_match_nothing_together(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(["list", "--hardware", "iphone", "--provenance", "composed"], capsys)
    assert code == 0
    assert "no profile meets all of these filters at once" in err


RECIPES = [
    ("- {id: a/b, memory: 80 GB, points: [{phase: prefill, new: 512, time: 20 ms}]}", "memory: needs fields, as in"),
    ("- {id: a/b, memory: 80 GB, form: {prefill: {b: 1 us}}}", "memory: needs fields, as in"),
    ("- {id: a/b, points: 5}", "points is no list"),
    ("- {id: a/b, points: [{phase: prefil, new: 512, time: 20 ms}]}", "point 1: phase 'prefil' is none of"),
    ("- {id: a/b, points: [{phase: prefill, new: 1.e+30, time: 20 ms}]}", "is beyond any engine"),
    ("- {id: a/b, points: [{phase: prefill, new: .inf, time: 20 ms}]}", "point 1: "),
    ("- {id: a/b, from: 5}", "a source needs a format and a file"),
    ("- {id: a/b, from: {format: plain, file: steps.csv, select: 7}}", "a source needs a format and a file"),
    ("- {id: a/b, from: {format: plan, file: steps.csv}}", "format 'plan' is unknown; did you mean 'plain'?"),
    ("- {from: {format: plain, file: steps.csv}}", "has no id"),
    ("- {id: ../../out, points: [{phase: prefill, new: 512, time: 20 ms}]}", "id '../../out' leads out of the folder"),
    ("- {id: 7, points: [{phase: prefill, new: 512, time: 20 ms}]}", "id: "),
    ("- 5", "is not a list of recipes"),
    ("", "is not a list of recipes"),
]


@pytest.mark.parametrize(("text", "says"), RECIPES)
def test_wrong_recipes(text: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("r.yaml").write_text(text + "\n")
    code, _, err = run(["import", "r.yaml", "-o", "made", "--data", "."], capsys)
    assert code == 2, err
    assert says in err
    assert "r.yaml" in err or "format" in err
