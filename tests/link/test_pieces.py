"""Transfers told by a feed, and transfers that are given up, beside others: exact for all of them."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paasim.core.kernel import Environment, Moment
from paasim.core.release import Feed, Release
from paasim.link.access import Access
from tests.link.drive import shared, whole
from tests.link.reference import Job, simulate

RATE = 100.0
times = st.integers(0, 60).map(lambda i: i / 4)
sizes = st.integers(1, 400).map(float)


@st.composite
def jobs(draw: st.DrawFn) -> Job:
    start = draw(times)
    release = whole(start)
    if draw(st.booleans()):
        parts = draw(st.integers(1, 6))
        release = Release(
            start, draw(times), draw(st.sampled_from([0.25, 1.0, 3.0])), parts, draw(st.sampled_from([0.0, 0.5]))
        )
    return Job(start, draw(sizes), release, draw(st.sampled_from([None, None, 0, 1])))


def fed(env: Environment, link: Any, job: Job, device: Access | None) -> Generator[Any, Any, None]:
    """Send a job by a feed that is told its parts one by one; its end is left in `finish`."""
    feed = Feed()
    steps = list(job.steps)

    def tell() -> Generator[Any, Any, None]:
        for i, (time, size) in enumerate(steps):
            if time > env.now:
                yield env.timeout(time - env.now)
            feed.give(size, i == len(steps) - 1)

    yield env.timeout(job.start)
    env.process(tell())
    yield link.transfer(0.0, feed, True, device)
    job.finish = env.now


@given(st.lists(st.tuples(jobs(), st.booleans()), min_size=1, max_size=8), st.sampled_from([{}, {0: 30.0, 1: 250.0}]))
def test_a_feed_is_the_flow_with_the_same_staircase(chosen: list[tuple[Job, bool]], access: dict[int, float]) -> None:
    if not access:
        for job, _ in chosen:
            job.device = None
    env = Environment()
    link = shared(env, RATE)
    devices = {device: Access(limit, limit, 0.0) for device, limit in access.items()}
    got = [Job(job.start, job.size, job.release, job.device) for job, _ in chosen]

    def known(job: Job) -> Generator[Any, Any, None]:
        yield env.timeout(job.start)
        yield link.transfer(job.size, job.release, True, None if job.device is None else devices[job.device])
        job.finish = env.now

    for job, (_, by_feed) in zip(got, chosen, strict=True):
        device = None if job.device is None else devices[job.device]
        env.process(fed(env, link, job, device) if by_feed else known(job))
    env.run()
    want = simulate([job for job, _ in chosen], RATE, access)
    assert [job.finish for job in got] == pytest.approx(want, rel=1e-9, abs=1e-9)
    assert link.totals(env.now)["bytes"] == pytest.approx(sum(job.size for job in got), rel=1e-9)


@given(
    st.lists(jobs(), min_size=1, max_size=6),
    times,
    sizes,
    times,
    st.sampled_from([None, 0]),
    st.booleans(),
    st.sampled_from([{0: 30.0, 1: 250.0}, {0: 30.0, 1: 20.0}]),
)
def test_what_is_given_up_leaves_the_others_as_if_it_had_been_no_longer(
    others: list[Job],
    start: float,
    size: float,
    wait: float,
    device: int | None,
    by_feed: bool,
    access: dict[int, float],
) -> None:
    """A whole transfer given up at some time is, to the others, one of the bytes that it had sent by then."""
    env = Environment()
    link = shared(env, RATE)
    devices = {number: Access(limit, limit, 0.0) for number, limit in access.items()}
    ends = [0.0] * len(others)
    sent: list[float] = []

    def one(i: int, job: Job) -> Generator[Any, Any, None]:
        yield env.timeout(job.start)
        yield link.transfer(job.size, job.release, True, None if job.device is None else devices[job.device])
        ends[i] = env.now

    def given_up() -> Generator[Any, Any, None]:
        yield env.timeout(start)
        feed = Feed()
        feed.give(size, True)
        release = feed if by_feed else whole(start)
        event: Moment = link.transfer(size, release, True, None if device is None else devices[device])
        yield env.timeout(wait)
        if event.callbacks is not None:
            event.callbacks.append(lambda _: sent.append(-1.0))
            sent.append(min(link.cancel(event, True), size))
        else:
            sent.append(size)

    for i, job in enumerate(others):
        env.process(one(i, job))
    env.process(given_up())
    env.run()
    assert len(sent) == 1 or sent[0] == size, "it was given up and came"
    left = sent[0]
    same = [Job(job.start, job.size, job.release, job.device) for job in others]
    if left > 0.0:
        same.append(Job(start, left, whole(start), device))
    want = simulate(same, RATE, access)[: len(others)]
    assert ends == pytest.approx(want, rel=1e-9, abs=1e-6)
    total = sum(job.size for job in others) + left
    assert link.totals(env.now)["bytes"] == pytest.approx(total, rel=1e-9)


def test_a_transfer_that_waits_for_its_bytes_can_be_given_up() -> None:
    env = Environment()
    link = shared(env, RATE)
    event = link.transfer(50.0, Release(5.0, 1.0, 1.0, 2, 0.5), True)

    def stop() -> Generator[Any, Any, None]:
        yield env.timeout(1.0)
        assert link.cancel(event, True) == 0.0

    env.process(stop())
    env.run()
    assert event.callbacks is not None
    assert link.totals(env.now)["bytes"] == 0.0
    assert link.totals(env.now)["flows"] == 0.0


def test_the_share_of_a_transfer_that_goes_on() -> None:
    env = Environment()
    link = shared(env, RATE)
    feed = Feed()
    event = link.transfer(0.0, feed, True)
    assert link.share(True, None, event) == RATE  # idle: as one more flow
    feed.give(500.0)
    link.transfer(500.0, whole(0.0), True)
    assert link.share(True) == pytest.approx(RATE / 3)
    assert link.share(True, None, event) == pytest.approx(RATE / 2)
    assert link.unsent(event) == 500.0
