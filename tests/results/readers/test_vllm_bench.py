"""vLLM's `bench serve`: figures in ms and lists in s, failures among the lists, several runs in a file."""

from __future__ import annotations

from math import inf
from pathlib import Path

import numpy as np
import pytest

from paasim.core.errors import InputError
from paasim.results import served
from tests.results.readers.samples import detailed, read_one, vllm, warned, write


def test_metrics_are_worked_out_from_the_lists(tmp_path: Path) -> None:
    run = read_one(tmp_path / "run.json", detailed())
    np.testing.assert_allclose(run.values("ttft"), [0.1, 0.3, 0.2])
    np.testing.assert_allclose(run.values("e2el"), [0.2, 0.3, 0.3])
    np.testing.assert_allclose(run.values("tpot"), [0.025, np.nan, 0.05])
    np.testing.assert_allclose(run.values("ttst"), [0.02, np.nan, 0.05])
    np.testing.assert_allclose(run.values("itl"), [0.02, 0.03, 0.01, 0.04, 0.05, 0.05])
    mine = run.recomputed()
    assert mine["tpot"].mean == pytest.approx(0.0375)  # each request once
    assert mine["itl"].mean == pytest.approx(0.2 / 6)  # each gap once
    assert run.throughput() == pytest.approx(
        {"requests_per_s": 1.5, "output_tokens_per_s": 4.5, "total_tokens_per_s": 304.5}
    )
    assert not warned(run, "the file says")  # the file's own figures are the same


def test_one_token_has_no_tpot(tmp_path: Path) -> None:
    run = read_one(tmp_path / "run.json", detailed())
    assert run.recomputed()["tpot"].n == 2
    assert warned(run, "1 requests have one output token")


def test_failures_stand_in_the_lists_as_zeros_and_count_in_no_latency(tmp_path: Path) -> None:
    run = read_one(tmp_path / "run.json", detailed())
    assert (len(run.requests), len(run.answered), run.completed, run.failed) == (4, 3, 3, 1)
    failed = run.requests[2]
    assert (failed.ok, failed.error, failed.ttft, failed.e2el) == (False, "Connection reset", None, None)
    assert run.recomputed()["ttft"].p50 == pytest.approx(0.2)
    assert warned(run, "1 of 4 requests failed")


def test_a_failure_without_errors_is_known_by_its_empty_answer(tmp_path: Path) -> None:
    document = detailed()
    del document["errors"]
    assert [each.ok for each in read_one(tmp_path / "run.json", document).requests] == [True, True, False, True]


def test_starts_are_since_the_first_request(tmp_path: Path) -> None:
    assert [each.start for each in read_one(tmp_path / "run.json", detailed()).requests] == [0, 0.5, 0.75, 1]
    document = detailed()
    del document["start_times"]
    run = read_one(tmp_path / "older.json", document)
    assert warned(run, "start times are missing")
    assert run.throughput()["requests_per_s"] == 1.5


def test_newer_latencies_and_time_in_the_clients_queue(tmp_path: Path) -> None:
    times = {"latencies": [0.21, 0.3, 0.0, 0.31], "queue_times": [0.0, 0.5, 0.0, 1.0]}
    run = read_one(tmp_path / "run.json", detailed(**times))
    np.testing.assert_allclose(run.values("e2el"), [0.21, 0.3, 0.31])
    np.testing.assert_allclose(run.values("ttft"), [0.1, 0.3, 0.2])  # without the wait
    assert [each.waited for each in run.answered] == [0, 0.5, 1]
    assert warned(run, "waited 0.75 s")


def test_latencies_alone_are_no_requests(tmp_path: Path) -> None:
    run = read_one(tmp_path / "run.json", vllm(latencies=[0.2, 0.3, 0.3]))
    assert run.requests == []
    assert warned(run, "only summary figures")


def test_figures_are_in_ms(tmp_path: Path) -> None:
    run = read_one(tmp_path / "run.json", vllm())
    assert run.recomputed() == {}
    assert run.stated["ttft"] == pytest.approx({"mean": 0.2, "p50": 0.2, "std": 0.0816497, "p99.9": 0.2998})
    assert run.typical("tpot") == (0.0375, "mean")
    assert run.typical("ttft") == (0.2, "p50")
    assert run.throughput()["total_tokens_per_s"] == 304.5
    assert run.failed == 1
    assert (run.setup.isl, run.setup.osl) == (200, 3)


