"""What holds on any link, whatever the flows."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paasim.core.kernel import Environment
from paasim.link.access import Access
from tests.link.drive import shared
from tests.link.reference import Job
from tests.link.test_against_reference import RATE, jobs, times


def watch(some: list[Job], at: list[float], limit: float | None = None) -> list[dict[str, float]]:
    """What the link's totals are at some times, each job going forward and backward."""
    env = Environment()
    link = shared(env, RATE)
    devices = [None if limit is None else Access(limit, limit, 0.0) for _ in range(10)]
    seen: list[dict[str, float]] = []

    def one(job: Job) -> Any:
        yield env.timeout(job.start)
        access = devices[job.device or 0]
        there, back = (link.transfer(job.size, job.release, forward, access) for forward in (True, False))
        yield there
        yield back

    def look() -> Any:
        for time in at:
            yield env.timeout(time - env.now)
            seen.append(link.totals(env.now))

    for job in some:
        env.process(one(job))
    env.process(look())
    env.run()
    seen.append(link.totals(env.now))
    return seen


def sent_by(some: list[Job], time: float) -> float:
    """Bytes that a link which never idles while there is something to send has sent by `time`."""
    steps = sorted(step for job in some for step in job.steps)
    now = backlog = sent = 0.0
    for moment, size in [(m, s) for m, s in steps if m <= time] + [(time, 0.0)]:
        gone = min(backlog, RATE * (moment - now))
        sent, backlog, now = sent + gone, backlog - gone + size, moment
    return sent


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.lists(jobs(0), min_size=1, max_size=6), st.lists(times, min_size=1, max_size=6, unique=True))
def test_a_link_works_while_there_is_work_and_its_totals_are_exact_at_any_time(
    some: list[Job], at: list[float]
) -> None:
    at.sort()
    seen = watch(some, at)
    for time, totals in zip(at, seen, strict=False):
        assert totals["bytes"] == pytest.approx(sent_by(some, time), rel=1e-9, abs=1e-6)
        assert totals["busy"] == pytest.approx(totals["bytes"] / RATE)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(
    st.lists(jobs(4), min_size=1, max_size=8),
    st.lists(times, min_size=2, max_size=8, unique=True),
    st.sampled_from([None, 20.0, 60.0]),
)
def test_never_more_than_capacity_and_all_that_was_sent(some: list[Job], at: list[float], limit: float | None) -> None:
    at.sort()
    seen = watch(some, at, limit)
    for (a, before), (b, after) in pairwise(zip(at, seen, strict=False)):
        assert -1e-6 <= after["bytes"] - before["bytes"] <= RATE * (b - a) * (1 + 1e-9) + 1e-6
        assert after["flows"] >= before["flows"] - 1e-9
    assert seen[-1]["bytes"] == pytest.approx(sum(job.size for job in some))
    assert seen[-1]["bytes_backward"] == pytest.approx(seen[-1]["bytes"])
