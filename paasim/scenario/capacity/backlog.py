"""One engine with a backlog, step by step: what its batching policy makes of the requests.

The policy itself picks what each step holds; the profile says what the step takes. So long prompts are cut, short ones
share steps, and decoding shares the engine, as in a run; but there is no network and no router. Where KV memory
overflows, the sequence that joined last is preempted and computed again. Caches from elsewhere are taken as soon as
there is a slot.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice

import numpy as np

from paasim.core.request import Request
from paasim.engine.decoding import Decoding
from paasim.scenario.capacity.engine import Engine
from paasim.scenario.capacity.load import Load
from paasim.workload.population import SHUFFLE

MOST_STEPS = 8_000
"""Steps, or runs of decode steps, after which counting, and warming up, ends in any case."""


class Line(deque[Request]):
    """A queue that never empties, or, as long as it has a rate, fills at random moments; with no more, it ends."""

    def __init__(self, more: Iterator[Request], rate: float) -> None:
        super().__init__(islice(more, 1))
        self._more, self.rate = more, rate
        self._rng = np.random.Generator(np.random.PCG64(SHUFFLE))
        self.coming = float(self._rng.exponential(1.0 / rate)) if rate else 0.0
        """When the next one comes, s."""

    def popleft(self) -> Request:
        """Take the first one."""
        first = super().popleft()
        if not self and not self.rate:
            self.extend(islice(self._more, 1))
        return first

    def fill(self, now: float) -> None:
        """Let those in that have come by now."""
        while self.rate and self.coming <= now:
            self.append(next(self._more))
            self.coming += float(self._rng.exponential(1.0 / self.rate))

    def be_endless(self) -> None:
        """Let it never be empty from now on."""
        self.rate = 0.0
        if not self:
            self.extend(islice(self._more, 1))


@dataclass
class Tally:
    """What was done in the time that counts."""

    time: float = 0.0
    admitted: int = 0
    finished: int = 0
    runs: int = 0
    prompt_seconds: float = 0.0
    """What the prompts that were admitted would take alone."""
    decode_steps: int = 0
    """Decode steps that the requests that were admitted ask for."""
    sequence_seconds: float = 0.0
    prompt_tokens: int = 0
    prompt_steps: int = 0
    block_seconds: float = 0.0


class Backlog:
    """The engine: it offers a batching policy what an instance would (`paasim.engine.batching.policy.Desk`)."""

    def __init__(
        self, engine: Engine, loads: Sequence[Load], turns: Sequence[tuple[int, int, int]], rate: float = 0.0
    ) -> None:
        self._engine, self._loads = engine, loads
        self._policy = engine.batching.build()
        self._turns = iter(cycle(turns))
        self._ready: deque[Request] = deque()
        self._only_decodes = not any(load.computes for load in loads)
        self.decoding = Decoding(engine.steps.plain, engine.steps.windows, engine.block)
        self.partial: list[Request] = []
        self._line = Line(iter(()) if self._only_decodes else self._prompts(), 0.0 if self._only_decodes else rate)
        self.waiting: deque[Request] = self._line
        self._seqs = self._pinned = 0
        self.tally = Tally()

    def warm_up(self) -> None:
        """Until every slot has been used twice, or as good as that."""
        while self._is_cold() and self.tally.runs < MOST_STEPS:
            self._line.fill(self.tally.time)
            if self.waiting or self.partial or self.decoding.count or self._only_decodes:
                self._advance()
            else:
                self.tally.time = self._line.coming
        self._line.be_endless()
        self.tally = Tally()

    def _is_cold(self) -> bool:
        enough = 2 * self._seqs + 32
        return self.tally.finished < enough or (self._line.rate > 0.0 and len(self.waiting) < enough)

    def measure(self, requests: int) -> Tally:
        """What is done until so many requests more have been admitted."""
        while self.tally.admitted < requests and (self.tally.runs < MOST_STEPS or not self.tally.admitted):
            self._advance()
        return self.tally

    # ---- what the policy sees ------------------------------------------------------------------------------------

    def new_tokens(self, request: Request) -> int:
        """Prompt tokens to compute."""
        return request.todo - self._cached(request)

    def admit(self, request: Request) -> bool:
        """Give a prompt a slot and memory; False if either is missing."""
        wanted = -(-request.todo // self._engine.block)
        if self._seqs >= self._engine.max_seqs or not self._has_room(wanted):
            return False
        self._pinned += wanted
        request.held = wanted
        self._seqs += 1
        if not request.again:
            request.done = cached = self._cached(request)
            request.todo -= cached
            self._count(request, self._engine.steps.prefill(request.todo, request.todo * (cached + request.todo / 2)))
        return True

    # ---- from step to step ---------------------------------------------------------------------------------------

    def _advance(self) -> None:
        decoding, tally = self.decoding, self.tally
        self._make_room()
        while self._is_next_welcome():
            request = self._ready.popleft()
            self._count(request, 0.0)
            self._seqs += 1
            self._join(request)
        batch = self._policy.pick(self)
        count, pinned = decoding.count, self._pinned
        seconds = self._step(batch) if batch else self._run()
        tally.runs += 1
        tally.time += seconds
        tally.sequence_seconds += count * seconds
        tally.block_seconds += pinned * seconds
        for request in decoding.finished():
            self._finish(request)
        self._end_prompts(batch)

    def _is_next_welcome(self) -> bool:
        """Whether a cache that is ready gets a slot and room; where nothing else comes, one is always ready."""
        if self._only_decodes:
            while not self._ready:
                self._ready.extend(self._caches(next(self._turns)))
            if self.waiting:  # preempted sequences come first
                return False
        ready = self._ready
        return bool(ready) and self._seqs < self._engine.max_seqs and self._has_room(self._blocks(ready[0]))

    def _run(self) -> float:
        """Seconds of a run of decode steps, up to a finish or an arrival that there is a slot for."""
        decoding, engine = self.decoding, self._engine
        decoding.plan(engine.steps.plain.curve(decoding.count), engine.blocks - self._pinned)
        steps = decoding.planned
        if self._line.rate and self._seqs < engine.max_seqs:
            left = (self._line.coming - self.tally.time) / engine.steps.decode_factor
            steps = max(1, min(steps, decoding.steps_by(left)))
        self._settle(steps)
        return engine.steps.decode_factor * decoding.time_of(steps)

    def _step(self, batch: list[tuple[Request, int]]) -> float:
        """Seconds of a step with prompt tokens."""
        steps, decoding = self._engine.steps, self.decoding
        n, q = 0, 0.0
        for request, new in batch:
            n += new
            q += new * (request.done + new / 2)
        self.tally.prompt_tokens += n
        self.tally.prompt_steps += 1
        if not decoding.count or not self._policy.mixes:
            return steps.prefill(n, q)
        seconds = steps.prompt_factor * steps.plain.mixed(n, q, decoding.count, decoding.attended)
        self._settle(1)
        return seconds

    def _settle(self, steps: int) -> None:
        """Count decode steps as done (as `Ledger.settle` does)."""
        decoding = self.decoding
        decoding.step += steps
        decoding.tokens += steps * decoding.count
        decoding.attended += steps * decoding.growth
        if decoding.crossings:
            decoding.next_crossing()

    def _end_prompts(self, batch: list[tuple[Request, int]]) -> None:
        held = {id(request) for request, _ in batch}
        partial = []
        for request, new in batch:
            request.todo -= new
            request.done += new
            if request.todo:
                partial.append(request)
                continue
            self._pinned -= request.held
            if request.again:
                request.left -= 1  # computing everything again gave the next token as well
            if not self._loads[request.klass].decodes or not request.left:
                self._finish(request)
            else:
                self._join(request)
        self.partial = partial + [request for request in self.partial if id(request) not in held]

    def _join(self, request: Request) -> None:
        """A sequence begins to decode."""
        request.shared = 0
        self.decoding.join(request, request.prompt + request.output - request.left, request.left)

    def _finish(self, request: Request) -> None:
        self._seqs -= 1
        self.tally.finished += 1

    def _count(self, request: Request, prompt_seconds: float) -> None:
        self.tally.admitted += 1
        self.tally.prompt_seconds += prompt_seconds
        self.tally.decode_steps += request.left

    # ---- memory --------------------------------------------------------------------------------------------------

    def _blocks(self, request: Request) -> int:
        return -(-(request.prompt + request.output - request.left) // self._engine.block)

    def _has_room(self, wanted: int) -> bool:
        decoding = self.decoding
        free = self._engine.blocks - self._pinned - wanted
        return free >= (decoding.blocks_at(0) if decoding.count else 0)

    def _make_room(self) -> None:
        """Preempt the sequences that joined last until the next step fits."""
        decoding = self.decoding
        while decoding.count > 1 and decoding.blocks_at(0) > self._engine.blocks - self._pinned:
            request = next(reversed(decoding.running))
            request.left = request.finish_step - decoding.step
            request.todo = decoding.leave(request)
            request.done, request.again = 0, request.again + 1
            self._seqs -= 1
            self.waiting.appendleft(request)

    # ---- what comes ----------------------------------------------------------------------------------------------

    def _cached(self, request: Request) -> int:
        prefix = self._loads[request.klass].prefix
        if prefix is None or request.again:
            return 0
        return min((request.prompt - 1) // prefix.block * prefix.block, prefix.most)

    def _prompts(self) -> Iterator[Request]:
        """Requests whose prompts are computed here; those that come with their KV stand ready on the way."""
        for turn in self._turns:
            if self._loads[turn[0]].computes:
                yield self._request(turn)
            else:
                self._ready.extend(self._caches(turn))

    def _caches(self, turn: tuple[int, int, int]) -> list[Request]:
        """The request, if anything of it is left to decode."""
        request = self._request(turn)
        return [request] if request.left else []

    def _request(self, turn: tuple[int, int, int]) -> Request:
        which, prompt, output = turn
        load = self._loads[which]
        request = Request(-1, which, 0.0, prompt, output)
        request.left = (output if load.decode_first else output - 1) if load.decodes else 0
        return request
