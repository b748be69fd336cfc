"""InferenceX's token-position table: vLLM's names, but s and not ms."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from paasim.core.errors import InputError
from paasim.results import served
from paasim.results.served import Layout, Served

COLUMNS = (
    "file,parallelism_from_name,isl_from_name,osl_from_name,date,model_id,num_prompts,max_concurrency,duration,"
    "completed,total_input_tokens,total_output_tokens,request_throughput,output_throughput,"
    "median_ttft,p99_ttft,median_e2el,median_tpot"
)
ROW = "glm_fp8_vllm_{0}_conc32.json,{0},1024,128,20260213,m,321,32,400,320,320000,32000,0.8,80,15.2,36.3,41.5,0.2"


def table(path: Path, *rows: str) -> list[Served]:
    """Write a table, and read it."""
    path.write_text("\n".join([COLUMNS, *rows]) + "\n")
    return served.read(path)


def test_a_row(tmp_path: Path) -> None:
    (run,) = table(tmp_path / "t.csv", ROW.format("tp8"))
    assert run.stated == {"ttft": {"p50": 15.2, "p99": 36.3}, "e2el": {"p50": 41.5}, "tpot": {"p50": 0.2}}  # s
    setup = run.setup
    assert (setup.engine, setup.precision, setup.model, setup.gpus) == ("vllm", "fp8", "m", 8)
    assert (setup.isl, setup.osl) == (1000, 100)  # what was sent, not what the name says
    assert (setup.load, run.completed, run.failed, run.duration) == ("closed loop, 32 at once", 320, 1, 400)
    assert run.throughput() == {"requests_per_s": 0.8, "output_tokens_per_s": 80}
    assert not run.unusable
    assert run.warnings[:2] == ["the hardware is not stated", "the version of the engine is not stated"]


@pytest.mark.parametrize(
    ("name", "layout"),
    [
        ("tp8", Layout(tp=8, dp=1, ep=1)),
        ("tep8", Layout(tp=8, dp=1, ep=8)),
        ("dep16", Layout(tp=1, dp=16, ep=16)),
        ("pp2", Layout()),
    ],
)
def test_parallelism(name: str, layout: Layout, tmp_path: Path) -> None:
    (run,) = table(tmp_path / "t.csv", ROW.format(name))
    assert run.setup.layout == layout


def test_the_published_table(shared_data: Path) -> None:
    path = shared_data / "profiles/measured_e2e/inferencex_token_position.csv"
    runs = served.read(path)
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(runs) == len(rows) == 135
    for run, row in zip(runs, rows, strict=True):
        assert run.stated["ttft"]["p50"] == float(row["median_ttft"])
        assert run.stated["tpot"]["p50"] == float(row["median_tpot"])
        assert run.setup.concurrency == int(row["max_concurrency"])
        assert run.setup.gpus == int(row["parallelism_from_name"].lstrip("tdep"))
        assert not run.unusable
        # In s, the medians fit together: E2EL is about TTFT and n - 1 times TPOT.
        whole = run.stated["ttft"]["p50"] + (run.setup.osl or 0) * run.stated["tpot"]["p50"]
        assert 0.5 < run.stated["e2el"]["p50"] / whole < 2


def test_damaged_files_say_where(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"t\.csv:3: median_ttft '-' is no number"):
        table(tmp_path / "t.csv", ROW.format("tp8"), ROW.format("tp8").replace("15.2", "-"))
    (tmp_path / "t.csv").write_text("file,model_id\na,b\n")
    with pytest.raises(InputError, match=r"t\.csv:1: has no column 'max_concurrency'"):
        served.read(tmp_path / "t.csv", "token-position")