def test_sglang_says_e2e_latency(tmp_path: Path) -> None:
    run = read_one(tmp_path / "run.json", vllm(backend="sglang", mean_e2e_latency_ms=250.0))
    assert run.setup.engine == "sglang"
    assert run.stated["e2el"] == {"mean": 0.25}


def test_a_figure_that_its_requests_do_not_give_is_told(tmp_path: Path) -> None:
    run = read_one(tmp_path / "run.json", detailed(mean_ttft_ms=250.0))
    assert warned(run, "the file says mean TTFT 0.25 s, its requests give 0.2 s")
    assert run.typical("ttft") == pytest.approx((0.2, "p50"))


def test_figures_that_are_nan_or_null_are_missing(tmp_path: Path) -> None:
    nothing = {"mean_tpot_ms": float("nan"), "mean_itl_ms": None, "output_throughput": float("inf")}
    run = read_one(tmp_path / "run.json", vllm(**nothing))
    assert set(run.stated) == {"ttft"}
    assert set(run.rates) == {"requests_per_s", "total_tokens_per_s"}


@pytest.mark.parametrize("text", ['"inf"', "Infinity"])
def test_an_endless_rate_is_a_closed_loop(text: str, tmp_path: Path) -> None:
    path = write(tmp_path / "run.json", vllm())
    path.write_text(path.read_text().replace('"inf"', text))
    (run,) = served.read(path)
    assert run.setup.request_rate == inf
    assert run.setup.load == "closed loop, 4 at once"
    assert not warned(run, "Poisson")
    assert read_one(path, vllm(max_concurrency=None)).setup.load == "all sent at once"


def test_a_rate_is_an_open_loop_whose_arrivals_are_no_true_poisson_process(tmp_path: Path) -> None:
    run = read_one(tmp_path / "run.json", vllm(request_rate=2.5, max_concurrency=None))
    assert (run.setup.request_rate, run.setup.load) == (2.5, "open loop, 2.5 /s")
    assert warned(run, "replay their start times")


def test_pieces_of_several_tokens_are_told(tmp_path: Path) -> None:
    run = read_one(tmp_path / "run.json", detailed(output_lens=[20, 1, 0, 6]))
    assert warned(run, "a piece of an answer holds 3.25 tokens")
    np.testing.assert_allclose(run.values("tpot"), [0.1 / 19, np.nan, 0.02])


@pytest.mark.parametrize("end", ["\n", "", "\n\n"])
def test_appended_runs(end: str, tmp_path: Path) -> None:
    runs = served.read(write(tmp_path / "all.json", vllm(), detailed(max_concurrency=8), vllm(), end=end))
    assert [run.name for run in runs] == ["all#1", "all#2", "all#3"]
    assert [len(run.requests) for run in runs] == [0, 4, 0]
    assert runs[1].setup.concurrency == 8


def test_metadata_of_the_user_and_the_engine_that_a_backend_names(tmp_path: Path) -> None:
    setup = read_one(tmp_path / "run.json", vllm(tp="4", pp=2, gpu="H100", vllm_version="0.11", backend="openai")).setup
    assert (setup.layout.tp, setup.gpus, setup.hardware, setup.version) == (4, 8, "H100", "0.11")
    assert setup.engine == ""  # an API that many engines have


def test_damaged_files_say_where(tmp_path: Path) -> None:
    path = write(tmp_path / "cut.json", vllm(), detailed())
    path.write_text(path.read_text()[:-40])
    with pytest.raises(InputError, match=r"cut\.json:2: is not JSON"):
        served.read(path)
    with pytest.raises(InputError, match=r"run\.json:1: input_lens has 3 entries, ttfts 4"):
        read_one(tmp_path / "run.json", detailed(input_lens=[1, 2, 3]))
    with pytest.raises(InputError, match=r"run\.json:1: itls '-1' is out of range"):
        read_one(tmp_path / "run.json", detailed(itls=[[-1], [], [], []]))
    with pytest.raises(InputError, match=r"run\.json:1: mean_ttft_ms 'fast' is no number"):
        read_one(tmp_path / "run.json", vllm(mean_ttft_ms="fast"))
    with pytest.raises(InputError, match="has neither request_throughput nor completed"):
        read_one(tmp_path / "run.json", {"a": 1}, format="vllm-bench")
