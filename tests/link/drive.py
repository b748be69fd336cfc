"""Drives a link alone, without any other part of the simulator."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from typing import Any

from paasim.core.kernel import Environment
from paasim.core.release import Release
from paasim.link.access import Access
from paasim.link.plain.duplex import DuplexLink
from paasim.link.shared import SharedSpec
from tests.link.reference import Job


def shared(env: Environment, rate: float = 100.0, rtt: float = 0.0, **more: Any) -> DuplexLink:
    """A shared link of `rate` bytes/s."""
    spec = SharedSpec(between=("a", "b"), bandwidth=f"{rate * 8!r} bps", rtt=f"{rtt!r} s", **more)
    return spec.build(env, "link")


def finishes(jobs: Sequence[Job], rate: float, access: dict[int, float], probe: Iterable[float] = ()) -> list[float]:
    """When each job's last byte arrives over a shared link without delay; `totals` are read at the times of `probe`."""
    env = Environment()
    link = shared(env, rate)
    devices = {device: Access(limit, limit, 0.0) for device, limit in access.items()}
    times = [0.0] * len(jobs)

    def one(i: int, job: Job) -> Generator[Any, Any, None]:
        yield env.timeout(job.start)
        yield link.transfer(job.size, job.release, True, None if job.device is None else devices[job.device])
        times[i] = env.now

    def look(time: float) -> Generator[Any, Any, None]:
        yield env.timeout(time)
        link.totals(env.now)

    for i, job in enumerate(jobs):
        env.process(one(i, job))
    for time in probe:
        env.process(look(time))
    env.run()
    assert abs(link.totals(env.now)["bytes"] - sum(job.size for job in jobs)) < 1e-6 * sum(job.size for job in jobs)
    return times


def whole(now: float) -> Release:
    """All bytes ready at once."""
    return Release(now, 0.0, 0.0, 1)
