"""Streams over a graph of channels as brute force: from moment to moment, all of them each time. Slow and plain."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

from paasim.core.release import Release
from paasim.link.curve import Curve


@dataclass
class Steps:
    """A capacity that changes at set times, for the reference."""

    times: list[float]
    rates: list[float]

    def rate(self, time: float) -> float:
        return self.rates[max(bisect_right(self.times, time) - 1, 0)]

    def curve(self) -> Curve:
        """The same for the mesh."""
        return Curve(self.times, self.rates)


@dataclass
class Trip:
    """A transfer for the reference and for the mesh."""

    start: float
    size: float
    release: Release
    path: tuple[str, ...]
    cap: float = inf
    weight: float = 1.0
    priority: int = 0
    window: float = inf
    rounds: int = 0
    round_trip: float = 0.0
    finish: float = inf
    sent: float = 0.0

    def allowed(self, time: float) -> float:
        """Bytes that may have left by `time`: made, and let go by the windows."""
        if time < self.start:
            return 0.0
        r = self.release
        made = r.head * self.size if time >= r.start else 0.0
        part = (self.size - r.head * self.size) / r.parts
        moments = [r.ready_at(i) for i in range(r.parts)]
        made += sum(part for moment in moments if moment <= time)
        if moments[-1] <= time and time >= r.start:
            made = self.size
        done = sum(1 for k in range(1, self.rounds + 1) if self.start + k * self.round_trip <= time)
        return min(made, inf if done >= self.rounds else self.window * (2.0 ** (done + 1) - 1.0))

    def moments(self) -> list[float]:
        """When `allowed` may change."""
        r = self.release
        found = [r.start, *(r.ready_at(i) for i in range(r.parts))]
        found += [self.start + k * self.round_trip for k in range(1, self.rounds + 1)]
        return [max(moment, self.start) for moment in found] + [self.start]


def max_min(trips: Sequence[Trip], capacity: Mapping[str, float]) -> list[float]:
    """Progressive filling by priority: raise all rates per weight together, stop those that reach a bound, go on."""
    rates = [0.0] * len(trips)
    room = dict(capacity)
    for priority in sorted({trip.priority for trip in trips}):
        going = {i for i, trip in enumerate(trips) if trip.priority == priority}
        while going:
            steps = {}
            for name in room:
                weight = sum(trips[i].weight for i in going if name in trips[i].path)
                if weight:
                    steps[name] = max(room[name], 0.0) / weight
            caps = {i: (trips[i].cap - rates[i]) / trips[i].weight for i in going}
            step = min([*steps.values(), *caps.values()])
            full = {name for name, value in steps.items() if value <= step * (1 + 1e-12)}
            for i in going:
                rates[i] += step * trips[i].weight
                for name in trips[i].path:
                    room[name] -= step * trips[i].weight
            going = {i for i in going if caps[i] > step * (1 + 1e-12) and not full & set(trips[i].path)}
    return rates


@dataclass
class Run:
    """What the reference found."""

    finishes: list[float]
    bytes: dict[str, float] = field(default_factory=dict)
    intervals: list[tuple[float, float, list[Trip], list[float], dict[str, float]]] = field(default_factory=list)


def simulate(trips: Sequence[Trip], channels: Mapping[str, Steps], until: float = 1e9) -> Run:
    """When each trip's last byte leaves."""
    run = Run([inf] * len(trips), dict.fromkeys(channels, 0.0))
    for trip in trips:
        trip.sent = 0.0
    moments = sorted({m for trip in trips for m in trip.moments()} | {t for c in channels.values() for t in c.times})
    now = 0.0
    while now < until:
        capacity = {name: steps.rate(now) for name, steps in channels.items()}
        busy = [(i, trip) for i, trip in enumerate(trips) if run.finishes[i] == inf and trip.allowed(now) > trip.sent]
        rates = max_min([trip for _, trip in busy], capacity)
        dry = [
            now + (trip.allowed(now) - trip.sent) / rate if rate > 0 else inf
            for (_, trip), rate in zip(busy, rates, strict=True)
        ]
        then = min([*dry, *(m for m in moments if m > now)], default=inf)
        if then == inf:
            break
        run.intervals.append((now, then, [trip for _, trip in busy], rates, capacity))
        for (i, trip), rate, end in zip(busy, rates, dry, strict=True):
            target = trip.allowed(now)
            trip.sent = target if end <= then else min(trip.sent + rate * (then - now), target)
            for name in trip.path:
                run.bytes[name] += rate * (then - now)
            if trip.sent >= trip.size:
                run.finishes[i] = then
        now = then
    return run
