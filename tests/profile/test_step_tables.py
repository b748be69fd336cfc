"""Importers of the tables of papers: what the published files hold, what is left out, and files that are wrong."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from paasim.core.errors import InputError
from paasim.profile.importers import distserve, formats, sarathi, splitwise, vidur
from paasim.profile.table import Row
from paasim.profile.validate import validate
from paasim.profile.write import make

SPLITWISE = "model,hardware,prompt_size,batch_size,token_size,prompt_time,token_time,tensor_parallel\n"
BATCHES = (
    "batch_num_tokens,batch_num_decode_tokens,batch_num_prefill_tokens,Batch Id,batch_size,operation_time_per_token\n"
)
FITS = {
    "m/one": {
        "1": {
            "decoding_large_small_bs_threshold": 8,
            "prefill": [10.0, 0.1, 1e-5],
            "decoding_smallbs": [20.0, 1e-3, 0.05],
            "decoding_largebs": [16.0, 1e-3, 0.6],
        }
    }
}


def _file(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


def _where(path: Path, line: int) -> str:
    return rf"{path.name}:{line}: "


# --- splitwise-sim ------------------------------------------------------------------------------------------------


def test_splitwise_repeats_and_failed_runs(shared_data: Path) -> None:
    path = shared_data / "profiles" / "splitwise" / "perf_model.csv"
    assert formats.recognise(path).name == "splitwise"
    assert len(formats.configurations(path, splitwise.FORMAT, {})) == 9
    with pytest.raises(InputError, match="holds 3 configurations; say which tensor_parallel"):
        splitwise.read(path, {"model": "llama2", "hardware": "=h100-80gb"})
    found = splitwise.read(path, {"model": "llama2", "hardware": "=h100-80gb", "tensor_parallel": "2"})
    rows = {(r.phase, r.batch, r.new_tokens, r.context_tokens): r for r in found.table.rows}
    # The prompt of 512 was run 45 times, with answers of seven lengths.
    prompt = rows["prefill", 1, 512, 0]
    assert (prompt.n, prompt.latency) == (45, pytest.approx(84.41e-3, rel=1e-3))
    assert prompt.std == pytest.approx(2.09e-3, rel=1e-2)
    step = rows["decode", 8, 1, 512 + 64]
    assert (step.n, step.latency) == (5, pytest.approx(40.4e-3, rel=2e-3))
    # A batch of 64 "took" 361 ms, one of 32 took 2,394 ms.
    assert max(r.batch for r in found.table.rows) == 32
    assert any("left out 5 runs of 64 prompts of 512 tokens" in note for note in found.notes)
    assert found.header["provenance"] == "measured"


def test_splitwise_power_cap_is_never_called_measured(shared_data: Path) -> None:
    path = shared_data / "profiles" / "splitwise" / "perf_model.csv"
    for key in formats.configurations(path, splitwise.FORMAT, {}):
        header = splitwise.read(path, key).header
        assert (header["provenance"] == "measured") == ("pcap" not in key["hardware"])
        assert ("times 1.3" in header.get("note", "")) == ("pcap" in key["hardware"])


def test_splitwise_wrong_files(tmp_path: Path) -> None:
    good = "m,gpu,512,1,128,80,30,2\n"
    path = _file(tmp_path, "x.csv", SPLITWISE + good + "m,gpu,512,2,128,eighty,30,2\n")
    with pytest.raises(InputError, match=_where(path, 3) + "prompt_time 'eighty' is not a number"):
        splitwise.read(path, {})
    path = _file(tmp_path, "x.csv", SPLITWISE + good + "m,gpu,512,2")
    with pytest.raises(InputError, match=r"holds 2 configurations; say which tensor_parallel"):
        splitwise.read(path, {})
    path = _file(tmp_path, "x.csv", SPLITWISE + "m,gpu,512,1,,80,30,2\n")
    with pytest.raises(InputError, match=_where(path, 2) + "token_size '' is not a whole number"):
        splitwise.read(path, {})
    with pytest.raises(InputError, match="has no column 'prompt_size'"):
        splitwise.read(_file(tmp_path, "x.csv", "model,hardware,tensor_parallel\n"), {})
    without = _file(tmp_path, "x.csv", SPLITWISE + "m,gpu,512,1,128,80,,2\n")
    assert [row.phase for row in splitwise.read(without, {}).table.rows] == ["prefill"]


# --- Sarathi-Serve ------------------------------------------------------------------------------------------------


def test_sarathi_figures(shared_data: Path) -> None:
    folder = shared_data / "profiles" / "sarathi_osdi24"
    prefill = sarathi.read(folder / "figure-2_prefill.csv", {})
    assert [row.new_tokens for row in prefill.table.rows] == [128, 512, 1024, 2048, 4096, 8192, 16384]
    assert prefill.table.rows[0].latency == pytest.approx(0.0480940844863653)
    assert "left out the first batch of the run, which is cold (256 tokens)" in prefill.notes
    decode = sarathi.read(folder / "figure-2_decode.csv", {})
    assert [row.batch for row in decode.table.rows] == [1, 2, 4, 8, 16, 32, 64, 128]
    assert {row.context_tokens for row in decode.table.rows} == {1022}
    assert any("1022 tokens of context" in note for note in decode.notes)
    other = sarathi.read(folder / "figure-2_decode.csv", {"context": "500"})
    assert {row.context_tokens for row in other.table.rows} == {500}
    chunks = sarathi.read(folder / "figure-9_chunking-overhead.csv", {}).table.rows
    row = next(r for r in chunks if r.new_tokens == 2048 and r.context_tokens > 5000)
    assert (row.context_tokens, row.latency) == (pytest.approx(3.5 * 16383 / 8), pytest.approx(3.6515895 / 8))
    # 2,047 tokens in chunks of 2,048 and of 16,384 are the same step.
    assert [r.n for r in chunks if (r.new_tokens, r.context_tokens) == (2047, 0)] == [2]


def test_sarathi_hybrid_batches(tmp_path: Path) -> None:
    """A batch of both is a mixed step; the time per token is in ms whatever the unit of the batch."""
    path = _file(tmp_path, "x.csv", BATCHES + "1024,3,1021,17,4,0.2125\n4,4,0,20,4,17.03\n")
    mixed, decode = sarathi.read(path, {"context": "1030"}).table.rows
    assert mixed == Row("mixed", 3, 1021, 1030, pytest.approx(0.2176))
    assert decode == Row("decode", 4, 1, 1030, pytest.approx(0.06812))


def test_sarathi_wrong_files(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has the columns of no known table of Sarathi-Serve"):
        sarathi.read(_file(tmp_path, "x.csv", "a,b\n1,2\n"), {})
    path = _file(tmp_path, "x.csv", BATCHES + "512,0,512,4,1,0.2\n1024,0,10")
    with pytest.raises(InputError, match=_where(path, 3) + "batch_size '' is not a whole number"):
        sarathi.read(path, {})
    with pytest.raises(InputError, match="holds no batch but the first"):
        sarathi.read(_file(tmp_path, "x.csv", BATCHES + "512,0,512,0,1,0.2\n"), {})
    with pytest.raises(InputError, match="--select: context 'x' is not a number"):
        sarathi.read(path, {"context": "x"})


# --- DistServe ----------------------------------------------------------------------------------------------------


def test_distserve_formulas_come_back(tmp_path: Path) -> None:
    """sum(n) is N and sum(n^2) is 2 Q: the prefill form is theirs, and each decode fit is met on its side."""
    path = _file(tmp_path, "x.json", json.dumps(FITS))
    _file(tmp_path, "max_num_tokens.csv", "model,tp,pp,max_num_tokens\nm/one,1,1,20000\n")
    found = distserve.read(path, {})
    assert found.header["memory"]["kv_capacity_tokens"] == 20000
    assert max(r.batch * r.context_tokens for r in found.table.rows if r.phase == "decode") <= 20000
    profile = make(found.header, found.table, tmp_path / "own.yaml")
    assert profile.spec.provenance == "fitted"
    form, steps = profile.spec.form.prefill, profile.steps()
    assert form is not None
    assert (form.a + form.w, form.b, form.c) == (
        pytest.approx(10e-3, rel=0.02),
        pytest.approx(1e-4, rel=0.01),
        pytest.approx(2e-8, rel=0.02),
    )
    assert steps.prefill(700, 700 * 350.0) == pytest.approx(10e-3 + 0.07 + 700**2 * 1e-8, rel=0.01)
    assert steps.decode(4, 2000.0) == pytest.approx((20 + 2 + 0.2) / 1e3, rel=0.01)
    assert steps.decode(12, 6000.0) == pytest.approx((16 + 6 + 7.2) / 1e3, rel=0.02)


def test_distserve_published_file(shared_data: Path) -> None:
    folder = shared_data / "profiles" / "distserve"
    path = folder / "profiler-a100-80g.distserve.json"
    keys = formats.configurations(path, formats.recognise(path), {})
    assert len(keys) == 7
    found = distserve.read(path, {"model": "opt-13b", "tp": "1"})
    assert found.header["memory"]["kv_capacity_tokens"] == 66144
    assert "not measurements" in found.header["note"]
    row = next(r for r in found.table.rows if (r.phase, r.batch, r.new_tokens) == ("prefill", 1, 1024))
    assert row.latency == pytest.approx((18.10254647 + 0.10191225727 * 1024 + 7.122264314e-6 * 1024**2) / 1e3)
    capacities = distserve.read(folder / "max_num_tokens.csv", {})
    assert capacities.summary is not None
    assert len(capacities.summary.rows) == 76
    assert not capacities.table.rows


def test_distserve_wrong_files(tmp_path: Path) -> None:
    text = json.dumps(FITS, indent=1)
    path = _file(tmp_path, "x.json", text[:150])
    with pytest.raises(InputError, match=r"x\.json:\d+: is not JSON"):
        distserve.read(path, {})
    with pytest.raises(InputError, match=r"prefill is not three times of zero to 1e\+06 ms: .\[-1"):
        distserve.read(_file(tmp_path, "x.json", text.replace("10.0", "-1")), {})
    with pytest.raises(InputError, match="is not a profile of DistServe"):
        distserve.read(_file(tmp_path, "x.json", "[1]"), {})
    with pytest.raises(InputError, match="threshold 'x' is not a number of sequences"):
        distserve.read(_file(tmp_path, "x.json", text.replace(": 8", ': "x"')), {})


# --- vidur --------------------------------------------------------------------------------------------------------


def test_vidur_is_summed_up_not_made_a_profile(shared_data: Path) -> None:
    folder = shared_data / "profiles" / "vidur"
    files = sorted(folder.glob("**/*.csv.gz"))
    assert len(files) == 6
    for path in files:
        assert formats.recognise(path).name == "vidur"
        found = vidur.read(path, {})
        assert not found.table.rows
        assert found.summary is not None
        assert found.summary.rows
        assert found.summary.reason
    layer = vidur.read(folder / "compute" / "a100" / "meta-llama" / "Meta-Llama-3-8B" / "mlp.csv.gz", {}).summary
    assert layer is not None
    assert ("1", "1,024", "2.361", "2.306") in layer.rows
    assert "attention" in layer.reason
    reduce = vidur.read(folder / "network" / "h100_dgx" / "all_reduce.csv.gz", {"num_workers": "8"}).summary
    assert reduce is not None
    assert {row[1] for row in reduce.rows} == {"8"}
    path = folder / "network" / "h100_dgx" / "all_reduce.csv.gz"
    with pytest.raises(InputError, match="has no column 'gpus'"):
        vidur.read(path, {"gpus": "8"})


def test_vidur_wrong_files(tmp_path: Path) -> None:
    head = "time_stats.all_reduce.median,size,num_workers,devices_per_node,collective\n"
    path = _file(tmp_path, "x.csv.gz", head + "0.04,2048,2,2,all_reduce\n,4096,2,2,all_reduce\n")
    with pytest.raises(InputError, match=_where(path, 3) + "time_stats.all_reduce.median '' is not above zero"):
        vidur.read(path, {})
    with pytest.raises(InputError, match="has no rows of operators or collectives"):
        vidur.read(_file(tmp_path, "x.csv", head), {})


# --- all ------------------------------------------------------------------------------------------------------------


def test_damaged_archives(tmp_path: Path) -> None:
    text = (SPLITWISE + "m,gpu,512,1,128,80,30,2\n" * 500).encode()
    whole = gzip.compress(text)
    for damaged in (whole[: len(whole) // 2], whole[:20] + b"\x00\xff" * 8 + whole[36:]):
        path = tmp_path / "x.csv.gz"
        path.write_bytes(damaged)
        with pytest.raises(InputError, match=r"cannot be read: .*; is it damaged"):
            formats.recognise(path)


@pytest.mark.parametrize(
    ("file", "select", "bounds"),
    [
        ("profiles/splitwise/perf_model.csv", {"model": "llama2", "tensor_parallel": "4"}, (0.001, 0.01)),
        ("profiles/sarathi_osdi24/figure-2_prefill.csv", {}, (0.01, 0.01)),
        ("profiles/sarathi_osdi24/figure-2_decode.csv", {}, (0.001, 0.001)),
        ("profiles/distserve/profiler-a100-80g.distserve.json", {"model": "opt-66b", "tp": "4"}, (0.005, 0.005)),
        ("edge/llama_batched_bench.csv", {"device": "DGX", "model": "Qwen2.5"}, (0.01, 0.01)),
        ("edge/original/llama.cpp_benches_dgx-spark.md", {"section": "gpt-oss-20b"}, (0.01, 0.01)),
    ],
)  # fmt: skip
def test_round_trip(
    tmp_path: Path, shared_data: Path, file: str, select: dict[str, str], bounds: tuple[float, float]
) -> None:
    """What is imported and fitted gives its own rows back: median errors."""
    found = formats.read(shared_data / file, "", select)
    header = {"id": "own", "provenance": "estimated", **found.header}
    errors = validate(make(header, found.table, tmp_path / "own.yaml"), found.table)
    assert errors
    for error in errors:
        assert error.median <= bounds[0 if error.phase == "prefill" else 1], error
