"""Reading serving runs: aiconfigurator's collection, with its traps, and one's own CSV."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from paasim.core.errors import InputError
from paasim.study.calibration import runs, silicon
from paasim.study.calibration.silicon import Key

INSTANCES = "the numbers of prefill and decode instances are not stated"
LLAMA = Key("h200-sxm", "llama-3.1-70b", "fp8", "vllm", 8)
DEEPSEEK = Key("h200-sxm", "deepseek-v3", "fp8-block", "sglang", 8)
TABLES = {LLAMA: "llama", DEEPSEEK: "deepseek"}
ROW = {
    "silicon_data_source": "source_file=2026-04-06.csv; silicon_concurrency=16; measured=2025-10-29T00:00:00.000Z",
    "backend": "vllm",
    "backend_version": "",
    "model_path": "meta-llama/Llama-3.1-70B",
    "system": "h200_sxm",
    "precision": "fp8",
    "mode": "agg",
    "isl": "1024",
    "osl": "8192",
    "gemm_quant_mode": "fp8",
    "batch_size": "16",
    "tp_size": "8",
    "attention_dp_size": "1",
    "moe_tp_size": "8",
    "moe_ep_size": "1",
    "prefill_num_workers": "",
    "decode_num_workers": "",
    "prefill_tp_size": "",
    "decode_tp_size": "",
    "silicon_ttft_ms": "100",
    "silicon_tpot_ms": "10",
}
MOE = {"model_path": "deepseek-ai/DeepSeek-R1", "backend": "trtllm"}


def read(tmp_path: Path, *changes: dict[str, str]) -> silicon.Silicon:
    path = tmp_path / "silicon_sample.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, ROW)
        writer.writeheader()
        writer.writerows({**ROW, **change} for change in changes)
    assert silicon.recognises(path)
    return silicon.read(path, TABLES)


def test_a_run_in_si_units(tmp_path: Path) -> None:
    (run,) = read(tmp_path, {}).runs
    assert (run.profile, run.concurrency, run.ttft, run.tpot) == ("llama", 16, 0.1, 0.01)
    assert (run.shortest, run.longest, run.setup, run.held) == (0.8, 1.0, "vllm", "")


def test_runs_of_others_are_a_setup_of_their_own(tmp_path: Path) -> None:
    own = {"silicon_data_source": "source_file=h200_sxm/vllm/0.12.0/x.csv; silicon_concurrency=16"}
    (run,) = read(tmp_path, own).runs
    assert (run.setup, run.shortest, run.longest) == ("vllm-aiconfigurator", 0.9, 1.1)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"system": "gb300"}, "no profile of this GPU"),
        ({"model_path": "who/knows"}, "no profile of this model"),
        ({"gemm_quant_mode": "nvfp4"}, "no profile at this precision"),
        ({"tp_size": "4"}, "no profile at this number of GPUs"),
        ({"tp_size": "4", "attention_dp_size": "2", "batch_size": "8"}, "attention data parallelism: no profile"),
        ({"silicon_data_source": "source_file=2026-04-06.csv"}, "the concurrency is not stated"),
        ({"mode": "disagg", "prefill_tp_size": "8", "decode_tp_size": "8"}, INSTANCES),
        ({**MOE, "backend_version": "1.2.0rc6.post3"}, "multi-token prediction, or not known whether"),
        ({"silicon_tpot_ms": "11"}, "the same measurement stands in another row"),
    ],
)
def test_what_cannot_be_simulated_is_counted(tmp_path: Path, change: dict[str, str], reason: str) -> None:
    found = read(tmp_path, {"silicon_tpot_ms": "11"}, change)
    assert len(found.runs) == 1
    assert found.dropped == {reason: 1}


def test_widths_that_profiles_lack_are_told(tmp_path: Path) -> None:
    found = read(tmp_path, {"tp_size": "4"}, {"tp_size": "4", "silicon_tpot_ms": "11"}, {"tp_size": "2", "osl": "512"})
    llama = ("llama-3.1-70b", "h200-sxm", "fp8")
    assert found.widths == {silicon.Width(*llama, 4, (8,)): 2, silicon.Width(*llama, 2, (8,)): 1}


def test_a_disaggregated_run_has_two_pools(tmp_path: Path) -> None:
    workers = {"prefill_num_workers": "2", "decode_num_workers": "1"}
    (run,) = read(tmp_path, {"mode": "disagg", "prefill_tp_size": "8", "decode_tp_size": "8", **workers}).runs
    assert (run.prefill, run.prefill_workers, run.profile, run.decode_workers) == ("llama", 2, "llama", 1)


def test_tensor_and_expert_parallel_were_multiplied(tmp_path: Path) -> None:
    doubled = {**MOE, "tp_size": "64", "moe_tp_size": "8", "moe_ep_size": "8"}
    (run,) = read(tmp_path, doubled).runs
    assert run.profile == "deepseek"


def test_first_tokens_that_the_server_holds_back_are_marked(tmp_path: Path) -> None:
    b200 = {"model_path": "deepseek-ai/DeepSeek-R1", "system": "b200_sxm", "backend": "sglang"}
    table = {Key("b200-sxm", *DEEPSEEK[1:]): "b200"}
    read(tmp_path, b200)
    (run,) = silicon.read(tmp_path / "silicon_sample.csv", table).runs
    assert "scheduler-recv-interval" in run.held


def test_a_broken_row_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"silicon_sample.csv:3: isl 'many' is no number"):
        read(tmp_path, {}, {"isl": "many"})
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    assert not silicon.recognises(tmp_path / "x.csv")
    with pytest.raises(InputError, match="has no column 'backend'"):
        silicon.read(tmp_path / "x.csv", TABLES)
    with pytest.raises(InputError, match="no such file"):
        silicon.read(tmp_path / "none.csv", TABLES)


def test_the_shared_file(shared_data: Path) -> None:
    """Every row is either a run or counted, and most are left out: the tables at hand are two."""
    found = silicon.read(shared_data / "profiles/measured_e2e/silicon_sample.csv.gz", TABLES)
    assert len(found.runs) + sum(found.dropped.values()) == 3899
    assert {run.profile for run in found.runs} == {"llama", "deepseek"}
    assert found.dropped["the same measurement stands in another row"] == 960


OWN = {"profile": "p", "model": "m", "hardware": "h", "engine": "vllm"}


def test_own_runs(tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    path.write_text("prompt,output,concurrency,ttft_ms,tpot_ms,range_ratio\n1000,100,4,80,9,0.8\n")
    (run,), dropped = runs.read(path, **OWN)
    assert not dropped
    assert (run.prompt, run.output, run.concurrency, run.ttft, run.tpot, run.shortest) == (
        1000,
        100,
        4,
        0.08,
        0.009,
        0.8,
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has no runs"),
        ("prompt,output\n1,2\n", "has no column 'concurrency'"),
        ("prompt,output,concurrency,ttft_ms,tpot_ms\n1,2,3,x,5\n", r"runs.csv:2.*ttft_ms 'x' is not a number"),
        ("prompt,output,concurrency,ttft_ms,tpot_ms\n1,2,1.5,4,5\n", r"runs.csv:2.*not a whole number"),
        ("prompt,output,concurrency,ttft_ms,tpot_ms\n1,2,1,-4,5\n", r"runs.csv:2.*not more than zero"),
    ],
)
def test_bad_own_runs_are_refused(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "runs.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=says):
        runs.read(path, **OWN)
