"""The fast engine gives the same times as a step-by-step reference, in every role and policy, to 1e-9."""

from __future__ import annotations

from collections import Counter
from math import inf, isnan
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paasim.profile.service import Speculation
from paasim.profile.speculation import SpeculatingSteps
from tests.engine.drive import Law, drive
from tests.engine.reference import Job, Reference

ROLES = ("prefill", "decode", "mixed", "device")
POLICIES = ("one-at-a-time", "token-budget", "chunked")


def near(fast: float, slow: float) -> bool:
    if isnan(fast) or slow == inf:
        return isnan(fast) and slow == inf
    return abs(fast - slow) <= 1e-9 * max(1.0, abs(slow))


@st.composite
def cases(draw: st.DrawFn, dyadic: bool = False, tight: bool = False) -> dict[str, object]:
    role = draw(st.sampled_from(("decode", "mixed") if tight else ROLES))
    policy = "one-at-a-time" if role == "device" else draw(st.sampled_from(POLICIES))
    count = draw(st.integers(6 if tight else 1, 14))
    block = draw(st.sampled_from([1, 4, 16]))
    jobs = []
    time = 0.0
    for i in range(count):
        if dyadic:
            time += draw(st.integers(0, 24)) / 64
            delay = draw(st.integers(1, 16)) / 64
        else:
            time += draw(st.integers(0, 400_000)) * 1.0000137e-6
            delay = draw(st.integers(1, 300_000)) * 1.0000219e-6
        # In the dyadic case a prompt takes a multiple of 1/64 s, as arrivals and decode steps do.
        prompt = 64 * draw(st.integers(1, 14)) if dyadic else draw(st.integers(1, 200 if tight else 900))
        output = draw(st.integers(100, 400) if tight else st.integers(1, 120))
        jobs.append(dict(index=i, time=time, prompt=prompt, output=output, delay=delay))
    decode_first = draw(st.booleans())
    largest = max(j["prompt"] + j["output"] for j in jobs)
    roomy = draw(st.sampled_from([1.0, 1.1, 1.3] if tight else [1.0, 1.3, 2.5, 6.0, None]))
    tokens = inf if roomy is None else (int(largest * roomy) // block + 1) * block
    windows = draw(st.sampled_from([[], [(0, 1.0)], [(0, 0.5), (128, 0.5)], [(64, 0.25), (256, 0.75)]]))
    law = (
        dict(a=1 / 64, b=1 / 4096, c=0.0, base=1 / 64, per=0.0, slope=0.0)
        if dyadic
        else dict(slope=draw(st.sampled_from([0.0, 2e-7, 1e-5])), steeper=draw(st.sampled_from([1.0, 3.0])))
    )
    return dict(
        role=role,
        policy=policy,
        jobs=[j | {"decode_first": decode_first} for j in jobs],
        budget=draw(st.sampled_from([64, 256, 1024])),
        tokens=tokens,
        block=block,
        max_seqs=1 if role == "device" else draw(st.sampled_from([4, 64] if tight else [1, 2, 4, 64])),
        windows=windows,
        law=law,
    )


def compare(case: dict[str, object], speculation: Speculation | None = None) -> list[Job]:
    """Serve the case in both engines; returns the jobs as the reference served them."""
    jobs = [Job(**j) for j in case["jobs"]]  # type: ignore[arg-type,union-attr]
    if case["role"] == "decode":
        # A request with no step to do at the decode side never goes there.
        jobs = [j for j in jobs if j.decode_first or j.output > 1]
    law: Any = Law(**case["law"])  # type: ignore[arg-type]
    if speculation is not None:
        law = SpeculatingSteps(law, speculation)
    block, tokens = case["block"], case["tokens"]
    slow = Reference(
        law,
        case["role"],
        case["policy"],
        case["budget"],
        tokens if tokens == inf else tokens // block,  # type: ignore[operator]
        block,
        case["max_seqs"],
        case["windows"],
    )  # type: ignore[arg-type]
    slow.run(jobs)
    fast_jobs = [Job(**j) for j in case["jobs"]]  # type: ignore[arg-type,union-attr]
    if case["role"] == "decode":
        fast_jobs = [j for j in fast_jobs if j.decode_first or j.output > 1]
    requests, instance, _, env = drive(
        fast_jobs,
        steps=law,
        role=case["role"],  # type: ignore[arg-type]
        policy=case["policy"],  # type: ignore[arg-type]
        budget=case["budget"],  # type: ignore[arg-type]
        tokens=tokens,  # type: ignore[arg-type]
        block=block,  # type: ignore[arg-type]
        max_seqs=case["max_seqs"],  # type: ignore[arg-type]
        windows=case["windows"],  # type: ignore[arg-type]
    )
    for request, job in zip(requests, jobs, strict=True):
        seen = (request.prefill_start, request.prefill_end, request.first_step, request.second_step, request.finish)
        if case["role"] == "decode":
            seen = seen[2:]
            want: tuple[float, ...] = (job.first_step, job.second_step, job.finish)
        else:
            want = (job.prefill_start, job.prefill_end, job.first_step, job.second_step, job.finish)
        assert all(near(f, s) for f, s in zip(seen, want, strict=True)), (job, seen, want)
        assert request.preemptions == job.preempted
    # Nothing is left behind.
    assert instance.memory.pinned == 0
    assert instance.decoding.count == 0
    assert instance.decoding.tokens == 0
    assert instance.seqs == 0
    assert instance.load == 0
    totals = instance.ledger._meter.totals(env.now)
    assert instance.ledger._meter.queue == instance.ledger._meter.running == instance.ledger._meter.busy == 0
    assert instance.kv_tokens(env.now) == 0
    assert totals["busy"] <= env.now + 1e-9
    return jobs


MANY = 4 * settings.default.max_examples
"""400; `HYPOTHESIS_PROFILE=long` takes many more."""


def count(case: dict[str, object], jobs: list[Job], times: Counter[str]) -> None:
    """Count what occurred, so that a search that looks at nothing does not pass."""
    role = str(case["role"])
    times[f"preempted as {role}"] += any(job.preempted for job in jobs)
    times["preempted twice"] += any(job.preempted > 1 for job in jobs)
    windows = [window for window, _ in case["windows"] if window]  # type: ignore[attr-defined]
    times["window filled"] += any(j.prompt < w < j.prompt + j.output - 1 for j in jobs for w in windows)
    ends = {time for job in jobs for time in (job.prefill_end, job.first_step, job.second_step, job.finish)}
    times["at a boundary"] += any(job.time in ends for job in jobs)


def test_random_workloads() -> None:
    times: Counter[str] = Counter()

    @settings(max_examples=MANY)
    @given(cases())
    def search(case: dict[str, object]) -> None:
        count(case, compare(case), times)

    search()
    assert times["window filled"] >= 30, times


@pytest.mark.parametrize(("tokens", "cost"), [(2.7, 1.15), (1.0, 1.3)])
def test_random_workloads_with_speculative_decoding(tokens: float, cost: float) -> None:
    drafts = Speculation(tokens_per_step=tokens, step_cost=cost, source="assumed")

    @settings(max_examples=MANY // 4)
    @given(cases())
    def search(case: dict[str, object]) -> None:
        compare(case, drafts)

    search()


def test_memory_pressure() -> None:
    times: Counter[str] = Counter()

    @settings(max_examples=MANY // 2)
    @given(cases(tight=True))
    def search(case: dict[str, object]) -> None:
        count(case, compare(case), times)

    search()
    for what in ("preempted as decode", "preempted as mixed", "preempted twice", "window filled"):
        assert times[what] >= 15, (what, times)


def test_arrivals_exactly_at_step_boundaries() -> None:
    times: Counter[str] = Counter()

    @settings(max_examples=MANY)
    @given(cases(dyadic=True))
    def search(case: dict[str, object]) -> None:
        count(case, compare(case), times)

    search()
    assert times["at a boundary"] >= 30, times


@pytest.mark.parametrize("role", ROLES)
def test_one_request_alone(role: str) -> None:
    compare(
        dict(
            role=role,
            policy="one-at-a-time",
            jobs=[dict(index=0, time=0.5, prompt=100, output=50, delay=0.1, decode_first=False)],
            budget=512,
            tokens=inf,
            block=16,
            max_seqs=1,
            windows=[],
            law={},
        )
    )
