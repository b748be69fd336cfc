"""guidellm: its inter-token latency is TPOT, its time per output token holds the first, its `p001` is 0.1 %."""

from __future__ import annotations

from math import inf
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paasim.core.errors import InputError
from paasim.results import served
from tests.results.readers.samples import guidellm, guidellm_request, read_one, warned, write

REQUESTS: dict[str, Any] = {
    "successful": [guidellm_request(10.0, 10.1, 10.5, 5), guidellm_request(10.25, 10.55, 10.75, 3)],
    "errored": [guidellm_request(11.0, None, 11.5, 0, info={"error": "HTTP 500", "timings": {"request_start": 11.0}})],
    "incomplete": [guidellm_request(13.0, 13.5, 14.0, 7)],
}


def test_its_inter_token_latency_is_tpot_and_its_time_per_output_token_is_ntpot(tmp_path: Path) -> None:
    run = read_one(tmp_path / "benchmarks.json", guidellm())
    assert run.stated["tpot"]["mean"] == pytest.approx(0.050)
    assert run.stated["ntpot"]["mean"] == pytest.approx(0.090)
    assert "itl" not in run.stated
    assert warned(run, "weighted by their tokens")
    assert warned(run, "only summary figures")


def test_up_to_0_3_time_per_output_token_was_neither_and_is_not_read(tmp_path: Path) -> None:
    document = guidellm()
    old = document["benchmarks"][0]
    old["args"] = old.pop("config")
    document.pop("metadata")
    run = read_one(tmp_path / "benchmarks.json", document)
    assert "ntpot" not in run.stated
    assert run.stated["tpot"]["mean"] == pytest.approx(0.050)
    assert run.setup.concurrency == 4


def test_units_and_percentiles(tmp_path: Path) -> None:
    stated = read_one(tmp_path / "benchmarks.json", guidellm()).stated
    ttft = {"p0.1": 0.101, "p50": 0.2, "p99": 0.299, "p99.9": 0.2999}
    spread = {"mean": 0.2, "std": 0.02, "min": 0.2, "max": 0.2}
    assert stated["ttft"] == pytest.approx(ttft | spread)
    assert stated["e2el"]["mean"] == 0.5  # s, not ms


def test_metrics_are_worked_out_from_the_times_of_the_requests(tmp_path: Path) -> None:
    run = read_one(tmp_path / "benchmarks.json", guidellm(REQUESTS))
    np.testing.assert_allclose(run.values("ttft"), [0.1, 0.3])
    np.testing.assert_allclose(run.values("e2el"), [0.5, 0.5])  # to the last token, not the end of the connection
    np.testing.assert_allclose(run.values("tpot"), [0.1, 0.1])
    assert run.values("itl").size == 0
    assert not {"tpot", "e2el"} & set(run.stated)  # others' definitions: nothing to hold ours against
    assert (run.setup.isl, run.setup.osl) == (100, 4)
    assert run.throughput() == pytest.approx(
        {"requests_per_s": 0.5, "output_tokens_per_s": 2.0, "total_tokens_per_s": 52.0}
    )


def test_failed_and_cut_off_requests_count_in_no_latency(tmp_path: Path) -> None:
    run = read_one(tmp_path / "benchmarks.json", guidellm(REQUESTS))
    assert [each.start for each in run.requests] == [0, 0.25, 1, 3]
    assert [each.error for each in run.requests] == ["", "", "HTTP 500", "cut off at the end of the run"]
    assert all(each.ttft is None and each.e2el is None for each in run.requests[2:])
    assert (run.completed, run.failed) == (2, 2)


def test_a_sample_of_the_requests_is_told(tmp_path: Path) -> None:
    run = read_one(tmp_path / "benchmarks.json", guidellm({"successful": REQUESTS["successful"][:1]}))
    assert warned(run, "the file keeps 1 of 2 answered requests")
    assert run.throughput() == {"requests_per_s": 0.5, "output_tokens_per_s": 2.0}  # the file's own


def test_requests_of_the_first_versions(tmp_path: Path) -> None:
    times = {"start_time": 5.0, "first_token_time": 5.2, "last_token_time": 5.6, "end_time": 5.7}
    facts = {"request_id": "a", "prompt_tokens": 10, "output_tokens": 5}
    document = guidellm({"successful": [facts | times]})
    document["benchmarks"][0]["args"] = document["benchmarks"][0].pop("config")
    run = read_one(tmp_path / "benchmarks.json", document)
    np.testing.assert_allclose([run.values("ttft")[0], run.values("tpot")[0], run.values("e2el")[0]], [0.2, 0.1, 0.6])


@pytest.mark.parametrize(
    ("strategy", "users", "rate"),
    [
        ({"type_": "concurrent", "streams": 16}, 16, None),
        ({"type_": "synchronous"}, 1, None),
        ({"type_": "throughput", "max_concurrency": 32}, 32, None),
        ({"type_": "throughput"}, None, inf),
        ({"type_": "constant", "rate": 2.5}, None, 2.5),
        ({"type_": "poisson", "rate": 3.0}, None, 3.0),
    ],
)
def test_loads(strategy: dict[str, Any], users: int | None, rate: float | None, tmp_path: Path) -> None:
    setup = read_one(tmp_path / "benchmarks.json", guidellm(strategy=strategy)).setup
    assert (setup.concurrency, setup.request_rate) == (users, rate)


def test_a_file_holds_one_run_per_load(tmp_path: Path) -> None:
    document = guidellm()
    document["benchmarks"] += guidellm(strategy={"type_": "constant", "rate": 1.0}, id_="b2")["benchmarks"]
    runs = served.read(write(tmp_path / "benchmarks.json", document))
    assert [(run.name, run.setup.load) for run in runs] == [
        ("b1", "closed loop, 4 at once"),
        ("b2", "open loop, 1 /s"),
    ]


def test_a_newer_schema_is_told(tmp_path: Path) -> None:
    document = guidellm()
    document["metadata"]["version"] = 3
    assert warned(read_one(tmp_path / "benchmarks.json", document), "schema version 3")


def test_damaged_files_say_where(tmp_path: Path) -> None:
    path = tmp_path / "benchmarks.json"
    wrong = {"successful": [REQUESTS["successful"][0], guidellm_request(10.0, 9.0, 10.5, 5)]}
    with pytest.raises(InputError, match=r"benchmarks\[0\].*successful\[1\].*out of order"):
        read_one(path, guidellm(wrong))
    with pytest.raises(InputError, match=r"successful\[0\].* is not a JSON object"):
        read_one(path, guidellm({"successful": ["text"]}))
    with pytest.raises(InputError, match="has neither metrics nor requests"):
        read_one(path, {"metadata": {"guidellm_version": "0.8"}, "benchmarks": [{}]})
    with pytest.raises(InputError, match=r"benchmarks\.json: holds no run"):
        read_one(path, {"metadata": {"guidellm_version": "0.8"}, "benchmarks": []})
