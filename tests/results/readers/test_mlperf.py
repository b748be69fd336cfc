"""MLPerf: ns, a clock that starts when a request was scheduled, and no word on how accelerators are divided."""

from __future__ import annotations

import csv
from collections import Counter
from math import inf
from pathlib import Path

import pytest

from paasim.core.errors import InputError
from paasim.results import served
from paasim.results.readers.mlperf import UNDIVIDED
from tests.results.readers.samples import warned

LOG = """\
================================================
MLPerf Results Summary
================================================
SUT name : some system
Scenario : Server
Mode     : PerformanceOnly
Completed samples per second    : 29.41
Completed tokens per second: 8840.42
Result is : VALID
================================================
Additional Stats
================================================
Min latency (ns)                : 1000000000
Mean latency (ns)               : 9500000000
50.00 percentile latency (ns)   : 9000000000
99.90 percentile latency (ns)   : 20000000000
TPS w/ completed tokens : 8840.42
Min First Token latency (ns)                : 50000000
Mean First Token latency (ns)               : 200000000
50.00 percentile first token latency (ns)   : 190000000
99.00 percentile first token latency (ns)   : 430000000
Mean Time to Output Token (ns)                : 32000000
99.00 percentile time to output token (ns)   : 39000000
================================================
Test Parameters Used
================================================
samples_per_query : 1
target_qps : 29.5
target_latency (ns): 0
ttft_latency (ns): 450000000
tpot_latency (ns): 40000000
"""


def published(folder: Path) -> Path:
    """The table of results of version 5.1."""
    return folder / "profiles/measured_e2e/mlperf_inference_v5.1_llm.csv"


def test_a_log(tmp_path: Path) -> None:
    path = tmp_path / "mlperf_log_summary.txt"
    path.write_text(LOG)
    (run,) = served.read(path)
    assert run.stated == {
        "e2el": pytest.approx({"min": 1.0, "mean": 9.5, "p50": 9.0, "p99.9": 20.0}),
        "ttft": pytest.approx({"min": 0.05, "mean": 0.2, "p50": 0.19, "p99": 0.43}),
        "tpot": pytest.approx({"mean": 0.032, "p99": 0.039}),
    }
    assert run.rates == {"requests_per_s": 29.41, "output_tokens_per_s": 8840.42}
    assert (run.setup.load, run.setup.clock, run.unusable) == ("open loop, 29.5 /s", "scheduled", UNDIVIDED)
    assert not warned(run, "its result is")


@pytest.mark.parametrize(("scenario", "rate", "users"), [("Offline", inf, None), ("SingleStream", None, 1)])
def test_scenarios(scenario: str, rate: float | None, users: int | None, tmp_path: Path) -> None:
    path = tmp_path / "mlperf_log_summary.txt"
    path.write_text(LOG.replace(": Server", f": {scenario}"))
    (run,) = served.read(path)
    assert (run.setup.request_rate, run.setup.concurrency) == (rate, users)


def test_a_newer_name_of_tpot_and_a_result_that_is_not_valid(tmp_path: Path) -> None:
    path = tmp_path / "mlperf_log_summary.txt"
    path.write_text(LOG.replace("Time to Output", "Time per Output").replace(": VALID", ": INVALID"))
    (run,) = served.read(path)
    assert run.stated["tpot"]["mean"] == pytest.approx(0.032)
    assert warned(run, "its result is INVALID")


def test_the_published_table(shared_data: Path) -> None:
    path = published(shared_data)
    runs = served.read(path)
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(runs) == len(rows) == 320
    assert Counter(run.unusable for run in runs) == {UNDIVIDED: 182, "no latency is given": 138}
    for run, row in zip(runs, rows, strict=True):
        assert run.setup.clock == "scheduled"
        if row["p99_tpot_ns"]:
            assert run.stated["tpot"]["p99"] == pytest.approx(float(row["p99_tpot_ns"]) / 1e9)
            assert 1e-4 < run.stated["tpot"]["p99"] < 10
        if row["scenario"] in ("Server", "Interactive") and row["target_qps"]:
            assert run.setup.request_rate == float(row["target_qps"])


def test_a_published_row(shared_data: Path) -> None:
    run = served.read(published(shared_data))[0]
    setup = run.setup
    assert (setup.engine, setup.hardware, setup.precision) == ("vllm", "AMD Instinct MI300X 192GB HBM3", "fp8")
    assert setup.version.startswith("0.9.0.2.dev108")
    assert (setup.gpus, setup.request_rate) == (8, 29.5)
    assert setup.osl == pytest.approx(8840.42 / 29.41)
    assert run.stated["ttft"] == pytest.approx({"mean": 0.201330486, "p50": 0.19860224, "p99": 0.4359761})


def test_damaged_files_say_where(tmp_path: Path, shared_data: Path) -> None:
    path = tmp_path / "mlperf_log_summary.txt"
    path.write_text(LOG.replace("190000000", "soon"))
    with pytest.raises(
        InputError, match=r"summary\.txt:20: 50\.00 percentile first token latency.*'soon' is no number"
    ):
        served.read(path)
    path = tmp_path / "t.csv"
    path.write_text(published(shared_data).read_text().replace("201330486", "x"))
    with pytest.raises(InputError, match=r"t\.csv:2: mean_ttft_ns 'x' is no number"):
        served.read(path)
