"""A fluid link as brute force: from event to event, all flows and all limits each time. Slow and plain on purpose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf

from paasim.core.release import Release


@dataclass
class Job:
    """A transfer for the reference and for the link under test."""

    start: float
    size: float
    release: Release
    device: int | None = None
    sent: float = 0.0
    ready: float = 0.0
    steps: list[tuple[float, float]] = field(default_factory=list)  # (time, bytes) still to be released
    finish: float = inf

    def __post_init__(self) -> None:
        head = self.release.head * self.size
        part = (self.size - head) / self.release.parts
        staircase = [(self.release.start, head)] if head else []
        staircase += [(self.release.ready_at(i), part) for i in range(self.release.parts)]
        self.steps = [(max(time, self.start), size) for time, size in staircase if size]


def max_min(flows: Sequence[tuple[int | None, ...]], limits: dict[int | None, float]) -> list[float]:
    """Progressive filling: raise all rates together, freeze those on a link that is full, go on with the rest."""
    rates = [0.0] * len(flows)
    open_ = set(range(len(flows)))
    while open_:
        room = {
            link: (limit - sum(rates[i] for i, path in enumerate(flows) if link in path)) / count
            for link, limit in limits.items()
            if (count := sum(1 for i in open_ if link in flows[i]))
        }
        step = min(room.values())
        full = {link for link, value in room.items() if value <= step * (1 + 1e-12)}
        for i in open_:
            rates[i] += step
        open_ = {i for i in open_ if not full & set(flows[i])}
    return rates


def simulate(jobs: Sequence[Job], capacity: float, access: dict[int, float]) -> list[float]:
    """When each job's last byte leaves."""
    limits: dict[int | None, float] = {None: capacity, **access}
    now = 0.0
    while True:
        for job in jobs:
            while job.steps and job.steps[0][0] <= now:
                job.ready += job.steps.pop(0)[1]
        busy = [job for job in jobs if job.ready > job.sent]
        rates = max_min([(None,) if job.device is None else (None, job.device) for job in busy], limits)
        dry = [now + (job.ready - job.sent) / rate for job, rate in zip(busy, rates, strict=True)]
        then = min([*dry, *(job.steps[0][0] for job in jobs if job.steps)], default=inf)
        if then == inf:
            return [job.finish for job in jobs]
        for job, rate, end in zip(busy, rates, dry, strict=True):
            job.sent += rate * (then - now)
            if end <= then or job.sent >= job.ready:
                job.sent = job.ready  # no crumbs of rounding
                if not job.steps:
                    job.finish = then
        now = then
