"""Sequences that decode together, many steps at a time in closed form.

With B sequences of total context S, a step lasts `v + m * (S - x)` on the segment of the profile's decode curve that S
lies on, and each step adds the set's growth g to S (g = B; less where sliding windows are full). So k steps last
`k*d + m*g*k*(k-1)/2`, d being the first step's duration, as long as no sequence finishes, no knot of the curve is
passed, no window fills and the KV blocks suffice: `plan` finds that k. Where an arrival cuts a run short, `steps_by`
finds the step boundary by an integer search around the root of the quadratic.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from heapq import heappop, heappush
from math import ceil, sqrt
from operator import mul
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from paasim.core.request import Request
    from paasim.profile.steps import DecodeCurve, StepTime

SAME_TIME = 1e-9
"""Two moments closer than this (s) count as one, so that rounding never moves an arrival across a step boundary."""


class Decoding:
    """The decoding sequences of one instance.

    Args:
        steps: the profile at work.
        windows: (window, weight) of the model's layer groups, window 0 = full attention; empty for plain models.
        block: tokens per KV block.
    """

    __slots__ = (
        "_block",
        "_finishes",
        "_joins",
        "_paddings",
        "_residues",
        "_steps",
        "_windows",
        "attended",
        "count",
        "crossings",
        "duration",
        "first",
        "growth",
        "increment",
        "planned",
        "running",
        "step",
        "tokens",
    )

    def __init__(self, steps: StepTime, windows: Sequence[tuple[int, float]], block: int) -> None:
        self._steps = steps
        plain = all(window == 0 for window, _ in windows)
        self._windows = () if plain else tuple(windows)
        self._block = block
        self._paddings = [[-(residue + shift) % block for residue in range(block)] for shift in range(block)]
        """By step mod block: what the sequences of each residue lack to a full block."""
        self._residues = [0] * block
        """Sequences by (own tokens - step) mod block: all move on together, so the class never changes."""
        self._finishes: list[tuple[int, int, Request]] = []
        self.crossings: list[tuple[int, int, Request, float]] = []
        self._joins = 0
        self.running: dict[Request, int] = {}
        """Sequence -> number of its joining, in the order of joining."""
        self.step = 0
        """Decode steps done so far."""
        self.count = 0
        self.tokens = 0
        """KV tokens of their own (without shared prefix entries) in the next step."""
        self.attended = 0.0
        """S of the next step."""
        self.growth = 0.0
        """What one step adds to S."""
        self.planned = 0
        self.first = self.increment = self.duration = 0.0

    def join(self, request: Request, context: int, left: int) -> None:
        """Take a sequence whose next step attends `context` tokens and that has `left` steps to do."""
        step = self.step
        self._joins = joined = self._joins + 1
        self.running[request] = joined
        request.context = context - step
        request.finish_step = finish = step + left
        heappush(self._finishes, (finish, joined, request))
        own = context - request.shared
        self.count += 1
        self.tokens += own
        self._residues[(own - step) % self._block] += 1
        if not self._windows:
            self.attended += context
            self.growth += 1
            return
        for window, weight in self._windows:
            if window == 0 or context < window:
                self.attended += weight * context
                self.growth += weight
                if window:
                    heappush(self.crossings, (step + window - context, joined, request, weight))
            else:
                self.attended += weight * window

    def leave(self, request: Request) -> int:
        """Let a sequence go; returns the context that its next step would attend."""
        del self.running[request]
        step = self.step
        context = request.context + step
        own = context - request.shared
        self.count -= 1
        self.tokens -= own
        self._residues[(own - step) % self._block] -= 1
        if not self.count:
            # Nothing is left: start clean, so that rounding never piles up.
            self.attended = self.growth = 0.0
        elif not self._windows:
            self.attended -= context
            self.growth -= 1
        else:
            for window, weight in self._windows:
                if window == 0 or context < window:
                    self.attended -= weight * context
                    self.growth -= weight
                else:
                    self.attended -= weight * window
        return context

    def finished(self) -> list[Request]:
        """Take out the sequences whose last step is done."""
        done: list[Request] = []
        finishes, running, step = self._finishes, self.running, self.step
        while finishes and finishes[0][0] <= step:
            _, joined, request = heappop(finishes)
            if running.get(request) == joined:
                self.leave(request)
                done.append(request)
        return done

    def next_finish(self) -> int:
        """Steps until the first sequence finishes."""
        finishes, running = self._finishes, self.running
        while running.get(finishes[0][2]) != finishes[0][1]:
            heappop(finishes)  # it was preempted
        return finishes[0][0] - self.step

    def blocks_at(self, steps: int) -> int:
        """KV blocks of their own during the step `steps` from now, exactly: sum of ceil(tokens / block)."""
        block, shift = self._block, self.step + steps
        padding: int = sum(map(mul, self._residues, self._paddings[shift % block]))
        return (self.tokens + steps * self.count + padding) // block

    def blocks_bound(self, steps: int) -> int:
        """At least `blocks_at(steps)`, at no cost."""
        return (self.tokens + (steps + self._block - 1) * self.count) // self._block

    def plan(self, curve: DecodeCurve, room: float) -> float:
        """Plan the longest run of steps in closed form, `room` being the KV blocks they may take.

        Returns its duration in seconds; `planned`, `first` and `increment` say how it is made.
        """
        s, growth = self.attended, self.growth
        finishes = self._finishes
        finish, joined, request = finishes[0]
        while self.running.get(request) != joined:
            heappop(finishes)  # it was preempted
            finish, joined, request = finishes[0]
        k = finish - self.step
        knot, value, slope, next_knot = curve.segments[bisect_right(curve.knots, s) - 1]
        self.first = first = value + slope * (s - knot)
        if s + (k - 1) * growth >= next_knot:
            k = max(1, min(k, ceil((next_knot - s) / growth)))
        if self.crossings:
            k = min(k, self.next_crossing())
        if (self.tokens + (k - 2 + self._block) * self.count) // self._block > room:
            k = self._steps_within(k, room)
        self.planned = k
        self.increment = increment = slope * growth
        self.duration = duration = k * first + increment * (k * (k - 1) // 2)
        return duration

    def slow_down(self, factor: float, longest: float) -> float:
        """Make every step of the planned run `factor` times as long, and the run no longer than `longest` seconds.

        Returns its duration; it keeps one step at least.
        """
        self.first *= factor
        self.increment *= factor
        if self.duration * factor > longest:
            # The first step is the shortest, so this many take `longest` or a little more.
            self.planned = max(1, min(self.planned, int(longest / self.first)))
        self.duration = duration = self.time_of(self.planned)
        return duration

    def next_crossing(self) -> int:
        """Steps until a sequence fills a sliding window, after which S grows more slowly."""
        crossings, running = self.crossings, self.running
        while crossings:
            step, joined, request, weight = crossings[0]
            if running.get(request) == joined:
                if step > self.step:
                    return step - self.step
                self.growth -= weight
            heappop(crossings)
        return 1 << 60

    def _steps_within(self, most: int, room: float) -> int:
        """How many of the next `most` steps fit into `room` blocks (at least one: the caller has made room)."""
        low, high = 1, most
        while low < high:
            middle = (low + high + 1) // 2
            if self.blocks_at(middle - 1) <= room:
                low = middle
            else:
                high = middle - 1
        return low

    def time_of(self, steps: int) -> float:
        """Seconds from the start of the planned run to the end of its first `steps` steps."""
        return steps * self.first + self.increment * (steps * (steps - 1) // 2)

    def steps_by(self, elapsed: float) -> int:
        """Index of the first step boundary of the planned run at or after `elapsed` seconds from its start."""
        first, increment = self.first, self.increment
        elapsed -= SAME_TIME
        if elapsed <= 0:
            return 0
        if increment > 0:
            linear = first - increment / 2
            guess = int((sqrt(linear * linear + 2 * increment * elapsed) - linear) / increment)
        else:
            guess = int(elapsed / first) if first > 0 else self.planned
        # The guess may be off by one or two, by truncation and by rounding.
        k = guess if guess < self.planned else self.planned
        while k > 0 and k * first + increment * (k * (k - 1) // 2) >= elapsed:
            k -= 1
        while k < self.planned and k * first + increment * (k * (k - 1) // 2) < elapsed:
            k += 1
        return k
