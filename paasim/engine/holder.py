"""The memory side of an instance: which requests may hold KV here, and who has to give it back.

During a step a decoding sequence is counted with the blocks of its next step, which the engine has to keep ready.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from paasim.core.kernel import Signal

if TYPE_CHECKING:
    from paasim.core.kernel import Environment
    from paasim.core.request import Request
    from paasim.engine.decoding import Decoding
    from paasim.engine.ledger import Ledger
    from paasim.engine.memory import KvMemory

IDLE, WAKING, PATIENT, STEP, RUN = range(5)
"""What an instance is at: nothing; about to look at its queue; waiting for a batch to fill; a step with prompt tokens;
a run of decode steps."""


class Holder:
    """What holds KV at one instance, and the waiting for it. `Instance` adds time."""

    def __init__(
        self,
        env: Environment,
        memory: KvMemory,
        decoding: Decoding,
        ledger: Ledger,
        max_seqs: int,
        waiting: deque[Request],
    ) -> None:
        self.env = env
        self.memory = memory
        self.decoding = decoding
        self.ledger = ledger
        self.max_seqs = max_seqs
        self.waiting = waiting
        """Requests whose prompt is still to be computed (one deque for a whole pool with a shared queue)."""
        self.partial: list[Request] = []
        """Prompts that were begun and are not finished, in chunked prefill."""
        self.batch: list[tuple[Request, int]] = []
        """Prompts in the step under way, with their new tokens."""
        self.rooms: deque[Request] = deque()
        """Requests that wait for room here before their KV may be sent."""
        self.load = 0
        """Work in sight, for balancing: prompt tokens here, and sequences whose KV is sent here."""
        self.seqs = 0
        """Sequences in service: their prompt in computation, or decoding."""
        self.state = IDLE
        self.began = 0.0
        """When the step or run under way began, s."""
        self.takes_kv = False
        """Whether KV may come from elsewhere, to be decoded here."""

    def cut_run(self, now: float) -> None:
        """End the run of decode steps under way at its next step boundary."""
        raise TypeError(f"{type(self).__name__} has no runs")

    def wake(self) -> None:
        """Look at the queue."""
        raise TypeError(f"{type(self).__name__} does nothing")

    # ---- what the life of a request calls ------------------------------------------------------------------------

    def could_start(self, request: Request) -> bool:
        """Whether nothing is in service here, nothing is about to be, and there is room for a prompt."""
        return self.state == IDLE and self.has_room(self.memory.claim(request.blocks, request.prompt, request.todo)[3])

    def tokens_ahead(self) -> int:
        """Prompt tokens that are to be computed here before those of a request that comes now."""
        begun = {*self.partial, *(request for request, _ in self.batch)}
        return sum(request.todo for request in self.waiting) + sum(request.todo for request in begun)

    def reserve(self, request: Request) -> Signal | None:
        """Reserve room for a request's KV before its first byte is sent; None if there was room at once."""
        self.load += 1
        self.takes_kv = True
        request.decoder = self
        if not self.rooms and not self.waiting and self.give_room(request):
            return None
        request.waits = event = Signal()
        self.rooms.append(request)
        return event

    def forget(self, request: Request) -> None:
        """Give up the room that was reserved for a request whose KV will not come."""
        memory = self.memory
        memory.give_back(request.room, request.room_pins)
        request.room, request.room_pins = 0, None
        self.load -= 1
        self._has_freed()

    def release(self, request: Request) -> None:
        """Let go of a prompt's KV: its last byte was acknowledged, or nobody needs it."""
        memory = self.memory
        memory.give_back(request.held, request.pins)
        request.held, request.pins = 0, None
        self._has_freed()

    def _has_freed(self) -> None:
        """See who waited for the memory that was given back."""
        if self.rooms:
            self.serve_rooms()
        if self.memory.is_crowded():
            self.trim()
        if self.waiting:
            self.wake()

    # ---- what the engine asks ------------------------------------------------------------------------------------

    def new_tokens(self, request: Request) -> int:
        """Tokens that a waiting prompt would have to compute, its cached prefix left out."""
        return request.todo - self.memory.hits(request.blocks, request.prompt)

    def admit(self, request: Request) -> bool:
        """Give a waiting prompt a slot and KV memory, and find its cached prefix; False if either is missing."""
        if self.seqs >= self.max_seqs:
            return False
        memory = self.memory
        tokens = request.todo
        claim = memory.claim(request.blocks, request.prompt, tokens)
        entries, found, own, wanted = claim
        if not self.has_room(wanted):
            return False
        # At least the last token has to be computed, for its output.
        cached = memory.entry * min(found, (request.prompt - 1) // memory.entry) if found else 0
        request.held, request.pins = own, memory.take(request.blocks, claim)
        request.shared = memory.entry * entries
        request.todo, request.done = tokens - cached, cached
        if memory.is_crowded():
            self.trim()
        self.seqs += 1
        now = self.env.now
        if not request.again:
            request.prefill_start = now
            request.cached = cached
            if request.prefiller is not self:
                # It was queued through another instance of a pool with one queue.
                request.prefiller.load -= request.prompt
                self.load += request.prompt
                request.prefiller = self
            if request.stays:
                request.decoder = self
        else:
            if request.decode_start != request.decode_start:
                # Its text came in place of its KV: this is its first time here.
                request.decode_start = now
                request.joined_outside = self.ledger.outside
            if request.decoder is not self:
                self._take_over(request)
        self.ledger.served(now)
        return True

    def _take_over(self, request: Request) -> None:
        """Take a sequence that was preempted at another instance of a pool with one queue."""
        other = request.decoder
        load = 1
        if request.prefiller is other:
            request.prefiller = self
            load = request.prompt
        other.load -= load
        self.load += load
        request.extrapolated = request.extrapolated or request.joined_outside != other.ledger.outside
        request.joined_outside = self.ledger.outside
        request.decoder = self

    def has_room(self, wanted: int) -> bool:
        """Whether `wanted` more blocks fit beside what is pinned and what decoding sequences hold."""
        memory, decoding = self.memory, self.decoding
        free = memory.capacity - memory.pinned - wanted
        if not decoding.count:
            return free >= 0
        if self.state == RUN:
            if free >= decoding.blocks_bound(decoding.planned):
                return True
            return free >= decoding.blocks_at(decoding.steps_by(self.env.now - self.began))
        return free >= decoding.blocks_bound(0) or free >= decoding.blocks_at(0)

    def give_room(self, request: Request) -> bool:
        """Reserve room for a request's KV if there is any; what of it the prefix cache has need not be sent."""
        memory, decoding = self.memory, self.decoding
        context = request.prompt + request.output - request.left
        if memory.entry:
            claim = memory.claim(request.blocks, request.prompt, context)
            entries, found, own, wanted = claim
            if not self.has_room(wanted):
                return False
            request.at_receiver = memory.entry * found
            request.shared = memory.entry * entries
            request.room, request.room_pins = own, memory.take(request.blocks, claim)
            if memory.is_crowded():
                self.trim()
        else:
            own = -(-context // memory.block)
            if not self.has_room(own):
                return False
            memory.pinned += own
            request.room = own
            request.shared = 0
        if self.state == RUN and memory.pinned + decoding.blocks_bound(decoding.planned - 1) > memory.capacity:
            self.cut_run(self.env.now)  # the run had counted on this room
        return True

    def trim(self) -> None:
        """Let cached prefix entries go whose room is wanted, by the end of the run at the latest."""
        decoding, memory = self.decoding, self.memory
        steps = decoding.planned if self.state == RUN else 0
        memory.growing = decoding.blocks_bound(steps) if decoding.count else 0
        memory.trim(memory.growing)

    def kv_tokens(self, now: float) -> int:
        """KV tokens in use: blocks that are pinned, and what decoding sequences hold at the step under way."""
        decoding = self.decoding
        tokens = self.memory.pinned * self.memory.block + decoding.tokens
        if self.state == RUN:
            tokens += decoding.count * max(decoding.steps_by(now - self.began) - 1, 0)
        elif self.state == STEP:
            tokens -= decoding.count  # those of the step under way; `decoding` is one step ahead
        return tokens

    def serve_rooms(self) -> None:
        """Grant room to those who wait for it, in order; preempted sequences that wait come first."""
        rooms = self.rooms
        while rooms and not self.waiting and self.give_room(rooms[0]):
            rooms.popleft().waits.fire()

    def make_room(self) -> None:
        """Preempt the sequences that joined last until the next step fits."""
        memory, decoding = self.memory, self.decoding
        free = memory.capacity - memory.pinned
        if free >= decoding.blocks_bound(0):
            return
        while decoding.count and decoding.blocks_at(0) > memory.capacity - memory.pinned:
            request = next(reversed(decoding.running))
            request.left = request.finish_step - decoding.step
            request.todo = decoding.leave(request)
            memory.give_back(0, request.room_pins)
            request.room_pins, request.shared = None, 0
            request.preemptions += 1
            request.again += 1
            self.ledger.preempted(request)
            self.seqs -= 1
            self.ledger.running(-1, self.env.now)
            self.ledger.queue(1, self.env.now)
            self.waiting.appendleft(request)
