"""The wired world of one run: pools, fleets, links and routes, the requests to come, and what is recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from paasim.core.recorder import Levels, Recorder, Records
from paasim.core.request import Request, RequestView

if TYPE_CHECKING:
    from paasim.core.kernel import Environment
    from paasim.router.policy import Router
    from paasim.scenario.way import Way

SAMPLES = 512
"""Samples of levels per run: at twice as many, every other one is dropped and the period doubled."""


@dataclass(frozen=True)
class Resource:
    """A pool, fleet or link whose levels are recorded (see `paasim.core.recorder.Levels`)."""

    name: str
    kind: str
    servers: int
    capacity: Mapping[str, float]
    totals: Callable[[float], Mapping[str, float]]


class World:
    """Everything that one replication needs, made by `paasim.scenario.builder.build`.

    Attributes:
        ways: the scenario's routes at work, in its order; `router` chooses among them by position.
        sources: open-loop requests in the order of arrival, one iterator per stream.
        users: of closed loops: when each starts, s, and the (think time, request) pairs that the users of its class
            take in turn.
        horizon: time after which closed-loop users ask no more, s; `most`: requests that may arrive in all.
    """

    def __init__(self, env: Environment, recorder: Recorder, *, horizon: float, most: float, period: float) -> None:
        self.env = env
        self.recorder = recorder
        self.horizon = horizon
        self.most = most
        self.sample_period = period
        self.ways: list[Way] = []
        self.router: Router
        self.only_way: int | None = None
        """The route of all requests, where the router has no choice."""
        self.resources: list[Resource] = []
        self.sources: list[Iterator[Request]] = []
        self.users: list[tuple[float, Iterator[tuple[float, Request]]]] = []
        self.classes: list[str] = []
        self.levels: list[str] = []
        """Levels of adaptive codecs, route by route."""
        self.sources_left = 0
        self.arrived = 0
        self._arrivals_end = 0.0
        self._ended = 0.0
        self._under_way: dict[int, Request] = {}
        self._times: list[float] = []
        self._totals: list[list[Mapping[str, float]]] = []

    def choose(self, r: Request) -> int:
        """The route that the router takes for a request, of which it sees what a real one would."""
        if self.only_way is not None:
            return self.only_way
        return self.router.choose(RequestView(r), self.env.now)

    def begin(self, r: Request) -> None:
        """Count a request that arrives now."""
        r.index = self.arrived
        self.arrived += 1
        self._under_way[r.index] = r
        self._arrivals_end = r.arrival

    def end(self, r: Request, outcome: int, reason: str = "") -> None:
        """Write down a request that is served or dropped, and forget it."""
        r.outcome = outcome
        r.reason = reason
        self._ended = self.env.now
        del self._under_way[r.index]
        self.recorder.request(r)

    def is_open(self) -> bool:
        """Whether one more closed-loop request may arrive now."""
        return self.env.now < self.horizon and self.arrived < self.most

    def is_running(self) -> bool:
        """Whether requests are under way or still to come."""
        return bool(self.sources_left or self._under_way)

    def sample(self) -> None:
        """Note the totals of every resource as they are now."""
        now = self.env.now
        self._times.append(now)
        self._totals.append([resource.totals(now) for resource in self.resources])
        if len(self._times) >= 2 * SAMPLES:
            self._times = self._times[::2]
            self._totals = self._totals[::2]
            self.sample_period *= 2

    def records(self) -> Records:
        """Everything recorded; requests still under way are written down as unfinished."""
        end = max(self._ended, self._arrivals_end) if not self.is_running() else self.env.now
        for r in self._under_way.values():
            self.recorder.request(r)
        while self._times and self._times[-1] >= end:
            self._times.pop()
            self._totals.pop()
        self._times.append(end)
        self._totals.append([resource.totals(end) for resource in self.resources])
        return Records(
            requests=self.recorder.columns(),
            gaps=self.recorder.gap_columns(),
            resources=self._levels(),
            classes=self.classes,
            routes=[way.name for way in self.ways],
            first_token=["decode" if way.decode_first else "prefill" for way in self.ways],
            reasons=self.recorder.reasons,
            instances=self.recorder.instances,
            end=end,
            arrivals_end=self._arrivals_end,
            events=next(self.env._eid),
            levels=self.levels,
        )

    def _levels(self) -> list[Levels]:
        times = np.array(self._times)
        levels = []
        for i, resource in enumerate(self.resources):
            rows = [totals[i] for totals in self._totals]
            columns = {name: np.array([row[name] for row in rows]) for name in rows[0]}
            levels.append(
                Levels(resource.name, resource.kind, resource.servers, times, columns, dict(resource.capacity))
            )
        return levels
