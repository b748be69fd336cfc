"""One serving instance, for every role: a waiting queue, a running set, one KV memory and one profile.

The instance moves from step boundary to step boundary. At a boundary it takes in sequences whose KV has come, asks its
batching policy which prompt tokens the next step holds, and starts the step, or, where there is only something to
decode, a whole run of steps in closed form (`decoding.py`). One SimPy time-out ends the step or run; an arrival inside
a run joins at the next step boundary exactly. Roles only limit what comes in: a prefill instance lets a request go
after its prompt, a decode instance takes it with its KV, a mixed one or a device does both.

Where KV memory overflows, the sequence that joined last is preempted and computed again (prompt and generated tokens)
when there is room, as vLLM does. During a step, a decoding sequence holds the blocks of its next step.
"""

from __future__ import annotations

from collections import deque
from heapq import heappush
from typing import TYPE_CHECKING

from paasim.core.kernel import LAST, Signal, Timer
from paasim.engine.decoding import SAME_TIME, Decoding
from paasim.engine.holder import IDLE, PATIENT, RUN, STEP, WAKING, Holder
from paasim.engine.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from paasim.core.kernel import Environment
    from paasim.core.recorder import Recorder
    from paasim.core.release import Progress
    from paasim.core.request import Request
    from paasim.engine.batching.policy import Batching
    from paasim.engine.memory import KvMemory
    from paasim.engine.meter import Meter
    from paasim.engine.pace import Pace
    from paasim.profile.steps import DecodeCurve, StepTime


