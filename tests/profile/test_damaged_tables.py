"""Damaged files of every format are refused with a reason, or read as far as they are whole: never a traceback."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import numpy as np
import pytest

from paasim.core.errors import InputError
from paasim.profile.fit import fit
from paasim.profile.importers import formats
from paasim.profile.importers.formats import Format
from paasim.profile.table import Table

FILES = (
    "profiles/splitwise/perf_model.csv",
    "profiles/sarathi_osdi24/figure-2_prefill.csv",
    "profiles/sarathi_osdi24/figure-2_decode.csv",
    "profiles/sarathi_osdi24/figure-9_chunking-overhead.csv",
    "profiles/distserve/profiler-a100-80g.distserve.json",
    "profiles/distserve/max_num_tokens.csv",
    "profiles/vidur/network/h100_dgx/send_recv.csv.gz",
    "profiles/vidur/compute/h100/meta-llama/Llama-2-70b-hf/mlp.csv.gz",
    "profiles/aiconfigurator/mixed.csv.gz",
    "edge/llama_bench.csv.gz",
    "edge/llama_batched_bench.csv",
    "edge/original/llama.cpp_benches_dgx-spark.md",
    "edge/llama_bench_jsonl/llama-2-7b.Q4_0.jsonl.gz",
)
TRIES = 12
MOST = 30_000
"""Characters of a file that are used: what is wrong further down is wrong in the same way."""
JUNK = ("", "x", "-1", "nan", "inf", "0", "1e99", '"', "\n", ",,,", "{", "]", "µ", "1.2.3")


def _damaged(text: str, rng: np.random.Generator) -> str:
    """Cut, or with a few characters replaced by others."""
    if rng.random() < 0.3:
        return text[: rng.integers(len(text))]
    for _ in range(rng.integers(1, 7)):
        at = rng.integers(len(text))
        text = text[:at] + JUNK[rng.integers(len(JUNK))] + text[at + rng.integers(1, 9) :]
    return text


def _read(path: Path, format: Format) -> tuple[Table, list[str]]:
    """What is read of the first configuration, or else where the problems are."""
    try:
        return format.read(path, formats.configurations(path, format, {})[0]).table, []
    except InputError as error:
        return Table(), [problem.where for problem in error.problems]


@pytest.mark.parametrize("name", FILES)
def test_damaged_files_are_refused_or_read(tmp_path: Path, shared_data: Path, name: str) -> None:
    raw = (shared_data / name).read_bytes()
    text = (gzip.decompress(raw) if name.endswith(".gz") else raw).decode()[:MOST]
    format = formats.recognise(shared_data / name)
    path = tmp_path / Path(name).name.removesuffix(".gz")
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    for _ in range(TRIES):
        path.write_text(_damaged(text, rng), encoding="utf-8")
        table, where = _read(path, format)
        assert all(place.startswith(str(path)) for place in where)
        assert all(row.latency > 0 and row.batch > 0 and row.new_tokens > 0 for row in table.rows)
        fit(table)
