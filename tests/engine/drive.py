"""Runs the fast engine on the same jobs as the reference, with a small step-time law of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from paasim.core.kernel import Environment, spawn
from paasim.core.recorder import Recorder
from paasim.core.request import Request
from paasim.engine.batching.chunked import ChunkedSpec
from paasim.engine.batching.one_at_a_time import OneAtATimeSpec
from paasim.engine.batching.token_budget import TokenBudgetSpec
from paasim.engine.instance import Instance
from paasim.engine.memory import KvMemory
from paasim.engine.meter import Meter
from paasim.engine.pace import Pace
from paasim.profile.steps import DecodeCurve
from tests.engine.reference import Job


@dataclass
class Law:
    """prefill a + b*N + c*Q; decode piecewise linear in S with a knot; both monotone."""

    a: float = 0.004
    b: float = 1e-5
    c: float = 1e-9
    base: float = 0.008
    per: float = 1e-4
    slope: float = 2e-7
    knot: float = 3000.0
    steeper: float = 2.0
    request: float = 0.0
    can_prefill = can_decode = True

    def __post_init__(self) -> None:
        self._curves: dict[int, DecodeCurve] = {}

    def prefill(self, n: int, q: float) -> float:
        return self.a + self.b * n + self.c * q

    def curve(self, b: int) -> DecodeCurve:
        if b not in self._curves:
            first = self.base + self.per * b
            values = [first, first + self.slope * self.knot]
            self._curves[b] = curve = DecodeCurve([0.0, self.knot], values, self.slope * self.steeper)
            # Exactly the slope that was asked for, which the values give back only rounded.
            curve.slopes[0] = self.slope
            curve.segments[0] = (0.0, first, self.slope, self.knot)
        return self._curves[b]

    def decode(self, b: int, s: float) -> float:
        curve = self.curve(b)
        j = 1 if s >= self.knot else 0
        return float(curve.values[j] + curve.slopes[j] * (s - curve.knots[j]))

    def mixed(self, n: int, q: float, b: int, s: float) -> float:
        return self.prefill(n, q) + self.decode(b, s) - self.base / 2

    def prefill_outside(self, n: int, q: float) -> bool:
        return False

    def decode_outside(self, b: int, s: float) -> bool:
        return False


def batching(policy: str, budget: int) -> Any:
    """The fast engine's policy of that name."""
    if policy == "one-at-a-time":
        return OneAtATimeSpec().build()
    if policy == "token-budget":
        return TokenBudgetSpec(max_tokens=budget).build()
    return ChunkedSpec(chunk=budget).build()


def drive(
    jobs: list[Job],
    *,
    steps: Any,
    role: str,
    policy: str,
    budget: int,
    tokens: float,
    block: int,
    max_seqs: int,
    windows: list[tuple[int, float]],
    entry: int = 0,
    pace: Pace | None = None,
) -> tuple[list[Request], Instance, Recorder, Environment]:
    """Serve the jobs in the fast engine; returns the stamped requests."""
    env = Environment()
    recorder = Recorder()
    instance = Instance(
        env,
        "it",
        recorder=recorder,
        meter=Meter(),
        steps=steps,
        windows=windows,
        memory=KvMemory(tokens, block, entry),
        batching=batching(policy, budget),
        max_seqs=max_seqs,
        pace=pace,
    )
    requests = [Request(j.index, 0, j.time, j.prompt, j.output) for j in jobs]

    def life(job: Job, request: Request) -> Any:
        yield env.pause(job.time)
        request.uplink_end = env.now
        request.left = job.output if job.decode_first else job.output - 1
        if role == "decode":
            room = instance.reserve(request)
            if room is not None:
                yield room
            yield env.pause(job.delay)
            yield instance.decode(request)
        elif role == "prefill":
            yield instance.submit(request)
            request.finish = env.now
            yield env.pause(job.delay)
            instance.release(request)
        else:
            request.stays = True
            yield instance.submit(request)

    for job, request in zip(jobs, requests, strict=True):
        spawn(life(job, request))
    env.run()
    return requests, instance, recorder, env