class Instance(Holder):
    """One engine over its tensor-parallel group, or one device."""

    def __init__(
        self,
        env: Environment,
        name: str,
        *,
        recorder: Recorder,
        meter: Meter,
        steps: StepTime,
        windows: Sequence[tuple[int, float]],
        memory: KvMemory,
        batching: Batching,
        max_seqs: int,
        waiting: deque[Request] | None = None,
        pace: Pace | None = None,
    ) -> None:
        decoding = Decoding(steps, windows, memory.block)
        ledger = Ledger(recorder, meter, decoding, memory, steps)
        super().__init__(env, memory, decoding, ledger, max_seqs, deque() if waiting is None else waiting)
        self.name = name
        self.number = recorder.name_instance(name)
        self.ready: deque[Request] = deque()
        """Requests whose KV is here and that wait for a step boundary or a slot."""
        self._steps = steps
        self._batching = batching
        self.splits = not batching.whole
        """Whether a prompt may take several steps."""
        self._pace = pace
        self._curves: dict[int, DecodeCurve] = {}
        self.peers: Sequence[Instance] = ()
        """The other instances of a pool with one queue."""
        self._timer: Timer | None = None
        self._chunks = 1

    # ---- what the life of a request calls ------------------------------------------------------------------------

    def submit(self, request: Request) -> Signal:
        """Queue a request's prompt.

        The event fires at the end of its prefill; if it is `streamed`, at the start of its only prefill step
        (`prefill_end` is known by then), or of the first of several, which its `progress` is told; at the end of its
        service if it `stays` to decode here.
        """
        request.waits = event = Signal()
        request.prefiller = self
        self._queue(request, request.prompt)
        return event

    def decode(self, request: Request) -> Signal:
        """Decode a request whose KV is here; the event fires when its last token is made."""
        request.waits = event = Signal()
        self.ready.append(request)
        self.ledger.queue(1, self.env.now)
        if self.state == RUN:
            if self.seqs < self.max_seqs:
                self._join_run(self.env.now)
        else:
            self.wake()
        return event

    def recompute(self, request: Request) -> Signal:
        """Compute the context of a request whose text came in place of its KV; the event fires at its last token."""
        request.waits = event = Signal()
        request.decoder = self
        request.again += 1
        request.todo = request.prompt + request.output - request.left
        self._queue(request, 1)
        return event

    def _queue(self, request: Request, load: int) -> None:
        """Let a request wait for prompt tokens to be computed, and see whether somebody is free to begin."""
        self.waiting.append(request)
        self.load += load
        self.ledger.queue(1, self.env.now)
        was_idle = self.state == IDLE
        self.wake()
        if not was_idle:
            self._wake_peers()

    def wake(self) -> None:
        """Look at the queue: at the end of this moment if idle, else at the next step boundary."""
        state = self.state
        if state == IDLE:
            if self.env.is_last():
                self._next(self.env.now)
            else:
                # Not at once, so that all that arrives at this moment is seen together.
                self.state = WAKING
                self._timer = self.env.call(0.0, self._on_wake, LAST)
        elif state == RUN:
            if self.waiting and self.seqs < self.max_seqs:
                self.cut_run(self.env.now)
        elif state == PATIENT and (self.ready or self._batching.is_full(self)):
            self._next(self.env.now)

    def _wake_peers(self) -> None:
        for peer in self.peers:
            if peer.waiting or peer.rooms:
                peer.wake()

    # ---- from boundary to boundary -------------------------------------------------------------------------------

    def _on_wake(self, timer: Timer) -> None:
        if timer is self._timer and self.state in (WAKING, PATIENT):
            self._next(self.env.now)

    def _next(self, now: float) -> None:
        """Start what comes next, all being settled up to this boundary."""
        decoding, ready = self.decoding, self.ready
        was_busy = self.state >= STEP
        self.state = WAKING
        head = self.waiting[0] if self.peers and self.waiting else None
        if decoding.count:
            self.make_room()
        while ready and self.seqs < self.max_seqs:
            self._join(ready.popleft(), now)
        batch: list[tuple[Request, int]] | None = None
        if self.waiting or self.partial:
            if self._is_patient(now):
                self.state = PATIENT
            else:
                batch = self._batching.pick(self)
        if self.rooms:
            self.serve_rooms()
        if batch:
            self._start_step(batch, now)
        elif decoding.count:
            self._start_run(now)
        elif self.state != PATIENT:
            self.state = IDLE
        is_busy = self.state >= STEP
        if is_busy != was_busy:
            self.ledger.busy(1 if is_busy else -1, now)
            if self._pace is not None and not is_busy:
                self._pace.rest(now)
        if ready and self.state == IDLE:
            self.wake()
        if self.peers and (self.waiting[0] if self.waiting else None) is not head:
            self._wake_peers()  # who had no room for the head of their queue may have it for what comes after

    def _is_patient(self, now: float) -> bool:
        """Whether to let the batch fill up: only where there is nothing else to do."""
        patience = self._batching.patience
        if not patience or self.partial or self.decoding.count or not self.waiting:
            return False
        deadline = self.waiting[0].uplink_end + patience
        if now >= deadline - SAME_TIME or self._batching.is_full(self):
            return False
        self._timer = self.env.call(deadline, self._on_wake, LAST)
        return True

    # ---- steps with prompt tokens --------------------------------------------------------------------------------

    def _start_step(self, batch: list[tuple[Request, int]], now: float) -> None:
        """Start a step that holds prompt tokens, or a row of equal chunks of one prompt."""
        n, q = 0, 0.0
        for request, new in batch:
            n += new
            q += new * (request.done + new / 2)
        chunks = 1 if self._batching.whole else self._equal_chunks(batch)
        end = now
        outside = False
        for _ in range(chunks):
            end += self._step_time(n, q, end)
            if self._steps.prefill_outside(n, q):
                outside = True
            q += n * n
        streamed = None
        for request, new in batch:
            if outside:
                request.extrapolated = True
            progress = request.progress
            if progress is not None and (new < request.todo or progress.steps):
                if not progress.steps:
                    streamed = [request] if streamed is None else [*streamed, request]
                self._tell(request, progress, new, end)
            elif new == request.todo and not request.again:
                request.prefill_end = end
                if request.streamed:
                    request.progress = None  # one step holds all of it
                    streamed = [request] if streamed is None else [*streamed, request]
        self.batch, self._chunks = batch, chunks
        self.ledger.prompt(n * chunks, chunks)
        self.state = STEP
        self.began = now
        env = self.env
        self._timer = timer = [self._on_step_end]
        heappush(env.heap, (end, LAST, env.number(), timer))
        if streamed is not None:
            for request in streamed:
                request.waits.fire()

    def _tell(self, request: Request, progress: Progress, new: int, end: float) -> None:
        """Tell a step of a prompt that takes several to whoever sends its KV step by step."""
        if new == request.todo:
            request.prefill_end = end
            request.progress = None
        progress.step(self.env.now, end, request.done, request.done + new)

    def _step_time(self, n: int, q: float, start: float) -> float:
        """Duration of one step with prompt tokens, s; decoding sequences in it advance by one."""
        decoding = self.decoding
        b = decoding.count
        factor = 1.0 if self._pace is None else self._pace.prompt(start)
        if not b or not self._batching.mixes:
            return factor * self._steps.prefill(n, q)
        duration = factor * self._steps.mixed(n, q, b, decoding.attended)
        self.ledger.settle(1, start, duration, 0.0)
        return duration

    def _equal_chunks(self, batch: list[tuple[Request, int]]) -> int:
        """Steps from here on that hold equal chunks of one prompt beside the same decoding sequences.

        An arrival changes nothing in them: the prompt takes the whole budget, and no decoding sequence finishes.
        """
        request, new = batch[0]
        if len(batch) > 1 or new == request.todo or self.takes_kv or request.progress is not None:
            return 1
        chunks = (request.todo - 1) // new
        decoding = self.decoding
        if decoding.count and self._batching.mixes:
            chunks = min(chunks, decoding.next_finish())
            if self.memory.pinned + decoding.blocks_bound(chunks - 1) > self.memory.capacity:
                return 1
        return chunks

    def _on_step_end(self, _: Timer) -> None:
        now = self.env.now
        batch, chunks = self.batch, self._chunks
        self.batch = []
        for done in self.decoding.finished():
            self._finish(done, now)
        partial: list[Request] = []
        for request, new in batch:
            request.todo -= new * chunks
            request.done += new * chunks
            if request.todo:
                partial.append(request)
            else:
                self._end_prompt(request, now)
        if self.partial:
            held = [request for request, _ in batch]
            partial += [request for request in self.partial if request not in held]
        self.partial = partial
        self._next(now)

    def _end_prompt(self, request: Request, now: float) -> None:
        """A prompt is computed: the request goes on to decode here, or is let go to where it does."""
        if request.decoder is not self:
            self.load -= request.prompt
            self.seqs -= 1
            self.ledger.running(-1, now)
            self.ledger.finished()
            if not request.streamed:
                request.waits.fire()
            return
        self.memory.pinned -= request.held
        request.room_pins, request.held, request.pins = request.pins, 0, None
        if request.again:
            # Computing everything again gave the next token as well.
            request.left -= 1
            self.ledger.came_back(request, now)
        else:
            request.decode_start = now
            self.ledger.joined(request)
        if request.left:
            self._begin_decoding(request)
        else:
            self._finish(request, now)

    # ---- decode runs ---------------------------------------------------------------------------------------------

    def _join(self, request: Request, now: float) -> None:
        """Take in a sequence whose KV is here; the room reserved for it becomes its own blocks."""
        self.memory.pinned -= request.room
        request.room = 0
        request.decode_start = now
        self.seqs += 1
        self.ledger.served(now)
        self.ledger.joined(request)
        self._begin_decoding(request)

    def _begin_decoding(self, request: Request) -> None:
        self.decoding.join(request, request.prompt + request.output - request.left, request.left)

    def _start_run(self, start: float) -> None:
        """Start a run of decode steps at the boundary `start`, which may lie a little ahead of the present."""
        decoding, memory = self.decoding, self.memory
        count = decoding.count
        curve = self._curves.get(count)
        if curve is None:
            curve = self._curves[count] = self._steps.curve(count)
        duration = decoding.plan(curve, memory.capacity - memory.pinned)
        if self._pace is not None:
            duration = decoding.slow_down(self._pace.decode(start), self._pace.longest)
        self.state = RUN
        if memory.tree.unused:
            self.trim()
        self.began = start
        # What `Environment.call` does, without the call: there are several of these per request.
        env = self.env
        self._timer = timer = [self._on_run_end]
        heappush(env.heap, (start + duration, LAST, env.number(), timer))

    def _on_run_end(self, timer: Timer) -> None:
        if timer is not self._timer:
            return  # the run was cut short
        decoding = self.decoding
        now = self.env.now
        if decoding.planned:
            self.ledger.settle(decoding.planned, self.began, decoding.first, decoding.increment)
        for request in decoding.finished():
            self._finish(request, now)
        if self.ready or self.waiting or self.partial or self.rooms or not decoding.count:
            self._next(now)
            return
        memory = self.memory
        if memory.pinned + decoding.blocks_bound(0) > memory.capacity:
            self._next(now)
        else:
            self._start_run(now)

    def _join_run(self, now: float) -> None:
        """Join the run under way at its next step boundary; at its end, leave it to the end."""
        decoding = self.decoding
        steps = decoding.steps_by(now - self.began)
        if steps >= decoding.planned or len(self.ready) > 1:
            return
        boundary = self.began + decoding.time_of(steps)
        if steps:
            self.ledger.settle(steps, self.began, decoding.first, decoding.increment)
        self._join(self.ready.popleft(), max(boundary, now))
        self._start_run(boundary)

    def cut_run(self, now: float) -> None:
        """End the run under way at its next step boundary."""
        decoding = self.decoding
        steps = decoding.steps_by(now - self.began)
        if steps < decoding.planned:
            decoding.planned = steps
            self._timer = self.env.call(self.began + decoding.time_of(steps), self._on_run_end, LAST)

    def _finish(self, request: Request, now: float) -> None:
        """A sequence has its last token: free what it holds and tell its life."""
        if request.room_pins is not None:
            self.memory.give_back(0, request.room_pins)
            request.room_pins = None
        self.ledger.left(request)
        request.left = 0
        request.finish = now
        self.load -= request.prompt if request.prefiller is self else 1
        self.seqs -= 1
        self.ledger.running(-1, now)
        request.waits.fire()
