"""inference-perf: stages and requests, s; older versions counted pieces of the stream as tokens."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from paasim.core.errors import InputError
from paasim.results import served
from tests.results.readers.samples import (
    inference_perf_request,
    inference_perf_stage,
    read_one,
    warned,
    write,
)

STAGE = "stage_0_lifecycle_metrics.json"
PER_REQUEST = "per_request_lifecycle_metrics.json"
REQUESTS = [
    inference_perf_request(50.0, [50.1, 50.2, 50.25, 50.5], 4),
    inference_perf_request(50.5, [50.8, 51.0], 2),
    inference_perf_request(51.0, [], 0, error={"error_type": "HTTP", "error_msg": "503\n busy"}),
]


def test_a_stage(tmp_path: Path) -> None:
    run = read_one(tmp_path / STAGE, inference_perf_stage())
    assert run.name == "stage 0"
    assert run.stated["ttft"] == {"mean": 0.1, "p50": 0.09, "p99.9": 0.3}
    assert run.stated["tpot"] == {"mean": 0.02, "p50": 0.02}
    assert run.stated["itl"] == {"mean": 0.02}
    assert run.stated["ntpot"]["mean"] == pytest.approx(1.1 / 51)
    assert (run.completed, run.failed, run.setup.isl, run.setup.osl) == (60, 1, 200, 51)
    assert (run.setup.load, run.unusable) == ("open loop, 2 /s", "")
    assert run.throughput() == {"requests_per_s": 1.9, "output_tokens_per_s": 97.0}


def test_a_tpot_of_pieces_is_replaced_by_that_of_tokens(tmp_path: Path) -> None:
    run = read_one(tmp_path / STAGE, inference_perf_stage(tpot=0.01))
    assert run.stated["tpot"] == {"mean": pytest.approx((1.1 - 0.1) / (51 - 1))}
    assert "itl" not in run.stated
    assert warned(run, "its mean TPOT 10.00 ms is not (E2EL - TTFT) / (n - 1) = 20.00 ms")


def test_a_rate_that_was_not_met_is_told(tmp_path: Path) -> None:
    load = {"requested_rate": 10.0, "achieved_rate": 6.0}
    assert warned(read_one(tmp_path / STAGE, inference_perf_stage(load_summary=load)), "6 requests per second were")


def test_a_summary_of_several_loads_is_of_no_use(tmp_path: Path) -> None:
    run = read_one(tmp_path / "summary_lifecycle_metrics.json", inference_perf_stage())
    assert run.unusable == "several loads in one figure"


def test_metrics_are_worked_out_from_the_times_of_tokens(tmp_path: Path) -> None:
    run = read_one(tmp_path / PER_REQUEST, REQUESTS)
    np.testing.assert_allclose(run.values("ttft"), [0.1, 0.3])
    np.testing.assert_allclose(run.values("e2el"), [0.5, 0.5])  # to the last token, not the end of the connection
    np.testing.assert_allclose(run.values("tpot"), [0.4 / 3, 0.2])
    np.testing.assert_allclose(run.values("itl"), [0.1, 0.05, 0.25, 0.2])
    assert [each.start for each in run.requests] == [0, 0.5, 1]
    assert (run.requests[2].error, run.completed, run.failed) == ("HTTP 503 busy", 2, 1)


def test_times_of_pieces_give_no_itl(tmp_path: Path) -> None:
    stamps = [1.1, 1.15, 1.2, 1.25, 1.3, 1.35]
    run = read_one(tmp_path / PER_REQUEST, [inference_perf_request(1.0, stamps, 3)])
    assert run.values("itl").size == 0
    np.testing.assert_allclose(run.values("tpot"), [0.125])
    assert warned(run, "2.00 pieces were counted per token")


def test_older_files_have_the_times_in_info(tmp_path: Path) -> None:
    info = {"output_token_times": [1.5, 1.75, 2.0], "input_tokens": 7, "output_tokens": 3}
    run = read_one(tmp_path / PER_REQUEST, [{"start_time": 1.0, "end_time": 2.1, "info": info}])
    (request,) = run.requests
    assert request[2:7] == (7, 3, 0.5, 1.0, (0.25, 0.25))


def test_a_folder_is_its_requests_else_its_stages(tmp_path: Path) -> None:
    write(tmp_path / "summary_lifecycle_metrics.json", inference_perf_stage())
    for i in (10, 2, 1):
        write(tmp_path / f"stage_{i}_lifecycle_metrics.json", inference_perf_stage())
    (tmp_path / "config.yaml").write_text("server: {type: vllm, model_name: some/model}\n")
    runs = served.read(tmp_path)
    assert [run.name for run in runs] == ["stage 1", "stage 2", "stage 10"]
    assert {(run.setup.engine, run.setup.model) for run in runs} == {("vllm", "some/model")}
    write(tmp_path / PER_REQUEST, REQUESTS)
    assert [len(run.requests) for run in served.read(tmp_path)] == [3]


@pytest.mark.parametrize("text", ["server: [", "date: 2026-99-99", "- 1", "\x00"])
def test_a_damaged_config_beside_does_no_harm(text: str, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(text)
    assert read_one(tmp_path / STAGE, inference_perf_stage()).setup.engine == ""


def test_published_stages_have_the_tpot_of_tokens(shared_data: Path) -> None:
    folder = shared_data / "profiles/measured_e2e/inference_perf_kubecon2025/vllm"
    runs = served.read(folder)
    assert [run.name for run in runs] == [f"stage {i}" for i in range(7)]
    for i, run in enumerate(runs):
        good = json.loads((folder / f"stage_{i}_lifecycle_metrics.json").read_text())["successes"]
        mean = {name: each["mean"] for name, each in good["latency"].items()}
        tokens = good["output_len"]["mean"]
        expected = (mean["request_latency"] - mean["time_to_first_token"]) / (tokens - 1)
        assert run.stated["tpot"] == {"mean": pytest.approx(expected)}
        assert mean["time_per_output_token"] < 0.5 * expected  # what the file says is of pieces
        assert "itl" not in run.stated
        assert run.completed == good["count"]
        assert not run.unusable
    assert [run.setup.request_rate for run in runs[:2]] == [1.0, 31.4]
    assert [warned(run, "were asked for") for run in runs] == [False] * 4 + [True] * 3


def test_damaged_files_say_where(tmp_path: Path) -> None:
    path = tmp_path / PER_REQUEST
    with pytest.raises(InputError, match=r"metrics\.json:1: \[1\]: has no start_time and a later end_time"):
        read_one(path, [REQUESTS[0], REQUESTS[1] | {"end_time": 3.0}])
    with pytest.raises(InputError, match=r"\[0\]: output_token_times are out of order"):
        read_one(path, [inference_perf_request(1.0, [1.5, 1.2], 2)])
    path.write_text(path.read_text()[:-30])
    with pytest.raises(InputError, match=r"metrics\.json:1: is not JSON"):
        served.read(path)
    with pytest.raises(InputError, match="has no file of inference-perf"):
        served.read(tmp_path / "..", "inference-perf")
