"""aiperf and genai-perf: NVIDIA's inter-token latency is TPOT, its inter-chunk latency ITL; each value has a unit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from paasim.core.errors import InputError
from paasim.results import served
from tests.results.readers.samples import aiperf_line, aiperf_summary, read_one, warned, write

LINES = [
    aiperf_line(99.0, 9, 900.0, 100.0, [100.0] * 8, metadata={"benchmark_phase": "warmup"}),
    aiperf_line(100.0, 5, 500.0, 100.0, [100.0, 50.0, 150.0, 100.0]),
    aiperf_line(100.5, 1, 300.0, 300.0, []),
    aiperf_line(101.0, 3, 400.0, 200.0, [150.0, 50.0]),
    aiperf_line(101.5, 2, 400.0, 200.0, [], error={"type": "Timeout", "message": "after\n 30 s"}),
    aiperf_line(102.0, 2, 400.0, 200.0, [], metadata={"was_cancelled": True}),
]


def test_its_inter_token_latency_is_tpot_and_its_inter_chunk_latency_is_itl(tmp_path: Path) -> None:
    run = read_one(tmp_path / "profile_export_aiperf.json", aiperf_summary())
    assert run.stated["tpot"] == pytest.approx({"mean": 0.020, "p50": 0.019})
    assert run.stated["itl"]["mean"] == pytest.approx(0.040)
    assert run.stated["e2el"] == {"mean": 2.0}
    assert run.stated["ttft"]["p99"] == pytest.approx(0.4)
    assert (run.completed, run.failed, run.duration) == (5, 1, 10)
    assert (run.setup.model, run.setup.concurrency, run.setup.isl, run.setup.osl) == ("m", 8, 128, 91)
    assert run.rates == {"output_tokens_per_s": 50}


def test_the_standard_deviation_of_the_sample_becomes_that_of_the_population(tmp_path: Path) -> None:
    run = read_one(tmp_path / "profile_export_aiperf.json", aiperf_summary())
    assert run.stated["ttft"]["std"] == pytest.approx(0.05 * (4 / 5) ** 0.5)
    assert "std" not in run.stated["itl"]  # how many gaps there were is not told
    counted = {"unit": "ms", "avg": 40.0, "std": 3.0, "count": 10}
    run = read_one(tmp_path / "profile_export_aiperf.json", aiperf_summary(inter_chunk_latency=counted))
    assert run.stated["itl"]["std"] == pytest.approx(0.003 * 0.9**0.5)


@pytest.mark.parametrize(("unit", "factor"), [("ns", 1e-9), ("us", 1e-6), ("µs", 1e-6), ("ms", 1e-3), ("sec", 1.0)])
def test_units(unit: str, factor: float, tmp_path: Path) -> None:
    summary = aiperf_summary(time_to_first_token={"unit": unit, "avg": 3.0})
    assert read_one(tmp_path / "a.json", summary).stated["ttft"]["mean"] == pytest.approx(3 * factor)


def test_metrics_are_worked_out_from_the_lines(tmp_path: Path) -> None:
    run = read_one(tmp_path / "profile_export.jsonl", *LINES)
    np.testing.assert_allclose(run.values("ttft"), [0.1, 0.3, 0.2])
    np.testing.assert_allclose(run.values("e2el"), [0.5, 0.3, 0.4])
    np.testing.assert_allclose(run.values("tpot"), [0.1, np.nan, 0.1])
    np.testing.assert_allclose(run.values("itl"), [0.1, 0.05, 0.15, 0.1, 0.15, 0.05])
    np.testing.assert_allclose([each.start for each in run.requests], [0, 0.5, 1, 1.5, 2], atol=1e-6)
    assert run.requests[0].request_id == "r100"
    assert (run.setup.isl, run.setup.osl) == (100, 3)


def test_warm_up_and_failures_count_in_nothing(tmp_path: Path) -> None:
    run = read_one(tmp_path / "profile_export.jsonl", *LINES)
    assert warned(run, "1 requests of the warm-up are left out")
    assert (run.completed, run.failed) == (3, 2)
    assert [each.error for each in run.requests] == ["", "", "", "Timeout after 30 s", "cancelled"]
    assert all(each.e2el is None and each.itl == () for each in run.requests[3:])


def test_what_was_run_stands_in_the_summary_beside(tmp_path: Path) -> None:
    write(tmp_path / "profile_export_aiperf.json", aiperf_summary())
    run = read_one(tmp_path / "profile_export.jsonl", *LINES)
    assert (run.setup.model, run.setup.concurrency, run.setup.osl) == ("m", 8, 3)


def test_answers_that_were_not_streamed(tmp_path: Path) -> None:
    line = aiperf_line(1.0, 5, 500.0, 100.0, [])
    del line["metrics"]["time_to_first_token"]
    run = read_one(tmp_path / "profile_export.jsonl", line)
    assert warned(run, "not streamed")
    assert set(run.recomputed()) == {"e2el"}


def test_damaged_files_say_where(tmp_path: Path) -> None:
    path = write(tmp_path / "profile_export.jsonl", *LINES)
    path.write_text(path.read_text()[:-10])
    with pytest.raises(InputError, match=r"profile_export\.jsonl:6: is not JSON"):
        served.read(path)
    line = aiperf_line(1.0, 5, 500.0, 100.0, [])
    line["metrics"]["request_latency"]["unit"] = "fortnights"
    with pytest.raises(InputError, match=r"\.jsonl:2.*unit 'fortnights' is unknown.*known are s, sec, ms"):
        read_one(path, LINES[1], line)
    with pytest.raises(InputError, match=r"\.jsonl:1.*inter_chunk_latency 'x' is no number"):
        read_one(path, aiperf_line(1.0, 5, 500.0, 100.0, ["x"]))  # type: ignore[list-item]
    with pytest.raises(InputError, match=r"\.jsonl:2: has neither metrics nor an error"):
        read_one(path, LINES[1], {"metadata": {"request_start_ns": 1}})
    with pytest.raises(InputError, match=r"\.jsonl:1: has no figures of requests"):
        read_one(path, {"a": 1}, format="aiperf")
