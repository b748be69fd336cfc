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
from typing import TYPE_CHECKING, Any

from simpy.events import Event

from paasim.core.timer import call_last
from paasim.engine.decoding import SAME_TIME, Decoding

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from simpy import Environment

    from paasim.core.recorder import Recorder
    from paasim.core.request import Request
    from paasim.engine.batching.policy import Batching
    from paasim.engine.memory import KvMemory
    from paasim.engine.meter import Meter
    from paasim.profile.steps import StepTime

IDLE, WAKING, PATIENT, STEP, RUN = range(5)


class Instance:
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
    ) -> None:
        self.env = env
        self.name = name
        self.number = recorder.name_instance(name)
        self.memory = memory
        self.waiting: deque[Request] = deque() if waiting is None else waiting
        """Requests whose prompt is still to be computed (one deque for a whole pool with a shared queue)."""
        self.ready: deque[Request] = deque()
        """Requests whose KV is here and that wait for a step boundary or a slot."""
        self.rooms: deque[Request] = deque()
        """Requests that wait for room here before their KV may be sent."""
        self.partial: list[Request] = []
        """Prompts that were begun and are not finished, in chunked prefill."""
        self.decoding = Decoding(steps, windows, memory.block)
        self.seqs = 0
        """Sequences in service: their prompt in computation, or decoding."""
        self.load = 0
        """Work in sight, for balancing: prompt tokens here, and sequences whose KV is sent here."""
        self.meter = meter
        self._recorder = recorder
        self._steps = steps
        self._batching = batching
        self._max_seqs = max_seqs
        self._takes_kv = False
        self._state = IDLE
        self._timer: Event | None = None
        self._began = 0.0
        self._batch: list[tuple[Request, int]] = []
        self._chunks = 1
        self._fresh: list[Request] = []
        """Decoding sequences that have not had their second step here."""
        self._new: list[Request] = []
        """Sequences that joined since the last step: its first step ends no gap between tokens that is counted here."""
        self._back: list[Request] = []
        """Sequences that came back after a preemption since the last step."""
        self._settled = 0.0
        """Time up to which decode steps are counted: a later start of the next step is a stall of all who wait."""
        self._outside = 0
        """Decode runs so far that lay outside the profile's measured box."""
        self._kv = 0
        """KV tokens in use, as the meter last saw them."""

    # ---- what the life of a request calls ------------------------------------------------------------------------

    @property
    def is_idle(self) -> bool:
        """Whether nothing is in service and nothing is about to be."""
        return self._state == IDLE

    def fits(self, request: Request) -> bool:
        """Whether the request could ever be served here: its whole context against the whole KV memory."""
        memory = self.memory
        return memory.blocks(request.prompt + request.output) <= memory.capacity

    def submit(self, request: Request) -> Event:
        """Queue a request's prompt.

        The event fires at the end of its prefill; at the start of its last prefill step if it is `streamed`
        (`prefill_end` is known by then); at the end of its service if it decodes here as well.
        """
        request.waits = event = Event(self.env)
        self.waiting.append(request)
        self.load += request.prompt
        self._count_queue(1)
        self.wake()
        return event

    def reserve(self, request: Request) -> Event | None:
        """Reserve room for a request's KV before its first byte is sent; None if there was room at once."""
        self.load += 1
        self._takes_kv = True
        request.decoder = self
        if not self.rooms and not self.waiting and self._reserve(request):
            return None
        request.waits = event = Event(self.env)
        self.rooms.append(request)
        return event

    def decode(self, request: Request) -> Event:
        """Decode a request whose KV is here; the event fires when its last token is made."""
        request.waits = event = Event(self.env)
        self.ready.append(request)
        self._count_queue(1)
        if self._state == RUN:
            if self.seqs < self._max_seqs:
                self._join_run(self.env.now)
        else:
            self.wake()
        return event

    def release(self, request: Request) -> None:
        """Let go of a prompt's KV: its last byte was acknowledged, or nobody needs it."""
        memory = self.memory
        memory.pinned -= request.held
        if request.pins:
            memory.unpin(request.blocks or (), request.pins)
        request.held = request.pins = 0
        self._count_kv(self.env.now)
        self._serve_rooms()
        if self.waiting:
            self.wake()

    def wake(self) -> None:
        """Look at the queue: at the end of this moment if idle, else at the next step boundary."""
        state = self._state
        if state == IDLE:
            # Not at once, so that all that arrives at this moment is seen together.
            self._state = WAKING
            self._set_timer(0.0, self._on_wake)
        elif state == RUN:
            if self.waiting and self.seqs < self._max_seqs:
                self._cut_run(self.env.now)
        elif state == PATIENT and (self.ready or self._batching.is_full(self)):
            self._next(self.env.now)

    # ---- what batching policies call -----------------------------------------------------------------------------

    def new_tokens(self, request: Request) -> int:
        """Tokens that a waiting prompt would have to compute, its cached prefix left out."""
        memory = self.memory
        if not memory.entry:
            return request.todo
        return request.todo - memory.entry * memory.hits(request.blocks, (request.prompt - 1) // memory.entry)

    def admit(self, request: Request) -> bool:
        """Give a waiting prompt a slot and KV memory, and find its cached prefix; False if either is missing."""
        if self.seqs >= self._max_seqs:
            return False
        memory = self.memory
        tokens = request.todo
        pins, need, wanted = memory.claim(request.blocks, request.prompt, tokens)
        if not self._has_room(wanted):
            return False
        cached = 0
        if pins:
            ids = request.blocks or ()
            cached = memory.entry * memory.hits(ids, (request.prompt - 1) // memory.entry)
            memory.pin(ids, pins)
        memory.pinned += need
        request.held, request.pins = need, pins
        request.todo, request.done = tokens - cached, cached
        self.seqs += 1
        now = self.env.now
        if not request.preemptions:
            request.prefiller = self
            request.prefill_start = now
            request.cached = cached
        self._count_queue(-1)
        self._count_running(1, now)
        return True

    # ---- memory --------------------------------------------------------------------------------------------------

    def _has_room(self, wanted: int) -> bool:
        """Whether `wanted` more blocks fit beside what is pinned and what decoding sequences hold."""
        memory, decoding = self.memory, self.decoding
        free = memory.capacity - memory.pinned - wanted
        if not decoding.count:
            return free >= 0
        if self._state == RUN:
            if free >= decoding.blocks_bound(decoding.planned):
                return True
            return free >= decoding.blocks_at(decoding.steps_by(self.env.now - self._began))
        return free >= decoding.blocks_bound(0) or free >= decoding.blocks_at(0)

    def _reserve(self, request: Request) -> bool:
        memory = self.memory
        context = request.prompt + request.output - request.left
        pins, need, wanted = memory.claim(request.blocks, request.prompt, context)
        if not self._has_room(wanted):
            return False
        if pins:
            ids = request.blocks or ()
            request.at_receiver = memory.entry * memory.hits(ids, pins)
            memory.pin(ids, pins)
        memory.pinned += need
        request.room, request.room_pins = need, pins
        now = self.env.now
        self._count_kv(now)
        decoding = self.decoding
        if self._state == RUN and memory.pinned + decoding.blocks_bound(decoding.planned - 1) > memory.capacity:
            self._cut_run(now)  # the run had counted on this room
        return True

    def _serve_rooms(self) -> None:
        """Grant room to those who wait for it, in order; preempted sequences that wait come first."""
        rooms = self.rooms
        while rooms and not self.waiting and self._reserve(rooms[0]):
            rooms.popleft().waits.succeed()

    def _make_room(self) -> None:
        """Preempt the sequences that joined last until the next step fits."""
        memory, decoding = self.memory, self.decoding
        free = memory.capacity - memory.pinned
        if free >= decoding.blocks_bound(0):
            return
        while decoding.count and decoding.blocks_at(0) > memory.capacity - memory.pinned:
            request = next(reversed(decoding.running))
            request.left = request.finish_step - decoding.step
            request.todo = decoding.leave(request)
            if request.room_pins:
                memory.unpin(request.blocks or (), request.room_pins)
            request.room_pins = request.shared = 0
            request.preemptions += 1
            request.preempted = self._settled
            self.seqs -= 1
            self._count_running(-1, self.env.now)
            self._count_queue(1)
            self.waiting.appendleft(request)

    # ---- from boundary to boundary -------------------------------------------------------------------------------

    def _set_timer(self, delay: float, callback: Callable[[Any], None]) -> None:
        self._timer = call_last(self.env, delay, callback)

    def _on_wake(self, timer: Event) -> None:
        if timer is self._timer and self._state in (WAKING, PATIENT):
            self._next(self.env.now)

    def _next(self, now: float) -> None:
        """Start what comes next, all being settled up to this boundary."""
        decoding, ready = self.decoding, self.ready
        was_busy = self._state >= STEP
        self._state = WAKING
        if decoding.count:
            self._make_room()
        while ready and self.seqs < self._max_seqs:
            self._join(ready.popleft(), now)
        batch: list[tuple[Request, int]] | None = None
        if self.waiting or self.partial:
            if self._is_patient(now):
                self._state = PATIENT
            else:
                batch = self._batching.pick(self)
        if self.rooms:
            self._serve_rooms()
        if batch:
            self._start_step(batch, now)
        elif decoding.count:
            self._start_run(now, now)
        elif self._state != PATIENT:
            self._state = IDLE
        is_busy = self._state >= STEP
        if is_busy != was_busy:
            meter = self.meter
            meter.busy += 1 if is_busy else -1
            meter.busy_moment += now if is_busy else -now
        self._count_kv(now)

    def _is_patient(self, now: float) -> bool:
        """Whether to let the batch fill up: only where there is nothing else to do."""
        patience = self._batching.patience
        if not patience or self.partial or self.decoding.count or not self.waiting:
            return False
        deadline = self.waiting[0].uplink_end + patience
        if now >= deadline - SAME_TIME or self._batching.is_full(self):
            return False
        self._set_timer(deadline - now, self._on_wake)
        return True

    # ---- steps with prompt tokens --------------------------------------------------------------------------------

    def _start_step(self, batch: list[tuple[Request, int]], now: float) -> None:
        """Start a step that holds prompt tokens, or a row of equal chunks of one prompt."""
        n, q = 0, 0.0
        for request, new in batch:
            n += new
            q += new * (request.done + new / 2)
        chunks = self._equal_chunks(batch)
        end = now
        outside = False
        for _ in range(chunks):
            end += self._step_time(n, q, end)
            outside = outside or self._steps.prefill_outside(n, q)
            q += n * n
        for request, new in batch:
            request.extrapolated = request.extrapolated or outside
            if new == request.todo and not request.preemptions:
                request.prefill_end = end
                if request.streamed:
                    request.waits.succeed(now)
        self._batch, self._chunks = batch, chunks
        self.meter.prompt_tokens += n * chunks
        self.meter.steps += chunks
        self._state = STEP
        self._began = now
        self._set_timer(end - now, self._on_step_end)

    def _step_time(self, n: int, q: float, start: float) -> float:
        """Duration of one step with prompt tokens, s; decoding sequences in it advance by one."""
        decoding = self.decoding
        b = decoding.count
        if not b or not self._batching.mixes:
            return self._steps.prefill(n, q)
        duration = self._steps.mixed(n, q, b, decoding.attended)
        if self._steps.decode_outside(b, decoding.attended):
            self._outside += 1
        self._settle(1, start, duration, 0.0)
        return duration

    def _equal_chunks(self, batch: list[tuple[Request, int]]) -> int:
        """Steps from here on that hold equal chunks of one prompt beside the same decoding sequences.

        An arrival changes nothing in them: the prompt takes the whole budget, and no decoding sequence finishes.
        """
        request, new = batch[0]
        if len(batch) > 1 or new == request.todo or self._takes_kv:
            return 1
        chunks = (request.todo - 1) // new
        decoding = self.decoding
        if decoding.count and self._batching.mixes:
            chunks = min(chunks, decoding.next_finish())
            if self.memory.pinned + decoding.blocks_bound(chunks - 1) > self.memory.capacity:
                return 1
        return chunks

    def _on_step_end(self, _: Event) -> None:
        now = self.env.now
        batch, chunks = self._batch, self._chunks
        self._batch = []
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
            self._count_running(-1, now)
            if not request.streamed:
                request.waits.succeed()
            return
        self.memory.pinned -= request.held
        request.room_pins, request.held, request.pins = request.pins, 0, 0
        if request.preemptions:
            # Computing everything again gave the next token as well.
            request.left -= 1
            if request.first_step != request.first_step:
                request.first_step = now
            else:
                if request.second_step != request.second_step:
                    request.second_step = now
                self._recorder.gaps.extend((request.preempted, now - request.preempted, 0.0, 1, 1))
            self._back.append(request)
        else:
            request.decode_start = now
            self._new.append(request)
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
        self._count_queue(-1)
        self._count_running(1, now)
        self._new.append(request)
        self._begin_decoding(request)

    def _begin_decoding(self, request: Request) -> None:
        request.shared = request.room_pins * self.memory.entry
        request.joined_outside = self._outside
        self.decoding.join(request, request.prompt + request.output - request.left, request.left)
        self._fresh.append(request)

    def _start_run(self, start: float, now: float) -> None:
        """Start a run of decode steps at the boundary `start`, which may lie a little ahead of `now`."""
        decoding, memory = self.decoding, self.memory
        duration = decoding.plan(self._steps.curve(decoding.count), memory.capacity - memory.pinned)
        self._state = RUN
        self._began = start
        self._set_timer(start + duration - now, self._on_run_end)

    def _on_run_end(self, timer: Event) -> None:
        if timer is not self._timer:
            return  # the run was cut short
        decoding = self.decoding
        now = self.env.now
        self._settle(decoding.planned, self._began, decoding.first, decoding.increment)
        for request in decoding.finished():
            self._finish(request, now)
        self._next(now)

    def _join_run(self, now: float) -> None:
        """Join the run under way at its next step boundary; at its end, leave it to the end."""
        decoding = self.decoding
        steps = decoding.steps_by(now - self._began)
        if steps >= decoding.planned or len(self.ready) > 1:
            return
        boundary = self._began + decoding.time_of(steps)
        self._settle(steps, self._began, decoding.first, decoding.increment)
        self._join(self.ready.popleft(), max(boundary, now))
        self._start_run(boundary, now)

    def _cut_run(self, now: float) -> None:
        """End the run under way at its next step boundary."""
        decoding = self.decoding
        steps = decoding.steps_by(now - self._began)
        if steps < decoding.planned:
            decoding.planned = steps
            self._set_timer(self._began + decoding.time_of(steps) - now, self._on_run_end)

    def _settle(self, steps: int, start: float, first: float, increment: float) -> None:
        """Count `steps` steps from `start` as done: tokens, gaps, stamps of first and second steps."""
        if not steps:
            return
        decoding, meter = self.decoding, self.meter
        count = decoding.count
        if self._steps.decode_outside(count, decoding.attended):
            self._outside += 1
        duration = steps * first + increment * (steps * (steps - 1) // 2)
        self._record_gaps(steps, start, first, increment)
        self._settled = start + duration
        if self._fresh:
            self._stamp(start + first, start + 2 * first + increment, steps)
        grown = steps * count
        decoding.advance(steps)
        meter.tokens += grown
        meter.steps += steps
        meter.kv += grown
        meter.kv_moment += grown * (start + duration / 2)
        self._kv += grown

    def _record_gaps(self, steps: int, start: float, first: float, increment: float) -> None:
        """Record the gaps between tokens that these steps end.

        A newcomer's first step ends none that belongs here: it gives its first token, or its second, whose gap is in
        the request's own stamps. Those who waited for a prefill step had a longer one.
        """
        gaps, count = self._recorder.gaps, self.decoding.count
        stall = start - self._settled
        if not self._new and not self._back and stall <= SAME_TIME:
            gaps.extend((start, first, increment, steps, count))
            return
        running = self.decoding.running
        back = sum(1 for request in self._back if request in running)
        old = count - back - sum(1 for request in self._new if request in running)
        if old:
            gaps.extend((start - stall, first + stall, 0.0, 1, old))
        if back:
            gaps.extend((start, first, 0.0, 1, back))
        if steps > 1:
            gaps.extend((start + first, first + increment, increment, steps - 1, count))
        self._new.clear()
        self._back.clear()

    def _stamp(self, first: float, second: float, steps: int) -> None:
        running = self.decoding.running
        still: list[Request] = []
        for request in self._fresh:
            if request not in running:
                continue
            if request.first_step != request.first_step:
                request.first_step = first
                if steps > 1:
                    request.second_step = second
                else:
                    still.append(request)
            elif request.second_step != request.second_step:
                request.second_step = first
        self._fresh = still

    def _finish(self, request: Request, now: float) -> None:
        """A sequence has its last token: free what it holds and tell its life."""
        if request.room_pins:
            self.memory.unpin(request.blocks or (), request.room_pins)
            request.room_pins = 0
        if request.joined_outside != self._outside:
            request.extrapolated = True
        request.left = 0
        request.finish = now
        self.load -= request.prompt if request.prefiller is self else 1
        self.seqs -= 1
        self._count_running(-1, now)
        request.waits.succeed()

    # ---- levels --------------------------------------------------------------------------------------------------

    def _count_queue(self, change: int) -> None:
        meter = self.meter
        meter.queue += change
        meter.queue_moment += change * self.env.now

    def _count_running(self, change: int, now: float) -> None:
        meter = self.meter
        meter.running += change
        meter.running_moment += change * now

    def _count_kv(self, now: float) -> None:
        """Bring the meter's KV level up to date, and let cached prefix entries go whose room is wanted."""
        memory, decoding = self.memory, self.decoding
        used = memory.pinned * memory.block + decoding.tokens
        change = used - self._kv
        if change:
            self._kv = used
            self.meter.kv += change
            self.meter.kv_moment += change * now
        if memory.cached:
            memory.trim(decoding.blocks_bound(0) if decoding.count else 0)
