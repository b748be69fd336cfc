"""A calibration that was put in is found again, and what is held out is not used."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from paasim.core.errors import InputError
from paasim.study.calibration import calibrate as module
from paasim.study.calibration.calibrate import (
    ENGINE,
    PROFILE,
    calibrate,
    calibration_of,
    folds,
    held_out,
    respond,
    solve,
)
from paasim.study.calibration.misfit import errors, misfits
from paasim.study.calibration.serving import MeasuredRun, requests, scenario, serve

H100 = "h100-sxm/llama-3.1-8b/bf16/vllm/tp1"
GRID = [(prompt, output, users) for prompt in (512, 4096) for output in (64, 256) for users in (1, 4, 16)]


def served(prompt: int, output: int, users: int, truth, engine: str = "vllm", **more: object) -> MeasuredRun:
    """A run as an engine with a known calibration would have measured it."""
    run = MeasuredRun(engine, "llama-3.1-8b", "h100-sxm", H100, prompt, output, users, 1.0, 1.0, shortest=0.8, **more)
    ttft, tpot = serve(run, truth)
    return replace(run, ttft=ttft, tpot=tpot)


@pytest.fixture(scope="module")
def truth():
    return calibration_of(1.25, 1.5e-3, None, 0.03)


@pytest.fixture(scope="module")
def runs(truth) -> list[MeasuredRun]:
    return [served(*row, truth) for row in GRID]


def test_scale_overhead_and_request_are_recovered(runs: list[MeasuredRun], truth) -> None:
    found, _ = calibrate(runs, ENGINE)
    assert found.scale == pytest.approx(truth.scale, rel=0.02)
    assert found.overhead == pytest.approx(truth.overhead, rel=0.1)
    assert found.request == pytest.approx(truth.request, rel=0.1)
    assert found.prompt is None


def test_prompt_tokens_apart_are_recovered() -> None:
    apart = calibration_of(0.9, 5e-4, 1.6, 0.01)
    found, _ = calibrate([served(*row, apart) for row in GRID], PROFILE)
    assert found.scale == pytest.approx(apart.scale, rel=0.03)
    assert found.prompt == pytest.approx(apart.prompt, rel=0.03)


def test_one_wild_run_does_not_decide(runs: list[MeasuredRun], truth) -> None:
    wild = [replace(runs[0], tpot=runs[0].tpot * 5, ttft=runs[0].ttft / 5), *runs[1:]]
    found, _ = calibrate(wild, ENGINE)
    assert found.scale == pytest.approx(truth.scale, rel=0.1)


def test_held_out_runs_are_not_used(runs: list[MeasuredRun], truth) -> None:
    """With the runs of a group made absurd, what is predicted for that group stays as it was."""
    groups = ["a" if run.prompt == 512 and run.output == 64 else "b" for run in runs]
    response = respond(runs, truth, ENGINE)
    before = held_out(runs, groups, response)
    absurd = [replace(run, tpot=run.tpot * 9) if g == "a" else run for run, g in zip(runs, groups, strict=True)]
    after = held_out(absurd, groups, response)
    mine = [i for i, group in enumerate(groups) if group == "a"]
    assert [before[i] for i in mine] == [after[i] for i in mine]
    assert max(abs(before[i][1] / runs[i].tpot - 1) for i in mine) < 0.02
    assert [before[i] for i in range(len(runs)) if i not in mine] == [None] * (len(runs) - len(mine))


def test_response_is_exact_where_it_was_taken(runs: list[MeasuredRun], truth) -> None:
    response = respond(runs, truth, ENGINE)
    assert np.allclose(response.predict(response.at), [[run.ttft, run.tpot] for run in runs])
    assert solve(runs, response).scale == pytest.approx(truth.scale, rel=1e-3)


def test_too_few_runs_are_refused(runs: list[MeasuredRun]) -> None:
    with pytest.raises(InputError, match="too few"):
        calibrate(runs[: module.FEWEST - 1])


def test_ttft_that_cannot_be_compared_does_not_count(runs: list[MeasuredRun]) -> None:
    held = [replace(run, held="polls", ttft=99.0) for run in runs]
    times = {i: (run.ttft, run.tpot * 1.1) for i, run in enumerate(runs)}
    assert len(errors(held, times, "ttft")) == 0
    found = misfits(held, times)
    assert found.ttft is None
    assert found.tpot is not None
    assert found.tpot.median == pytest.approx(0.1)


def test_folds_are_even_and_the_same_every_time() -> None:
    labels = folds(23)
    assert labels == folds(23)
    assert sorted(labels.count(label) for label in set(labels)) == [4, 4, 5, 5, 5]


@pytest.mark.parametrize("engine", ["vllm", "sglang", "trtllm"])
def test_a_run_is_a_closed_loop_at_its_concurrency(engine: str) -> None:
    run = MeasuredRun(engine, "llama-3.1-8b", "h100-sxm", H100, 1000, 50, 4, 1.0, 1.0, shortest=0.8)
    made = scenario(run)
    assert made.run.requests == requests(4) == 40
    ttft, tpot = serve(run)
    assert 0 < tpot < ttft


def test_disaggregated_runs_have_two_pools() -> None:
    run = MeasuredRun("vllm", "llama-3.1-8b", "h100-sxm", H100, 2000, 50, 8, 1.0, 1.0, prefill=H100, prefill_workers=2)
    pools = scenario(run).sites["here"].pools
    assert pools["prefill"].instances == 2
    together = replace(run, prefill="")
    assert serve(run)[1] < serve(together)[1]


def test_the_request_overhead_delays_the_first_token_only() -> None:
    run = MeasuredRun("vllm", "llama-3.1-8b", "h100-sxm", H100, 1000, 50, 1, 1.0, 1.0)
    bare, late = serve(run), serve(run, calibration_of(1.0, 0.0, None, 0.25))
    assert late[0] - bare[0] == pytest.approx(0.25)
    assert late[1] == pytest.approx(bare[1])


def test_a_pool_names_a_calibration(tmp_path: Path) -> None:
    from paasim.scenario.loader import from_dict

    run = MeasuredRun("vllm", "llama-3.1-8b", "h100-sxm", H100, 1000, 50, 1, 1.0, 1.0)
    plain = scenario(run).expanded()
    plain["sites"]["here"]["pools"]["engine"]["calibration"] = "nobody"
    from paasim.scenario.checks import check

    with pytest.raises(InputError, match="calibration 'nobody' is unknown"):
        check(from_dict(plain))
