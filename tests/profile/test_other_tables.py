"""Importers of aiconfigurator's, llama.cpp's and plain tables: single files, many set-ups, and files that are wrong."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from paasim.core.errors import InputError
from paasim.profile.importers import aiconfigurator, formats, llama_bench, plain
from paasim.profile.table import HEADER


def _file(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


def _where(path: Path, line: int) -> str:
    return rf"{path.name}:{line}: "


# --- aiconfigurator, one file ---------------------------------------------------------------------------------------


def test_aiconfigurator_one_file(tmp_path: Path, shared_data: Path) -> None:
    folder = shared_data / "profiles" / "aiconfigurator"
    select = {
        "hardware": "h100_sxm",
        "model": "meta-llama/Meta-Llama-3.1-8B",
        "engine": "vllm",
        "tp": "1",
        "dtype": "bf16",
    }
    sizes = {}
    for phase in ("prefill", "decode", "mixed"):
        found = aiconfigurator.read(folder / f"{phase}.csv.gz", select)
        sizes[phase] = len(found.table.rows)
        assert {row.phase for row in found.table.rows} == {phase}
        assert found.header["memory"]["kv_capacity_tokens"] == 432992
    assert sizes == {"prefill": 103, "decode": 89, "mixed": 27}
    assert len(formats.configurations(folder, aiconfigurator.FORMAT, {})) == 101
    # Under another name, alone, and cut in the middle of a row.
    text = gzip.decompress((folder / "decode.csv.gz").read_bytes()).decode()
    alone = _file(tmp_path, "mine.csv", "\n".join(text.splitlines()[:60]) + "\n")
    assert formats.recognise(alone).name == "aiconfigurator"
    key = formats.configurations(alone, aiconfigurator.FORMAT, {})[0]
    assert "memory" not in aiconfigurator.read(alone, key).header
    cut = _file(tmp_path, "mine.csv", "\n".join(text.splitlines()[:60]).rsplit(",", 2)[0])
    with pytest.raises(InputError, match=_where(cut, 60) + "latency_ms is empty"):
        aiconfigurator.read(cut, key)
    with pytest.raises(InputError, match="has no rows with the columns of a phase"):
        aiconfigurator.read(folder / "memory.csv", {})
    with pytest.raises(InputError, match="has no column 'gpu' to select by; it has hardware"):
        aiconfigurator.read(folder, {"gpu": "h100"})


# --- llama.cpp ------------------------------------------------------------------------------------------------------


def test_llama_bench_configurations(shared_data: Path) -> None:
    """Every set-up of every shared file can be selected and read."""
    edge = shared_data / "edge"
    expected = {"llama_bench.csv.gz": 89, "llama_batched_bench.csv": 10, "original/llama.cpp_benches_dgx-spark.md": 5}
    expected |= {"llama_bench_jsonl/llama-2-7b.Q4_K_M.jsonl.gz": 8, "llama_bench_jsonl/llama-2-7b.Q4_0.jsonl.gz": 8}
    for name, count in expected.items():
        keys = formats.configurations(edge / name, formats.recognise(edge / name), {})
        assert len(keys) == count, name
        for key in keys[::7]:
            assert llama_bench.read(edge / name, key).table.rows
    # Logs that differ only in their context are one set-up; those of other drivers are not.
    with pytest.raises(InputError, match="kinds of source_file"):
        llama_bench.read(edge / "llama_bench.csv.gz", {"device": "Strix", "model": "gpt-oss 120B", "backend": "ROCm"})
    found = llama_bench.read(edge / "llama_bench.csv.gz", {"model": "gpt-oss 120B", "source_file": "rocm6_4_4"})
    assert {row.context_tokens for row in found.table.rows if row.phase == "prefill"} == {0, 32768, 65536}


def test_llama_batched_bench_cold_and_shared(tmp_path: Path) -> None:
    head = "PP,TG,B,N_KV,T_PP s,T_TG s\n"
    path = _file(tmp_path, "x.csv", head + "128,32,1,160,0.9,0.4\n256,32,1,288,0.2,0.4\n256,32,4,384,0.2,0.8\n")
    found = llama_bench.read(path, {})
    assert "left out 1 rows: the first row of each table of llama-batched-bench, which is cold" in found.notes
    # Four sequences behind one shared prompt (256 + 4 x 32 tokens of cache): the prompt was processed once.
    assert [(r.phase, r.batch, r.new_tokens, r.n) for r in found.table.rows] == [
        ("prefill", 1, 256, 2),
        ("decode", 1, 1, None),
        ("decode", 4, 1, None),
    ]


def test_llama_bench_says_what_it_leaves_out(tmp_path: Path) -> None:
    head = "model,test,t/s\n"
    path = _file(tmp_path, "x.csv", head + "m,pp512,1000 ± 1\nm,pp512+tg128,300 ± 1\nm,tg128,OOM\n")
    found = llama_bench.read(path, {})
    assert len(found.table.rows) == 1
    assert any(note.startswith("left out 2 rows: tests that are no single phase") for note in found.notes)
    damaged = _file(tmp_path, "x.jsonl", '{"n_prompt": 8, "n_gen": 0, "avg_ns": 5}\n{"n_prompt": "x", "avg_ns": 7}')
    with pytest.raises(InputError, match=_where(damaged, 2) + "n_prompt 'x' is not a number"):
        llama_bench.read(damaged, {})


# --- plain ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [5, 6, 7])
def test_plain_tables(tmp_path: Path, columns: int) -> None:
    row = ["decode", "4", "1", "100", "20", "0.5", "3"][:columns]
    path = _file(tmp_path, "x.csv.gz", ",".join(HEADER[:columns]) + "\n" + ",".join(row) + "\n")
    assert formats.recognise(path).name == "plain"
    (found,) = plain.read(path, {}).table.rows
    assert (found.latency, found.std, found.n) == (0.02, 5e-4 if columns > 5 else None, 3 if columns > 6 else None)
    with pytest.raises(InputError, match="has no columns to select by"):
        plain.read(path, {"tp": "4"})
    cut = _file(tmp_path, "x.csv", ",".join(HEADER[:columns]) + "\ndecode,4,1")
    with pytest.raises(InputError, match=_where(cut, 2) + f"has 3 cells instead of {columns}"):
        plain.read(cut, {})
