"""aiconfigurator's `silicon_sample.csv`: which rows can be used, and what is put right in them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from paasim.core.errors import InputError
from paasim.results import served
from paasim.results.served import TYPICAL, Layout, Served
from tests.results.readers.samples import warned

INSTANCES = "the numbers of prefill and decode instances are not stated"
COPY = "the same measurement stands in another row"
SOURCE = "db-dump; silicon_concurrency=32; measured=2026-04-18T00:00; lmsysorg/sglang:v0.5.10-cu130"
AGGREGATED = {
    "id": "a_c32_x",
    "silicon_data_source": SOURCE,
    "backend": "sglang",
    "backend_version": "0.5.10",
    "model_path": "some/model",
    "system": "h200_sxm",
    "precision": "fp8",
    "mode": "agg",
    "isl": 8192,
    "osl": 1024,
    "batch_size": 32,
    "tp_size": 4,
    "pp_size": 1,
    "attention_dp_size": 1,
    "moe_tp_size": 1,
    "moe_ep_size": 4,
    "silicon_ttft_ms": 884.0,
    "silicon_tpot_ms": 17.5,
}
DISAGGREGATED = AGGREGATED | {
    "mode": "disagg",
    "prefill_num_workers": 3,
    "prefill_tp_size": 2,
    "decode_num_workers": 1,
    "decode_tp_size": 8,
    "silicon_ttft_ms": 500.0,
}


def table(path: Path, *rows: dict[str, object]) -> list[Served]:
    """Write rows as the file has them, and read them."""
    columns = list(DISAGGREGATED)
    lines = [",".join(columns)] + [",".join(str(row.get(name, "")) for name in columns) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return served.read(path)


@pytest.fixture(scope="module")
def runs(shared_data: Path) -> list[Served]:
    return served.read(shared_data / "profiles/measured_e2e/silicon_sample.csv.gz")


def test_an_aggregated_row(tmp_path: Path) -> None:
    (run,) = table(tmp_path / "s.csv", AGGREGATED)
    setup = run.setup
    assert run.stated == {"ttft": {TYPICAL: 0.884}, "tpot": {TYPICAL: 0.0175}}  # ms; which statistic is not said
    assert run.typical("tpot") == (0.0175, TYPICAL)
    assert (setup.engine, setup.version, setup.hardware, setup.precision) == ("sglang", "0.5.10", "h200_sxm", "fp8")
    assert (setup.load, setup.gpus, setup.isl, setup.osl) == ("closed loop, 32 at once", 4, 8192, 1024)
    assert (setup.mode, setup.date, run.unusable) == ("aggregated", "2026-04-18", "")
    assert setup.layout == Layout(tp=4, pp=1, ep=4, dp=1, moe_tp=1, batch=32)
    assert warned(run, "whether decoding was speculative is not stated")


def test_a_disaggregated_row_counts_the_gpus_of_all_instances(tmp_path: Path) -> None:
    rows = [DISAGGREGATED, DISAGGREGATED | {"decode_num_workers": 0, "silicon_ttft_ms": 600}]
    whole, without = table(tmp_path / "s.csv", *rows)
    assert (whole.setup.gpus, whole.unusable) == (3 * 2 + 1 * 8, "")
    assert (without.setup.gpus, without.unusable) == (None, INSTANCES)


def test_facts_that_stand_elsewhere_are_taken_from_there_and_told(tmp_path: Path) -> None:
    missing = {"silicon_data_source": "x/y:v1.2.3", "backend_version": "", "precision": ""}
    (run,) = table(tmp_path / "s.csv", AGGREGATED | missing | {"model_path": "some/model-FP8"})
    assert (run.setup.version, run.setup.precision, run.setup.concurrency) == ("", "fp8", 32)
    for text in ("version of the engine is not stated", "precision is taken from", "concurrency is taken from the id"):
        assert warned(run, text)
    (run,) = table(tmp_path / "s.csv", AGGREGATED | {"backend_version": ""})
    assert run.setup.version == "0.5.10-cu130"
    assert warned(run, "that of its container image")


def test_a_width_that_was_multiplied_in_twice_is_undone_and_told(tmp_path: Path) -> None:
    wrong = {"tp_size": 64, "moe_tp_size": 8, "moe_ep_size": 8, "id": "x_tp8_ep8_c32_"}
    (run,) = table(tmp_path / "s.csv", AGGREGATED | wrong)
    assert (run.setup.layout.tp, run.setup.layout.moe_tp, run.setup.gpus, run.unusable) == (8, 1, 8, "")
    assert warned(run, "hold a width twice")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"silicon_ttft_ms": ""}, "a latency is missing"),
        ({"silicon_tpot_ms": 0}, "a latency is missing"),
        ({"silicon_data_source": "", "id": "x", "batch_size": ""}, "the concurrency is not stated"),
        ({"tp_size": 0}, "the tensor-parallel width is missing"),
        ({"tp_size": 16, "moe_ep_size": 1}, "its columns give more GPUs than its id, or than a server has"),
        ({"tp_size": 4, "id": "x_tp8_ep1_"}, "its columns give more GPUs than its id, or than a server has"),
        ({"tp_size": 2, "attention_dp_size": 2}, "tensor and data parallel width are equal"),
        ({"mode": "other"}, "mode 'other' is unknown"),
        ({"silicon_data_source": "db-dump", "id": "x"}, "the concurrency is not stated"),  # the batch size is another
        ({"attention_dp_size": "", "batch_size": 8}, "concurrency and batch size disagree"),
        ({"model_path": "deepseek-ai/DeepSeek-R1", "system": "b200_sxm"}, "multi-token prediction, or not known"),
    ],
)
def test_rows_that_no_simulation_can_be_held_against(changes: dict[str, object], why: str, tmp_path: Path) -> None:
    (run,) = table(tmp_path / "s.csv", AGGREGATED | changes)
    assert run.unusable.startswith(why)


def test_of_one_measurement_in_several_rows_one_that_can_be_used_stays(tmp_path: Path) -> None:
    rows = table(tmp_path / "s.csv", AGGREGATED | {"tp_size": 0}, AGGREGATED, AGGREGATED | {"isl": 1024})
    assert [run.unusable for run in rows] == [COPY, "", ""]


def test_of_copies_that_can_be_used_the_fullest_stays(tmp_path: Path) -> None:
    rows = table(tmp_path / "s.csv", AGGREGATED | {"precision": ""}, AGGREGATED, AGGREGATED | {"id": "b_c32_x"})
    assert [run.unusable for run in rows] == [COPY, "", COPY]


@pytest.mark.parametrize(
    ("change", "is_copy"),
    [
        ({"silicon_ttft_ms": 884.0000000001, "model_path": "the/same-by-another-name"}, True),  # written anew
        ({"silicon_ttft_ms": 884.004}, True),  # the other is rounded to 0.01 ms
        ({"silicon_ttft_ms": 884.02}, False),
        ({"silicon_tpot_ms": 17.52}, False),
        ({"id": "a_c64_x", "silicon_data_source": "db-dump; silicon_concurrency=64"}, False),
    ],
)
def test_copies_agree_to_a_hundredth_of_a_millisecond(tmp_path: Path, change: dict[str, object], is_copy: bool) -> None:
    _, other = table(tmp_path / "s.csv", AGGREGATED, AGGREGATED | change)
    assert (other.unusable == COPY) == is_copy


def test_who_ran_it_tells_how_lengths_were_drawn(tmp_path: Path) -> None:
    own = {"silicon_data_source": "source_file=h200_sxm/vllm/0.12.0/x.csv; silicon_concurrency=16"}
    public, other = table(tmp_path / "s.csv", AGGREGATED, AGGREGATED | own)
    assert (public.setup.campaign, public.setup.shortest, public.setup.longest) == ("InferenceX", 0.8, 1.0)
    assert (other.setup.campaign, other.setup.shortest, other.setup.longest) == ("aiconfigurator", 0.9, 1.1)


R1 = {"model_path": "deepseek-ai/DeepSeek-R1", "system": "b200_sxm", "tp_size": 8, "moe_ep_size": 1}
LLAMA = {"model_path": "meta-llama/Llama-3.1-70B", "backend": "trtllm", "isl": 1024}


@pytest.mark.parametrize(
    ("change", "held"),
    [
        (R1 | {"backend_version": "0.5.6"}, "polls for requests every 10 to 30 steps"),
        (R1 | {"mode": "disagg"}, ""),
        (LLAMA, "holds prompts back"),
        (LLAMA | {"tp_size": 8}, ""),
        (LLAMA | {"isl": 8192}, ""),
        (LLAMA | {"silicon_data_source": "source_file=h200_sxm/x.csv; silicon_concurrency=32"}, ""),
    ],
)
def test_first_tokens_that_a_server_holds_back_are_told(tmp_path: Path, change: dict[str, object], held: str) -> None:
    (run,) = table(tmp_path / "s.csv", AGGREGATED | change)
    assert run.held.startswith(held)
    assert bool(run.held) == bool(held)


def test_rows_of_one_set_up_that_differ_much_are_told(tmp_path: Path) -> None:
    alike, unlike = (
        table(tmp_path / "s.csv", AGGREGATED, AGGREGATED | {"silicon_tpot_ms": tpot}) for tpot in (25.0, 27.0)
    )
    assert [warned(run, "another row of the very same set-up") for run in alike + unlike] == [False] * 2 + [True] * 2


def test_the_published_rows_and_why_some_cannot_be_used(runs: list[Served]) -> None:
    assert len(runs) == 3899
    assert Counter(run.unusable for run in runs) == {
        "": 2064,
        COPY: 960,
        INSTANCES: 652,
        "multi-token prediction, or not known whether": 156,
        "its columns give more GPUs than its id, or than a server has": 21,
        "concurrency and batch size disagree, and the number of replicas is not stated": 18,
        "the concurrency is not stated": 16,
        "tensor and data parallel width are equal: whether that is N or N x N GPUs is not sure": 12,
    }


def test_every_published_row_that_can_be_used_says_what_is_needed(runs: list[Served]) -> None:
    measurements: Counter[tuple[float, float]] = Counter()
    for run in (run for run in runs if not run.unusable):
        assert run.typical("ttft")
        assert run.typical("tpot")
        assert run.setup.concurrency
        assert run.setup.gpus
        assert run.setup.isl
        assert run.setup.osl
        assert run.setup.hardware.startswith("gb") or run.setup.mode != "aggregated" or run.setup.gpus <= 8
        measurements[run.stated["ttft"][TYPICAL], run.stated["tpot"][TYPICAL]] += 1
    assert max(measurements.values()) == 1


def test_damaged_files_say_where(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"s\.csv:3: silicon_ttft_ms 'slow' is no number"):
        table(tmp_path / "s.csv", AGGREGATED, AGGREGATED | {"silicon_ttft_ms": "slow"})
    with pytest.raises(InputError, match=r"s\.csv:2: tp_size '-4' is out of range"):
        table(tmp_path / "s.csv", AGGREGATED | {"tp_size": -4})
    with pytest.raises(InputError, match=r"s\.csv: holds no run"):
        table(tmp_path / "s.csv")
    (tmp_path / "s.csv").write_text("backend,silicon_ttft_ms,silicon_tpot_ms\nvllm,1,2\n")
    with pytest.raises(InputError, match=r"s\.csv:1: has no column 'model_path'"):
        served.read(tmp_path / "s.csv")
