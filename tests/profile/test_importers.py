"""Importers on the real files, and on the forms that a user's own benchmark may have."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from paasim.core.errors import InputError
from paasim.profile import names
from paasim.profile.importers import aiconfigurator, formats, gpu_benchmarks, llama_bench, phone_runs, recipes
from tests.profile.regenerate import differences

TABLE = """
## some/model-GGUF
| model | size | backend | test | t/s |
| ----- | ---: | ------- | ---: | --: |
| llama 8B Q4_0 | 4.3 GiB | CUDA | pp512 | 1000.00 ± 10.00 |
| llama 8B Q4_0 | 4.3 GiB | CUDA | tg128 @ d4096 | 50.00 ± 1.00 |

|    PP |     TG |    B |   N_KV |   T_PP s | S_PP t/s |   T_TG s | S_TG t/s |      T s |    S t/s |
|-------|--------|------|--------|----------|----------|----------|----------|----------|----------|
|   512 |     32 |    1 |    544 |    0.270 |  1895.57 |    0.399 |    80.13 |    0.669 |   812.60 |
|   512 |     32 |    4 |   2176 |    0.437 |  4688.87 |    0.820 |   156.03 |    1.257 |  1730.91 |
"""


def test_aiconfigurator(shared_data: Path) -> None:
    folder = shared_data / "profiles" / "aiconfigurator"
    select = {"hardware": "h100_sxm", "model": "meta-llama/Meta-Llama-3.1-8B", "engine": "vllm", "tp": "1"}
    with pytest.raises(InputError, match=r"2 configurations match .*; say also which dtype"):
        aiconfigurator.read(folder, select)
    with pytest.raises(InputError, match="0 configurations match"):
        aiconfigurator.read(folder, {"hardware": "h100"})
    found = aiconfigurator.read(folder, {**select, "dtype": "bf16"})
    sizes = [len(points) for phase in ("prefill", "decode", "mixed") if (points := found.table.points(phase))]
    assert sizes == [103, 89, 27]
    assert found.header["id"] == "h100-sxm/llama-3.1-8b/bf16/vllm/tp1"
    assert found.header["memory"]["kv_capacity_tokens"] == 432992
    row = next(r for r in found.table.rows if (r.batch, r.new_tokens, r.context_tokens) == (4, 1024, 2048))
    assert row.latency == pytest.approx(92.5306e-3)


def test_llama_bench_markdown(tmp_path: Path) -> None:
    path = tmp_path / "bench.md"
    path.write_text(TABLE)
    rows = llama_bench.read(path, {"section": "some/model"}).table.rows
    prompt, made = rows[0], rows[1]
    assert (prompt.phase, prompt.new_tokens, prompt.latency) == ("prefill", 512, pytest.approx(0.512))
    assert prompt.std == pytest.approx(0.00512)
    # A rate over 128 generated tokens belongs to the mean context.
    assert (made.phase, made.context_tokens, made.latency) == ("decode", 4096 + 64, pytest.approx(0.02))
    batched = [row for row in rows if row.batch == 4]
    assert [(row.phase, row.latency) for row in batched] == [("prefill", 0.437), ("decode", 0.820 / 32)]
    # The first row of a batched table is cold.
    assert not any(row.latency == 0.270 for row in rows)


@pytest.mark.parametrize("form", ["json", "jsonl", "csv"])
def test_llama_bench_native(tmp_path: Path, form: str) -> None:
    runs = [
        {"model_type": "m", "n_prompt": 512, "n_gen": 0, "n_depth": 1024, "avg_ns": 5e8, "stddev_ns": 1e6},
        {"model_type": "m", "n_prompt": 0, "n_gen": 100, "n_depth": 0, "avg_ns": 2e9, "stddev_ns": 1e6},
    ]
    path = tmp_path / f"runs.{form}"
    if form == "json":
        path.write_text(json.dumps(runs))
    elif form == "jsonl":
        path.write_text("\n".join(map(json.dumps, runs)))
    else:
        path.write_text("\n".join([",".join(runs[0]), *(",".join(map(str, run.values())) for run in runs)]))
    prompt, made = llama_bench.read(path, {}).table.rows
    assert (prompt.new_tokens, prompt.context_tokens, prompt.latency) == (512, 1024, pytest.approx(0.5))
    assert (made.context_tokens, made.latency) == (50, pytest.approx(0.02))


def test_llama_bench_on_published_files(shared_data: Path) -> None:
    edge = shared_data / "edge"
    with pytest.raises(InputError, match="kinds of device; select one of"):
        llama_bench.read(edge / "llama_bench.csv.gz", {"model": "gpt-oss 20B"})
    table = llama_bench.read(edge / "llama_bench.csv.gz", {"device": "DGX Spark", "model": "gpt-oss 120B"}).table
    document = edge / "original" / "llama.cpp_benches_dgx-spark.md"
    same = llama_bench.read(document, {"section": "gpt-oss-120b", "test": "p"}).table
    assert {(r.new_tokens, r.context_tokens, r.latency) for r in same.rows} == {
        (r.new_tokens, r.context_tokens, r.latency) for r in table.rows if r.phase == "prefill"
    }
    runs = edge / "llama_bench_jsonl" / "llama-2-7b.Q4_K_M.jsonl.gz"
    with pytest.raises(InputError, match="kinds of gpu_info"):
        llama_bench.read(runs, {})
    assert (
        len(llama_bench.read(runs, {"backends": "Vulkan", "build_number": "6077", "flash_attn": "True"}).table.rows)
        == 26
    )


def test_other_sources(shared_data: Path) -> None:
    edge = shared_data / "edge"
    gpus = edge / "gpu_llama3_llama_cpp.csv"
    rows = gpu_benchmarks.read(gpus, {"GPU": "=4090 24GB", "Model": "8B Q4_K_M"}).table.rows
    assert len(rows) == 8
    assert rows[0].latency == pytest.approx(1 / 130.58)
    assert rows[0].context_tokens == 256
    small = gpu_benchmarks.read(gpus, {"GPU": "M1 7", "Model": "8B Q4_K_M"}).table.rows
    assert len(small) == 6  # out of memory at 8192
    with pytest.raises(InputError, match="lines match"):
        gpu_benchmarks.read(gpus, {"GPU": "4090"})
    phone = phone_runs.read(edge / "ios_llama_cpp" / "llama_q4km_lmsys1000.csv.gz", {}).table.rows
    assert sum(row.n or 0 for row in phone if row.phase == "prefill") == 1000
    sweep = phone_runs.read(edge / "iphone17pro_qwen3_4b_context_sweep.csv", {"runtime": "=ANE"}).table.rows
    assert [row.latency for row in sweep if row.phase == "prefill"][-1] == 7.026
    with pytest.raises(InputError, match="no known form"):
        phone_runs.read(edge / "mlx_lm_benchmarks.csv", {})


def test_files_that_are_none(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_text("hello\n")
    with pytest.raises(InputError, match="holds no table of llama-bench"):
        formats.read(path, "llama-bench", {})
    with pytest.raises(InputError, match="did you mean 'llama-bench'"):
        formats.read(path, "lama-bench", {})
    broken = tmp_path / "x.csv.gz"
    broken.write_bytes(b"\x1f\x8b not gzip")
    with pytest.raises(InputError, match="cannot be read"):
        formats.read(broken, "gpu-benchmarks", {})
    with pytest.raises(InputError, match="has no table of steps"):
        formats.read(tmp_path, "aiconfigurator", {"tp": "1"})
    cut = tmp_path / "x.jsonl"
    cut.write_text('{"n_prompt": 1}\n{"n_pro')
    with pytest.raises(InputError, match=r"x\.jsonl:2: is not JSON"):
        formats.read(cut, "llama-bench", {})


SAMPLE = (
    "h100-sxm/llama-3.1-8b/bf16/vllm/tp1",
    "rtx-4090/llama-3.1-8b/q4-k-m",
    "prfaas-h20/",
    "sa8295p/",
    "m4-max/qwen3-4b/q4/",
    "raspberry-pi-5/",
    "jetson-agx-thor/llama-3.1-8b",
    "iphone-17-pro/qwen3-4b",
    "dgx-spark/gemma-3-4b",
    "a100-pcie/",
    "h100-sxm/llama-2-70b/fp16/vllm/tp4",
    "a100-sxm/opt-66b/fp16/distserve/tp8",
)
"""One part per source; `python -m tests.profile.regenerate` compares all."""


def test_recipes_make_what_ships(shared_data: Path) -> None:
    assert all(any(name.startswith(only) for name in names()) for only in SAMPLE)
    assert list(differences(shared_data, SAMPLE)) == []


def test_recipes_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no recipes"):
        list(recipes.run(tmp_path, tmp_path, tmp_path))
    path = tmp_path / "some.yaml"
    for text in ("a: 1", "[1, 2]", "{all: 3, profiles: []}", "{every: {}, profiles: []}"):
        path.write_text(text)
        with pytest.raises(InputError, match="is not a list of recipes"):
            list(recipes.run(tmp_path, tmp_path, tmp_path))
    path.write_text("all: {from: {format: llama-bench}}\nprofiles: [{from: {select: {a: b}}}]")
    with pytest.raises(InputError, match="a source needs a format and a file"):
        list(recipes.run(path, tmp_path, tmp_path))


def test_what_holds_for_all_entries_goes_into_each(tmp_path: Path) -> None:
    path = tmp_path / "some.yaml"
    path.write_text(
        "all: {dtype: q4, from: {format: x, file: y.csv}}\n"
        "profiles: [{id: a}, {dtype: q8, from: [{select: {b: c}}, {file: z.csv}]}]\n"
    )
    first, second = recipes.entries(path)
    assert first == {"dtype": "q4", "from": {"format": "x", "file": "y.csv"}, "id": "a"}
    assert second["dtype"] == "q8"
    assert second["from"] == [{"format": "x", "file": "y.csv", "select": {"b": "c"}}, {"format": "x", "file": "z.csv"}]


def test_the_table_that_llama_bench_prints(tmp_path: Path) -> None:
    path = tmp_path / "bench.md"
    path.write_text(
        "| model         |       size |     params | backend | ngl |            test |                  t/s |\n"
        "| ------------- | ---------: | ---------: | ------- | --: | --------------: | -------------------: |\n"
        "| llama 8B Q4_0 |   4.33 GiB |     8.03 B | CUDA    |  99 |           pp512 |      4505.82 ± 12.90 |\n"
        "| llama 8B Q4_0 |   4.33 GiB |     8.03 B | CUDA    |  99 |           tg128 |         83.43 ± 0.59 |\n"
    )
    assert formats.recognise(path).name == "llama-bench"
    assert len(formats.read(path, "", {}).table.rows) == 2
