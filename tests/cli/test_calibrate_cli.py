"""`paasim profile calibrate`."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from paasim.cli.profile import app
from paasim.core.errors import InputError
from paasim.profile import calibrations
from paasim.study.calibration.calibrate import calibration_of, doubts
from paasim.study.calibration.serving import BATCHING, MeasuredRun, serve

H100 = "h100-sxm/llama-3.1-8b/bf16/vllm/tp1"


def _run(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs of an engine that is 30 % slower than its kernels."""
    path, truth = tmp_path_factory.mktemp("runs") / "runs.csv", calibration_of(1.3, 1e-3, None, 0.02)
    lines = ["prompt,output,concurrency,ttft_ms,tpot_ms"]
    for prompt, output, users in [(p, o, c) for p in (500, 3000) for o in (50, 100) for c in (1, 4, 8)]:
        ttft, tpot = serve(MeasuredRun("vllm", "llama-3.1-8b", "h100-sxm", H100, prompt, output, users, 1, 1), truth)
        lines.append(f"{prompt},{output},{users},{ttft * 1e3},{tpot * 1e3}")
    path.write_text("\n".join(lines))
    return path


def test_calibrate_and_use(measured: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    found = json.loads(_run("calibrate", H100, "--against", str(measured), "-o", str(own), "--json"))
    assert found["before"]["tpot"]["median"] > 0.2
    assert found["after"]["tpot"]["median"] < 0.05
    assert found["after"]["tpot"]["rows"] == 12
    used = calibrations.load(str(own)).calibration
    assert calibrations.load(str(own)).batching == found["batching"] == {"kind": "chunked", "chunk": 8192}
    assert used.scale == pytest.approx(found["calibration"]["scale"])
    run = MeasuredRun("vllm", "llama-3.1-8b", "h100-sxm", H100, 1000, 50, 2, 1, 1)
    truth = serve(run, calibration_of(1.3, 1e-3, None, 0.02))
    assert serve(run, used) == pytest.approx(truth, rel=0.05)


def test_the_table_says_before_and_after(measured: Path) -> None:
    text = _run("calibrate", H100, "--against", str(measured))
    assert "held out" in text
    assert "TPOT" in text


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--against", "nowhere.csv"], "does not exist"),
        (["--against", "FEW"], "too few to fit and to hold some out"),
        (["--against", "BAD"], "bad.csv:2.*not a number"),
        (["--against", "FEW", "--engine", "magic"], "'magic' is not known"),
    ],
)
def test_wrong_use_is_refused(tmp_path: Path, arguments: list[str], says: str) -> None:
    head = "prompt,output,concurrency,ttft_ms,tpot_ms\n"
    (tmp_path / "few.csv").write_text(head + "1000,100,4,80,9\n")
    (tmp_path / "bad.csv").write_text(head + "1000,100,4,x,9\n")
    places = {"FEW": str(tmp_path / "few.csv"), "BAD": str(tmp_path / "bad.csv")}
    with pytest.raises(InputError, match=says):
        _run("calibrate", H100, *(places.get(each, each) for each in arguments))


def test_shipped_calibrations_say_how_they_were_made() -> None:
    assert {"vllm", "sglang", "trtllm"} <= set(calibrations.names())
    for name in calibrations.names():
        file = calibrations.load(name)
        assert file.runs > 8
        assert file.batching == BATCHING[file.engine]
        assert file.source.startswith("https://")
        assert file.how
        assert file.versions
        assert file.after is not None
        assert file.after.tpot is not None
        assert 0.5 < file.calibration.scale < 2


def test_a_wrong_calibration_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text("engine: vllm\ncalibration: {scale: -1}\n")
    with pytest.raises(InputError, match=r"own.yaml.*calibration.scale"):
        calibrations.load(str(path))
    with pytest.raises(InputError, match="is unknown"):
        calibrations.load("vlm")
    with pytest.raises(InputError, match="does not exist"):
        calibrations.load("gone.yaml", tmp_path)


def _client_results(measured: Path, path: Path) -> None:
    """The same runs as `vllm bench serve --append-result` writes them: figures only, one document a line."""
    lines = []
    for row in csv.DictReader(measured.read_text().splitlines()):
        prompt, output, users = int(row["prompt"]), int(row["output"]), int(row["concurrency"])
        count = 10 * users
        document: dict[str, object] = {
            "date": "20260301-120000",
            "backend": "vllm",
            "model_id": "meta-llama/Llama-3.1-8B",
            "num_prompts": count,
            "request_rate": "inf",
            "burstiness": 1.0,
            "max_concurrency": users,
            "duration": 10.0,
            "completed": count,
            "total_input_tokens": prompt * count,
            "total_output_tokens": output * count,
            "request_throughput": count / 10.0,
        }
        for metric in ("ttft", "tpot"):
            value = float(row[f"{metric}_ms"])
            document |= {f"{name}_{metric}_ms": value for name in ("mean", "median", "p99")}
            document[f"std_{metric}_ms"] = 0.0
        lines.append(json.dumps(document))
    path.write_text("\n".join(lines))


def test_results_of_a_benchmark_client(measured: Path, tmp_path: Path) -> None:
    client, table = tmp_path / "bench.json", tmp_path / "served.csv"
    _client_results(measured, client)
    wanted = json.loads(_run("calibrate", H100, "--against", str(measured), "--json"))["calibration"]
    assert json.loads(_run("calibrate", H100, "--against", str(client), "--json"))["calibration"] == wanted
    _run("import", str(client), "-o", str(table))
    assert json.loads(_run("calibrate", H100, "--against", str(table), "--json"))["calibration"] == wanted


def test_runs_that_are_no_closed_loop_are_counted(measured: Path, tmp_path: Path) -> None:
    client = tmp_path / "bench.json"
    _client_results(measured, client)
    text = client.read_text().replace('"request_rate": "inf"', '"request_rate": 3.0')
    client.write_text(text.replace('"max_concurrency"', '"unused"'))
    with pytest.raises(InputError, match="12 left out: no closed loop"):
        _run("calibrate", H100, "--against", str(client))


def test_a_calibration_that_cannot_be_is_doubted() -> None:
    file = calibrations.CalibrationFile(
        engine="vllm",
        calibration=calibration_of(0.002, 7e-3, 0.35, 0.0),
        before=calibrations.Misfits(tpot=calibrations.Misfit(rows=12, median=0.1, p90=0.2)),
        after=calibrations.Misfits(tpot=calibrations.Misfit(rows=12, median=0.2, p90=0.3)),
    )
    first, second = doubts(file)
    assert "a scale of 0.002" in first
    assert "TPOT of runs held out is not nearer" in second
